"""A toy dialect and everything around it, to see the http room at work."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, fields
from typing import Annotated, Any, cast

import httpx
import msgspec
from starlette.responses import Response
from starlette.types import ASGIApp

from fakes import CountingRandomness, HandClock, PlainDigester
from toy_services import (
    CountedFeed,
    KnownApiKeys,
    KnownKeys,
    KnownTokens,
    known_api_keys,
    known_tokens,
)
from watchword.core.apikeys.model import Scope
from watchword.core.kernel.errors import CoreError, UnavailableError
from watchword.core.policy.refusals import Refused
from watchword.core.services import Services
from watchword.core.services.authenticate import Caller
from watchword.core.services.csrf import Csrf
from watchword.http.answers import JsonResponse, saying
from watchword.http.call import Call
from watchword.http.credentials import CredentialProblem
from watchword.http.dialect import Dialect, Voice
from watchword.http.forms import FormProblem, read_parameters
from watchword.http.mount import Mounted, Site, mount
from watchword.http.operation import Answer, Credential, Operation, Parameter, Place
from watchword.http.reading import read_json
from watchword.http.section import Section
from watchword.http.surroundings import Surroundings

BODY_BYTES_MAX = 32 * 1024


class Wish(msgspec.Struct, frozen=True):
    """What a caller wants."""

    name: str
    count: int = 1
    tags: list[str] = []


class Seen(msgspec.Struct, frozen=True):
    """What the endpoint saw."""

    who: str | None
    address: str
    is_local: bool = False
    is_secure: bool = False


class Moo(msgspec.Struct, frozen=True):
    """The toy's way of saying no."""

    moo: str
    code: int


class Problems(msgspec.Struct, frozen=True):
    """What is wrong with a body."""

    wrong: list[str]


