"""What is asked of whoever computes Argon2."""

from typing import Protocol

from watchword.core.kernel.errors import UnavailableError


class Build(Protocol):
    """A library that computes Argon2, outside the interpreter's lock."""

    @property
    def name(self) -> str:
        """How people are told of it."""

    def compute(self, password: bytes, *, memory_kib: int, passes: int) -> str:
        """Return the encoded Argon2id hash under a new salt; one lane only.

        Raises UnavailableError when there is no memory.
        """

    def matches(self, password: bytes, encoded: str) -> bool:
        """Say whether the password has this hash, whose spelling and cost were looked at before.

        Raises UnavailableError when there is no memory: that is not a wrong password.
        """


def no_memory() -> UnavailableError:
    """Return what is raised when there is no memory for a hash."""
    return UnavailableError("There is no memory for a password hash.", retry_after=1)
