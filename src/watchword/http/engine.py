"""uvicorn's server without its command line, which is never run here."""

import sys
from types import ModuleType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from uvicorn import Config, Server


def _lean_uvicorn() -> None:
    """Import uvicorn, but not click, multiprocessing and what reloads a program.

    They come with `uvicorn.main` and cost 1.6 MiB and 30 ms. The package takes three names
    from there as it begins; one of them is the server, which has a module of its own.
    """
    if "uvicorn" in sys.modules:
        return
    stand_in = ModuleType("uvicorn.main")
    stand_in.__dict__.update(dict.fromkeys(("Server", "main", "run")))
    sys.modules[stand_in.__name__] = stand_in
    try:
        import uvicorn.server  # noqa: PLC0415 - the stand-in must be there first
    finally:
        del sys.modules[stand_in.__name__]
    uvicorn.Server = uvicorn.server.Server  # type: ignore[misc] # the same class
    # Whoever wants these finds them missing, not None; `uvicorn.main` can still be imported.
    del uvicorn.main, uvicorn.run


if not TYPE_CHECKING:
    _lean_uvicorn()
    from uvicorn import Config, Server

__all__ = ["Config", "Server"]
