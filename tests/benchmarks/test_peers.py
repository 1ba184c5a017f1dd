"""Peers are asked, proved and compared as the page about them says."""

import re
from pathlib import Path

import pytest
from peers.ground import Ground, Unusable
from peers.lineup import lineup
from peers.peer import NAME, TOKEN, Ask, Peer
from peers.proof import spoiled
from peers.roll import Roll
from peers.telling import multiples
from tables import Row, Turn

PINNED = re.compile(r"@?[^@=]+(@|==)[0-9][0-9.]*")


def row(name: str, test: str, *rates: float) -> Row:
    return Row(name=name, test=test, turns=[Turn(rate=rate) for rate in rates])


def test_holes_of_a_request_are_filled() -> None:
    """A mapping goes out as JSON, with the length that it has once its holes are filled."""
    ask = Ask("POST", f"/in/{NAME}", {"name": NAME}, {"Authorization": f"Bearer {TOKEN}"})

    raw = ask.raw({NAME: "bench7", TOKEN: "abc"})

    assert raw.startswith(b"POST /in/bench7 HTTP/1.1\r\n")
    assert raw.endswith(b'\r\n\r\n{"name": "bench7"}')
    assert b"Authorization: Bearer abc\r\n" in raw
    assert b"Content-Length: 18\r\n" in raw
    assert b"Content-Type: application/json\r\n" in raw


def test_a_text_is_sent_as_a_form() -> None:
    """A log-in by form says that it is one."""
    raw = Ask("POST", "/in", f"username={NAME}").raw({NAME: "ada"})

    assert b"Content-Type: application/x-www-form-urlencoded\r\n" in raw
    assert raw.endswith(b"username=ada")


@pytest.mark.parametrize("token", ["A" * 40, "head.body.signature-of-some-length", "0123456789"])
def test_a_spoiled_token_is_wrong_by_one_letter(token: str) -> None:
    """It is as long as the right one, so that it is not refused for its looks."""
    wrong = spoiled(token)

    assert [own == other for own, other in zip(token, wrong, strict=True)].count(False) == 1


def test_ours_stands_beside_the_fastest_round_by_round() -> None:
    """Each turn is divided by the fastest peer's in the same round; others do not count."""
    rows = [
        row("watchword", "token check", 10.0, 30.0),
        row("slow", "token check", 1.0, 1.0),
        row("quick", "token check", 2.0, 5.0),
        row("quicker", "log-in", 50.0, 50.0),
    ]

    figures = multiples(rows)

    assert [(figure.what, figure.turns) for figure in figures] == [
        ("token check, watchword : quick", [5.0, 6.0])
    ]
    assert figures[0].demand
    assert figures[0].demand.verdict(figures[0].median) == "met"


def test_a_round_in_which_the_fastest_gave_nothing_is_no_measure() -> None:
    """It is left out of the ratios; who never gave anything is nobody to compare with."""
    ours, dead = row("watchword", "log-in", 3.0, 3.0, 3.0), row("dead", "log-in", 0.0, 0.0, 0.0)

    figures = multiples([ours, row("other", "log-in", 0.0, 2.0, 1.5), dead])

    assert [figure.turns for figure in figures] == [[1.5, 2.0]]
    assert multiples([ours, dead]) == []


def test_log_ins_have_no_demand() -> None:
    """The hash bounds them, so they only stand beside each other."""
    figures = multiples([row("watchword", "log-in", 3.0), row("other", "log-in", 2.0)])

    assert [figure.demand for figure in figures] == [None]


def test_who_cannot_take_part_is_named_with_a_reason() -> None:
    """Nobody is missing silently, and the others go on."""
    roll, peers = Roll(), [(peer, number) for number, peer in enumerate(lineup())]

    def start(_: Peer, number: int) -> int:
        if number == 0:
            raise Unusable("node is missing")
        if number == 1:
            raise KeyError("token")
        return number

    went_well = roll.tried("started", peers, start)

    assert [number for _, number in went_well] == list(range(2, len(peers)))
    assert roll.left_out == {
        peers[0][0].title: "node is missing",
        peers[1][0].title: "not started: KeyError('token')",
    }


def test_what_is_installed_has_one_version() -> None:
    """A run of next year installs the same peers."""
    packages = {package for peer in lineup() for package in peer.packages}

    assert [package for package in packages if not PINNED.fullmatch(package)] == []


def test_titles_tell_peers_apart() -> None:
    """Rows, folders and reasons go by title."""
    titles = [peer.title for peer in lineup()]

    assert len(set(titles)) == len(titles)


def test_a_program_that_fails_says_why(tmp_path: Path) -> None:
    """The last line that it printed becomes the reason."""
    ground = Ground(tmp_path, tmp_path, 1)

    with pytest.raises(Unusable, match="sh: no room"):
        ground.run(["sh", "-c", "echo; echo no room >&2; exit 3"], {})
