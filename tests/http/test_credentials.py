"""Which credential of a request counts."""

import pytest

from toy import Toybox, talking_to, toybox
from toy_services import GOOD_TOKEN, OTHER_TOKEN
from watchword.http.credentials import Carrier, Presented, find_credential
from watchword.http.fields import Fields

Headers = list[tuple[str, str]]
GOOD = ("Authorization", f"Bearer {GOOD_TOKEN}")


@pytest.fixture
def box() -> Toybox:
    return toybox()


async def who(box: Toybox, *headers: tuple[str, str], path: str = "/toy/me") -> tuple[int, str]:
    """Return the status, and who the caller was taken for or what was wrong."""
    raw = [(name.encode(), value.encode("latin-1")) for name, value in headers]
    async with talking_to(box.app) as client:
        answer = await client.get(path, headers=raw)
    body = answer.json()
    return answer.status_code, body.get("who") or body.get("moo", "").removeprefix("moo: ")


@pytest.mark.parametrize(
    "value",
    [
        f"Bearer {GOOD_TOKEN}",
        f"bearer {GOOD_TOKEN}",
        f"BEARER   {GOOD_TOKEN}",
        f"Bearer{GOOD_TOKEN}",
        f"bEaReR{GOOD_TOKEN}",
        GOOD_TOKEN,
    ],
)
async def test_a_token_is_taken_as_real_clients_send_it(box: Toybox, value: str) -> None:
    """With the scheme in any case, without the space, and all alone."""
    found = await who(box, ("Authorization", value))

    assert found == (200, "ada")


@pytest.mark.parametrize(
    "value",
    [
        "Basic YWRhOnB3",
        "basic YWRhOnB3",
        "Digest username=ada",
        "Negotiate",
        "NTLM TlRMTVNTUAAB",
        "DPoP abc",
        "",
        "   ",
    ],
)
async def test_what_is_not_ours_is_no_credential(box: Toybox, value: str) -> None:
    """A scheme that we do not speak is as if nothing came."""
    alone = await who(box, ("Authorization", value))
    beside_a_cookie = await who(
        box, ("Authorization", value), ("Cookie", f"authToken={GOOD_TOKEN}")
    )

    assert alone == (401, "missing")
    assert beside_a_cookie == (200, "ada")


@pytest.mark.parametrize(
    "value",
    [
        "Bearer",
        "Bearer ",
        "Bearer null",
        "Bearer {{authToken}}",
        f"Bearer Bearer {GOOD_TOKEN}",
        f"Bearer {GOOD_TOKEN} {GOOD_TOKEN}",
        f"Bearer {GOOD_TOKEN}.",
        "Bearer \xe4\xf6",
        "nonsense",
    ],
)
async def test_a_bad_token_is_told_from_none(box: Toybox, value: str) -> None:
    """What looks like ours and is not good is refused as such."""
    found = await who(box, ("Authorization", value))

    assert found == (401, "bad")


@pytest.mark.parametrize(
    "better",
    [
        ("Authorization", "Bearer bad"),
        ("X-Authorization", "bad"),
        ("Cookie", "authToken=bad"),
    ],
)
async def test_nothing_falls_back(box: Toybox, better: tuple[str, str]) -> None:
    """A good credential does not make up for a bad one that is more explicit."""
    path = f"/toy/me?token={GOOD_TOKEN}"
    good_cookie = [("Cookie", f"authToken={GOOD_TOKEN}")] if better[0] != "Cookie" else []
    found = await who(box, better, *good_cookie, path=path)

    assert found == (401, "bad")


@pytest.mark.parametrize(
    ("cookies", "found"),
    [
        (f"__Host-authToken={GOOD_TOKEN}", (200, "ada")),
        (f"authToken={OTHER_TOKEN}; __Host-authToken={GOOD_TOKEN}", (200, "ada")),
        (f"__Host-authToken={GOOD_TOKEN}; authToken={OTHER_TOKEN}; authToken=x", (200, "ada")),
        (f"__Host-authToken=; authToken={OTHER_TOKEN}", (200, "bob")),
        (f"__Host-authToken=bad; authToken={OTHER_TOKEN}", (401, "bad")),
        (f"__Host-authToken={GOOD_TOKEN}; __Host-authToken={OTHER_TOKEN}", (401, "bad")),
        (f"__host-authtoken={GOOD_TOKEN}", (401, "missing")),
    ],
)
async def test_a_cookie_of_this_host_alone_goes_before_the_other(
    box: Toybox, cookies: str, found: tuple[int, str]
) -> None:
    """Any host beside ours may have set the one without the prefix."""
    assert await who(box, ("Cookie", cookies)) == found


async def test_the_most_explicit_credential_counts(box: Toybox) -> None:
    """Authorization, then X-Authorization, then cookie, then ?token=."""
    path = "/toy/me?token=bad"
    cookie = ("Cookie", f"authToken={OTHER_TOKEN}")

    assert await who(box, GOOD, ("X-Authorization", "bad"), cookie, path=path) == (200, "ada")
    assert await who(box, cookie, path=path) == (200, "bob")
    assert box.tokens.asked == [GOOD_TOKEN, OTHER_TOKEN]


