"""What the services are made of: the doors to the outside, and the rules of the house."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta

from watchword.core.directory.absent import NoDirectories, NoNegotiation
from watchword.core.directory.port import Directories, Negotiation
from watchword.core.jobs.flows import FlowBook
from watchword.core.kernel.clock import Clock
from watchword.core.kernel.randomness import Randomness
from watchword.core.policy.passwords import PRESETS, PasswordPolicy, Preset
from watchword.core.policy.signin import AttemptLimits
from watchword.core.ports import (
    Acceptances,
    Blocklist,
    Digester,
    Hasher,
    KeyRates,
    KeyRing,
    KeySafe,
    LetterSafe,
    Mailer,
    Signer,
    Storage,
    Witness,
)
from watchword.core.services.apikeys import KeyRules
from watchword.core.services.directoryrules import DirectoryRules
from watchword.core.services.letters import LetterLimits
from watchword.core.services.sessiondoor import SessionLimits
from watchword.core.services.signup import Registration
from watchword.core.services.tickets import TicketRules


@dataclass(frozen=True, slots=True, kw_only=True)
class Outside:
    """Every door to the outside, filled."""

    storage: Storage
    hasher: Hasher
    signer: Signer
    keys: KeyRing
    digester: Digester
    key_safe: KeySafe
    key_rates: KeyRates
    letter_safe: LetterSafe
    mailer: Mailer
    acceptances: Acceptances
    blocklist: Blocklist
    flows: FlowBook
    clock: Clock
    randomness: Randomness
    witness: Witness
    directories: Directories = field(default_factory=NoDirectories)
    negotiation: Negotiation = field(default_factory=NoNegotiation)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """Everything an operator may choose about accounts, passwords and sessions."""

    attempts: AttemptLimits = field(default_factory=AttemptLimits)
    passwords: PasswordPolicy = PRESETS[Preset.STANDARD]
    sessions: SessionLimits = field(default_factory=SessionLimits)
    registration: Registration = field(default_factory=Registration)
    api_keys: KeyRules = field(default_factory=KeyRules)
    audiences: frozenset[str] = frozenset()
    tickets: TicketRules = field(default_factory=TicketRules)
    letters: LetterLimits = field(default_factory=LetterLimits)
    letters_kept_for: timedelta = timedelta(days=7)
    jobs_kept_for: timedelta = timedelta(days=30)
    checkouts_end_after: timedelta | None = None
    directories: Mapping[str, DirectoryRules] = field(default_factory=dict)
    guesses_at_once: int = 5
    tokens_known_max: int = 10_000
