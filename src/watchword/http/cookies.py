"""When a cookie does not count: a page of another site may have sent it (safety.md, Cookies)."""

from watchword.http.fields import Fields

_SAME_SITE_ENOUGH = frozenset({"same-origin", "none"})


class CookieRule:
    """Judges requests that would change something with a cookie as their only credential."""

    def __init__(self, *, public_url: str | None, allowed_origins: tuple[str, ...]) -> None:
        # "*" is for callers without a cookie; it allows no origin here.
        own = (_origin_of(public_url),) if public_url else ()
        self._trusted = frozenset(own + allowed_origins) - {"*"}

    def refuses(self, fields: Fields, *, is_secure: bool, is_get: bool) -> bool:
        """Say whether such a request may come from a page that is not ours.

        Old browsers and programs send neither field; for them SameSite and the CSRF
        token of the session stand. They do not for a GET: a link on any page is one, the
        cookie goes with it, and no token does. So it has to say where it comes from.
        """
        sites = fields.distinct(b"sec-fetch-site")
        if sites - _SAME_SITE_ENOUGH or (is_get and not sites):
            return True
        origins = fields.distinct(b"origin")
        return bool(origins) and not origins <= self._trusted | _own_origins(
            fields, is_secure=is_secure
        )


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
