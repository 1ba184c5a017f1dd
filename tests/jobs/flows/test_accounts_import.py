"""Importing accounts: what comes in, what is reported, and that no kill changes that."""

import json
from pathlib import Path

import pytest

from jobs.turning import Bench, bench
from unit.core.conftest import House
from watchword.core.accounts.model import Account, State
from watchword.core.kernel.errors import CoreError, DeniedError, InvalidError
from watchword.core.ports import Work
from watchword.jobs.flow import CancelledError, FlowFailedError
from watchword.jobs.flows import accounts_import
from watchword.jobs.flows.accounts_import import PORTION, ImportParameters
from watchword.jobs.records import Form

FLOW = "accounts.import"
MANY = 3 * PORTION + 7


@pytest.fixture
async def on(house: House) -> Bench:
    return await bench(house, FLOW)


@pytest.fixture
def house() -> House:
    return House()


async def run(on: Bench, folder: Path, content: str | bytes, **told: object) -> dict[str, object]:
    """Import a file whole, in one turn."""
    octets = content.encode() if isinstance(content, str) else content
    (folder / "users.csv").write_bytes(octets)
    given = {"path": "users.csv", **told}
    result = await accounts_import.flow(folder).run(
        ImportParameters(**given),  # type: ignore[arg-type]  # as the test gives them
        await on.turn(),
    )
    return dict(result)


async def report(on: Bench) -> dict[int, str]:
    lines = map(json.loads, (await on.output()).splitlines())
    return {line["line"]: line["reason"] for line in lines}


async def account(on: Bench, name: str) -> Account:
    found = await on.services.accounts.find(name)
    assert found is not None
    return found


def files_in(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir()]


def table(count: int) -> str:
    rows = [f"user{number},user{number}@example.org,true" for number in range(count)]
    return "\n".join(["name,email,email_confirmed", *rows])


async def test_a_table_of_accounts_comes_in(on: Bench, tmp_path: Path) -> None:
    """Every column lands where it belongs; an empty one says nothing."""
    told = await run(
        on,
        tmp_path,
        "\ufeffName;EMAIL;email_confirmed;first_name;last_name;role;state;created_at;password_hash\r\n"
        'Ada;ada@example.org;1;Ada;"Love;lace";admin;disabled;2001-02-03T04:05:06Z;$2b$10$x\r\n'
        "bob;;;;;;;;\r\n",
    )
    ada, bob = await account(on, "ada@example.org"), await account(on, "bob")

    assert told == {"read": 2, "accepted": 2, "refused": 0, "dry_run": False}
    assert (ada.name, ada.last_name, ada.role, ada.state) == (
        "Ada",
        "Love;lace",
        "admin",
        "disabled",
    )
    assert ada.created_at.isoformat() == "2001-02-03T04:05:06+00:00"
    assert (bob.email, bob.role, bob.state) == (None, "user", State.ACTIVE)
    assert await on.output() == ""


async def test_lines_of_json_come_in(on: Bench, tmp_path: Path) -> None:
    """With types of their own."""
    lines = [
        {"name": "ada", "email": "ada@example.org", "email_confirmed": True, "id": "theirs"},
        {"name": "bob", "email": None},
        {"name": "carl", "email_confirmed": "yes"},
        {"name": 7},
    ]
    text = "\n".join(map(json.dumps, lines))

    told = await run(on, tmp_path, text, format=Form.JSON_LINES)

    assert (told["accepted"], told["refused"]) == (2, 2)
    assert (await account(on, "ada")).id != "theirs"
    assert await report(on) == {
        3: "email_confirmed: Expected `bool`, got `str`",
        4: "name: Expected `str`, got `int`",
    }


