"""The surfaces that belong to no dialect: health, keys, metrics, and the description of the API."""

from collections.abc import Callable, Sequence
from http import HTTPStatus
from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route, Router
from starlette.types import ASGIApp

from watchword.core.services.signingkeys import SigningKeys
from watchword.http.answers import JsonResponse
from watchword.http.call import Call
from watchword.http.dialect import say_status
from watchword.http.docs_page import PAGE_POLICY, write_page
from watchword.http.health import Health, Life, Readiness
from watchword.http.operation import Answer, Endpoint, Operation
from watchword.http.problems import Problem, ProblemResponse, shared_voice
from watchword.observability.metrics import Metrics

KEYS_KEPT = "public, max-age=300"
"""How long others may keep our keys; a new key is announced by its first token."""


class KeySet(msgspec.Struct):
    """Public keys (RFC 7517)."""

    keys: list[dict[str, Any]]  # a JWK has the members of its kind, and may have more


def health_operations(health: Health) -> Sequence[Operation]:
    alive = Answer(description="It runs.", shape=Life)
    ready = Answer(description="It can work.", shape=Readiness)
    down = Answer(description="A part is down; the body says which.", shape=Readiness)
    return (
        Operation(
            method="GET",
            path="/livez",
            endpoint=health.live,
            summary="Does this process run?",
            answers={200: alive},
        ),
        Operation(
            method="GET",
            path="/readyz",
            endpoint=health.ready,
            summary="Can this process do its work?",
            answers={200: ready, 503: down},
        ),
    )


def key_operation(signing_keys: SigningKeys) -> Operation:
    async def endpoint(call: Call) -> Response:
        del call
        keys = ",".join(await signing_keys.public())
        return Response(
            f'{{"keys":[{keys}]}}',
            media_type="application/json",
            headers={"cache-control": KEYS_KEPT},
        )

    return Operation(
        method="GET",
        path="/.well-known/jwks.json",
        endpoint=endpoint,
        summary="The public keys that verify our tokens",
        answers={200: Answer(description="A JWK set (RFC 7517).", shape=KeySet)},
    )


def metrics_operation(metrics: Metrics) -> Operation:
    """Serve metrics on the port that everybody uses, to this machine alone."""
    voice = shared_voice()

    async def endpoint(call: Call) -> Response:
        if not call.is_local:
            return say_status(voice, HTTPStatus.NOT_FOUND)
        return _metrics(metrics)

    return Operation(
        method="GET",
        path="/metrics",
        endpoint=endpoint,
        summary="Numbers for Prometheus, for callers on this machine",
        answers={
            200: Answer(description="Metrics.", shape=str, media_type="text/plain"),
            404: Answer(
                description="The caller is elsewhere.",
                shape=Problem,
                media_type=ProblemResponse.media_type,
            ),
        },
    )


def metrics_app(metrics: Metrics) -> ASGIApp:
    """Return an app that serves metrics and nothing else, for a port of its own."""

    async def page(_: Request) -> Response:
        return _metrics(metrics)

    return Router([Route("/metrics", page)], redirect_slashes=False)


def description_operations(describe: Callable[[], dict[str, Any]]) -> Sequence[Operation]:
    return (
        Operation(
            method="GET",
            path="/openapi.json",
            endpoint=_document(describe),
            summary="This description, as OpenAPI 3.1",
            answers={200: Answer(description="The document.", shape=dict[str, Any])},
        ),
        Operation(
            method="GET",
            path="/docs",
            endpoint=_page(describe),
            summary="This description, as a page",
            answers={200: Answer(description="The page.", shape=str, media_type="text/html")},
        ),
    )


def _metrics(metrics: Metrics) -> Response:
    page, content_type = metrics.render()
    return Response(page, headers={"content-type": content_type})


def _document(describe: Callable[[], dict[str, Any]]) -> Endpoint:
    async def endpoint(call: Call) -> Response:
        del call
        return JsonResponse(describe())

    return endpoint


def _page(describe: Callable[[], dict[str, Any]]) -> Endpoint:
    async def endpoint(call: Call) -> Response:
        del call
        headers = {"content-security-policy": PAGE_POLICY}
        return Response(write_page(describe()), media_type="text/html", headers=headers)

    return endpoint
