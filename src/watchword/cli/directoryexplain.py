"""Puts together what `watchword directory explain` tells of one user."""

from typing import TYPE_CHECKING

from watchword.cli.answers import Answer, iso, moment
from watchword.cli.directorywords import (
    STATES,
    Explained,
    account_words,
    advice_for,
    advice_for_unseen,
    entrance,
    page,
    role_words,
    uses,
)
from watchword.cli.documents import Document, account_document, person_document
from watchword.core.audit.model import Action, Event
from watchword.core.directory.model import Closed
from watchword.core.directory.port import Belonging
from watchword.core.services.directoryaccounts import Explanation, Unseen

if TYPE_CHECKING:
    from watchword.core.accounts.model import Account
    from watchword.core.services import Services
    from watchword.settings.model import Settings


async def explained(
    services: "Services", settings: "Settings", found: Explanation | Unseen
) -> Answer:
    """Return what is told of somebody who was found, or of the account of who was not."""
    known = found if isinstance(found, Unseen) else found.known
    refused = await _last_refused(services, known.account) if known else None
    told = _of_unseen(found) if isinstance(found, Unseen) else _of_person(found, settings)
    document: Document = {
        **told.document,
        "account": account_document(known.account) if known else None,
        "closed_by_directory": known.link.closed.value or None if known else None,
        "last_refused": {"at": iso(refused.at), "reason": refused.detail} if refused else None,
        "advice": told.advice,
    }
    last = f"{moment(refused.at)} UTC, {refused.detail}" if refused else ""
    return Answer({"explanation": document}, page(told, last_refused=last))


def _of_person(found: Explanation, settings: "Settings") -> Explained:
    person = found.person
    chosen = settings.directories[person.directory]
    may_come_in = entrance(found, chosen)
    heads = {
        "Directory": person.directory,
        "Login": person.login,
        "UPN": person.upn,
        "DN": person.dn,
        "objectGUID": person.guid,
        "State there": STATES[person.closed],
        "May come in": may_come_in,
        "Role": role_words(found),
        "Groups here": ", ".join(found.groups),
        "Account here": account_words(found.known),
    }
    used = [(one, uses(chosen, one.named)) for one in found.belongings]
    document: Document = {
        "person": person_document(person),
        "groups": [_group_document(*one) for one in used],
        "may_come_in": may_come_in == "yes",
        "closed": found.closed.value or None,
        "role": found.role.value if found.role else None,
        "groups_here": list(found.groups),
        "refusal": found.refusal.value if found.refusal else None,
    }
    return Explained(
        heads=heads,
        groups=[_group_line(*one) for one in used],
        advice=advice_for(found, chosen),
        document=document,
    )


def _of_unseen(found: Unseen) -> Explained:
    link = found.link
    heads = {
        "Directory": link.directory,
        "Login": f"{link.login}, when last heard",
        "DN": f"{link.dn}, when last heard",
        "objectGUID": link.guid,
        "State there": STATES[Closed.GONE],
        "May come in": "no",
        "Account here": account_words(found),
    }
    document: Document = {
        "person": None,
        "groups": [],
        "may_come_in": False,
        "closed": Closed.GONE.value,
        "role": None,
        "groups_here": [],
        "refusal": None,
    }
    return Explained(heads=heads, advice=advice_for_unseen(found), document=document)


async def _last_refused(services: "Services", account: "Account") -> Event | None:
    events = await services.audit.page(
        subject=account.id, action=Action.SESSION_SIGNIN_REFUSED, limit=1
    )
    return events.items[0] if events.items else None


def _group_line(one: Belonging, used: list[str]) -> str:
    counts = f"  <- {', '.join(used)}" if used else ""
    return f"{one.dn} ({one.sid}){counts}"


def _group_document(one: Belonging, used: list[str]) -> Document:
    return {"sid": one.sid, "dn": one.dn, "named": one.named or None, "used_for": used}
