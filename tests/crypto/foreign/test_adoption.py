"""Hashes of other products: what is taken, what of it is kept, and that nothing is told."""

from time import process_time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crypto.foreign.samples import ARGON2I, PRINTED, SAMPLES, Sample
from watchword.core.kernel.errors import InvalidError
from watchword.crypto.foreign.adoption import adopt, read_kept
from watchword.crypto.foreign.firebase import read_parameters
from watchword.crypto.foreign.reasons import Reason

FIREBASE = read_parameters(PRINTED)
KEPT_LENGTH_MAX = 1000

each_sample = pytest.mark.parametrize("sample", SAMPLES.values(), ids=SAMPLES.keys())


def adopted(text: str) -> str:
    return adopt(text, firebase=FIREBASE)


def reason_of(text: str) -> Reason | None:
    """Return why a text is refused, None if it is taken; anything else said would be a leak."""
    try:
        adopted(text)
    except InvalidError as error:
        return Reason(str(error))
    return None


@each_sample
def test_each_spelling_becomes_ours(sample: Sample) -> None:
    """What is kept begins as its kind does, is short, and holds characters of ASCII only."""
    kept = adopted(sample.text)

    assert kept.startswith(sample.kept)
    assert len(kept) <= KEPT_LENGTH_MAX
    assert kept.isascii()


@each_sample
def test_what_we_keep_is_adopted_as_it_is(sample: Sample) -> None:
    """An account that was imported here can be exported, and imported again."""
    kept = adopted(sample.text)

    assert adopt(kept) == kept


@each_sample
def test_the_right_password_matches_and_others_do_not(sample: Sample) -> None:
    """A hash matches the password that it was made of, and no other."""
    kept = read_kept(adopted(sample.text))

    assert kept is not None
    assert kept.matches(sample.password)
    assert not kept.matches("!" + sample.password)


@each_sample
@pytest.mark.parametrize("password", ["\ud800", "with\0nul", "ä" * 512])
def test_any_password_can_be_wrong(sample: Sample, password: str) -> None:
    """Lone surrogates, NUL and very long ones are no failure, only wrong."""
    kept = read_kept(adopted(sample.text))

    assert kept is not None
    assert not kept.matches(password)


@pytest.mark.parametrize("text", ["!", "!" + "x" * 40, "!$2b$12$" + "a" * 53])
def test_an_unusable_password_is_none(text: str) -> None:
    """Django's mark for accounts that nobody can log in to is kept as no password."""
    assert adopted(text) == ""


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", Reason.EMPTY),
        ("password", Reason.UNKNOWN),
        (" $2b$12$" + "a" * 53, Reason.UNKNOWN),
        ("$", Reason.UNKNOWN),
        ("$$", Reason.UNKNOWN),
        ("$2c$12$" + "a" * 53, Reason.UNKNOWN),
        ("$pbkdf2-md5$1000$c2FsdA$" + "a" * 22, Reason.UNKNOWN),
        ("pbkdf2_md5$1000$salt$" + "a" * 24, Reason.UNKNOWN),
        ("$2b$12$" + "ä" * 53, Reason.UNKNOWN),
        ("x" * 2049, Reason.LONG),
        ("$argon2id$" * 100_000, Reason.LONG),
        ("5f4dcc3b5aa765d61d8327deb882cf99", Reason.MD5),
        ("$1$salt$" + "a" * 22, Reason.MD5),
        ("$apr1$salt$" + "a" * 22, Reason.MD5),
        ("md5$salt$5f4dcc3b5aa765d61d8327deb882cf99", Reason.MD5),
        ("$5$salt$" + "a" * 43, Reason.CRYPT),
        ("$6$salt$" + "a" * 86, Reason.CRYPT),
        ("$y$j9T$salt$" + "a" * 43, Reason.CRYPT),
        ("abJnggxhB/yWI", Reason.DES),
    ],
)
def test_what_is_none_of_the_known_kinds_is_refused(text: str, reason: Reason) -> None:
    """Plain text, MD5, DES crypt and unknown kinds get a sentence that says so."""
    assert reason_of(text) is reason


