"""The page about keys: what it tells people to do and to look for is right."""

import re
import subprocess
import textwrap
from base64 import urlsafe_b64encode
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from watchword.core.apikeys.model import SECRET_BITS, is_key, write_key
from watchword.core.kernel.randomness import SystemRandomness
from watchword.crypto.keyfile import open_master_key
from watchword.crypto.master import KEYS_MAX, MasterKey
from watchword.observability.redact import scrub_text

PAGE = (Path(__file__).parents[2] / "docs" / "operate" / "keys.md").read_text(encoding="utf-8")


def block(language: str) -> str:
    found = re.search(rf"^ *```{language}\n(.*?)^ *```", PAGE, re.MULTILINE | re.DOTALL)
    assert found
    return textwrap.dedent(found[1])


@given(st.integers(0, 2**SECRET_BITS - 1), st.text(max_size=20))
def test_the_expression_for_scanners_finds_every_key(number: int, around: str) -> None:
    """Wherever a key stands alone in a text, and whole; the log hides the same."""
    scanner = re.compile(block("regex").strip())
    leaked = f"{around} {write_key(number)}, {around}"

    found = scanner.findall(leaked)

    assert found == [write_key(number)]
    assert found[0] not in scrub_text(leaked)


def test_the_example_is_spelled_like_a_key() -> None:
    """Who writes a check of the checksum can try it with the one on the page."""
    examples = re.findall(r"\bww_[0-9A-Za-z]{40,}", PAGE)

    assert examples == [write_key(0)]
    assert all(is_key(one) for one in examples)


def test_the_commands_change_the_master_key(tmp_path: Path) -> None:
    """What the page says to type puts a new key first and keeps the old one, for us alone."""
    folder = tmp_path / "watchword-data"
    folder.mkdir(mode=0o700)
    file = folder / "master.key"
    file.write_bytes(urlsafe_b64encode(b"o" * 32) + b"\n")
    file.chmod(0o600)
    old = MasterKey(b"o" * 32, source="", randomness=SystemRandomness())

    subprocess.run(["sh", "-euc", block("sh")], cwd=tmp_path, check=True)
    changed = open_master_key(file, randomness=SystemRandomness())

    assert [path.name for path in folder.iterdir()] == ["master.key"]
    assert file.stat().st_mode & 0o777 == 0o600
    assert changed.digests("x", "y")[1:] == old.digests("x", "y")
    assert changed.digest("x", "y") != old.digest("x", "y")


def test_the_number_of_keys_is_right() -> None:
    """The page says how many there may be."""
    assert f"There may be {KEYS_MAX} keys." in PAGE
