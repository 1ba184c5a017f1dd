"""What shows that a controller does its work, and does not only pick up the receiver."""

from typing import TYPE_CHECKING

from watchword.core.kernel.errors import UnavailableError
from watchword.directory.line import BASE, BindRefusedError, LdapRefusedError
from watchword.directory.paging import ANYTHING, entry_at
from watchword.directory.subcodes import is_busy

if TYPE_CHECKING:
    from watchword.directory.controllers import Controller

_NOBODY, _NO_PASSWORD = "CN=watchword looks for nobody", "nobody has this"


async def look_at(controller: "Controller") -> None:
    """See whether it answers as log-ins need it. Raises LineLostError, or the busy's refusal.

    A controller that hangs on each bind or search may still tell what everybody may see. So
    the service account says anew who it is, and reads something. Where there is none, or it is
    not welcome, which is no fault of the controller, what everybody may see must do; but once
    the controller is lost it has to refuse a stranger, as one does who looks at passwords.
    """
    try:
        if controller.can_look and await _reads(controller):
            return
        if not controller.breaker.is_lost:
            await _shows_itself(controller)
        if controller.breaker.is_lost:  # it may be so only now
            await _refuses_nobody(controller)
    except LdapRefusedError as error:
        if is_busy(error.result_code):
            raise


async def _reads(controller: "Controller") -> bool:
    """Return whether the service account may log in, and so has read something."""
    try:
        line = await controller.open_service()
    except UnavailableError:
        return False
    try:
        await entry_at(line, controller.root, ["objectClass"])
    finally:
        line.close()
    return True


async def _refuses_nobody(controller: "Controller") -> None:
    line = await controller.open()
    try:
        await line.bind(f"{_NOBODY},{controller.root}", _NO_PASSWORD)
    except BindRefusedError:
        pass
    finally:
        line.close()


async def _shows_itself(controller: "Controller") -> None:
    line = await controller.open()
    try:
        await line.search("", ANYTHING, ["currentTime"], scope=BASE)
    finally:
        line.close()
