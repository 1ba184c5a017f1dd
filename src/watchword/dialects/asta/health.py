"""GET /api/health: the server answers."""

from starlette.responses import Response

import watchword
from watchword.dialects.asta import wire
from watchword.http.answers import JsonResponse
from watchword.http.call import Call

HEALTH = wire.Health(app="Watchword", version=watchword.__version__)


async def health(_: Call) -> Response:
    return JsonResponse(HEALTH)
