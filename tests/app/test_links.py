"""Where the links in letters lead."""

from pathlib import Path

import pytest

from watchword.app.links import ADDRESS_FILE, base_of_links, forget_address, keep_address
from watchword.settings.load import load
from watchword.settings.model import Settings


def settings(folder: Path, **said: str) -> Settings:
    return load(environ={}, overrides={"data": str(folder), **said})


def test_without_a_word_there_are_no_links(tmp_path: Path) -> None:
    """What a request calls us is no word: whoever sends it chooses that."""
    assert base_of_links(settings(tmp_path)) == ""


def test_a_demo_leads_to_itself(tmp_path: Path) -> None:
    """Every process of the machine knows where, the command line too."""
    keep_address(tmp_path, ("http://127.0.0.1:9261",))

    assert base_of_links(settings(tmp_path)) == "http://127.0.0.1:9261"


@pytest.mark.parametrize(
    ("places", "expected"),
    [
        (("https://[::1]:9261", "https://127.0.0.1:9261"), "https://127.0.0.1:9261"),
        (("http://[::1]:80",), "http://[::1]:80"),
        (("http://127.0.0.2:80", "http://127.0.0.1:80"), "http://127.0.0.1:80"),
    ],
)
def test_of_several_addresses_the_usual_one(
    tmp_path: Path, places: tuple[str, ...], expected: str
) -> None:
    """Not every program here can reach IPv6."""
    keep_address(tmp_path, places)

    assert base_of_links(settings(tmp_path)) == expected


def test_public_url_goes_before_it(tmp_path: Path) -> None:
    """An operator's word counts, in a demo too."""
    keep_address(tmp_path, ("http://127.0.0.1:9261",))

    base = base_of_links(settings(tmp_path, public_url="https://id.example.com"))

    assert base == "https://id.example.com"


def test_the_next_server_may_be_no_demo(tmp_path: Path) -> None:
    """What a demo noted is gone then; forgetting twice is fine."""
    keep_address(tmp_path, ("http://127.0.0.1:9261",))

    forget_address(tmp_path)
    forget_address(tmp_path)

    assert base_of_links(settings(tmp_path)) == ""
    assert not (tmp_path / ADDRESS_FILE).exists()