@pytest.mark.parametrize(
    ("headers", "found"),
    [
        ([GOOD, ("Authorization", f"Bearer {OTHER_TOKEN}")], (401, "bad")),
        ([GOOD, ("Authorization", "Basic YWRhOnB3")], (401, "bad")),
        ([GOOD, GOOD], (200, "ada")),
        ([GOOD, ("Authorization", "")], (200, "ada")),
        ([("Cookie", f"authToken={GOOD_TOKEN}; authToken={OTHER_TOKEN}")], (401, "bad")),
        ([("Cookie", f"authToken={GOOD_TOKEN}; authToken={GOOD_TOKEN}")], (200, "ada")),
        ([("Cookie", f"authToken=a; authToken={OTHER_TOKEN}"), GOOD], (200, "ada")),
    ],
)
async def test_two_that_disagree_are_bad(
    box: Toybox, headers: Headers, found: tuple[int, str]
) -> None:
    """We do not guess which was meant; the same one twice is one."""
    assert await who(box, *headers) == found


@pytest.mark.parametrize(
    ("cookie", "found"),
    [
        (f"authToken={GOOD_TOKEN}", (200, "ada")),
        (f'a=b; authToken="{GOOD_TOKEN}" ;c=d', (200, "ada")),
        ("authToken=", (401, "missing")),
        (f"AUTHTOKEN={GOOD_TOKEN}", (401, "missing")),
        (f"xauthToken={GOOD_TOKEN}", (401, "missing")),
        (";;=;authToken", (401, "missing")),
        ("authToken=nonsense", (401, "bad")),
    ],
)
async def test_a_cookie_is_read_by_its_name(
    box: Toybox, cookie: str, found: tuple[int, str]
) -> None:
    """A cookie of another name is not ours, and an empty one is gone."""
    assert await who(box, ("Cookie", cookie)) == found


@pytest.mark.parametrize(
    ("query", "found"),
    [
        (f"token={GOOD_TOKEN}", (200, "ada")),
        (f"a=b&%74oken={GOOD_TOKEN}", (200, "ada")),
        (f"token={GOOD_TOKEN}&token={GOOD_TOKEN}", (200, "ada")),
        (f"token={GOOD_TOKEN}&token={OTHER_TOKEN}", (401, "bad")),
        ("token=", (401, "missing")),
        ("tokens=x", (401, "missing")),
        ("token=x", (401, "bad")),
        ("token=%00", (401, "bad")),
        ("token=%ff%fe", (401, "bad")),
        ("&".join(["a=b"] * 200), (401, "bad")),
    ],
)
async def test_a_token_in_the_query_counts_where_it_may(
    box: Toybox, query: str, found: tuple[int, str]
) -> None:
    """One operation allows it, and reads it strictly."""
    assert await who(box, path=f"/toy/me?{query}") == found


async def test_a_token_in_the_query_is_nothing_elsewhere(box: Toybox) -> None:
    """An operation that does not document it does not look at it."""
    leaving = await who(box, path=f"/toy/leave?token={GOOD_TOKEN}")
    async with talking_to(box.app) as client:
        changing = await client.post(f"/toy/me?token={GOOD_TOKEN}")

    assert leaving == (401, "missing")
    assert changing.status_code == 401
    assert box.tokens.asked == []


async def test_answers_to_a_token_in_the_query_are_kept_nowhere(box: Toybox) -> None:
    """No cache keeps them, and no link tells them on."""
    async with talking_to(box.app) as client:
        good = await client.get(f"/toy/me?token={GOOD_TOKEN}")
        bad = await client.get("/toy/me?token=x")

    for answer in (good, bad):
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["referrer-policy"] == "no-referrer"


@pytest.mark.parametrize("length", [4097, 100 * 1024])
async def test_a_token_that_is_too_long_is_not_looked_at(box: Toybox, length: int) -> None:
    """A long one costs nothing: it is refused before anything is computed."""
    long_one = await who(box, ("Authorization", f"Bearer {'x' * length}"))
    asked_long = list(box.tokens.asked)
    longest = await who(box, ("Authorization", f"Bearer {'x' * 4096}"))

    assert (long_one, longest) == ((401, "bad"), (401, "bad"))
    assert asked_long == []
    assert len(box.tokens.asked) == 1


async def test_an_optional_credential_may_be_missing_but_not_bad(box: Toybox) -> None:
    """None is fine, a good one is used, a bad one is refused."""
    none = await who(box, path="/toy/maybe")
    good = await who(box, GOOD, path="/toy/maybe")
    bad = await who(box, ("Authorization", "Bearer bad"), path="/toy/maybe")

    assert (none, good, bad) == ((200, ""), (200, "ada"), (401, "bad"))


async def test_a_log_in_looks_at_no_credential(box: Toybox) -> None:
    """Whatever it carries is ignored: good, bad, by cookie from another site."""
    everything = {
        "Authorization": "Bearer {{authToken}}",
        "X-Authorization": "bad",
        "Cookie": "authToken=bad",
        "Sec-Fetch-Site": "same-site",
    }
    async with talking_to(box.app) as client:
        answer = await client.post("/toy/login?token=bad", headers=everything)

    assert answer.status_code == 200
    assert box.tokens.asked == []


async def test_a_store_that_is_down_is_not_a_bad_token(box: Toybox) -> None:
    """Nobody is logged out because the database does not answer."""
    box.tokens.down = True
    async with talking_to(box.app) as client:
        answer = await client.get("/toy/me", headers=[GOOD])

    assert answer.status_code == 503
    assert answer.headers["retry-after"] == "7"
    assert answer.json() == {"moo": "moo: unavailable", "code": 503}


def test_a_credential_does_not_show_itself() -> None:
    """A credential in a log or a traceback shows where it stood, not what it was."""
    found = find_credential(Fields([(b"authorization", b"Bearer sesame")]), None)

    assert found == Presented("sesame", Carrier.AUTHORIZATION)
    assert "sesame" not in repr(found)
