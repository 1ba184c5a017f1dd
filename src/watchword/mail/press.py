"""Puts facts into templates: an operator's own where they work, ours otherwise."""

import re
import textwrap
import traceback
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING

from watchword.core.kernel.errors import InvalidError
from watchword.core.ports import Worded
from watchword.mail.moments import NO_BREAK
from watchword.observability.log import get_logger

if TYPE_CHECKING:
    from jinja2 import Environment, Template

LINE_LENGTH = 72
PART_LENGTH_MAX = 100_000
"""No part of a letter is longer: mail programs cut it there, or do not show it at all."""

OURS = Path(__file__).parent / "templates"

_log = get_logger("watchword.mail")
_BLANK_LINES = re.compile(r"\n(?:[ \t]*\n)+")
_Facts = Mapping[str, str]


class Press:
    """Prints letters. No fault in a template of an operator can stop one.

    `folder` may have templates under the names of ours; each goes before ours. A letter is
    two templates: NAME.txt, with its subject as the block `subject`, and NAME.html. They are
    read once, when a letter needs them first; so is what reads them, which takes 2 MiB.
    """

    def __init__(self, folder: Path | None = None) -> None:
        if folder is not None and not folder.is_dir():
            raise InvalidError("mail.templates", f"mail.templates: {folder} is not a folder.")
        self._folder = folder

    @cached_property
    def _ours(self) -> "Environment":
        return _environment(OURS)

    @cached_property
    def _theirs(self) -> "Environment | None":
        return _environment(self._folder, OURS) if self._folder else None

    def print(self, name: str, facts: _Facts) -> Worded:
        """Return a letter in words; `name` is the language and the kind, as `en/reset`."""
        subject, text = self._plain_part(f"{name}.txt", facts)
        return Worded(subject, text, self._html_part(f"{name}.html", {**facts, "subject": subject}))

    def _plain_part(self, template: str, facts: _Facts) -> tuple[str, str]:
        if self._theirs is not None:
            try:
                return _print_plain(self._theirs, template, facts)
            except Exception as error:  # noqa: BLE001 - a template can raise whatever it likes
                _tell(template, error)
        return _print_plain(self._ours, template, facts)

    def _html_part(self, template: str, facts: _Facts) -> str:
        if self._theirs is not None:
            try:
                return _checked(self._theirs.get_template(template).render(facts))
            except Exception as error:  # noqa: BLE001 - as above
                _tell(template, error)
        return _checked(self._ours.get_template(template).render(facts))


def wrap(text: str) -> str:
    """Fill the paragraphs of a text. Lines that begin with a blank stay as they are."""
    paragraphs = _BLANK_LINES.split(text.strip("\n"))
    return "\n\n".join(map(_wrapped, paragraphs)).replace(NO_BREAK, " ") + "\n"


def _wrapped(paragraph: str) -> str:
    lines = [line.rstrip() for line in paragraph.splitlines()]
    if any(line.startswith(" ") for line in lines):
        return "\n".join(filter(None, lines))
    # A link that is cut in two leads nowhere.
    return textwrap.fill(
        " ".join(lines), LINE_LENGTH, break_long_words=False, break_on_hyphens=False
    )


def _environment(*folders: Path) -> "Environment":
    import jinja2.sandbox  # noqa: PLC0415 - see Press

    return jinja2.sandbox.ImmutableSandboxedEnvironment(
        loader=jinja2.FileSystemLoader(folders),
        undefined=jinja2.StrictUndefined,
        autoescape=jinja2.select_autoescape(["html"]),
        trim_blocks=True,
        lstrip_blocks=True,
        # Read once: half of a change, with the rest still being written, is in no letter.
        auto_reload=False,
    )


def _print_plain(environment: "Environment", name: str, facts: _Facts) -> tuple[str, str]:
    template = environment.get_template(name)
    return _subject(template, facts), wrap(_checked(template.render(facts)))


def _subject(template: "Template", facts: _Facts) -> str:
    block = template.blocks["subject"]
    return " ".join(_checked("".join(block(template.new_context(dict(facts))))).split())


def _checked(part: str) -> str:
    if not part.strip() or len(part) > PART_LENGTH_MAX:
        raise ValueError("nothing in it, or too much")
    return part


def _tell(template: str, error: Exception) -> None:
    """Log where a template is broken. What an error says may quote the letter: it stays out."""
    from jinja2.exceptions import TemplateSyntaxError  # noqa: PLC0415 - see Press

    place, line = template, None
    if isinstance(error, TemplateSyntaxError):
        place, line = error.name or template, error.lineno
    elif (found := _where(error.__traceback__)) is not None:
        place, line = found
    _log.error(
        "a letter template is broken, ours is used",
        template=template,
        file=place,
        line=line,
        because=type(error).__name__,
    )


def _where(trace: TracebackType | None) -> tuple[str, int | None] | None:
    """Return the place in a template that an error came from."""
    frames = [
        one for one in traceback.extract_tb(trace) if one.filename.endswith((".txt", ".html"))
    ]
    return (frames[-1].filename, frames[-1].lineno) if frames else None
