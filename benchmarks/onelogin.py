"""One log-in: what each thread of the server spends on it, and what the event loop does of it.

Log-ins are called at the service, in this process, so what HTTP takes is not in it: `onecheck.py`
tells that of a check. A first run is for the processor time of each thread, as the kernel counts
it; a second one is under cProfile, which makes Python code look longer by half or so, and calls
into C by nothing.
"""

import argparse
import asyncio
import cProfile
import pstats
import tempfile
import threading
from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import uvloop

from watchword import __version__
from watchword.app.house import House, open_house
from watchword.core.kernel.caller import Origin
from watchword.core.services.sessiondoor import SignedIn, Terms
from watchword.core.services.signin import SignIn
from watchword.core.services.signup import Wish
from watchword.observability import log
from watchword.observability.metrics import Metrics, prepare
from watchword.settings.load import load

PEOPLE = 50
PASSWORD = "correct horse battery staple"  # noqa: S105 - of accounts that live for a minute
HERE = Origin("127.0.0.1", "asta")
TERMS = Terms(lifetime=timedelta(hours=1))
EXEMPT = {"WATCHWORD_LIMITS__EXEMPT_ADDRESSES": "127.0.0.0/8", "WATCHWORD_REGISTRATION": "open"}
SHOWN = 30


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=800, help="log-ins in each of the two runs")
    parser.add_argument("--at-once", type=int, default=16)
    parser.add_argument("--folder", type=Path, help="where the data is kept meanwhile")
    parser.add_argument("--database", default="", help="a PostgreSQL URL, else SQLite")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=options.folder) as folder:
        uvloop.run(_measured(Path(folder), options))


async def _measured(folder: Path, options: argparse.Namespace) -> None:
    log.configure("warning")
    prepare(None)
    chosen = {"data": str(folder), "database": options.database}
    settings = load(environ=EXEMPT, overrides=chosen)
    async with open_house(settings, metrics=Metrics(version=__version__)) as house:
        await house.keys.ensure_first()
        await _seed(house)
        crowd = _Crowd(house.services.signin, options.at_once)
        await crowd.log_in(2 * PEOPLE)
        before = _thread_seconds()
        await crowd.log_in(options.count)
        _tell_threads(_thread_seconds() - before, options.count)
        with cProfile.Profile() as profile:
            await crowd.log_in(options.count)
    _tell_steps(profile, options.count)


async def _seed(house: House) -> None:
    signup = house.services.signup
    for number in range(PEOPLE):
        wish = Wish(name=f"name{number}", password=PASSWORD)
        make = signup.register if number else signup.create_first
        await make(wish, origin=HERE)


class _Crowd:
    """So many people who log in, each again when they are in."""

    def __init__(self, signin: SignIn, at_once: int) -> None:
        self._signin = signin
        self._at_once = at_once

    async def log_in(self, count: int) -> None:
        numbers = iter(range(count))
        await asyncio.gather(*(self._one(numbers) for _ in range(self._at_once)))

    async def _one(self, numbers: Iterator[int]) -> None:
        for number in numbers:
            name = f"name{number % PEOPLE}"
            outcome = await self._signin.with_password(name, PASSWORD, origin=HERE, terms=TERMS)
            assert isinstance(outcome, SignedIn)


def _thread_seconds() -> Counter[str]:
    """Return the processor time of each kind of thread, hashes all together."""
    seconds: Counter[str] = Counter()
    for thread in threading.enumerate():
        status = Path(f"/proc/self/task/{thread.native_id}/schedstat").read_text()
        seconds[thread.name.rpartition("_")[0] or thread.name] += int(status.split()[0])
    return seconds


def _tell_threads(nanoseconds: Counter[str], count: int) -> None:
    print("| thread | us of processor time for a log-in |\n|---|---|")
    for name, took in nanoseconds.most_common():
        print(f"| {name} | {took / count / 1000:,.0f} |")


def _tell_steps(profile: cProfile.Profile, count: int) -> None:
    stats = pstats.Stats(profile).get_stats_profile().func_profiles
    found = sorted(stats.items(), key=lambda item: item[1].cumtime, reverse=True)
    print(
        "\n| function | calls for a log-in | us in it | us with what it calls |\n|---|---|---|---|"
    )
    ours = [(name, one) for name, one in found if "watchword" in one.file_name or one.tottime > 0]
    for name, one in ours[:SHOWN]:
        where = f"{Path(one.file_name).name} {name}"
        calls = int(str(one.ncalls).partition("/")[0]) / count
        own, whole = (1e6 * seconds / count for seconds in (one.tottime, one.cumtime))
        print(f"| `{where}` | {calls:.1f} | {own:.0f} | {whole:.0f} |")


if __name__ == "__main__":
    main()
