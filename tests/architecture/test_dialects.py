"""Every dialect keeps its promises to the composition root, and can say every no."""

from collections.abc import Sequence
from dataclasses import fields
from importlib import import_module
from typing import Any

import msgspec
import pytest
from starlette.responses import Response

from architecture import tree
from watchword.core.kernel.errors import ConflictError, CoreError, InvalidError, every_error
from watchword.core.policy.refusals import Refusal, Refused
from watchword.core.services import Services
from watchword.http.credentials import CredentialProblem
from watchword.http.dialect import Dialect, Voice, say_status
from watchword.http.operation import Operation

NAMES = sorted(
    path.parent.name for path in tree.modules("src") if path.match("dialects/*/__init__.py")
)
TELLS_WHEN = {429, 503}
BENEATH = (400, 403, 404, 405, 408, 413, 431, 500, 503)


@pytest.fixture(params=NAMES)
def dialect(request: pytest.FixtureRequest) -> Dialect[Any]:
    """Each dialect in its turn, loaded as the server loads it."""
    loaded = import_module(f"watchword.dialects.{request.param}").dialect
    assert isinstance(loaded, Dialect)
    assert loaded.name == request.param
    return loaded


@pytest.fixture
def voice(dialect: Dialect[Any]) -> Voice:
    return dialect.voice(dialect.options())


def test_there_are_dialects() -> None:
    """Otherwise the other tests of this page would prove nothing."""
    assert NAMES


def test_settings_that_nobody_knows_are_refused(dialect: Dialect[Any]) -> None:
    """The struct of a dialect's options is strict, and every option has a default."""
    config = dialect.options.__struct_config__

    assert config.forbid_unknown_fields
    assert config.frozen
    assert dialect.options() == dialect.options()


def test_each_path_is_below_a_prefix_of_its_dialect(dialect: Dialect[Any]) -> None:
    """Only there does the dialect word what it does not serve."""
    strays = [
        one.path
        for one in _operations(dialect)
        if not any(f"{one.path}/".startswith(f"{prefix}/") for prefix in dialect.prefixes)
    ]

    assert strays == []


def test_each_operation_is_described(dialect: Dialect[Any]) -> None:
    """It has a summary, and a shape for what it answers."""
    bare = [
        f"{one.method} {one.path}"
        for one in _operations(dialect)
        if not one.summary or one.answers[min(one.answers)].shape is None
    ]

    assert bare == []


def test_examples_have_the_shape_that_is_read(dialect: Dialect[Any]) -> None:
    """What the description shows for a body would be taken."""
    shown = [one for one in _operations(dialect) if one.body and one.example is not None]

    for one in shown:
        assert msgspec.convert(one.example, one.body, from_attributes=True), one.path


@pytest.mark.parametrize("error", every_error())
def test_a_dialect_can_say_every_error(voice: Voice, error: type[CoreError]) -> None:
    """None of them becomes a failure of the server, and a busy one says when to come again."""
    answer = voice.render_error(_raised(error))

    assert _is_said(answer)


@pytest.mark.parametrize("reason", Refusal)
def test_a_dialect_can_say_every_refusal(voice: Voice, reason: Refusal) -> None:
    """Each has its words, with the numbers that belong to it."""
    answer = voice.render_refusal(Refused(reason, number=7, retry_after=11))

    assert _is_said(answer)


@pytest.mark.parametrize("reason", [Refusal.PASSWORD_SHORT, Refusal.NAME_SHORT])
def test_a_dialect_says_the_number(voice: Voice, reason: Refusal) -> None:
    """Who is told that something is too short learns how long it must be."""
    answer = voice.render_refusal(Refused(reason, number=4321))

    assert b"4321" in answer.body


@pytest.mark.parametrize("reason", [Refusal.FLOW_UNKNOWN, Refusal.PARAMETERS_INVALID])
def test_a_dialect_says_what_there_is_to_mend(voice: Voice, reason: Refusal) -> None:
    """Where the reason alone does not say it, a sentence of the core's does."""
    answer = voice.render_refusal(Refused(reason, detail="Mend {this}, not that."))

    assert b". Mend {this}, not that." in answer.body


def test_a_dialect_says_what_comes_from_beneath_it(voice: Voice) -> None:
    """The words for what the http room and the transport refuse are its own as well."""
    answers = [say_status(voice, status) for status in BENEATH]

    assert all(answer.body for answer in answers)


def test_a_dialect_tells_no_credential_from_a_bad_one(voice: Voice) -> None:
    """Both can be said."""
    answers = [voice.render_unauthenticated(problem) for problem in CredentialProblem]

    assert all(_is_said(answer) for answer in answers)


def _operations(dialect: Dialect[Any]) -> Sequence[Operation]:
    # Nothing is called, so nothing needs to be there.
    nothing: dict[str, Any] = {one.name: None for one in fields(Services)}
    return dialect.operations(Services(**nothing), dialect.options())


def _raised(error: type[CoreError]) -> CoreError:
    return error("name") if error in {ConflictError, InvalidError} else error()


def _is_said(answer: Response) -> bool:
    """Say whether this is an answer with a body, and with a time where one can come again."""
    tells_when = answer.status_code not in TELLS_WHEN or "retry-after" in answer.headers
    return bool(answer.body) and answer.status_code != 500 and tells_when
