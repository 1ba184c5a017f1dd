"""Which flows there are: ours, filled with what they need, and those of installed packages."""

from collections.abc import Iterable

from watchword.jobs.book import AnyFlow, Book, entered_flows
from watchword.settings.model import Settings

LETTERS_LOCK = "postman.lock"
"""Held by whoever sends letters, in the data folder."""


def make_book(settings: Settings) -> Book:
    """Return the book of all flows. Nothing of them is loaded before somebody looks into it."""
    return Book(lambda: _ours(settings), entered_flows)


def _ours(settings: Settings) -> Iterable[AnyFlow]:
    # Most processes never look at a flow, and these are what it takes to run one.
    from watchword.jobs.flows import (  # noqa: PLC0415
        accounts_export,
        accounts_import,
        keys_rotate,
        mail_send,
        sessions_purge,
    )

    yield accounts_import.flow(settings.import_folder)
    yield accounts_export.flow()
    yield mail_send.flow(settings.folder / LETTERS_LOCK)
    yield sessions_purge.flow()
    yield keys_rotate.flow()
