"""What may be opened for an import: plain files of text inside the folder, and nothing else."""

import bz2
import gzip
import io
import lzma
import os
import shutil
import socket
import tempfile
import threading
import zipfile
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from jobs.importing import Inbox
from watchword.core.kernel.errors import InvalidError, UnavailableError
from watchword.jobs.importfile import open_import

TEXT = b"name\nada\n"
SECRET = b"name\nmallory\n"
OUTSIDE = "inside the folder"
NOT_THERE = "no such file"
NOT_PLAIN = "must name a file"
NOBODY = 65534


@pytest.fixture
def inbox(tmp_path: Path) -> Inbox:
    folder = tmp_path / "imports"
    folder.mkdir()
    (folder / "below").mkdir()
    (tmp_path / "secret.csv").write_bytes(SECRET)
    (tmp_path / "imports-2").mkdir()
    (tmp_path / "imports-2" / "secret.csv").write_bytes(SECRET)
    return Inbox(folder)


@pytest.fixture
def open_to_all() -> Iterator[Path]:
    """A folder that every user of this machine may enter."""
    folder = Path(tempfile.mkdtemp())
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


@pytest.fixture
def without_rights(open_to_all: Path) -> Iterator[Path]:
    """The same, for somebody who is not root: root may read everything."""
    if os.geteuid():
        yield open_to_all
        return
    try:
        os.seteuid(NOBODY)
    except OSError:
        pytest.skip("this root cannot be anybody else")
    yield open_to_all
    os.seteuid(0)


def refused(folder: Path, name: str) -> str:
    """Return the sentence with which a path is refused."""
    with pytest.raises(InvalidError) as caught:
        open_import(folder, name)
    assert caught.value.field == "path"
    return str(caught.value)


@pytest.mark.parametrize("name", ["accounts.csv", "below/accounts.csv", "./below//accounts.csv"])
def test_a_file_in_the_folder_or_below_is_opened(inbox: Inbox, name: str) -> None:
    """It knows its size and its suffix, and reads what is in it."""
    inbox.put(TEXT, name)

    with inbox.open(name) as file:
        found = (file.size, file.suffix, file.read(0), file.read(5), file.read(len(TEXT)))

    assert found == (len(TEXT), ".csv", TEXT, b"ada\n", b"")


def test_a_whole_path_may_be_given(inbox: Inbox) -> None:
    """As long as it leads into the folder."""
    inbox.put(TEXT)

    with inbox.open(str(inbox.folder / "accounts.csv")) as file:
        assert file.read(0) == TEXT


def test_links_may_lead_about_inside(inbox: Inbox) -> None:
    """To a file and to a folder, and the folder for imports may itself be a link."""
    inbox.put(TEXT, "below/accounts.csv")
    (inbox.folder / "latest").symlink_to("below")
    (inbox.folder / "latest.CSV").symlink_to(inbox.folder / "latest" / "accounts.csv")
    link = inbox.folder.with_name("link")
    link.symlink_to("imports")

    with open_import(link, "latest.CSV") as file, open_import(link, "latest/accounts.csv") as same:
        found = (file.read(0), file.suffix, file.identity == same.identity)

    assert found == (TEXT, ".csv", True)


@pytest.mark.parametrize(
    "name",
    [
        "../secret.csv",
        "below/../accounts.csv",
        "..",
        "../imports/accounts.csv",
        "/etc/hostname",
        "/nowhere/at/all",
        "/",
    ],
)
def test_nothing_leads_outside(inbox: Inbox, name: str) -> None:
    """What is there or not outside cannot be told from the answer."""
    inbox.put(TEXT)

    assert OUTSIDE in refused(inbox.folder, name)


def test_a_folder_of_a_longer_name_is_outside(inbox: Inbox) -> None:
    """That its path begins with the same letters does not help."""
    name = f"{inbox.folder}-2/secret.csv"

    assert OUTSIDE in refused(inbox.folder, name)


@pytest.mark.parametrize("target", ["../secret.csv", "/etc/hostname", "/nowhere/at/all"])
def test_no_link_leads_outside(inbox: Inbox, target: str) -> None:
    """Neither the last step nor one in the middle."""
    (inbox.folder / "link.csv").symlink_to(target)
    (inbox.folder / "out").symlink_to("..")
    (inbox.folder / "below" / "twice").symlink_to(inbox.folder / "out")

    found = [refused(inbox.folder, name) for name in ("link.csv", "below/twice/secret.csv")]

    assert all(OUTSIDE in sentence for sentence in found)


