"""Ids and moments are read as Active Directory writes them, and nothing else is taken for one."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watchword.directory.sids import (
    in_filter,
    last_part,
    read_guid,
    read_moment,
    read_sid,
    sibling,
    write_guid,
    write_moment,
    write_sid,
)

ADMINISTRATORS = "S-1-5-32-544"
ADMINISTRATORS_RAW = bytes.fromhex("01020000000000052000000020020000")
NEVER = b"9223372036854775807"
YEAR_ONE = datetime(1601, 1, 1, tzinfo=UTC)


def test_a_well_known_sid() -> None:
    """The administrators of any machine have one SID, whose bytes Microsoft tells."""
    assert read_sid(ADMINISTRATORS_RAW) == ADMINISTRATORS
    assert write_sid(ADMINISTRATORS) == ADMINISTRATORS_RAW


@given(
    st.integers(0, (1 << 48) - 1),
    st.lists(st.integers(0, (1 << 32) - 1), min_size=1, max_size=15),
)
def test_any_sid_comes_back(authority: int, parts: list[int]) -> None:
    """To write a SID and to read it again changes nothing."""
    text = "-".join(("S-1", str(authority), *map(str, parts)))

    assert read_sid(write_sid(text)) == text


@given(st.binary(max_size=80))
def test_bytes_are_a_sid_or_refused(raw: bytes) -> None:
    """No bytes are half understood: what was read is written as the same bytes."""
    try:
        text = read_sid(raw)
    except ValueError:
        return

    assert write_sid(text) == raw


@pytest.mark.parametrize(
    "text",
    [
        "",
        "S-1-5",
        "S-2-5-32",
        "S-1-5-",
        "S-1-5-032",
        "S-1-5-4294967296",
        "S-1-281474976710656-1",
        "S-1-5-32-544 ",
        "S-1-5-32-544\n",
        "S-1-5-٣٢",
        "S-1-5" + 16 * "-1",
        "CN=Staff,DC=ad,DC=test",
    ],
)
def test_what_is_no_sid(text: str) -> None:
    """A text that is nearly a SID is none."""
    with pytest.raises(ValueError, match="no SID"):
        write_sid(text)


def test_the_case_of_its_s_does_not_matter() -> None:
    """Some write it small."""
    assert write_sid("s-1-5-32-544") == ADMINISTRATORS_RAW


def test_sids_of_one_domain() -> None:
    """A primary group is told by its last part alone."""
    user = "S-1-5-21-1-2-3-1104"

    group = sibling(user, "513")

    assert group == "S-1-5-21-1-2-3-513"
    assert last_part(group) == "513"


def test_a_guid_has_its_first_parts_turned_round() -> None:
    """The bytes of an objectGUID are not those of its text in order."""
    raw = bytes(range(16))

    assert read_guid(raw) == "03020100-0504-0706-0809-0a0b0c0d0e0f"
    assert write_guid("03020100-0504-0706-0809-0A0B0C0D0E0F") == raw
    assert in_filter(raw[:3]) == "\\00\\01\\02"


@pytest.mark.parametrize("raw", [b"", bytes(15), bytes(17)])
def test_what_is_no_guid(raw: bytes) -> None:
    """Bytes too few or too many are refused."""
    with pytest.raises(ValueError, match="16-char"):
        read_guid(raw)


@given(st.uuids())
def test_any_guid_comes_back(guid: UUID) -> None:
    """To write an objectGUID and to read it again changes nothing."""
    assert read_guid(write_guid(str(guid))) == str(guid)


@pytest.mark.parametrize("text", [None, b"", b"0", NEVER])
def test_never(text: bytes | None) -> None:
    """An account without an end says so in several ways."""
    assert read_moment(text) is None


def test_a_moment() -> None:
    """The beginning of 1970, as Active Directory counts."""
    assert read_moment(b"116444736000000000") == datetime(1970, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize("text", [b"-1", b"-9223372036854775808", b"1"])
def test_before_all_time(text: bytes) -> None:
    """What is before the first day of that calendar is long over."""
    assert read_moment(text) == YEAR_ONE


@pytest.mark.parametrize("text", [b"9223372036854775806", b"2650467744000000000"])
def test_after_all_time(text: bytes) -> None:
    """What no calendar of ours holds is never."""
    assert read_moment(text) is None


@given(st.datetimes(min_value=datetime(1601, 1, 1, 1), timezones=st.just(UTC)))  # noqa: DTZ001
def test_any_moment_comes_back(moment: datetime) -> None:
    """To write a moment and to read it again loses less than a microsecond."""
    read = read_moment(str(write_moment(moment)).encode())

    assert read is not None
    assert abs(read - moment) < timedelta(microseconds=1)
