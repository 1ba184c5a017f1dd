"""Every setting with its type, its bounds and its default."""

from dataclasses import replace
from datetime import timedelta
from ipaddress import ip_network
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

import msgspec
from msgspec import Meta, field

from watchword.core.accounts.names import is_address
from watchword.core.kernel.caller import Network
from watchword.core.policy.passwords import PRESETS, PasswordPolicy, Preset
from watchword.core.policy.signin import AttemptLimits
from watchword.core.signing.model import Algorithm
from watchword.settings.directories import DirectorySettings, KerberosSettings
from watchword.settings.secret import Secret, masked, without_password
from watchword.settings.section import (
    Count,
    CountOrAutomatic,
    Days,
    DaysOrNever,
    Port,
    Seconds,
    Section,
    Text,
)

DialectName = Annotated[str, Meta(pattern="^[a-z][a-z0-9_]{0,39}\\Z")]

_SMTP_PORTS = {"starttls": 587, "implicit": 465, "none": 25}


class ServerSettings(Section, frozen=True, kw_only=True):
    """How we listen, and what a connection may cost."""

    host: Text = "127.0.0.1"
    port: Port = 9261
    workers: Annotated[int, Meta(ge=1, le=256)] = 1
    tls: Literal["off", "files", "self-signed"] = "off"
    tls_cert: str = ""
    tls_key: str = ""
    trusted_proxies: tuple[str, ...] = ()
    allowed_origins: tuple[str, ...] = ()
    connections_max: Count = 1000
    header_timeout_s: Seconds = 10.0
    body_timeout_s: Seconds = 30.0
    keep_alive_s: Seconds = 65.0
    body_bytes_max: Count = 65_536
    shutdown_timeout_s: Seconds = 10.0
    metrics_host: Text = "127.0.0.1"
    metrics_port: Port = 0
    docs: bool = True

    @property
    def trusted_networks(self) -> tuple[Network, ...]:
        """Return whose `X-Forwarded-*` headers count."""
        return tuple(ip_network(text) for text in self.trusted_proxies)


class PasswordSettings(Section, frozen=True, kw_only=True):
    """How strict we are with passwords, and how many hashes run at once."""

    preset: Preset = Preset.STANDARD
    blocklist_file: str = ""
    expire_after_days: DaysOrNever = 0
    history: Annotated[int, Meta(ge=0, le=24)] = 0
    hash_threads: CountOrAutomatic = 0
    hash_places_max: CountOrAutomatic = 0

    @property
    def policy(self) -> PasswordPolicy:
        """Return the preset with what is said beside it."""
        preset = PRESETS[self.preset]
        history = self.history or preset.history
        return replace(preset, days=self.expire_after_days, history=history)


class LimitSettings(Section, frozen=True, kw_only=True):
    """How often somebody may guess, and make us write letters."""

    exempt_addresses: tuple[str, ...] = ()
    free_failures: Count = 5
    wait_first_s: Seconds = 1.0
    wait_longest_s: Seconds = 900.0
    memory_s: Seconds = 86_400.0
    failures_per_address: Count = 100
    window_s: Seconds = 900.0
    failures_per_name: Count = 100
    trust_days: Days = 30
    letters_per_address: Count = 20
    letter_every_s: Seconds = 60.0

    @property
    def attempts(self) -> AttemptLimits:
        """Return the numbers about guesses as core reads them."""
        return AttemptLimits(
            free=self.free_failures,
            wait_first=timedelta(seconds=self.wait_first_s),
            wait_longest=timedelta(seconds=self.wait_longest_s),
            memory=timedelta(seconds=self.memory_s),
            per_address=self.failures_per_address,
            window=timedelta(seconds=self.window_s),
            per_name=self.failures_per_name,
            trust=timedelta(days=self.trust_days),
            exempt=tuple(ip_network(text) for text in self.exempt_addresses),
        )


class SessionSettings(Section, frozen=True, kw_only=True):
    """How long a log-in lasts, and how many there may be."""

    lifetime_days: Days = 30
    per_account_max: Count = 1000
    cache_size: Count = 10_000


class TokenSettings(Section, frozen=True, kw_only=True):
    """How tokens are signed, and for which services elsewhere."""

    algorithm: Algorithm = Algorithm.EDDSA
    audiences: tuple[Text, ...] = ()


class ApiKeySettings(Section, frozen=True, kw_only=True):
    """How many keys an account has, how often one may be used, and who may read it again."""

    per_account_max: Annotated[int, Meta(ge=1, le=100_000)] = 100
    per_minute: CountOrAutomatic = 0
    reveal_keys: Literal["always", "once"] = "always"


class CheckoutSettings(Section, frozen=True, kw_only=True):
    """How long somebody may hold an asset."""

    end_after_days: DaysOrNever = 0

    @property
    def end_after(self) -> timedelta | None:
        """Return when a check-out ends by itself, None if it never does."""
        return timedelta(days=self.end_after_days) if self.end_after_days else None


