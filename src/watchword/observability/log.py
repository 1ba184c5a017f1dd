"""Logs: one JSON object a line on stderr, from us and from every library, without secrets.

`log = get_logger("watchword.storage")`, then `log.warning("database busy", wait_s=3)`: the
event is a constant, what varies is a field. Before `configure` the lines are the same, at
level info.
"""

import json
import logging
import sys
import threading
from collections.abc import Iterator, MutableMapping
from contextlib import contextmanager
from contextvars import ContextVar
from types import ModuleType, TracebackType
from typing import TYPE_CHECKING, Any, TextIO

import msgspec

from watchword.observability.redact import describe, scrub_field, scrub_text

if TYPE_CHECKING:
    import structlog
    from structlog.typing import FilteringBoundLogger as Logger

Fields = MutableMapping[str, Any]

LINE_MAX = 32_768
LEVELS = {"debug": 10, "info": 20, "warning": 30, "error": 40, "critical": 50}
_NEVER = 100

request_id: ContextVar[str] = ContextVar("request_id", default="")
"""The id of the request that is being answered; every line repeats it."""

# They write with the standard library, and some bring handlers of their own.
_LIBRARIES = ("uvicorn", "uvicorn.error", "uvicorn.access", "asyncio", "asyncpg", "apsw")
_TAKEN = {"time", "event", "logger", "exc_info", "stack_info"}
_HEAD = ("time", "level", "event", "logger", "worker", "request_id")


def _lean_structlog() -> ModuleType:
    """Import structlog, but not what it takes in when it is there and we have no use for.

    rich costs 40 ms and 5 MiB, for a kind of output that we do not write and whose
    tracebacks show local variables; greenlet costs 1 MiB, and no thread of ours is one.
    None in sys.modules means "is not there".
    """
    blocked = {"rich", "greenlet"} - sys.modules.keys()
    sys.modules.update(dict.fromkeys(blocked))  # type: ignore[arg-type] # typeshed: modules only
    try:
        import structlog  # noqa: PLC0415 - those must be out of the way first
    finally:
        for name in blocked:
            del sys.modules[name]
    return structlog


if not TYPE_CHECKING:
    structlog = _lean_structlog()


def get_logger(name: str) -> "Logger":
    """Return a logger whose lines say which part of the program speaks."""
    logger: Logger = structlog.wrap_logger(
        _output, processors=_CHAIN, wrapper_class=_EVERY_LEVEL, context_class=dict
    ).bind(logger=name)
    return logger


def tell(logger: str, event: str, **ours: str | float | None) -> None:
    """Write one line at level info in which every value is of our own making.

    Nothing in it is looked through for secrets but the request's id, so it costs a third
    of what a logger's line does. It is for the line that each request writes.
    """
    if LEVELS["info"] < _output.threshold:
        return
    told: dict[str, Any] = {"time": "", "level": "info", "event": event, "logger": logger}
    _stamp(None, "info", told)
    if _output.worker is not None:
        told["worker"] = _output.worker
    if named := request_id.get():
        told["request_id"] = scrub_text(named)
    told.update(ours)
    _output.write(_text(told) if _output.is_text else _encode_own(told).decode())


def configure(
    level: str = "info",
    format: str = "json",  # noqa: A002 - the setting is called so
    worker: int | None = None,
    stream: TextIO | None = None,
) -> None:
    """Say what is written and how, and take over what libraries write."""
    _output.threshold = LEVELS[level]
    _output.is_text = format == "text"
    _output.worker = worker
    _output.stream = stream
    for name in _LIBRARIES:
        library = logging.getLogger(name)
        library.handlers.clear()
        library.propagate = True
    # What it tells at info, that it begins and ends, we say ourselves.
    logging.getLogger("uvicorn.error").setLevel(max(_output.threshold, logging.WARNING))
    # It quotes what clients send, and the line of their request says that it was refused.
    logging.getLogger("python_multipart").setLevel(logging.CRITICAL)
    root = logging.getLogger()
    root.handlers[:] = [_FromLibraries()]
    root.setLevel(_output.threshold)
    logging.captureWarnings(capture=True)


@contextmanager
def hushed() -> Iterator[None]:
    """Write nothing for a while: whoever is at the terminal is told another way."""
    before = _output.threshold
    _output.threshold = _NEVER
    try:
        yield
    finally:
        _output.threshold = before


def catch_uncaught() -> None:
    """Write what nobody caught as a line too, instead of Python's own traceback."""
    sys.excepthook = _on_uncaught
    threading.excepthook = lambda args: _tell_uncaught(args.exc_value)
    sys.unraisablehook = lambda args: _tell_uncaught(args.exc_value)


