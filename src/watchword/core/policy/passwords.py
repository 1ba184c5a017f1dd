"""What a new password must be."""

from dataclasses import dataclass
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
class PasswordPolicy:
    """The rules of one preset; lengths are in characters.

    No rule asks for kinds of characters (NIST SP 800-63B-4, 3.1.1.2; ASVS 5.0, 6.2.5).
    `history` counts the current password too; 0 looks at none.
    """

    length_min: int | None
    blocklist: bool
    history: int = 0

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
