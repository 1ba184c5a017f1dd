"""Credentials for any client of httpx: they go where they belong, and nowhere else."""

from collections.abc import Callable

import httpx
import pytest

from client.standin import BILLING, HOME, PASSWORD, StandIn
from watchword.client import ApiKeyAuth, AsyncClient, Client, TokenAuth

KEY = "ww_" + "k" * 43 + "abcdef"
ELSEWHERE = "https://elsewhere.example/"
SECURE = f"{HOME}/test/secure"

Seen = list[tuple[str, str | None, str | None]]


def watched(seen: Seen, reply: Callable[[httpx.Request], httpx.Response]) -> httpx.MockTransport:
    """Return a transport that writes down which credentials went where."""

    def answer(request: httpx.Request) -> httpx.Response:
        sent = dict(request.headers.raw)
        fields = [sent.get(name) for name in (b"Authorization", b"X-Authorization")]
        bearer, key = (value.decode() if value else None for value in fields)
        seen.append((str(request.url), bearer, key))
        return reply(request)

    return httpx.MockTransport(answer)


def leading_to(place: str, status: int = 302) -> Callable[[httpx.Request], httpx.Response]:
    """Return what answers everything at home with a redirect."""
    return lambda request: (
        httpx.Response(status, headers={"Location": place})
        if request.url.host == "id.example"
        else httpx.Response(401)
    )


def test_a_key_is_sent_as_it_is_documented() -> None:
    """In X-Authorization, as it is."""
    seen: Seen = []
    with httpx.Client(
        auth=ApiKeyAuth(KEY), transport=watched(seen, lambda _: httpx.Response(200))
    ) as client:
        answer = client.get(SECURE)

    assert seen == [(SECURE, None, KEY)]
    assert answer.request.headers["x-authorization"] == KEY


async def test_a_key_works_without_blocking() -> None:
    """In an httpx.AsyncClient as well."""
    seen: Seen = []
    async with httpx.AsyncClient(
        auth=ApiKeyAuth(KEY), transport=watched(seen, lambda _: httpx.Response(200))
    ) as client:
        await client.get(SECURE)

    assert seen == [(SECURE, None, KEY)]


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_key_does_not_follow_a_redirect(status: int) -> None:
    """Though the client was told to follow them, the other side sees no key."""
    seen: Seen = []
    with httpx.Client(
        auth=ApiKeyAuth(KEY),
        transport=watched(seen, leading_to(ELSEWHERE, status)),
        follow_redirects=True,
    ) as client:
        client.get(SECURE)

    assert seen == [(SECURE, None, KEY), (ELSEWHERE, None, None)]


def test_what_hooks_add_to_a_request_is_sent() -> None:
    """The key stands beside other headers, whenever those were set."""
    sent: list[dict[bytes, bytes]] = []

    def note(request: httpx.Request) -> httpx.Response:
        sent.append(dict(request.headers.raw))
        return httpx.Response(200)

    def hook(request: httpx.Request) -> None:
        request.headers["X-Trace"] = "7"

    with httpx.Client(
        auth=ApiKeyAuth(KEY), transport=httpx.MockTransport(note), event_hooks={"request": [hook]}
    ) as client:
        client.get(SECURE)

    assert (sent[0][b"X-Trace"], sent[0][b"X-Authorization"]) == (b"7", KEY.encode())


@pytest.mark.parametrize("text", ["", "two words", "new\nline", "ünicode", "tab\t"])
def test_what_can_be_no_key_is_refused_without_a_word_of_it(text: str) -> None:
    """It might come back in an exception of the transport."""
    with pytest.raises(ValueError, match="That is no API key") as caught:
        ApiKeyAuth(text)
    assert not text or text not in str(caught.value)


def test_a_token_goes_along_in_any_httpx_client(server: StandIn, client: Client) -> None:
    """It is the client's own, renewed and replaced as there."""
    with httpx.Client(auth=TokenAuth(client), transport=server.transport) as other:
        first = other.get(SECURE)
        server.revoke()
        second = other.get(SECURE)

    assert (first.status_code, second.status_code) == (200, 200)


