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
    guesses = _guesses(outside, rules)
    whom = Whom(open_work=open_work, directories=directories, digester=outside.digester)
    sync = DirectorySync(
        open_work=open_work, directories=directories, provisioning=provisioning, clock=clock
    )
    return DirectoryRoom(
        signin=_signin(outside, whom, provisioning, guesses, door),
        accounts=DirectoryAccounts(
            open_work=open_work, directories=directories, provisioning=provisioning
        ),
        sync=sync,
        presence=Presence(directories=directories, rules=rules.directories),
        whom=whom,
        guesses=guesses,
    )


def _guesses(outside: Outside, rules: Rules) -> Guesses:
    """Count guesses as all are, but who waits for a directory takes no place of a hash."""
    return Guesses(
        gate=outside.storage.attempts,
        places=outside.directories,
        clock=outside.clock,
        limits=rules.attempts,
        at_once=rules.guesses_at_once,
    )


def _signin(
    outside: Outside, whom: Whom, provisioning: Provisioning, guesses: Guesses, door: SessionDoor
) -> DirectorySignIn:
    turn_away = TurnAway(
        open_work=outside.storage.open_work,
        guesses=guesses,
        clock=outside.clock,
        witness=outside.witness,
    )
    return DirectorySignIn(
        open_work=outside.storage.open_work,
        directories=outside.directories,
        negotiation=outside.negotiation,
        whom=whom,
        provisioning=provisioning,
        gate=outside.storage.attempts,
        guesses=guesses,
        door=door,
        turn_away=turn_away,
        hasher=outside.hasher,
        clock=outside.clock,
    )
