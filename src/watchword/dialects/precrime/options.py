"""What an operator may choose about this dialect: the table `[dialects.precrime]`."""

from datetime import timedelta
from typing import Annotated

import msgspec


class Options(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How many minutes a token lives, and for how many days at most one can be asked.

    Its session can end earlier (`sessions.lifetime_days`).
    """

    token_minutes: Annotated[int, msgspec.Meta(ge=1, le=1440)] = 60
    token_days_max: Annotated[int, msgspec.Meta(ge=1, le=3650)] = 30

    @property
    def lifetime(self) -> timedelta:
        return timedelta(minutes=self.token_minutes)

    @property
    def longest(self) -> timedelta:
        return timedelta(days=self.token_days_max)