async def test_a_token_goes_along_without_blocking(
    server: StandIn, async_client: AsyncClient
) -> None:
    """In an httpx.AsyncClient as well."""
    auth = TokenAuth(async_client)
    async with httpx.AsyncClient(auth=auth, transport=server.transport) as other:
        first = await other.get(SECURE)
        server.revoke()
        second = await other.get(SECURE)

    assert (first.status_code, second.status_code) == (200, 200)


@pytest.mark.parametrize(
    "url", [ELSEWHERE, "http://id.example/", f"{HOME}:444/", "https://id.example.evil.example/"]
)
def test_a_token_for_watchword_goes_nowhere_else(server: StandIn, client: Client, url: str) -> None:
    """A request to another origin leaves without it."""
    seen: Seen = []
    client.token()
    with httpx.Client(
        auth=TokenAuth(client), transport=watched(seen, lambda _: httpx.Response(401))
    ) as other:
        other.get(url)

    assert [credentials for _, *credentials in seen] == [[None, None]]
    assert len(server.asked) == 1


@pytest.mark.parametrize("status", [302, 307])
def test_a_token_does_not_follow_a_redirect_elsewhere(
    server: StandIn, client: Client, status: int
) -> None:
    """Though the client was told to follow them; a 401 from there is no reason to try again."""
    token = client.token()
    seen: Seen = []
    with httpx.Client(
        auth=TokenAuth(client),
        transport=watched(seen, leading_to(ELSEWHERE, status)),
        follow_redirects=True,
    ) as other:
        other.get(SECURE)

    assert seen == [(SECURE, f"Bearer {token}", None), (ELSEWHERE, None, None)]
    assert len(server.asked) == 1


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_password_does_not_follow_a_redirect(server: StandIn, status: int) -> None:
    """A log-in that is sent elsewhere is none."""
    bodies: list[bytes] = []

    def answer(request: httpx.Request) -> httpx.Response:
        bodies.append(request.content)
        return httpx.Response(status, headers={"Location": ELSEWHERE})

    transport = httpx.MockTransport(answer)
    with (
        Client(HOME, username="ada", password=PASSWORD, transport=transport) as client,
        pytest.raises(Exception, match="none that Watchword gives"),
    ):
        client.get(SECURE, follow_redirects=True)

    assert len(bodies) == 1
    assert server.asked == []


def test_a_token_for_a_service_goes_to_that_service(server: StandIn, client: Client) -> None:
    """It is another token than the one for Watchword, and is replaced when it is refused."""
    seen: Seen = []
    dead: set[str | None] = set()

    def answer(request: httpx.Request) -> httpx.Response:
        bearer = request.headers["Authorization"]
        return httpx.Response(401 if bearer in dead else 200)

    with httpx.Client(
        base_url=BILLING,
        auth=TokenAuth(client, audience=BILLING),
        transport=watched(seen, answer),
    ) as billing:
        first = billing.get("/invoices")
        dead.add(seen[0][1])
        second = billing.get("/invoices")

    bearers = [bearer for _, bearer, _ in seen]
    assert (first.status_code, second.status_code) == (200, 200)
    assert bearers[0] == bearers[1] != bearers[2]
    assert f"Bearer {client.token()}" not in bearers
    assert server.count("POST /user/login") == 1


def test_a_service_that_refuses_everybody_is_not_asked_for_ever(
    server: StandIn, client: Client
) -> None:
    """Two tries for a request, and no log-in for each."""
    seen: Seen = []
    with httpx.Client(
        auth=TokenAuth(client, audience=BILLING),
        transport=watched(seen, lambda _: httpx.Response(401)),
    ) as billing:
        answers = [billing.get(BILLING).status_code for _ in range(3)]

    assert answers == [401] * 3
    assert len(seen) == 6
    assert server.count("POST /user/login") == 1


async def test_a_token_of_the_wrong_kind_of_client_is_a_mistake(
    client: Client, async_client: AsyncClient
) -> None:
    """It is said at once, rather than that the loop stands still."""
    request = httpx.Request("GET", SECURE)

    with pytest.raises(TypeError, match="AsyncClient"):
        next(TokenAuth(async_client).sync_auth_flow(request))
    with pytest.raises(TypeError, match=r"httpx\.Client"):
        await anext(TokenAuth(client).async_auth_flow(request))
