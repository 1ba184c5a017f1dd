"""A controller that does not answer is left alone, for longer and longer."""

from watchword.directory.breaker import Breaker


class HandTicks:
    """Seconds that pass when told to."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def fail_often(breaker: Breaker, ticks: HandTicks, times: int) -> list[float]:
    """Let it fail each time it may be asked; return how long it was left alone after each."""
    waits = []
    for _ in range(times):
        breaker.begin()
        breaker.failed()
        waits.append(breaker.wait_s)
        ticks.now += breaker.wait_s
    return waits


def test_a_new_one_may_be_asked_by_all() -> None:
    """Nothing is known against it."""
    breaker = Breaker(HandTicks())

    breaker.begin()

    assert not breaker.is_silent
    assert not breaker.is_lost


def test_one_failure_is_enough() -> None:
    """Else each caller would wait for a time-out of their own."""
    ticks = HandTicks()
    breaker = Breaker(ticks)
    breaker.begin()

    is_news = breaker.failed()

    assert is_news
    assert breaker.is_silent
    assert breaker.lost_at == ticks.now


def test_it_is_left_alone_for_longer_and_longer() -> None:
    """From a second to half a minute."""
    ticks = HandTicks()

    waits = fail_often(Breaker(ticks), ticks, 8)

    assert waits == [1, 2, 4, 8, 16, 30, 30, 30]


def test_one_caller_at_a_time_may_try() -> None:
    """The others go on without it until that one has an answer."""
    ticks = HandTicks()
    breaker = Breaker(ticks)
    fail_often(breaker, ticks, 1)

    before = breaker.is_silent
    breaker.begin()
    meanwhile = breaker.is_silent
    breaker.leave()

    assert (before, meanwhile, breaker.is_silent) == (False, True, False)


def test_an_answer_makes_all_well() -> None:
    """It is asked by all again, and the next failure is a first one."""
    ticks = HandTicks()
    breaker = Breaker(ticks)
    fail_often(breaker, ticks, 5)

    is_news, is_none = breaker.heard(), breaker.heard()
    waits = fail_often(breaker, ticks, 2)

    assert (is_news, is_none) == (True, False)
    assert waits == [1, 2]


def test_many_who_waited_at_once_are_one_failure() -> None:
    """Fifty callers of one silent controller do not make it half a minute."""
    ticks = HandTicks()
    breaker = Breaker(ticks)
    news = [breaker.failed() for _ in range(50)]

    assert news == [True] + [False] * 49
    assert breaker.wait_s == 1


def test_it_is_lost_since_the_first_failure() -> None:
    """Later ones do not make it shorter."""
    ticks = HandTicks()
    breaker = Breaker(ticks)
    began = ticks.now

    fail_often(breaker, ticks, 4)

    assert breaker.lost_at == began
