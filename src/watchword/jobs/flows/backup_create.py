"""`backup.create`: copy all that we keep into one file in the folder of backups."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass

from watchword.core.jobs.model import Needs
from watchword.core.ports import BackupMade, Backups, BackupStoppedError, backup_name
from watchword.jobs.flow import Flow, Parameters, Turn

TELL_EVERY_S = 1.0
"""How often it is recorded how far the copy is."""


class BackupParameters(Parameters, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Whether to encrypt the file; if nothing is said, wherever the settings name recipients."""

    encrypt: bool | None = None


def flow(backups: Backups, *, has_recipients: bool) -> Flow[BackupParameters]:
    """Return the flow. The file stays on this machine: it holds hashes, so nobody downloads it."""
    return Flow(
        name="backup.create",
        summary="Makes a backup of the whole store in the folder of backups.",
        parameters=BackupParameters,
        run=_Backup(backups, has_recipients).run,
        needs=Needs.ADMIN,
        runs_alone=True,
    )


@dataclass(slots=True)
class _Far:
    """How far a copy is; written in one thread, read in another."""

    done: int = 0
    total: int | None = None
    is_left: bool = False

    def tell(self, done: int, total: int | None) -> None:
        self.done, self.total = done, total


@dataclass(frozen=True, slots=True)
class _Backup:
    backups: Backups
    has_recipients: bool

    async def run(self, told: BackupParameters, turn: Turn) -> Mapping[str, object]:
        far = _Far()
        copying = asyncio.create_task(self._create(told, turn, far))
        try:
            while not copying.done():
                await asyncio.wait([copying], timeout=TELL_EVERY_S)
                await _tell(turn, far)
            made = await copying
        except BackupStoppedError:
            await turn.breathe()  # which says whether it is cancelled or handed on
            raise
        finally:
            far.is_left = True  # the copy is in another thread, which nobody can cancel
            copying.cancel()
            await asyncio.wait([copying])
        return {
            "file": made.file,
            "size": made.size,
            "sha256": made.sha256,
            "encrypted": made.is_encrypted,
            "has_master_key": made.has_master_key,
        }

    async def _create(self, told: BackupParameters, turn: Turn, far: _Far) -> BackupMade:
        begun_at = turn.job.created_at
        return await self.backups.create(
            encrypt=self.has_recipients if told.encrypt is None else told.encrypt,
            at=begun_at,
            # The same name at each turn: one that was killed after its last step is found.
            name=backup_name(begun_at),
            is_wanted=lambda: turn.is_wanted and not far.is_left,
            on_progress=far.tell,
        )


async def _tell(turn: Turn, far: _Far) -> None:
    """Record how far it is."""
    if (far.done, far.total) == (turn.progress.done, turn.progress.total):
        return
    async with turn.open_work() as work:
        turn.record(work, done=far.done, total=far.total)
        await work.commit()
