"""Check-outs: who gets an asset, who is told what, and who may end it."""

from datetime import timedelta

import pytest

from dialects.asking import said
from dialects.assets.talk import (
    ADMIN,
    ASSET,
    CHECKIN,
    CHECKOUT,
    CHECKOUTS,
    FORM,
    LOGOUT,
    NEW_YEAR_MS,
    NOT_LOGGED_IN,
    UNDO,
    Assets,
    fault,
)
from dialects.household import OPERATOR, PASSWORD, Household
from watchword.core.apikeys.model import Scope

FREE = fault(404, "The asset is not checked out")
NO_ASSET = fault(400, "An asset id is 1 to 64 letters, digits, - and _")


def held(by: str, at: int = NEW_YEAR_MS, client: str = "") -> tuple[int, dict[str, object]]:
    """Return what is told of an asset that somebody else has."""
    on_client = f" on client {client}" if client else ""
    status, said_so = fault(409, f"The asset is checked out by {by}{on_client}")
    told = said_so | {"checkedOut": at, "checkedOutBy": by}
    return status, told | ({"checkedOutOnClient": client} if client else {})


async def test_an_asset_is_checked_out(assets: Assets) -> None:
    """The answer says since when, by whom, and for which client."""
    token = await assets.log_in(client="desk-1")

    answer = await assets.post(CHECKOUT, token=token)

    assert said(answer) == (
        200,
        {"checkedOut": NEW_YEAR_MS, "checkedOutBy": ADMIN, "checkedOutOnClient": "desk-1"},
    )
    assert list(answer.json()) == ["checkedOut", "checkedOutBy", "checkedOutOnClient"]


async def test_without_a_client_id_there_is_none(assets: Assets, token: str) -> None:
    """The member is not there then."""
    answer = await assets.post(CHECKOUT, token=token)

    assert said(answer) == (200, {"checkedOut": NEW_YEAR_MS, "checkedOutBy": ADMIN})


async def test_a_browser_checks_out_as_well(assets: Assets) -> None:
    """Its log-in names a client in the same way."""
    browser = await assets.browse(clientId="page-1")

    answer = await assets.post(CHECKOUT, headers=browser.changing)

    assert answer.json()["checkedOutOnClient"] == "page-1"


async def test_doing_so_again_changes_nothing(household: Household, assets: Assets) -> None:
    """The same answer, from another session of the same user and client too."""
    first = await assets.post(CHECKOUT, token=await assets.log_in(client="desk-1"))
    household.clock.advance(timedelta(hours=1))

    again = await assets.post(CHECKOUT, token=await assets.log_in(client="desk-1"))

    assert said(again) == said(first)


async def test_the_time_is_in_milliseconds(household: Household, assets: Assets) -> None:
    """Whole ones, as Java counts."""
    household.clock.advance(timedelta(seconds=1, microseconds=234_567))

    answer = await assets.check_out(await assets.log_in())

    assert answer["checkedOut"] == NEW_YEAR_MS + 1234


async def test_another_user_is_told_who_has_it(household: Household, assets: Assets) -> None:
    """Whatever they want to do with it; for which client is not their business."""
    await household.make("ada")
    await assets.check_out(await assets.log_in(client="desk-1"))
    ada = await assets.log_in("ada", PASSWORD, "desk-1")

    answers = [await assets.post(path, token=ada) for path in (CHECKOUT, UNDO, CHECKIN)]

    assert [said(answer) for answer in answers] == [held(ADMIN)] * 3
    assert not any("desk-1" in answer.text for answer in answers)


@pytest.mark.parametrize("client", ["desk-2", ""])
async def test_another_client_of_the_same_user_is_told_which(assets: Assets, client: str) -> None:
    """So that they know where they left it."""
    await assets.check_out(await assets.log_in(client="desk-1"))
    other = await assets.log_in(client=client)

    answers = [await assets.post(path, token=other) for path in (CHECKOUT, CHECKIN)]

    assert [said(answer) for answer in answers] == [held(ADMIN, client="desk-1")] * 2


