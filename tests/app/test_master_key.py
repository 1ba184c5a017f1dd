"""Where the master key and its retired siblings come from."""

from base64 import b64encode
from pathlib import Path

import pytest

from watchword.app.house import master_key
from watchword.core.kernel.errors import InvalidError
from watchword.core.kernel.randomness import SystemRandomness
from watchword.crypto.master import MasterKey
from watchword.settings.load import load

NEW, OLD, OLDEST = b"n" * 32, b"o" * 32, b"p" * 32


def opened(folder: Path, **environ: str) -> MasterKey:
    named = {f"WATCHWORD_{name.upper()}": text for name, text in environ.items()}
    settings = load(environ={"WATCHWORD_DATA": str(folder), **named})
    return master_key(settings, SystemRandomness())


def written(*keys: bytes) -> list[str]:
    return [b64encode(key).decode() for key in keys]


def expected(*keys: bytes) -> tuple[str, ...]:
    alone = (MasterKey(key, source="", randomness=SystemRandomness()) for key in keys)
    return tuple(key.digests("x", "y")[0] for key in alone)


def test_the_environment_gives_retired_keys_too(tmp_path: Path) -> None:
    """In their order, beside the current key; the file is not looked for."""
    new, *retired = written(NEW, OLD, OLDEST)

    key = opened(tmp_path, master_key=new, retired_master_keys=",".join(retired))

    assert key.digests("x", "y") == expected(NEW, OLD, OLDEST)
    assert list(tmp_path.iterdir()) == []


def test_the_file_gives_the_same(tmp_path: Path) -> None:
    """One key a line, the current one first: what the variables say in other words."""
    file = tmp_path / "master.key"
    file.write_text("\n".join(written(NEW, OLD, OLDEST)), "ascii")
    file.chmod(0o600)

    assert opened(tmp_path).digests("x", "y") == expected(NEW, OLD, OLDEST)


def test_a_retired_key_that_is_no_key_is_told(tmp_path: Path) -> None:
    """The error names the variable and the place in its list, and nothing of the key."""
    new, old = written(NEW, OLD)

    with pytest.raises(InvalidError) as refusal:
        opened(tmp_path, master_key=new, retired_master_keys=f"{old},{old[:-4]}")

    assert "Item 2 of WATCHWORD_RETIRED_MASTER_KEYS" in str(refusal.value)
    assert old[:10] not in str(refusal.value)
