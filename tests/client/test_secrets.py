"""Passwords, tokens and keys show up in no text that the client makes."""

import logging
import traceback
from collections.abc import Callable

import httpx
import pytest

from client.conftest import client_of
from client.mint import KEY, Mint
from client.standin import BILLING, HOME, NAME, PASSWORD, StandIn, say
from watchword.client import ApiKeyAuth, AsyncClient, Client, Guard, ThreadedGuard, TokenAuth
from watchword.client.held import hold

SECRETS = (PASSWORD, KEY)


def words_of(error: BaseException) -> str:
    """Return everything that an exception and those behind it say, and hold."""
    said = "".join(traceback.format_exception(error))
    seen: BaseException | None = error
    while seen is not None:
        said += repr(seen) + repr(vars(seen)) + repr(getattr(seen, "request", ""))
        request = vars(seen).get("_request")
        said += repr(request.content) if isinstance(request, httpx.Request) else ""
        seen = seen.__cause__ or seen.__context__
    return said


def test_nothing_shows_a_secret_of_its_own(server: StandIn) -> None:
    """A `repr` lands in logs and in reports of errors."""
    client = client_of(server)
    token = client.token()
    shown = [
        client,
        client.auth,
        AsyncClient(HOME, username=NAME, password=PASSWORD),
        TokenAuth(client, audience=BILLING),
        ApiKeyAuth(KEY),
        Guard(HOME, audience=BILLING, api_key=KEY),
        ThreadedGuard(HOME, audience=BILLING, api_key=KEY),
        hold(token, asked_at=0, chance=0),
    ]

    text = "".join(f"{thing!r}{thing}" for thing in shown)
    assert [secret for secret in (*SECRETS, token) if secret in text] == []


def _down(server: StandIn) -> None:
    server.is_down = True


def _refused(server: StandIn) -> None:
    server.instead["/user/login"] = say(401)


def _elsewhere(server: StandIn) -> None:
    server.instead["/user/login"] = say(307, Location="https://elsewhere.example")


def _broken(server: StandIn) -> None:
    def broken(request: httpx.Request) -> httpx.Response:
        raise httpx.RemoteProtocolError(f"bad: {request.content!r}", request=request)

    server.instead["/user/login"] = broken


@pytest.mark.parametrize("trouble", [_down, _refused, _elsewhere, _broken])
def test_no_exception_holds_the_password(
    server: StandIn, client: Client, trouble: Callable[[StandIn], None]
) -> None:
    """Neither in its words nor in what hangs on it."""
    trouble(server)

    with pytest.raises(Exception, match=r".") as caught:
        client.get("/test/secure")
    assert PASSWORD not in words_of(caught.value)


def test_a_token_is_in_no_exception(server: StandIn, client: Client) -> None:
    """A renewal or a log-out that fails does not repeat it."""
    token = client.token()
    server.is_down = True
    server.time.advance(4000)

    with pytest.raises(Exception, match=r".") as renewing:
        client.token()
    with pytest.raises(Exception, match=r".") as leaving:
        client.logout()
    assert token not in words_of(renewing.value) + words_of(leaving.value)


def test_a_request_with_a_key_does_not_show_it() -> None:
    """Nor do its headers: httpx hides `Authorization` only."""
    transport = httpx.MockTransport(lambda _: httpx.Response(200))
    with httpx.Client(auth=ApiKeyAuth(KEY), transport=transport) as client:
        request = client.get(HOME).request

    assert KEY in request.headers.values()
    assert KEY not in repr(request.headers) + repr(request)


async def test_the_log_of_a_guard_has_no_secret(caplog: pytest.LogCaptureFixture) -> None:
    """Whatever goes wrong with it."""
    mint = Mint()
    token = mint.token()
    guard = Guard(
        HOME,
        audience=BILLING,
        api_key=KEY,
        transport=mint.transport,
        surroundings=mint.time.surroundings,
    )
    with caplog.at_level(logging.DEBUG):
        async with guard:
            await guard.check(token)
            for status in (401, 503, 500, 410):
                mint.fail("/revocations", status)
        mint.is_down = True

    assert caplog.records
    assert [secret for secret in (KEY, token) if secret in caplog.text] == []
