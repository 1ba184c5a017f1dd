"""The caller's own key for a job: in the header Idempotency-Key, or in the body."""

import re
from collections.abc import Sequence

from starlette.responses import Response

from watchword.core.jobs.model import KEY_LENGTH_MAX
from watchword.core.policy.refusals import Refusal, Refused
from watchword.dialects.astera.errors import refuse_body, render_refusal
from watchword.dialects.astera.wire import BodyError

HEADER = "Idempotency-Key"

_DIFFER = f"key and the header {HEADER} must be the same, where both are sent."

# The draft's header is a string of RFC 9651 (3.3.3), in quotes; many clients send none.
_QUOTED = re.compile(r'"((?:[ !#-\[\]-~]|\\["\\])*)"')
_ESCAPED = re.compile(r"\\(.)")


def job_key(headers: Sequence[str], member: str | None) -> str | Response:
    """Return the key, "" if there is none, or why it cannot be one."""
    found = {_bare(text.strip(" \t")) for text in headers}
    if member is not None:
        found.add(member)
    if len(found) > 1:
        return refuse_body([BodyError(detail=_DIFFER, pointer="#/key")])
    if "" in found:
        # Whoever sends an empty key believes to be safe from doing it twice.
        return render_refusal(Refused(Refusal.JOB_KEY_INVALID, number=KEY_LENGTH_MAX))
    return found.pop() if found else ""


def _bare(text: str) -> str:
    """Return what stands between the quotes, nothing if they do not hold."""
    if not text.startswith('"'):
        return text
    quoted = _QUOTED.fullmatch(text)
    return _ESCAPED.sub(r"\1", quoted[1]) if quoted else ""
