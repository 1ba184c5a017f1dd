"""The few header fields that the http room itself looks at, taken out in one pass."""

from collections.abc import Iterable, Iterator

_LOOKED_AT = frozenset(
    {
        b"authorization",
        b"content-length",
        b"content-type",
        b"cookie",
        b"host",
        b"origin",
        b"sec-fetch-site",
        b"x-authorization",
        b"x-csrf-token",
        b"x-forwarded-for",
        b"x-forwarded-proto",
        b"x-request-id",
    }
)


class Fields:
    """Some header fields of one request, by lower-case name, each with all its values.

    `forwarded` says that a proxy showed itself, by whatever field.
    """

    __slots__ = ("_values", "forwarded")

    def __init__(self, headers: Iterable[tuple[bytes, bytes]]) -> None:
        self._values: dict[bytes, list[str]] = {}
        self.forwarded = False
        for name, value in headers:
            if name in _LOOKED_AT:
                self._values.setdefault(name, []).append(value.decode("latin-1").strip())
            if name.startswith(b"x-forwarded-") or name in {b"forwarded", b"via"}:
                self.forwarded = True

    def all(self, name: bytes) -> list[str]:
        """Return the values of a field, in order; empty ones too."""
        return self._values.get(name, [])

    def distinct(self, name: bytes) -> set[str]:
        """Return the different values of a field that are not empty."""
        return {value for value in self._values.get(name, ()) if value}

    def listed(self, name: bytes) -> list[str]:
        """Return the members of a field that is a list (RFC 9110, 5.6.1)."""
        return list(_members(self._values.get(name, ())))


def _members(values: Iterable[str]) -> Iterator[str]:
    for value in values:
        yield from (member for part in value.split(",") if (member := part.strip()))
