"""When a cookie is not enough, since another site's page may have sent it."""

import pytest

from toy import Toybox, talking_to, toybox
from toy_services import COOKIE_TOKEN, GOOD_TOKEN, csrf_token
from watchword.http.cookies import SameSite, end_of_cookie, end_of_other, session_cookie
from watchword.http.fields import Fields
from watchword.http.surroundings import Surroundings

COOKIE = {"Cookie": f"authToken={GOOD_TOKEN}"}
SURROUNDINGS = Surroundings(
    version="0",
    public_url="https://Login.Example.com/base",
    allowed_origins=("https://app.example.org",),
)


@pytest.fixture
def box() -> Toybox:
    return toybox(SURROUNDINGS)


async def ask(box: Toybox, method: str, path: str, **headers: str) -> int:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    async with talking_to(box.app) as client:
        return (await client.request(method, path, headers={**COOKIE, **named})).status_code


async def tell(
    box: Toybox, method: str, path: str, *fields: tuple[str, str], cookie: bool = True
) -> tuple[int, str]:
    """Ask with the token of a cookie session, in the cookie or in Authorization."""
    carrier = (
        ("Cookie", f"authToken={COOKIE_TOKEN}")
        if cookie
        else ("Authorization", f"Bearer {COOKIE_TOKEN}")
    )
    headers = [(name.encode(), text.encode("latin-1")) for name, text in (carrier, *fields)]
    async with talking_to(box.app) as client:
        answer = await client.request(method, path, headers=headers)
    body = answer.json()
    return answer.status_code, body.get("who") or body["moo"].removeprefix("moo: ")


@pytest.mark.parametrize(
    ("site", "status"),
    [
        ("cross-site", 403),
        ("same-site", 403),
        ("something new", 403),
        ("same-origin", 200),
        ("none", 200),
    ],
)
@pytest.mark.parametrize(("method", "path"), [("POST", "/toy/me"), ("GET", "/toy/leave")])
async def test_another_sites_page_changes_nothing(
    box: Toybox, method: str, path: str, site: str, status: int
) -> None:
    """What changes something is refused whatever its method."""
    answered = await ask(box, method, path, sec_fetch_site=site)

    assert answered == status


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 403),
        ({"sec_fetch_site": ""}, 403),
        ({"origin": "http://localhost:9261"}, 403),
        ({"sec_fetch_site": "same-origin"}, 200),
        ({"sec_fetch_site": "same-origin", "origin": "http://localhost:9261"}, 200),
        ({"sec_fetch_site": "none", "origin": "https://evil.test"}, 403),
        ({"sec_fetch_site": "none"}, 200),
    ],
)
async def test_a_get_that_changes_says_where_it_comes_from(
    box: Toybox, headers: dict[str, str], status: int
) -> None:
    """A link on any page is a GET, and old browsers send the cookie and nothing else with it."""
    answered = await ask(box, "GET", "/toy/leave", **headers)
    bearer = await ask(box, "GET", "/toy/leave", authorization=f"Bearer {GOOD_TOKEN}", **headers)

    assert (answered, bearer) == (status, 200)


async def test_two_places_are_not_ours(box: Toybox) -> None:
    """A GET that says both counts as the worse."""
    async with talking_to(box.app) as client:
        fields = [("Sec-Fetch-Site", "same-origin"), ("Sec-Fetch-Site", "cross-site")]
        answer = await client.get("/toy/leave", headers=[*COOKIE.items(), *fields])

    assert answer.status_code == 403


@pytest.mark.parametrize(
    ("origin", "status"),
    [
        ("http://localhost:9261", 200),
        ("https://login.example.com", 200),
        ("https://app.example.org", 200),
        ("https://localhost:9261", 403),
        ("http://localhost", 403),
        ("http://login.example.com", 403),
        ("https://login.example.com.evil.test", 403),
        ("https://evil.test", 403),
        ("null", 403),
        ("https://app.example.org https://evil.test", 403),
        ("", 200),
    ],
)
async def test_only_our_origins_and_the_allowed_change_something(
    box: Toybox, origin: str, status: int
) -> None:
    """Ours is the host that was asked, or the public URL."""
    answered = await ask(box, "POST", "/toy/me", origin=origin)

    assert answered == status


