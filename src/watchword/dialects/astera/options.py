"""What an operator may choose about this dialect: the table `[dialects.astera]`."""

from datetime import timedelta
from typing import Annotated

import msgspec


class Options(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How long a token lives: so many hours, or so many days with `rememberMe`.

    Its session can end earlier (`sessions.lifetime_days`).
    """

    token_hours: Annotated[int, msgspec.Meta(ge=1, le=168)] = 1
    remember_days: Annotated[int, msgspec.Meta(ge=1, le=3650)] = 30

    def lifetime(self, *, is_remembered: bool) -> timedelta:
        """Return how long the token of a log-in lives."""
        if is_remembered:
            return timedelta(days=self.remember_days)
        return timedelta(hours=self.token_hours)
