"""Parameters in the query, in a form and in parts, and what is wrong with bad ones."""

from urllib.parse import quote, urlencode

import httpx
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from parts.loglines import LogLines
from toy import BODY_BYTES_MAX, Toybox, talking_to, toybox
from watchword.http.forms import CHARACTERS_MAX, PARAMETERS_MAX, FormProblem

FORM = "application/x-www-form-urlencoded"
MULTIPART = "multipart/form-data; boundary=b"
END = b"--b--\r\n"


@pytest.fixture
def box() -> Toybox:
    return toybox()


async def post(
    box: Toybox, body: bytes = b"", kind: str | None = None, query: str = ""
) -> httpx.Response:
    headers = {"Content-Type": kind} if kind else {}
    async with talking_to(box.app) as client:
        return await client.post(f"/toy/order{query}", content=body, headers=headers)


async def heard(
    box: Toybox, body: bytes = b"", kind: str | None = None, query: str = ""
) -> str | None:
    """Return the word that was understood."""
    answer = await post(box, body, kind, query)
    assert answer.status_code == 200, answer.text
    word: str | None = answer.json()["word"]
    return word


async def wrong(
    box: Toybox, body: bytes = b"", kind: str | None = None, query: str = ""
) -> FormProblem:
    """Return what was said to be wrong."""
    answer = await post(box, body, kind, query)
    assert answer.status_code == 400, answer.text
    return FormProblem(answer.json()["wrong"][0])


def part(value: bytes, *lines: str, name: str = "word") -> bytes:
    """Return a part, with these lines in its head beside its name."""
    head = [f'Content-Disposition: form-data; name="{name}"', *lines]
    return b"\r\n".join([b"--b", *(line.encode("latin-1") for line in head), b"", value, b""])


@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_a_query_is_enough(box: Toybox, method: str) -> None:
    """Whatever the method, and with no body at all."""
    async with talking_to(box.app) as client:
        answer = await client.request(method, "/toy/order?word=a+b%20c&otherWord=")

    assert answer.json() == {"word": "a b c", "otherWord": ""}


async def test_what_was_not_sent_is_not_there(box: Toybox) -> None:
    """Empty is something else, and names are case-sensitive."""
    assert await heard(box, query="?WORD=a&Word=b") is None


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"word=a+b%26", FORM),
        (b"word=a+b%26", "Application/X-WWW-Form-Urlencoded ; charset=UTF-8"),
        (part(b"a b&") + END, MULTIPART),
        (part(b"a b&") + END, 'Multipart/Form-Data;boundary="b"'),
        (b"\r\n" + part(b"a b&") + b"--b--", MULTIPART),
        (part(b"a b&") + END + b"what comes after the end is nothing", MULTIPART),
    ],
)
async def test_both_encodings_say_the_same(box: Toybox, body: bytes, kind: str) -> None:
    """However their types are spelled."""
    assert await heard(box, body, kind) == "a b&"


@pytest.mark.parametrize("kind", [MULTIPART, "multipart/form-data", FORM])
async def test_a_body_of_nothing_has_no_parameters(box: Toybox, kind: str) -> None:
    """Clients send an empty multipart with Content-Length 0, some without a boundary."""
    assert await heard(box, b"", kind, query="?word=a") == "a"
    assert await heard(box, b"", kind) is None


async def test_a_multipart_may_have_no_parts(box: Toybox) -> None:
    """Its end alone is whole."""
    assert await heard(box, END, MULTIPART, query="?word=a") == "a"


@pytest.mark.parametrize(("body", "kind"), [(b"word=body", FORM), (part(b"body") + END, MULTIPART)])
async def test_the_body_goes_before_the_query(box: Toybox, body: bytes, kind: str) -> None:
    """They may be mixed, and what is in both is the body's."""
    answer = await post(box, body, kind, "?word=query&otherWord=too")

    assert answer.json() == {"word": "body", "otherWord": "too"}


@pytest.mark.parametrize(
    ("body", "kind", "query"),
    [
        (b"", None, "?word=first&word=second"),
        (b"word=first&word=second", FORM, ""),
        (part(b"first") + part(b"second") + END, MULTIPART, ""),
    ],
)
async def test_of_several_the_first_counts(
    box: Toybox, body: bytes, kind: str | None, query: str
) -> None:
    """As a servlet's `getParameter` has it."""
    assert await heard(box, body, kind, query) == "first"


