"""The cookie that carries the token of a session."""

from starlette.responses import Response

from watchword.core.services.sessiondoor import SignedIn
from watchword.dialects.assets.options import Options
from watchword.http.call import Call
from watchword.http.cookies import SameSite, end_of_cookie, end_of_other, session_cookie


def hand_out(
    signed_in: SignedIn, response: Response, *, call: Call, options: Options, same_site: SameSite
) -> None:
    """Set the cookie; it lives as long as the token in it."""
    left = signed_in.expires_at - signed_in.issued_at
    cookie = session_cookie(
        signed_in.token,
        is_secure=call.is_secure,
        same_site=same_site,
        max_age_s=int(left.total_seconds()),
        prefix=options.host_cookie,
    )
    _set(cookie, response, call=call, options=options)


def take_back(response: Response, *, call: Call, options: Options) -> None:
    """Have the browser forget it."""
    end = end_of_cookie(is_secure=call.is_secure, prefix=options.host_cookie)
    _set(end, response, call=call, options=options)


def _set(cookie: str, response: Response, *, call: Call, options: Options) -> None:
    response.headers.append("set-cookie", cookie)
    other = end_of_other(call.arrival.fields, is_secure=call.is_secure, prefix=options.host_cookie)
    if other:
        response.headers.append("set-cookie", other)
