"""Answers before any app what memory alone can answer: who holds a credential that is known.

A check of a token is a look into memory, and what stands around it in an ASGI app costs ten
times as much. So the transport asks here first. What comes of it is, to the last octet, what
the app would have answered; whatever is not quite plain (another path or method, a body, a
query, a credential that is not known or not good, a refusal) is left to the app.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from time import perf_counter
from typing import Any

from watchword.core.services.authenticate import Authenticate, Caller
from watchword.core.services.checkkey import CheckKey
from watchword.http import reports
from watchword.http.address import Addresses
from watchword.http.answers import encode
from watchword.http.arrival import Arrival
from watchword.http.credentials import Presented, caller_at_once, find_credential
from watchword.http.demo import refuses_demo
from watchword.http.fields import Fields
from watchword.http.gate import Heads
from watchword.http.middleware import ALWAYS, HSTS, NO_STORE, RequestIds
from watchword.http.operation import Credential, Operation, Saying
from watchword.http.section import Section
from watchword.observability.log import request_id
from watchword.observability.metrics import Metrics

METHOD = "GET"
OK = 200
_ANSWER = (
    b"HTTP/1.1 200 OK\r\n%bcontent-length: %d\r\ncontent-type: application/json\r\n"
    b"x-request-id: %b\r\n%b\r\n%b"
)


def _written(heads: Iterable[tuple[bytes, bytes]]) -> bytes:
    return b"".join(b"%b: %b\r\n" % one for one in heads)


_SAFE = _written((*ALWAYS, NO_STORE))
_SAFE_OVER_TLS = _SAFE + _written([HSTS])


@dataclass(frozen=True, slots=True)
class _Said:
    """An operation that says who its caller is, and whose it is."""

    operation: Operation
    says: Saying
    dialect: str
    counted: str

    def reaches(self, caller: Caller) -> bool:
        operation = self.operation
        return caller.may(operation.scope) or caller.may(operation.or_scope)


class Prompt:
    """Stands between the transport and the app."""

    def __init__(
        self,
        sections: Iterable[Section],
        *,
        authenticate: Authenticate,
        check_key: CheckKey,
        addresses: Addresses,
        request_ids: RequestIds,
        metrics: Metrics | None,
        is_demo: bool,
    ) -> None:
        self._said = _all_said(sections)
        self._authenticate = authenticate
        self._check_key = check_key
        self._addresses = addresses
        self._request_ids = request_ids
        self._metrics = metrics
        self._is_demo = is_demo
        self._heads: Heads = []
        self._heads_written = b""

    def answer(self, target: bytes, scope: Mapping[str, Any], heads: Heads) -> bytes | None:
        """Answer a GET of this target that has no body; None leaves it to the app.

        `heads` are those of every answer of the transport.
        """
        said = self._said.get(target)
        if said is None:
            return None
        began = perf_counter()
        fields = Fields(scope["headers"])
        client = self._addresses.of(scope, fields)
        arrival = Arrival(client, fields, "", said.dialect, said.operation.path, OK)
        if self._is_demo and refuses_demo(arrival):
            return None
        try:
            caller = self._caller(said, fields)
            body = encode(said.says(caller)) if caller else None
        except Exception:  # noqa: BLE001 - the app comes upon it as well, and has words for it
            return None
        if body is None:
            return None
        arrival.request_id = self._request_ids.of(client, fields)
        answer = self._written(arrival, body, heads)
        self._leave(said, arrival, perf_counter() - began)
        return answer

    def _caller(self, said: _Said, fields: Fields) -> Caller | None:
        # A page of another origin gets heads that say whether it may read this.
        if fields.all(b"origin"):
            return None
        presented = find_credential(fields, None)
        if not isinstance(presented, Presented):
            return None
        return caller_at_once(
            presented,
            authenticate=self._authenticate,
            check_key=self._check_key,
            reaches=said.reaches,
        )

    def _written(self, arrival: Arrival, body: bytes, heads: Heads) -> bytes:
        if heads is not self._heads:  # uvicorn makes others when the date changes
            self._heads, self._heads_written = heads, _written(heads)
        return _ANSWER % (
            self._heads_written,
            len(body),
            arrival.request_id.encode(),
            _SAFE_OVER_TLS if arrival.client.is_secure else _SAFE,
            body,
        )

    def _leave(self, said: _Said, arrival: Arrival, seconds: float) -> None:
        outer = request_id.set(arrival.request_id)
        reports.answered(METHOD, arrival, seconds)
        request_id.reset(outer)
        if self._metrics:
            self._metrics.request(said.dialect, said.counted, arrival.status, seconds)


def _all_said(sections: Iterable[Section]) -> Mapping[bytes, _Said]:
    return {
        one.path.encode("ascii"): _Said(one, one.says, section.name, f"{METHOD} {one.path}")
        for section in sections
        for one in section.operations
        if one.says is not None and _is_plain(one)
    }


def _is_plain(operation: Operation) -> bool:
    """Say whether nothing stands before the answer but the credential and its scope."""
    assert operation.method == METHOD, operation.path
    assert operation.credential is not Credential.NONE, operation.path
    odd = operation.changes or operation.keys_only or operation.waits
    assert not odd, operation.path
    return "{" not in operation.path
