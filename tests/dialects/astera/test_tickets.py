"""Every mailed token of this API: bound to what was asked, good once, and not for ever."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta

import httpx
import pytest

from dialects.asking import said
from dialects.astera.talk import (
    ASK_CHANGE,
    CHANGE,
    CONFIRM,
    FORGOT,
    INVITE,
    NOT_GOOD,
    REGISTER,
    RESET,
    UNDO,
    VERIFY_CHANGE,
    VERIFY_RESET,
    Astera,
)
from dialects.household import PASSWORD, Household
from watchword.core.outbox.model import Letter, LetterKind
from watchword.core.tickets.model import Purpose

Asked = Callable[[str], Awaitable[None]]

DAY = timedelta(days=1)
NEW = "a lake of large ones"
LETTERS = {
    Purpose.CONFIRM: LetterKind.CONFIRM,
    Purpose.RESET: LetterKind.RESET,
    Purpose.CHANGE: LetterKind.CHANGE,
    Purpose.UNDO: LetterKind.ADDRESS_CHANGED,
    Purpose.JOIN: LetterKind.INVITATION,
}
ENDS_AFTER = {
    Purpose.CONFIRM: DAY,
    Purpose.RESET: timedelta(hours=2),
    Purpose.CHANGE: DAY,
    Purpose.UNDO: 7 * DAY,
    Purpose.JOIN: 7 * DAY,
}
HAVE_CODES = [purpose for purpose in Purpose if purpose is not Purpose.UNDO]


def old(name: str) -> str:
    return f"{name}@example.com"


def new(name: str) -> str:
    return f"{name}@example.org"


@dataclass
class Post:
    """Lets somebody get a letter of each kind, and presents what stands in it."""

    household: Household
    astera: Astera

    async def letter(self, purpose: Purpose, name: str = "ada") -> Letter:
        """Return the newest letter that lets this person do something."""
        ask: dict[Purpose, Asked] = {
            Purpose.CONFIRM: self._register,
            Purpose.RESET: self._forget,
            Purpose.CHANGE: self._ask_change,
            Purpose.UNDO: self._change,
            Purpose.JOIN: self._invite,
        }
        before = len(await self.household.letters(LETTERS[purpose]))
        await ask[purpose](name)
        letters = await self.household.letters(LETTERS[purpose])
        assert len(letters) == before + 1
        return letters[-1]

    async def present(self, purpose: Purpose, token: str, name: str = "ada") -> httpx.Response:
        """Use a token for a purpose."""
        path, body = {
            Purpose.CONFIRM: (CONFIRM, {"email": old(name), "code": token}),
            Purpose.RESET: (RESET, {"user": name, "token": token, "password": NEW}),
            Purpose.CHANGE: (CHANGE, {"newEmail": new(name), "token": token}),
            Purpose.UNDO: (UNDO, {"token": token}),
            Purpose.JOIN: (
                REGISTER,
                {"user": name, "password": NEW, "email": old(name), "invitation": token},
            ),
        }[purpose]
        return await self.astera.post(path, body)

    async def present_all(self, purpose: Purpose, letter: Letter) -> list[httpx.Response]:
        """Use the link's secret, and the code if there is one."""
        tokens = filter(None, (letter.secret, letter.code))
        return [await self.present(purpose, token) for token in tokens]

    async def _register(self, name: str) -> None:
        answer = await self.astera.register(name, PASSWORD, email=old(name))
        assert answer.status_code == 200, answer.text

    async def _own(self, name: str) -> str:
        if await self.household.services.accounts.find(name) is None:
            await self.household.make(name, email=old(name))
        return await self.astera.log_in(name, PASSWORD)

    async def _forget(self, name: str) -> None:
        await self._own(name)
        await self.astera.post(FORGOT, {"user": name})

    async def _ask_change(self, name: str) -> None:
        token = await self._own(name)
        answer = await self.astera.post(ASK_CHANGE, {"newEmail": new(name)}, token=token)
        assert answer.status_code == 200, answer.text

    async def _change(self, name: str) -> None:
        letter = await self.letter(Purpose.CHANGE, name)
        answer = await self.present(Purpose.CHANGE, letter.secret, name)
        assert answer.status_code == 200, answer.text

    async def _invite(self, name: str) -> None:
        token = await self.astera.log_in()
        await self.astera.post(INVITE, {"email": old(name)}, token=token)


@pytest.fixture
def post(household: Household, astera: Astera) -> Post:
    return Post(household, astera)


@pytest.mark.parametrize("purpose", Purpose)
async def test_a_link_is_good_once(post: Post, purpose: Purpose) -> None:
    """The second time it is as bad as one that never was, and so is its code."""
    letter = await post.letter(purpose)

    first = await post.present(purpose, letter.secret)
    again = await post.present_all(purpose, letter)

    assert first.status_code == 200
    assert {str(said(answer)) for answer in again} == {str(NOT_GOOD)}


@pytest.mark.parametrize("purpose", HAVE_CODES)
async def test_a_code_is_good_once(post: Post, purpose: Purpose) -> None:
    """And its link with it."""
    letter = await post.letter(purpose)

    first = await post.present(purpose, letter.code)
    again = await post.present_all(purpose, letter)

    assert first.status_code == 200
    assert [said(answer) for answer in again] == [NOT_GOOD] * 2


