"""Cookies: how ours look, and when one does not count (safety.md, Cookies).

A browser sends a cookie whoever wrote the page that asks, so a page of another site may have
sent it.
"""

from enum import StrEnum

from watchword.http.fields import Fields

COOKIE = "authToken"
"""What the clients of every dialect look for, so it has no prefix by default (ADR 10)."""

HOST_COOKIE = f"__Host-{COOKIE}"
"""The same, but no other host and nothing without TLS can have set it (RFC 6265bis, 4.1.3.2)."""

_OUR_OWN = frozenset({"same-origin", "none"})


class SameSite(StrEnum):
    """To what a browser adds a cookie: to requests of our own site, or to links as well."""

    STRICT = "Strict"
    LAX = "Lax"


def session_cookie(
    token: str, *, is_secure: bool, same_site: SameSite, max_age_s: int, prefix: bool = False
) -> str:
    """Return the Set-Cookie field that hands a token to a browser.

    With `prefix` its name is bound to this host, where TLS is used.
    """
    name = _name(is_secure=is_secure, prefix=prefix)
    attributes = f"Path=/; Max-Age={max_age_s}; HttpOnly; SameSite={same_site}"
    return f"{name}={token}; {attributes}{_secure(is_secure=is_secure)}"


def end_of_cookie(*, is_secure: bool, prefix: bool = False) -> str:
    """Return the Set-Cookie field that makes a browser forget the token."""
    name = _name(is_secure=is_secure, prefix=prefix)
    return f"{name}=; Path=/; Max-Age=0; HttpOnly{_secure(is_secure=is_secure)}"


def end_of_other(fields: Fields, *, is_secure: bool, prefix: bool = False) -> str | None:
    """Return what makes a browser forget a cookie of our other name, if it has sent one.

    It is left from before the operator chose this name, and would count as well.
    """
    other = COOKIE if prefix else HOST_COOKIE
    if not is_secure or not _sent(fields)[other]:
        return None
    return end_of_cookie(is_secure=True, prefix=not prefix)


def tokens_in_cookies(fields: Fields) -> set[str]:
    """Return the tokens that came; what only this host can have set goes before the rest."""
    sent = _sent(fields)
    return sent[HOST_COOKIE] or sent[COOKIE]


def csrf_token(fields: Fields) -> str:
    """Return what X-CSRF-TOKEN says; two that disagree are none."""
    tokens = fields.distinct(b"x-csrf-token")
    return tokens.pop() if len(tokens) == 1 else ""


def is_cross_site(fields: Fields) -> bool:
    """Say whether a browser says that a page of another site asks."""
    return "cross-site" in fields.distinct(b"sec-fetch-site")


def is_foreign(fields: Fields) -> bool:
    """Say whether a browser says that a page asks which is not of our own host.

    Another host of our site may belong to somebody else; what we do not know is not ours.
    """
    return bool(fields.distinct(b"sec-fetch-site") - _OUR_OWN)


class CookieRule:
    """Judges requests that would change something with a cookie as their only credential."""

    def __init__(self, *, public_url: str | None, allowed_origins: tuple[str, ...]) -> None:
        # "*" is for callers without a cookie; it allows no origin here.
        own = (_origin_of(public_url),) if public_url else ()
        self._trusted = frozenset(own + allowed_origins) - {"*"}

    def refuses(self, fields: Fields, *, is_secure: bool, says_where: bool) -> bool:
        """Say whether such a request may come from a page that is not ours.

        Old browsers and programs send neither field; for them SameSite and the CSRF
        token of the session stand. They do not for a GET without a token: a link on any
        page is one, and the cookie goes with it. So it has to say where it comes from.
        """
        if is_foreign(fields) or (says_where and not fields.distinct(b"sec-fetch-site")):
            return True
        origins = fields.distinct(b"origin")
        return bool(origins) and not origins <= self._trusted | _own_origins(
            fields, is_secure=is_secure
        )


def _sent(fields: Fields) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {COOKIE: set(), HOST_COOKIE: set()}
    for pair in (pair for value in fields.all(b"cookie") for pair in value.split(";")):
        name, _, text = pair.partition("=")
        if (token := text.strip().strip('"')) and name.strip() in found:
            found[name.strip()].add(token)
    return found


def _name(*, is_secure: bool, prefix: bool) -> str:
    return HOST_COOKIE if prefix and is_secure else COOKIE


def _secure(*, is_secure: bool) -> str:
    return "; Secure" if is_secure else ""


def _own_origins(fields: Fields, *, is_secure: bool) -> set[str]:
    hosts = fields.distinct(b"host")
    if len(hosts) != 1:
        return set()
    return {f"{'https' if is_secure else 'http'}://{hosts.pop().lower()}"}


def _origin_of(url: str) -> str:
    """Return the scheme, host and port of a URL, as browsers write an Origin (RFC 6454, 6.1)."""
    scheme, _, rest = url.partition("://")
    host = rest.partition("/")[0].lower()
    return f"{scheme.lower()}://{host}"