@pytest.mark.parametrize(
    ("sent", "body", "kind", "query"),
    [
        ("UTF-8", b"", None, "?word=" + quote("Zoë 猫")),
        ("Latin-1", b"", None, "?word=" + quote("Zoë", encoding="latin-1")),
        ("UTF-8", b"word=" + quote("Zoë 猫").encode(), FORM, ""),
        ("raw UTF-8", b"word=" + "Zoë 猫".encode(), FORM, ""),
        ("Latin-1", b"word=Zo%EB", FORM, ""),
        ("raw Latin-1", b"word=Zo\xeb", FORM, ""),
        ("Latin-1 by name", b"word=Zo%EB", f"{FORM}; charset=ISO-8859-1", ""),
        ("Windows", b"word=Zo%EB", f"{FORM}; charset=windows-1252", ""),
        ("UTF-8", part("Zoë 猫".encode()) + END, MULTIPART, ""),
        ("Latin-1", part(b"Zo\xeb") + END, MULTIPART, ""),
        (
            "UTF-8 by name",
            part("Zoë 猫".encode(), "Content-Type: text/plain; charset=utf-8") + END,
            MULTIPART,
            "",
        ),
    ],
)
async def test_letters_beyond_ascii(
    box: Toybox, sent: str, body: bytes, kind: str | None, query: str
) -> None:
    """They are UTF-8; what cannot be is Latin-1."""
    expected = "Zoë" if "Latin" in sent or sent == "Windows" else "Zoë 猫"

    assert await heard(box, body, kind, query) == expected


async def test_a_named_charset_counts(box: Toybox) -> None:
    """Bytes that would be UTF-8 are what the client says they are."""
    kind = f"{FORM}; charset=iso-8859-1"

    assert await heard(box, b"word=%C3%AB", kind) == "Ã«"


@pytest.mark.parametrize(
    "body",
    [
        part(b"bytes", 'X: y; filename="f"', name="file") + part(b"a") + END,
        b'--b\r\nContent-Disposition: form-data; name="word"; filename="f"\r\n\r\nbytes\r\n'
        + part(b"a")
        + END,
        b'--b\r\nContent-Disposition: form-data; name="word"; filename=""\r\n\r\n\r\n'
        + part(b"a")
        + END,
    ],
)
async def test_files_are_not_parameters(box: Toybox, body: bytes) -> None:
    """A part with a file in it is left out, whatever its name."""
    assert await heard(box, body, MULTIPART) == "a"


async def test_an_empty_name_is_one(box: Toybox) -> None:
    """Nobody asks for it, so it is left aside like any other that nobody knows."""
    body = part(b"a", name="") + part(b"b") + END

    assert await heard(box, body, MULTIPART) == "b"


@pytest.mark.parametrize("kind", ["application/json", "text/plain", "", None, "?;=;="])
async def test_a_body_of_another_type_is_left_alone(box: Toybox, kind: str | None) -> None:
    """Clients send `{}` beside a query."""
    assert await heard(box, b"word=body", kind, query="?word=query") == "query"


@pytest.mark.parametrize(
    ("body", "kind", "problem"),
    [
        (b"word=%00", FORM, FormProblem.NUL),
        (b"a%00=1&word=a", FORM, FormProblem.NUL),
        (part(b"a\0b") + END, MULTIPART, FormProblem.NUL),
        (b"word=%EB", f"{FORM}; charset=utf-8", FormProblem.ENCODING),
        (b"word=%EB", f"{FORM}; charset=us-ascii", FormProblem.ENCODING),
        (b"word=a", f"{FORM}; charset=utf-7", FormProblem.CHARSET),
        (b"word=a", f"{FORM}; charset=rot13", FormProblem.CHARSET),
        (part(b"a", "Content-Type: x/y; charset=hex") + END, MULTIPART, FormProblem.CHARSET),
        (
            part(b"YQ==", "Content-Transfer-Encoding: base64") + END,
            MULTIPART,
            FormProblem.TRANSFER_ENCODING,
        ),
        (
            part(b"a", "Content-Type: multipart/mixed; boundary=c") + END,
            MULTIPART,
            FormProblem.NESTED,
        ),
        (
            b"--b\r\nContent-Disposition: form-data\r\n\r\na\r\n" + END,
            MULTIPART,
            FormProblem.NAMELESS,
        ),
        (b"--b\r\n\r\na\r\n" + END, MULTIPART, FormProblem.NAMELESS),
        (part(b"a") + END, "multipart/form-data", FormProblem.BOUNDARY),
        (part(b"a") + END, "multipart/form-data; boundary=", FormProblem.BOUNDARY),
        (part(b"a") + END, "multipart/form-data; boundary=other", FormProblem.PARTS),
        (part(b"a") + END, f"multipart/form-data; boundary={'b' * 300}", FormProblem.PARTS),
        (part(b"a"), MULTIPART, FormProblem.PARTS),
        (part(b"a") + b"--b", MULTIPART, FormProblem.PARTS),
        (b"--b\r\n", MULTIPART, FormProblem.PARTS),
        (b"\r\n", MULTIPART, FormProblem.PARTS),
        (b"--b\r\nno colon\r\n\r\na\r\n" + END, MULTIPART, FormProblem.PARTS),
        (
            b"--b\nContent-Disposition: form-data; name=word\n\na\n--b--\n",
            MULTIPART,
            FormProblem.PARTS,
        ),
        (
            part(b"a", 'Content-Disposition: form-data; name="x"') + END,
            MULTIPART,
            FormProblem.PARTS,
        ),
        (part(b"a", "X: " + "y" * 5000) + END, MULTIPART, FormProblem.PARTS),
        (part(b"a", *(f"X{n}: y" for n in range(20))) + END, MULTIPART, FormProblem.PARTS),
    ],
)
async def test_what_cannot_be_read_is_named(
    box: Toybox, body: bytes, kind: str, problem: FormProblem
) -> None:
    """Each way to be wrong has its own sentence, and none is a bug of ours."""
    assert await wrong(box, body, kind) is problem


