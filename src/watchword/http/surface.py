"""Finds who answers at a path, and gives every dead end a voice."""

import re
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from urllib.parse import quote

from starlette.responses import Response
from starlette.routing import Route, Router
from starlette.types import Receive, Scope, Send

from watchword.http.arrival import arrival_of
from watchword.http.demo import DEMO_ONLY_LOCAL, refuses_demo
from watchword.http.dialect import say_status
from watchword.http.gate import Worded
from watchword.http.handling import Methods
from watchword.http.heads import path_of
from watchword.http.pathcase import FoldedPaths, fold_path
from watchword.http.section import Section

# Those that a path may have (RFC 3986, 3.3). A semicolon that came as %3B is a letter.
_PARAMETERS = re.compile(rb";[^/]*")


class Surface:
    """The table of paths. Fixed ones are looked up, patterns are tried by Starlette.

    A path that is neither may be another spelling of one, where its owner folds case: so
    nobody else pays for it, and nobody's path as it is written is hidden by it. The last
    section has all paths that no other owns.
    """

    def __init__(
        self, paths: Mapping[str, Methods], sections: Sequence[Section], *, is_demo: bool
    ) -> None:
        self._folding = [section for section in sections if section.folds_path_case]
        folded = {one.path: paths[one.path] for own in self._folding for one in own.operations}
        exact = {path: methods for path, methods in paths.items() if path not in folded}
        self._folded = FoldedPaths(folded, default=self._dead_end)
        self._fixed = {path: methods for path, methods in paths.items() if "{" not in path}
        self._patterns = [Route(path, methods) for path, methods in exact.items() if "{" in path]
        self._router = Router(self._patterns, redirect_slashes=False, default=self._unknown)
        self._sections = sections
        self._is_demo = is_demo

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._router(scope, receive, send)
            return
        if b";" in (raw := scope.get("raw_path", b"")):
            scope = self._without_parameters(scope, raw)
        if self._is_demo and refuses_demo(arrival_of(scope)):
            section = self._enter(scope)
            response = section.voice.render_status(HTTPStatus.FORBIDDEN, DEMO_ONLY_LOCAL)
            await response(scope, receive, send)
            return
        answer = self._fixed.get(scope["path"], self._router)
        await answer(scope, receive, send)

    def render(self, status: int, path: str) -> Worded:
        """Word what is refused beneath the app."""
        response = say_status(self._speaker(path).voice, status)
        said = dict(response.headers)
        del said["content-length"]  # the transport counts for itself
        return bytes(response.body), said

    def _without_parameters(self, scope: Scope, raw: bytes) -> Scope:
        """Return a request as a dialect reads it that wants no parameters in its paths."""
        bare = path_of(_PARAMETERS.sub(b"", raw))
        return {**scope, "path": bare} if self._owner(bare).drops_path_parameters else scope

    async def _unknown(self, scope: Scope, receive: Receive, send: Send) -> None:
        path: str = scope["path"]
        folds = self._owner(path).folds_path_case
        answer = self._folded.find(path) if folds else self._dead_end
        await answer(scope, receive, send)

    async def _dead_end(self, scope: Scope, receive: Receive, send: Send) -> None:
        section = self._enter(scope)
        path: str = scope["path"]
        bare = path.rstrip("/")
        if section.drops_slash and bare != path and self._serves(bare, section):
            response = _redirect(bare, scope["query_string"])
        else:
            response = say_status(section.voice, HTTPStatus.NOT_FOUND)
        await response(scope, receive, send)

    def _serves(self, path: str, section: Section) -> bool:
        if section.folds_path_case and self._folded.serves(path):
            return True
        return path in self._fixed or any(
            route.path_regex.fullmatch(path) for route in self._patterns
        )

    def _enter(self, scope: Scope) -> Section:
        section = self._owner(scope["path"])
        arrival_of(scope).dialect = section.name
        return section

    def _speaker(self, path: str) -> Section:
        """Return who owns a path that did not get as far as the app."""
        owner = self._owner(path.partition(";")[0])
        return owner if owner.drops_path_parameters else self._owner(path)

    def _owner(self, path: str) -> Section:
        """Return whose path this is: as it is written, else in another letter case."""
        found = next((section for section in self._sections if section.owns(path)), None)
        if found is None and self._folding:
            folded = fold_path(path)
            found = next((one for one in self._folding if one.owns_folded(folded)), None)
        return found or self._sections[-1]


def _redirect(path: str, query: bytes) -> Response:
    """Send the client to a path of ours, its method and body unchanged.

    The path was served here, so it is no other site's; it is quoted anew, since what the
    client wrote was unquoted on the way.
    """
    location = quote(path) + (f"?{query.decode('latin-1')}" if query else "")
    return Response(status_code=HTTPStatus.TEMPORARY_REDIRECT, headers={"location": location})
