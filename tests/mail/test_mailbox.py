"""Addresses as they go over the wire: nothing but one mailbox fits into one."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from watchword.core.accounts.names import is_address
from watchword.mail.mailbox import read_mailbox


@pytest.mark.parametrize(
    ("typed", "spelt"),
    [
        ("ada@example.net", "ada@example.net"),
        ("Ada.Lovelace+mail@Example.NET", "Ada.Lovelace+mail@Example.NET"),
        ("o'hara!#$%&*=?^_`{|}~-/@a-b.example", "o'hara!#$%&*=?^_`{|}~-/@a-b.example"),
        ("root@localhost", "root@localhost"),
        ("ada@müller.example", "ada@xn--mller-kva.example"),
        ("ada@例え.テスト", "ada@xn--r8jz45g.xn--zckzah"),
        ("ada@\uff25\uff38ample.net", "ada@example.net"),
        ("jörg@müller.example", "jörg@xn--mller-kva.example"),
    ],
)
def test_a_domain_goes_over_the_wire_in_ascii(typed: str, spelt: str) -> None:
    """The local part is left as it is: what it means is for its own mail server to say."""
    mailbox = read_mailbox(typed)

    assert mailbox is not None
    assert mailbox.address == spelt


def test_a_sharp_s_is_not_two_of_them() -> None:
    """By the rules of 2003, which Python has, the letter would go to somebody else's domain."""
    mailbox = read_mailbox("ada@straße.example")

    assert mailbox is not None
    assert mailbox.domain == "xn--strae-oqa.example"


def test_letters_beyond_ascii_before_the_at_sign_are_told() -> None:
    """Not every mail server takes them."""
    plain, odd = read_mailbox("ada@müller.example"), read_mailbox("jörg@example.net")

    assert plain is not None
    assert odd is not None
    assert (plain.needs_utf8, odd.needs_utf8) == (False, True)


@pytest.mark.parametrize(
    "text",
    [
        *("", "ada", "@", "ada@", "@example.net", "a@b@example.net", "ada@.", "ada@example..net"),
        *("ada@-example.net", "ada@example-.net", f"ada@{'a' * 64}.net", f"{'a' * 65}@example.net"),
        *(".ada@example.net", "ada.@example.net", "a..da@example.net", '"ada"@example.net'),
        *("ada@example.net>", "<ada@example.net", "ada@example.net, b@example.net", "a da@b.net"),
        *("ada@example.net\r\nRCPT TO:<b@b.net", "ada\n@example.net", "ada@example.net\0"),
        *("ada@[127.0.0.1]", "ada@example.net SMTPUTF8", "ada\u200b@example.net", "ada@💌💌.net"),
        *("ada\u00a0b@example.net", "ada\u2028@example.net", "ä" * 33 + "@example.net"),
        *(
            "ada@exam\u00adple\u202e.net",
            "ada@\ud800.net",
            "\ud800@example.net",
            "ada@example.net.",
        ),
    ],
)
def test_what_is_no_single_mailbox_gets_no_letter(text: str) -> None:
    """Not even in part."""
    assert read_mailbox(text) is None


@given(st.text() | st.tuples(st.text(), st.text()).map("@".join))
@example("a@b")
@example("ä@ß.x")
def test_a_mailbox_has_no_room_for_anything_else(text: str) -> None:
    """Whatever is read as one has no blank, no control, no bracket, and one @."""
    mailbox = read_mailbox(text)

    if mailbox is not None:
        assert mailbox.domain.isascii()
        assert mailbox.address.isprintable()
        assert not set(mailbox.address) & set('<>()[],;:"\\ ')
        assert mailbox.address.count("@") == 1
        assert read_mailbox(mailbox.address) == mailbox


@given(st.from_regex(r"[a-z0-9+_-]{1,20}@[a-z0-9]{1,20}\.[a-z]{2,10}", fullmatch=True))
def test_usual_addresses_are_fine(text: str) -> None:
    """Those that registration takes get letters."""
    mailbox = read_mailbox(text)

    assert is_address(text)
    assert mailbox is not None
    assert mailbox.address == text