async def test_a_line_that_is_nested_too_deep_costs_nothing_but_itself(
    on: Bench, tmp_path: Path
) -> None:
    """At every depth: it is read on one stack and written on another."""
    deep = [
        json.dumps({"name": f"a{depth}", "password_hash": {"x": 0}}).replace(
            "0}}", f"{'[' * depth}{']' * depth}}}}}"
        )
        for depth in (901, 985, 5001)
    ]

    told = await run(on, tmp_path, "\n".join([*deep, '{"name":"bob"}']), format=Form.JSON_LINES)

    assert (told["read"], told["accepted"]) == (4, 1)
    assert set(await report(on)) == {1, 2, 3}


async def test_each_refused_line_is_reported_with_its_number(on: Bench, tmp_path: Path) -> None:
    """And why, without a piece of what stands there."""
    told = await run(
        on,
        tmp_path,
        "name,email,role,password_hash\n"  # 1
        "ada,,,\n"  # 2
        "ADA,,,\n"  # 3
        "\n"  # 4
        "hunter2secret,hunter2,,\n"  # 5
        "eve,,root,\n"  # 6
        "two\n",  # 7
    )

    reasons = await report(on)

    assert (told["read"], told["accepted"], told["refused"]) == (5, 1, 4)
    assert set(reasons) == {3, 5, 6, 7}
    assert reasons[3] == "the name is taken"
    assert "hunter2" not in await on.output()


@pytest.mark.parametrize("dies_after", range(5))
async def test_a_kill_at_any_commit_changes_nothing(
    on: Bench, tmp_path: Path, dies_after: int
) -> None:
    """Exactly the accounts of the file are there, and exactly its refusals in the report."""
    lines = table(MANY).splitlines()
    lines[700], lines[1200] = "user1,,", "a\u200bb,,"
    (tmp_path / "users.csv").write_text("\n".join(lines))
    told, flow = ImportParameters(path="users.csv"), accounts_import.flow(tmp_path)

    turn = await on.turn()
    left = dies_after

    async def breathe() -> None:
        nonlocal left
        left -= 1
        if left < 0:
            raise KeyboardInterrupt

    turn.breathe = breathe  # type: ignore[method-assign]  # as if the process died there
    died = False
    try:
        await flow.run(told, turn)
    except KeyboardInterrupt:
        died = True
    result = await flow.run(told, await on.turn())
    page = await on.services.account_export.page(after=None, limit=1, with_hashes=False)

    assert died == (dies_after < 4)
    assert page[0]
    assert await on.services.account_export.count() == MANY - 2
    assert result["read"] == MANY
    assert set(await report(on)) == {701, 1201}
    assert (await on.now()).progress.done == (tmp_path / "users.csv").stat().st_size


async def test_a_turn_that_was_taken_over_stores_nobody(on: Bench, tmp_path: Path) -> None:
    """Its commit is refused whole."""
    old = await on.turn()
    await on.turn()
    (tmp_path / "users.csv").write_text(table(3))

    with pytest.raises(DeniedError):
        await accounts_import.flow(tmp_path).run(ImportParameters(path="users.csv"), old)

    assert await on.services.account_export.count() == 0


async def test_a_dry_run_stores_nobody_and_reports_the_same(on: Bench, tmp_path: Path) -> None:
    """Names that come twice are found however far apart, after a kill as well."""
    lines = [*table(MANY).splitlines(), "user0,,", "user1@example.org,,"]
    (tmp_path / "users.csv").write_text("\n".join(lines))
    told = ImportParameters(path="users.csv", dry_run=True)
    turn = await on.turn()
    turn.cancel()
    with pytest.raises(CancelledError):
        await accounts_import.flow(tmp_path).run(told, turn)

    result = await accounts_import.flow(tmp_path).run(told, await on.turn())

    assert await on.services.account_export.count() == 0
    assert (result["accepted"], result["refused"], result["dry_run"]) == (MANY, 2, True)
    assert set(await report(on)) == {MANY + 2, MANY + 3}


async def test_a_cancelled_import_keeps_what_it_had(on: Bench, tmp_path: Path) -> None:
    """A portion at a time; the rest does not come in."""
    (tmp_path / "users.csv").write_text(table(MANY))
    turn = await on.turn()
    turn.cancel()

    with pytest.raises(CancelledError):
        await accounts_import.flow(tmp_path).run(ImportParameters(path="users.csv"), turn)

    assert await on.services.account_export.count() == PORTION


