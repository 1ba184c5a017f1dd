"""Where the links in letters lead: to `public_url`, and never to what a request calls us.

A demo has no such setting, and yet its letters should be worth trying. So it notes the
address it listens on, which leads here from this machine, and the command line reads it too.
"""

from contextlib import suppress
from pathlib import Path

from watchword.settings.model import Settings

ADDRESS_FILE = "demo-address"

_USUAL = "127.0.0.1"


def base_of_links(settings: Settings) -> str:
    """Return what links begin with; empty if nobody knows, and then letters have none."""
    if settings.public_url:
        return settings.public_url
    with suppress(OSError):
        return (settings.folder / ADDRESS_FILE).read_text("utf-8").strip()
    return ""


def keep_address(folder: Path, places: tuple[str, ...]) -> None:
    """Note where a demo listens: the first of its URLs that any browser here can open."""
    place = next((one for one in places if _USUAL in one), places[0])
    (folder / ADDRESS_FILE).write_text(f"{place}\n", encoding="utf-8")


def forget_address(folder: Path) -> None:
    """Take the note away, before a server that may be none."""
    (folder / ADDRESS_FILE).unlink(missing_ok=True)
