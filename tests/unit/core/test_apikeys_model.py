"""What an API key looks like."""

import re
from datetime import UTC, datetime, timedelta

import pytest

from watchword.core.apikeys.model import (
    SECRET_BITS,
    ApiKey,
    Scope,
    hint_of,
    is_key,
    looks_like_key,
    write_key,
)
from watchword.core.kernel.ids import AccountId, ApiKeyId

NOW = datetime(2030, 1, 1, tzinfo=UTC)
KEY = write_key(0xC0FFEE)


@pytest.mark.parametrize("number", [0, 1, 2**SECRET_BITS - 1, 0xC0FFEE])
def test_each_number_makes_a_key_of_one_length(number: int) -> None:
    """The published expression finds every key there can be."""
    key = write_key(number)

    assert re.fullmatch("ww_[0-9A-Za-z]{49}", key)
    assert is_key(key)


def test_different_numbers_make_different_keys() -> None:
    """No part of the randomness is lost in the spelling."""
    bits = {write_key(1 << bit) for bit in range(SECRET_BITS)}

    assert len(bits) == SECRET_BITS


@pytest.mark.parametrize("place", range(len("ww_"), len(KEY)))
def test_one_wrong_character_is_no_key(place: int) -> None:
    """A typing error is seen without looking anywhere."""
    other = "a" if KEY[place] != "a" else "b"

    assert not is_key(KEY[:place] + other + KEY[place + 1 :])


def test_two_swapped_characters_are_no_key() -> None:
    """The other common typing error."""
    assert KEY[-8] != KEY[-9]
    assert not is_key(KEY[:-9] + KEY[-8] + KEY[-9] + KEY[-7:])


@pytest.mark.parametrize(
    "text",
    ["", "ww_", KEY[:-1], KEY + "0", KEY.upper(), f" {KEY}", f"{KEY}\n", KEY.replace("ww_", "xx_")],
)
def test_what_is_not_whole_is_no_key(text: str) -> None:
    """Only the exact text counts."""
    assert not is_key(text)


def test_digits_of_other_scripts_are_no_digits() -> None:
    """`\\d` and `isalnum` would take them."""
    assert not is_key(KEY[:-1] + "٣")


def test_a_mistyped_key_is_still_meant_for_one() -> None:
    """So it is never taken for a token."""
    assert looks_like_key("ww_rubbish")
    assert not looks_like_key("eyJhbGciOi")


def test_a_hint_opens_nothing() -> None:
    """It shows which key is meant: the last four characters, and those are of the checksum."""
    assert hint_of(KEY) == f"ww_…{KEY[-4:]}"


def key(expires_at: datetime | None = None) -> ApiKey:
    return ApiKey(
        id=ApiKeyId("k"),
        account_id=AccountId("a"),
        name="cron",
        digest="digest",
        hint="hint",
        created_at=NOW,
        expires_at=expires_at,
    )


def test_a_key_ends_at_its_moment() -> None:
    """Not one moment later, and without a moment never."""
    day = timedelta(days=1)

    assert key().works(NOW + 9999 * day)
    assert key(NOW + day).works(NOW)
    assert not key(NOW + day).works(NOW + day)


def test_an_overlap_never_makes_a_key_last_longer() -> None:
    """Rotation ends keys; it does not renew them."""
    soon, late = NOW + timedelta(hours=1), NOW + timedelta(days=1)

    assert key().ending(late).expires_at == late
    assert key(late).ending(soon).expires_at == soon
    assert key(soon).ending(late).expires_at == soon


def test_a_key_by_its_name_alone_only_identifies() -> None:
    """And nothing that no key may do is ever allowed."""
    allowed = [scope for scope in Scope if key().allows(scope)]

    assert allowed == [Scope.IDENTIFY]
    assert not key().allows(None)


def test_printing_a_key_shows_no_secret() -> None:
    """Neither the digest nor the ciphertext belongs into a log."""
    assert "digest" not in repr(key()).replace("digest=", "")
