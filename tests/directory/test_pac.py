"""The SID in a ticket is read as Microsoft writes it, and only where somebody vouches for it."""

from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watchword.directory.pac import client_sid
from watchword.directory.sids import write_sid

SAMBA = bytes.fromhex("""
    1a00 1800 0e00 3800 02000000 0a00 4800 1c00 5200 00000000
    61006c006900630065004000610064002e00740065007300740000000000 0000
    410044002e005400450053005400 000061006c00690063006500
    01 05 000000000005 15000000 42d0141b 46f860cf faf1a593 4e040000 0000
""")
"""What a controller wrote for alice@ad.test: her names, and then her SID."""

ALICE = "S-1-5-21-454348866-3479238726-2477126138-1102"
FLAGS, LENGTH, BEGIN = 8, 16, 18


@dataclass
class Attribute:
    """What a library says of an attribute."""

    values: list[bytes] = field(default_factory=lambda: [SAMBA])
    authenticated: bool = True
    complete: bool = True


def changed(at: int, value: int) -> bytes:
    """Return the same with another number in it."""
    return SAMBA[:at] + value.to_bytes(2, "little") + SAMBA[at + 2 :]


def test_whom_a_controller_means() -> None:
    """Its SID stands where the head says."""
    assert client_sid(Attribute()) == ALICE


@pytest.mark.parametrize(
    "attribute",
    [
        Attribute(authenticated=False),
        Attribute(complete=False),
        Attribute([]),
        Attribute([SAMBA, SAMBA]),
    ],
    ids=["not-signed", "not-all", "nothing", "two"],
)
def test_what_nobody_vouches_for(attribute: Attribute) -> None:
    """The client itself may have written it."""
    with pytest.raises(ValueError, match=r"."):
        client_sid(attribute)


@pytest.mark.parametrize(
    "info",
    [
        b"",
        SAMBA[:19],
        SAMBA[:0x60],
        changed(FLAGS, 0),
        changed(FLAGS, 1),
        changed(LENGTH, 0),
        changed(LENGTH, 0x1B),
        changed(LENGTH, 0x2C),
        changed(BEGIN, 0),
        changed(BEGIN, 0x50),
        changed(BEGIN, 0xFFFF),
    ],
)
def test_what_is_no_sid(info: bytes) -> None:
    """A head that says there is none, or a place where none is: nothing is guessed."""
    with pytest.raises(ValueError, match=r"."):
        client_sid(Attribute([info]))


@given(st.binary(max_size=120), st.booleans())
def test_any_bytes(noise: bytes, is_headed: bool) -> None:  # noqa: FBT001 (hypothesis gives it)
    """They are a SID that stands in them, or refused."""
    info = SAMBA[:20] + noise if is_headed else noise
    try:
        sid = client_sid(Attribute([info]))
    except ValueError:
        return

    assert write_sid(sid) in info
