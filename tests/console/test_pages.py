"""Each link of each letter: shown as often as one likes, done once, by its button."""

import asyncio
from datetime import timedelta

import httpx
import pytest

from console.mailed import ADA, GUEST, NEW, NEW_PASSWORD, OLD, Link, ada_of, mailed
from dialects.household import PASSWORD, Household
from watchword.core.outbox.model import LetterKind
from watchword.core.tickets.model import Purpose

SHOWN = {
    Purpose.CONFIRM: ("Confirm your address", ADA, OLD),
    Purpose.RESET: ("Set a new password", ADA, OLD),
    Purpose.CHANGE: ("Change your address", ADA, NEW),
    Purpose.UNDO: ("Take your account back", ADA, OLD),
    Purpose.JOIN: ("Make your account", GUEST),
}
DONE = {
    Purpose.CONFIRM: ("Your address is confirmed", OLD),
    Purpose.RESET: ("Your password is changed", ADA),
    Purpose.CHANGE: ("Your address is changed", NEW),
    Purpose.UNDO: ("The change is undone", OLD),
    Purpose.JOIN: ("Your account is made", "bob"),
}
EACH = pytest.mark.parametrize("purpose", Purpose)


async def status_of_login(client: httpx.AsyncClient, name: str, password: str) -> int:
    body = {"username": name, "password": password}
    return (await client.post("/api/auth/login", json=body)).status_code


@EACH
async def test_a_get_shows_what_would_happen_and_spends_nothing(
    house: Household, client: httpx.AsyncClient, purpose: Purpose
) -> None:
    """Link scanners follow GETs, and some ask by HEAD first; the button works afterwards."""
    link = await mailed(house, purpose)
    before = await ada_of(house)
    looks = [await client.request(one, link.target) for one in ("GET", "HEAD", "GET", "HEAD")]
    between = await ada_of(house)
    done = await client.post(link.path, data=link.form())

    assert [(one.status_code, bool(one.content)) for one in looks] == [
        *((200, True), (200, False)) * 2
    ]
    assert all(text in looks[0].text for text in SHOWN[purpose])
    assert looks[0].text == looks[2].text
    assert between == before
    assert done.status_code == 200
    assert all(text in done.text for text in DONE[purpose])


@EACH
async def test_a_button_works_once(
    house: Household, client: httpx.AsyncClient, purpose: Purpose
) -> None:
    """Of many presses at the same time too; the others are told what to do instead."""
    link = await mailed(house, purpose)
    pressed = await asyncio.gather(*(client.post(link.path, data=link.form()) for _ in range(5)))
    later = await client.post(link.path, data=link.form())
    shown = await client.get(link.target)

    # Who is second with an invitation may find the name taken, by the first.
    assert {one.status_code for one in pressed} <= {200, 409, 410}
    assert [one.status_code for one in pressed].count(200) == 1
    assert (later.status_code, shown.status_code) == (410, 410)
    assert later.text == shown.text


async def test_confirming_makes_the_address_a_name_to_log_in_with(
    house: Household, client: httpx.AsyncClient
) -> None:
    """Not before."""
    link = await mailed(house, Purpose.CONFIRM)
    before = await status_of_login(client, OLD, PASSWORD)
    await client.post(link.path, data=link.form())

    assert (before, await status_of_login(client, OLD, PASSWORD)) == (401, 200)


async def test_a_reset_changes_the_password(house: Household, client: httpx.AsyncClient) -> None:
    """The old one is of no use any more."""
    link = await mailed(house, Purpose.RESET)
    await client.post(link.path, data=link.form())

    assert await status_of_login(client, ADA, NEW_PASSWORD) == 200
    assert await status_of_login(client, ADA, PASSWORD) == 401


