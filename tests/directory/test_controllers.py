"""Controllers that are dead, silent, killed and back: log-ins go on, or are refused in time."""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass, field
from time import monotonic

import pytest

from directory.asking import (
    NAME,
    PATIENCE_S,
    directories_of,
    eventually_held,
    eventually_so,
    held,
    options_for,
    prove,
)
from directory.test_breaker import HandTicks
from parts.domain import PASSWORD, Domain
from parts.loglines import LogLines
from parts.slow_dc import Between, silent_dc, slow_dc
from parts.waiting import eventually
from watchword.core.directory.model import Verdict
from watchword.core.kernel.errors import UnavailableError
from watchword.directory.directories import LdapDirectories
from watchword.observability import log

pytestmark = pytest.mark.slow

DEAD = "ldaps://127.0.0.1:1"
STEP_S, WHOLE_S = 3.0, 4.0


@dataclass
class Told:
    """What the directories told of themselves."""

    asked: list[tuple[str, str]] = field(default_factory=list)
    presence: list[tuple[str, bool]] = field(default_factory=list)

    def on_asked(self, directory: str, operation: str, seconds: float) -> None:
        assert 0 <= seconds < PATIENCE_S
        self.asked.append((directory, operation))

    def on_presence(self, directory: str, is_present: bool) -> None:  # noqa: FBT001 (as it is called)
        self.presence.append((directory, is_present))


@pytest.fixture
def log_lines() -> Iterator[LogLines]:
    """Everything that is logged during the test."""
    lines = LogLines()
    log.configure(stream=lines.stream)
    yield lines
    log.configure()


@pytest.fixture
def silent() -> Iterator[Between]:
    with silent_dc() as silent:
        yield silent


async def refused(directories: LdapDirectories, typed: str = "alice") -> UnavailableError:
    with pytest.raises(UnavailableError) as refusal:
        await prove(directories, typed, PASSWORD)
    return refusal.value


async def test_the_next_controller_answers_for_a_dead_one(
    domain: Domain, log_lines: LogLines
) -> None:
    """The first log-in finds out, and the next ones do not ask it."""
    options, told = options_for(domain, urls=(DEAD, domain.ldaps_url)), Told()
    with directories_of(options, on_asked=told.on_asked, on_presence=told.on_presence) as them:
        proofs = [await prove(them, "alice", PASSWORD) for _ in range(3)]
        away = them.away_for(NAME)

    [lost] = log_lines.of("a controller does not answer")
    assert [proof.verdict for proof in proofs] == [Verdict.RIGHT] * 3
    assert away is None
    assert told.asked == [(NAME, "prove")] * 3
    assert told.presence == [(NAME, True)]
    assert (lost["directory"], lost["controller"]) == (NAME, "127.0.0.1:1")
    assert lost["because"] == "connection"


async def test_a_busy_controller_is_left_out(domain: Domain) -> None:
    """The preferred one is asked as long as it answers."""
    with slow_dc(domain, delay=0.0) as second:
        options = options_for(domain, urls=(domain.ldaps_url, second.ldaps_url))
        with directories_of(options) as directories:
            for _ in range(3):
                await prove(directories, "alice", PASSWORD)

        assert second.accepted == 0


@pytest.mark.alone
async def test_a_silent_controller_costs_one_log_in_a_time_out(
    domain: Domain, silent: Between
) -> None:
    """Behind a dead and a silent one the third answers within 4 s, and from then on at once."""
    urls = (DEAD, f"ldaps://127.0.0.1:{silent.port}", domain.ldaps_url)
    with directories_of(options_for(domain, urls=urls, timeout_s=STEP_S)) as directories:
        began = monotonic()
        first = await prove(directories, "alice", PASSWORD)
        then = monotonic()
        second = await prove(directories, "bob", PASSWORD)
        ended = monotonic()

    assert (first.verdict, second.verdict) == (Verdict.RIGHT, Verdict.RIGHT)
    assert 1.0 < then - began < WHOLE_S
    assert ended - then < 1.0


@pytest.mark.alone
@pytest.mark.parametrize("looks", [True, False])
async def test_a_hundred_at_once_at_a_silent_controller(
    domain: Domain, silent: Between, *, looks: bool
) -> None:
    """All are refused within 4 s, those who come later at once, and nothing is left of them."""
    urls = (f"ldaps://127.0.0.1:{silent.port}",)
    options = options_for(domain, looks=looks, urls=urls, timeout_s=STEP_S)
    before = held()
    with directories_of(options) as directories:
        began = monotonic()
        refusals = await asyncio.gather(*(refused(directories) for _ in range(100)))
        then = monotonic()
        await refused(directories)
        ended = monotonic()

    assert then - began < WHOLE_S
    assert ended - then < 0.5
    assert all(1 <= refusal.retry_after <= 30 for refusal in refusals)
    await eventually_held(before)


async def test_nothing_is_left_of_a_thousand_tries_at_a_dead_one(domain: Domain) -> None:
    """No file, no task and no thread; each of them really tried."""
    ticks = HandTicks()
    options = options_for(domain, urls=(DEAD,))
    with directories_of(options, ticks=ticks) as directories:
        await refused(directories)
        before = held()
        for _ in range(1000):
            ticks.now += 60
            await refused(directories)

        await eventually_held(before)


