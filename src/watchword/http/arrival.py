"""A request as the outermost layer sees it: where it came from, and what became of it."""

from dataclasses import dataclass

from starlette.types import Scope

from watchword.http.address import Client
from watchword.http.fields import Fields

KEY = "watchword.arrival"

SHARED = "shared"
"""The name of what belongs to no dialect, in origins, logs and metrics."""


@dataclass(slots=True)
class Arrival:
    """Travels with a request; routing writes into it what log and metrics say afterwards.

    `route` is the path's pattern. The path itself, and the query, are never kept: people
    put secrets there.
    """

    client: Client
    fields: Fields
    request_id: str
    dialect: str = SHARED
    route: str = "-"
    status: int = 0


def arrival_of(scope: Scope) -> Arrival:
    """Return the arrival that the outermost layer has put with a request."""
    arrival: Arrival = scope[KEY]
    return arrival
