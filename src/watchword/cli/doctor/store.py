"""The database and what is in it: read, and left as it is."""

from collections.abc import AsyncIterator

from watchword.app.checkup import database_facts, open_as_it_is
from watchword.app.house import StartError
from watchword.app.migrations import pending_migrations
from watchword.cli.doctor.clock import judge_database_clock, judge_moments
from watchword.cli.doctor.findings import Finding, fail, ok, warn
from watchword.cli.doctor.keys import look_at_keys
from watchword.cli.doctor.mail import look_at_letters
from watchword.core.kernel.clock import Clock
from watchword.core.kernel.errors import UnavailableError
from watchword.core.ports import Storage
from watchword.core.services.accounts import Accounts
from watchword.core.services.audit import AuditTrail
from watchword.settings.model import Settings

SERVER_ADVICE = "See that the database runs and that `database` in the settings is right."
CONNECTIONS_KEPT = 3
"""What PostgreSQL keeps back for its own administrators, by default."""

LASTING_COMMITS = frozenset({"on", "remote_apply"})


async def look_at_engine(settings: Settings, clock: Clock) -> list[Finding]:
    """Look at the engine, and at a server's clock, role, room and care."""
    try:
        facts = await database_facts(settings)
    except UnavailableError as error:
        return [fail("database", str(error), SERVER_ADVICE)]
    place = settings.redacted()["database"] or settings.database_file
    found = [ok("database", f"{facts.engine} {facts.version}, {place}")]
    if facts.is_standby:
        advice = "Name the primary server in `database`."
        found.append(fail("database_role", "This server is a stand-by and takes no writes", advice))
    if facts.connections_max is not None:
        found.append(judge_pool(facts.connections_max, settings))
    if facts.synchronous_commit is not None:
        found.append(judge_durability(facts.synchronous_commit, fsync=facts.fsync == "on"))
    if clock_finding := judge_database_clock(clock.now(), facts.now):
        found.append(clock_finding)
    return found


def judge_pool(connections_max: int, settings: Settings) -> Finding:
    """Compare what we may open with what the database server allows to everybody."""
    workers, size = settings.server.workers, settings.postgres.pool_size
    # Each worker also listens for news of other nodes.
    need = workers * (size + (0 if settings.postgres.pooler else 1))
    text = f"{workers} worker(s) may open {need} connections, the server allows {connections_max}"
    if need > connections_max - CONNECTIONS_KEPT and not settings.postgres.pooler:
        advice = "Lower postgres.pool_size or server.workers, or raise max_connections."
        return warn("database_connections", text, advice)
    return ok("database_connections", text)


def judge_durability(synchronous_commit: str, *, fsync: bool) -> Finding:
    """Say whether what the database server has acknowledged survives a crash of its machine."""
    text = f"synchronous_commit is {synchronous_commit}, fsync is {'on' if fsync else 'off'}"
    if fsync and synchronous_commit in LASTING_COMMITS:
        return ok("database_durability", text)
    # `local` and `remote_write` lose nothing here, but a stand-by that takes over may lack it.
    advice = (
        "Set both to on, for the server, the database and the role: else a crash can take back"
        " a log-out or a new password that was answered."
    )
    return warn("database_durability", text, advice)


async def look_at_store(settings: Settings, clock: Clock) -> list[Finding]:
    """Look at what the database holds, if it is there and up to date."""
    file = settings.database_file
    if not settings.folder.exists() or (file is not None and not file.exists()):
        advice = "Start: `watchword serve` or `watchword migrate` makes it."
        return [warn("store", "There is no store yet", advice)]
    try:
        if pending := await pending_migrations(settings):
            advice = "Run: watchword migrate"
            return [warn("migrations", f"Pending: {', '.join(pending)}", advice)]
        async with open_as_it_is(settings) as storage:
            found = [finding async for finding in _inside(settings, storage, clock)]
    except (StartError, UnavailableError) as error:
        return [fail("store", str(error), SERVER_ADVICE)]
    return [ok("migrations", "Nothing is pending"), *found]


async def _inside(settings: Settings, storage: Storage, clock: Clock) -> AsyncIterator[Finding]:
    # The beat of the pulse, which /readyz asks for all the time, is all that we write.
    await storage.check()
    yield ok("store", "The database can be read and written")
    for finding in await look_at_keys(settings, storage, clock.now()):
        yield finding
    for finding in await look_at_letters(storage, clock.now()):
        yield finding
    yield await _documented_password(storage)
    yield await _admin(storage, clock)
    yield await _last_event(storage, clock)


async def _documented_password(storage: Storage) -> Finding:
    async with storage.open_work() as work:
        found = [await work.accounts.by_id(one) for one in await work.credentials.documented()]
    names = [account.name for account in found if account is not None]
    if not names:
        return ok("documented_password", "No account has the password that is in print")
    advice = f"Run: watchword account passwd {names[0]}. Without it only `serve --demo` starts."
    text = f"{', '.join(names)} still has the password that the documentation prints"
    return fail("documented_password", text, advice)


async def _admin(storage: Storage, clock: Clock) -> Finding:
    async with storage.open_work() as work:
        has_had_account = await work.setup.has_had_account()
    if not has_had_account:
        return ok("admin", "There is no account yet; the first start makes an admin")
    if await Accounts(open_work=storage.open_work, clock=clock).has_admin():
        return ok("admin", "There is an enabled admin")
    advice = "Run: watchword account role NAME admin, or watchword account enable NAME"
    return fail("admin", "There is no enabled admin", advice)


async def _last_event(storage: Storage, clock: Clock) -> Finding:
    page = await AuditTrail(open_work=storage.open_work).page(limit=1)
    newest = page.items[0].at if page.items else None
    return judge_moments("clock_events", clock.now(), {"the newest audit event": newest})
