"""Passwords as we keep them: hashed, never plain."""

from dataclasses import dataclass
from datetime import datetime

from watchword.core.kernel.ids import AccountId


@dataclass(frozen=True, slots=True, kw_only=True)
class PasswordCredential:
    """One account's password: an encoded hash, and since when.

    `is_documented` marks the password that the vendor's page prints; a server that
    strangers can reach refuses to start while one is left.
    """

    account_id: AccountId
    encoded: str
    changed_at: datetime
    is_documented: bool = False
