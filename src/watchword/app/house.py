"""Open everything that is outside and assemble the services over it."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, closing
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from watchword.app.directories import directory_rules
from watchword.app.flows import make_book
from watchword.app.latedirectories import LateDirectories, LateNegotiation, late_directories
from watchword.app.links import base_of_links
from watchword.app.occupancy import sharing
from watchword.app.postroom import LateMailer
from watchword.app.printed import PrintedSecrets
from watchword.app.witness import HouseWitness
from watchword.core.directory.absent import NoDirectories, NoNegotiation
from watchword.core.kernel.clock import Clock, SystemClock
from watchword.core.kernel.errors import CoreError
from watchword.core.kernel.randomness import Randomness, SystemRandomness
from watchword.core.ports import Storage
from watchword.core.services import Services
from watchword.core.services.apikeys import KeyRules
from watchword.core.services.assemble import assemble
from watchword.core.services.letters import LetterLimits
from watchword.core.services.outside import Outside, Rules
from watchword.core.services.sessiondoor import SessionLimits
from watchword.core.services.signup import Registration
from watchword.core.services.tickets import TicketRules
from watchword.crypto.blocklist import GuessableBlocklist
from watchword.crypto.keyfile import open_master_key
from watchword.crypto.keys import StoredKeyRing
from watchword.crypto.keysafe import StoredKeySafe
from watchword.crypto.lettersafe import StoredLetterSafe
from watchword.crypto.master import MasterKey, read_secret
from watchword.crypto.passwords import Argon2Hasher, usable_cores
from watchword.crypto.tokens import TokenSigner
from watchword.jobs.book import Book
from watchword.mail.journal import JournalFile
from watchword.observability.metrics import Metrics
from watchword.settings.model import Settings
from watchword.storage.key_rates import MappedKeyRates
from watchword.storage.work import SqlStorage

JOURNAL_FILE = "letters-taken"
KEY_RATES_FILE = "key-rates"
MASTER_KEY_FILE = "master.key"
MASTER_KEY_VARIABLE = "WATCHWORD_MASTER_KEY"
RETIRED_KEYS_VARIABLE = "WATCHWORD_RETIRED_MASTER_KEYS"


class StartError(Exception):
    """The server cannot start. The text says why and what to do."""


@dataclass(frozen=True, slots=True)
class House:
    """Everything that is open, and the services over it."""

    settings: Settings
    storage: Storage
    keys: StoredKeyRing
    journal: JournalFile
    book: Book
    services: Services
    clock: Clock
    randomness: Randomness
    directories: LateDirectories | None
    """Those that the settings name, None where they name none."""


@asynccontextmanager
async def open_house(settings: Settings, *, metrics: Metrics | None = None) -> AsyncIterator[House]:
    """Open the database, bringing it up to date, and the keys; close them at the end.

    Raises StartError when something of it cannot be used as it is.
    """
    clock, randomness = SystemClock(), SystemRandomness()
    async with AsyncExitStack() as stack:
        try:
            make_folder(settings.folder)
            stack.enter_context(sharing(settings))
            storage = await open_database(settings)
            stack.push_async_callback(storage.close)
            await storage.migrate(at=clock.now())
            house = await _furnish(stack, settings, storage, clock, randomness, metrics=metrics)
        except CoreError as error:
            raise StartError(str(error)) from error
        yield house


def make_folder(folder: Path) -> None:
    """Make the data folder, for us alone, if it is not there."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        reason = error.strerror or error
        raise StartError(f"The data folder {folder} cannot be used: {reason}.") from error


async def open_database(settings: Settings) -> SqlStorage:
    """Open the database that the settings name, as it is."""
    if settings.database_file is not None:
        from watchword.storage.sqlite import open_sqlite  # noqa: PLC0415 - one engine is loaded

        return await open_sqlite(settings.database_file)
    from watchword.storage.postgres import open_postgres  # noqa: PLC0415 - one engine is loaded

    return await open_postgres(
        settings.database,
        folder=settings.folder,
        pooler=settings.postgres.pooler,
        pool_size=settings.postgres.pool_size,
    )


def master_key(settings: Settings, randomness: Randomness) -> MasterKey:
    """Return the key over all keys: from the settings, or from its file beside the data."""
    if settings.master_key:
        retired = [
            read_secret(one.reveal(), source=f"Item {place} of {RETIRED_KEYS_VARIABLE}")
            for place, one in enumerate(settings.retired_master_keys, start=1)
        ]
        return MasterKey.from_text(
            settings.master_key.reveal(),
            source=MASTER_KEY_VARIABLE,
            randomness=randomness,
            retired=retired,
        )
    return open_master_key(settings.folder / MASTER_KEY_FILE, randomness=randomness)


