"""`make bench`: us beside the limit of this machine, in one run, turn by turn."""

import argparse
import os
import sys
from collections.abc import Callable, Iterable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from time import monotonic

import checks
import footprint
import isolation
import keychecks
import logins
from places import SQLITE, Place, engines, seeded
from tables import Report, cpu_table, figures_table, rates_table, surroundings


@dataclass(frozen=True)
class Options:
    """What was asked for on the command line."""

    only: list[str]
    engine: list[str]
    turns: int
    seconds: int
    json: Path | None
    folder: Path | None
    serve: list[str]


Part = Callable[[Place, Options], Report]


def main() -> None:
    options = _options()
    began = monotonic()
    report = Report(about=surroundings() | {"hash": logins.hash_build()})
    with ExitStack() as stack:
        places = [
            stack.enter_context(seeded(engine, options.folder, options.serve))
            for engine in options.engine
        ]
        for name in options.only:
            for place in places:
                print(f"{monotonic() - began:.0f} s: {name}, {place.engine}", file=sys.stderr)
                report += PARTS[name](place, options)
    after = " ".join(f"{load:.2f}" for load in os.getloadavg())
    report += Report(about={"load average afterwards": after})
    _print(report, options)
    if options.json:
        report.write(options.json)


def _starts(place: Place, options: Options) -> Report:
    # With its default settings, and on SQLite alone: the engine makes little of it.
    return footprint.measure(starts=options.turns) if place.engine == SQLITE else Report()


def _log_ins(place: Place, options: Options) -> Report:
    return logins.measure(place, turns=options.turns, seconds=options.seconds)


def _checks(place: Place, options: Options) -> Report:
    return checks.measure(place, turns=options.turns, seconds=options.seconds)


def _isolation(place: Place, options: Options) -> Report:
    # It takes two minutes, and the line for hashes is before any engine.
    if place.engine != options.engine[0]:
        return Report()
    return isolation.measure(place, turns=options.turns, seconds=options.seconds)


def _writes(place: Place, _: Options) -> Report:
    return keychecks.count_writes(place)


PARTS: dict[str, Part] = {
    "start": _starts,
    "log-in": _log_ins,
    "check": _checks,
    "isolation": _isolation,
    "writes": _writes,
}


def _options() -> Options:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", type=_some_of(PARTS), default=list(PARTS), help="parts, by comma")
    parser.add_argument("--engine", type=_some_of(engines()), default=engines(), help="by comma")
    parser.add_argument("--turns", type=int, default=5, help="of each measurement")
    parser.add_argument("--seconds", type=int, default=3, help="length of one turn")
    parser.add_argument("--json", type=Path, help="a file to write all of it to")
    parser.add_argument("--folder", type=Path, help="where the data is kept meanwhile")
    parser.add_argument("serve", nargs="*", help="options for `watchword serve`, after --")
    return Options(**vars(parser.parse_args()))


def _some_of(known: Iterable[str]) -> Callable[[str], list[str]]:
    def chosen(text: str) -> list[str]:
        asked = text.split(",")
        if unknown := sorted(set(asked) - set(known)):
            message = f"{', '.join(unknown)}: choose from {', '.join(known)}"
            raise argparse.ArgumentTypeError(message)
        return asked

    return chosen


def _print(report: Report, options: Options) -> None:
    print("\n".join(f"- {name}: {value}" for name, value in report.about.items()))
    print(f"- {options.turns} turns of {options.seconds} s; {' '.join(options.serve)}\n")
    print(figures_table(report.figures))
    if report.rows:
        print(f"\n{rates_table(report.rows)}\n\n{cpu_table(report.rows)}")
    if SQLITE not in options.engine or len(options.engine) < len(engines()):
        print("\nNot on every engine that this machine has.")


if __name__ == "__main__":
    main()
