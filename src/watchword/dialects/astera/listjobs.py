"""GET /api/Job: the jobs that the caller may see, newest first, some at a time."""

import re
from dataclasses import dataclass
from http import HTTPStatus
from urllib.parse import urlencode

from starlette.responses import Response

from watchword.core.jobs.model import Job, State
from watchword.core.kernel.page import PAGE_MAX, Page
from watchword.core.services.jobs import Jobs
from watchword.dialects.astera import jobwire
from watchword.dialects.astera.errors import refuse
from watchword.dialects.astera.startjob import JOBS
from watchword.http.answers import JsonResponse
from watchword.http.call import Call
from watchword.http.operation import Endpoint

LIMIT_USUAL = 100
"""A job can be as long as its parameters, sixteen thousand octets."""

_LIMIT = re.compile(r"[1-9][0-9]{0,3}")
_STATES = {name.lower(): state for state, name in jobwire.STATUSES.items()}
_NO_JOBS_HAVE = frozenset({jobwire.UNKNOWN.lower(), jobwire.INVALID.lower()})

_BAD_LIMIT = f"limit must be a whole number from 1 to {PAGE_MAX}."
_BAD_STATUS = f"status must be one of {', '.join(jobwire.STATUSES.values())}."


@dataclass(frozen=True, slots=True, kw_only=True)
class _Asked:
    """Which jobs are wanted; `is_empty` if no job can be what was asked for."""

    limit: int
    after: str | None
    flow: str | None
    state: State | None
    is_empty: bool


def list_jobs(jobs: Jobs) -> Endpoint:
    async def endpoint(call: Call) -> Response:
        # Names in any letter case; of one that comes twice the last counts, as in a body.
        given = {name.lower(): text for name, text in call.query if text}
        asked = _read(given)
        if isinstance(asked, str):
            return refuse(HTTPStatus.BAD_REQUEST, asked, code="invalid_query")
        page = await _page(jobs, call, asked)
        return JsonResponse(jobwire.write_jobs(page), headers=_rest(page.next, given))

    return endpoint


async def _page(jobs: Jobs, call: Call, asked: _Asked) -> Page[Job]:
    if asked.is_empty:
        return Page(())
    return await jobs.page(
        call.actor, flow=asked.flow, state=asked.state, after=asked.after, limit=asked.limit
    )


def _read(given: dict[str, str]) -> _Asked | str:
    """Return what is asked for, or a sentence on what is wrong with it."""
    limit, status = given.get("limit", str(LIMIT_USUAL)), given.get("status", "").lower()
    if not _LIMIT.fullmatch(limit) or int(limit) > PAGE_MAX:
        return _BAD_LIMIT
    if status and status not in _STATES and status not in _NO_JOBS_HAVE:
        return _BAD_STATUS
    flow = given.get("flow")
    return _Asked(
        limit=int(limit),
        after=given.get("after"),
        flow=flow,
        state=_STATES.get(status),
        is_empty=status in _NO_JOBS_HAVE or (flow is not None and not flow.isprintable()),
    )


def _rest(cursor: str | None, given: dict[str, str]) -> dict[str, str]:
    """Return the way to the rest (RFC 8288): the same question, further on."""
    if cursor is None:
        return {}
    kept = [(name, given[name]) for name in ("flow", "status", "limit") if name in given]
    return {"link": f'<{JOBS}?{urlencode([*kept, ("after", cursor)])}>; rel="next"'}
