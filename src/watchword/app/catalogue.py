"""Which dialects are installed: every folder under dialects/ is one."""

from collections.abc import Iterator
from dataclasses import dataclass
from pkgutil import iter_modules

from watchword import dialects
from watchword.app.web import load_dialect


@dataclass(frozen=True, slots=True)
class Installed:
    """A dialect that can be enabled, and the beginnings of its paths."""

    name: str
    title: str
    prefixes: tuple[str, ...]


def installed() -> Iterator[Installed]:
    """Yield the dialects by name."""
    for name in sorted(module.name for module in iter_modules(dialects.__path__) if module.ispkg):
        dialect = load_dialect(name)
        yield Installed(dialect.name, dialect.title, tuple(dialect.prefixes))
