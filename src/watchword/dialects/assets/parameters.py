"""Reads the parameters of a call, wherever its client puts them."""

from collections.abc import Awaitable, Callable

from starlette.responses import Response

from watchword.http.call import Call
from watchword.http.forms import FormProblem, Parameters, read_parameters
from watchword.http.operation import Endpoint

_FLAGS = {"true": True, "1": True, "false": False, "0": False}


def reading(
    answer: Callable[[Call, Parameters], Awaitable[Response]], *, refuse: Callable[[str], Response]
) -> Endpoint:
    """Return an endpoint that reads parameters first, or says what is wrong with them."""

    async def endpoint(call: Call) -> Response:
        given = await read_parameters(call)
        if isinstance(given, FormProblem):
            return refuse(str(given))
        return await answer(call, given)

    return endpoint


def read_flag(given: Parameters, name: str, *, blank_is_no: bool = False) -> bool | None:
    """Return whether a flag is set, None if it says neither yes nor no. It is not if not sent."""
    said = given.get(name)
    if said is None or (blank_is_no and not said):
        return False
    return _FLAGS.get(said.lower())
