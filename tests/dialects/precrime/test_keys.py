"""/authheader/*: keys are made, listed and deleted by whoever has a token."""

import asyncio
import re
from datetime import timedelta

import pytest

from dialects.asking import UUID, said
from dialects.household import PASSWORD, Choices, Household
from dialects.precrime.conftest import Open
from dialects.precrime.talk import ADD, BAD, DELETE, LIST, LOG_IN_FIRST, Precrime, refused
from watchword.core.apikeys.model import ApiKey, Scope
from watchword.core.kernel.ids import AccountId, ApiKeyId
from watchword.core.services.apikeys import KeyRules

PUBLISHED = re.compile(r"ww_[0-9A-Za-z]{49}")
SUCCESS = (200, {"message": "Success"})
NOT_THERE = refused(404, "Not Found")
BAD_NAME = refused(400, "name must be 1 to 100 visible characters")
NOBODYS_KEY = "ww_00000000000000000000000000000000000000000000IA7XJ"
"""Well spelled, with the right checksum."""


async def test_a_key_is_made_by_its_name(
    household: Household, precrime: Precrime, token: str
) -> None:
    """The answer has the key whole, its id, its name, and when it was made."""
    household.clock.advance(timedelta(minutes=1, microseconds=999_999))

    answer = await precrime.post(ADD, {"name": "production-api-key"}, token=token)

    body = answer.json()
    assert answer.status_code == 200
    assert list(body) == ["id", "name", "token", "created"]
    assert UUID.fullmatch(body["id"])
    assert PUBLISHED.fullmatch(body["token"])
    assert (body["name"], body["created"]) == ("production-api-key", "2030-01-01T00:01:00")
    assert answer.headers["cache-control"] == "no-store"


async def test_the_list_shows_the_keys_again(
    household: Household, precrime: Precrime, token: str
) -> None:
    """Oldest first, each exactly as it was made; another account's are not there."""
    await household.make("ada")
    others = await precrime.log_in("ada", PASSWORD)
    made = []
    for name in ("one", "two", "one"):
        made.append(await precrime.add_key(token, name))
        household.clock.advance(timedelta(seconds=1))

    answer = await precrime.get(LIST, token=token)

    assert said(answer) == (200, made)
    assert answer.headers["cache-control"] == "no-store"
    assert "link" not in answer.headers
    assert await precrime.keys(others) == []


async def test_nobody_has_a_key_to_begin_with(precrime: Precrime, token: str) -> None:
    """The list is an empty array."""
    answer = await precrime.get(LIST, token=token)

    assert said(answer) == (200, [])


@pytest.mark.parametrize("by", ["token", "id"])
async def test_a_key_is_deleted_by_itself_or_by_its_id(
    precrime: Precrime, token: str, by: str
) -> None:
    """It is dead with the answer, and gone from the list; its sister lives on."""
    key, sister = await precrime.add_key(token), await precrime.add_key(token)
    before = await precrime.status_of_key(key["token"])

    answer = await precrime.post(DELETE, {"text": key[by]}, token=token)

    assert before == 200
    assert said(answer) == SUCCESS
    assert await precrime.status_of_key(key["token"]) == 401
    assert await precrime.status_of_key(sister["token"]) == 200
    assert await precrime.keys(token) == [sister]


async def test_nobody_deletes_a_key_twice(precrime: Precrime, token: str) -> None:
    """Nor two at once."""
    key = await precrime.add_key(token)
    body = {"text": key["token"]}

    at_once = await asyncio.gather(*(precrime.post(DELETE, body, token=token) for _ in range(3)))
    again = await precrime.post(DELETE, body, token=token)

    assert sorted(said(answer)[0] for answer in at_once) == [200, 404, 404]
    assert said(again) == NOT_THERE


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "ww_",
        "ww_\u2026abcd",
        "11111111-2222-4333-8444-555555555555",
        "' OR 1=1 --",
        NOBODYS_KEY,
        "\u00fc\u202e\n",
        "x" * 60_000,
    ],
)
async def test_what_names_no_key_of_ones_own(precrime: Precrime, token: str, text: str) -> None:
    """It is not found, whatever it is."""
    key = await precrime.add_key(token)

    answer = await precrime.post(DELETE, {"text": text}, token=token)

    assert said(answer) == NOT_THERE
    assert await precrime.keys(token) == [key]


