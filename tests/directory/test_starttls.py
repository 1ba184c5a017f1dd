"""The answer to StartTLS is read to its last byte."""

import asyncio
from ssl import SSLError

import pytest

from watchword.directory.starttls import REQUEST, Reply, is_yes

YES = bytes.fromhex("300c02010178070a010004000400")
AD_YES = bytes.fromhex("308400000028020101788400 00001f0a010004000400") + (
    b"\x8a\x16" + b"1.3.6.1.4.1.1466.20037"
)
NO = bytes.fromhex("300c02010178070a013504000400")
BIND_IS_DONE = bytes.fromhex("300c02010261070a010004000400")


def test_the_request_names_starttls() -> None:
    """It is an extended request of 31 octets with the number 1 (RFC 4511, 4.14.1)."""
    assert REQUEST[:9] == bytes.fromhex("301d020101771880 16")
    assert REQUEST[9:] == b"1.3.6.1.4.1.1466.20037"


@pytest.mark.parametrize("message", [YES, AD_YES])
def test_a_yes_is_understood_in_short_and_long_form(message: bytes) -> None:
    """AD writes all lengths in four octets."""
    assert is_yes(message)


@pytest.mark.parametrize(
    "message",
    [b"", YES[:-1], NO, BIND_IS_DONE, YES + BIND_IS_DONE, YES + b"\x30", b"\x30\x80", b"HTTP/1.1"],
)
def test_all_else_is_no_yes(message: bytes) -> None:
    """Neither less nor more than one answer counts, nor an answer to something else."""
    assert not is_yes(message)


async def test_a_reply_may_come_in_pieces() -> None:
    """Each octet may come alone."""
    reply = Reply()
    for octet in YES:
        reply.feed(bytes([octet]))

    await asyncio.wait_for(reply.is_yes(), 30)


async def test_what_is_slipped_in_behind_the_reply_is_refused() -> None:
    """Else it could pass for the answer to the bind that comes next."""
    reply = Reply()
    reply.feed(YES)
    reply.feed(BIND_IS_DONE[:5])

    with pytest.raises(SSLError):
        await asyncio.wait_for(reply.is_yes(), 30)


@pytest.mark.parametrize("flood", [b"\x30\x84\xff\xff\xff\xff", b"\x30" + b"\xff" * 130])
async def test_a_reply_without_end_is_cut(flood: bytes) -> None:
    """No more than some octets are kept of it."""
    reply = Reply()
    for _ in range(40):
        reply.feed(flood * 20)

    with pytest.raises(SSLError):
        await asyncio.wait_for(reply.is_yes(), 30)
