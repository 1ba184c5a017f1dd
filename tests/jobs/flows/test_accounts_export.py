"""Exporting accounts: the same that an import reads, and all of them after any kill."""

import csv
import json
from pathlib import Path

import pytest

from jobs.turning import Bench, bench
from unit.core.conftest import GOOD, House
from watchword.core.accounts.model import Role
from watchword.core.jobs.model import Needs
from watchword.jobs.flow import StoppedError
from watchword.jobs.flows import accounts_export, accounts_import
from watchword.jobs.flows.accounts_export import PORTION, ExportParameters
from watchword.jobs.flows.accounts_import import ImportParameters
from watchword.jobs.records import Form


@pytest.fixture
def house() -> House:
    return House()


async def exported(on: Bench, told: ExportParameters) -> str:
    await accounts_export.flow().run(told, await on.turn())
    return await on.output()


async def test_a_table_of_all_accounts(house: House) -> None:
    """With a head; of passwords nothing."""
    await house.add("Ada", role=Role.ADMIN, email="ada@example.org")
    await house.add('b"o,b')

    text = await exported(await bench(house, "x"), ExportParameters())
    ada, bob = csv.DictReader(text.splitlines())

    assert (ada["name"], ada["email"], ada["email_confirmed"]) == ("Ada", "ada@example.org", "true")
    assert (ada["role"], ada["state"]) == ("admin", "active")
    assert (bob["name"], bob["email"], bob["email_confirmed"]) == ('b"o,b', "", "false")
    assert "password_hash" not in ada
    assert GOOD not in text


async def test_hashes_are_for_the_command_line_alone(house: House) -> None:
    """And there only if they are asked for."""
    flow, told = accounts_export.flow(), ExportParameters(with_hashes=True)
    assert flow.needs_for is not None
    await house.add("ada")

    text = await exported(await bench(house, "x"), told)

    assert flow.needs_for(told) is Needs.OPERATOR
    assert flow.needs_for(ExportParameters()) is Needs.RUNNER
    assert f"plain:{GOOD}" in text


@pytest.mark.parametrize("form", Form)
async def test_what_is_exported_can_be_imported(house: House, tmp_path: Path, form: Form) -> None:
    """Elsewhere, in either form: the same accounts."""
    for number in range(3):
        await house.add(f"user{number}", email=f"user{number}@example.org")
    await house.add("root", role=Role.ADMIN)
    (tmp_path / "users").write_text(
        await exported(await bench(house, "x"), ExportParameters(format=form))
    )

    there = House()
    on = await bench(there, "accounts.import")
    told = await accounts_import.flow(tmp_path).run(
        ImportParameters(path="users", format=form), await on.turn()
    )
    again = await exported(await bench(there, "y"), ExportParameters(format=Form.JSON_LINES))

    assert (told["accepted"], told["refused"]) == (4, 0)
    rows = [json.loads(line) for line in again.splitlines()]
    assert [(row["name"], row["email"], row["role"]) for row in rows] == [
        *((f"user{number}", f"user{number}@example.org", "user") for number in range(3)),
        ("root", "", "admin"),
    ]


async def test_a_store_without_accounts_is_a_head(house: House) -> None:
    """And nothing else."""
    text = await exported(await bench(house, "x"), ExportParameters())

    assert text.splitlines() == [
        "name,id,email,email_confirmed,first_name,last_name,role,state,created_at"
    ]


async def test_an_export_goes_on_where_it_was(house: House) -> None:
    """A worker that ends in between leaves no account out and writes none twice."""
    for number in range(PORTION + 3):
        await house.add(f"user{number}")
    on = await bench(house, "x")
    turn = await on.turn()
    turn.stop()
    with pytest.raises(StoppedError):
        await accounts_export.flow().run(ExportParameters(), turn)
    half = (await on.now()).progress

    result = await accounts_export.flow().run(ExportParameters(), await on.turn())
    names = [row["name"] for row in csv.DictReader((await on.output()).splitlines())]

    assert (half.done, half.total) == (PORTION, PORTION + 3)
    assert result["accounts"] == PORTION + 3
    assert names == [f"user{number}" for number in range(PORTION + 3)]
