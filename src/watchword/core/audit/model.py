"""Audit events: who did what to whom, when and from where."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from watchword.core.kernel.caller import Actor


class Action(StrEnum):
    """What can be recorded, as noun.verb.outcome."""

    ACCOUNT_INVITE = "account.invite"
    ACCOUNT_CREATE = "account.create"
    ACCOUNT_REGISTER = "account.register"
    ACCOUNT_IMPORT = "account.import"
    ACCOUNT_DELETE = "account.delete"
    ACCOUNT_DISABLE = "account.disable"
    ACCOUNT_ENABLE = "account.enable"
    ACCOUNT_ROLE = "account.role"
    ACCOUNT_UNLOCK = "account.unlock"
    ACCOUNT_ADMIT = "account.admit"
    ACCOUNT_UPDATE = "account.update"
    PASSWORD_CHANGE_OK = "password.change.ok"
    PASSWORD_CHANGE_REFUSED = "password.change.refused"
    PASSWORD_RESET = "password.reset"
    PASSWORD_RESET_ASK = "password.reset.ask"
    ADDRESS_CONFIRM = "address.confirm"
    ADDRESS_CONFIRM_ASK = "address.confirm.ask"
    ADDRESS_CHANGE = "address.change"
    ADDRESS_CHANGE_ASK = "address.change.ask"
    ADDRESS_UNDO = "address.undo"
    SESSION_SIGNIN_OK = "session.signin.ok"
    SESSION_SIGNIN_REFUSED = "session.signin.refused"
    SESSION_END = "session.end"
    SESSION_PURGE = "session.purge"
    SESSION_EXCHANGE = "session.exchange"
    SETUP_ADMIN = "setup.admin"
    SIGNING_KEY_ROTATE = "signing-key.rotate"
    API_KEY_CREATE = "api-key.create"
    API_KEY_ROTATE = "api-key.rotate"
    API_KEY_DELETE = "api-key.delete"
    GROUP_CREATE = "group.create"
    GROUP_CHANGE = "group.change"
    GROUP_DELETE = "group.delete"
    GROUP_ADD = "group.add"
    GROUP_REMOVE = "group.remove"
    JOB_START = "job.start"
    JOB_CANCEL = "job.cancel"
    JOB_RESTART = "job.restart"
    JOB_DOWNLOAD = "job.download"
    DIRECTORY_SYNC = "directory.sync"


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One thing that happened.

    `actor` is an account id, `operator` for the command line or empty for a stranger;
    `subject` an account id, or a keyed digest where a stranger typed a name that nobody
    has. `detail` is a word of ours, never one of theirs.
    """

    at: datetime
    action: Action
    subject: str
    actor: str = ""
    address: str = ""
    dialect: str = ""
    detail: str = ""


def event_by(
    actor: Actor, action: Action, *, at: datetime, subject: str, detail: str = ""
) -> Event:
    """Return what this actor did, with where from."""
    return Event(
        at=at,
        action=action,
        subject=subject,
        actor=actor.name,
        address=actor.origin.address,
        dialect=actor.origin.dialect,
        detail=detail,
    )
