"""Puts dialects and the shared surfaces together into one app, each path with its own voice."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cache, partial
from typing import Any

import msgspec
from starlette.middleware.cors import CORSMiddleware
from starlette.types import ASGIApp

from watchword.core.kernel.clock import Clock
from watchword.core.kernel.randomness import Randomness
from watchword.core.services import Services
from watchword.http.address import Addresses
from watchword.http.arrival import SHARED
from watchword.http.cookies import CookieRule
from watchword.http.dialect import Dialect
from watchword.http.gate import AtOnce, Render
from watchword.http.handling import Handler, Methods
from watchword.http.health import Health, Parts
from watchword.http.middleware import Frame, RequestIds
from watchword.http.openapi import describe
from watchword.http.problems import shared_voice
from watchword.http.prompt import Prompt
from watchword.http.revocations import revocation_operation
from watchword.http.section import Section
from watchword.http.shared import (
    description_operations,
    health_operations,
    key_operation,
    metrics_operation,
)
from watchword.http.surface import Surface
from watchword.http.surroundings import Surroundings

EXPOSED_HEADERS = (
    *("Allow", "Content-Disposition", "Link", "Location", "Retry-After"),
    *("WWW-Authenticate", "X-Request-Id"),
)
CORS_METHODS = ("DELETE", "GET", "PATCH", "POST", "PUT")


@dataclass(frozen=True, slots=True)
class Mounted:
    """A dialect with its part of the settings."""

    dialect: Dialect[Any]  # each has a type of options that only its own folder knows
    options: msgspec.Struct


@dataclass(frozen=True, slots=True)
class Site:
    """The app, what is answered without it, and how the transport words what never reaches it."""

    app: ASGIApp
    at_once: AtOnce
    render: Render


def mount(
    services: Services,
    dialects: Sequence[Mounted],
    surroundings: Surroundings,
    *,
    pages: Sequence[Section] = (),
    clock: Clock,
    randomness: Randomness,
) -> Site:
    """Build the app that serves these dialects, and pages for people beside them.

    The description of the API has no page in it: programs have better ways.
    """
    spoken = [_section(mounted, services) for mounted in dialects]
    sections = [*spoken, *pages, _shared(spoken, services, surroundings, clock)]
    surface = Surface(
        _paths(sections, services, surroundings), sections, is_demo=surroundings.is_demo
    )
    addresses, request_ids = Addresses(surroundings.trusted_proxies), RequestIds(randomness)
    frame = Frame(
        _across_origins(surface, surroundings.allowed_origins),
        addresses=addresses,
        request_ids=request_ids,
        metrics=surroundings.metrics,
    )
    prompt = Prompt(
        spoken,
        authenticate=services.authenticate,
        check_key=services.check_key,
        addresses=addresses,
        request_ids=request_ids,
        metrics=surroundings.metrics,
        is_demo=surroundings.is_demo,
    )
    return Site(frame, prompt.answer, surface.render)


def _section(mounted: Mounted, services: Services) -> Section:
    dialect = mounted.dialect
    return Section(
        name=dialect.name,
        title=dialect.title,
        voice=dialect.voice(mounted.options),
        operations=dialect.operations(services, mounted.options),
        prefixes=dialect.prefixes,
        drops_slash=dialect.drops_slash,
        drops_path_parameters=dialect.drops_path_parameters,
        folds_path_case=dialect.folds_path_case,
    )


def _shared(
    sections: Sequence[Section], services: Services, surroundings: Surroundings, clock: Clock
) -> Section:
    """Return what belongs to no dialect; it describes the dialects, and itself too."""

    @cache
    def document() -> dict[str, Any]:
        return describe(
            (*sections, shared),
            version=surroundings.version,
            public_url=surroundings.public_url,
            is_demo=surroundings.is_demo,
        )

    parts = Parts(surroundings.checks, clock=clock)
    operations = [
        *health_operations(Health(parts, worker=surroundings.worker)),
        key_operation(services.signing_keys),
        revocation_operation(services.revocation_feed),
    ]
    if surroundings.metrics and surroundings.shows_metrics:
        operations.append(metrics_operation(surroundings.metrics))
    if surroundings.shows_docs:
        operations.extend(description_operations(document))
    shared = Section(
        name=SHARED, title="The server itself", voice=shared_voice(), operations=operations
    )
    return shared


def _paths(
    sections: Iterable[Section], services: Services, surroundings: Surroundings
) -> dict[str, Methods]:
    cookie_rule = CookieRule(
        public_url=surroundings.public_url, allowed_origins=surroundings.allowed_origins
    )
    make = partial(
        Handler,
        authenticate=services.authenticate,
        check_key=services.check_key,
        cookie_rule=cookie_rule,
        csrf=services.csrf,
        body_bytes_max=surroundings.body_bytes_max,
        is_demo=surroundings.is_demo,
    )
    paths: dict[str, Methods] = {}
    for section in sections:
        for path, handlers in _handlers(section, make).items():
            assert path not in paths, f"two dialects at {path}"
            paths[path] = Methods(handlers, route=path, dialect=section.name, voice=section.voice)
    return paths


def _handlers(section: Section, make: Callable[..., Handler]) -> dict[str, dict[str, Handler]]:
    """Return the handlers of a section by path and method."""
    found: dict[str, dict[str, Handler]] = {}
    for operation in section.operations:
        methods = found.setdefault(operation.path, {})
        assert operation.method not in methods, f"two of {operation.method} {operation.path}"
        methods[operation.method] = make(operation, dialect=section.name, voice=section.voice)
    return found


def _across_origins(app: ASGIApp, allowed: tuple[str, ...]) -> ASGIApp:
    """Let pages of these origins read what we answer; refusals too, or they could not tell."""
    if not allowed:
        return app
    return CORSMiddleware(
        app,
        allow_origins=allowed,
        allow_methods=CORS_METHODS,
        allow_headers=("*",),
        # Any page may be allowed to ask, but not in the name of who looks at it.
        allow_credentials="*" not in allowed,
        expose_headers=EXPOSED_HEADERS,
    )