async def test_a_change_can_be_undone_from_the_old_address(
    house: Household, client: httpx.AsyncClient
) -> None:
    """Everybody is logged out, and a letter for a new password goes to the old address."""
    change = await mailed(house, Purpose.CHANGE)
    await client.post(change.path, data=change.form())
    changed = await ada_of(house)
    [letter] = await house.letters(LetterKind.ADDRESS_CHANGED)
    body = {"username": ADA, "password": PASSWORD}
    token = (await client.post("/api/auth/login", json=body)).json()["access_token"]
    undo = Link(Purpose.UNDO, letter.secret)
    await client.post(undo.path, data=undo.form())
    undone = await ada_of(house)
    [reset] = await house.letters(LetterKind.RESET)
    me = await client.get("/api/auth/me", headers={"Authorization": f"Bearer {token}"})

    assert changed is not None
    assert undone is not None
    assert (changed.email, undone.email) == (NEW, OLD)
    assert (letter.to, reset.to, reset.page) == (OLD, OLD, "reset")
    assert me.status_code == 401


async def test_who_is_invited_makes_an_account(house: Household, client: httpx.AsyncClient) -> None:
    """With a name and a password of their own; the address is proved by the link."""
    link = await mailed(house, Purpose.JOIN)
    await client.post(link.path, data=link.form())
    async with house.storage.open_work() as work:
        made = await work.accounts.by_identifier(GUEST)

    assert made is not None
    assert (made.name, made.first_name, made.last_name, made.role) == ("bob", "Bob", "", "user")
    assert await status_of_login(client, GUEST, NEW_PASSWORD) == 200


@EACH
async def test_what_does_not_work_is_one_answer(
    house: Household, client: httpx.AsyncClient, purpose: Purpose
) -> None:
    """Never made, of another purpose, cut short or too old: nobody learns which."""
    link = await mailed(house, purpose)
    other = await mailed(house, Purpose.JOIN if purpose is not Purpose.JOIN else Purpose.RESET)
    bad = [
        "",
        "x",
        "A" * 32,
        link.secret[:-1],
        link.secret + "A",
        other.secret,
        "\u00e4\0",
        "x" * 8000,
    ]
    shown = [await client.get(link.path, params={"ticket": one}) for one in bad]
    shown.append(await client.get(link.path))
    pressed = [
        await client.post(link.path, data=link.form(ticket=one)) for one in bad if "\0" not in one
    ]
    good = await client.get(link.target)
    house.clock.advance(timedelta(days=8))
    late = [await client.get(link.target), await client.post(link.path, data=link.form())]

    answers = {(one.status_code, one.text) for one in [*shown, *pressed, *late]}
    [(status, text)] = answers
    assert (good.status_code, status) == (200, 410)
    assert "This link does not work" in text


async def test_a_link_is_of_no_use_once_the_account_is_closed(
    house: Household, client: httpx.AsyncClient
) -> None:
    """Whoever runs the server has the last word."""
    link = await mailed(house, Purpose.RESET)
    ada = await ada_of(house)
    assert ada is not None
    await house.disable(ada)

    assert (await client.get(link.target)).status_code == 410
    assert (await client.post(link.path, data=link.form())).status_code == 410


async def test_a_newer_letter_counts_alone(house: Household, client: httpx.AsyncClient) -> None:
    """The link in the last one is void."""
    first, second = [await mailed(house, Purpose.RESET) for _ in range(2)]

    assert (await client.get(first.target)).status_code == 410
    assert (await client.post(first.path, data=first.form())).status_code == 410
    assert (await client.post(second.path, data=second.form())).status_code == 200


async def test_whoever_is_logged_in_as_somebody_else_changes_nothing_by_that(
    house: Household, client: httpx.AsyncClient
) -> None:
    """Credentials and cookies that come along are not looked at, bad ones neither."""
    link = await mailed(house, Purpose.RESET)
    bad = {
        "Authorization": "Bearer nonsense",
        "Cookie": "authToken=nonsense",
        "X-Authorization": "nonsense",
        "Origin": "null",
        "Sec-Fetch-Site": "cross-site",
    }
    shown = await client.get(link.target, headers=bad)
    done = await client.post(link.path, data=link.form(), headers=bad)

    assert (shown.status_code, done.status_code) == (200, 200)
    assert not any("set-cookie" in one.headers for one in (shown, done))


@EACH
async def test_pages_are_not_part_of_the_api(client: httpx.AsyncClient, purpose: Purpose) -> None:
    """The description is for programs, which have better ways."""
    paths = (await client.get("/openapi.json")).json()["paths"]

    assert f"/account/{purpose}" not in paths
    assert "/api/auth/login" in paths
