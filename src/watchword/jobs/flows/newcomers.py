"""Reads an account from a record of an import, and words why one is refused."""

from collections.abc import Mapping
from datetime import UTC, datetime

import msgspec

from watchword.core.accounts.names import NAME_LENGTH_MAX
from watchword.core.policy.refusals import Refusal, Refused
from watchword.core.services.accountimport import Newcomer
from watchword.jobs.records import Form

NEEDED = ("name",)

_REASONS = {
    Refusal.NAME_INVALID: f"a name has 1 to {NAME_LENGTH_MAX} characters, all of them visible",
    Refusal.NAME_TAKEN: "the name is taken",
    Refusal.ADDRESS_INVALID: "email: is no address",
    Refusal.ADDRESS_TAKEN: "the address is taken",
    Refusal.ROLE_UNKNOWN: "role: must be admin or user",
    Refusal.KEY_SCOPE: "an API key makes nobody an admin",
}


class _Row(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a record may say. `id` is left unread: an account that comes in gets one of ours."""

    name: str
    id: str = ""
    email: str | None = None
    email_confirmed: bool = False
    first_name: str | None = None
    last_name: str | None = None
    role: str = "user"
    state: str = "active"
    created_at: datetime | None = None
    password_hash: str | dict[str, object] | None = None


COLUMNS = _Row.__struct_fields__


class UnreadableError(Exception):
    """A record is no account; the text says why, and quotes nothing of it."""


def read_newcomer(values: Mapping[str, object], form: Form) -> Newcomer:
    """Return the account that a record tells of. Raises UnreadableError."""
    is_table = form is Form.CSV
    if is_table:
        # A column without anything in it says nothing, as if it was not there.
        values = {name: value for name, value in values.items() if value != ""}
    try:
        row = msgspec.convert(values, _Row, strict=not is_table)
    except msgspec.ValidationError as error:
        raise UnreadableError(_sentence(error)) from None
    return Newcomer(
        name=row.name,
        role=row.role,
        state=row.state,
        email=row.email or "",
        email_confirmed=row.email_confirmed,
        first_name=row.first_name or "",
        last_name=row.last_name or "",
        encoded=_hash_text(row.password_hash),
        created_at=_aware(row.created_at),
    )


def reason_of(refused: Refused) -> str:
    """Return why a newcomer was refused, to stand behind "line 7: "."""
    return refused.detail or _REASONS.get(refused.reason, refused.reason.value)


def _hash_text(given: str | dict[str, object] | None) -> str:
    if isinstance(given, dict):
        try:
            return msgspec.json.encode(given).decode()
        except RecursionError:
            # It was read on a shorter stack than this one.
            raise UnreadableError("password_hash: is nested too deep") from None
    return given or ""


def _aware(moment: datetime | None) -> datetime | None:
    if moment is None or moment.tzinfo is not None:
        return moment
    return moment.replace(tzinfo=UTC)


def _sentence(error: msgspec.ValidationError) -> str:
    """Return the library's words, which name types and members, never what stands there."""
    text, _, place = str(error).partition(" - at `$.")
    return f"{place.rstrip('`')}: {text}" if place else text
