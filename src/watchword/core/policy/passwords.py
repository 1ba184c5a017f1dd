"""What a new password must be."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from watchword.core.policy.refusals import Refusal, Refused

PASSWORD_BYTES_MAX = 1024
DOCUMENTED_PASSWORD = "Admin123"  # noqa: S105 - printed on the vendor's public page
"""The password of the demo's account. Nothing else may have it."""


class Preset(StrEnum):
    """How strict we are. `documented` holds each dialect to its own page's number."""

    DOCUMENTED = "documented"
    STANDARD = "standard"
    NIST = "nist"


@dataclass(frozen=True, slots=True, kw_only=True)
class PasswordDemand:
    """What one group says of its members' passwords; None says nothing."""

    days: int | None = None
    history: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PasswordPolicy:
    """The rules of one preset; lengths are in characters.

    No rule asks for kinds of characters (NIST SP 800-63B-4, 3.1.1.2; ASVS 5.0, 6.2.5).
    `history` counts the current password too; 0 looks at none. After `days` a password
    has expired; 0 is never, and the default (NIST SP 800-63B-4, 3.1.1.2; ASVS 5.0, 6.2.10).
    """

    length_min: int | None
    blocklist: bool
    history: int = 0
    days: int = 0

    def under(self, demands: Iterable[PasswordDemand]) -> "PasswordPolicy":
        """Return the policy for who is in groups that demand this.

        What a group says counts instead of what the server says; of several groups the
        strictest counts: the fewest days, the longest history.
        """
        asked = tuple(demands)
        days = [one.days for one in asked if one.days is not None]
        history = [one.history for one in asked if one.history is not None]
        return replace(
            self,
            days=min((one for one in days if one), default=0) if days else self.days,
            history=max(history) if history else self.history,
        )

    @property
    def remembers(self) -> int:
        """How many passwords cannot be had again, the current one too.

        Where passwords expire it is one at least: else the old one could be set once more.
        """
        return max(self.history, 1 if self.days else 0)

    def end_of(self, changed_at: datetime) -> datetime | None:
        """Return when a password that was set then expires, None if it never does."""
        return changed_at + timedelta(days=self.days) if self.days else None

    def length_for(self, documented: int) -> int:
        """Return the least length, given what the dialect documents."""
        return documented if self.length_min is None else self.length_min

    def judge(self, password: str, *, documented: int) -> Refused | None:
        """Return what is wrong with the password by itself, or None."""
        least = self.length_for(documented)
        if len(password) < least:
            return Refused(Refusal.PASSWORD_SHORT, number=least)
        if len(password.encode("utf-8", "surrogatepass")) > PASSWORD_BYTES_MAX:
            return Refused(Refusal.PASSWORD_LONG, number=PASSWORD_BYTES_MAX)
        if password == DOCUMENTED_PASSWORD:
            return Refused(Refusal.PASSWORD_COMMON)
        return None


PRESETS = {
    Preset.DOCUMENTED: PasswordPolicy(length_min=None, blocklist=False),
    Preset.STANDARD: PasswordPolicy(length_min=8, blocklist=True),
    Preset.NIST: PasswordPolicy(length_min=15, blocklist=True, history=5),
}
