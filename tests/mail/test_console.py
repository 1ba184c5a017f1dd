"""Letters where no mail server is set: on a terminal, and never in a log."""

import io

import pytest

from mail.stationery import AT, CODE, SECRET, letter, writer
from parts.loglines import LogLines
from watchword.core.kernel.ids import LetterId
from watchword.core.ports import Mailer, Outcome, Posting
from watchword.mail.console import ConsoleMailer

ID = LetterId("00000000-0000-4000-8000-000000000001")


class Terminal(io.StringIO):
    """A terminal."""

    def isatty(self) -> bool:
        return True


class GoneTerminal(Terminal):
    """A terminal that was closed."""

    def write(self, _text: str) -> int:
        raise OSError(5, "Input/output error")


def mailer(stream: io.StringIO) -> Mailer:
    return ConsoleMailer(writer(), stream=stream)


async def test_a_terminal_shows_the_whole_letter() -> None:
    """To whom, about what, with its link and its code."""
    terminal = Terminal()

    posting = await mailer(terminal).send(ID, letter(), at=AT)

    shown = terminal.getvalue()
    assert posting == Posting(Outcome.ACCEPTED)
    assert "\nTo:      ada@example.net\nSubject: Confirm your address for Example Works\n" in shown
    assert f"/account/confirm?ticket={SECRET}\n" in shown
    assert f"    {CODE}\n" in shown
    assert "no mail server" in shown


async def test_without_a_terminal_the_log_says_how_to_see_it(log_lines: LogLines) -> None:
    """And holds neither address nor secret."""
    stream = io.StringIO()

    posting = await mailer(stream).send(ID, letter(name="zaphod"), at=AT)

    (line,) = log_lines.all()
    assert posting == Posting(Outcome.ACCEPTED)
    assert stream.getvalue() == ""
    assert (line["kind"], line["show"]) == ("confirm", f"watchword mail show {ID}")
    for secret in (SECRET, CODE, "example.net", "zaphod"):
        assert secret not in log_lines.text()


async def test_a_terminal_that_is_gone_stops_nothing(log_lines: LogLines) -> None:
    """The letter is kept, as the log says."""
    posting = await mailer(GoneTerminal()).send(ID, letter(), at=AT)

    assert posting == Posting(Outcome.ACCEPTED)
    assert log_lines.of("a letter is kept")


async def test_each_letter_counts_as_taken() -> None:
    """By whoever waits to hear it, on a terminal or not."""
    told: list[str] = []

    for stream in (Terminal(), GoneTerminal(), io.StringIO()):
        await mailer(stream).send(ID, letter(), at=AT, on_yes=lambda: told.append("yes"))

    assert told == ["yes"] * 3


@pytest.mark.parametrize("typed", ["\x1b[2J", "\x9b2J", "\x1b]0;x\x07", "a\rb", "\u202e"])
async def test_nothing_typed_can_steer_the_terminal(typed: str) -> None:
    """Names and addresses come from strangers."""
    terminal = Terminal()

    await mailer(terminal).send(ID, letter(name=typed, to=f"{typed}@example.net"), at=AT)

    assert all(char.isprintable() for char in terminal.getvalue().replace("\n", ""))


def test_letters_end_there() -> None:
    """So their text must be kept, to be shown later; and it can be."""
    last = mailer(Terminal())

    assert last.is_last
    assert last.word(letter(), at=AT) == writer().word(letter(), at=AT)
