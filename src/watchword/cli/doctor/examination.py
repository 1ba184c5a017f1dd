"""The order in which the doctor looks: settings first, for all else depends on them."""

import os
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

from watchword.app.checkup import could_be_native, hash_build, hasher
from watchword.app.house import StartError
from watchword.app.web import mounted
from watchword.cli.doctor.address import look_at_address
from watchword.cli.doctor.certificate import look_at_certificate
from watchword.cli.doctor.clock import judge_jump, judge_moments, last_changed
from watchword.cli.doctor.directories import look_at_directories
from watchword.cli.doctor.findings import Finding, fail, ok
from watchword.cli.doctor.folder import look_at_folder
from watchword.cli.doctor.hashing import SECONDS, judge_rate, measure
from watchword.cli.doctor.machine import look_at_memory, look_at_open_files, look_at_space
from watchword.cli.doctor.mail import look_at_mail
from watchword.cli.doctor.store import look_at_engine, look_at_store
from watchword.core.kernel.clock import Clock
from watchword.settings.directories import DirectorySettings
from watchword.settings.model import Settings


async def examine(settings: Settings, clock: Clock, *, seconds: float = SECONDS) -> list[Finding]:
    """Look at everything that these settings are about; hash for so many seconds."""
    with closing(hasher(settings)) as its_hasher:
        threads = its_hasher.threads
        measured = await measure(its_hasher, clock, threads=threads, seconds=seconds)
    return [
        *_look_at_settings(settings),
        *look_at_folder(settings.folder, user=os.geteuid()),
        look_at_space(settings.database_file or settings.folder),
        *await look_at_engine(settings, clock),
        *await look_at_store(settings, clock),
        *look_at_address(settings),
        *await look_at_mail(settings),
        *await look_at_directories(settings),
        *look_at_certificate(settings, clock.now()),
        _look_at_clock(settings, clock),
        look_at_memory(settings, threads=threads),
        look_at_open_files(settings),
        judge_rate(measured, hash_build(), could_be_native=could_be_native()),
        judge_jump(measured.passed, measured.ticked),
    ]


def chosen(settings: Settings) -> dict[str, Any]:
    """Return the settings that are not at their default, by key; secrets are masked."""
    directories = {name: DirectorySettings() for name in settings.directories}
    usual = dict(_flat(Settings(directories=directories).redacted(), ""))
    return {key: value for key, value in _flat(settings.redacted(), "") if usual.get(key) != value}


def _look_at_settings(settings: Settings) -> list[Finding]:
    said = ", ".join(f"{key} = {value}" for key, value in chosen(settings).items())
    found = [ok("settings", said or "All are at their defaults")]
    try:
        names = ", ".join(one.dialect.name for one in mounted(settings))
    except StartError as error:
        return [*found, fail("dialects", str(error), "Correct the settings.")]
    return [*found, ok("dialects", f"Enabled: {names}")]


def _flat(table: dict[str, Any], before: str) -> Iterator[tuple[str, Any]]:
    for name, value in table.items():
        if isinstance(value, dict):
            yield from _flat(value, f"{before}{name}.")
        else:
            yield before + name, value


def _look_at_clock(settings: Settings, clock: Clock) -> Finding:
    moments = {
        f"the change of {place}": last_changed(place)
        for place in (Path(__file__), settings.folder, settings.database_file)
        if place is not None
    }
    return judge_moments("clock", clock.now(), moments)
