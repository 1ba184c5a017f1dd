"""Let the sessions of a directory's people rest while nobody can say who of them has left."""

from collections.abc import Mapping

from watchword.core.accounts.model import Account
from watchword.core.directory.port import Directories
from watchword.core.kernel.errors import UnavailableError
from watchword.core.services.directoryrules import DirectoryRules, Offline

_AWAY = "The directory that knows this account does not answer. Try again in a moment."
_RETRY_AFTER_S = 15


class Presence:
    """Asked at each use of a credential, so it looks at nothing but memory."""

    def __init__(self, *, directories: Directories, rules: Mapping[str, DirectoryRules]) -> None:
        self._directories = directories
        self._grace = {
            name: one.grace for name, one in rules.items() if one.offline is Offline.REFUSE
        }

    def require(self, account: Account) -> None:
        """Raise UnavailableError if the account's directory is away for longer than its grace."""
        if not account.directory:
            return
        grace = self._grace.get(account.directory)
        if grace is None:
            return
        away = self._directories.away_for(account.directory)
        if away is not None and away > grace:
            raise UnavailableError(_AWAY, retry_after=_RETRY_AFTER_S)
