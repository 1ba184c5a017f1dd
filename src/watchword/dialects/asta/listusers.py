"""GET /api/auth/users: all accounts, oldest first, or those whose names begin alike."""

from urllib.parse import urlencode

from starlette.responses import Response

from watchword.core.policy.refusals import Refused
from watchword.core.services.accounts import Accounts
from watchword.dialects.asta import wire
from watchword.dialects.asta.errors import render_refusal
from watchword.http.answers import JsonResponse
from watchword.http.call import Call
from watchword.http.operation import Endpoint

PATH = "/api/auth/users"


def list_users(accounts: Accounts) -> Endpoint:
    async def endpoint(call: Call) -> Response:
        query = dict(call.query)
        prefix = query.get("prefix")
        page = await accounts.page(call.actor, prefix=prefix, after=query.get("after"))
        if isinstance(page, Refused):
            return render_refusal(page)
        users = [wire.write_listed(account) for account in page.items]
        return JsonResponse(wire.UserList(users=users), headers=_rest(page.next, prefix))

    return endpoint


def _rest(cursor: str | None, prefix: str | None) -> dict[str, str]:
    """Return the way to the rest (RFC 8288), without the token that may stand in the query."""
    if cursor is None:
        return {}
    asked = {"after": cursor} if prefix is None else {"prefix": prefix, "after": cursor}
    return {"Link": f'<{PATH}?{urlencode(asked)}>; rel="next"'}