async def test_only_its_client_checks_an_asset_in(household: Household, assets: Assets) -> None:
    """By any session of that client; after that nobody has it."""
    await household.make("ada")
    await assets.check_out(await assets.log_in("ada", PASSWORD, "desk-1"))
    other = await assets.log_in("ada", PASSWORD, "desk-2")
    same = await assets.log_in("ada", PASSWORD, "desk-1")
    household.clock.advance(timedelta(minutes=1))

    refused = [await assets.post(path, token=other) for path in (CHECKIN, UNDO)]
    answer = await assets.post(CHECKIN, token=same)
    again = await assets.post(CHECKIN, token=same)

    assert [said(one) for one in refused] == [held("ada", client="desk-1")] * 2
    assert said(answer) == (200, {"checkedIn": NEW_YEAR_MS + 60_000, "checkedInBy": "ada"})
    assert said(again) == FREE


async def test_what_was_taken_for_no_client_any_session_gives_back(
    household: Household, assets: Assets
) -> None:
    """Of the same user, whatever client it names."""
    await household.make("ada")
    taker, other = await assets.log_in("ada", PASSWORD), await assets.log_in("ada", PASSWORD, "x")

    undone = []
    for path in (CHECKIN, UNDO):
        await assets.check_out(taker)
        undone.append((await assets.post(path, token=other)).json())

    assert undone == [
        {"checkedIn": NEW_YEAR_MS, "checkedInBy": "ada"},
        {"checkedOut": False, "assetId": ASSET},
    ]


async def test_a_check_out_is_given_up(assets: Assets, token: str) -> None:
    """The answer is an object, and the asset is free; once."""
    await assets.check_out(token)

    answer = await assets.post(UNDO, token=token)
    again = await assets.post(UNDO, token=token)

    assert said(answer) == (200, {"checkedOut": False, "assetId": ASSET})
    assert said(again) == FREE
    assert await assets.held(token) == []


async def test_an_admin_gives_up_anybodys(household: Household, assets: Assets) -> None:
    """But does not check it in, which would say that a file came back."""
    await household.make("ada")
    await assets.check_out(await assets.log_in("ada", PASSWORD, "desk-1"))
    admin = await assets.log_in()

    refused = await assets.post(CHECKIN, token=admin)
    answer = await assets.post(UNDO, token=admin)

    assert said(refused) == held("ada")
    assert said(answer) == (200, {"checkedOut": False, "assetId": ASSET})


async def test_nobody_else_gives_up_anybodys(household: Household, assets: Assets) -> None:
    """Nor does an admin by a key that may not administer."""
    bob, admin = await household.make("bob"), await household.services.accounts.find(ADMIN)
    assert admin is not None
    await household.make("ada")
    await assets.check_out(await assets.log_in("ada", PASSWORD))
    everyday = {"X-Authorization": await household.key(admin)}
    wide = {"X-Authorization": await household.key(bob, scopes=frozenset(Scope))}

    answers = [
        await assets.post(UNDO, token=await assets.log_in("bob", PASSWORD)),
        await assets.post(UNDO, headers=everyday),
        await assets.post(UNDO, headers=wide),
    ]

    assert [said(answer) for answer in answers] == [held("ada")] * 3


async def test_a_key_checks_out_and_in(household: Household, assets: Assets) -> None:
    """It names no client, so all sessions of its user may give the asset back."""
    ada = await household.make("ada")
    key = {"X-Authorization": await household.key(ada)}

    taken = await assets.post(CHECKOUT, headers=key)
    listed = await assets.get(CHECKOUTS, headers=key)
    given = await assets.post(CHECKIN, headers=key)

    assert taken.json() == {"checkedOut": NEW_YEAR_MS, "checkedOutBy": "ada"}
    assert [one["assetId"] for one in listed.json()["checkouts"]] == [ASSET]
    assert given.json()["checkedInBy"] == "ada"


@pytest.mark.parametrize(
    ("sent", "listed"),
    [("true", True), ("True", True), ("1", True), ("false", False), ("0", False), ("", False)],
)
async def test_a_download_is_noted(assets: Assets, token: str, sent: str, listed: bool) -> None:  # noqa: FBT001 - pytest gives it
    """The file itself is the file store's; the answer is the same."""
    answer = await assets.send(
        CHECKOUT, {"download": sent}, headers={"Authorization": f"Bearer {token}"}
    )
    (one,) = (await assets.get(CHECKOUTS, token=token)).json()["checkouts"]

    assert answer.json() == {"checkedOut": NEW_YEAR_MS, "checkedOutBy": ADMIN}
    assert one["download"] is listed