def test_a_link_to_itself_is_refused(inbox: Inbox) -> None:
    """It is not followed for ever."""
    (inbox.folder / "a").symlink_to("b")
    (inbox.folder / "b").symlink_to("a")

    assert OUTSIDE in refused(inbox.folder, "a")
    assert refused(inbox.folder, "a/accounts.csv")


def test_who_swaps_a_folder_for_a_link_wins_nothing(inbox: Inbox) -> None:
    """However quick: what is opened is what was looked at, or nothing."""
    inbox.put(TEXT, "below/secret.csv")
    here, away, link = (inbox.folder / name for name in ("below", "away", "link"))
    link.symlink_to("..")

    def swap() -> None:
        here.rename(away)
        link.rename(here)
        here.rename(link)
        away.rename(here)

    assert _opened_while(swap, inbox, "below/secret.csv") == {TEXT}


def test_who_swaps_a_file_for_a_link_wins_nothing(inbox: Inbox) -> None:
    """The same for the last step."""
    inbox.put(TEXT, "accounts.csv")
    here, away, link = (inbox.folder / name for name in ("accounts.csv", "away", "link"))
    away.hardlink_to(here)

    def swap() -> None:
        link.symlink_to("../secret.csv")
        link.rename(here)
        link.hardlink_to(away)
        link.rename(here)

    assert _opened_while(swap, inbox, "accounts.csv") == {TEXT}


def _opened_while(swap: Callable[[], None], inbox: Inbox, name: str) -> set[bytes]:
    """Return what can be read under a name while something is done as fast as can be."""
    is_over = threading.Event()

    def swap_on() -> None:
        while not is_over.is_set():
            swap()

    swapper = threading.Thread(target=swap_on)
    swapper.start()
    seen = set()
    try:
        for _ in range(2000):
            with suppress(InvalidError), inbox.open(name) as file:
                seen.add(file.read(0))
    finally:
        is_over.set()
        swapper.join()
    return seen


@pytest.mark.parametrize(
    "name",
    ["", "a\0b", "missing.csv", "below/missing.csv", "accounts.csv/x", "x" * 300, "x/" * 900],
)
def test_what_is_not_there_is_refused(inbox: Inbox, name: str) -> None:
    """And what can be no name, too."""
    inbox.put(TEXT)

    assert NOT_THERE in refused(inbox.folder, name)


def test_a_name_that_cannot_be_written_is_refused(inbox: Inbox) -> None:
    """Half a character is no name, and is not repeated."""
    assert NOT_THERE in refused(inbox.folder, "\ud800")


@pytest.mark.parametrize("name", [".", "below", "below/", "./", "pipe", "socket"])
def test_what_is_no_plain_file_is_refused(inbox: Inbox, name: str) -> None:
    """At once: nobody writes into the pipe."""
    os.mkfifo(inbox.folder / "pipe")
    with socket.socket(socket.AF_UNIX) as ear:
        ear.bind(str(inbox.folder / "socket"))

        assert NOT_PLAIN in refused(inbox.folder, name)


def test_a_device_is_refused() -> None:
    """It might never end."""
    assert NOT_PLAIN in refused(Path("/dev"), "zero")


def test_the_folder_must_be_there(tmp_path: Path) -> None:
    """The answer says that it is the folder, and not the file, that is wrong."""
    (tmp_path / "file").write_bytes(TEXT)

    found = [refused(tmp_path / name, "accounts.csv") for name in ("missing", "file")]

    assert found == [
        "The folder for imports is not there.",
        "The folder for imports is not a folder.",
    ]


def test_a_file_that_we_may_not_read_is_refused(without_rights: Path) -> None:
    """A right that is missing is no fault of ours: the operator gives it."""
    inbox = Inbox(without_rights)
    with suppress(PermissionError):
        inbox.put(TEXT)
    as_root = os.geteuid()
    os.seteuid(os.getuid())
    inbox.put(TEXT)
    (without_rights / "accounts.csv").chmod(0o200)
    (without_rights / "closed").mkdir(mode=0o300)
    os.seteuid(as_root)

    found = [
        refused(without_rights, "accounts.csv"),
        refused(without_rights, "closed/accounts.csv"),
        refused(without_rights / "closed", "accounts.csv"),
    ]

    assert all("no right to read" in sentence for sentence in found)


