"""Take in accounts of another product, many at a time, with the hashes they had there."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from watchword.core.accounts.model import Account, Role, State
from watchword.core.accounts.names import canonical
from watchword.core.audit.model import Action, event_by
from watchword.core.credentials.model import PasswordCredential
from watchword.core.directory.port import Directories
from watchword.core.kernel.caller import Actor
from watchword.core.kernel.clock import Clock
from watchword.core.kernel.errors import ConflictError, InvalidError, UnavailableError
from watchword.core.kernel.ids import AccountId
from watchword.core.kernel.randomness import Randomness, ordered_uuid
from watchword.core.policy.refusals import Refusal, Refused
from watchword.core.ports import Hasher, OpenWork, Work
from watchword.core.services.signup import is_a_directorys, judge_names

_ROUNDS = 5
"""So often others may take a name between our look and our commit."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Newcomer:
    """An account as a file tells of it. `encoded` is its password's hash, as it was there."""

    name: str
    role: str = Role.USER
    state: str = State.ACTIVE
    email: str = ""
    email_confirmed: bool = False
    first_name: str = ""
    last_name: str = ""
    encoded: str = ""
    created_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Arrived:
    """A newcomer that we can take, with the keys by which it will be found."""

    account: Account
    encoded: str
    name_key: str
    email_key: str

    @property
    def identifiers(self) -> tuple[str, ...]:
        """Return the keys that nobody else may have."""
        if self.email_key and self.account.email_confirmed_at is not None:
            return self.name_key, self.email_key
        return (self.name_key,)


EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_NO_PAST = "created_at: must be between 1970 and now"

Verdict = Refused | None
"""None for an account that was taken in."""

Along = Callable[[Work, Sequence[Verdict]], None]
"""Records something of the caller's in the same commit: all of it is there, or none."""


class Seen:
    """Names and addresses that were met before in the same file, without keeping them whole."""

    def __init__(self) -> None:
        self._identifiers: set[int] = set()
        self._addresses: set[int] = set()

    def refusal(self, arrived: Arrived) -> Refusal | None:
        """Say which key of a newcomer somebody before it has."""
        is_address = "@" in arrived.name_key
        if hash(arrived.name_key) in self._identifiers or (
            is_address and hash(arrived.name_key) in self._addresses
        ):
            return Refusal.NAME_TAKEN
        if any(hash(key) in self._identifiers for key in arrived.identifiers[1:]):
            return Refusal.ADDRESS_TAKEN
        return None

    def add(self, arrived: Arrived) -> None:
        self._identifiers.update(map(hash, arrived.identifiers))
        if arrived.email_key:
            self._addresses.add(hash(arrived.email_key))


