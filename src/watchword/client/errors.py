"""Everything the client can raise on purpose.

WatchwordError
├── WrongCredentials  the server does not take the name and the password
├── PasswordExpired   they are right, but it must be changed first, or a directory says no
├── UnknownAudience   the server knows no guarded service of that name
├── Throttled         too many tries; carries `retry_after`
├── Unavailable       the server, or what it says of revocations, cannot be had; the same
├── UnexpectedAnswer  whoever answered does not speak as Watchword does; carries `status`
└── InvalidToken      a guard does not accept a token; carries `reason`

No message holds a secret, a token or a name that somebody typed.
"""


class WatchwordError(Exception):
    """The client could not do what was asked."""

    def __init__(self, message: str | None = None) -> None:
        super().__init__(message or self.__doc__)


class WrongCredentials(WatchwordError):
    """The server does not take this name and password."""


class PasswordExpired(WatchwordError):
    """The password has expired (POST /user/password changes it), or a directory says no."""


class UnknownAudience(WatchwordError):
    """The server knows no service of this name. Add it to its setting tokens.audiences."""


class Throttled(WatchwordError):
    """Too many tries. Come again later."""

    def __init__(self, message: str | None = None, *, retry_after: int = 1) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class Unavailable(WatchwordError):
    """Watchword cannot be reached, or is busy. Come again later."""

    def __init__(self, message: str | None = None, *, retry_after: int = 1) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class UnexpectedAnswer(WatchwordError):
    """The answer is none that Watchword gives. Is the base URL right?"""

    def __init__(self, message: str | None = None, *, status: int = 0) -> None:
        super().__init__(message)
        self.status = status


class InvalidToken(WatchwordError):
    """The token is not accepted."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"The token is not accepted: {reason}.")
        self.reason = reason
