"""Places: how many may wait, how many of them from one address, and for how long."""

from contextlib import ExitStack

import pytest

from watchword.core.kernel.errors import UnavailableError
from watchword.core.kernel.places import Places


def places(total: int = 8, *, at_once: int = 1, usual_seconds: float = 0.02) -> Places:
    return Places(total=total, at_once=at_once, usual_seconds=usual_seconds)


def filled(room: Places, count: int) -> ExitStack:
    """Take places from many addresses and hold them until the end of the block."""
    held = ExitStack()
    for number in range(count):
        held.enter_context(room.take(f"198.51.100.{number}", exempt=False))
    return held


def test_a_place_is_given_back() -> None:
    """Who has had an answer makes room for the next."""
    room = places()

    with room.take("192.0.2.1", exempt=False):
        during = room.taken

    assert during == 1
    assert room.taken == 0


def test_a_place_is_given_back_after_a_failure() -> None:
    """What goes wrong inside costs no place."""
    room = places()

    with pytest.raises(ZeroDivisionError), room.take("192.0.2.1", exempt=False):
        raise ZeroDivisionError

    assert room.taken == 0


def test_nobody_comes_in_when_all_places_are_taken() -> None:
    """Past the last place even an exempt address is sent away, and takes none."""
    room = places(4)

    with filled(room, 4):
        with pytest.raises(UnavailableError), room.take("192.0.2.1", exempt=True):
            pass
        taken = room.taken

    assert taken == 4
    assert room.taken == 0


def test_an_address_has_a_quarter_of_the_places() -> None:
    """One address cannot take the places of all others."""
    room = places(8)

    with (
        room.take("192.0.2.1", exempt=False),
        room.take("192.0.2.1", exempt=False),
        pytest.raises(UnavailableError),
        room.take("192.0.2.1", exempt=False),
    ):
        pass
    with room.take("192.0.2.1", exempt=False):
        afterwards = room.taken

    assert afterwards == 1


def test_an_address_has_one_place_at_least() -> None:
    """A quarter of very few is not nothing."""
    room = places(2)

    with room.take("192.0.2.1", exempt=False), room.take("192.0.2.2", exempt=False):
        taken = room.taken

    assert taken == 2


def test_an_exempt_address_may_take_more() -> None:
    """A proxy of the operator's own may hold more than a quarter."""
    room = places(4)

    with room.take("192.0.2.1", exempt=True), room.take("192.0.2.1", exempt=True):
        taken = room.taken

    assert taken == 2


@pytest.mark.parametrize(
    ("waiting", "at_once", "usual_seconds", "seconds"),
    [(1, 1, 0.02, 1), (100, 1, 0.02, 2), (101, 1, 0.02, 3), (100, 2, 0.1, 5)],
)
def test_who_is_sent_away_hears_how_long_the_line_is(
    waiting: int, at_once: int, usual_seconds: float, seconds: int
) -> None:
    """The time to come back is the line's own length in seconds, and never zero."""
    room = places(waiting, at_once=at_once, usual_seconds=usual_seconds)

    with (
        filled(room, waiting),
        pytest.raises(UnavailableError) as refusal,
        room.take("192.0.2.2", exempt=False),
    ):
        pass

    assert refusal.value.retry_after == seconds


def test_the_wait_follows_what_one_takes_now() -> None:
    """When it gets slow, who is sent away is told to wait longer."""
    room = places(10, usual_seconds=0.01)
    for _ in range(100):
        room.note(1.0)

    with (
        filled(room, 10),
        pytest.raises(UnavailableError) as refusal,
        room.take("192.0.2.2", exempt=False),
    ):
        pass

    assert refusal.value.retry_after == 10
