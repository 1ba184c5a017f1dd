"""Files that only the holder of another key can open."""

import errno
import io
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from watchword.core.kernel.errors import InvalidError
from watchword.crypto.sealedfile import (
    MAGIC_BYTES,
    SealKey,
    check_recipients,
    is_sealed,
    make_seal_key,
    seal,
    unseal,
)

ADA, BOB, EVE = make_seal_key(), make_seal_key(), make_seal_key()
HEAD, PORTION = 215, 65_552
"""How long age's header for one recipient is, and each portion of what follows."""

SECRET = b"a staple for a horse " * 10_000
GROWTH = """
import resource, sys
from watchword.crypto.sealedfile import make_seal_key, seal, unseal

SIZE, PIECE = 200 * 2**20, bytes(2**20)

class Pipe:
    def __init__(self): self.size = 0
    def write(self, octets): self.size += len(octets); return len(octets)

def peak(): return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024

key = make_seal_key()
with open(sys.argv[1], "w+b") as file:
    before = peak()
    seal((PIECE for _ in range(SIZE // len(PIECE))), file, recipients=[key.recipient])
    file.seek(0)
    pipe = Pipe()
    unseal(file, pipe, identity=key.identity)
assert pipe.size == SIZE
print(peak() - before)
"""


def sealed(octets: bytes = SECRET, *keys: SealKey, pieces: int = 50_000) -> bytes:
    sink = io.BytesIO()
    parts = (octets[place : place + pieces] for place in range(0, len(octets), pieces))
    seal(parts, sink, recipients=[key.recipient for key in keys or (ADA,)])
    return sink.getvalue()


def opened(octets: bytes, identity: str = ADA.identity) -> bytes:
    sink = io.BytesIO()
    unseal(io.BytesIO(octets), sink, identity=identity)
    return sink.getvalue()


def refusal(octets: bytes, identity: str = ADA.identity) -> InvalidError:
    with pytest.raises(InvalidError) as found:
        opened(octets, identity)
    return found.value


