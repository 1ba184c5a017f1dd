"""The master key is changed while people are logged in and machines hold keys."""

from base64 import urlsafe_b64encode

import pytest

from journeys.people import ADMIN, ME, WITH_ADMIN, log_in
from parts.line import Line
from parts.server import Store, command, serving

pytestmark = pytest.mark.slow

SECOND, THIRD = (urlsafe_b64encode(octet * 32).decode() for octet in (b"2", b"3"))


async def test_nobody_notices_that_the_master_key_changed(store: Store) -> None:
    """Tokens and API keys go on under the new one, and then the old one is needed no more."""
    used, unused = await _begin(store)
    first = _lines(store)

    _write(store, SECOND, *first)
    rotated = await _asked(store, used)
    signed = command(store, "signing-key", "rotate")
    _write(store, SECOND)
    alone = await _asked(store, used, unused)
    _write(store, THIRD, SECOND, *first)
    late = await _asked(store, used, unused)

    assert len(first) == 1
    assert rotated == [200]
    assert signed.returncode == 0, signed.stderr
    assert alone == [200, 401]  # what was never used hangs on the first key to the end
    assert late == [200, 200]


async def _begin(store: Store) -> tuple[str, str]:
    """Start for the first time; return two API keys."""
    with serving(store, settings=WITH_ADMIN) as server:
        async with await Line.open(server.port) as line:
            await log_in(line)
        made = [command(store, "apikey", "create", ADMIN, "--name", name) for name in ("a", "b")]
    assert [one.returncode for one in made] == [0, 0], made[0].stderr
    return made[0].stdout.strip(), made[1].stdout.strip()


async def _asked(store: Store, *keys: str) -> list[int]:
    """Start, and ask with each key who it is; what was noted of its use is stored at the end."""
    with serving(store) as server:
        async with await Line.open(server.port) as line:
            statuses = [(await line.ask("GET", ME, token=key)).status for key in keys]
        assert server.stop() == 0
    return statuses


def _lines(store: Store) -> list[str]:
    return (store.folder / "master.key").read_text("ascii").splitlines()


def _write(store: Store, *keys: str) -> None:
    (store.folder / "master.key").write_text("\n".join(keys), "ascii")
