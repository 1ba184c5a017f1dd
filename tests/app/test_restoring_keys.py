"""Restoring needs the master key of the store that was backed up, and that one alone."""

import pytest

from app.backing import Site, back_up, fill, is_good, listed, path_of, put, refusal

OTHER_KEY = "b29vb29vb29vb29vb29vb29vb29vb29vb29vb29vb28"
NOTHING = {"in-use.lock"}


async def test_another_key_than_the_stores_is_refused(site: Site) -> None:
    """Before anything is in place: from a file, the environment, or one that lies there."""
    here, there = site.settings("here"), site.settings("there")
    await fill(here)
    file = path_of(here, await back_up(here, encrypt=False))
    by_variable = site.settings("there", {"WATCHWORD_MASTER_KEY": OTHER_KEY})

    errors = [
        await refusal(file, there, site, key_text=f"{OTHER_KEY}\n"),
        await refusal(file, by_variable, site),
    ]
    left = listed(there.folder)
    (there.folder / "master.key").write_text(OTHER_KEY)
    (there.folder / "master.key").chmod(0o600)
    errors.append(await refusal(file, there, site))

    assert {error.field for error in errors} == {"master_key"}
    assert all("holds another master key" in str(error) for error in errors)
    assert [OTHER_KEY in str(error) for error in errors] == [False] * 3
    assert left == NOTHING
    assert listed(there.folder) == {"master.key", *NOTHING}


async def test_the_right_key_may_lie_there(own_site: Site) -> None:
    """From the file or the environment it fits, and no file is written for the latter."""
    here, there, third = (own_site.settings(name) for name in ("here", "there", "third"))
    held = await fill(here)
    file = path_of(here, await back_up(here, encrypt=False))
    text = (here.folder / "master.key").read_text()
    there.folder.mkdir(mode=0o700)
    (there.folder / "master.key").write_text(text)
    (there.folder / "master.key").chmod(0o600)
    by_variable = own_site.settings("third", {"WATCHWORD_MASTER_KEY": text.strip()})

    by_file = await put(file, there, own_site)
    by_name = await put(file, by_variable, own_site)

    assert (by_file.master_key, by_name.master_key) == ("master.key", "WATCHWORD_MASTER_KEY")
    assert await is_good(there, held)
    assert await is_good(by_variable, held)
    assert not (third.folder / "master.key").exists()


async def test_a_key_that_is_there_is_never_written_over(own_site: Site) -> None:
    """The one in the backup is another: somebody has to say which."""
    here, there = own_site.settings("here"), own_site.settings("there")
    held = await fill(here)
    file = path_of(here, await back_up(here))
    there.folder.mkdir(mode=0o700)
    (there.folder / "master.key").write_text(OTHER_KEY)
    (there.folder / "master.key").chmod(0o600)

    error = await refusal(file, there, own_site)
    done = await put(file, there, own_site, force=True)

    assert error.field == "master_key"
    assert "is there already" in str(error)
    assert [path.read_text() for path in done.put_aside] == [OTHER_KEY]
    assert await is_good(there, held)


async def test_a_key_is_not_given_twice(own_site: Site) -> None:
    """A server would look at the environment alone, so a file beside it is a mistake."""
    here = own_site.settings("here")
    await fill(here)
    file = path_of(here, await back_up(here))
    there = own_site.settings("there", {"WATCHWORD_MASTER_KEY": OTHER_KEY})

    error = await refusal(file, there, own_site, key_text=OTHER_KEY)

    assert error.field == "master_key"
    assert "WATCHWORD_MASTER_KEY is set" in str(error)


@pytest.mark.parametrize("text", ["", "short", "x" * 10_000, "\ud800"])
async def test_what_is_no_key_is_refused(own_site: Site, text: str) -> None:
    """And nothing of it is repeated."""
    here = own_site.settings("here")
    await fill(here)
    file = path_of(here, await back_up(here))

    error = await refusal(file, own_site.settings("there"), own_site, key_text=text)

    assert error.field == "master_key"
    assert "xxx" not in str(error)
