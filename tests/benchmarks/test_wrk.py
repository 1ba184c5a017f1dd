"""What wrk and our script print is read as it is meant."""

import json

import pytest
from wrk import Errors, Outcome, read

NOTHING = dict.fromkeys(("status", "connect", "read", "write", "timeout", "lacking"), 0)


def said(*, answers: int = 100, statuses: dict[str, int] | None = None, **errors: int) -> str:
    times = {"p50_us": 310, "p99_us": 1250, "max_us": 4400}
    told = {"answers": answers, "duration_us": 2_000_000, **times, "statuses": statuses or {}}
    return f"Running 2s test\n\nRESULT {json.dumps(told | NOTHING | errors)}\n"


def outcome(text: str) -> Outcome:
    return read(text, connections=16, cpu_s=0.5)


def test_only_good_answers_make_a_rate() -> None:
    """What was refused, came too late or lacked what was wanted is no good answer."""
    found = outcome(said(status=10, timeout=4, lacking=6, connect=3))

    assert found.rate == 40.0
    assert (found.good, found.errors.answered, found.errors.total) == (80, 20, 23)
    assert found.bad == "10 status, 6 lacking, 3 connect, 4 timeout"


def test_times_are_told_in_milliseconds() -> None:
    """wrk counts in microseconds."""
    found = outcome(said())

    assert (found.seconds, found.p50_ms, found.p99_ms, found.max_ms) == (2.0, 0.31, 1.25, 4.4)
    assert found.bad == "none"


def test_a_redirect_is_no_good_answer() -> None:
    """wrk itself has nothing against a status below 400; who looks at each answer has."""
    found = outcome(said(statuses={"200": 90, "302": 7, "403": 3}, status=3))

    assert found.errors == Errors(status=10)


def test_a_refusal_is_told_once() -> None:
    """It lacks what was wanted as well, but that is not another error."""
    found = outcome(said(statuses={"200": 90, "403": 10}, status=10, lacking=12))

    assert found.errors == Errors(status=10, lacking=2)


def test_a_server_that_never_answers_is_not_without_errors() -> None:
    """wrk counts nothing at all then."""
    found = outcome(said(answers=0))

    assert found.errors == Errors(silent=16)


def test_a_run_without_a_result_ends_the_measurement() -> None:
    """What wrk said instead is shown."""
    with pytest.raises(SystemExit, match="unable to connect"):
        outcome("unable to connect to 127.0.0.1:9 Connection refused\n")
