"""What `make native` asks, in a process of its own: is it up to date, and is it sound?

    python -m watchword.crypto.builds.proving current FOLDER MADE_OF
    python -m watchword.crypto.builds.proving prove FOLDER MADE_OF

The first ends with 0 if what lies there was made of the same, for this processor. The second
tests what lies there and stamps it; it dies where the processor lacks an instruction.
"""

import sys
from pathlib import Path

from watchword.crypto.builds import stamp
from watchword.crypto.builds.answers import answers_rightly
from watchword.crypto.builds.libsodium import Libsodium
from watchword.crypto.builds.native import Native

MEMORY_KIB = 19 * 1024
LARGE = "$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc"
RFC_9106_KEY = bytes.fromhex("0d640df58d78766c08c037a34a8b53c9d01ef0452d75b65eb52520e96b01e659")


def is_current(folder: Path, made_of: str) -> bool:
    """Say whether nothing need be built."""
    found = stamp.read(folder)
    return (
        found is not None
        and found.made_of == made_of
        and not stamp.objection(folder, stamp.this_processor())
    )


def problem_of(native: Native) -> str:
    """Return what is wrong with it, or nothing."""
    others = Libsodium()
    password = "pässword \0 tail".encode()
    ours = native.compute(password, memory_kib=MEMORY_KIB, passes=2)
    theirs = others.compute(password, memory_kib=MEMORY_KIB, passes=2)
    tests = {
        "known answers": answers_rightly(native) and native.matches(b"password", LARGE),
        "RFC 9106, 5.3": _rfc_9106(native) == RFC_9106_KEY,
        "its hashes with libsodium": others.matches(password, ours),
        "libsodium's hashes with it": native.matches(password, theirs),
        "wrong passwords": not native.matches(b"wrong", theirs) and not others.matches(b"", ours),
    }
    return ", ".join(name for name, is_right in tests.items() if not is_right)


def _rfc_9106(native: Native) -> bytes:
    """Return the key of the test vector of Argon2id."""
    return native.derive(
        "argon2id",
        b"\x01" * 32,
        b"\x02" * 16,
        secret=b"\x03" * 8,
        associated=b"\x04" * 12,
        memory_kib=32,
        passes=3,
        lanes=4,
        size=32,
    )


def main(task: str, folder: Path, made_of: str) -> int:
    """Do the task; return the exit code."""
    if task == "current":
        return 0 if is_current(folder, made_of) else 1
    processor = stamp.this_processor()
    if not processor:
        sys.stderr.write("This system does not say which processor it has.\n")
        return 1
    if problem := problem_of(Native(folder, kept_kib=MEMORY_KIB)):
        sys.stderr.write(f"Wrong: {problem}\n")
        return 1
    stamp.write(folder, processor, made_of)
    sys.stdout.write(stamp.model_of(processor) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], Path(sys.argv[2]), sys.argv[3]))
