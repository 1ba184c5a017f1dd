"""Removing the file of an import, whatever is moved about meanwhile."""

from pathlib import Path

from watchword.jobs.importfile import open_import, remove_import


def test_a_file_is_removed_if_it_is_the_one_that_was_opened(tmp_path: Path) -> None:
    """Not another of its name, nor one that a link leads to."""
    folder, outside = tmp_path / "imports", tmp_path / "outside"
    (folder / "d").mkdir(parents=True)
    outside.mkdir()
    for place in (folder / "d", outside):
        (place / "x").write_text("name\nada\n")
    with open_import(folder, "d/x") as file:
        identity = file.identity

    wrong = remove_import(folder, "d/x", "another")
    (folder / "d").rename(folder / "away")
    (folder / "d").symlink_to(outside)
    led_out = remove_import(folder, "d/x", identity)
    removed = remove_import(folder, "away/x", identity)
    again = remove_import(folder, "away/x", identity)

    assert (wrong, led_out, removed, again) == (False, False, True, False)
    assert (outside / "x").exists()
