"""What an operator chooses about one directory: who may come in, as what, and when it is away."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from hashlib import sha256

from watchword.core.accounts.model import Role


class Creates(StrEnum):
    """When a person of the directory gets an account, unless an admin registers them."""

    NEVER = "never"
    LOGIN = "login"
    SYNC = "sync"


class Offline(StrEnum):
    """What holds while no controller answers.

    REFUSE: nobody of the directory comes in, and after a grace their sessions rest as well.
    SESSIONS: sessions live on. CACHE: and who came in lately may come in again, by our own
    hash of the password.
    """

    REFUSE = "refuse"
    SESSIONS = "sessions"
    CACHE = "cache"


@dataclass(frozen=True, slots=True, kw_only=True)
class DirectoryRules:
    """The rules of one directory. Groups are spelt as in the settings, by SID or whole DN.

    `allowed` are the groups that may come in; everybody, if it is empty. `roles` and
    `groups` say who has a role and who is in a group of ours; a role that no group gives is
    left to admins. `stop_percent` of the open accounts may be closed by one synchronisation,
    and up to `stop_above` of them in any case.
    """

    allowed: frozenset[str] = frozenset()
    roles: Mapping[Role, frozenset[str]] = field(default_factory=dict)
    groups: Mapping[str, frozenset[str]] = field(default_factory=dict)
    creates: Creates = Creates.LOGIN
    trusts_mail: bool = False
    offline: Offline = Offline.REFUSE
    grace: timedelta = timedelta(seconds=60)
    cached_for: timedelta = timedelta(days=7)
    stop_percent: int = 10
    stop_above: int = 3

    @property
    def watched(self) -> frozenset[str]:
        """Return every group that matters here."""
        return self.allowed.union(*self.roles.values(), *self.groups.values())

    @property
    def fingerprint(self) -> str:
        """Return a text that is another one as soon as the rules give other accounts.

        After a change of the rules everybody must be looked at again.
        """
        facts = (
            sorted(self.allowed),
            sorted((role.value, sorted(groups)) for role, groups in self.roles.items()),
            sorted((name, sorted(groups)) for name, groups in self.groups.items()),
            self.creates.value,
            self.trusts_mail,
        )
        return sha256(repr(facts).encode()).hexdigest()

    def admits(self, groups: frozenset[str]) -> bool:
        """Say whether who is in these groups may come in."""
        return not self.allowed or not self.allowed.isdisjoint(groups)

    def role_of(self, groups: frozenset[str]) -> Role | None:
        """Return the role that these groups give, None where groups give none at all."""
        if not self.roles:
            return None
        is_admin = not self.roles.get(Role.ADMIN, frozenset()).isdisjoint(groups)
        return Role.ADMIN if is_admin else Role.USER

    def groups_of(self, groups: frozenset[str]) -> frozenset[str]:
        """Return the names of the groups of ours that these give."""
        return frozenset(
            name for name, sources in self.groups.items() if not sources.isdisjoint(groups)
        )
