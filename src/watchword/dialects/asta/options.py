"""What an operator may choose about this dialect: the table `[dialects.asta]`."""

from datetime import timedelta
from typing import Annotated

import msgspec


class Options(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How many days a token lives; its session can end earlier (`sessions.lifetime_days`)."""

    token_days: Annotated[int, msgspec.Meta(ge=1, le=3650)] = 30

    @property
    def lifetime(self) -> timedelta:
        return timedelta(days=self.token_days)
