"""Put together the services that ask directories."""

from dataclasses import dataclass

from watchword.core.services.attempts import Guesses
from watchword.core.services.directoryaccounts import DirectoryAccounts
from watchword.core.services.directorysignin import DirectorySignIn
from watchword.core.services.directorysync import DirectorySync
from watchword.core.services.directorywhom import Whom
from watchword.core.services.outside import Outside, Rules
from watchword.core.services.presence import Presence
from watchword.core.services.provisioning import Provisioning
from watchword.core.services.sessiondoor import SessionDoor
from watchword.core.services.turnaway import TurnAway


@dataclass(frozen=True, slots=True, kw_only=True)
class DirectoryRoom:
    """The services, and what others need of them. `guesses` are those at directories."""

    signin: DirectorySignIn
    accounts: DirectoryAccounts
    sync: DirectorySync
    presence: Presence
    whom: Whom
    guesses: Guesses


def open_directory_room(outside: Outside, rules: Rules, door: SessionDoor) -> DirectoryRoom:
    """Return them; where the settings name no directory they know nobody."""
    open_work, clock, directories = outside.storage.open_work, outside.clock, outside.directories
    provisioning = Provisioning(
        open_work=open_work,
        rules=rules.directories,
        clock=clock,
        randomness=outside.randomness,
    )
    # Counted as all guesses are, but who waits for a directory takes no place of a hash.
    guesses = Guesses(
        gate=outside.storage.attempts,
        places=directories,
        clock=clock,
        limits=rules.attempts,
        at_once=rules.guesses_at_once,
    )
    whom = Whom(open_work=open_work, directories=directories, digester=outside.digester)
    return DirectoryRoom(
        signin=DirectorySignIn(
            open_work=open_work,
            directories=directories,
            negotiation=outside.negotiation,
            whom=whom,
            provisioning=provisioning,
            guesses=guesses,
            door=door,
            turn_away=TurnAway(
                open_work=open_work, guesses=guesses, clock=clock, witness=outside.witness
            ),
            hasher=outside.hasher,
            clock=clock,
        ),
        accounts=DirectoryAccounts(
            open_work=open_work, directories=directories, provisioning=provisioning
        ),
        sync=DirectorySync(
            open_work=open_work,
            directories=directories,
            provisioning=provisioning,
            clock=clock,
        ),
        presence=Presence(directories=directories, rules=rules.directories),
        whom=whom,
        guesses=guesses,
    )