@pytest.mark.parametrize("size", [0, 1, 65_535, 65_536, 65_537, 131_072, 200_000])
def test_who_it_was_sealed_for_opens_it(size: int) -> None:
    """Whatever its size, and in whatever pieces it came."""
    octets = bytes(range(256)) * (size // 256 + 1)

    found = opened(sealed(octets[:size], pieces=777))

    assert found == octets[:size]


def test_each_recipient_opens_it_and_nobody_else() -> None:
    """The one who seals cannot open it again: that needs no identity."""
    octets = sealed(SECRET, ADA, BOB)

    assert opened(octets, ADA.identity) == opened(octets, BOB.identity) == SECRET
    assert refusal(octets, EVE.identity).field == "identity"
    assert SECRET[:20] not in octets


def test_a_file_of_identities_may_hold_several() -> None:
    """As `age-keygen` writes it, with comments and empty lines."""
    text = (
        f"# created: today\n# public key: {EVE.recipient}\n{EVE.identity}\n\n  {ADA.identity}\r\n"
    )

    assert opened(sealed(), text) == SECRET


# Keys are drawn anew in each process, and the names of tests must be the same in all.
@pytest.mark.parametrize(
    "text",
    ["", "# nothing", "{recipient}", "{half}", "{identity}q", "\ud800", "{identity}\n" * 21],
    ids=["nothing", "comment", "recipient", "half", "long", "surrogate", "many"],
)
def test_what_is_no_identity_is_refused(text: str) -> None:
    """The error says what one looks like, and repeats nothing of it."""
    half = ADA.identity[:40]
    text = text.format(recipient=ADA.recipient, identity=ADA.identity, half=half)

    error = refusal(sealed(), text)

    assert error.field == "identity"
    assert "AGE-SECRET-KEY-1" in str(error)
    assert ADA.identity[20:40] not in str(error)


@pytest.mark.parametrize("text", ["", "age1", "{half}", "{identity}", "ssh-rsa AAAA"])
def test_what_is_no_recipient_is_refused(text: str) -> None:
    """The error says which it was, and repeats nothing: it may be the secret half."""
    text = text.format(identity=ADA.identity, half=ADA.recipient[:-1])

    with pytest.raises(InvalidError) as found:
        check_recipients([ADA.recipient, text])

    assert found.value.field == "recipients"
    assert "Item 2" in str(found.value)
    assert ADA.identity[20:40] not in str(found.value)


@pytest.mark.parametrize("place", [30, 100, HEAD - 5, HEAD + 5, HEAD + PORTION, -1])
def test_a_flipped_bit_is_noticed(place: int) -> None:
    """In the header, in the middle and at the end; and nothing false comes out."""
    octets = bytearray(sealed())
    octets[place] ^= 1

    error = refusal(bytes(octets))

    # A header for another key and one that is damaged look alike.
    assert error.field in ({"identity", "file"} if 0 < place < HEAD else {"file"})


@pytest.mark.parametrize("length", [0, 10, 100, HEAD, HEAD + PORTION, HEAD + 2 * PORTION, -1])
def test_a_file_that_was_cut_off_is_noticed(length: int) -> None:
    """Where one portion ends and the next begins, too."""
    assert refusal(sealed()[:length]).field == "file"


def test_what_follows_the_end_is_noticed() -> None:
    """A file to which something was appended is not the file."""
    assert refusal(sealed() + b"x").field == "file"


def test_sealed_files_are_known_by_their_beginning() -> None:
    """Before anything else of them is read."""
    assert is_sealed(sealed()[:MAGIC_BYTES])
    assert not is_sealed(b"manifest.json" + bytes(100))
    assert not is_sealed(b"")


class FullDisk(io.BytesIO):
    """Takes nothing."""

    def write(self, _: object) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")


def test_what_the_disk_says_is_handed_on() -> None:
    """Sealing or opening: the error is the one of the disk, with its number."""
    with pytest.raises(OSError, match="No space left") as sealing:
        seal([SECRET], FullDisk(), recipients=[ADA.recipient])
    with pytest.raises(OSError, match="No space left") as opening:
        unseal(io.BytesIO(sealed()), FullDisk(), identity=ADA.identity)

    assert sealing.value.errno == opening.value.errno == errno.ENOSPC


def test_whoever_stops_in_the_middle_is_heard() -> None:
    """A source that ends by an error of its own, or by Ctrl-C, ends the work with that."""

    def pieces(error: BaseException) -> Iterator[bytes]:
        yield SECRET
        raise error

    for error in (LookupError("enough"), KeyboardInterrupt()):
        with pytest.raises(type(error)) as found:
            seal(pieces(error), io.BytesIO(), recipients=[ADA.recipient])

        assert found.value is error


def test_a_pair_of_keys_does_not_show_its_secret_half() -> None:
    """Not by accident, in a log or an error."""
    assert ADA.recipient in repr(ADA)
    assert ADA.identity not in repr(ADA)


@pytest.mark.skipif(not shutil.which("age"), reason="no age here: install Debian's package `age`")
def test_the_program_age_opens_it_too(tmp_path: Path) -> None:
    """And we open what that sealed."""
    ours, theirs, key = tmp_path / "ours", tmp_path / "theirs", tmp_path / "key"
    ours.write_bytes(sealed())
    key.write_text(ADA.identity)

    age = subprocess.run(
        ["age", "--decrypt", "-i", key, ours], input=b"", capture_output=True, check=True
    )
    subprocess.run(["age", "-r", ADA.recipient, "-o", theirs], input=SECRET, check=True)

    assert age.stdout == SECRET
    assert opened(theirs.read_bytes()) == SECRET


@pytest.mark.slow
def test_memory_does_not_grow_with_the_file(tmp_path: Path) -> None:
    """200 MB are sealed and opened in a few."""
    done = subprocess.run(
        [sys.executable, "-c", GROWTH, tmp_path / "file"],
        capture_output=True,
        text=True,
        check=True,
    )

    assert int(done.stdout) < 20
