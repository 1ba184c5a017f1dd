"""A check-out: one asset, held by one user for one client."""

import re
from dataclasses import dataclass
from datetime import datetime

from watchword.core.kernel.ids import AccountId

ASSET_ID_LENGTH_MAX = 64

_ASSET_ID = re.compile(rf"[A-Za-z0-9_-]{{1,{ASSET_ID_LENGTH_MAX}}}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Holder:
    """Who can hold an asset: an account, and the client that its session named.

    An empty `client` is no client; that is a holder of its own.
    """

    account_id: AccountId
    client: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkout:
    """An asset is held. `name` is the holder's, for those who are told who has it."""

    asset_id: str
    holder: Holder
    name: str
    taken_at: datetime
    is_download: bool = False

    def yields_to(self, holder: Holder) -> bool:
        """Say whether this holder may end the check-out.

        One that was made for no client, any client of the same account may end.
        """
        if self.holder.account_id != holder.account_id:
            return False
        return self.holder.client in {"", holder.client}


def is_asset_id(text: str) -> bool:
    """Say whether this text can name an asset: 1 to 64 letters, digits, `_` and `-`."""
    return _ASSET_ID.fullmatch(text) is not None
