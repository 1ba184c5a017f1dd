"""One event is one line, whoever writes it, and no line holds a secret."""

import asyncio
import io
import json
import logging
import re
import subprocess
import sys
import threading
import warnings
from typing import Any

import pytest

from observability.conftest import Written
from watchword.observability.log import LINE_MAX, configure, get_logger, request_id

SECRET = "hunter2-and-more"


class Full(io.StringIO):
    """A disk with no room left."""

    def write(self, text: str) -> int:
        raise OSError(28, f"No space left on device for {len(text)} characters")


log = get_logger("watchword.test")


def fail(text: str) -> None:
    raise ValueError(text)


class TestLines:
    def test_an_event_is_one_line_of_json(self, written: Written) -> None:
        """Time in UTC, level, event and speaker come first, then the fields."""
        log.info("account made", account_id="a", roles=["user"], ms=1.5)

        line = written.line()
        assert list(line)[:4] == ["time", "level", "event", "logger"]
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z", line.pop("time"))
        assert line == {
            "level": "info",
            "event": "account made",
            "logger": "watchword.test",
            "account_id": "a",
            "roles": ["user"],
            "ms": 1.5,
        }

    def test_a_line_break_does_not_make_a_second_line(self, written: Written) -> None:
        """Nobody can write a line of ours through a field."""
        log.info("a\nb", name='x\n{"level":"critical"}\u2028y\x1b[2J')

        assert written.getvalue().count("\n") == 1
        assert written.getvalue().isascii()
        assert written.line()["name"] == 'x\n{"level":"critical"}\u2028y\x1b[2J'

    @pytest.mark.parametrize(
        ("level", "expected"),
        [
            ("debug", ["debug", "info", "warning", "error"]),
            ("info", ["info", "warning", "error"]),
            ("error", ["error"]),
        ],
    )
    def test_quiet_levels_are_left_out(
        self, written: Written, level: str, expected: list[str]
    ) -> None:
        """The setting holds for us and for libraries, also for loggers made before."""
        configure(level=level, stream=written)

        for name in ("debug", "info", "warning", "error"):
            getattr(log, name)("x")
            getattr(logging.getLogger("asyncpg"), name)("x")

        assert [line["level"] for line in written.lines()[::2]] == expected
        assert [line["level"] for line in written.lines()[1::2]] == expected

    def test_fields_do_not_replace_what_we_say(self, written: Written) -> None:
        """A field called level or worker is kept beside ours."""
        log.info("x", level="none", worker="none", time="none", request_id="none")

        line = written.line()
        assert (line["level"], line["level_"]) == ("info", "none")
        assert (line["worker_"], line["request_id_"]) == ("none", "none")
        assert line["time"] != "none"

    def test_the_worker_is_named(self, written: Written) -> None:
        """With several processes each line says which one wrote it."""
        configure(worker=2, stream=written)

        log.info("x")

        assert written.line()["worker"] == 2

    def test_text_is_for_people(self, written: Written) -> None:
        """The other format is a line of words; nothing in it can move the cursor."""
        configure(format="text", stream=written)

        log.warning("database busy", name="a\x1b[2J\nb", secret=SECRET)
        log.error("failed", exc_info=ValueError(f"token={SECRET}"))

        first, second, third = written.getvalue().splitlines()
        assert re.sub(r"^\S+Z ", "", first) == (
            'warning  database busy logger=watchword.test name="a\\u001b[2J\\nb" secret=***'
        )
        assert second.endswith("error    failed logger=watchword.test")
        assert third == "    ValueError: token=***"

    def test_a_line_has_an_end(self, written: Written) -> None:
        """A line that would be huge keeps its head and says how long it was."""
        log.info("x", **{f"field{number}": "y" * 1000 for number in range(100)})

        assert len(written.getvalue()) < LINE_MAX
        assert written.line()["event"] == "x"
        assert written.line()["cut"] > LINE_MAX


