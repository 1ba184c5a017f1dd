"""What the machine gives us: memory, open files, space on the disk."""

import resource
import shutil
from pathlib import Path

from watchword.cli.doctor.findings import Finding, fail, ok, warn
from watchword.settings.model import Settings

MIB = 1024 * 1024
HASH_MIB = 19
"""What one Argon2id hash holds while it runs (m=19456 KiB)."""
WORKER_MIB = 80
FILES_BESIDE_CONNECTIONS = 356
"""What the server asks for: a hundred who are turned away; pipes, logs, the database."""
SPACE_LOW_MIB = 1024
SPACE_GONE_MIB = 100

MEMINFO = Path("/proc/meminfo")
CGROUP_MAX = Path("/sys/fs/cgroup/memory.max")
CGROUP_NOW = Path("/sys/fs/cgroup/memory.current")


def look_at_memory(settings: Settings, *, threads: int) -> Finding:
    """Compare what is free with what we hold when every hash thread of every worker works."""
    free = free_memory_mib(MEMINFO, CGROUP_MAX, CGROUP_NOW)
    return judge_memory(free, settings.server.workers, threads)


def judge_memory(free_mib: int | None, workers: int, threads: int) -> Finding:
    need = workers * (WORKER_MIB + threads * HASH_MIB)
    need_text = f"{need} MiB are needed by {workers} worker(s) with {threads} hash thread(s) each"
    if free_mib is None:
        return ok("memory", f"{need_text}; this system does not say how much is free")
    text = f"{free_mib} MiB are free, {need_text}"
    if free_mib < need:
        return warn(
            "memory",
            text,
            "Give it more memory, or lower server.workers or passwords.hash_threads.",
        )
    return ok("memory", text)


def free_memory_mib(meminfo: Path, cgroup_max: Path, cgroup_now: Path) -> int | None:
    """Return what is free on the machine, or in our own container if that is less."""
    found = [
        amount // MIB
        for amount in (_available(meminfo), _left(cgroup_max, cgroup_now))
        if amount is not None
    ]
    return min(found, default=None)


def _available(meminfo: Path) -> int | None:
    for line in _text(meminfo).splitlines():
        if line.startswith("MemAvailable:"):
            return int(line.split()[1]) * 1024
    return None


def _left(most: Path, now: Path) -> int | None:
    limit, used = _text(most).strip(), _text(now).strip()
    return max(0, int(limit) - int(used)) if limit.isdigit() and used.isdigit() else None


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="ascii")
    except (OSError, UnicodeDecodeError):
        return ""


def look_at_open_files(settings: Settings) -> Finding:
    """Compare the hard limit with our connections; the server raises the soft one itself."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    # With TLS as many more may be in their handshake.
    sides = 1 if settings.server.tls == "off" else 2
    return judge_open_files(hard, settings.server.connections_max * sides)


def judge_open_files(most: int, connections: int) -> Finding:
    need = connections + FILES_BESIDE_CONNECTIONS
    if most == resource.RLIM_INFINITY:
        return ok("open_files", "ulimit -Hn is unlimited")
    text = f"ulimit -Hn is {most}, {connections} connections need about {need}"
    if most < need:
        return warn("open_files", text, f"Raise it (ulimit -Hn {need}), or lower connections_max.")
    return ok("open_files", text)


def look_at_space(folder: Path) -> Finding:
    """See how much a database in this folder, or the next one above that is there, can grow."""
    there = next(place for place in (folder.resolve(), *folder.resolve().parents) if place.exists())
    return judge_space(shutil.disk_usage(there).free // MIB, str(folder))


def judge_space(free_mib: int, place: str) -> Finding:
    text = f"{free_mib} MiB are free for {place}"
    advice = "Make room: a full disk refuses every log-in with 503."
    if free_mib < SPACE_GONE_MIB:
        return fail("disk_space", text, advice)
    return warn("disk_space", text, advice) if free_mib < SPACE_LOW_MIB else ok("disk_space", text)
