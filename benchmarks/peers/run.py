"""`make bench-peers`: us beside what people would pick instead, in one run, turn by turn."""

import argparse
import signal
import sys
import tempfile
import time
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from cpu import watched
from peers import cluster
from peers.footprint import Footprint, footprint
from peers.ground import Ground
from peers.installing import default_cache, ensure
from peers.lineup import lineup
from peers.ours import hash_told
from peers.peer import Peer
from peers.proof import prove
from peers.roll import Roll, say
from peers.rounds import TESTS, Plan, measure
from peers.serving import Live, start
from peers.telling import markdown, multiples
from processes import free_port
from tables import Figure, Report, Row, surroundings
from wrk import program

_SETTLES_S = 2.0
_IDLE_S = 5.0


def main() -> None:
    options, roll = _options(), Roll()
    # So that what was started is stopped, whoever ends us.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("ended"))
    program()
    wanted = [(peer, options.cache) for peer in lineup() if _is_named(peer.title, options.only)]
    homes = roll.tried("installed", wanted, ensure)
    if options.install_only:
        return
    with ExitStack() as stack:
        running = _start_all(homes, roll, stack)
        report = _measure_all(running, roll, options)
        print(markdown(report, running.lives, running.idle, roll.left_out))
    if options.json:
        report.write(options.json)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make bench-peers", description=__doc__)
    parser.add_argument("--rounds", type=int, default=5, help="turns of each at each test")
    parser.add_argument("--seconds", type=int, default=4, help="length of one turn")
    parser.add_argument("--only", default="", help="parts of names, with commas between them")
    parser.add_argument("--tests", default="", help="the same for tests")
    parser.add_argument("--cache", type=Path, default=default_cache(), help="where peers are kept")
    parser.add_argument("--install-only", action="store_true", help="install, and measure nothing")
    parser.add_argument("--json", type=Path, help="write what was measured, for chart.py")
    return parser.parse_args()


def _is_named(name: str, parts: str) -> bool:
    return any(part.lower() in name.lower() for part in parts.split(","))


@dataclass
class Running:
    """Everybody, side by side on one machine, before the first log-in."""

    lives: list[Live]
    idle: dict[str, Footprint]
    postgres: int | None
    """The process at the root of the PostgreSQL that some of them share."""

    @property
    def named(self) -> list[tuple[Peer, Live]]:
        return [(live.peer, live) for live in self.lives]


def _start_all(homes: list[tuple[Peer, Path]], roll: Roll, stack: ExitStack) -> Running:
    made = tempfile.TemporaryDirectory(prefix="watchword-bench-", ignore_cleanup_errors=True)
    folder = Path(stack.enter_context(made))
    # PostgreSQL may run as somebody else, who must get through to its own folder.
    folder.chmod(0o711)
    shared = None
    if any(peer.postgres for peer, _ in homes):
        shared = stack.enter_context(cluster.running(folder / "postgres"))

    def begin(peer: Peer, home: Path) -> Live:
        data = folder / "-".join(peer.title.replace(",", "").split())
        data.mkdir()
        database = shared.database() if shared and peer.postgres else ""
        live = start(peer, Ground(home, data, free_port(), database))
        stack.callback(live.stop)
        return live

    lives = [live for _, live in roll.tried("started", homes, begin)]
    time.sleep(_SETTLES_S)
    idle = {live.peer.title: footprint(live.process.pid) for live in lives}
    return Running(lives, idle, shared.pid if shared else None)


def _measure_all(running: Running, roll: Roll, options: argparse.Namespace) -> Report:
    about = surroundings() | {"turns": f"{options.rounds} of {options.seconds} s each"}
    about |= hash_told()
    seeded = roll.tried("seeded and proved", running.named, _seed_and_prove)
    plan = Plan(options.rounds, options.seconds, running.postgres)
    figures, rows = [_idle_cost(running)], list[Row]()
    for test in TESTS:
        if _is_named(test.name, options.tests):
            say(f"{test.name}: {options.rounds} rounds")
            rows += measure(test, [live for _, live in seeded], plan)
    proved = roll.tried("proved again", seeded, _prove_again)
    names = {peer.title for peer, _ in proved}
    rows = [row for row in rows if row.name in names]
    return Report(about=about, figures=[*figures, *multiples(rows)], rows=rows)


def _seed_and_prove(_: Peer, live: Live) -> Live:
    live.seed()
    prove(live)
    return live


def _prove_again(_: Peer, live: Live) -> None:
    # First what was pressed with, then what they get now.
    prove(live)
    live.log_everybody_in()
    prove(live)


def _idle_cost(running: Running) -> Figure:
    """Say what all of them use when nobody asks: each turn of another goes without it."""
    time.sleep(_SETTLES_S)
    pids = {live.peer.title: live.process.pid for live in running.lives}
    if running.postgres:
        pids["PostgreSQL"] = running.postgres
    _, used = watched(pids, lambda: time.sleep(_IDLE_S))
    return Figure(what="all servers idle, together", turns=[used.server], unit="% of a core")


if __name__ == "__main__":
    main()
