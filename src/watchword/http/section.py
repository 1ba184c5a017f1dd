"""A dialect made ready to serve: its options are in place, and its operations are made."""

from collections.abc import Sequence
from dataclasses import dataclass

from watchword.http.dialect import Voice
from watchword.http.operation import Operation


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """Some operations, the paths around them, and the voice that speaks there."""

    name: str
    title: str
    voice: Voice
    operations: Sequence[Operation]
    prefixes: tuple[str, ...] = ()
    drops_slash: bool = False
    drops_path_parameters: bool = False

    def owns(self, path: str) -> bool:
        """Say whether this voice speaks at a path, served or not."""
        return any(path == one or path.startswith(f"{one}/") for one in self.prefixes)
