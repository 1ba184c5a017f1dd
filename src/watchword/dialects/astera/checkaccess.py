"""GET /api/account/checkAccess: is this credential good, whose is it, and for how long?"""

from watchword.core.services.authenticate import Caller
from watchword.dialects.astera import wire


def check_access(caller: Caller) -> wire.Access:
    return wire.write_access(caller)
