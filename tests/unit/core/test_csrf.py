"""The proof that a page is ours, for whoever uses a cookie session to change something."""

import re
from dataclasses import dataclass, field, replace
from datetime import timedelta
from hashlib import sha256

import pytest

from unit.core.conftest import HERE, MONTH, House
from watchword.core.kernel.ids import SessionId
from watchword.core.services.csrf import TOKEN_LENGTH, Csrf
from watchword.core.sessions.model import Kind, Session


@dataclass
class HashDigester:
    """As long and as colourful as a real digest; remembers what it was asked for."""

    purposes: set[str] = field(default_factory=set)

    def digest(self, purpose: str, text: str) -> str:
        self.purposes.add(purpose)
        return sha256(f"{purpose} {text}".encode()).hexdigest()


@pytest.fixture
def digester() -> HashDigester:
    return HashDigester()


@pytest.fixture
def csrf(digester: HashDigester) -> Csrf:
    return Csrf(digester=digester)


@pytest.fixture
async def cookie(house: House) -> Session:
    """The session of somebody who logged in by a browser."""
    await house.add("ada")
    caller = await house.caller("ada", terms=replace(MONTH, kind=Kind.COOKIE))
    assert caller.session is not None
    assert caller.session.kind is Kind.COOKIE
    return caller.session


def test_a_token_is_short_text(csrf: Csrf, cookie: Session, digester: HashDigester) -> None:
    """22 characters that may stand in a header; it is a digest of a kind of its own."""
    token = csrf.token_of(cookie)

    assert len(token) == TOKEN_LENGTH == 22
    assert re.fullmatch(r"[A-Za-z0-9_-]+", token)
    assert cookie.id not in token
    assert digester.purposes == {"csrf"}


def test_a_session_has_one_token_and_shares_it_with_none(csrf: Csrf, cookie: Session) -> None:
    """The same for as long as it lives, whatever else changes."""
    later = replace(cookie, last_used_at=cookie.created_at + timedelta(days=1))
    another = replace(cookie, id=SessionId("another"))

    assert csrf.token_of(later) == csrf.token_of(cookie)
    assert csrf.token_of(another) != csrf.token_of(cookie)


def test_with_its_token_a_cookie_session_may_change_things(csrf: Csrf, cookie: Session) -> None:
    """Nothing is stored for it: any process of ours knows it."""
    assert csrf.allows(cookie, csrf.token_of(cookie))
    assert Csrf(digester=HashDigester()).allows(cookie, csrf.token_of(cookie))


def test_without_it_may_not(csrf: Csrf, cookie: Session) -> None:
    """Nothing, half of it, more than it, another's, another spelling, or what is no text."""
    token = csrf.token_of(cookie)
    others = csrf.token_of(replace(cookie, id=SessionId("another")))
    presented = ["", token[:-1], f"{token} ", token * 2, others, token.upper(), cookie.id]

    outcomes = [csrf.allows(cookie, one) for one in [*presented, "é" * 22, "\udcff" * 22, "\0"]]

    assert outcomes == [False] * 10
    assert token != token.upper()


@pytest.mark.parametrize("presented", ["", "rubbish", "\udcff"])
async def test_a_bearer_session_never_needs_one(house: House, csrf: Csrf, presented: str) -> None:
    """No browser sends its token by itself; that holds however it travels."""
    await house.add("ada")
    caller = await house.caller("ada", origin=HERE)

    assert caller.session is not None
    assert csrf.allows(caller.session, presented)
