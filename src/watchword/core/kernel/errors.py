"""Everything the core can raise.

CoreError
├── NotFoundError     the named thing is not there
├── ConflictError     the change clashes with what is stored; carries the field
├── InvalidError      a value breaks a rule; carries the field
├── DeniedError       the caller may not do this
└── UnavailableError  something we depend on did not answer, or is full

Expected outcomes, such as a wrong password, are values and not in this tree.
"""

from typing import ClassVar


class CoreError(Exception):
    """The core could not do what was asked."""

    code: ClassVar[str] = "error"

    def __init__(self, message: str | None = None) -> None:
        super().__init__(message or self.__doc__)


class NotFoundError(CoreError):
    """No such thing."""

    code = "not_found"


class ConflictError(CoreError):
    """That is already taken."""

    code = "conflict"

    def __init__(self, field: str = "", message: str | None = None) -> None:
        super().__init__(message)
        self.field = field


class InvalidError(CoreError):
    """That value is not allowed."""

    code = "invalid"

    def __init__(self, field: str, message: str | None = None) -> None:
        super().__init__(message)
        self.field = field


class DeniedError(CoreError):
    """You may not do this."""

    code = "denied"


class UnavailableError(CoreError):
    """The server is busy. Try again in a moment."""

    code = "unavailable"

    def __init__(self, message: str | None = None, *, retry_after: int = 5) -> None:
        super().__init__(message)
        self.retry_after = retry_after


def every_error() -> list[type[CoreError]]:
    """List the concrete errors, for dialects to prove their tables complete."""
    return sorted(CoreError.__subclasses__(), key=lambda error: error.code)