class MailSettings(Section, frozen=True, kw_only=True):
    """Who carries our letters, and what they look like."""

    smtp_host: str = ""
    smtp_port: Port = 0
    tls: Literal["starttls", "implicit", "none"] = "starttls"
    username: str = ""
    password: Secret = Secret()
    sender: str = ""
    sender_name: str = "Watchword"
    ca_file: str = ""
    timeout_s: Annotated[float, Meta(ge=0.1, le=120)] = 30.0
    language: Literal["en", "de"] = "en"
    templates: str = ""
    keep_days: Days = 7

    @property
    def port(self) -> int:
        """Return the port of the mail server: the one given, or that of the way to talk to it."""
        return self.smtp_port or _SMTP_PORTS[self.tls]


class TicketSettings(Section, frozen=True, kw_only=True):
    """How long the links in letters are good."""

    confirm_hours: Annotated[int, Meta(ge=1, le=168)] = 24
    reset_minutes: Annotated[int, Meta(ge=10, le=1440)] = 120
    change_hours: Annotated[int, Meta(ge=1, le=168)] = 24
    undo_days: Annotated[int, Meta(ge=1, le=90)] = 7
    join_days: Annotated[int, Meta(ge=1, le=90)] = 7


class JobSettings(Section, frozen=True, kw_only=True):
    """Who works on jobs, and when flows start by themselves."""

    in_server: bool = True
    import_folder: str = ""
    keep_days: Days = 30
    schedules: dict[str, str] = field(default_factory=dict)
    """By flow: when, in the words of cron; empty for never."""


class BackupSettings(Section, frozen=True, kw_only=True):
    """Where backups go, and who can open them."""

    folder: str = ""
    recipients: tuple[str, ...] = ()
    keep: Annotated[int, Meta(ge=0, le=10_000)] = 0
    pg_dump: str = ""
    database: str = ""


class PostgresSettings(Section, frozen=True, kw_only=True):
    """How we talk to PostgreSQL."""

    pool_size: Annotated[int, Meta(ge=1, le=1000)] = 10
    pooler: bool = False


class LogSettings(Section, frozen=True, kw_only=True):
    """What we write to stderr."""

    level: Literal["debug", "info", "warning", "error"] = "info"
    format: Literal["json", "text"] = "json"


class Settings(Section, frozen=True, kw_only=True):
    """Everything an operator may choose. Its text and its `repr` show no secret."""

    data: Text = "./watchword-data"
    database: str = ""
    public_url: str = ""
    issuer: str = ""
    enabled_dialects: Annotated[tuple[DialectName, ...], Meta(min_length=1)] = (
        "astera",
        "asta",
        "assets",
        "precrime",
    )
    default_admin: Annotated[str, Meta(min_length=1, max_length=100)] = "admin"
    admin_password: Secret = Secret()
    master_key: Secret = Secret()
    retired_master_keys: Annotated[tuple[Secret, ...], Meta(max_length=7)] = ()
    registration: Literal["open", "invitation", "closed"] = "open"
    server: ServerSettings = ServerSettings()
    passwords: PasswordSettings = PasswordSettings()
    limits: LimitSettings = LimitSettings()
    sessions: SessionSettings = SessionSettings()
    tokens: TokenSettings = TokenSettings()
    api_keys: ApiKeySettings = ApiKeySettings()
    checkouts: CheckoutSettings = CheckoutSettings()
    mail: MailSettings = MailSettings()
    tickets: TicketSettings = TicketSettings()
    jobs: JobSettings = JobSettings()
    backup: BackupSettings = BackupSettings()
    directories: dict[str, DirectorySettings] = field(default_factory=dict)
    """By the name that a directory has here."""
    kerberos: KerberosSettings = KerberosSettings()
    postgres: PostgresSettings = PostgresSettings()
    log: LogSettings = LogSettings()
    dialects: dict[str, dict[str, Any]] = field(default_factory=dict)
    """Unread tables, one for each dialect, whose own strict struct parses it."""

    @property
    def folder(self) -> Path:
        """Return where we keep what is ours alone."""
        return Path(self.data)

    @property
    def import_folder(self) -> Path:
        """Return the folder that files of an import must be in."""
        return Path(self.jobs.import_folder) if self.jobs.import_folder else self.folder / "imports"

    @property
    def backup_folder(self) -> Path:
        """Return the folder that backups are written to."""
        return Path(self.backup.folder) if self.backup.folder else self.folder / "backups"

    @property
    def sender(self) -> str:
        """Return the address that letters come from, one that nobody reads if none is given."""
        usual = f"no-reply@{urlsplit(self.public_url).hostname or ''}"
        return self.mail.sender or (usual if is_address(usual) else "no-reply@localhost")

    @property
    def database_file(self) -> Path | None:
        """Return the file of the SQLite store, None if the store is PostgreSQL."""
        if not self.database:
            return self.folder / "watchword.db"
        scheme, _, place = self.database.partition(":///")
        return Path(place) if scheme == "sqlite" else None

    def redacted(self) -> dict[str, Any]:
        """Return all values as plain data that may be shown to anybody."""
        plain: dict[str, Any] = msgspec.to_builtins(self, enc_hook=repr)
        plain["database"] = without_password(self.database)
        plain["backup"]["database"] = without_password(self.backup.database)
        plain["dialects"] = masked(plain["dialects"])
        return plain

    def __repr__(self) -> str:
        return f"Settings({self.redacted()})"

    def __rich_repr__(self) -> list[tuple[str, Any]]:  # what rich prints instead
        return list(self.redacted().items())
