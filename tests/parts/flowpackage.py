"""A package with flows, installed where only the processes of a test find it."""

from collections.abc import Mapping
from pathlib import Path

from watchword.jobs.book import GROUP


def install(folder: Path, name: str, code: str, entries: Mapping[str, str]) -> dict[str, str]:
    """Install a module with entry points; return the settings for processes that are to know it."""
    about = folder / f"{name}-1.0.dist-info"
    about.mkdir(parents=True)
    (folder / f"{name}.py").write_text(code, encoding="utf-8")
    (about / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
    lines = [f"{entry} = {place}" for entry, place in entries.items()]
    (about / "entry_points.txt").write_text("\n".join([f"[{GROUP}]", *lines, ""]))
    return {"PYTHONPATH": str(folder)}
