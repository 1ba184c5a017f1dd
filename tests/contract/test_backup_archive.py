"""The format of a backup: what is in it comes out again, and nothing else is taken for one."""

import hashlib
import io
import json
import stat
import subprocess
import tarfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from contract.files import mode, no_larger_files
from contract.things import AT
from watchword.core.kernel.errors import InvalidError, UnavailableError
from watchword.storage.backup_archive import (
    MASTER_KEY,
    Content,
    Manifest,
    Member,
    Unpacking,
    packed,
)

DATABASE, KEY = b"SQLite format 3\0" * 10_000, b"the key\n"


def manifest(**members: bytes) -> Manifest:
    return Manifest(
        format=1,
        product="watchword",
        version="1.2.3",
        engine="sqlite",
        engine_version="3.50",
        created_at=AT,
        instance="id",
        migrations={"0001_pre_accounts": "digest"},
        members={
            name: Member(size=len(octets), sha256=hashlib.sha256(octets).hexdigest())
            for name, octets in members.items()
        },
    )


FULL = manifest(**{"watchword.db": DATABASE, "master.key": KEY})


def backup() -> bytes:
    contents = {
        "watchword.db": Content(io.BytesIO(DATABASE), len(DATABASE)),
        "master.key": Content(KEY, len(KEY)),
    }
    return b"".join(packed(FULL, contents))


def unpack(octets: bytes, folder: Path | None = None, *, pieces: int = 10_000) -> Manifest:
    unpacking = Unpacking(folder)
    try:
        for place in range(0, len(octets), pieces):
            unpacking.write(octets[place : place + pieces])
        return unpacking.end()
    finally:
        unpacking.close()


def refusal(octets: bytes, folder: Path | None = None) -> str:
    with pytest.raises(InvalidError) as found:
        unpack(octets, folder)
    assert found.value.field == "file"
    return str(found.value)


@dataclass
class Forgery:
    """A tar made by somebody who knows the format, member by member."""

    told: dict[str, Any] = field(default_factory=lambda: json.loads(_text(FULL)))
    members: list[tuple[tarfile.TarInfo, bytes]] = field(default_factory=list)

    def add(self, name: str, octets: bytes, **changes: Any) -> "Forgery":  # noqa: ANN401 - any field
        info = tarfile.TarInfo(name)
        info.size = len(octets)
        for what, value in changes.items():
            setattr(info, what, value)
        self.members.append((info, octets))
        return self

    def octets(self) -> bytes:
        text = json.dumps(self.told).encode()
        first = tarfile.TarInfo("manifest.json")
        first.size = len(text)
        return b"".join(_member(*one) for one in [(first, text), *self.members]) + bytes(1024)


def _text(of: Manifest) -> bytes:
    return b"".join(packed(of, {}))[512:].rstrip(b"\0")


def _member(info: tarfile.TarInfo, octets: bytes) -> bytes:
    return info.tobuf(tarfile.GNU_FORMAT) + octets + bytes(-len(octets) % 512)


@pytest.mark.parametrize("pieces", [97, 511, 512, 65_536, 10**9])
def test_what_was_packed_comes_out(tmp_path: Path, pieces: int) -> None:
    """In whatever pieces it comes: the same octets, in files for their owner alone."""
    found = unpack(backup(), tmp_path, pieces=pieces)

    assert found == FULL
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == {
        "watchword.db": DATABASE,
        "master.key": KEY,
    }
    assert {mode(path) for path in tmp_path.iterdir()} == {0o600}


def test_tar_reads_it_too(tmp_path: Path) -> None:
    """Whoever lost the program has the data: a plain tar, the manifest first."""
    file = tmp_path / "backup.tar"
    file.write_bytes(backup())

    listed = subprocess.run(["tar", "-tvf", file], capture_output=True, text=True, check=True)
    subprocess.run(["tar", "-xf", file, "-C", tmp_path], check=True)

    names = [line.split()[-1] for line in listed.stdout.splitlines()]
    assert names == ["manifest.json", "watchword.db", "master.key"]
    assert {line[:10] for line in listed.stdout.splitlines()} == {"-rw-------"}
    assert (tmp_path / "watchword.db").read_bytes() == DATABASE
    assert json.loads((tmp_path / "manifest.json").read_text())["created_at"] == (
        "2030-01-01T12:30:15.123456Z"
    )


