"""Promises of safety that can only be seen at the whole program."""

import sqlite3
from collections.abc import Iterator

import pytest

from parts.line import request
from parts.peer import Answer, Peer, get, post
from parts.server import Store, command, serving
from parts.target import LOGIN, ME, PASSWORD, USERS, Target, says_no, target

pytestmark = pytest.mark.slow

REGISTER = "/api/auth/register"
LOGOUT = "/api/auth/logout"
SAFE = {"x-content-type-options": "nosniff", "cache-control": "no-store"}
MAKERS = {"server", "x-powered-by", "via"}
"""Fields in which servers tell what they are."""

HUGE_HASH = (
    "$argon2id$v=19$m=4194304,t=3,p=4$c2FsdHNhbHRzYWx0c2FsdA"
    "$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
)
"""Would take four gigabytes to look at."""


@pytest.fixture(scope="module")
def attacked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Target]:
    """One server, behind a proxy on this machine, whose addresses have no limits of their own."""
    folder = tmp_path_factory.mktemp("safety")
    with target(folder, server__trusted_proxies="127.0.0.1", server__header_timeout_s="1") as found:
        yield found


def every_kind_of_answer(attacked: Target) -> dict[int, Answer]:
    """Return an answer of each status that a client can easily bring about."""
    token = f"Authorization: Bearer {attacked.token}"
    asked = [
        get(ME, token),
        get(f"{ME}/"),
        request(
            "POST", USERS, {"username": "x", "password": "y", "role": "z"}, token=attacked.token
        ),
        get(ME),
        request("POST", LOGOUT, headers=[f"Cookie: authToken={attacked.token}", "Origin: null"]),
        get("/api/auth/nothing"),
        post(ME, b""),
        get(ME)[:-2],
        request("POST", USERS, {"username": "admin", "password": PASSWORD}, token=attacked.token),
        post(LOGIN, b"x" * 70_000),
        post(LOGIN, b"{"),
        get(ME, f"X: {'x' * 40_000}"),
        b"rubbish\r\n\r\n",
        *[request("POST", LOGIN, {"username": "waits", "password": "wrong"})] * 6,
    ]
    return {answer.status: answer for answer in map(attacked.ask, asked)}


def test_every_answer_is_safe_to_get(attacked: Target) -> None:
    """Whatever its status: no guessing of types, no keeping, and no word of what we are."""
    answers = every_kind_of_answer(attacked)

    kinds = {200, 307, 400, 401, 403, 404, 405, 408, 409, 413, 422, 429, 431}
    assert set(answers) == kinds
    assert [
        answer for answer in answers.values() if not SAFE.items() <= answer.headers.items()
    ] == []
    assert [answer for answer in answers.values() if MAKERS & set(answer.headers)] == []


def test_only_what_everybody_may_have_is_kept(attacked: Target) -> None:
    """Keys may be; accounts, health and the description are asked for each time."""
    paths = ["/livez", "/readyz", "/health", "/metrics", "/openapi.json", "/docs", ME]
    kept = [attacked.ask(get(path)).headers["cache-control"] for path in paths]
    keys = attacked.ask(get("/.well-known/jwks.json"))

    assert set(kept) == {"no-store"}
    assert keys.headers["cache-control"].startswith("public")
    assert all(key.keys().isdisjoint({"d", "k", "p", "q"}) for key in keys.document["keys"])


def test_the_page_runs_nothing(attacked: Target) -> None:
    """Its policy lets in no script and nothing from elsewhere."""
    policy = attacked.ask(get("/docs")).headers["content-security-policy"]

    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy


@pytest.mark.parametrize(
    "lines",
    [
        ("Sec-Fetch-Site: cross-site",),
        ("Sec-Fetch-Site: same-site",),
        ("Origin: https://evil.example",),
        ("Origin: null",),
        ("Origin: http://localhost", "Origin: https://evil.example"),
        ("Origin: http://localhost", "Sec-Fetch-Site: cross-site"),
    ],
)
def test_a_page_of_another_site_changes_nothing(attacked: Target, lines: tuple[str, ...]) -> None:
    """With the cookie of somebody who looks at it, on every call that changes something."""
    cookie = f"Cookie: authToken={attacked.token}"
    one = f"{USERS}/{attacked.admin}"
    calls = [
        ("POST", LOGOUT, None),
        ("POST", USERS, {"username": "planted", "password": PASSWORD, "role": "admin"}),
        ("PUT", one, {"role": "user"}),
        ("DELETE", one, None),
        ("PUT", f"{one}/reset-password", {"new_password": PASSWORD[::-1]}),
        ("PUT", "/api/auth/change-password", {"current_password": PASSWORD, "new_password": "x"}),
    ]
    answers = [attacked.call(*call, cookie, *lines) for call in calls]

    assert [answer.status for answer in answers] == [403] * len(calls)
    assert all(says_no(answer) for answer in answers)


