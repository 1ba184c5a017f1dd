"""The page of one purpose: a GET shows what would happen, a POST makes it happen."""

from collections.abc import Mapping
from http import HTTPStatus

from starlette.responses import Response

from watchword.console.deeds import PASSWORD_MIN, Deed
from watchword.console.fields import WRONG_BY, Typed, find_errors, make_fields, read_typed
from watchword.console.languages import words_for
from watchword.console.words import Words
from watchword.core.accounts.model import Account
from watchword.core.policy.refusals import Refusal, Refused
from watchword.core.services import Services
from watchword.core.services.tickets import Offered
from watchword.http.call import Call
from watchword.http.forms import FormProblem, read_form
from watchword.http.pages import Ask, Message, show_ask, show_message

TICKET = "ticket"
"""The parameter that links have, and the hidden field."""

NO_TICKET = HTTPStatus.GONE
"""For wrong, spent, old, replaced and never made: nobody learns which."""

_STATUSES = {
    Refusal.THROTTLED: HTTPStatus.TOO_MANY_REQUESTS,
    Refusal.CLOSED: HTTPStatus.FORBIDDEN,
    Refusal.NAME_TAKEN: HTTPStatus.CONFLICT,
    Refusal.ADDRESS_TAKEN: HTTPStatus.CONFLICT,
}


class Page:
    """Answers for one purpose. A ticket is spent by its service alone, when all else is right."""

    def __init__(self, deed: Deed, services: Services) -> None:
        self._deed = deed
        self._services = services

    async def show(self, call: Call) -> Response:
        """Answer a GET. Programs that look for bad links follow it, so it changes nothing."""
        language, words = words_for(call)
        secret = next((value for name, value in call.query if name == TICKET), "")
        offered = await self._look(secret)
        if offered is None:
            return self._turn_away(language, words)
        return show_ask(self._ask(words, secret, offered), language=language)

    async def press(self, call: Call) -> Response:
        """Answer a POST, which is what the button sends."""
        language, words = words_for(call)
        read = await read_form(call)
        if isinstance(read, FormProblem):
            return show_message(words.unreadable, language=language, status=_status_of(read))
        secret = read.get(TICKET) or ""
        offered = await self._look(secret)
        if offered is None:
            return self._turn_away(language, words)
        typed = read_typed(self._deed.fields, read)
        if errors := find_errors(typed, words.labels):
            ask = self._ask(words, secret, offered, typed=typed, errors=errors)
            return show_ask(ask, language=language, status=HTTPStatus.UNPROCESSABLE_ENTITY)
        outcome = await self._deed.act(secret, typed, call.origin)
        if isinstance(outcome, Account):
            return show_message(self._done(words, outcome), language=language)
        if outcome.reason is Refusal.TICKET_BAD:
            return self._turn_away(language, words)
        return self._refuse(outcome, secret, offered, typed, language=language, words=words)

    async def _look(self, secret: str) -> Offered | None:
        return await self._services.tickets.look(self._deed.purpose, secret) if secret else None

    def _ask(
        self,
        words: Words,
        secret: str,
        offered: Offered,
        *,
        typed: Typed | None = None,
        errors: Mapping[str, str] | None = None,
        problem: str = "",
    ) -> Ask:
        deed, labels = words.deeds[self._deed.purpose], words.labels
        fields = make_fields(
            self._deed.fields,
            labels,
            length_min=self._services.passwords.length_min(PASSWORD_MIN),
            typed=typed or {},
            errors=errors or {},
        )
        who = ((labels.account, offered.name),) if offered.name else ()
        return Ask(
            title=deed.title,
            button=deed.button,
            action=self._deed.purpose.value,
            text=deed.text,
            facts=(*who, (deed.address, offered.address)),
            hidden=((TICKET, secret),),
            username=offered.name if fields else "",
            fields=fields,
            problem=problem or (deed.failed if errors else ""),
        )

    def _refuse(
        self,
        refused: Refused,
        secret: str,
        offered: Offered,
        typed: Typed,
        *,
        language: str,
        words: Words,
    ) -> Response:
        """Show the page once more: the ticket is still good, so what was wrong can be mended."""
        said = words.say(refused.reason, number=refused.number, retry_after=refused.retry_after)
        field = WRONG_BY.get(refused.reason)
        errors = {field: said} if field else {}
        failed = words.deeds[self._deed.purpose].failed
        problem = failed if field else f"{failed} {said}"
        ask = self._ask(words, secret, offered, typed=typed, errors=errors, problem=problem)
        status = _STATUSES.get(refused.reason, HTTPStatus.UNPROCESSABLE_ENTITY)
        return show_ask(ask, language=language, status=status, retry_after=refused.retry_after)

    def _done(self, words: Words, account: Account) -> Message:
        deed = words.deeds[self._deed.purpose]
        then = (text.format(name=account.name, address=account.email) for text in deed.then)
        return Message(title=deed.done, text=tuple(then), is_done=True)

    def _turn_away(self, language: str, words: Words) -> Response:
        instead = words.deeds[self._deed.purpose].instead
        message = Message(title=words.link_bad, text=(words.link_why, instead))
        return show_message(message, language=language, status=NO_TICKET)


def _status_of(problem: FormProblem) -> int:
    is_other = problem in {FormProblem.NO_FORM, FormProblem.CHARSET}
    return HTTPStatus.UNSUPPORTED_MEDIA_TYPE if is_other else HTTPStatus.BAD_REQUEST