class ToyOptions(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The toy's part of the settings."""

    sound: str = "moo"


async def see(call: Call) -> Response:
    seen = Seen(
        who=call.caller.account.name if call.caller else None,
        address=call.origin.address,
        is_local=call.is_local,
        is_secure=call.is_secure,
    )
    return JsonResponse(seen)


class Named(msgspec.Struct, frozen=True):
    """Who the caller is."""

    name: str


def name(caller: Caller) -> Named:
    return Named(caller.account.name)


async def wish(call: Call) -> Response:
    read = read_json(Wish, await call.body(), call.headers.get("content-type", ""))
    if isinstance(read, tuple):
        wrong = [f"{problem.flaw} {'.'.join(problem.at)}" for problem in read]
        return JsonResponse(Problems(wrong), status_code=422)
    return JsonResponse(read)


class Order(msgspec.Struct, frozen=True, rename="camel"):
    """What the form endpoint knows."""

    word: Annotated[str, msgspec.Meta(description="What is ordered.")]
    other_word: str = ""


class Ordered(msgspec.Struct, frozen=True, rename="camel"):
    """What the form endpoint heard."""

    word: str | None
    other_word: str | None


async def order(call: Call) -> Response:
    read = await read_parameters(call)
    if isinstance(read, FormProblem):
        return JsonResponse(Problems([read]), status_code=400)
    return JsonResponse(Ordered(read.get("word"), read.get("otherWord")))


async def thing(call: Call) -> Response:
    return JsonResponse({"id": call.path["id"], "query": call.query})


async def fail(call: Call) -> Response:
    del call
    raise RuntimeError("a secret in a message: Admin123")


async def lack(call: Call) -> Response:
    del call
    raise UnavailableError(retry_after=9) from OSError("password=hunter2")


async def refuse(call: Call) -> Response:
    del call
    raise CoreError("no")


def _seeing(method: str, path: str, summary: str, **more: Any) -> Operation:  # noqa: ANN401 - as Operation has them
    answers = {200: Answer(description="What was seen.", shape=Seen)}
    return Operation(
        method=method, path=path, endpoint=see, summary=summary, answers=answers, **more
    )


def _wishing() -> Operation:
    return Operation(
        method="POST",
        path="/toy/wish",
        endpoint=wish,
        summary="Wish",
        description="It comes back.",
        body=Wish,
        body_bytes_max=BODY_BYTES_MAX,
        example=Wish("it's", 2),
        answers={
            200: Answer(description="The wish.", shape=Wish),
            422: Answer(description="The body is wrong.", shape=Problems),
        },
    )


def _ordering() -> Sequence[Operation]:
    return tuple(
        Operation(
            method=method,
            path="/toy/order",
            endpoint=order,
            summary="Order by form",
            form=Order,
            example={"word": "it's", "otherWord": "ä b"},
            body_bytes_max=BODY_BYTES_MAX,
            answers={
                200: Answer(description="The order.", shape=Ordered),
                400: Answer(description="The form is wrong.", shape=Problems),
            },
        )
        for method in ("GET", "POST")
    )


def operations(services: Services, options: ToyOptions) -> Sequence[Operation]:
    del services, options
    needed, maybe = Credential.REQUIRED, Credential.OPTIONAL
    identify, reading = Scope.IDENTIFY, Scope.ACCOUNTS_READ
    return (
        _seeing(
            "GET",
            "/toy/me",
            "See <yourself>",
            scope=identify,
            credential=needed,
            allows_query_token=True,
        ),
        Operation(
            method="GET",
            path="/toy/name",
            endpoint=saying(name),
            says=name,
            summary="Say your name",
            credential=needed,
            scope=identify,
            answers={200: Answer(description="It.", shape=Named)},
        ),
        _seeing("POST", "/toy/me", "Change yourself", credential=needed, changes=True),
        _seeing("GET", "/toy/leave", "Change something by GET", credential=needed, changes=True),
        _seeing("GET", "/toy/maybe", "See whoever", credential=maybe, scope=reading),
        _seeing("POST", "/toy/login", "Log in", changes=True),
        _seeing("POST", "/toy/enter", "Log in", changes=True, opens_cookie_session=True),
        _wishing(),
        *_ordering(),
        Operation(
            method="GET",
            path="/toy/things/{id}",
            endpoint=thing,
            summary="A thing",
            parameters=(Parameter(name="after", place=Place.QUERY, description="Where to go on."),),
            answers={200: Answer(description="It.", shape=dict[str, Any])},
        ),
    )


def failing(services: Services, options: ToyOptions) -> Sequence[Operation]:
    del services, options
    return tuple(
        Operation(method="GET", path=f"/toy/{one.__name__}", endpoint=one, summary="Fail")
        for one in (fail, lack, refuse)
    )


def voice(options: ToyOptions) -> Voice:
    def say(status: int, text: str) -> Response:
        return JsonResponse(Moo(f"{options.sound}: {text}", int(status)), status_code=status)

    def render_error(error: CoreError) -> Response:
        return say(503 if isinstance(error, UnavailableError) else 400, error.code)

    def render_unauthenticated(problem: CredentialProblem) -> Response:
        return say(401, problem.value)

    def render_refusal(refused: Refused) -> Response:
        response = say(429 if refused.retry_after else 403, refused.reason.value)
        if refused.retry_after:
            response.headers["retry-after"] = str(refused.retry_after)
        return response

    return Voice(
        error=Moo,
        render_error=render_error,
        render_refusal=render_refusal,
        render_status=say,
        render_unauthenticated=render_unauthenticated,
    )


TOY = Dialect(
    name="toy",
    title="The toy",
    prefixes=("/toy",),
    options=ToyOptions,
    operations=operations,
    voice=voice,
    drops_slash=True,
)
BROKEN_TOY = Dialect(
    name="broken",
    title="The broken toy",
    prefixes=("/toy",),
    options=ToyOptions,
    operations=failing,
    voice=voice,
)


@dataclass
class Toybox:
    """A mounted toy with everything behind it."""

    tokens: KnownTokens
    api_keys: KnownApiKeys
    keys: KnownKeys
    feed: CountedFeed
    clock: HandClock
    site: Site

    @property
    def app(self) -> ASGIApp:
        return self.site.app


def toybox(
    surroundings: Surroundings | None = None,
    *,
    dialects: Sequence[Dialect[ToyOptions]] = (TOY,),
    pages: Sequence[Section] = (),
) -> Toybox:
    """Mount the toy in some surroundings."""
    tokens, api_keys = known_tokens(), known_api_keys()
    keys, feed, clock = KnownKeys(), CountedFeed(), HandClock()
    # The toy needs no other service.
    parts: dict[str, Any] = {one.name: None for one in fields(Services)}
    filled = {
        "authenticate": tokens,
        "csrf": Csrf(digester=PlainDigester()),
        "check_key": api_keys,
        "signing_keys": keys,
        "revocation_feed": feed,
    }
    services = Services(**parts | filled)
    site = mount(
        services,
        [Mounted(dialect, ToyOptions()) for dialect in dialects],
        surroundings or Surroundings(version="0"),
        pages=pages,
        clock=clock,
        randomness=CountingRandomness(),
    )
    return Toybox(tokens, api_keys, keys, feed, clock, site)


@asynccontextmanager
async def talking_to(
    app: ASGIApp,
    *,
    peer: str = "127.0.0.1",
    base_url: str = "http://localhost:9261",
) -> AsyncIterator[httpx.AsyncClient]:
    """Return a client whose socket has this peer address."""
    transport = httpx.ASGITransport(cast("Any", app), client=(peer, 50000))
    async with httpx.AsyncClient(transport=transport, base_url=base_url) as client:
        yield client