def test_members_of_any_size_have_a_header() -> None:
    """Also past the 8 GB that the oldest format of tar knows."""
    octets = packed(manifest(), {"watchword.db": Content(io.BytesIO(b"x"), 10 * 2**30)})

    headers = [one for one in octets if one.startswith(b"watchword.db")]

    assert [tarfile.TarInfo.frombuf(one, "ascii", "strict").size for one in headers] == [10 * 2**30]


def test_every_cut_is_noticed() -> None:
    """Wherever it ends too early; a file that hardly begins is no backup at all."""
    whole = backup()
    cuts = [*range(512, len(whole), 512), len(whole) - 1]

    assert {refusal(whole[:cut]) for cut in cuts} == {
        "The backup ends in the middle: it was cut off."
    }
    assert refusal(b"") == refusal(whole[:100]) == "This is no backup of Watchword."


def test_every_flipped_bit_is_noticed(tmp_path: Path) -> None:
    """In a header, a size, a digest, the padding of the end or the data: never silently."""
    whole = backup()
    begin = whole.index(DATABASE[:16])
    looks = [*range(0, begin + 100, 97), begin + 50_000, len(whole) - 2000, len(whole) - 700]

    for place in looks:
        octets = bytearray(whole)
        octets[place] ^= 0x10
        folder = tmp_path / str(place)
        folder.mkdir()

        try:
            found = unpack(bytes(octets), folder)
        except InvalidError:
            continue
        # What is left is a word of the manifest that nothing depends on, or padding.
        assert found.members == FULL.members, place
        assert (folder / "watchword.db").read_bytes() == DATABASE


def test_a_damaged_member_is_named() -> None:
    """Who reads it knows what was hit."""
    octets = bytearray(backup())
    octets[octets.index(DATABASE[:16]) + 5000] ^= 1

    assert (
        refusal(bytes(octets)) == "watchword.db in the backup is damaged: its SHA-256 is another."
    )


@pytest.mark.parametrize(
    "octets",
    [b"this is no backup " * 100, bytes(2048), b"SQLite format 3\0" * 1000, b"\xff" * 3000],
)
def test_other_files_are_no_backups(octets: bytes) -> None:
    """A text, nothing but zeros, a bare database, noise."""
    assert refusal(octets) == "This is no backup of Watchword."


@pytest.mark.parametrize(
    ("name", "changes"),
    [
        ("../watchword.db", {}),
        ("/etc/watchword.db", {}),
        ("watchword.db", {"type": tarfile.SYMTYPE, "linkname": "/etc/passwd", "size": 0}),
        ("watchword.db", {"type": tarfile.LNKTYPE, "linkname": "manifest.json", "size": 0}),
        ("watchword.db", {"type": tarfile.DIRTYPE, "size": 0}),
        ("watchword.db", {"type": tarfile.FIFOTYPE, "size": 0}),
        ("watchword.db", {"type": tarfile.GNUTYPE_SPARSE}),
        ("watchword.db", {"type": tarfile.XHDTYPE}),
        ("watchword.db", {"size": 10**12}),
        ("watchword.db", {"size": len(DATABASE) - 1}),
        ("manifest.json", {}),
        ("master.key", {}),
        ("x" * 90, {}),
    ],
)
def test_odd_members_are_refused(tmp_path: Path, name: str, changes: dict[str, Any]) -> None:
    """Paths that lead elsewhere, links, folders, other names, sizes that are not said."""
    folder = tmp_path / "folder"
    folder.mkdir()
    octets = Forgery().add(name, DATABASE, **changes).add("master.key", KEY).octets()

    told = refusal(octets, folder)

    assert "in the backup" in told
    assert len(told) < 150
    assert [path.name for path in tmp_path.iterdir()] == ["folder"]
    assert list(folder.iterdir()) == []