async def test_a_page_may_look_at_what_changes_nothing(box: Toybox) -> None:
    """The rule is for changes; reading is guarded by CORS."""
    answered = await ask(box, "GET", "/toy/me", sec_fetch_site="cross-site")

    assert answered == 200


async def test_another_credential_than_a_cookie_is_sent_on_purpose(box: Toybox) -> None:
    """No browser adds an Authorization header by itself."""
    answered = await ask(
        box,
        "POST",
        "/toy/me",
        authorization=f"Bearer {GOOD_TOKEN}",
        sec_fetch_site="cross-site",
        origin="https://evil.test",
    )

    assert answered == 200


async def test_a_refused_cookie_is_not_looked_at(box: Toybox) -> None:
    """The refusal tells nothing about the cookie."""
    await ask(box, "POST", "/toy/me", sec_fetch_site="cross-site")

    assert box.tokens.asked == []


async def test_any_origin_is_no_origin_to_trust_with_a_cookie() -> None:
    """Where every page may read answers, none may use a cookie."""
    box = toybox(Surroundings(version="0", allowed_origins=("*",)))
    answered = await ask(box, "POST", "/toy/me", origin="https://evil.test")

    assert answered == 403


async def test_two_origins_or_two_hosts_are_not_ours(box: Toybox) -> None:
    """What could be read two ways is refused."""
    async with talking_to(box.app) as client:
        origins = await client.post(
            "/toy/me",
            headers=[
                *COOKIE.items(),
                ("Origin", "http://localhost:9261"),
                ("Origin", "https://evil.test"),
            ],
        )
        hosts = await client.post(
            "/toy/me",
            headers=[
                *COOKIE.items(),
                ("Host", "localhost:9261"),
                ("Host", "evil.test"),
                ("Origin", "http://evil.test"),
            ],
        )

    assert (origins.status_code, hosts.status_code) == (403, 403)


@pytest.mark.parametrize("cookie", [True, False])
@pytest.mark.parametrize(("method", "path"), [("POST", "/toy/me"), ("GET", "/toy/leave")])
@pytest.mark.parametrize(
    "tokens",
    [[], [""], ["wrong"], ["x" * 22], ["\xe4"], [csrf_token(), "wrong"], [csrf_token()[:-1]]],
)
async def test_a_cookie_session_changes_nothing_without_its_token(
    box: Toybox, method: str, path: str, tokens: list[str], *, cookie: bool
) -> None:
    """None, a wrong one, or two: refused, however the session's own token travels."""
    fields = [("X-CSRF-TOKEN", token) for token in tokens]
    found = await tell(box, method, path, ("Sec-Fetch-Site", "same-origin"), *fields, cookie=cookie)

    assert found == (403, "csrf")


@pytest.mark.parametrize("cookie", [True, False])
@pytest.mark.parametrize(("method", "path"), [("POST", "/toy/me"), ("GET", "/toy/leave")])
async def test_a_cookie_session_with_its_token_does_all(
    box: Toybox, method: str, path: str, *, cookie: bool
) -> None:
    """A program that has the token need not say where its request comes from."""
    found = await tell(box, method, path, ("x-csrf-token", csrf_token()), cookie=cookie)

    assert found == (200, "cyd")


async def test_a_cookie_session_reads_without_its_token(box: Toybox) -> None:
    """Reading is guarded by CORS."""
    assert await tell(box, "GET", "/toy/me") == (200, "cyd")
    assert await tell(box, "GET", "/toy/me", cookie=False) == (200, "cyd")


@pytest.mark.parametrize(
    "fields",
    [
        [("Sec-Fetch-Site", "cross-site")],
        [("Sec-Fetch-Site", "same-site")],
        [("Sec-Fetch-Site", "same-origin"), ("Origin", "https://evil.test")],
    ],
)
@pytest.mark.parametrize(("method", "path"), [("POST", "/toy/me"), ("GET", "/toy/leave")])
async def test_the_token_does_not_make_another_page_ours(
    box: Toybox, method: str, path: str, fields: list[tuple[str, str]]
) -> None:
    """What the browser says of the page still counts, and what the page says does not."""
    status, text = await tell(box, method, path, ("X-CSRF-TOKEN", csrf_token()), *fields)

    assert (status, text) == (403, "A page of another site cannot do this.")


