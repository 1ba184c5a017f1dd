"""What a controller's words about a refused bind mean."""

import pytest

from watchword.core.directory.model import Verdict
from watchword.directory.subcodes import is_busy, is_wrong_name, read_refusal

TEXT = "80090308: LdapErr: DSID-0C090{}, comment: AcceptSecurityContext error, data {}, v1db1"


@pytest.mark.parametrize(
    ("code", "verdict"),
    [
        ("525", Verdict.WRONG),
        ("52e", Verdict.WRONG),
        ("530", Verdict.HOURS),
        ("531", Verdict.HOURS),
        ("532", Verdict.PASSWORD_EXPIRED),
        ("533", Verdict.DISABLED),
        ("701", Verdict.EXPIRED),
        ("773", Verdict.MUST_CHANGE),
        ("775", Verdict.LOCKED),
        ("569", Verdict.WRONG),
    ],
)
def test_each_code_has_its_verdict(code: str, verdict: Verdict) -> None:
    """One that we do not know is a wrong password, and kept."""
    assert read_refusal(TEXT.format("447", code)) == (verdict, code)
    assert read_refusal(TEXT.format("3A9", code.upper()) + "\0") == (verdict, code)


@pytest.mark.parametrize("text", ["", "invalid credentials", "data", "metadata 533", "data xyz"])
def test_other_words_are_a_wrong_password(text: str) -> None:
    """A directory that is not Active Directory says nothing more."""
    assert read_refusal(text) == (Verdict.WRONG, "")


def test_who_is_busy_is_no_judge() -> None:
    """Another controller may be asked what one is too busy for, and not what a name lacks."""
    assert [code for code in range(100) if is_busy(code)] == [51, 52]
    assert [code for code in range(100) if is_wrong_name(code)] == [32, 34, 48]
