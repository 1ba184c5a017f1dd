"""How the command line words a refusal."""

from string import Formatter

import pytest

from watchword.cli.refusals import SENTENCES, sentence
from watchword.core.policy.refusals import Refusal, Refused


def test_every_refusal_has_a_sentence() -> None:
    """Nothing that core can refuse leaves somebody at the terminal without words."""
    assert set(SENTENCES) == set(Refusal)


@pytest.mark.parametrize("reason", list(Refusal))
def test_a_sentence_says_what_to_do_next(reason: Refusal) -> None:
    """What is wrong is one sentence, and what to do another."""
    text = sentence(Refused(reason, number=8, retry_after=30))

    assert text.count(". ") + text.count(": ") >= 1, text
    assert text.endswith(".")
    assert "{" not in text


def test_numbers_are_told() -> None:
    """Where a number belongs to the reason, the sentence has it."""
    short = sentence(Refused(Refusal.PASSWORD_SHORT, number=15))
    waiting = sentence(Refused(Refusal.THROTTLED, retry_after=42))
    fields = {name for text in SENTENCES.values() for _, name, _, _ in Formatter().parse(text)}

    assert "15 characters" in short
    assert "42 s" in waiting
    assert fields == {None, "number", "retry_after"}


def test_what_is_to_be_mended_is_told() -> None:
    """A sentence that belongs to this one refusal comes last."""
    refused = Refused(Refusal.PARAMETERS_INVALID, detail="Object missing required field `path`.")

    text = sentence(refused)

    assert text.endswith("parameters. Mend them. Object missing required field `path`.")
