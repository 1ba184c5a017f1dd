"""`make native` never fails: what goes wrong costs a line, and leaves nothing behind."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from architecture import tree
from crypto.builds.held import build_called
from watchword.crypto.builds.choice import FOLDER, native_folder

SCRIPT = tree.ROOT / "native" / "build.sh"
NO_LIBRARY = """#!/bin/sh
while [ $# -gt 1 ]; do [ "$1" = --target ] && target=$2; shift; done
mkdir -p "$target/_argon2_cffi_bindings"
{make}
"""


@pytest.fixture
def environment(tmp_path: Path) -> Path:
    """A virtual environment that has our packages, as far as the script can see."""
    (tmp_path / "bin").mkdir()
    _program(tmp_path / "bin" / "python", f'#!/bin/sh\nexec "{sys.executable}" "$@"\n')
    return tmp_path


def _program(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    path.chmod(0o755)
    return path


def build(environment: Path, installer: str | Path, compiler: str = "cc") -> str:
    """Run the script, which must end with 0, and return what it said."""
    ended = subprocess.run(
        [SCRIPT, installer, environment],
        check=True,
        capture_output=True,
        text=True,
        env=os.environ | {"CC": compiler, "PYTHONPATH": str(tree.ROOT / "src")},
    )
    assert ended.stderr == ""
    return ended.stdout


def left(environment: Path) -> set[str]:
    return {path.name for path in environment.iterdir()} - {"bin"}


def test_without_a_compiler_nothing_is_made(environment: Path) -> None:
    """Most machines have none, and lose nothing but speed."""
    said = build(environment, "false", compiler="no-such-compiler")

    assert said == ("native: there is no C compiler (no-such-compiler), so libsodium hashes\n")
    assert left(environment) == set()


needs_compiler = pytest.mark.skipif(shutil.which("cc") is None, reason="needs a C compiler")


@needs_compiler
def test_what_failed_is_not_tried_on_each_start(environment: Path) -> None:
    """The first time costs seconds, the second none; the line says where to read why."""
    first = build(environment, "false")
    second = build(environment, "false")

    assert "compiling" in first
    assert "what was built here failed" in first
    assert "compiling" not in second
    assert "it failed before" in second
    assert left(environment) == {"native-failed", "native.log"}


@needs_compiler
@pytest.mark.parametrize(
    "make",
    [
        'echo garbage >"$target/_argon2_cffi_bindings/_ffi.abi3.so"',
        # It compiles and loads, and kills whoever loads it, as a missing instruction would.
        (
            'echo "__attribute__((constructor)) static void die(void) { __builtin_trap(); }" |'
            ' cc -shared -fPIC -x c -o "$target/_argon2_cffi_bindings/_ffi.abi3.so" -'
        ),
    ],
    ids=["no library", "an instruction that is not there"],
)
def test_what_does_not_pass_its_test_is_removed(environment: Path, make: str) -> None:
    """It is tried in a process of its own, and what was there before does not stay either."""
    installer = _program(environment / "bin" / "installer", NO_LIBRARY.format(make=make))
    (environment / FOLDER).mkdir()
    (environment / FOLDER / "argon2.so").touch()

    said = build(environment, installer)

    assert said.endswith("so libsodium hashes\n")
    assert left(environment) == {"native-failed", "native.log"}


@needs_compiler
def test_what_is_sound_is_put_in_place(environment: Path) -> None:
    """The library of this machine, when it comes again, is tested, stamped and not built again."""
    build_called("native")
    make = f'cp "{native_folder()}/argon2.so" "$target/_argon2_cffi_bindings/_ffi.abi3.so"'
    installer = _program(environment / "bin" / "installer", NO_LIBRARY.format(make=make))

    first = build(environment, installer)
    second = build(environment, "false")

    assert "native: Argon2id is built for" in first
    assert second == ""
    assert left(environment) == {FOLDER, "native.log"}
