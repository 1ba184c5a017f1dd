"""The blocklist: what everybody tries is refused, what nobody guesses is not."""

import random
from pathlib import Path
from time import process_time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watchword.core.kernel.errors import InvalidError
from watchword.crypto.blocklist import FILE_BYTES_MAX, GuessableBlocklist


def wide(text: str) -> str:
    """Return the same letters at full width, as an East Asian keyboard may send them."""
    return "".join(chr(ord(char) + 0xFEE0) for char in text)


EVERYBODY_TRIES = [
    "password",
    "Password1",
    "Password1!",
    "P@ssw0rd",
    "P@$$w0rd123",
    "Passw0rd!",
    "passwordpassword",
    "drowssap",
    "123456789",
    "1234567890qwertyuiop",
    "11111111",
    "12341234",
    "abc123abc123",
    "01011990",
    "1990-01-01",
    "!@#$%^&*",
    "qwertyuiop",
    "Qwerty123!",
    "1q2w3e4r5t6y",
    "1qaz2wsx",
    "1qaz!QAZ",
    "!QAZ2wsx",
    "asdfghjkl",
    "iloveyou",
    "letmeinplease",
    "Letmein!",
    "trustno1",
    "starwars",
    "superman1",
    "dragon12",
    "michael1",
    "jennifer",
    "Admin123",
    "Admin123!",
    "administrator",
    "root1234",
    "guest123",
    "default1",
    "changeme",
    "Changeme1",
    "changeit",
    "Welcome1!",
    "test1234!",
    "secret123",
    "company123",
    "watchword",
    "Watchword123",
    "watchword!!",
    "Summer2024",
    "Summer2024!",
    "Winter2023!",
    "Spring2025",
    "January2024",
    "Monday123",
    "London2024",
    "Liverpool1",
]

NOBODY_GUESSES = [
    "correct horse battery staple",
    "ocean violet tractor lemon",
    "it rains on tuesdays in bergen",
    "my cat sleeps on the blue radio",
    "glacier-turnip-violin",
    "quokka-ramen-42",
    "paper boat 71",
    "purplemonkeydishwasher",
    "ich mag grünen tee",
    "пароль-дом-река-7",
    "Ünï-cödé-straße",
    "kT9#vQ2m$x",
    "8fjW2mzQp1",
    "xk3mv9qtzb",
    "kX9vLm2q",
    "k;{~|-=+?/",
    "4071-8823-9914",
    "j7Gd!kP2",
    "a" * 40 + "kT9#vQ2m$x",
]


@pytest.fixture
def blocklist() -> GuessableBlocklist:
    return GuessableBlocklist()


@pytest.mark.parametrize("password", EVERYBODY_TRIES)
async def test_what_everybody_tries_is_known(blocklist: GuessableBlocklist, password: str) -> None:
    """A password of the lists that guessers begin with is refused."""
    assert await blocklist.has(password)


@pytest.mark.parametrize("password", NOBODY_GUESSES)
async def test_what_nobody_guesses_is_not_known(
    blocklist: GuessableBlocklist, password: str
) -> None:
    """Random characters, several words and sentences are fine, without any rule of kinds."""
    assert not await blocklist.has(password, about=("ada", "ada@example.com"))


@pytest.mark.parametrize(
    "password",
    [
        "zyxgubbins",
        "ZyxGubbins",
        wide("zyxgubbins"),
        "zyxgubbins1",
        "zyxgubbins2024",
        "Zyxgubbins!!",
        "snibbugxyz",
        "zyxgubb1ns",
        "quolfred.mixnard",
        "Quolfred1",
        "mixnard99",
        "plendro7",
        "quolfred.mixnard@plendro.example",
    ],
)
async def test_the_accounts_own_words_are_known(
    blocklist: GuessableBlocklist, password: str
) -> None:
    """A name, an address and their parts are the first things that a guesser tries."""
    about = ("Zyxgubbins", "quolfred.mixnard@plendro.example")

    assert await blocklist.has(password, about=about)
    assert not await blocklist.has("vexing quartz lamp", about=about)


