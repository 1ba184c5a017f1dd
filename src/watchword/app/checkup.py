"""What the doctor asks of rooms that the command line does not know. It makes nothing."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from cryptography import x509
from joserfc.errors import JoseError

from watchword.app.directories import Told, make_directories, make_negotiation
from watchword.app.house import (
    MASTER_KEY_FILE,
    MASTER_KEY_VARIABLE,
    StartError,
    make_hasher,
    master_key,
    open_database,
)
from watchword.app.postroom import make_mailer
from watchword.core.apikeys.model import ApiKey
from watchword.core.directory.port import Finding as DirectoryFinding
from watchword.core.kernel.clock import SystemClock
from watchword.core.kernel.errors import CoreError, InvalidError
from watchword.core.kernel.randomness import SystemRandomness
from watchword.core.ports import Posting, Storage
from watchword.core.signing.model import SigningKey
from watchword.crypto.argon2 import chosen
from watchword.crypto.builds.stamp import this_processor
from watchword.crypto.keypairs import signing_half, standing_of
from watchword.crypto.keysafe import StoredKeySafe
from watchword.crypto.master import SealError, Standing
from watchword.crypto.passwords import Argon2Hasher
from watchword.http.listening import ServeError
from watchword.http.tls import CERTIFICATE_NAME, KEY_NAME, TlsFiles, check
from watchword.mail.smtp import SmtpMailer
from watchword.settings.model import Settings
from watchword.storage.facts import DatabaseFacts, postgres_facts, sqlite_facts


@dataclass(frozen=True, slots=True)
class Certificate:
    """A certificate that the server would use; `problem` says why it would not."""

    path: Path
    ends_at: datetime | None = None
    problem: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Hanging:
    """What hangs on a master key that is retired, and what on one that is not here at all."""

    has_retired: bool
    signing: tuple[SigningKey, ...] = ()
    retired: tuple[ApiKey, ...] = ()
    lost: tuple[ApiKey, ...] = ()


async def database_facts(settings: Settings) -> DatabaseFacts:
    """Return what the database says of itself. Raises UnavailableError."""
    if settings.database_file is not None:
        return sqlite_facts()
    return await postgres_facts(settings.database)


@asynccontextmanager
async def open_as_it_is(settings: Settings) -> AsyncIterator[Storage]:
    """Open a database that is there, without bringing it up to date. Raises StartError."""
    try:
        storage = await open_database(settings)
    except CoreError as error:
        raise StartError(str(error)) from error
    try:
        yield storage
    finally:
        await storage.close()


def has_master_key(settings: Settings) -> bool:
    """Say whether there is a key; the first start makes one."""
    return bool(settings.master_key) or _key_file(settings).exists()


def master_key_place(settings: Settings) -> str:
    """Say where the key is, or would be."""
    return MASTER_KEY_VARIABLE if settings.master_key else str(_key_file(settings))


def key_problem(settings: Settings, keys: Sequence[SigningKey]) -> str:
    """Return why the master key, which must be there, does not open these keys, or nothing."""
    try:
        master = master_key(settings, SystemRandomness())
    except InvalidError as error:
        return str(error)
    try:
        for key in _signing(keys):
            signing_half(key, master=master)
    except (SealError, JoseError, ValueError):
        return f"{master.source} does not open the signing keys in the database."
    return ""


def hanging(
    settings: Settings, signing: Sequence[SigningKey], api_keys: Sequence[ApiKey]
) -> Hanging:
    """Return what needs more than the current master key. The key must be there and sound."""
    master = master_key(settings, SystemRandomness())
    safe = StoredKeySafe(master)
    found = [(safe.standing(one.digest), one) for one in api_keys]
    old = [one for one in _signing(signing) if standing_of(one, master=master) is Standing.RETIRED]
    return Hanging(
        has_retired=master.has_retired,
        signing=tuple(old),
        retired=tuple(one for standing, one in found if standing is Standing.RETIRED),
        lost=tuple(one for standing, one in found if standing is Standing.UNKNOWN),
    )


def certificate(settings: Settings) -> Certificate | None:
    """Return the certificate that the server would use now, None if there is none yet."""
    server = settings.server
    if server.tls == "off":
        return None
    own = TlsFiles(settings.folder / CERTIFICATE_NAME, settings.folder / KEY_NAME)
    given = TlsFiles(Path(server.tls_cert), Path(server.tls_key))
    files = own if server.tls == "self-signed" else given
    if files is own and not own.certificate.exists():
        return None
    try:
        check(files, SystemClock())
    except ServeError as error:
        return Certificate(files.certificate, problem=str(error))
    first, *_ = x509.load_pem_x509_certificates(files.certificate.read_bytes())
    return Certificate(files.certificate, first.not_valid_after_utc)


async def mail_trouble(settings: Settings) -> Posting | None:
    """Return what the mail server has against our letters; nothing is sent.

    Raises InvalidError where the settings themselves are in the way.
    """
    mailer = make_mailer(settings)
    return await mailer.check() if isinstance(mailer, SmtpMailer) else None


async def examined_directory(settings: Settings, name: str) -> list[DirectoryFinding]:
    """Return what came of trying all that is needed of a directory.

    Raises InvalidError where the settings themselves are in the way.
    """
    made = make_directories(settings, clock=SystemClock(), told=Told())
    with closing(made):
        return [one async for one in made.examine(name)]


def kerberos_problem(settings: Settings) -> str:
    """Return why no Kerberos ticket could be read, or nothing."""
    try:
        make_negotiation(settings)
    except InvalidError as error:
        return str(error)
    return ""


def hasher(settings: Settings) -> Argon2Hasher:
    """Return the hasher of one worker, to measure it. Close it."""
    return make_hasher(settings, SystemRandomness())


def hash_build() -> str:
    """Say who computes the hashes, and why nobody faster does."""
    choice = chosen()
    return choice.about if choice.is_native else f"{choice.about} ({choice.why})"


def could_be_native() -> bool:
    """Say whether a build for this very processor would be taken, if there were one."""
    return not chosen().is_native and bool(this_processor())


def _signing(keys: Sequence[SigningKey]) -> list[SigningKey]:
    """Return those whose private half anybody needs: who is retired only verifies."""
    return [one for one in keys if one.retired_at is None]


def _key_file(settings: Settings) -> Path:
    return settings.folder / MASTER_KEY_FILE