@pytest.mark.parametrize("sent", ["yes", "2", " true", "null"])
async def test_a_download_is_yes_or_no(assets: Assets, token: str, sent: str) -> None:
    """Else nothing is checked out."""
    answer = await assets.send(
        CHECKOUT, {"download": sent}, headers={"Authorization": f"Bearer {token}"}
    )

    assert said(answer) == fault(400, "download must be true or false")
    assert await assets.held(token) == []


@pytest.mark.parametrize(
    ("asset", "told"),
    [
        ("x" * 65, NO_ASSET),
        ("x" * 3000, NO_ASSET),
        ("a%00b", NO_ASSET),
        ("%00", NO_ASSET),
        ("a%0A", NO_ASSET),
        ("a%20b", NO_ASSET),
        ("%2E%2E", NO_ASSET),
        ("a.b", NO_ASSET),
        ("a%3Bb", NO_ASSET),
        ("a'b", NO_ASSET),
        ("%C3%A4", NO_ASSET),
        ("%FF%FE", NO_ASSET),
        ("%EF%BC%91", NO_ASSET),
        ("a%2Fb", fault(404, "Not Found")),
        ("a/b", fault(404, "Not Found")),
        ("a/", fault(404, "Not Found")),
        ("", fault(404, "Not Found")),
    ],
)
@pytest.mark.parametrize("postgres", ["sqlite"], indirect=True)  # none is asked
@pytest.mark.parametrize("verb", ["checkout", "undocheckout", "checkin"])
async def test_what_is_no_asset(
    assets: Assets, token: str, verb: str, asset: str, told: tuple[int, object]
) -> None:
    """Refused by its looks, whatever is asked about it, and nothing is stored."""
    # Else httpx would quote what is quoted already.
    url = assets.http.base_url.copy_with(raw_path=f"/services/{verb}/{asset}".encode())

    answer = await assets.http.post(url, headers={"Authorization": f"Bearer {token}"})

    assert said(answer) == told
    assert await assets.held(token) == []


@pytest.mark.parametrize("asset", ["a", "x" * 64, ASSET, "-", "_", "0"])
async def test_what_is_an_asset(assets: Assets, token: str, asset: str) -> None:
    """One to 64 of the letters that identifiers have."""
    answer = await assets.check_out(token, asset)

    assert answer["checkedOutBy"] == ADMIN
    assert await assets.held(token) == [asset]


@pytest.mark.parametrize("path", [CHECKOUT, UNDO, CHECKIN])
async def test_a_stranger_learns_nothing(assets: Assets, token: str, path: str) -> None:
    """Neither that an asset is held nor that its id is none."""
    await assets.check_out(token)

    answers = [await assets.post(path), await assets.post(f"{path}.."), await assets.get(CHECKOUTS)]

    assert [said(answer) for answer in answers] == [NOT_LOGGED_IN] * 3


async def test_a_check_out_outlasts_its_session(household: Household, assets: Assets) -> None:
    """Logging out, expiry and being disabled give nothing back; being deleted does."""
    ada, admin = await household.make("ada"), await assets.log_in()
    token = await assets.log_in("ada", PASSWORD, "desk-1")
    await assets.check_out(token)
    await assets.post(LOGOUT, token=token)
    household.clock.advance(timedelta(hours=20))
    await household.disable(ada)
    await household.services.housekeeping.sweep()

    kept = await assets.post(CHECKOUT, token=admin)
    deleted = await household.services.accounts.delete(OPERATOR, ada.id)
    free = await assets.post(CHECKOUT, token=admin)

    assert said(kept) == held("ada")
    assert deleted is None
    assert free.json()["checkedOutBy"] == ADMIN


async def test_a_body_that_cannot_be_read(assets: Assets, token: str) -> None:
    """Is told so in this shape, and nothing is checked out."""
    answer = await assets.post(
        CHECKOUT, token=token, content=b"download=%00", headers={"Content-Type": FORM}
    )

    assert answer.json()["errorcode"] == 400
    assert await assets.held(token) == []