async def test_who_is_refused_hears_when_to_come_back(domain: Domain) -> None:
    """When the next one may try."""
    ticks = HandTicks()
    with directories_of(options_for(domain, urls=(DEAD,)), ticks=ticks) as directories:
        first = await refused(directories)
        ticks.now += 1
        later = await refused(directories)

    assert (first.retry_after, later.retry_after) == (1, 2)


async def test_a_directory_is_away_since_its_last_controller_was_lost(domain: Domain) -> None:
    """Whatever is tried in the meantime; nobody knows before anybody tried."""
    ticks, told = HandTicks(), Told()
    options = options_for(domain, urls=(DEAD, "ldaps://127.0.0.1:2"))
    with directories_of(options, ticks=ticks, on_presence=told.on_presence) as directories:
        at_first = directories.away_for(NAME)
        await refused(directories)
        ticks.now += 90
        await refused(directories)
        away = directories.away_for(NAME)

    assert at_first is None
    assert away is not None
    assert away.total_seconds() == 90
    assert told.presence == [(NAME, False)]


async def test_a_controller_killed_and_back(own_domain: Domain, log_lines: LogLines) -> None:
    """Log-ins are refused, and go on by themselves; the lines of before are forgotten."""
    told = Told()
    with directories_of(options_for(own_domain), on_presence=told.on_presence) as directories:
        before = await prove(directories, "alice", PASSWORD)
        with own_domain.away():
            await refused(directories)

        async def prove_again() -> bool:
            try:
                proof = await prove(directories, "alice", PASSWORD)
            except UnavailableError:
                return False
            return proof.verdict is Verdict.RIGHT

        await eventually(prove_again)

    assert before.verdict is Verdict.RIGHT
    assert told.presence == [(NAME, True), (NAME, False), (NAME, True)]
    assert len(log_lines.of("a controller answers again")) == 1


async def test_presence_is_known_without_log_ins(own_domain: Domain) -> None:
    """Somebody looks all the time, and it ends when it is cancelled."""
    told = Told()
    options = options_for(own_domain, urls=(DEAD, own_domain.ldaps_url))
    with directories_of(options, on_presence=told.on_presence, look_each_s=0.1) as directories:
        watching = asyncio.ensure_future(directories.watch())
        await eventually_so(lambda: told.presence == [(NAME, True)])
        with own_domain.away():
            await eventually_so(lambda: directories.away_for(NAME))
        await eventually_so(lambda: directories.away_for(NAME) is None)
        watching.cancel()
        [ended] = await asyncio.gather(watching, return_exceptions=True)

    assert isinstance(ended, asyncio.CancelledError)
    assert told.presence == [(NAME, True), (NAME, False), (NAME, True)]
    assert told.asked == []


async def test_a_line_that_a_controller_ended_is_not_noticed(own_domain: Domain) -> None:
    """It was restarted while nobody asked."""
    with directories_of(options_for(own_domain)) as directories:
        await prove(directories, "alice", PASSWORD)
        with own_domain.away():
            pass

        proof = await prove(directories, "alice", PASSWORD)

    assert proof.verdict is Verdict.RIGHT


async def test_a_service_account_that_is_refused_is_not_tried_again_and_again(
    domain: Domain, log_lines: LogLines
) -> None:
    """Three wrong passwords lock it; fifty log-ins at once are one try."""
    service, ticks = domain.new_person(), HandTicks()
    options = options_for(domain, bind_user=service.upn, bind_password="an old one")
    with directories_of(options, ticks=ticks) as directories:
        refusals = await asyncio.gather(*(refused(directories) for _ in range(50)))
        ticks.now += 20
        await refused(directories)
        away = directories.away_for(NAME)

    [line] = log_lines.of("the directory refuses the service account")
    assert line["code"] == "52e"
    assert {refusal.retry_after for refusal in refusals} == {30}
    assert away is None
    assert domain.look(service.name, "badPwdCount")["badPwdCount"] == "1"


async def test_nothing_that_was_typed_is_logged(domain: Domain, log_lines: LogLines) -> None:
    """Whatever goes wrong: a filter that is none, a service account that is not welcome."""
    secrets = ("Typed-Name", "Typed-Password", "an old one")
    spoilt = (
        {"user_filter": "(((not-a-filter)"},
        {"bind_password": "an old one"},
        {"urls": (DEAD,)},
        {"base": "OU=Nowhere,DC=ad,DC=test"},
        {"base": "no DN"},
    )
    refusals = []
    for changes in spoilt:
        with directories_of(options_for(domain, **changes)) as directories:
            for operation in (
                prove(directories, "Typed-Name", "Typed-Password"),
                directories.search(NAME, "Typed-Name", limit=5),
            ):
                with pytest.raises(UnavailableError) as refusal:
                    await operation
                refusals.append(repr(refusal.value) + repr(refusal.value.__cause__))

    told = log_lines.text() + "".join(refusals)
    assert log_lines.of("a controller refuses what it is asked")
    assert not [secret for secret in secrets if secret in told]
