"""The cookie that carries the token of a session."""

from starlette.responses import Response

from watchword.core.services.signin import SignedIn
from watchword.dialects.assets.options import Options
from watchword.http.call import Call
from watchword.http.cookies import SameSite, end_of_cookie, session_cookie


def hand_out(
    signed_in: SignedIn, response: Response, *, call: Call, options: Options, same_site: SameSite
) -> None:
    """Set the cookie; it lives as long as the token in it."""
    left = signed_in.expires_at - signed_in.issued_at
    response.headers["set-cookie"] = session_cookie(
        signed_in.token,
        is_secure=call.is_secure,
        same_site=same_site,
        max_age_s=int(left.total_seconds()),
        prefix=options.host_cookie,
    )


def take_back(response: Response, *, call: Call, options: Options) -> None:
    """Have the browser forget it."""
    response.headers["set-cookie"] = end_of_cookie(
        is_secure=call.is_secure, prefix=options.host_cookie
    )