@pytest.mark.parametrize(
    "hops",
    [
        "",
        ",,,",
        "unknown",
        "127.0.0.1, rubbish",
        "[::1",
        "::ffff:198.51.100.7",
        "198.51.100.7:80",
        "%00",
        "\xff",
        "1.1.1.1," * 3000,
        "256.256.256.256",
        "fe80::1%eth0",
        "fe80::1%" + "a" * 1000,
        "0x7f.1",
        "1" * 5000,
    ],
)
def test_whatever_a_proxy_passes_on_harms_nobody(attacked: Target, hops: str) -> None:
    """A proxy that we trust adds to what anybody wrote before it."""
    lines = (f"X-Forwarded-For: {hops}", "X-Forwarded-Proto: \xff", "X-Request-Id: a\tb")
    raw = request("POST", LOGIN, {"username": "admin", "password": PASSWORD})
    raw = raw.replace(b"\r\n", ("\r\n" + "\r\n".join(lines) + "\r\n").encode("latin-1"), 1)

    assert attacked.ask(raw).status == 200


def test_an_exempt_address_still_waits_for_a_name(attacked: Target) -> None:
    """The limits per address are lifted for it, those per name and address are not."""
    with Peer(attacked.port) as peer:
        bodies = [{"username": f"guest {number}", "password": PASSWORD} for number in range(25)]
        made = [peer.ask(request("POST", REGISTER, body)).status for body in bodies]
        guess = request("POST", LOGIN, {"username": "guest 0", "password": "wrong"})
        guesses = [peer.ask(guess).status for _ in range(6)]
        right = attacked.log_in("guest 0")

    assert made == [200] * 25
    assert guesses == [401] * 5 + [429]
    assert (right.status, right.headers["retry-after"].isdecimal()) == (429, True)


@pytest.mark.parametrize(
    "name",
    [
        *("ad\u200bmin", "ad\u00admin", "\u202eadmin", "admin\ufeff", "ad\u2060min", "\u061cadmin"),
        *("admin\u034f", "admin\ufe0f", "\u3164\u3164", "ad\u115fmin", "a\U000e0101dmin"),
        *("ad\tmin", "ad\nmin", "admin\x7f", "ad\u0085min", "ad\u2028min", "\ue000\ue001"),
        *("\U000e0041dmin", "\u0378admin", "\ufff0admin", "x" * 101, "\u00a0\u3000"),
    ],
    ids=ascii,
)
def test_a_name_that_does_not_show_is_refused(attacked: Target, name: str) -> None:
    """Nobody becomes a second admin that looks like the first, by any door."""
    body = {"username": name, "password": PASSWORD}
    registered = attacked.call("POST", REGISTER, body)
    made = attacked.call("POST", USERS, body, token=attacked.token)

    assert (registered.status, made.status) == (400, 400)


@pytest.mark.parametrize(
    "name", ["ADMIN", " admin ", "\uff41\uff44\uff4d\uff49\uff4e", "admi\u24dd"]
)
def test_another_spelling_of_a_name_is_taken(attacked: Target, name: str) -> None:
    """In any case, any width and with any room around it."""
    answer = attacked.call("POST", REGISTER, {"username": name, "password": PASSWORD})

    assert (answer.status, answer.document) == (409, {"detail": "Username already exists"})
    assert attacked.log_in(name).status == 200


def test_an_address_is_nobody_elses_name(attacked: Target) -> None:
    """Who has a confirmed address logs in with it, and nobody can be called so."""
    made = command(
        attacked.store,
        *("account", "create", "ada", "--email", "Ada@Example.com", "--password-stdin"),
        typed=PASSWORD,
    )
    body = {"username": "ada@EXAMPLE.com", "password": PASSWORD}
    taken = [
        attacked.call("POST", REGISTER, body).status,
        attacked.call("POST", USERS, body, token=attacked.token).status,
    ]

    assert made.returncode == 0
    assert taken == [409, 409]
    assert attacked.log_in("ada@example.COM").document["user"]["username"] == "ada"


def test_a_hash_past_our_limits_is_not_looked_at(sqlite_store: Store) -> None:
    """Whatever stands in the database, the answer is that of a wrong password; no memory goes."""
    settings = {"WATCHWORD_ADMIN_PASSWORD": PASSWORD}
    with serving(sqlite_store, settings=settings):
        pass
    with sqlite3.connect(sqlite_store.file) as database:
        database.execute("UPDATE passwords SET encoded = ?", (HUGE_HASH,))
    database.close()
    with serving(sqlite_store, settings=settings) as server:
        stranger = Target(server, sqlite_store, "", "")
        answer = stranger.log_in("admin")
        peak = server.peak_mib()

    assert (answer.status, answer.document) == (401, {"detail": "Invalid username or password"})
    assert peak < 400