def rules(settings: Settings) -> Rules:
    """Return what the settings say about accounts, passwords and sessions."""
    attempts = settings.limits.attempts
    return Rules(
        attempts=attempts,
        passwords=settings.passwords.policy,
        sessions=SessionLimits(
            lifetime=timedelta(days=settings.sessions.lifetime_days),
            per_account_max=settings.sessions.per_account_max,
        ),
        registration=Registration(
            is_open=settings.registration == "open",
            takes_invitations=settings.registration != "closed",
            per_address=settings.limits.letters_per_address,
        ),
        api_keys=KeyRules(
            per_account_max=settings.api_keys.per_account_max,
            shows_keys=settings.api_keys.reveal_keys == "always",
            per_minute=settings.api_keys.per_minute,
        ),
        audiences=frozenset(settings.tokens.audiences),
        tickets=_ticket_rules(settings),
        letters=LetterLimits(
            per_address=settings.limits.letters_per_address,
            every=timedelta(seconds=settings.limits.letter_every_s),
        ),
        letters_kept_for=timedelta(days=settings.mail.keep_days),
        jobs_kept_for=timedelta(days=settings.jobs.keep_days),
        checkouts_end_after=settings.checkouts.end_after,
        directories=directory_rules(settings),
        # All workers together let as many guesses in at once as are free.
        guesses_at_once=max(1, attempts.free // settings.server.workers),
        tokens_known_max=settings.sessions.cache_size,
    )


def _ticket_rules(settings: Settings) -> TicketRules:
    asked = settings.tickets
    return TicketRules(
        confirm=timedelta(hours=asked.confirm_hours),
        reset=timedelta(minutes=asked.reset_minutes),
        change=timedelta(hours=asked.change_hours),
        undo=timedelta(days=asked.undo_days),
        join=timedelta(days=asked.join_days),
        has_links=bool(base_of_links(settings)),
    )


async def _furnish(
    stack: AsyncExitStack,
    settings: Settings,
    storage: Storage,
    clock: Clock,
    randomness: Randomness,
    *,
    metrics: Metrics | None,
) -> House:
    issuer = await _issuer(settings, storage, randomness)
    master = master_key(settings, randomness)
    keys = _key_ring(settings, storage, master, clock)
    hasher = stack.enter_context(closing(make_hasher(settings, randomness, metrics)))
    key_rates = stack.enter_context(closing(MappedKeyRates(settings.folder / KEY_RATES_FILE)))
    journal = JournalFile(settings.folder / JOURNAL_FILE, randomness=randomness)
    stack.callback(journal.close)
    book = make_book(settings)
    directories = stack.enter_context(late_directories(settings, clock, metrics))
    outside = Outside(
        storage=storage,
        hasher=hasher,
        signer=TokenSigner(keys=keys, clock=clock, issuer=issuer),
        keys=keys,
        digester=master,
        key_safe=StoredKeySafe(master),
        key_rates=key_rates,
        letter_safe=StoredLetterSafe(master),
        mailer=LateMailer(settings),
        acceptances=journal,
        blocklist=_blocklist(settings),
        flows=book,
        clock=clock,
        randomness=randomness,
        witness=HouseWitness(PrintedSecrets(settings.folder), metrics),
        directories=directories or NoDirectories(),
        negotiation=LateNegotiation(settings) if settings.kerberos.keytab else NoNegotiation(),
    )
    services = assemble(outside, rules(settings))
    return House(settings, storage, keys, journal, book, services, clock, randomness, directories)


def _key_ring(
    settings: Settings, storage: Storage, master: MasterKey, clock: Clock
) -> StoredKeyRing:
    return StoredKeyRing(
        open_work=storage.open_work,
        revocations=storage.revocations,
        master=master,
        clock=clock,
        algorithm=settings.tokens.algorithm,
        verifies_for=timedelta(days=settings.sessions.lifetime_days),
    )


def make_hasher(
    settings: Settings, randomness: Randomness, metrics: Metrics | None = None
) -> Argon2Hasher:
    """Return the hasher of one worker; all workers together have a thread for each processor."""
    asked = settings.passwords
    threads = asked.hash_threads or max(1, usable_cores() // settings.server.workers)
    places = asked.hash_places_max or None
    if metrics is None:
        return Argon2Hasher(randomness=randomness, threads=threads, places_max=places)
    return Argon2Hasher(
        randomness=randomness,
        threads=threads,
        places_max=places,
        on_hash=metrics.hash_seconds.observe,
        on_places=metrics.hash_places.inc,
    )


def _blocklist(settings: Settings) -> GuessableBlocklist:
    file = settings.passwords.blocklist_file
    return GuessableBlocklist(file=Path(file) if file else None)


async def _issuer(settings: Settings, storage: Storage, randomness: Randomness) -> str:
    """Return who signs the tokens: a name that stays the same when the address changes."""
    issuer = (
        settings.issuer
        or settings.public_url
        or f"urn:watchword:{await _instance(storage, randomness)}"
    )
    if issuer in settings.tokens.audiences:
        raise StartError(f"tokens.audiences: must not hold {issuer}, which is this server's own.")
    return issuer


async def _instance(storage: Storage, randomness: Randomness) -> str:
    async with storage.open_work() as work:
        known = await work.setup.instance()
        if known is None:
            work.setup.name_instance(randomness.uuid())
            await work.commit()
    return known or await _instance(storage, randomness)