class AccountImport:
    """Judges newcomers as registration would, but for their passwords, and stores them."""

    def __init__(
        self,
        *,
        open_work: OpenWork,
        hasher: Hasher,
        directories: Directories,
        clock: Clock,
        randomness: Randomness,
    ) -> None:
        self._open_work = open_work
        self._directories = directories
        self._hasher = hasher
        self._clock = clock
        self._randomness = randomness

    def read(self, newcomer: Newcomer, actor: Actor, *, hints: str = "") -> Arrived | Refused:
        """Judge what can be judged by itself. By an API key nobody becomes an admin.

        `hints` are the parameters of the product that the hash comes from, if it needs any.
        """
        if refused := self._refusal(newcomer, actor):
            return refused
        try:
            encoded = self._hasher.adopt(newcomer.encoded, hints=hints) if newcomer.encoded else ""
        except InvalidError as error:
            return Refused(Refusal.PARAMETERS_INVALID, detail=f"{error.field}: {error}")
        account = self._account(newcomer)
        email_key = canonical(account.email) if account.email else ""
        return Arrived(account, encoded, canonical(account.name), email_key)

    async def admit(
        self, some: Sequence[Arrived | Refused], actor: Actor, *, along: Along
    ) -> tuple[Verdict, ...]:
        """Store those that can be, all in one commit with what `along` records.

        Raises what the commit raises, ConflictError excepted: who was taken meanwhile is
        refused.
        """
        for _ in range(_ROUNDS):
            verdicts = await self.judge(some, Seen())
            async with self._open_work() as work:
                admitted = [
                    one
                    for one, verdict in zip(some, verdicts, strict=True)
                    if verdict is None and isinstance(one, Arrived)
                ]
                # First, so that a worker that was taken over hears of it before anything else.
                along(work, verdicts)
                self._record(work, admitted, actor)
                try:
                    await work.commit()
                except ConflictError:
                    continue
            return verdicts
        raise UnavailableError

    async def judge(self, some: Sequence[Arrived | Refused], seen: Seen) -> tuple[Verdict, ...]:
        """Say who could be stored now, after those who were `seen`, and add them there."""
        arrived = [one for one in some if isinstance(one, Arrived)]
        async with self._open_work() as work:
            taken = await work.accounts.identifiers_among(
                list(_unique(key for one in arrived for key in one.identifiers))
            )
            addresses = await work.accounts.addresses_among(
                list(_unique(one.name_key for one in arrived if "@" in one.name_key))
            )
        return tuple(
            _verdict(one, taken, addresses, seen) if isinstance(one, Arrived) else one
            for one in some
        )

    def _refusal(self, newcomer: Newcomer, actor: Actor) -> Refused | None:
        if newcomer.role not in set(Role):
            return Refused(Refusal.ROLE_UNKNOWN)
        if newcomer.role != Role.USER and actor.key_id is not None:
            return Refused(Refusal.KEY_SCOPE)
        if newcomer.state not in set(State):
            return Refused(Refusal.PARAMETERS_INVALID, detail="state: must be active or disabled.")
        if newcomer.created_at is not None and not self._is_past(newcomer.created_at):
            return Refused(Refusal.PARAMETERS_INVALID, detail=_NO_PAST)
        name, first, last = newcomer.name.strip(), newcomer.first_name, newcomer.last_name
        if is_a_directorys(name, self._directories):
            return Refused(Refusal.NAME_HELD)
        return judge_names(name, newcomer.email, first, last)

    def _is_past(self, moment: datetime) -> bool:
        """Say whether an account can have been made then; clocks may be a day apart.

        What products write for "never" lies far outside, where no calendar of ours goes.
        """
        return EPOCH <= moment <= self._clock.now() + timedelta(days=1)

    def _account(self, newcomer: Newcomer) -> Account:
        now = self._clock.now()
        return Account(
            id=AccountId(ordered_uuid(now, self._randomness)),
            name=newcomer.name.strip(),
            created_at=newcomer.created_at or now,
            updated_at=now,
            role=Role(newcomer.role),
            state=State(newcomer.state),
            email=newcomer.email or None,
            email_confirmed_at=now if newcomer.email and newcomer.email_confirmed else None,
            first_name=newcomer.first_name,
            last_name=newcomer.last_name,
        )

    def _record(self, work: Work, admitted: Sequence[Arrived], actor: Actor) -> None:
        if not admitted:
            return
        now = self._clock.now()
        work.accounts.add_all([one.account for one in admitted])
        work.credentials.add_passwords(
            [
                PasswordCredential(account_id=one.account.id, encoded=one.encoded, changed_at=now)
                for one in admitted
                if one.encoded
            ]
        )
        work.audit.add_all(
            [
                event_by(
                    actor,
                    Action.ACCOUNT_IMPORT,
                    at=now,
                    subject=one.account.id,
                    detail=one.account.role,
                )
                for one in admitted
            ]
        )


def _verdict(one: Arrived, taken: frozenset[str], addresses: frozenset[str], seen: Seen) -> Verdict:
    if one.name_key in taken or one.name_key in addresses:
        return Refused(Refusal.NAME_TAKEN)
    if any(key in taken for key in one.identifiers[1:]):
        return Refused(Refusal.ADDRESS_TAKEN)
    if reason := seen.refusal(one):
        return Refused(reason)
    seen.add(one)
    return None


def _unique(keys: Iterable[str]) -> dict[str, None]:
    return dict.fromkeys(keys)
