"""The text that says where the next page of a list begins."""

import re
from base64 import urlsafe_b64decode, urlsafe_b64encode

from watchword.core.kernel.errors import InvalidError
from watchword.core.kernel.page import PAGE_MAX
from watchword.storage.statement import storable

# Eighteen digits: a larger number would not fit a column, and is no cursor of ours. The key of
# a name can be eighteen times as long as the name: that much does NFKC make of one character.
_PLACE = re.compile(r"([a-z]+):([0-9]{1,18}):(.{0,2000})", re.DOTALL)


def write_cursor(listing: str, number: int, key: str = "") -> str:
    """Return the cursor after the item with this number and key."""
    return urlsafe_b64encode(f"{listing}:{number}:{key}".encode()).decode().rstrip("=")


def read_cursor(listing: str, text: str) -> tuple[int, str]:
    """Return number and key of the item a cursor stands at.

    Raises InvalidError("after") if this listing did not write it.
    """
    try:
        plain = urlsafe_b64decode(text + "=" * (-len(text) % 4)).decode()
    except ValueError as error:
        raise InvalidError("after") from error
    found = _PLACE.fullmatch(plain)
    if found is None or found[1] != listing or not storable((found[3],)):
        raise InvalidError("after")
    place = int(found[2]), found[3]
    if write_cursor(listing, *place) != text:
        raise InvalidError("after")
    return place


def within_page(limit: int) -> int:
    """Return how many items a page has when so many were asked for."""
    return max(1, min(limit, PAGE_MAX))
