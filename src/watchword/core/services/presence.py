"""Let the sessions of a directory's people rest while nobody can say who of them has left."""

from collections.abc import Mapping

from watchword.core.accounts.model import Account
from watchword.core.directory.port import Directories
from watchword.core.kernel.errors import UnavailableError
from watchword.core.services.directoryrules import DirectoryRules, Offline

_AWAY = "The directory that knows this account does not answer. Try again in a moment."
_RETRY_AFTER_S = 15


class Presence:
    """Asked at each use of a credential, so it looks at nothing but memory.

    Somebody of a directory that the settings name no more is nobody: who could say that they
    have left?
    """

    def __init__(self, *, directories: Directories, rules: Mapping[str, DirectoryRules]) -> None:
        self._directories = directories
        self._names = frozenset(directories.names)
        self._grace = {
            name: one.grace for name, one in rules.items() if one.offline is Offline.REFUSE
        }

    def knows(self, account: Account) -> bool:
        """Say whether somebody can say that the account may still be used.

        Raises UnavailableError if its directory is away for longer than its grace.
        """
        if not account.directory:
            return True
        if account.directory not in self._names:
            return False
        grace = self._grace.get(account.directory)
        away = self._directories.away_for(account.directory)
        if grace is not None and away is not None and away > grace:
            raise UnavailableError(_AWAY, retry_after=_RETRY_AFTER_S)
        return True
