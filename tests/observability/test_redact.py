"""What the log hides, and what it keeps."""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from ipaddress import ip_address
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watchword.core.apikeys.model import hint_of, write_key
from watchword.observability.redact import (
    DEPTH_MAX,
    FRAMES_MAX,
    ITEMS_MAX,
    TEXT_MAX,
    describe,
    is_secret_name,
    scrub,
    scrub_field,
    scrub_text,
)

SECRET = "hunter2-and-more"
JWT = "eyJhbGciOiJFZERTQSIsInR5cCI6ImF0K2p3dCJ9.eyJzdWIiOiJhZGEifQ.c2lnbmF0dXJl-_x"
KEY = "ww_7Zt0cFhPq3vN_Lw-k2"
WHOLE = write_key(int.from_bytes(b"a key of an account, not of ours"))


@dataclass
class Credentials:
    """A thing whose repr shows a password."""

    password: str


class TestNames:
    @pytest.mark.parametrize(
        "name",
        [
            "password", "new_password", "passwd", "db_pwd", "passphrase", "Password",
            "currentPassword", "secret", "clientSecret", "token", "access_token",
            "setup-token", "authToken", "authorization", "X-Authorization",
            "proxy_authorization", "cookie", "Set-Cookie", "credentials", "api_key",
            "apikey", "apiKey", "master_key", "signing_key",
            "private-key", "key", "keys", "jwt", "otp", "pin",
        ],
    )  # fmt: skip
    def test_a_name_that_sounds_like_a_secret_hides_its_value(self, name: str) -> None:
        """Whatever the value is, the name is enough."""
        for value in (SECRET, SECRET.encode(), 1234, [SECRET], {"a": SECRET}, object()):
            assert scrub_field(name, value) == "***"

    @pytest.mark.parametrize(
        "name",
        ["name", "path", "status", "key_id", "token_type", "keyboard", "passed", "address", "spin"],
    )
    def test_other_names_hide_nothing(self, name: str) -> None:
        """A log that hides too much helps nobody."""
        assert not is_secret_name(name)
        assert scrub_field(name, "plain") == "plain"

    def test_whether_a_secret_is_set_may_be_told(self) -> None:
        """None, True and False give nothing away."""
        assert [scrub_field("password", value) for value in (None, True, False)] == [
            None,
            True,
            False,
        ]


