"""Backups in words, and as documents."""

import json
from pathlib import Path
from typing import TYPE_CHECKING

from watchword.cli.answers import iso, moment, visible
from watchword.cli.documents import Document
from watchword.core.jobs.model import Job

if TYPE_CHECKING:
    from watchword.app.backup_reading import Verified
    from watchword.app.restoring import Restored

_ENGINES = {"sqlite": "SQLite", "postgres": "PostgreSQL"}


def made_notes(folder: Path, job: Job) -> tuple[str, tuple[str, ...]]:
    """Return the path of a backup that a job made, and what to know of it."""
    made = json.loads(job.result)
    kind = "encrypted" if made["encrypted"] else "not encrypted"
    notes = [f"Job {job.id} made a backup of {made['size']} octets, {kind}:"]
    if not made["has_master_key"]:
        notes.insert(0, "The master key is not in it: keep a copy of that somewhere else.")
    return visible(str(folder / made["file"])), tuple(notes)


def verified_document(found: "Verified") -> Document:
    return {
        "file": str(found.file),
        "size": found.size,
        "encrypted": found.is_encrypted,
        "has_master_key": found.has_master_key,
        "engine": found.engine,
        "engine_version": found.engine_version,
        "version": found.version,
        "created_at": iso(found.created_at),
        "instance": found.instance,
        "migrations": list(found.migrations),
        "newer": found.is_newer,
        "counts": dict(found.counts),
    }


def verified_text(found: "Verified") -> str:
    heads = {
        "File": str(found.file),
        "Size": f"{found.size} octets",
        "Made": f"{moment(found.created_at)} UTC",
        "By": f"Watchword {found.version} on {_ENGINES[found.engine]} {found.engine_version}",
        "Instance": found.instance or "",
        "Encrypted": "yes" if found.is_encrypted else "no",
        "Master key": "in it" if found.has_master_key else "not in it",
        "Holds": ", ".join(f"{name} {count}" for name, count in found.counts.items()),
    }
    lines = [f"{name + ':':<12}{visible(value)}" for name, value in heads.items() if value]
    return "\n".join(("The backup is whole.", *lines))


def restored_document(restored: "Restored") -> Document:
    return {
        "backup": verified_document(restored.backup),
        "database": restored.database,
        "master_key": restored.master_key,
        "put_aside": [str(path) for path in restored.put_aside],
    }


def restored_text(restored: "Restored") -> str:
    made_at = moment(restored.backup.created_at)
    return (
        f"Restored {visible(restored.database)} as it was at {made_at} UTC.\n"
        f"Its master key: {visible(restored.master_key)}\n"
        "Start the server with `watchword serve`."
    )