async def test_another_file_under_the_same_name_is_not_gone_on_with(
    on: Bench, tmp_path: Path
) -> None:
    """Its lines are not those that were read."""
    (tmp_path / "users.csv").write_text(table(MANY))
    turn = await on.turn()
    turn.cancel()
    flow, told = accounts_import.flow(tmp_path), ImportParameters(path="users.csv")
    with pytest.raises(CancelledError):
        await flow.run(told, turn)
    (tmp_path / "users.csv").write_text(table(MANY + 1))

    with pytest.raises(FlowFailedError, match="start a new job"):
        await flow.run(told, await on.turn())


async def test_a_file_can_be_removed_once_all_is_in(on: Bench, tmp_path: Path) -> None:
    """A kill after that does not look for it again."""
    told = await run(on, tmp_path, table(3), remove_file=True)
    again = await accounts_import.flow(tmp_path).run(
        ImportParameters(path="users.csv", remove_file=True), await on.turn()
    )
    gone = files_in(tmp_path) == []

    (tmp_path / "users.csv").write_text("name\nzoe\n")
    await accounts_import.flow(tmp_path).run(
        ImportParameters(path="users.csv", remove_file=True), await on.turn()
    )

    assert told == again
    assert gone
    assert files_in(tmp_path) == ["users.csv"]  # another one, which nobody has read


async def test_a_key_imports_no_admin(house: House, tmp_path: Path) -> None:
    """What was started with an API key stays within what keys may do."""
    owner = await house.add("owner")
    on = await bench(house, FLOW, by_key=True, owner=owner.id)

    told = await run(on, tmp_path, "name,role\nada,admin\nbob,user\n")

    assert (told["accepted"], told["refused"]) == (1, 1)
    assert await report(on) == {2: "an API key makes nobody an admin"}


@pytest.mark.parametrize(
    "path", ["", "..", "../users.csv", "/etc/passwd", "no-such.csv", "folder", "a\0b", "x" * 5000]
)
async def test_what_is_no_file_of_the_folder_is_refused(
    on: Bench, tmp_path: Path, path: str
) -> None:
    """With a sentence, and for good."""
    inner = tmp_path / "imports"
    (inner / "folder").mkdir(parents=True)
    (tmp_path / "users.csv").write_text("name\nada\n")

    with pytest.raises(InvalidError):
        await accounts_import.flow(inner).run(ImportParameters(path=path), await on.turn())

    assert await on.services.account_export.count() == 0


async def test_options_of_hashes_are_read_from_the_folder(on: Bench, tmp_path: Path) -> None:
    """And only a short file of it."""
    (tmp_path / "long.json").write_text("x" * 20_000)

    with pytest.raises(FlowFailedError):
        await run(on, tmp_path, "name\nada\n", hash_options="long.json")
    with pytest.raises(InvalidError):
        await run(on, tmp_path, "name\nada\n", hash_options="../secret")


async def test_a_database_that_fails_is_not_the_end(on: Bench, tmp_path: Path) -> None:
    """The next turn begins where the last commit was."""
    (tmp_path / "users.csv").write_text(table(MANY))
    turn, flow = await on.turn(), accounts_import.flow(tmp_path)
    record, calls = turn.record, 0

    def failing(work: Work, **far: object) -> None:
        nonlocal calls
        calls += 1
        if calls == 3:
            raise CoreError
        record(work, **far)  # type: ignore[arg-type]  # handed on as it came

    turn.record = failing  # type: ignore[method-assign]  # as if the disk was full there
    with pytest.raises(CoreError):
        await flow.run(ImportParameters(path="users.csv"), turn)
    had = await on.services.account_export.count()

    await flow.run(ImportParameters(path="users.csv"), await on.turn())

    assert had == 2 * PORTION
    assert await on.services.account_export.count() == MANY