class TestTexts:
    @pytest.mark.parametrize(
        ("text", "expected"),
        [
            (f"GET /api/auth/me?token={JWT}&x=1", "GET /api/auth/me?token=***&x=1"),
            ("/me?TOKEN=abc&access_token=def#end", "/me?TOKEN=***&access_token=***#end"),
            ("/me?token%3Dabc", "/me?token%3D***"),
            ("/callback?code=abc&state=def", "/callback?code=***&state=***"),
            (f"refused {JWT} at once", "refused *** at once"),
            (f"Bearer{JWT}", "Bearer***"),
            (f"<{JWT[:60]}", "<***"),
            (f"used {KEY}.", "used ***."),
            ("Authorization: Bearer abcdef, x", "Authorization: ***"),
            ("a\r\nX-Authorization: abc def\r\nHost: h", "a\r\nX-Authorization: ***\r\nHost: h"),
            ("Cookie: authToken=abc; b=c", "Cookie: ***"),
            ("[(b'authorization', b'abc def'), (b'a', b'b')]", "[(b'authorization', b'***"),
            ("sent Bearer abcdef123 twice", "sent Bearer *** twice"),
            ("sent basic dXNlcjpwYXNz", "sent basic ***"),
            ("Login(name='ada', password='a b\\'c', x=1)", "Login(name='ada', password=***, x=1)"),
            ('{"password": "a \\" b", "c": 1}', '{"password": ***, "c": 1}'),
            ("{'new_password': 12, 'c': 1}", "{'new_password': ***, 'c': 1}"),
            ('"{\\"password\\": \\"a b\\", \\"c\\": 1}"', '"{\\"password\\": ***, \\"c\\": 1}"'),
            ("('secret', 'a b')", "('secret', ***)"),
            ("host=h password=abc user=u", "host=h password=*** user=u"),
            ("postgresql://u:p@ss/w@h:5432/db", "postgresql://u:***@h:5432/db"),
            ("$argon2id$v=19$m=19456,t=2,p=1$c2FsdA$aGFzaA", "***"),
            ("was $2b$12$abcdefghijklmnopqrstuv.", "was ***"),
            (
                "duplicate key\nDETAIL:  Failing row contains (ada, x).",
                "duplicate key\nDETAIL: ***",
            ),
            (
                "a -----BEGIN PRIVATE KEY-----\nMC4C\nAQAw\n-----END PRIVATE KEY----- b",
                "a *** b",
            ),
            ("-----BEGIN EC PRIVATE KEY-----\nMC4C", "***"),
        ],
    )
    def test_what_looks_like_a_secret_is_hidden(self, text: str, expected: str) -> None:
        """Tokens, keys, hashes, passwords in URLs, headers and reprs, wherever they stand."""
        assert scrub_text(text) == expected

    @pytest.mark.parametrize(
        "text",
        [
            "",
            "GET /api/auth/me 200",
            "key=value; a: b",
            "http://127.0.0.1:9261/api/auth/users/3f2a?x=y",
            "2026-11-22T03:29:09.415275Z [::1]:54321 50% $5",
            "The password is wrong",
            "no such token: it ended",
            "\u00e9milie \u674e \ud800",
        ],
    )
    def test_what_does_not_is_kept(self, text: str) -> None:
        """Ordinary text stays as it is."""
        assert scrub_text(text) == text

    def test_long_text_is_cut_after_the_search(self) -> None:
        """A secret that would lie across the cut is found first."""
        text = "x" * (TEXT_MAX - 20) + JWT + "y" * 1_000_000

        shown = scrub_text(text)

        assert len(shown) <= TEXT_MAX + 3
        assert "eyJ" not in shown

    @pytest.mark.parametrize(
        "piece",
        ["://a:", "password", "passw'\"", "token='", "\\'", "token=\\'", "eyJ", "eyJ.", "$a",
         "$a$", "authorization:", "Bearer ", "-----BEGIN PRIVATE KEY-----", "?code", "DETAIL:", " ",
         "ww_", "ww_a.", "ww_" + "a" * 39 + "..."],
    )  # fmt: skip
    def test_no_text_takes_long(self, piece: str) -> None:
        """A caller who chooses a text cannot make the search slow."""
        began = time.perf_counter()

        scrub_text(piece * (1_000_000 // len(piece)))

        assert time.perf_counter() - began < 0.25

    @given(st.text(max_size=300), st.text(max_size=300))
    def test_a_token_is_found_in_any_text(self, before: str, after: str) -> None:
        """Nothing that stands around a token can hide it."""
        shown = scrub_text(f"{before}{JWT}{after}")

        assert JWT.rpartition(".")[0] not in shown
        assert "eyJzdWIi" not in shown


class TestKeys:
    @pytest.mark.parametrize(
        ("text", "expected"),
        [
            (WHOLE, "***"),
            (f"used {WHOLE}.", "used ***."),
            (f"/x?a={WHOLE}&b=1 c", "/x?a=***&b=1 c"),
            (f"X{WHOLE}", "X***"),
            (f"{WHOLE},{WHOLE};", "***,***;"),
            (f"{WHOLE}{WHOLE}", "***"),
            (f"{{'a': '{WHOLE}', 'b': 1}}", "{'a': '***', 'b': 1}"),
            (f'{{"a":"{WHOLE}","b":1}}', '{"a":"***","b":1}'),
            (f"<{WHOLE}>\\n", "<***>\\n"),
            (f"/keys/{WHOLE}/uses", "/keys/***/uses"),
            (f"/x?a={WHOLE.replace('_', '%5F')}", "/x?a=***"),
            (WHOLE.upper(), "***"),
            (WHOLE.lower(), "***"),
            (f"is {hint_of(WHOLE)}, of ada", f"is {hint_of(WHOLE)}, of ada"),
        ],
    )
    def test_a_key_is_hidden_and_what_stands_around_it_is_not(
        self, text: str, expected: str
    ) -> None:
        """In a sentence, a URL, JSON, a repr, twice in a row; the hint may be shown."""
        assert scrub_text(text) == expected

    @given(
        st.integers(len("ww_"), len(WHOLE) - 1),
        st.text(st.characters(exclude_categories=["Cs", "Z", "Cc"]), max_size=2),
    )
    def test_a_key_with_a_slip_in_it_is_hidden_too(self, place: int, slip: str) -> None:
        """A sign too few, a wrong one, one too many: what is left is nearly the key."""
        typed = WHOLE[:place] + slip + WHOLE[place + 1 :]

        shown = scrub_text(f"unknown key {typed}")

        assert shown.startswith("unknown key ***")
        assert not _common(shown, WHOLE)

    @pytest.mark.parametrize("length", [49, 48, 45, 40, 20, 10])
    def test_a_piece_of_a_key_is_hidden_too(self, length: int) -> None:
        """A key that was cut off at its end."""
        assert scrub_text(f"({WHOLE[: 3 + length]})") == "(***)"

    def test_no_shape_of_a_value_shows_one(self) -> None:
        """Bytes, exceptions, their causes and notes of paths, headers and names of fields."""
        caught = ValueError(f"no such key: {WHOLE}")
        caught.__cause__ = KeyError(WHOLE)
        values = [WHOLE.encode(), {"a": [WHOLE]}, {WHOLE: 1}, caught, Path(WHOLE), (b"x", WHOLE)]

        shown = str([scrub(value) for value in values])

        assert not _common(shown, WHOLE)
        assert shown.count("***") == len(values) + 1


class TestShapes:
    @pytest.mark.parametrize(
        "value",
        [
            {"a": {"b": [{"password": SECRET}]}},
            {"request": {"headers": {"Cookie": SECRET, "Authorization": SECRET}}},
            [(b"host", b"h"), (b"authorization", SECRET.encode())],
            [["x-authorization", SECRET]],
            ({"a": (f"?token={SECRET}",)},),
            {f"token={SECRET}": 1},
            {b"token": SECRET.encode()},
            {"a": f"password={SECRET}".encode()},
            bytearray(f"Authorization: {SECRET}".encode()),
            {f"password={SECRET}"},
            ValueError(f"password={SECRET}"),
            {"error": ValueError({"password": SECRET})},
            Credentials(SECRET),
            {"a": [Credentials(SECRET)]},
            Path(f"/me?token={SECRET}"),
        ],
    )
    def test_a_secret_is_found_however_deep(self, value: object) -> None:
        """Dicts in lists in dicts, keys, bytes, headers, exceptions and objects."""
        assert SECRET not in str(scrub(value))

    def test_plain_values_stay_plain(self) -> None:
        """Numbers stay numbers; moments, addresses, paths and ids become their text."""
        value = {
            "a": [1, 2.5, True, None, "x", b"y"],
            "at": datetime(2026, 11, 22, tzinfo=UTC),
            "address": ip_address("::1"),
            "path": Path("a/b"),
            "id": UUID(int=1),
            3: (4, 5),
        }

        assert scrub(value) == {
            "a": [1, 2.5, True, None, "x", "y"],
            "at": "2026-11-22 00:00:00+00:00",
            "address": "::1",
            "path": "a/b",
            "id": "00000000-0000-0000-0000-000000000001",
            "3": [4, 5],
        }

    def test_what_json_cannot_say_becomes_text(self) -> None:
        """No value makes a line that a reader of JSON refuses."""
        value = [float("nan"), float("-inf"), 10**5000, b"\xff", object(), Credentials]

        assert scrub(value) == ["nan", "-inf", "<int>", "\\xff", "<object>", "<type>"]

    def test_a_line_has_an_end(self) -> None:
        """Endless depth, long lists and rings are cut."""
        ring: list[Any] = []
        ring.append(ring)
        deep: Any = SECRET
        for _ in range(5000):
            deep = [deep]

        assert str(scrub(ring)).count("[") == DEPTH_MAX
        assert str(scrub(deep)).count("[") == DEPTH_MAX
        assert len(scrub(list(range(10_000)))) == ITEMS_MAX
        assert len(scrub({str(number): number for number in range(10_000)})) == ITEMS_MAX


class TestExceptions:
    def test_an_exception_is_told_without_its_locals(self) -> None:
        """Type, message and places; no value of a variable, no line of source."""
        error = _caught(SECRET)

        told = describe(error)

        assert told["type"] == "ValueError"
        assert told["message"] == "no good: password=***"
        assert [place.split(":")[0] for place in told["stack"]] == [__name__, __name__]
        assert told["stack"][-1].endswith(" _raise")
        assert SECRET not in str(told)

    def test_the_cause_is_told_too(self) -> None:
        """What led to it is there, scrubbed as well, whether it was named or not."""
        named, unnamed, hidden = ValueError("b"), ValueError("b"), ValueError("b")
        named.__cause__ = KeyError(f"token={SECRET}")
        unnamed.__context__ = KeyError(f"token={SECRET}")
        hidden.__context__, hidden.__suppress_context__ = KeyError("a"), True

        told = [describe(error) for error in (named, unnamed, hidden)]

        assert [each.get("cause", {}).get("type") for each in told] == [
            "KeyError",
            "KeyError",
            None,
        ]
        assert SECRET not in str(told)

    def test_an_endless_chain_has_an_end(self) -> None:
        """A ring of causes does not hang the log."""
        one, other = ValueError("one"), ValueError("other")
        one.__cause__, other.__cause__ = other, one

        told = describe(one)

        assert str(told).count("'cause'") == 3

    def test_a_group_names_its_members(self) -> None:
        """What a task group collected can be read."""
        told = describe(ExceptionGroup("two", [ValueError(f"token={SECRET}"), KeyError("b")]))

        assert [each["type"] for each in told["inner"]] == ["ValueError", "KeyError"]
        assert SECRET not in str(told)

    def test_a_deep_stack_is_cut_at_its_far_end(self) -> None:
        """The last steps say most."""

        def dive(depth: int) -> None:
            if depth == 0:
                raise ValueError("deep")
            dive(depth - 1)

        with pytest.raises(ValueError, match="deep") as caught:
            dive(200)

        told = describe(caught.value)
        assert len(told["stack"]) == FRAMES_MAX
        assert told["stack"][-1].endswith("dive")

    def test_an_exception_without_a_text(self) -> None:
        """An exception that cannot say what it is does not break the log."""

        class MuteError(Exception):
            def __str__(self) -> str:
                raise RuntimeError(SECRET)

        told = describe(MuteError())

        assert told["message"] == "<no text>"
        assert told["type"].endswith("MuteError")


def _common(shown: str, secret: str, length: int = 6) -> list[str]:
    """Return what of a secret's body stands in the text: every piece of this length."""
    body = secret.removeprefix("ww_")
    pieces = (body[at : at + length] for at in range(len(body) - length + 1))
    return [piece for piece in pieces if piece in shown]


def _raise(password: str) -> Iterator[None]:
    raise ValueError(f"no good: password={password}")


def _caught(password: str) -> ValueError:
    try:
        _raise(password)
    except ValueError as error:
        return error
    raise AssertionError
