"""A dialect made ready to serve: its options are in place, and its operations are made."""

from collections.abc import Sequence
from dataclasses import dataclass

from watchword.http.dialect import Voice
from watchword.http.operation import Operation
from watchword.http.pathcase import fold_path


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
    folds_path_case: bool = False

    def owns(self, path: str) -> bool:
        """Say whether this voice speaks at a path, served or not."""
        return any(_is_below(path, one) for one in self.prefixes)

    def owns_folded(self, path: str) -> bool:
        """Say the same of a path in lower case, where letter case does not count."""
        return self.folds_path_case and any(
            _is_below(path, fold_path(one)) for one in self.prefixes
        )


def _is_below(path: str, prefix: str) -> bool:
    return path == prefix or path.startswith(f"{prefix}/")
