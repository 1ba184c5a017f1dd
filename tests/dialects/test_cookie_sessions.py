"""A session that lives in a cookie, in every API: it reads alone, and changes with its token."""

import re
from dataclasses import dataclass
from datetime import timedelta

import httpx
import pytest

from dialects.household import PASSWORD, Choices, Household, furnish
from watchword.app.web import installed
from watchword.core.kernel.caller import Origin
from watchword.core.policy.refusals import Refusal, Refused
from watchword.core.ports import Storage
from watchword.core.services.sessiondoor import SignedIn, Terms
from watchword.core.sessions.model import Kind
from watchword.http.operation import Credential, Operation

NAMES = [dialect.name for dialect in installed()]
OURS = {"Sec-Fetch-Site": "same-origin"}


@dataclass(frozen=True)
class Api:
    """One API of a server that speaks them all, and somebody who is at home there."""

    household: Household
    operations: list[Operation]
    no: tuple[int, bytes]

    async def enter(self) -> tuple[str, str]:
        """Open a cookie session; return its token and its CSRF token."""
        signed_in = await self.household.services.signin.with_password(
            "ada",
            PASSWORD,
            origin=Origin("127.0.0.1", "assets"),
            terms=Terms(lifetime=timedelta(hours=1), kind=Kind.COOKIE),
        )
        assert isinstance(signed_in, SignedIn)
        return signed_in.token, self.household.services.csrf.token_of(signed_in.session)

    async def ask(self, operation: Operation, headers: dict[str, str]) -> httpx.Response:
        path = re.sub(r"\{\w+\}", "1", operation.path)
        async with self.household.talking() as client:
            return await client.request(operation.method, path, headers=headers)

    def says_no(self, answer: httpx.Response) -> bool:
        return (answer.status_code, answer.content) == self.no


@pytest.fixture(params=NAMES)
async def api(request: pytest.FixtureRequest, storage: Storage) -> Api:
    """Each API in its turn."""
    [dialect] = [one for one in installed() if one.name == request.param]
    household = await furnish(dialect, storage, Choices())
    await household.make("ada")
    options = dialect.options()
    refusal = dialect.voice(options).render_refusal(Refused(Refusal.CSRF))
    looking = [
        one
        for one in dialect.operations(household.services, options)
        if one.credential is not Credential.NONE and not one.keys_only
    ]
    return Api(household, looking, (refusal.status_code, bytes(refusal.body)))


async def test_nothing_changes_without_the_token(api: Api) -> None:
    """By whatever method, and in Authorization as well as in the cookie."""
    token, _ = await api.enter()
    carriers = [{"Cookie": f"authToken={token}"}, {"Authorization": f"Bearer {token}"}]
    changing = [one for one in api.operations if one.changes]
    answers = [
        await api.ask(one, {**carrier, **OURS, "X-CSRF-TOKEN": wrong})
        for one in changing
        for carrier in carriers
        for wrong in ("", "wrong")
    ]
    session = await api.household.services.authenticate.token(token)

    assert changing
    assert [answer.request.url for answer in answers if not api.says_no(answer)] == []
    assert session is not None


async def test_with_the_token_it_does_what_any_session_does(api: Api) -> None:
    """Nothing says then that the token is missing."""
    for operation in api.operations:
        token, csrf = await api.enter()
        answer = await api.ask(
            operation, {"Cookie": f"authToken={token}", **OURS, "X-CSRF-TOKEN": csrf}
        )

        assert not api.says_no(answer), operation.path


async def test_it_reads_without_the_token(api: Api) -> None:
    """Whether a page may read the answer is not ours to say."""
    token, _ = await api.enter()
    reading = [one for one in api.operations if not one.changes]
    answers = [await api.ask(one, {"Cookie": f"authToken={token}"}) for one in reading]

    assert reading
    assert [answer.request.url for answer in answers if api.says_no(answer)] == []
