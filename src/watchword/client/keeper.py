"""Keeps access tokens alive: logs in, renews in good time, and begins again after a 401."""

from http import HTTPStatus

import httpx

from watchword.client.answers import Answer, Flow, NoAnswer, read_object
from watchword.client.errors import (
    PasswordExpired,
    UnknownAudience,
    WrongCredentials,
)
from watchword.client.held import Held, hold
from watchword.client.surroundings import Surroundings
from watchword.client.trouble import Refusals, Trouble, trouble_of

OURS = ""
"""As an audience: the token for Watchword itself."""

LOG_IN_REFUSALS: Refusals = {
    HTTPStatus.UNAUTHORIZED: WrongCredentials,
    HTTPStatus.FORBIDDEN: PasswordExpired,
}
SERVICE_REFUSALS: Refusals = {HTTPStatus.BAD_REQUEST: UnknownAudience}


class TokenKeeper:
    """The rules. Does no I/O and takes no lock: its flows must come one after the other."""

    def __init__(
        self, base_url: str, username: str, password: str, surroundings: Surroundings
    ) -> None:
        self._base_url = base_url.rstrip("/")
        self._username = username
        self._password = password
        self._surroundings = surroundings
        self._held: dict[str, Held] = {}
        self._troubles: dict[str, Trouble] = {}
        self._full_life = 0.0

    def fresh(self, audience: str) -> str | None:
        """Return the token if it is not yet time for the next."""
        held = self._held.get(audience)
        return held.text if held and self._now() < held.renew_at else None

    def living(self, audience: str) -> str | None:
        """Return the token if it is good still."""
        held = self._held.get(audience)
        return held.text if held and self._now() < held.ends_at else None

    def obtain(self, audience: str) -> Flow[str]:
        """Return a token to use now, a new one if it is time for it."""
        trouble = yield from self._ensure(audience)
        if trouble:
            raise trouble.error(self._now())
        return self._held[audience].text

    def after_refusal(self, refused: str, audience: str) -> Flow[str | None]:
        """Return another token than one that got a 401; None if that was not the token's fault."""
        held = self._held.get(audience)
        if held and held.text != refused:
            return held.text  # Somebody was here before us.
        if audience != OURS:
            self._held.pop(audience, None)
            return (yield from self.obtain(audience))
        # The server knows best whether the token is dead. To log in at each 401 would leave a
        # session behind for every call that is refused for a reason of its own.
        trouble = yield from self._renew(refused)
        if trouble is None:
            return None
        if trouble.status != HTTPStatus.UNAUTHORIZED:
            raise trouble.error(self._now())
        self._forget()
        return (yield from self.obtain(OURS))

    def log_out(self) -> Flow[None]:
        """End the session with all its tokens; what we hold is forgotten in any case."""
        held = self._held.get(OURS)
        self._forget()
        if held is None:
            return
        answer = yield self._request("POST", "/user/logout", token=held.text)
        gone = {HTTPStatus.OK, HTTPStatus.UNAUTHORIZED}
        if isinstance(answer, NoAnswer) or answer.status_code not in gone:
            raise trouble_of(answer, {}, now=self._now()).error(self._now())

    def _ensure(self, audience: str) -> Flow[Trouble | None]:
        """See to it that there is a token to use, or say why there is none.

        A server that is down is no trouble while the token that we have is good.
        """
        if self.fresh(audience):
            return None
        trouble = self._troubles.get(audience)
        if trouble is None or trouble.until <= self._now():
            trouble = yield from self._for_us() if audience == OURS else self._for(audience)
            if trouble:
                self._troubles[audience] = trouble
        return None if trouble is None or self.living(audience) else trouble

    def _for_us(self) -> Flow[Trouble | None]:
        held = self._held.get(OURS)
        # Near the end of its session a renewed token lives ever shorter: then the password is
        # due again, rather than more and more renewals.
        if held and self._now() < held.ends_at and held.life > self._full_life / 2:
            trouble = yield from self._renew(held.text)
            if trouble is None or trouble.status != HTTPStatus.UNAUTHORIZED:
                return trouble
            self._forget()
        return (yield from self._log_in())

    def _for(self, audience: str) -> Flow[Trouble | None]:
        trouble = yield from self._ensure(OURS)
        if trouble:
            return trouble
        trouble = yield from self._ask_for(audience)
        if trouble is None or trouble.status != HTTPStatus.UNAUTHORIZED:
            return trouble
        self._forget()
        trouble = yield from self._ensure(OURS)
        return trouble or (yield from self._ask_for(audience))

    def _log_in(self) -> Flow[Trouble | None]:
        body = {"username": self._username, "password": self._password}
        request = self._request("POST", "/user/login", json=body)
        trouble = yield from self._fetch(request, OURS, LOG_IN_REFUSALS)
        if trouble is None:
            self._full_life = self._held[OURS].life
        return trouble

    def _renew(self, token: str) -> Flow[Trouble | None]:
        return (yield from self._fetch(self._request("GET", "/user/renew", token=token), OURS, {}))

    def _ask_for(self, audience: str) -> Flow[Trouble | None]:
        token = self._held[OURS].text
        request = self._request("GET", "/user/token", token=token, params={"aud": audience})
        return (yield from self._fetch(request, audience, SERVICE_REFUSALS))

    def _fetch(
        self, request: httpx.Request, audience: str, refusals: Refusals
    ) -> Flow[Trouble | None]:
        """Hold the token that a request brings, or say why there is none."""
        began = self._now()
        answer = yield request
        text = _token_in(answer)
        held = text and hold(text, asked_at=began, chance=self._surroundings.chance())
        if not held:
            return trouble_of(answer, refusals, now=self._now())
        self._held[audience] = held
        self._troubles.pop(audience, None)
        return None

    def _forget(self) -> None:
        self._held = {}
        self._troubles = {}

    def _request(
        self,
        method: str,
        path: str,
        *,
        token: str = "",
        json: dict[str, str] | None = None,
        params: dict[str, str] | None = None,
    ) -> httpx.Request:
        # Made from nothing: no header, cookie or parameter that somebody gave their client.
        headers = {"Accept": "application/json"}
        if token:
            headers["Authorization"] = f"Bearer {token}"
        return httpx.Request(
            method, f"{self._base_url}{path}", headers=headers, json=json, params=params
        )

    def _now(self) -> float:
        return self._surroundings.elapsed()


def _token_in(answer: Answer) -> str | None:
    if isinstance(answer, NoAnswer) or answer.status_code != HTTPStatus.OK:
        return None
    text = (read_object(answer) or {}).get("Token")
    return text if isinstance(text, str) else None
