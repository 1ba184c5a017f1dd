"""How far a look at a directory came, as a text from which the next one goes on."""

import json
from dataclasses import astuple, dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256

from watchword.directory.options import DirectoryOptions

_EDITION = 1
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_KEPT_FOR = timedelta(days=2)
"""A directory forgets what was deleted, but none does so sooner (tombstoneLifetime)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cursor:
    """All up to change number `number` of one controller has been seen, as of `at`.

    `controller` is the id of its database, which gives the numbers. `options` is a digest of
    what the settings say, and `groups` one of the groups that they name.
    """

    controller: str
    number: int
    at: datetime
    options: str
    groups: str

    def write(self) -> str:
        micros = (self.at - _EPOCH) // _MICROSECOND
        return json.dumps(
            [_EDITION, self.controller, self.number, micros, self.options, self.groups]
        )

    def goes_on_to(self, now: "Cursor") -> bool:
        """Say whether what changed between this and `now` can be told by numbers."""
        return (
            bool(self.controller)
            and (self.controller, self.options) == (now.controller, now.options)
            and self.number <= now.number
            and abs(now.at - self.at) < _KEPT_FOR
        )


def read_cursor(text: str) -> Cursor | None:
    """Return a cursor as it was written, None if this is none of ours."""
    try:
        edition, controller, number, micros, options, groups = json.loads(text)
        at = _EPOCH + micros * _MICROSECOND
    except (ValueError, TypeError, OverflowError, RecursionError):
        return None
    cursor = Cursor(controller=controller, number=number, at=at, options=options, groups=groups)
    is_ours = edition == _EDITION and tuple(map(type, astuple(cursor))) == _KINDS
    return cursor if is_ours else None


_KINDS = (str, int, datetime, str, str)


def digest_of(options: DirectoryOptions) -> str:
    """Return a text that is another one when other people, or other things of them, count."""
    names = options.attributes
    matters = [
        options.domain,
        options.base,
        options.user_filter,
        [names.name, names.email, names.first_name, names.last_name],
        sorted(options.watched),
    ]
    return sha256(json.dumps(matters).encode()).hexdigest()
