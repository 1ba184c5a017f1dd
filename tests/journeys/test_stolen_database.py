"""Somebody has the database and nothing else: no key in it can be used, and none can be read."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass
from pathlib import Path

import pytest

from journeys import keys, people
from journeys.keys import LIST, Key
from journeys.people import ADMIN, ME, PASSWORD, WITH_ADMIN
from parts.database import copied, dump
from parts.line import Line
from parts.server import Store, command, refuses_to_start, serving
from watchword.core.kernel.randomness import SystemRandomness
from watchword.crypto.keysafe import StoredKeySafe
from watchword.crypto.master import MasterKey

pytestmark = pytest.mark.slow

ANOTHER = urlsafe_b64encode(b"another" + bytes(25)).decode()


@dataclass(frozen=True)
class Seen:
    """What a server makes of the keys: may they come in, and what does it show of them?"""

    statuses: list[int]
    shown: set[str]


async def test_a_dump_alone_neither_uses_nor_reveals_a_key(store: Store, tmp_path: Path) -> None:
    """With another master key they are dead and unreadable, with the right one all is well."""
    ours, master_key = await furnished(store)
    wrong, right, both = [await copied(store, tmp_path / name) for name in ("a", "b", "c")]
    refused, said = refuses_to_start(wrong, settings={"WATCHWORD_MASTER_KEY": ANOTHER})
    rotated = command(wrong, "signing-key", "rotate", settings={"WATCHWORD_MASTER_KEY": ANOTHER})

    stolen = await look(wrong, ours, WATCHWORD_MASTER_KEY=ANOTHER)
    restored = await look(right, ours, WATCHWORD_MASTER_KEY=master_key)
    retired = await look(
        both, ours, WATCHWORD_MASTER_KEY=ANOTHER, WATCHWORD_RETIRED_MASTER_KEYS=master_key
    )

    texts, hints = {key.text for key in ours}, {f"ww_…{key.text[-4:]}" for key in ours}
    assert refused != 0
    assert "master key" in said
    assert rotated.returncode == 0, rotated.stderr
    assert stolen == Seen([401] * len(ours), hints)
    assert restored == Seen([200] * len(ours), texts)
    assert retired == Seen([200] * len(ours), texts)


async def test_what_is_sealed_opens_by_its_own_key_and_in_its_own_place(store: Store) -> None:
    """Not by another master key, not as the ciphertext of another key, and not as a digest."""
    ours, written = await furnished(store)
    rows = (await dump(store))["api_keys"]
    told = "\n".join(str(row) for table in (await dump(store)).values() for row in table)
    right, wrong = safe(urlsafe_b64decode(f"{written}==")), safe(urlsafe_b64decode(ANOTHER))
    sealed = {row[0]: next(cell for cell in row if is_sealed(right, cell, row[0])) for row in rows}

    opened = {right.reveal(sealed[key.id], about=key.id) for key in ours}
    by_another = {wrong.reveal(cell, about=row[0]) for row in rows for cell in texts_of(row)}
    in_anothers_place = right.reveal(sealed[ours[0].id], about=ours[1].id)

    assert opened == {key.text for key in ours}
    assert by_another == {None}
    assert in_anothers_place is None
    assert not [key for key in ours if key.text in told or wrong.digests(key.text)[0] in told]
    assert all(right.digests(key.text)[0] in told for key in ours)


async def test_keys_that_are_shown_once_are_not_kept_at_all(store: Store) -> None:
    """Then even the master key reads nothing, and the keys work all the same."""
    once = {"WATCHWORD_API_KEYS__REVEAL_KEYS": "once"}
    ours, written = await furnished(store, **once)
    right = safe(urlsafe_b64decode(f"{written}=="))
    rows = (await dump(store))["api_keys"]

    seen = await look(store, ours, **once)

    assert {right.reveal(cell, about=row[0]) for row in rows for cell in texts_of(row)} == {None}
    assert seen == Seen([200] * len(ours), {f"ww_…{key.text[-4:]}" for key in ours})


async def furnished(store: Store, **settings: str) -> tuple[list[Key], str]:
    """Serve once, and have keys made by API and command line; return them and the master key."""
    with serving(store, settings={**WITH_ADMIN, **settings}) as server:
        async with await Line.open(server.port) as line:
            admin = await people.log_in(line)
            by_api = [await keys.add(line, admin, name) for name in ("cron", "backup")]
            ran = command(store, "apikey", "create", ADMIN, "--name", "by hand", settings=settings)
            by_hand = next(one for one in keys.listed(store) if one not in {k.id for k in by_api})
            assert (await keys.use(line, by_api[0])).status == 200
        assert server.stop() == 0
    made = [*by_api, Key(by_hand, ran.stdout.strip())]
    return made, (store.folder / "master.key").read_text("ascii").strip()


async def look(store: Store, ours: list[Key], **settings: str) -> Seen:
    """Serve a database, use its keys, and have their owner list them."""
    with serving(store, settings=settings) as server:
        async with await Line.open(server.port) as line:
            statuses = [(await keys.use(line, key)).status for key in ours]
            assert statuses == [(await keys.use(line, key, ME)).status for key in ours]
            admin = await people.log_in(line, ADMIN, PASSWORD)
            listed = await line.ask("GET", LIST, token=admin.token)
            assert listed.status == 200, listed
        assert '"level":"error"' not in server.told()
    return Seen(statuses, {one["token"] for one in listed.document})


def safe(octets: bytes) -> StoredKeySafe:
    return StoredKeySafe(MasterKey(octets, source="a test", randomness=SystemRandomness()))


def texts_of(row: object) -> list[str]:
    assert isinstance(row, tuple)
    return [cell for cell in row if isinstance(cell, str) and cell]


def is_sealed(by: StoredKeySafe, cell: object, key_id: str) -> bool:
    return isinstance(cell, str) and by.reveal(cell, about=key_id) is not None
