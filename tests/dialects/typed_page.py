"""Types the examples of a dialect's page into bash, in order, against real servers."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from watchword.core.services import Services
from watchword.http.dialect import Dialect

PAGES = Path(__file__).resolve().parents[2] / "docs" / "dialects"
WATCHWORD = Path(sys.executable).parent / "watchword"

FENCED = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
LISTENS = re.compile(r"listens on https?://127\.0\.0\.1:(\d+)")
STARTED = re.compile(r"^\$ (?P<settings>(?:\w+=\S+ )*)watchword (?P<arguments>.* --port \d+.*)$")
FIRST_PORT = "9261"
BETWEEN = "-- the next example --"
ANY = "…"
BARE = re.compile(rf"(?<=: ){ANY}")


@dataclass(frozen=True)
class Example:
    """What the page says to type, and what it says comes back."""

    typed: str
    status: int
    body: Any


def examples(page: str) -> list[Example]:
    """Return the examples: each block of shell with the answer that follows it."""
    blocks = [(kind, text) for kind, text in FENCED.findall(page) if kind in {"sh", "text"}]
    kinds = [kind for kind, _ in blocks]
    assert kinds == ["sh", "text"] * (len(blocks) // 2), "an example lacks its answer"
    answers = (text.partition("\n") for _, text in blocks[1::2])
    return [
        Example(typed, int(status), json.loads(BARE.sub(f'"{ANY}"', body)))
        for (_, typed), (status, _, body) in zip(blocks[::2], answers, strict=True)
    ]


def servers(page: str) -> dict[str, tuple[dict[str, str], list[str]]]:
    """Return the servers that the page starts by their ports there: environment, arguments.

    The first one is a fresh demo, unless the page says how to start it.
    """
    nothing: dict[str, str] = {}
    found = {FIRST_PORT: (nothing, ["serve", "--demo", "--data", "first-data"])}
    for kind, text in FENCED.findall(page):
        if kind != "console":
            continue
        line = STARTED.match(text.strip())
        assert line, text
        words = line["arguments"].split()
        place = words.index("--port")
        port = words[place + 1]
        del words[place : place + 2]
        found[port] = (dict(one.split("=", 1) for one in line["settings"].split()), words)
    return found


@contextmanager
def serving(settings: dict[str, str], arguments: list[str], folder: Path) -> Iterator[str]:
    """Run the program itself on a free port, and give the port."""
    process = subprocess.Popen(
        [WATCHWORD, *arguments, "--port", "0"],
        cwd=folder,
        env={"PATH": os.environ["PATH"], "HOME": str(folder), **settings},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    with process:
        assert process.stdout is not None
        try:
            told = next((found for line in process.stdout if (found := LISTENS.search(line))), None)
            assert told, f"{arguments}: ended with {process.wait()}"
            yield told[1]
        finally:
            process.terminate()
            process.stdout.read()


def run(script: str, folder: Path) -> tuple[list[str], list[str]]:
    """Run it all in one shell; return for each example what came out, and the last status."""
    # %{stderr}: the status goes where the examples' own pipes do not see it.
    (folder / ".curlrc").write_text('write-out = "%{stderr}%{http_code}\\n"\n', encoding="utf-8")
    path = f"{WATCHWORD.parent}:{os.environ['PATH']}"
    done = subprocess.run(
        ["bash", "-u"],
        cwd=folder,
        env={"PATH": path, "HOME": str(folder), "LC_ALL": "C.UTF-8"},
        input=script,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    parts = [text.split(f"{BETWEEN}\n") for text in (done.stdout, done.stderr)]
    return parts[0][:-1], parts[1][:-1]


def mismatches(page: str, folder: Path) -> list[tuple[str, str, str]]:
    """Return the examples of a page for which something else comes back: typed, status, body."""
    told = examples(page)
    script = "".join(f"{one.typed}echo\necho '{BETWEEN}' | tee /dev/stderr\n" for one in told)
    with every_server(page, folder) as ports:
        for written, real in ports.items():
            script = script.replace(f"127.0.0.1:{written}", f"127.0.0.1:{real}")
        bodies, statuses = run(script, folder)
    assert told
    assert len(bodies) == len(statuses) == len(told)
    return [
        (example.typed, status, body)
        for example, body, status in zip(told, bodies, statuses, strict=True)
        if not _is_as_told(example, status, body)
    ]


def _is_as_told(example: Example, status: str, body: str) -> bool:
    came = status.split()[-1:] == [str(example.status)]
    return came and agrees(json.loads(last(body)), example.body)


@contextmanager
def every_server(page: str, folder: Path) -> Iterator[dict[str, str]]:
    """Run all servers of the page; give the real port of each port that it prints."""
    with ExitStack() as stack:
        yield {
            port: stack.enter_context(serving(settings, arguments, folder))
            for port, (settings, arguments) in servers(page).items()
        }


def last(output: str) -> str:
    """Return the last answer: a loop prints several, without a line's end between them."""
    decoder, rest, answer = json.JSONDecoder(), output.strip(), ""
    while rest:
        _, end = decoder.raw_decode(rest)
        answer, rest = rest[:end], rest[end:].lstrip()
    return answer


def agrees(real: Any, told: Any) -> bool:  # noqa: ANN401 - both are any JSON
    """Say whether an answer is the one on the page; there an ellipsis stands for whatever comes.

    Within a text it is any text, by itself any number.
    """
    match told, real:
        case dict(), dict():
            return told.keys() == real.keys() and all(agrees(real[key], told[key]) for key in told)
        case list(), list():
            return len(told) == len(real) and all(map(agrees, real, told))
        case str(), str():
            return re.fullmatch(".+".join(map(re.escape, told.split(ANY))), real) is not None
        case str(), int():
            return told == ANY and not isinstance(real, bool)
    return type(real) is type(told) and bool(real == told)


def untold(page: str, dialect: Dialect[Any]) -> set[tuple[str, str]]:
    """Return what a dialect serves that has no line in the page's table."""
    nothing: dict[str, Any] = {one.name: None for one in fields(Services)}
    served = {
        (one.method, one.path) for one in dialect.operations(Services(**nothing), dialect.options())
    }
    rows = [line for line in page.splitlines() if line.startswith("| ")]
    return {
        (method, path)
        for method, path in served
        if not any(re.search(rf"\b{method}\b", row) and f"`{path}`" in row for row in rows)
    }