class _Output:
    """Where lines go. Several threads may write; a failure to write stops nobody."""

    def __init__(self) -> None:
        self.threshold = LEVELS["info"]
        self.is_text = False
        self.worker: int | None = None
        self.stream: TextIO | None = None
        # Reentrant: a signal may come, and log, while its own thread is writing.
        self._lock = threading.RLock()

    def write(self, line: str) -> None:
        with self._lock:
            try:
                stream = self.stream or sys.stderr
                stream.write(line + "\n")
                stream.flush()
            except (OSError, ValueError, AttributeError):
                return  # The disk is full, or stderr is closed: there is nobody to tell.

    debug = info = warning = error = critical = write  # what structlog calls


class _FromLibraries(logging.Handler):
    """Turns what libraries log into lines of ours."""

    def emit(self, record: logging.LogRecord) -> None:
        try:
            event = record.getMessage()
        except Exception:  # noqa: BLE001 - a library's arguments may not fit its own text
            event = "a message that does not fit its arguments"
        # Levels between ours count as the one below.
        level = max((each for each in LEVELS.values() if each <= record.levelno), default=10)
        get_logger(record.name).log(level, "%s", event, exc_info=record.exc_info)


def _drop_quiet(_: object, level: str, fields: Fields) -> Fields:
    if LEVELS[level] < _output.threshold:
        raise structlog.DropEvent
    return fields


def _as_line(_: object, level: str, fields: Fields) -> str:
    try:
        told = _told(level, fields)
    except Exception as error:  # noqa: BLE001 - a log line must not be what breaks a request
        told = {name: fields[name] for name in ("time", "logger")}
        told |= {"level": "error", "event": "log line lost", "because": type(error).__name__}
    return _text(told) if _output.is_text else _json(told)


def _told(level: str, fields: Fields) -> dict[str, Any]:
    """Return the line as plain data without secrets, what is in every line first."""
    head = {
        "time": fields["time"],
        "level": level,
        "event": scrub_text(str(fields.get("event", ""))),
        "logger": fields["logger"],
        "worker": _output.worker,
        "request_id": scrub_text(request_id.get()) or None,
    }
    told = {name: value for name, value in head.items() if value is not None}
    for name, value in fields.items():
        if name not in _TAKEN:
            told[f"{name}_" if name in head else scrub_text(name)] = scrub_field(name, value)
    if (error := _exception(fields.get("exc_info"))) is not None:
        told["exception"] = describe(error)
    return told


def _exception(given: object) -> BaseException | None:
    match given:
        case BaseException():
            return given
        case (_, BaseException() as error, _):
            return error
        case None | False | (None, None, None):
            return None
    return sys.exc_info()[1]


def _json(told: dict[str, Any]) -> str:
    line = _encode(told)
    if len(line) <= LINE_MAX:
        return line
    return _encode({name: told[name] for name in _HEAD if name in told} | {"cut": len(line)})


def _text(told: dict[str, Any]) -> str:
    error = told.pop("exception", None)
    start = [str(told.pop("time", "")), f"{told.pop('level'):<8}", _plain(told.pop("event"))]
    line = " ".join(start + [f"{name}={_plain(value)}" for name, value in told.items()])[:LINE_MAX]
    while error is not None:
        stack = "".join(f"\n      {place}" for place in error["stack"])
        line += f"\n    {error['type']}: {_plain(error['message'])}{stack}"
        error = error.get("cause")
    return line


def _plain(value: object) -> str:
    # Nothing in a text line can move the cursor, or begin a line that is not ours.
    if isinstance(value, str) and value.isprintable():
        return value
    return json.dumps(value)


def _on_uncaught(
    kind: type[BaseException], error: BaseException, trace: TracebackType | None
) -> None:
    if isinstance(error, KeyboardInterrupt):
        sys.__excepthook__(kind, error, trace)
    else:
        _tell_uncaught(error)


def _tell_uncaught(error: BaseException | None) -> None:
    get_logger("watchword").critical("uncaught exception", exc_info=error)


_encode_own = msgspec.json.Encoder().encode
_encode = json.JSONEncoder(separators=(",", ":")).encode
_output = _Output()
_EVERY_LEVEL = structlog.make_filtering_bound_logger(0)
_stamp = structlog.processors.TimeStamper(fmt="iso", utc=True, key="time")
_CHAIN = (_drop_quiet, _stamp, _as_line)
