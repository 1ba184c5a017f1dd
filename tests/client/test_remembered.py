"""A memory that does not grow."""

from watchword.client.remembered import Remembered


def test_it_keeps_what_is_used_and_no_more_than_it_may() -> None:
    """A thousand others pass by, and the one that is asked for in between stays."""
    memory = Remembered[int](10)
    memory.add("mine", 7)
    for number in range(1000):
        memory.add(str(number), number)
        assert memory.get("mine") == 7
        assert len(memory) <= 10

    assert memory.get("999") == 999
    assert memory.get("3") is None