@pytest.mark.parametrize("token", ["", "anything", csrf_token()])
async def test_a_bearer_session_needs_no_token(box: Toybox, token: str) -> None:
    """Not even where its own travels in the cookie."""
    assert await ask(box, "POST", "/toy/me", x_csrf_token=token) == 200


@pytest.mark.parametrize("token", ["anything", csrf_token()])
async def test_a_token_proves_nothing_for_a_bearer_session(box: Toybox, token: str) -> None:
    """None belongs to it, so a GET of it has to say where it comes from all the same."""
    assert await ask(box, "GET", "/toy/leave", x_csrf_token=token) == 403


async def test_a_log_in_looks_at_no_session(box: Toybox) -> None:
    """Who has a stale cookie can log in again without any token."""
    async with talking_to(box.app) as client:
        answer = await client.post("/toy/login", headers={"Cookie": f"authToken={COOKIE_TOKEN}"})

    assert answer.status_code == 200


@pytest.mark.parametrize(
    ("site", "status"),
    [("cross-site", 403), ("same-site", 200), ("same-origin", 200), ("none", 200), ("", 200)],
)
async def test_another_sites_page_opens_no_cookie_session(
    box: Toybox, site: str, status: int
) -> None:
    """It could log a person in as somebody else; a log-in that sets no cookie stays open."""
    async with talking_to(box.app) as client:
        opening = await client.post("/toy/enter", headers={"Sec-Fetch-Site": site})
        other = await client.post("/toy/login", headers={"Sec-Fetch-Site": site})

    assert (opening.status_code, other.status_code) == (status, 200)


@pytest.mark.parametrize(
    ("is_secure", "prefix", "written"),
    [
        (False, False, "authToken=t; Path=/; Max-Age=60; HttpOnly; SameSite=Lax"),
        (False, True, "authToken=t; Path=/; Max-Age=60; HttpOnly; SameSite=Lax"),
        (True, False, "authToken=t; Path=/; Max-Age=60; HttpOnly; SameSite=Lax; Secure"),
        (True, True, "__Host-authToken=t; Path=/; Max-Age=60; HttpOnly; SameSite=Lax; Secure"),
    ],
)
def test_a_cookie_is_for_this_host_and_no_script(
    written: str, *, is_secure: bool, prefix: bool
) -> None:
    """Over TLS it never leaves TLS, and only there its name can be bound to the host."""
    cookie = session_cookie(
        "t", is_secure=is_secure, same_site=SameSite.LAX, max_age_s=60, prefix=prefix
    )
    end = end_of_cookie(is_secure=is_secure, prefix=prefix)

    assert cookie == written
    assert end.partition("=")[0] == written.partition("=")[0]
    assert end.partition("=")[2].startswith("; Path=/; Max-Age=0; HttpOnly")
    assert ("Secure" in end) is is_secure


@pytest.mark.parametrize(
    ("cookies", "is_secure", "prefix", "ended"),
    [
        (b"authToken=a; __Host-authToken=b", True, False, "__Host-authToken="),
        (b"authToken=a; __Host-authToken=b", True, True, "authToken="),
        (b"authToken=a", True, False, None),
        (b"__Host-authToken=b", True, True, None),
        (b"", True, True, None),
        (b"authToken=a; __Host-authToken=b", False, True, None),
    ],
)
def test_what_is_left_of_another_name_is_ended(
    cookies: bytes, ended: str | None, *, is_secure: bool, prefix: bool
) -> None:
    """An operator who changes the name would leave cookies behind that count as well."""
    end = end_of_other(Fields([(b"cookie", cookies)]), is_secure=is_secure, prefix=prefix)

    assert (end.partition(";")[0] if end else end) == ended