def test_nothing_may_follow(tmp_path: Path) -> None:
    """A member twice, one too many, or anything after the end."""
    twice = Forgery().add("watchword.db", DATABASE).add("master.key", KEY)
    twice.add("watchword.db", b"another")

    assert "more members" in refusal(twice.octets(), tmp_path)
    assert "comes something else" in refusal(backup() + b"x")
    assert "comes something else" in refusal(backup() + bytes(1))


def _told(**changes: Any) -> Callable[[dict[str, Any]], None]:  # noqa: ANN401 - what JSON holds
    return lambda told: told.update(changes)


ONE = {"size": 1, "sha256": "x"}


@pytest.mark.parametrize(
    "change",
    [
        _told(format="1"),
        _told(engine="oracle"),
        _told(created_at="2030-01-01T00:00:00"),
        _told(created_at="0001-01-01T00:00:00+14:00"),
        _told(migrations=[]),
        _told(members={}),
        _told(members={"master.key": ONE}),
        _told(members={"database.dump": ONE}),
        _told(members={"watchword.db": ONE, "../x": ONE}),
        _told(members={"master.key": ONE, "watchword.db": ONE}),
        _told(members={"watchword.db": {"size": -1, "sha256": "x"}}),
        _told(members={"watchword.db": {"size": 10**30, "sha256": "x"}}),
        _told(members={"watchword.db": ONE, "master.key": {"size": 10**6, "sha256": "x"}}),
        lambda told: told.pop("engine"),
    ],
)
def test_a_manifest_that_makes_no_sense_is_refused(
    change: Callable[[dict[str, Any]], None],
) -> None:
    """Wrong types, unknown engines, members that none of ours has."""
    forged = Forgery()
    change(forged.told)

    assert "manifest" in refusal(forged.octets())


def test_what_a_later_version_adds_is_passed_over() -> None:
    """As long as the format has the same number."""
    forged = Forgery().add("watchword.db", DATABASE).add("master.key", KEY)
    forged.told["later"] = {"deep": [1]}

    assert unpack(forged.octets()) == FULL


def test_a_later_format_is_named() -> None:
    """Whoever reads that knows that a newer version is needed."""
    forged = Forgery()
    forged.told = {"format": 2}

    assert "the format 2" in refusal(forged.octets())


def test_a_manifest_without_end_is_not_read() -> None:
    """It has a size that one of ours never has, so nothing of it is kept."""
    info = tarfile.TarInfo("manifest.json")
    info.size = 2**40

    assert "too long" in refusal(info.tobuf(tarfile.GNU_FORMAT) + bytes(512))


def test_deep_json_is_refused() -> None:
    """Nesting does not bring anything down."""
    text = b"[" * 200_000
    info = tarfile.TarInfo("manifest.json")
    info.size = len(text)

    assert "manifest" in refusal(_member(info, text) + bytes(1024))


def test_a_full_disk_is_told(tmp_path: Path) -> None:
    """With the folder and how much is missing; what was written so far is there to be removed."""
    with no_larger_files(50_000), pytest.raises(UnavailableError) as found:
        unpack(backup(), tmp_path)

    assert f"The disk with {tmp_path} is full" in str(found.value)


def test_a_folder_that_holds_the_name_already_is_left_alone(tmp_path: Path) -> None:
    """Nothing that is there is written over."""
    (tmp_path / "watchword.db").write_bytes(b"mine")

    with pytest.raises(UnavailableError):
        unpack(backup(), tmp_path)

    assert (tmp_path / "watchword.db").read_bytes() == b"mine"
    assert stat.S_ISREG((tmp_path / "watchword.db").stat().st_mode)


def test_only_an_encrypted_backup_has_the_key() -> None:
    """What the manifest says of it is what its members are."""
    assert FULL.has_master_key
    assert not manifest(**{"watchword.db": DATABASE}).has_master_key
    assert MASTER_KEY == "master.key"
