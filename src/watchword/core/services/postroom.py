"""Put together the services that make people read letters."""

from dataclasses import dataclass

from watchword.core.services.attempts import Guesses
from watchword.core.services.confirmation import Confirmation
from watchword.core.services.delivery import Delivery
from watchword.core.services.directorypasswords import DirectoryPasswords
from watchword.core.services.directoryroom import DirectoryRoom
from watchword.core.services.emailchange import EmailChange
from watchword.core.services.expirynotice import ExpiryNotice
from watchword.core.services.invitations import Invitations
from watchword.core.services.letters import LetterGate, Letters
from watchword.core.services.mailbox import Mailbox
from watchword.core.services.newpassword import NewPassword
from watchword.core.services.outside import Outside, Rules
from watchword.core.services.passwords import Passwords
from watchword.core.services.recovery import Recovery
from watchword.core.services.tickets import Tickets


@dataclass(frozen=True, slots=True)
class Desk:
    """What each of them needs: tickets to enclose, letters to write, and limits for both."""

    tickets: Tickets
    letters: Letters
    gate: LetterGate


@dataclass(frozen=True, slots=True, kw_only=True)
class PostRoom:
    """The services."""

    tickets: Tickets
    passwords: Passwords
    confirmation: Confirmation
    recovery: Recovery
    email_change: EmailChange
    invitations: Invitations
    delivery: Delivery
    expiry_notice: ExpiryNotice
    mailbox: Mailbox


def open_post_room(
    outside: Outside,
    rules: Rules,
    guesses: Guesses,
    new_password: NewPassword,
    directory: DirectoryRoom,
) -> PostRoom:
    """Return every service that writes, sends or takes back a letter."""
    desk = _desk(outside, rules)
    passwords = _passwords(outside, guesses, new_password, desk, directory)
    recovery = _recovery(outside, desk, passwords)
    return PostRoom(
        tickets=desk.tickets,
        passwords=passwords,
        confirmation=_confirmation(outside, desk),
        recovery=recovery,
        email_change=_email_change(outside, rules, desk, passwords, recovery),
        invitations=_invitations(outside, rules, desk),
        delivery=_delivery(outside),
        expiry_notice=_expiry_notice(outside, rules, desk),
        mailbox=_mailbox(outside),
    )


def _desk(outside: Outside, rules: Rules) -> Desk:
    clock, randomness, gate = outside.clock, outside.randomness, outside.storage.attempts
    return Desk(
        tickets=Tickets(
            open_work=outside.storage.open_work,
            desk=outside.storage.ticket_desk,
            gate=gate,
            digester=outside.digester,
            clock=clock,
            randomness=randomness,
            rules=rules.tickets,
            attempts=rules.attempts,
        ),
        letters=Letters(safe=outside.letter_safe, clock=clock, randomness=randomness),
        gate=LetterGate(gate=gate, clock=clock, attempts=rules.attempts, limits=rules.letters),
    )


def _confirmation(outside: Outside, desk: Desk) -> Confirmation:
    return Confirmation(
        open_work=outside.storage.open_work,
        tickets=desk.tickets,
        letters=desk.letters,
        letter_gate=desk.gate,
        digester=outside.digester,
        clock=outside.clock,
    )


def _invitations(outside: Outside, rules: Rules, desk: Desk) -> Invitations:
    return Invitations(
        open_work=outside.storage.open_work,
        tickets=desk.tickets,
        letters=desk.letters,
        clock=outside.clock,
        is_welcome=rules.registration.takes_invitations,
    )


def _recovery(outside: Outside, desk: Desk, passwords: Passwords) -> Recovery:
    return Recovery(
        open_work=outside.storage.open_work,
        tickets=desk.tickets,
        letters=desk.letters,
        letter_gate=desk.gate,
        passwords=passwords,
        digester=outside.digester,
        clock=outside.clock,
    )


def _email_change(
    outside: Outside, rules: Rules, desk: Desk, passwords: Passwords, recovery: Recovery
) -> EmailChange:
    return EmailChange(
        open_work=outside.storage.open_work,
        tickets=desk.tickets,
        letters=desk.letters,
        letter_gate=desk.gate,
        passwords=passwords,
        recovery=recovery,
        clock=outside.clock,
        session_lifetime=rules.sessions.lifetime,
    )


def _delivery(outside: Outside) -> Delivery:
    return Delivery(
        open_work=outside.storage.open_work,
        desk=outside.storage.outbox_desk,
        mailer=outside.mailer,
        safe=outside.letter_safe,
        acceptances=outside.acceptances,
        clock=outside.clock,
        witness=outside.witness,
    )


def _mailbox(outside: Outside) -> Mailbox:
    return Mailbox(
        open_work=outside.storage.open_work,
        safe=outside.letter_safe,
        mailer=outside.mailer,
        clock=outside.clock,
        randomness=outside.randomness,
    )


def _expiry_notice(outside: Outside, rules: Rules, desk: Desk) -> ExpiryNotice:
    return ExpiryNotice(
        open_work=outside.storage.open_work,
        letters=desk.letters,
        clock=outside.clock,
        policy=rules.passwords,
    )


def _passwords(
    outside: Outside,
    guesses: Guesses,
    new_password: NewPassword,
    desk: Desk,
    directory: DirectoryRoom,
) -> Passwords:
    return Passwords(
        open_work=outside.storage.open_work,
        hasher=outside.hasher,
        digester=outside.digester,
        guesses=guesses,
        new_password=new_password,
        letters=desk.letters,
        directories=_directory_passwords(outside, desk, directory),
        clock=outside.clock,
    )


def _directory_passwords(
    outside: Outside, desk: Desk, directory: DirectoryRoom
) -> DirectoryPasswords:
    return DirectoryPasswords(
        open_work=outside.storage.open_work,
        directories=outside.directories,
        whom=directory.whom,
        guesses=directory.guesses,
        letters=desk.letters,
        clock=outside.clock,
    )