@pytest.mark.parametrize("by", ["token", "id"])
async def test_nobody_deletes_anothers_key(
    household: Household, precrime: Precrime, token: str, by: str
) -> None:
    """Not even an admin, here; and whether there is such a key is not told."""
    await household.make("ada")
    adas = await precrime.add_key(await precrime.log_in("ada", PASSWORD))

    answer = await precrime.post(DELETE, {"text": adas[by]}, token=token)

    assert said(answer) == NOT_THERE
    assert await precrime.status_of_key(adas["token"]) == 200


@pytest.mark.parametrize(
    "name",
    [
        "",
        " ",
        "\t\n\u00a0\u3000",
        "x" * 101,
        "\U0001f511" * 101,
        "a\nb",
        "a\x1b[31mb",
        "a\x7fb",
        "a\u202eb",
        "a\u200bb",
        "\u00ad",
        "a\u2028b",
        "a\ufe0fb",
        "\ue000",
        "\uffff",
    ],
)
async def test_what_is_no_name_for_a_key(precrime: Precrime, token: str, name: str) -> None:
    """Empty, only spaces, too long, or with something in it that nobody can see."""
    answer = await precrime.post(ADD, {"name": name}, token=token)

    assert said(answer) == BAD_NAME
    assert await precrime.keys(token) == []


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("x", "x"),
        ("x" * 100, "x" * 100),
        (f"  {'x' * 100}  ", "x" * 100),
        ("\U0001f511" * 100, "\U0001f511" * 100),
        (
            "Cl\u00e9 n\u00ba 1 / \u5de5\u5834 <b>&amp;</b>",
            "Cl\u00e9 n\u00ba 1 / \u5de5\u5834 <b>&amp;</b>",
        ),
    ],
)
async def test_what_is_a_name_for_a_key(
    precrime: Precrime, token: str, name: str, kept: str
) -> None:
    """Up to a hundred characters of any script, without the spaces around them."""
    made = await precrime.add_key(token, name)

    assert made["name"] == kept
    assert [key["name"] for key in await precrime.keys(token)] == [kept]


@pytest.mark.parametrize("member", ["Name", "NAME", "nAmE"])
async def test_members_are_read_in_any_letter_case(
    precrime: Precrime, token: str, member: str
) -> None:
    """And what is no member is ignored: nobody gives a key more scopes that way."""
    body = {member: "a key", "scopes": ["accounts:write"], "expires_at": None, "id": "x"}

    answer = await precrime.post(ADD, body, token=token)
    deleted = await precrime.post(DELETE, {"TEXT": answer.json()["token"]}, token=token)

    assert answer.json()["name"] == "a key"
    assert said(deleted) == SUCCESS


@pytest.mark.parametrize(("method", "path"), [("POST", ADD), ("GET", LIST), ("POST", DELETE)])
async def test_keys_need_a_token(precrime: Precrime, method: str, path: str) -> None:
    """Nobody is told about the body before they say who they are."""
    without = await precrime.ask(method, path)
    with_bad = await precrime.ask(method, path, token="rubbish")

    assert said(without) == LOG_IN_FIRST
    assert said(with_bad) == BAD


async def test_an_account_has_so_many_keys_and_no_more(opened: Open) -> None:
    """Past the limit it is 409, at once too; with one deleted another can be made."""
    household, precrime = await opened(Choices(api_keys=KeyRules(per_account_max=3)))
    await household.make("ada")
    token, others = await precrime.log_in(), await precrime.log_in("ada", PASSWORD)

    at_once = await asyncio.gather(
        *(precrime.post(ADD, {"name": f"key {number}"}, token=token) for number in range(6))
    )
    another = await precrime.post(ADD, {"name": "another"}, token=others)
    await precrime.post(DELETE, {"text": (await precrime.keys(token))[0]["id"]}, token=token)
    again = await precrime.post(ADD, {"name": "again"}, token=token)

    full = refused(409, "An account may have at most 3 auth headers")
    assert sorted(answer.status_code for answer in at_once) == [200] * 3 + [409] * 3
    assert [said(one) for one in at_once if one.status_code == 409] == [full] * 3
    assert another.status_code == again.status_code == 200


