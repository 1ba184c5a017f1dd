"""What somebody typed to log in: a name and a password, each by itself or both in `cred`."""

from base64 import b64decode
from dataclasses import dataclass, field

from watchword.http.forms import Parameters

# Who does not quote a plus in a query sends a space, some libraries break long lines and end
# short ones, and others have the alphabet of URLs (RFC 4648, 5).
_SPELLINGS = str.maketrans({" ": "+", "-": "+", "_": "/", "\r": None, "\n": None})


@dataclass(frozen=True, slots=True)
class Typed:
    """A name and a password; nobody has looked whether they are right."""

    username: str
    password: str = field(repr=False)


def read_typed(given: Parameters) -> Typed | str:
    """Return the two parameters, or what is wrong with them."""
    username, password = given.get("username"), given.get("password")
    if username is None:
        return "username is required"
    if password is None:
        return "password is required"
    return Typed(username, password)


def read_typed_or_cred(given: Parameters) -> Typed | str:
    """Return the same, or what stands in `cred` if neither of the two was sent."""
    cred = given.get("cred")
    if cred is None or given.get("username") is not None or given.get("password") is not None:
        return read_typed(given)
    text = _opened(cred)
    if text is None:
        return "cred is not base64"
    username, colon, password = text.partition(":")
    if not colon:
        return "cred must be username:password in base64"
    if "\0" in text:
        return "cred may hold no NUL character"
    return Typed(username, password)


def _opened(cred: str) -> str | None:
    plain = cred.translate(_SPELLINGS)
    try:
        content = b64decode(plain + "=" * (-len(plain) % 4), validate=True)
    except ValueError:
        return None
    try:
        return content.decode()
    except UnicodeDecodeError:
        # What `btoa` of a browser makes of a text has one byte for each character.
        return content.decode("latin-1")
