"""Which pages there are. They are mounted beside every dialect, and no API describes them."""

from collections.abc import Iterator

from watchword.console.deeds import Deed, deeds
from watchword.console.page import Page
from watchword.console.voice import voice
from watchword.core.services import Services
from watchword.http.operation import Operation
from watchword.http.pages import with_head
from watchword.http.section import Section

PREFIX = "/account"
BODY_BYTES_MAX = 16 * 1024
"""The longest password, percent-encoded, and all names beside it have room in half of it."""


def console(services: Services) -> Section:
    """Return the pages."""
    operations = tuple(one for deed in deeds(services) for one in _operations(deed, services))
    return Section(
        name="console",
        title="Pages for people",
        voice=voice(),
        operations=operations,
        prefixes=(PREFIX,),
    )


def _operations(deed: Deed, services: Services) -> Iterator[Operation]:
    page, path = Page(deed, services), f"{PREFIX}/{deed.purpose}"
    yield from with_head(
        Operation(
            method="GET",
            path=path,
            endpoint=page.show,
            summary="Show what a mailed link would do",
        )
    )
    yield Operation(
        method="POST",
        path=path,
        endpoint=page.press,
        summary="Do what a mailed link allows",
        changes=True,
        body_bytes_max=BODY_BYTES_MAX,
    )
