"""A restore that is ended at any step leaves the store of before, or the whole new one."""

import asyncio
import errno
import shutil
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Any

import pytest

from app.backing import Site, back_up, fill, is_good, listed, path_of
from watchword.app import restore_places, restoring
from watchword.app.restoring import restore
from watchword.core.kernel.errors import UnavailableError
from watchword.settings.model import Settings
from watchword.storage import private

pytestmark = pytest.mark.slow

FILES = {restore_places.__file__, restoring.__file__}
STEPS = {"restore", "put", "_in_place", "aside_of"}
KEPT = {"in-use.lock"}


@dataclass
class Fault:
    """Raises at a line that is chosen, as a signal does that comes there."""

    problem: BaseException
    is_there: Callable[[FrameType], bool]
    has_come: bool = False

    def during(self, work: Callable[[], object]) -> None:
        before = sys.gettrace()
        sys.settrace(self._trace)
        try:
            work()
        finally:
            sys.settrace(before)

    def _trace(self, frame: FrameType, event: str, _: object) -> Any:  # noqa: ANN401 - itself
        if event == "line" and not self.has_come and self.is_there(frame):
            self.has_come = True
            raise self.problem
        return self._trace


def at_step(number: int) -> Callable[[FrameType], bool]:
    """Choose the line that is the so-manieth of those that put things in place."""
    left = number

    def is_there(frame: FrameType) -> bool:
        nonlocal left
        code = frame.f_code
        if code.co_filename not in FILES or code.co_name not in STEPS:
            return False
        left -= 1
        return left < 0

    return is_there


def while_syncing(frame: FrameType) -> bool:
    """Choose the sync after the database got its name."""
    caller = frame.f_back
    return (
        frame.f_code.co_filename == private.__file__
        and frame.f_code.co_name == "sync_folder"
        and caller is not None
        and caller.f_code.co_name == "put"
    )


def run(fault: Fault, file: Path, there: Settings, site: Site, *, force: bool) -> None:
    fault.during(lambda: restore(file, there, identity=site.key.identity, force=force))


def held(folder: Path) -> dict[str, bytes]:
    """Return what is in a folder, but for what says that somebody works on it."""
    return {name: (folder / name).read_bytes() for name in listed(folder) - KEPT}


@pytest.mark.parametrize("force", [False, True])
async def test_ended_at_any_step(own_site: Site, force: bool) -> None:  # noqa: FBT001 - a parameter
    """There is never a database without its key, nor one whose name nobody was told."""
    here, old = own_site.settings("here"), own_site.settings("old")
    new = await fill(here)
    if force:
        await fill(old)
    else:
        old.folder.mkdir(mode=0o700)
    file, before = path_of(here, await back_up(here)), held(old.folder)
    wrong, whole, number = list[int](), list[Settings](), 0
    while True:
        there = own_site.settings(f"there{number}")
        shutil.copytree(old.folder, there.folder)
        fault = Fault(KeyboardInterrupt(), at_step(number))
        try:
            await asyncio.to_thread(run_to_end, fault, file, there, own_site, force)
        except InterruptedError:
            after = held(there.folder)
            if after != before:
                whole.append(there)
                if after.get("master.key") != (here.folder / "master.key").read_bytes():
                    wrong.append(number)
        else:
            break
        number += 1

    assert number > 20
    assert wrong == []
    assert all([await is_good(there, new) for there in whole[:1] + whole[-1:]])
    assert all("watchword.db" in listed(there.folder) for there in whole)


def run_to_end(fault: Fault, file: Path, there: Settings, site: Site, force: bool) -> None:  # noqa: FBT001 - handed on
    """Restore; a thread cannot hand on what ends a program."""
    try:
        run(fault, file, there, site, force=force)
    except KeyboardInterrupt as error:
        raise InterruptedError from error


@pytest.mark.parametrize("force", [False, True])
async def test_a_disk_that_fails_at_the_end(own_site: Site, force: bool) -> None:  # noqa: FBT001 - a parameter
    """Everything is as it was, and the next try does all of it."""
    here, there = own_site.settings("here"), own_site.settings("there")
    new = await fill(here)
    if force:
        await fill(there)
    file, before = path_of(here, await back_up(here)), held(there.folder)
    fault = Fault(OSError(errno.EIO, "Input/output error"), while_syncing)

    with pytest.raises(UnavailableError, match="cannot be used"):
        await asyncio.to_thread(run, fault, file, there, own_site, force=force)
    after = held(there.folder)
    restore(file, there, identity=own_site.key.identity, force=force)

    assert fault.has_come
    assert after == before
    assert await is_good(there, new)
