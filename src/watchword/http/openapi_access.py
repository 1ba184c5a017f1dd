"""Describes who may call an operation: the ways a credential may take, and how it is refused."""

from collections.abc import Iterator
from http import HTTPStatus
from typing import Any

from starlette.responses import Response

from watchword.core.policy.refusals import Refusal, Refused
from watchword.http.cookies import COOKIE
from watchword.http.credentials import CredentialProblem
from watchword.http.dialect import Voice, say_status
from watchword.http.operation import Credential, Operation

Json = dict[str, Any]

SECURITY_SCHEMES: Json = {
    "bearer": {
        "type": "http",
        "scheme": "bearer",
        "bearerFormat": "JWT",
        "description": "The token of a session. An API key may stand here as well.",
    },
    "key": {
        "type": "apiKey",
        "in": "header",
        "name": "X-Authorization",
        "description": "An API key, as it is.",
    },
    "cookie": {
        "type": "apiKey",
        "in": "cookie",
        "name": COOKIE,
        "description": "The same token, as a browser keeps it. No page of another site"
        " changes anything with it.",
    },
    "csrf": {
        "type": "apiKey",
        "in": "header",
        "name": "X-CSRF-TOKEN",
        "description": "What the log-in told. Only a session that lives in a cookie has one, and"
        " needs it, however its token travels.",
    },
    "query": {"type": "apiKey", "in": "query", "name": "token"},
}


def about_callers(voice: Voice, operation: Operation) -> Iterator[tuple[Response, str]]:
    """Return how a voice refuses who asks, and why that is."""
    if operation.opens_cookie_session:
        yield say_status(voice, HTTPStatus.FORBIDDEN), "A page of another site logs nobody in."
    if operation.credential is Credential.NONE:
        return
    nobody = voice.render_unauthenticated(CredentialProblem.BAD)
    yield nobody, "No credential, or a bad one."
    if operation.keys_only:
        yield voice.render_refusal(Refused(Refusal.KEYS_ONLY)), "A session cannot do this."
    yield voice.render_refusal(Refused(Refusal.KEY_SCOPE)), "The API key may not do this."
    busy = voice.render_refusal(Refused(Refusal.KEY_THROTTLED, number=1, retry_after=1))
    yield busy, "The API key is used too often."
    if operation.changes:
        foreign = say_status(voice, HTTPStatus.FORBIDDEN)
        yield foreign, "A cookie came from a page of another site."
        lacking = voice.render_refusal(Refused(Refusal.CSRF))
        yield lacking, "The CSRF token of a cookie session is missing or wrong."


def about_keys(operation: Operation) -> str:
    """Return what an API key needs, in words: schemas have none for it."""
    if operation.credential is Credential.NONE:
        return ""
    if operation.scope is None:
        return "No API key can do this."
    if operation.keys_only:
        return f"Only an API key with the scope `{operation.scope}` can do this."
    if operation.or_scope is not None:
        return f"An API key needs the scope `{operation.scope}` or `{operation.or_scope}`."
    return f"An API key needs the scope `{operation.scope}`."


def security_of(operation: Operation) -> list[Json]:
    scopes = filter(None, (operation.scope, operation.or_scope))
    key: list[Json] = [{"key": [scope]} for scope in scopes]
    if operation.keys_only:
        return key
    cookie: Json = {"cookie": [], "csrf": []} if operation.changes else {"cookie": []}
    ways: list[Json] = [{"bearer": []}, *key, cookie]
    if operation.allows_query_token:
        ways.append({"query": []})
    if operation.credential is Credential.OPTIONAL:
        ways.append({})
    return ways
