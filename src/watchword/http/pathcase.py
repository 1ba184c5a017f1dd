"""The paths of dialects that know them in any letter case, in ASCII's sense of the word."""

import re
from collections.abc import Mapping
from string import ascii_lowercase, ascii_uppercase

from starlette.routing import Route, Router
from starlette.types import ASGIApp

_LOWER = str.maketrans(ascii_uppercase, ascii_lowercase)


def fold_path(path: str) -> str:
    """Return a path in lower case.

    ASCII alone: `str.lower` makes a k of the Kelvin sign, so that more texts than a reader
    of the list of paths knows would lead to one.
    """
    return path.translate(_LOWER)


class FoldedPaths:
    """Finds such a path by any spelling. What stands in place of a parameter keeps its case."""

    def __init__(self, paths: Mapping[str, ASGIApp], *, default: ASGIApp) -> None:
        self._fixed = {fold_path(path): app for path, app in paths.items() if "{" not in path}
        self._patterns = [_folded(Route(path, app)) for path, app in paths.items() if "{" in path]
        self._router = Router(self._patterns, redirect_slashes=False, default=default)
        folded = {fold_path(path) for path in paths}
        assert len(folded) == len(paths), "two paths that differ by letter case alone"

    def find(self, path: str) -> ASGIApp:
        """Return what answers at a path; the patterns go to `default` where none fits."""
        return self._fixed.get(fold_path(path), self._router)

    def serves(self, path: str) -> bool:
        return fold_path(path) in self._fixed or any(
            route.path_regex.fullmatch(path) for route in self._patterns
        )


def _folded(route: Route) -> Route:
    route.path_regex = re.compile(route.path_regex.pattern, re.IGNORECASE | re.ASCII)
    return route
