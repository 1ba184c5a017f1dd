"""What must not stand in any file of the repository."""

import re

from architecture import tree

# Put together from halves, so that this file does not trip over itself.
UNFINISHED = re.compile(r"\b(?:TO" + r"DO|FIX" + r"ME|XX" + r"X)\b")
MACHINE_PATH = re.compile(r"(?<![\w.\-}/])/(?:wo" + r"rk|ro" + r"ot)/\w")
# Package registries are reached through their clients alone: whoever installs has their own.
BARE_HOST = re.compile(
    r"\b(?:files|registry|index|deb|mirrors?|packages|repo)\.[a-z0-9-]+\.(?:org|com|io|net|dev)\b"
)
URL_HOST = re.compile(r"\b(?:https?|ftp)://(?:[^\s/@]*@)?([\w.\-]+\.[a-z]{2,})\b")
KNOWN_HOSTS = re.compile(
    r"(?:^|\.)(?:example(?:\.(?:com|org|net))?|test|invalid|localhost|local|internal"
    r"|apache\.org|ietf\.org|rfc-editor\.org|w3\.org|openapis\.org|json-schema\.org"
    r"|owasp\.org|nist\.gov|unicode\.org|sqlite\.org|postgresql\.org|python\.org)$",
    re.IGNORECASE,
)


def test_nothing_is_left_for_later() -> None:
    """No file has a mark that says it is not finished."""
    assert _found(UNFINISHED) == []


def test_no_file_names_a_path_of_the_machine_it_was_written_on() -> None:
    """A clone works wherever it lies."""
    assert _found(MACHINE_PATH) == []


def test_no_file_names_a_registry_host() -> None:
    """No lock has an address in it, and every address elsewhere is a known norm or an example."""
    locks = {path.name: tree.text(path) or "" for path in tree.ROOT.glob("requirements*.lock")}
    unknown = [hit for hit in _found(URL_HOST) if not KNOWN_HOSTS.search(hit.split(" ")[1])]

    assert len(locks) == 4
    assert [name for name, text in locks.items() if "://" in text] == []
    assert unknown + _found(BARE_HOST) == []


def _found(pattern: re.Pattern[str]) -> list[str]:
    """Say where a pattern stands: the file, a space, then what was found."""
    return [
        f"{tree.name(path)} {match.group(match.lastindex or 0)}"
        for path in tree.files()
        for match in pattern.finditer(tree.text(path) or "")
    ]
