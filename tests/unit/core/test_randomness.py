"""Ids that sort by time."""

import uuid
from datetime import UTC, datetime, timedelta

from fakes import CountingRandomness
from watchword.core.kernel.randomness import SystemRandomness, ordered_uuid

AT = datetime(2026, 11, 22, 13, 0, tzinfo=UTC)


def test_an_ordered_id_is_a_uuid_of_version_7() -> None:
    """With the time in front, in milliseconds (RFC 9562, 5.7)."""
    made = uuid.UUID(ordered_uuid(AT, SystemRandomness()))

    assert (made.version, made.variant) == (7, uuid.RFC_4122)
    assert made.int >> 80 == int(AT.timestamp() * 1000)


def test_later_ids_sort_behind_earlier_ones() -> None:
    """By text as well, whatever chance has put behind the time."""
    randomness = SystemRandomness()
    made = [ordered_uuid(AT + timedelta(milliseconds=n), randomness) for n in range(50)]

    assert made == sorted(made)


def test_ids_of_one_moment_differ() -> None:
    """By 74 random bits."""
    randomness = CountingRandomness()

    assert ordered_uuid(AT, randomness) != ordered_uuid(AT, randomness)
    assert len({ordered_uuid(AT, SystemRandomness()) for _ in range(1000)}) == 1000
