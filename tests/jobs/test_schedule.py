"""When flows start by themselves: each time once, and none for ever too late."""

import asyncio
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

import pytest

from jobs.toyflows import Toy
from parts.loglines import LogLines
from unit.core.conftest import OPERATOR, House
from watchword.core.jobs.model import Job
from watchword.core.kernel.errors import InvalidError, UnavailableError
from watchword.core.services.jobs import HOUSE, Jobs
from watchword.jobs.book import AnyFlow, Book
from watchword.jobs.flow import Flow, Parameters
from watchword.jobs.schedule import MADE_UP_FOR, Schedule, check_schedules

HOURLY, NIGHTLY, NEVER = "toy.hourly", "toy.nightly", "toy.never"
NEVER_COMES = "0 0 LW * */7"
"""The last weekday of a month, if it is a Sunday."""

MINUTE = timedelta(minutes=1)
NOON = datetime(2030, 5, 6, 12, 0, tzinfo=UTC)


class Needy(Parameters, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Something must be said."""

    path: str


def needy(schedule: str = "") -> Flow[Needy]:
    toy = Toy()
    return Flow(name="toy.needy", summary="", parameters=Needy, run=toy.run, schedule=schedule)  # type: ignore[arg-type]  # it is never run


def book(*more: Flow[Needy]) -> Book:
    toy = Toy()
    own: list[AnyFlow] = [
        toy.flow(HOURLY, schedule="0 * * * *"),
        toy.flow(NIGHTLY, schedule="30 3 * * *"),
        toy.flow(NEVER),
        *more,
    ]
    return Book(lambda: own, list)


class Days:
    """A store that is some days old, and processes that look after its schedules."""

    def __init__(self, house: House) -> None:
        self.house = house
        self.book = book()

    async def begin(self, *, age: timedelta = timedelta(days=3)) -> "Days":
        """Have the first key of the store be of that age, and the clock stand at noon."""
        clock = self.house.clock
        clock.advance(NOON - age - clock.now())
        async with self.house.storage.open_work() as work:
            work.signing_keys.add_first(self.house.outside.keys.generate())
            await work.commit()
        clock.advance(age)
        return self

    def process(self, times: Mapping[str, str] | None = None) -> Schedule:
        """Return what one process looks at."""
        house = self.house
        return Schedule(
            jobs=Jobs(
                open_work=house.storage.open_work,
                desk=house.storage.job_desk,
                flows=self.book,
                clock=house.clock,
                randomness=house.outside.randomness,
            ),
            book=self.book,
            times=times or {},
            open_work=house.storage.open_work,
            clock=house.clock,
        )

    async def jobs(self, flow: str = HOURLY) -> list[Job]:
        """Return what was started, oldest first."""
        page = await self.house.services.jobs.page(OPERATOR, flow=flow)
        return list(reversed(page.items))

    async def look(self, schedule: Schedule, *, minutes: int) -> None:
        """Let time pass, with a look each minute."""
        for _ in range(minutes):
            self.house.clock.advance(MINUTE)
            await schedule.look()


@pytest.fixture
async def days(house: House) -> Days:
    return await Days(house).begin()


async def test_each_time_starts_one_job(days: Days) -> None:
    """However often somebody looks in between."""
    schedule = days.process()
    await schedule.look()

    await days.look(schedule, minutes=150)

    hours = [job.key for job in await days.jobs()]
    assert hours == [f"{HOURLY} at 2030-05-06T{hour}:00:00+00:00" for hour in ("12", "13", "14")]


async def test_it_is_the_house_that_starts_it(days: Days) -> None:
    """On nobody's behalf, and with the flow's usual parameters."""
    await days.process().look()

    [job] = await days.jobs()
    assert (job.owner, job.parameters, job.dialect) == (HOUSE, '{"to":3}', HOUSE)


async def test_all_who_look_start_it_once(days: Days) -> None:
    """Ten processes on as many machines look in the same second."""
    schedules = [days.process() for _ in range(10)]

    await asyncio.gather(*(schedule.look() for schedule in schedules))

    assert len(await days.jobs()) == 1


async def test_the_settings_go_before_the_flows_own_times(days: Days) -> None:
    """Another time, none, or one for a flow that has none."""
    schedule = days.process({HOURLY: "", NIGHTLY: "20 12 * * *", NEVER: "*/30 * * * *"})
    await schedule.look()

    await days.look(schedule, minutes=59)

    started = {name: len(await days.jobs(name)) for name in (HOURLY, NIGHTLY, NEVER)}
    assert started == {HOURLY: 0, NIGHTLY: 1, NEVER: 2}


class TestMissed:
    async def test_what_was_missed_just_now_is_made_up_for(self, days: Days) -> None:
        """The server was off at noon for a little while."""
        days.house.clock.advance(MADE_UP_FOR - MINUTE)

        await days.process({HOURLY: "0 12 * * *"}).look()

        [job] = await days.jobs()
        assert job.key == f"{HOURLY} at 2030-05-06T12:00:00+00:00"

    async def test_what_was_missed_long_ago_is_not(self, days: Days) -> None:
        """A backup of the night does not begin in the morning rush."""
        days.house.clock.advance(MADE_UP_FOR)

        await days.process({HOURLY: "0 12 * * *"}).look()

        assert await days.jobs() == []

    async def test_of_several_only_the_last_is(self, days: Days) -> None:
        """One clean-up is enough."""
        days.house.clock.advance(45 * MINUTE)

        await days.process({HOURLY: "*/10 * * * *"}).look()

        [job] = await days.jobs()
        assert job.key == f"{HOURLY} at 2030-05-06T12:40:00+00:00"

    async def test_nothing_is_from_before_the_store(self, house: House) -> None:
        """The first start is no reason to make up for anything."""
        days = await Days(house).begin(age=10 * MINUTE)

        await days.process({HOURLY: "45 * * * *"}).look()

        assert await days.jobs() == []

    async def test_a_store_without_keys_begins_now(self, house: House) -> None:
        """A worker may be quicker than the first server."""
        house.clock.advance(NOON - house.clock.now())

        await Days(house).process().look()

        assert await Days(house).jobs() == []

    async def test_a_machine_that_slept_goes_on_with_the_next_time(self, days: Days) -> None:
        """Not with all that it slept through."""
        schedule = days.process({HOURLY: "0 12 * * *"})
        await schedule.look()
        days.house.clock.advance(timedelta(days=2, hours=-2))
        await schedule.look()

        await days.look(schedule, minutes=121)

        assert [job.key[-25:-9] for job in await days.jobs()] == [
            "2030-05-06T12:00",
            "2030-05-08T12:00",
        ]


class TestTrouble:
    async def test_a_clock_that_was_put_back_starts_nothing_twice(self, days: Days) -> None:
        """The same time has the same key."""
        schedule = days.process()
        await schedule.look()
        days.house.clock.advance(-30 * MINUTE)

        await days.look(schedule, minutes=40)

        assert len(await days.jobs()) == 1

    async def test_a_clock_that_was_a_year_ahead_stops_nothing(self, days: Days) -> None:
        """Once it is right again, the next time counts."""
        days.house.clock.advance(timedelta(days=365))
        schedule = days.process()
        await schedule.look()
        days.house.clock.advance(timedelta(days=-365))
        await schedule.look()

        await days.look(schedule, minutes=60)

        assert f"{HOURLY} at 2030-05-06T13:00:00+00:00" in [job.key for job in await days.jobs()]

    async def test_a_database_that_is_away_loses_no_time(self, days: Days) -> None:
        """It is asked again with the next look, from the beginning if need be."""
        schedule = days.process()
        days.house.storage.broken = UnavailableError()
        with pytest.raises(UnavailableError):
            await schedule.look()
        days.house.storage.broken = None
        await schedule.look()
        days.house.clock.advance(60 * MINUTE)
        days.house.storage.broken = UnavailableError()
        with pytest.raises(UnavailableError):
            await schedule.look()
        days.house.storage.broken = None

        await days.look(schedule, minutes=2)

        assert len(await days.jobs()) == 2

    async def test_a_flow_of_others_that_needs_parameters_is_told_of(
        self, days: Days, log_lines: LogLines
    ) -> None:
        """Once for each time, and the others start."""
        days.book = book(needy("0 12 * * *"))
        schedule = days.process()

        await schedule.look()
        await schedule.look()

        assert len(await days.jobs()) == 1
        assert [line["flow"] for line in log_lines.of("flow cannot start by itself")] == [
            "toy.needy"
        ]

    async def test_a_flow_of_others_whose_time_is_none_is_told_of(
        self, days: Days, log_lines: LogLines
    ) -> None:
        """It is left out."""
        days.book = book(needy("at noon"))

        await days.process().look()

        assert len(await days.jobs()) == 1
        assert len(log_lines.of("schedule cannot be read")) == 1

    async def test_a_flow_of_others_whose_time_never_comes_is_told_of(
        self, days: Days, log_lines: LogLines
    ) -> None:
        """Once; it is left out, and the others start."""
        days.book = book(needy(NEVER_COMES))
        schedule = days.process()

        await schedule.look()
        await schedule.look()

        assert len(await days.jobs()) == 1
        assert len(log_lines.of("schedule cannot be read")) == 1


class TestChecks:
    @pytest.mark.parametrize(
        "text", ["0 3 * * *", "*/5 0-6 L * MON-FRI", "0 0 29 2 *", "1,2 3 1 jan,feb 0#2", ""]
    )
    def test_times_of_cron_are_fine(self, text: str) -> None:
        """So is an empty one, which is never."""
        check_schedules({NEVER: text}, book())

    @pytest.mark.parametrize(
        ("text", "problem"),
        [
            ("at noon", "it has 5 fields"),
            ("@daily", "it has 5 fields"),
            ("* * * * * *", "it has 5 fields"),
            (" ", "it has 5 fields"),
            ("60 * * * *", "Bad minute"),
            ("0 24 * * *", "Bad hour"),
            ("0 0 30 2 *", "Bad day-of-month"),
            ("0 0 * 13 *", "Bad month"),
            ("0 0 * * 8", "Bad day-of-week"),
            ("0 0 ٣ * *", "Bad day-of-month"),
            ("0 */0 * * *", "Bad hour"),
            (NEVER_COMES, "it never comes"),
        ],
    )
    def test_what_is_none_is_told(self, text: str, problem: str) -> None:
        """With the flow and what is wrong."""
        with pytest.raises(InvalidError) as caught:
            check_schedules({HOURLY: "", NEVER: text}, book())

        assert str(caught.value) == (
            f"jobs.schedules, {NEVER}: {text!r} is no time of cron: {problem}."
        )

    def test_a_flow_that_is_nowhere_is_told(self) -> None:
        """Somebody would wait for it in vain."""
        with pytest.raises(
            InvalidError, match=r"^jobs.schedules, toy.sleep: there is no such flow"
        ):
            check_schedules({"toy.sleep": "0 3 * * *"}, book())

    def test_a_flow_that_needs_parameters_is_told(self) -> None:
        """A schedule has none."""
        with pytest.raises(InvalidError, match=r"^jobs.schedules, toy.needy: it cannot start"):
            check_schedules({"toy.needy": "0 3 * * *"}, book(needy()))