async def test_two_types_could_be_read_two_ways(box: Toybox) -> None:
    """Whichever was meant, it is not guessed."""
    async with talking_to(box.app) as client:
        headers = [("Content-Type", FORM), ("Content-Type", MULTIPART)]
        answer = await client.post("/toy/order", content=b"word=a", headers=headers)

    assert answer.json() == {"wrong": [FormProblem.TYPE_TWICE]}


@pytest.mark.parametrize("count", [PARAMETERS_MAX, PARAMETERS_MAX + 1, 1000])
async def test_parameters_are_counted(box: Toybox, count: int) -> None:
    """In each place by itself."""
    form = urlencode([("word", "a")] * count).encode()
    parts = part(b"a") * count + END
    sent = [(b"", None, f"?{form.decode()}"), (form, FORM, "")]
    # A thousand whole parts would be too long a body.
    sent.append(
        (parts, MULTIPART, "") if count < 400 else (b"--b\r\n\r\n\r\n" * count, MULTIPART, "")
    )
    answers = [await post(box, *one) for one in sent]

    if count <= PARAMETERS_MAX:
        assert [answer.json()["word"] for answer in answers] == ["a"] * 3
    else:
        assert [answer.json() for answer in answers] == [{"wrong": [FormProblem.TOO_MANY]}] * 3


async def test_parameters_have_a_length(box: Toybox) -> None:
    """Names as well."""
    longest = "a" * CHARACTERS_MAX

    assert await heard(box, f"word={longest}".encode(), FORM) == longest
    assert await wrong(box, f"word={longest}a".encode(), FORM) is FormProblem.TOO_LONG
    assert await wrong(box, part(longest.encode() + b"a") + END, MULTIPART) is FormProblem.TOO_LONG
    assert await wrong(box, query=f"?{longest}a=b") is FormProblem.TOO_LONG


async def test_a_form_that_is_too_large_is_not_held(box: Toybox) -> None:
    """413 in the dialect's voice, announced or not."""
    body = part(b"a" * BODY_BYTES_MAX) + END
    answer = await post(box, body, MULTIPART)

    assert (answer.status_code, answer.json()["moo"]) == (413, "moo: Content Too Large")


async def test_a_bad_form_is_not_quoted_in_the_log(box: Toybox, log_lines: LogLines) -> None:
    """The parser would write a line for each, with letters of the body in it."""
    await wrong(box, b"--q--secret", MULTIPART)

    assert len(log_lines.of("request")) == 1
    assert [line for line in log_lines.all() if line["logger"].startswith("python_multipart")] == []


# Bytes that a parser of parts looks at.
_CRUMBS = st.sampled_from(
    (
        b'--b|--b--|\r\n|\r|\n|-|:| |name|=|"|;|%|&|\0|\xeb|Content-Type: |charset='
        b"|Content-Disposition: form-data; name=word"
    ).split(b"|")
)


@given(
    crumbs=st.lists(_CRUMBS | st.binary(max_size=8), max_size=40),
    kind=st.sampled_from(
        [FORM, MULTIPART, "multipart/form-data; boundary=\x22\\\x22b", f"{FORM};;"]
    )
    | st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=40).map(
        lambda text: f"multipart/form-data; boundary={text}"
    ),
)
@example(crumbs=[b"--b\r", b"\n\r\n\r\n--b\r\r\n"], kind=MULTIPART)
@settings(max_examples=300, deadline=None)
async def test_no_form_is_a_bug(crumbs: list[bytes], kind: str) -> None:
    """Whatever is sent is understood, or refused with a sentence."""
    answer = await post(toybox(), b"".join(crumbs), kind.strip())

    assert answer.status_code in {200, 400}
