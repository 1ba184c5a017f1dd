"""The stamp beside what was built: for which processor, from what, and what it must still be."""

import json
import platform
from dataclasses import asdict, dataclass
from hashlib import sha256
from pathlib import Path

LIBRARY = "argon2.so"
ARENA = "arena.so"
STAMP = "stamp.json"
CPUINFO = Path("/proc/cpuinfo")

# What x86, ARM, POWER and RISC-V say of a processor that does not change while it runs.
_TELLING = {
    *("vendor_id", "cpu family", "model", "model name", "stepping", "flags"),
    *("CPU implementer", "CPU architecture", "CPU variant", "CPU part", "CPU revision", "Features"),
    *("cpu", "revision", "isa", "uarch"),
}

Processor = dict[str, list[str]]
"""What the processors of this machine say of themselves."""


@dataclass(frozen=True, slots=True)
class Stamp:
    """What was built, and for whom."""

    processor: Processor
    files: dict[str, str]
    made_of: str


def this_processor(cpuinfo: Path = CPUINFO) -> Processor:
    """Return what tells this processor from others; nothing where the system does not say."""
    try:
        lines = cpuinfo.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return {}
    found: dict[str, set[str]] = {}
    for line in lines:
        name, _, value = (part.strip() for part in line.partition(":"))
        if name in _TELLING:
            found.setdefault(name, set()).add(value)
    if not found:
        return {}
    said = {name: sorted(values) for name, values in sorted(found.items())}
    return {"machine": [platform.machine()], **said}


def model_of(processor: Processor) -> str:
    """Return what people call it."""
    names = processor.get("model name") or processor.get("CPU part") or processor.get("machine")
    return " and ".join(names) if names else "an unknown processor"


def write(folder: Path, processor: Processor, made_of: str) -> None:
    """Leave a stamp that says what lies there now, and for which processor it is."""
    files = {name: _digest(folder / name) for name in (LIBRARY, ARENA)}
    text = json.dumps(asdict(Stamp(processor, files, made_of)), indent=1)
    (folder / STAMP).write_text(text + "\n", encoding="utf-8")


def read(folder: Path) -> Stamp | None:
    """Return the stamp; None if there is none, or none that can be read."""
    try:
        said = json.loads((folder / STAMP).read_text(encoding="utf-8"))
        return Stamp(said["processor"], said["files"], said["made_of"])
    except (OSError, ValueError, KeyError, TypeError):
        return None


def objection(folder: Path, processor: Processor) -> str:
    """Return why nothing there may be loaded, or nothing: an instruction that is not there kills.

    Nothing is loaded for this; whoever is let through still has to give the right answers.
    """
    stamp = read(folder)
    if stamp is None:
        return "there is no native build"
    if not processor or stamp.processor != processor:
        return "the native build here is for another processor"
    try:
        there = {name: _digest(folder / name) for name in (LIBRARY, ARENA)}
    except OSError:
        return "the native build here is not complete"
    return "" if there == stamp.files else "the native build here has changed since"


def _digest(path: Path) -> str:
    return sha256(path.read_bytes()).hexdigest()
