"""Who computes: the build for this very processor where it is sound, libsodium everywhere else."""

import shutil
from pathlib import Path

import pytest

from crypto.builds.held import build_called
from watchword.crypto.argon2 import CURRENT, chosen
from watchword.crypto.builds import stamp
from watchword.crypto.builds.choice import Choice, choose, native_folder

HERE = {"machine": ["x86_64"], "model name": ["Example 9000"], "flags": ["fpu sse2 avx512f"]}
ELSEWHERE = HERE | {"flags": ["fpu sse2"]}

CPUINFO = """\
processor\t: 0
vendor_id\t: AuthenticExample
model name\t: Example 9000
cpu MHz\t\t: {mhz}
flags\t\t: fpu sse2 {flag}

processor\t: 1
vendor_id\t: AuthenticExample
model name\t: Example 9000
cpu MHz\t\t: 1000.000
flags\t\t: fpu sse2 avx2
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """What looks like a build for the processor HERE, and is none."""
    for name in ("argon2.so", "arena.so"):
        (tmp_path / name).write_bytes(b"no library")
    stamp.write(tmp_path, HERE, "something")
    return tmp_path


def chosen_in(folder: Path, processor: stamp.Processor) -> Choice:
    return choose(folder, processor, kept_kib=CURRENT.memory_kib)


def test_without_one_libsodium_computes(tmp_path: Path) -> None:
    """Nothing was built: that is how most machines are."""
    choice = chosen_in(tmp_path, HERE)

    assert choice.build.name == "libsodium"
    assert not choice.is_native
    assert choice.why == "there is no native build"


@pytest.mark.parametrize("processor", [ELSEWHERE, HERE | {"model name": ["Another"]}, {}])
def test_what_was_built_for_another_processor_is_left_alone(
    folder: Path, processor: stamp.Processor
) -> None:
    """One instruction that is not there would kill the server, so it is not even loaded."""
    choice = chosen_in(folder, processor)

    assert choice.build.name == "libsodium"
    assert choice.why == "the native build here is for another processor"


@pytest.mark.parametrize("name", ["argon2.so", "arena.so"])
def test_what_has_changed_is_left_alone(folder: Path, name: str) -> None:
    """Only what was tested is loaded, as it was then."""
    (folder / name).write_bytes(b"another library")

    assert chosen_in(folder, HERE).why == "the native build here has changed since"


@pytest.mark.parametrize("name", ["argon2.so", "arena.so"])
def test_half_a_build_is_left_alone(folder: Path, name: str) -> None:
    """A copy that broke off is no build."""
    (folder / name).unlink()

    assert chosen_in(folder, HERE).why == "the native build here is not complete"


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", '{"files": 1}'])
def test_a_stamp_that_cannot_be_read_is_none(folder: Path, text: str) -> None:
    """Whatever stands in it, the server starts."""
    (folder / "stamp.json").write_text(text, encoding="utf-8")

    assert chosen_in(folder, HERE).why == "there is no native build"


def test_what_cannot_be_loaded_is_done_without(folder: Path) -> None:
    """The stamp is right, the library is none: another Python may have come."""
    choice = chosen_in(folder, HERE)

    assert choice.build.name == "libsodium"
    assert choice.why == "the native build here cannot be loaded"


def test_a_real_build_on_another_processor_is_not_loaded(tmp_path: Path) -> None:
    """A copy of this machine's environment works elsewhere, with libsodium."""
    build_called("native")
    copied = tmp_path / "copy"
    shutil.copytree(native_folder(), copied)

    elsewhere = chosen_in(copied, ELSEWHERE)
    loaded = str(copied) in Path("/proc/self/maps").read_text(encoding="utf-8")
    here = chosen_in(copied, stamp.this_processor())

    assert elsewhere.build.name == "libsodium"
    assert not loaded
    assert here.is_native
    assert "native, built for" in here.about


def test_a_build_of_this_processor_is_taken() -> None:
    """Where `make native` made one, the server and the bench use it without being asked."""
    build_called("native")

    assert chosen().is_native
    assert chosen() is chosen()


@pytest.fixture
def cpuinfo(tmp_path: Path) -> Path:
    return tmp_path / "cpuinfo"


def told(cpuinfo: Path, flag: str, mhz: str = "1000.000") -> stamp.Processor:
    cpuinfo.write_text(CPUINFO.format(flag=flag, mhz=mhz), encoding="utf-8")
    return stamp.this_processor(cpuinfo)


def test_a_processor_is_known_by_what_does_not_change(cpuinfo: Path) -> None:
    """Its clock varies from second to second; its model and its instructions do not."""
    known = told(cpuinfo, "avx2")

    assert known == told(cpuinfo, "avx2", mhz="3999.9")
    assert known["model name"] == ["Example 9000"]
    assert stamp.model_of(known) == "Example 9000"


def test_each_core_counts(cpuinfo: Path) -> None:
    """A machine whose cores differ is another machine than one whose cores do not."""
    assert told(cpuinfo, "avx2") != told(cpuinfo, "avx512f")


def test_a_system_that_says_nothing_has_no_processor(cpuinfo: Path) -> None:
    """Then nothing is ever built for it, nor loaded."""
    assert stamp.this_processor(cpuinfo) == {}
    cpuinfo.write_text("nothing that we know: 1\n", encoding="utf-8")
    assert stamp.this_processor(cpuinfo) == {}
    assert stamp.model_of({}) == "an unknown processor"