@pytest.mark.parametrize("purpose", Purpose)
async def test_of_many_at_once_one_wins(post: Post, purpose: Purpose) -> None:
    """Whatever they race on; the others hear what late ones hear."""
    letter = await post.letter(purpose)
    tokens = [letter.secret, letter.code or letter.secret] * 4

    answers = await asyncio.gather(*(post.present(purpose, token) for token in tokens))

    others = [answer.status_code for answer in answers if answer.status_code != 200]
    assert len(others) == 7
    # Who joins under a name that the winner just got hears that it is taken.
    assert set(others) <= {400, 409}


@pytest.mark.parametrize("purpose", Purpose)
async def test_a_link_ends(post: Post, purpose: Purpose) -> None:
    """To the second."""
    letter = await post.letter(purpose)
    post.household.clock.advance(ENDS_AFTER[purpose] - timedelta(seconds=1))
    other = await post.present(purpose, letter.secret[::-1])
    post.household.clock.advance(timedelta(seconds=1))

    late = await post.present_all(purpose, letter)

    assert said(other) == NOT_GOOD
    assert {str(said(answer)) for answer in late} == {str(NOT_GOOD)}


@pytest.mark.parametrize("purpose", Purpose)
async def test_a_link_is_good_to_its_last_second(post: Post, purpose: Purpose) -> None:
    """A letter of yesterday that still counts does what it says."""
    letter = await post.letter(purpose)
    post.household.clock.advance(ENDS_AFTER[purpose] - timedelta(seconds=1))

    answer = await post.present(purpose, letter.secret)

    assert answer.status_code == 200


@pytest.mark.parametrize("purpose", Purpose)
async def test_a_token_of_another_purpose(post: Post, purpose: Purpose) -> None:
    """A link does what it was sent for and nothing else; trying spends nothing."""
    letter = await post.letter(purpose)
    others = [other for other in Purpose if other is not purpose]

    answers = [one for other in others for one in await post.present_all(other, letter)]
    right = await post.present(purpose, letter.secret)

    assert {str(said(answer)) for answer in answers} == {str(NOT_GOOD)}
    assert right.status_code == 200


@pytest.mark.parametrize("purpose", [Purpose.CONFIRM, Purpose.RESET, Purpose.CHANGE])
async def test_a_token_of_another_account(post: Post, purpose: Purpose) -> None:
    """Who names ada with eve's token changes nothing of either."""
    adas, eves = await post.letter(purpose, "ada"), await post.letter(purpose, "eve")

    answers = await post.present_all(purpose, eves)
    right = [
        await post.present(purpose, adas.secret, "ada"),
        await post.present(purpose, eves.secret, "eve"),
    ]

    assert {str(said(answer)) for answer in answers} == {str(NOT_GOOD)}
    assert [answer.status_code for answer in right] == [200] * 2


@pytest.mark.parametrize("purpose", Purpose)
async def test_a_token_that_never_was(post: Post, purpose: Purpose) -> None:
    """Whatever its spelling, and however long it is."""
    await post.letter(purpose)
    tokens = [" ", "x", "x" * 40, "x" * 9000, "AAAA-AAAA", "\u00e4" * 8, "%00", "' OR 1=1 --"]

    answers = [await post.present(purpose, token) for token in tokens]

    assert {str(said(answer)) for answer in answers} == {str(NOT_GOOD)}


@pytest.mark.parametrize("path", [VERIFY_RESET, RESET])
@pytest.mark.parametrize("who", [{"user": "nobody"}, {"email": "x@y.z"}, {"user": "ada"}])
async def test_a_guess_tells_nothing_of_accounts(
    post: Post, path: str, who: dict[str, str]
) -> None:
    """Unknown name, nothing asked for, and wrong code are one refusal."""
    await post.household.make("ada", email=old("ada"))
    body = {**who, "token": "ABCD-EFGH", "password": NEW}

    answer = await post.astera.post(path, body)

    assert said(answer) == NOT_GOOD


@pytest.mark.parametrize("purpose", [Purpose.RESET, Purpose.CHANGE])
async def test_looking_spends_nothing_but_tries(post: Post, purpose: Purpose) -> None:
    """A good token may be looked at as often as one likes, a code guessed at five times."""
    path, who = {
        Purpose.RESET: (VERIFY_RESET, {"user": "ada"}),
        Purpose.CHANGE: (VERIFY_CHANGE, {"newEmail": new("ada")}),
    }[purpose]
    letter = await post.letter(purpose)
    wrong = "0000-0000" if letter.code != "0000-0000" else "1111-1111"

    good = [await post.astera.post(path, {**who, "token": letter.code}) for _ in range(10)]
    guesses = [await post.astera.post(path, {**who, "token": wrong}) for _ in range(5)]
    code = await post.present(purpose, letter.code)
    link = await post.present(purpose, letter.secret)

    assert {answer.status_code for answer in good} == {200}
    assert {answer.status_code for answer in guesses} == {400}
    assert said(code) == NOT_GOOD
    assert link.status_code == 200


async def test_many_guesses_at_once_get_five_tries(post: Post) -> None:
    """However many come together, the code is dead afterwards, and the link is not."""
    letter = await post.letter(Purpose.RESET)
    wrong = [f"{number:04d}-{number:04d}" for number in range(20)]
    body = {"user": "ada"}

    answers = await asyncio.gather(
        *(post.astera.post(VERIFY_RESET, {**body, "token": one}) for one in wrong)
    )
    code = await post.astera.post(VERIFY_RESET, {**body, "token": letter.code})
    link = await post.astera.post(VERIFY_RESET, {**body, "token": letter.secret})

    assert {answer.status_code for answer in answers} == {400}
    assert said(code) == NOT_GOOD
    assert link.status_code == 200