def test_a_refusal_names_the_field_and_keeps_no_piece_of_the_hash() -> None:
    """What a report of an import shows can be read by anybody."""
    with pytest.raises(InvalidError) as refusal:
        adopted("pbkdf2_sha256$1000$salt$c2VjcmV0!")

    assert refusal.value.field == "password_hash"
    assert refusal.value.args == (Reason.MALFORMED.value,)
    assert refusal.value.__cause__ is None


@each_sample
def test_spoilt_text_is_refused(sample: Sample) -> None:
    """A hash with something before it, behind it or in the middle of it is no hash."""
    text, middle = sample.text, len(sample.text) * 3 // 4
    spoilt = [" " + text, text + "\n$", text + "\0", text[:middle] + "\u0661" + text[middle:]]

    reasons = [reason_of(one) for one in spoilt]

    assert None not in reasons


@each_sample
def test_a_text_that_was_cut_off_lets_nobody_else_in(sample: Sample) -> None:
    """Of a hash that lost its end at least 16 octets are left, or it is refused."""
    for end in range(len(sample.text)):
        if reason_of(sample.text[:end]) is None:
            kept = adopted(sample.text[:end])

            assert len(kept.rpartition("$")[2]) >= 22


@given(st.text(alphabet=st.characters(exclude_categories=[])))
def test_any_text_is_taken_or_refused(text: str) -> None:
    """Nothing but InvalidError comes out, whatever a file holds, and its text is one of ours."""
    assert text.startswith("!") or reason_of(text) is not None


@given(
    sample=st.sampled_from([*SAMPLES.values()]),
    start=st.integers(0, 300),
    length=st.integers(0, 40),
    by=st.one_of(
        st.text(max_size=20),
        st.text("0123456789", max_size=40),
        st.sampled_from(["$", "=", ",", "{", '"', "\\", "٣", "00", "-1", "1e9", "9" * 400]),
    ),
)
def test_a_hash_with_any_change_is_taken_whole_or_refused(
    sample: Sample, start: int, length: int, by: str
) -> None:
    """Whatever is cut out of a hash or put into it: what is kept of it can be read again."""
    changed = sample.text[:start] + by + sample.text[start + length :]

    if reason_of(changed) is None:
        kept = adopted(changed)

        assert kept == "" or read_kept(kept) is not None
        assert len(kept) <= KEPT_LENGTH_MAX


@given(st.text(alphabet=st.characters(exclude_categories=[])))
def test_reading_what_is_kept_never_fails(encoded: str) -> None:
    """Whatever stands in the store, reading it raises nothing."""
    assert read_kept(encoded) is None


@pytest.mark.parametrize(
    "encoded",
    [
        "",
        "$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW",
        "$2b$05$CCCCCCCCCCCCCCCCCCCCC/E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW",
        "$2b$16$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW",
        "$pbkdf2-sha256$i=5000001$c2FsdA$" + "A" * 43,
        "$pbkdf2-sha256$1000$c2FsdA$" + "A" * 43,
        "$scrypt$ln=17,r=8,p=1$c2FsdA$" + "A" * 43,
        "$ldap-sha1$c2FsdA$" + "A" * 43,
        SAMPLES["{SSHA}"].text,
        ARGON2I.replace("m=64", "m=65537"),
    ],
)
def test_only_our_spelling_within_the_limits_matches(encoded: str) -> None:
    """A stored text that adopt never returned is no hash."""
    assert read_kept(encoded) is None


def test_adopting_computes_nothing() -> None:
    """A thousand lines of the costliest hashes are read in less than one such hash takes."""
    costly = [
        "$2b$15$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW",
        "$pbkdf2-sha512$i=5000000$c2FsdA$" + "A" * 86,
        "$scrypt$ln=16,r=8,p=8$c2FsdA$" + "A" * 86,
        ARGON2I.replace("m=64,t=3,p=1", "m=65536,t=10,p=8"),
        SAMPLES["pbkdf2-sha256 of Keycloak"].text.replace("1000", "4999999"),
        SAMPLES["Firebase's columns"].text,
    ]
    started = process_time()

    kept = [adopted(text) for text in costly * 170]

    assert process_time() - started < 1
    assert len(kept) > 1000