class TestRequests:
    async def test_each_line_names_its_request(self, written: Written) -> None:
        """Requests that run at the same time do not mix up their ids."""

        async def answer(name: str) -> None:
            request_id.set(name)
            await asyncio.sleep(0)
            log.info(name)

        await asyncio.gather(*(asyncio.create_task(answer(name)) for name in "abc"))
        log.info("outside")

        assert [(line["event"], line.get("request_id")) for line in written.lines()] == [
            ("a", "a"),
            ("b", "b"),
            ("c", "c"),
            ("outside", None),
        ]

    def test_an_id_from_outside_is_looked_at_too(self, written: Written) -> None:
        """A caller may choose the id; it is no way to put a token into the log."""
        token = request_id.set(f"token={SECRET}")
        log.info("x")
        request_id.reset(token)

        assert written.line()["request_id"] == "token=***"


class TestSecrets:
    @pytest.mark.parametrize(
        "fields",
        [
            {"password": SECRET},
            {"body": {"user": {"password": SECRET}}},
            {"url": f"/api/auth/me?token={SECRET}"},
            {"headers": [(b"authorization", SECRET.encode())]},
            {"raw": f'{{"password": "{SECRET}"}}'.encode()},
            {"error": ValueError(f"password={SECRET}")},
            {"exc_info": ValueError(f"password={SECRET}")},
            {"exc_info": ExceptionGroup("x", [ValueError(f"password={SECRET}")])},
            {f"token={SECRET}": 1},
        ],
    )
    @pytest.mark.parametrize("style", ["json", "text"])
    def test_no_field_lets_one_through(
        self, written: Written, fields: dict[str, Any], style: str
    ) -> None:
        """Nested, in bytes, in an exception, in a name: the line has a mask instead."""
        configure(format=style, stream=written)

        log.error("failed with %s", f"password={SECRET}", **fields)

        assert SECRET not in written.getvalue()
        assert "***" in written.getvalue()

    def test_a_caught_exception_is_a_field(self, written: Written) -> None:
        """Type, message, places; neither variables nor lines of source."""
        try:
            fail(f"password={SECRET}")
        except ValueError:
            log.exception("sign-in failed")

        line = written.line()
        assert line["level"] == "error"
        assert line["exception"]["type"] == "ValueError"
        assert line["exception"]["message"] == "password=***"
        assert line["exception"]["stack"][-1].endswith(" fail")
        assert SECRET not in written.getvalue()

    def test_no_exception_is_no_field(self, written: Written) -> None:
        """`exception` outside of an except clause is a plain line."""
        log.exception("x")  # noqa: LOG004 - that is the slip we look at
        log.info("x", exc_info=None)

        assert all("exception" not in line for line in written.lines())


class TestLibraries:
    @pytest.mark.parametrize("name", ["uvicorn.error", "asyncio", "asyncpg", "apsw", "other"])
    def test_their_lines_are_like_ours(self, written: Written, name: str) -> None:
        """What a library logs has the same shape, and the same net under it."""
        logging.getLogger(name).warning("got %s for %s", {"password": SECRET}, "ada")

        line = written.line()
        assert line.pop("time")
        assert line == {
            "level": "warning",
            "event": "got {'password': ***} for ada",
            "logger": name,
        }

    def test_a_library_that_set_itself_up_is_taken_over(self, written: Written) -> None:
        """A handler of its own would write beside our stream."""
        library, own = logging.getLogger("uvicorn"), io.StringIO()
        library.addHandler(logging.StreamHandler(own))
        library.propagate = False

        configure(stream=written)
        library.error("x")

        assert own.getvalue() == ""
        assert written.line()["logger"] == "uvicorn"

    def test_their_exceptions_are_fields_too(self, written: Written) -> None:
        """uvicorn logs what an application raised; the message is scrubbed."""
        try:
            fail(f"token={SECRET}")
        except ValueError:
            logging.getLogger("uvicorn.error").exception("Exception in ASGI application\n")

        assert written.line()["exception"]["message"] == "token=***"

    def test_odd_records_do_no_harm(self, written: Written) -> None:
        """A text that does not fit its arguments, and a level of their own, are still lines."""
        configure(stream=written)  # alone: pytest's own handler is less patient
        logging.getLogger("other").warning("%d", SECRET)
        logging.getLogger("other").log(25, "between info and warning")

        first, second = written.lines()
        assert first["event"] == "a message that does not fit its arguments"
        assert (second["level"], second["event"]) == ("info", "between info and warning")
        assert SECRET not in written.getvalue()

    def test_warnings_are_lines(self, written: Written) -> None:
        """Python's warnings go into the stream as well."""
        with warnings.catch_warnings():
            warnings.simplefilter("always")
            logging.captureWarnings(capture=True)
            warnings.warn("old way", DeprecationWarning, stacklevel=1)
            logging.captureWarnings(capture=False)

        assert written.line()["logger"] == "py.warnings"