def _zipped(octets: bytes) -> bytes:
    whole = io.BytesIO()
    with zipfile.ZipFile(whole, "w") as archive:
        archive.writestr("accounts.csv", octets)
    return whole.getvalue()


PACKED = {
    "gzip": gzip.compress(TEXT, mtime=0),
    "zip": _zipped(TEXT),
    "bzip2": bz2.compress(TEXT),
    "xz": lzma.compress(TEXT),
    "zstd": bytes.fromhex("28b52ffd0409490000") + TEXT,
}


@pytest.mark.parametrize("name", PACKED)
def test_a_compressed_file_is_refused(inbox: Inbox, name: str) -> None:
    """By what it holds, not by its name; and nothing of it is unpacked."""
    inbox.put(PACKED[name])

    assert refused(inbox.folder, "accounts.csv") == (
        f"The file is compressed ({name}): unpack it first."
    )


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-be", "utf-16-le", "utf-32", "utf-32-be"])
def test_a_wide_encoding_is_refused(inbox: Inbox, encoding: str) -> None:
    """With its mark or without it, the answer says how to save the file."""
    inbox.put("name\nada\n".encode(encoding))
    inbox.put("\ufeffname\nada\n".encode(encoding), "marked.csv")

    assert "UTF-8" in refused(inbox.folder, "accounts.csv")
    assert "UTF-8" in refused(inbox.folder, "marked.csv")


@pytest.mark.parametrize(
    ("octets", "reason"),
    [(b"", "is empty"), (b"\x7fELF\x02\0\0", "is not text"), (b"\0", "not text")],
)
def test_what_is_no_text_is_refused(inbox: Inbox, octets: bytes, reason: str) -> None:
    """Nobody imports a program by mistake."""
    inbox.put(octets)

    assert reason in refused(inbox.folder, "accounts.csv")


def test_a_refusal_keeps_nothing_open(inbox: Inbox) -> None:
    """Whoever asks for a thousand bad files does not use up what the server may open."""
    inbox.put(b"")
    before = _descriptors()

    for name in ("accounts.csv", "below", "below/missing.csv", "accounts.csv/x"):
        refused(inbox.folder, name)

    assert _descriptors() == before


def _descriptors() -> set[str]:
    """Return the numbers of all that this process has open."""
    return {one.name for one in Path("/dev/fd").iterdir()}


def test_another_file_has_another_identity(inbox: Inbox) -> None:
    """Whether it was written to, touched, or replaced by one of the same size and age."""
    path = inbox.folder / inbox.put(TEXT)

    def identity() -> str:
        with inbox.open("accounts.csv") as file:
            return file.identity

    first, again = identity(), identity()
    times = path.stat()
    with path.open("ab") as stream:
        stream.write(b"bob\n")
    longer = identity()
    os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns + 1))
    touched = identity()
    path.with_name("other").write_bytes(TEXT)
    os.utime(path.with_name("other"), ns=(times.st_atime_ns, times.st_mtime_ns))
    path.with_name("other").rename(path)

    assert first == again
    assert len({first, longer, touched, identity()}) == 4


def test_a_file_that_changes_is_read_no_further(inbox: Inbox) -> None:
    """Half of the old one and half of the new one would be neither."""
    path = inbox.folder / inbox.put(TEXT)
    with inbox.open("accounts.csv") as file:
        with path.open("ab") as stream:
            stream.write(b"bob\n")

        with pytest.raises(InvalidError, match="changed"):
            file.read(0)


def test_a_file_that_is_replaced_is_read_to_its_end(inbox: Inbox) -> None:
    """It is the one that was opened, and it did not change."""
    path = inbox.folder / inbox.put(TEXT)
    with inbox.open("accounts.csv") as file:
        path.with_name("other").write_bytes(SECRET)
        path.with_name("other").rename(path)

        assert file.read(0) == TEXT


def test_a_disk_that_fails_is_worth_another_try(inbox: Inbox) -> None:
    """The file is not at fault."""
    file = inbox.open(inbox.put(TEXT))
    file.close()
    file.close()

    with pytest.raises(UnavailableError):
        file.read(0)
