"""What the mail server's answers mean: a letter is refused only if nobody is there to get it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watchword.core.ports import Outcome, Posting
from watchword.mail.verdicts import REASON_LENGTH_MAX, Step, judge


@pytest.mark.parametrize(
    ("step", "code"), [(Step.MAIL, 250), (Step.RCPT, 250), (Step.RCPT, 251), (Step.DATA, 354)]
)
def test_a_letter_goes_on_while_all_is_well(step: Step, code: int) -> None:
    """Nothing is decided before the end."""
    assert judge(step, code, "ok") is None


@pytest.mark.parametrize(
    ("step", "code", "words", "outcome"),
    [
        (Step.DOT, 250, "2.0.0 queued", Outcome.ACCEPTED),
        (Step.MAIL, 451, "4.7.1 greylisted", Outcome.DEFERRED),
        (Step.MAIL, 421, "shutting down", Outcome.DEFERRED),
        (Step.MAIL, 550, "5.7.1 sender not yours", Outcome.UNREACHABLE),
        (Step.MAIL, 553, "5.1.8 no such domain", Outcome.UNREACHABLE),
        (Step.RCPT, 450, "4.2.0 busy", Outcome.DEFERRED),
        (Step.RCPT, 421, "4.3.2 later", Outcome.DEFERRED),
        (Step.RCPT, 550, "no such user here", Outcome.REFUSED),
        (Step.RCPT, 551, "user not local", Outcome.REFUSED),
        (Step.RCPT, 553, "mailbox name not allowed", Outcome.REFUSED),
        (Step.RCPT, 550, "5.1.1 user unknown", Outcome.REFUSED),
        (Step.RCPT, 554, "5.1.2 no such domain", Outcome.REFUSED),
        (Step.RCPT, 556, "5.1.10 null MX", Outcome.REFUSED),
        (Step.RCPT, 550, "5.2.1 mailbox disabled", Outcome.REFUSED),
        (Step.RCPT, 550, "5.4.1 recipient address rejected", Outcome.REFUSED),
        (Step.RCPT, 550, "5.7.1 relaying denied", Outcome.DEFERRED),
        (Step.RCPT, 554, "5.7.1 client host rejected", Outcome.DEFERRED),
        (Step.RCPT, 553, "5.7.1 sender not owned by user", Outcome.DEFERRED),
        (Step.RCPT, 550, "5.1.8 sender domain not found", Outcome.DEFERRED),
        (Step.RCPT, 550, "5.1.7 bad sender", Outcome.DEFERRED),
        (Step.RCPT, 552, "5.2.2 mailbox full", Outcome.DEFERRED),
        (Step.RCPT, 503, "5.5.1 need MAIL", Outcome.DEFERRED),
        (Step.RCPT, 530, "5.7.0 authentication required", Outcome.DEFERRED),
        (Step.RCPT, 354, "what?", Outcome.DEFERRED),
        (Step.DATA, 250, "what?", Outcome.DEFERRED),
        (Step.DATA, 554, "no valid recipients", Outcome.DEFERRED),
        (Step.DOT, 550, "5.7.1 looks like junk", Outcome.DEFERRED),
        (Step.DOT, 552, "too much", Outcome.DEFERRED),
        (Step.DOT, 452, "4.3.1 no room", Outcome.DEFERRED),
        (Step.DOT, 354, "what?", Outcome.DEFERRED),
    ],
)
def test_an_answer_decides(step: Step, code: int, words: str, outcome: Outcome) -> None:
    """In the server's own words."""
    assert judge(step, code, words) == Posting(outcome, f"{code} {words}")


@given(st.sampled_from(Step), st.integers(200, 599), st.text(st.characters(), max_size=600))
def test_a_reason_is_short_and_can_be_shown(step: Step, code: int, words: str) -> None:
    """Whatever a server says: no control, no lone surrogate, at most 200 characters."""
    posting = judge(step, code, words)

    if posting is not None:
        assert posting.reason.isprintable()
        assert len(posting.reason) <= REASON_LENGTH_MAX
        assert posting.reason.encode()


def test_several_lines_become_one() -> None:
    """As aiosmtplib hands them on."""
    posting = judge(Step.RCPT, 550, "5.1.1 no such user\n5.1.1 look at\thttps://example.com\x1b[2J")

    assert posting is not None
    assert posting.reason == "550 5.1.1 no such user 5.1.1 look at https://example.com [2J"