class TestFaults:
    def test_a_full_disk_stops_nobody(self, written: Written) -> None:
        """When a line cannot be written the work goes on."""
        configure(stream=Full())
        log.error("x")
        configure(stream=written)

        log.error("y")

        assert written.line()["event"] == "y"

    def test_a_value_that_fights_back(self, written: Written) -> None:
        """If making the line fails, a line says that, and not why in words of the value."""

        class Odd(dict[str, str]):
            def items(self) -> Any:  # noqa: ANN401 - it never returns
                raise RuntimeError(SECRET)

        log.info("x", odd=Odd())

        line = written.line()
        assert (line["level"], line["event"]) == ("error", "log line lost")
        assert (line["because"], line["logger"]) == ("RuntimeError", "watchword.test")
        assert SECRET not in written.getvalue()

    def test_threads_do_not_mix_their_lines(self, written: Written) -> None:
        """Lines of several threads stay whole."""
        threads = [
            threading.Thread(target=lambda: [log.info("x" * 500) for _ in range(100)])
            for _ in range(4)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

        assert [line["event"] for line in written.lines()] == ["x" * 500] * 400


def run(code: str) -> list[dict[str, Any]]:
    """Run code in a process of its own and return what it wrote to stderr, as lines."""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.stdout == ""
    return [json.loads(line) for line in done.stderr.splitlines()]


class TestProcess:
    def test_the_log_goes_to_stderr_before_it_is_configured(self) -> None:
        """Output of commands is not mixed with lines, and the net is there from the start."""
        lines = run(
            "from watchword.observability.log import get_logger\n"
            f"get_logger('x').info('y', password='{SECRET}')\n"
            "get_logger('x').debug('z')"
        )

        assert [(line["event"], line["password"]) for line in lines] == [("y", "***")]

    def test_what_nobody_caught_is_a_line(self) -> None:
        """In the main thread, in another one, and where Python cannot raise."""
        lines = run(
            "import threading\n"
            "from watchword.observability.log import catch_uncaught\n"
            "catch_uncaught()\n"
            "def fail(*_): raise ValueError('password=x')\n"
            "class Odd: __del__ = fail\n"
            "Odd()\n"
            "thread = threading.Thread(target=fail); thread.start(); thread.join()\n"
            "fail()"
        )

        assert [line["event"] for line in lines] == ["uncaught exception"] * 3
        assert {line["exception"]["message"] for line in lines} == {"password=***"}

    def test_it_is_quiet_while_somebody_is_told_another_way(self) -> None:
        """A command says itself what is wrong; afterwards lines come as before."""
        lines = run(
            "from watchword.observability.log import get_logger, hushed\n"
            "log = get_logger('x')\n"
            "with hushed():\n"
            "    log.critical('within')\n"
            "log.info('after')"
        )

        assert [line["event"] for line in lines] == ["after"]

    def test_a_key_press_is_no_fault(self) -> None:
        """Ctrl-C ends a program as it always does."""
        code = (
            "from watchword.observability.log import catch_uncaught\n"
            "catch_uncaught()\n"
            "raise KeyboardInterrupt"
        )

        done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=False)

        assert done.stderr.endswith(b"KeyboardInterrupt\n")

    def test_logging_is_light(self) -> None:
        """rich stays out: it costs 40 ms and 5 MiB, and shows variables. Others may use it."""
        lines = run(
            "import sys\n"
            "from watchword.observability.log import get_logger\n"
            "before = [name for name in sys.modules if name.split('.')[0] in ('rich', 'attr')]\n"
            "import rich.console\n"
            "get_logger('x').info('y', loaded=before)"
        )

        assert [line["loaded"] for line in lines] == [[]]