async def test_the_usual_limit_is_a_hundred(precrime: Precrime, token: str) -> None:
    """As safety asks."""
    made = [await precrime.post(ADD, {"name": "a key"}, token=token) for _ in range(101)]

    assert {answer.status_code for answer in made[:100]} == {200}
    assert said(made[100]) == refused(409, "An account may have at most 100 auth headers")


async def test_keys_that_are_shown_once(opened: Open) -> None:
    """The answer that makes it has it whole, the list only how it ends; the id still deletes it."""
    _, precrime = await opened(Choices(api_keys=KeyRules(shows_keys=False)))
    token = await precrime.log_in()

    made = await precrime.add_key(token, "a key")
    listed = await precrime.keys(token)
    by_hint = await precrime.post(DELETE, {"text": listed[0]["token"]}, token=token)
    by_key = await precrime.post(DELETE, {"text": made["token"]}, token=token)

    assert PUBLISHED.fullmatch(made["token"])
    assert listed == [{**made, "token": f"ww_\u2026{made['token'][-4:]}"}]
    assert said(by_hint) == NOT_THERE
    assert said(by_key) == SUCCESS


async def test_an_expired_key_is_not_in_the_list(
    household: Household, precrime: Precrime, token: str
) -> None:
    """What does not work any more does not help anybody; it can still be deleted."""
    ada = await household.make("ada")
    await household.key(ada, ends_after=timedelta(minutes=5))
    adas = await precrime.log_in("ada", PASSWORD)
    before = await precrime.keys(adas)
    household.clock.advance(timedelta(minutes=5))

    after = await precrime.keys(adas)
    status = await precrime.status_of_key(before[0]["token"])
    deleted = await precrime.post(DELETE, {"text": before[0]["id"]}, token=adas)

    assert (len(before), after, status) == (1, [], 401)
    assert said(deleted) == SUCCESS
    assert await precrime.keys(token) == []


async def test_a_long_list_comes_in_pages(
    household: Household, precrime: Precrime, token: str
) -> None:
    """A whole array up to a thousand keys, then a way to the rest."""
    admin = (await precrime.get("/user/renew", token=token)).json()["Id"]
    await _fill(household, admin, count=1001)

    first = await precrime.get(LIST, token=token)
    link = first.headers["link"]
    path = link.removeprefix("<").partition(">")[0]
    second = await precrime.get(path, token=token)

    names = [key["name"] for answer in (first, second) for key in answer.json()]
    assert len(first.json()) == 1000
    assert link.endswith('>; rel="next"')
    assert path.startswith(f"{LIST}?after=")
    assert names == [f"key {number}" for number in range(1, 1002)]
    assert "link" not in second.headers


@pytest.mark.parametrize("cursor", ["rubbish", "%00", "%ff", "\u00e4", "x" * 2000])
async def test_a_cursor_that_is_not_ours(precrime: Precrime, token: str, cursor: str) -> None:
    """It is refused, and nobody looks anything up by it."""
    answer = await precrime.get(f"{LIST}?after={cursor}", token=token)

    assert said(answer) == refused(400, "That value is not allowed")


async def _fill(household: Household, account_id: str, *, count: int) -> None:
    async with household.storage.open_work() as work:
        for number in range(1, count + 1):
            key = ApiKey(
                id=ApiKeyId(f"00000000-0000-4000-8000-{number:012d}"),
                account_id=AccountId(account_id),
                name=f"key {number}",
                digest=f"digest {number}",
                hint="ww_\u2026abcd",
                created_at=household.clock.now() + timedelta(seconds=number),
                scopes=frozenset({Scope.IDENTIFY}),
            )
            work.api_keys.add(key, most=10_000)
        await work.commit()
