"""Who a guarded service is talking to."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Principal:
    """The holder of a token that a guard has accepted.

    `subject` is the id of the account, `session` that of the log-in, and `client_id` names the
    API through which it was made. `claims` is all that the token says.
    """

    subject: str
    session: str
    client_id: str
    expires_at: datetime
    claims: Mapping[str, object] = field(repr=False)
