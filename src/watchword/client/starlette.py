"""A dependency for FastAPI and Starlette: the caller of an endpoint must hold a token."""

from starlette.exceptions import HTTPException, WebSocketException
from starlette.requests import HTTPConnection

from watchword.client.bearer import Denial, denial_of, read_bearer
from watchword.client.errors import InvalidToken, Unavailable
from watchword.client.guard import Guard
from watchword.client.principal import Principal

POLICY_VIOLATION = 1008


class RequireToken:
    """Returns the Principal, or ends the request with 401, or with 503 while nobody can know.

    In FastAPI: `principal: Annotated[Principal, Depends(RequireToken(guard))]`. In Starlette:
    `principal = await require(request)`. Start and stop the guard in the lifespan of the app.
    """

    def __init__(self, guard: Guard) -> None:
        self._guard = guard

    async def __call__(self, connection: HTTPConnection) -> Principal:
        token = read_bearer(connection.headers.getlist("Authorization"))
        if isinstance(token, Denial):
            raise _refusal(token, connection)
        try:
            return await self._guard.check(token)
        except (InvalidToken, Unavailable) as error:
            raise _refusal(denial_of(error), connection) from None


def _refusal(denial: Denial, connection: HTTPConnection) -> Exception:
    if connection.scope["type"] == "websocket":
        return WebSocketException(POLICY_VIOLATION, denial.error)
    headers = {**dict(denial.headers), "Cache-Control": "no-store"}
    return HTTPException(denial.status, denial.error, headers)
