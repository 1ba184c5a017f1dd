"""What each page does when its button is pressed: one service, and what it asks for."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from watchword.console import fields
from watchword.console.fields import Typed
from watchword.core.accounts.model import Account
from watchword.core.kernel.caller import Origin
from watchword.core.policy.refusals import Refused
from watchword.core.services import Services
from watchword.core.services.signup import Wish
from watchword.core.tickets.model import Purpose

PASSWORD_MIN = 8
"""What these pages document; a policy that says more counts instead."""

Act = Callable[[str, Typed, Origin], Awaitable[Account | Refused]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Deed:
    """A purpose, the fields of its page, and what is called with a ticket's secret."""

    purpose: Purpose
    act: Act
    fields: tuple[str, ...] = ()


def deeds(services: Services) -> Sequence[Deed]:
    """Return all that the pages do."""
    return (
        Deed(purpose=Purpose.CONFIRM, act=_confirm(services)),
        Deed(purpose=Purpose.RESET, act=_reset(services), fields=fields.SET_PASSWORD),
        Deed(purpose=Purpose.CHANGE, act=_change(services)),
        Deed(purpose=Purpose.UNDO, act=_undo(services)),
        Deed(purpose=Purpose.JOIN, act=_join(services), fields=fields.MAKE_ACCOUNT),
    )


def _confirm(services: Services) -> Act:
    async def act(secret: str, _: Typed, origin: Origin) -> Account | Refused:
        return await services.confirmation.confirm(secret, email=None, origin=origin)

    return act


def _reset(services: Services) -> Act:
    async def act(secret: str, typed: Typed, origin: Origin) -> Account | Refused:
        return await services.recovery.reset(
            secret,
            identifier=None,
            new=typed[fields.PASSWORD],
            documented=PASSWORD_MIN,
            origin=origin,
        )

    return act


def _change(services: Services) -> Act:
    async def act(secret: str, _: Typed, origin: Origin) -> Account | Refused:
        return await services.email_change.change(secret, new_email=None, origin=origin)

    return act


def _undo(services: Services) -> Act:
    async def act(secret: str, _: Typed, origin: Origin) -> Account | Refused:
        return await services.email_change.undo(secret, origin=origin)

    return act


def _join(services: Services) -> Act:
    async def act(secret: str, typed: Typed, origin: Origin) -> Account | Refused:
        wish = Wish(
            name=typed[fields.USERNAME],
            password=typed[fields.PASSWORD],
            first_name=typed[fields.FIRST_NAME].strip(),
            last_name=typed[fields.LAST_NAME].strip(),
            invitation=secret,
            password_min=PASSWORD_MIN,
        )
        return await services.signup.register(wish, origin=origin)

    return act