async def test_a_long_word_of_the_account_is_known(blocklist: GuessableBlocklist) -> None:
    """A name that nobody guesses is no password of the account that shows it."""
    name = "correct horse battery staple"

    assert await blocklist.has(name.upper(), about=(name,))
    assert not await blocklist.has(name)


async def test_long_repetition_is_known(blocklist: GuessableBlocklist) -> None:
    """Length alone does not help: the same again and again is one thing to guess."""
    assert await blocklist.has("a" * 1024)
    assert await blocklist.has("password" * 128)


async def test_odd_text_is_no_failure(blocklist: GuessableBlocklist) -> None:
    """Surrogates, NUL and nothing at all are judged like any other text."""
    assert await blocklist.has("")
    assert await blocklist.has("\ud800", about=("\ud800\ud801\ud802", "", "\0"))
    assert await blocklist.has("password\0")


@given(st.text(alphabet=st.characters(exclude_categories=[]), max_size=60), st.text(max_size=30))
async def test_any_text_can_be_judged(password: str, word: str) -> None:
    """No password and no name makes the judgement fail."""
    assert await GuessableBlocklist().has(password, about=(word,)) in {True, False}


async def test_no_password_takes_the_loop_for_long(blocklist: GuessableBlocklist) -> None:
    """The costliest passwords of any length that we found are judged in a few milliseconds.

    Unbounded, a hundred such signs cost 240 ms; the limit here leaves room for a slow machine.
    """
    chance = random.Random(1)
    signs = "4@8({[<369!1|70$5+%2aeiost"
    costly = ["".join(chance.choices(signs, k=size)) for size in (12, 13, 32, 64, 100, 1024) * 5]
    costly += [("4@8({[<360!1|5$7+%2" * 60)[:size] for size in (100, 1024)]
    await blocklist.has("warm")

    slowest = max([await _cpu_seconds(blocklist, password) for password in costly])

    assert slowest < 0.05


async def test_long_words_are_no_burden(blocklist: GuessableBlocklist) -> None:
    """Only the beginning of a very long text about an account counts."""
    about = ("zyxgubbins " + " ".join(f"word{number}" for number in range(200_000)),)

    seconds = await _cpu_seconds(blocklist, "vexing quartz lamp", about=about)

    assert await blocklist.has("zyxgubbins", about=about)
    assert seconds < 0.05


async def test_the_operators_file_is_known(tmp_path: Path) -> None:
    """Each line of the file is refused in any case and width; comments and blanks are not lines."""
    file = tmp_path / "blocked.txt"
    file.write_bytes("\ufeff# ours\r\n\r\nGlacier-Turnip-Violin\r\n  \nÜnï-cödé-straße".encode())
    blocklist = GuessableBlocklist(file=file)

    assert await blocklist.has("glacier-turnip-violin")
    assert await blocklist.has(wide("GLACIER") + "-turnip-violin")
    assert await blocklist.has("ünï-cödé-STRASSE")
    assert not await blocklist.has("# ours, and a comment line")
    assert not await blocklist.has("glacier-turnip-violins")


@pytest.mark.parametrize("content", [None, b"\xff\xfe\x00", b"x" * (FILE_BYTES_MAX + 1)])
def test_a_file_that_cannot_be_used_stops_the_start(tmp_path: Path, content: bytes | None) -> None:
    """Missing, not UTF-8 or huge: the error names the file and says why, none of its lines."""
    file = tmp_path / "blocked.txt"
    if content is not None:
        file.write_bytes(content)

    with pytest.raises(InvalidError) as refusal:
        GuessableBlocklist(file=file)

    assert refusal.value.field == "blocklist_file"
    assert str(file) in str(refusal.value)
    assert len(str(refusal.value)) < len(str(file)) + 100


async def _cpu_seconds(
    blocklist: GuessableBlocklist, password: str, *, about: tuple[str, ...] = ()
) -> float:
    """Return the least of three, so that other work on the machine does not count."""
    times = []
    for _ in range(3):
        started = process_time()
        await blocklist.has(password, about=about)
        times.append(process_time() - started)
    return min(times)
