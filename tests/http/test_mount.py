"""Each path has a voice, whatever goes wrong there."""

import json
from collections.abc import MutableMapping
from dataclasses import replace

import pytest

from parts.loglines import LogLines
from toy import BROKEN_TOY, TOY, Toybox, talking_to, toybox
from toy_services import GOOD_TOKEN
from watchword.http.surroundings import Surroundings

GOOD = {"Authorization": f"Bearer {GOOD_TOKEN}"}


@pytest.fixture
def box() -> Toybox:
    return toybox()


@pytest.mark.parametrize("path", ["/toy", "/toy/nothing", "/toy/me/more", "/toy/things/1/2"])
async def test_what_a_dialect_does_not_serve_is_missing_in_its_voice(
    box: Toybox, path: str
) -> None:
    """Below its prefix the dialect words the 404 too."""
    async with talking_to(box.app) as client:
        answer = await client.get(path)

    assert answer.status_code == 404
    assert answer.json() == {"moo": "moo: Not Found", "code": 404}


@pytest.mark.parametrize(
    "path", ["/", "/toys", "/toyme", "/nothing", "//toy/me", "/livez/", "/TOY/me"]
)
async def test_what_nobody_owns_is_missing_in_our_voice(box: Toybox, path: str) -> None:
    """Elsewhere the answer is a problem of RFC 9457, and nothing is redirected."""
    async with talking_to(box.app) as client:
        answer = await client.get(f"http://localhost{path}")

    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json() == {"title": "Not Found", "status": 404}


@pytest.mark.parametrize("method", ["DELETE", "OPTIONS", "PATCH", "QUERY", "BREW"])
async def test_another_method_is_told_which_there_are(box: Toybox, method: str) -> None:
    """All methods of the path are in Allow."""
    async with talking_to(box.app) as client:
        answer = await client.request(method, "/toy/me")
        shared = await client.request(method, "/livez")

    assert (answer.status_code, answer.headers["allow"]) == (405, "GET, POST")
    assert answer.json() == {"moo": "moo: Method Not Allowed", "code": 405}
    assert (shared.status_code, shared.headers["allow"]) == (405, "GET")


async def test_head_is_not_there_because_get_is(box: Toybox) -> None:
    """The originals answer HEAD with 405, so an operation has to declare it."""
    async with talking_to(box.app) as client:
        answer = await client.head("/toy/me", headers=GOOD)

    assert (answer.status_code, answer.headers["allow"]) == (405, "GET, POST")


@pytest.mark.parametrize(
    ("path", "location"),
    [
        ("/toy/me/", "/toy/me"),
        ("/toy/me//", "/toy/me"),
        ("/toy/me/?a=b&c=%20d", "/toy/me?a=b&c=%20d"),
        ("/toy/things/7/", "/toy/things/7"),
        ("/toy/things/%20%C3%A4%0D%0AX:y/", "/toy/things/%20%C3%A4%0D%0AX%3Ay"),
    ],
)
@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_a_slash_too_many_leads_to_the_path_without(
    box: Toybox, method: str, path: str, location: str
) -> None:
    """The redirect is relative and keeps the method."""
    async with talking_to(box.app) as client:
        answer = await client.request(method, path)

    assert (answer.status_code, answer.headers["location"]) == (307, location)


@pytest.mark.parametrize(
    "path", ["/toy/none/", "/toy/", "//evil.test/toy/me/", "/livez/", "/toy//me/"]
)
async def test_only_a_served_path_is_redirected_to(box: Toybox, path: str) -> None:
    """Nobody is sent to another site, or nowhere."""
    async with talking_to(box.app) as client:
        answer = await client.get(f"http://localhost{path}")

    assert answer.status_code == 404
    assert "location" not in answer.headers


async def test_a_dialect_may_have_no_redirects() -> None:
    """Where the original has none, a slash too many is just another path."""
    box = toybox(dialects=[BROKEN_TOY])
    async with talking_to(box.app) as client:
        answer = await client.get("/toy/fail/")

    assert answer.status_code == 404


@pytest.mark.parametrize(
    ("path", "status", "found"),
    [
        ("/toy/things/7;jsessionid=A1.b", 200, "7"),
        ("/toy;a=b;c/things;/7;jsessionid=A1.b?x=;y", 200, "7"),
        ("/toy/things/%37;%2F", 200, "7"),
        ("/toy/things/7%3Bjsessionid=A1", 200, "7;jsessionid=A1"),
        ("/toy/things/7/;jsessionid=A1", 307, "/toy/things/7"),
        ("/toy/nothing;jsessionid=A1", 404, "moo: Not Found"),
        ("/toy;x/nothing", 404, "moo: Not Found"),
        ("/livez;jsessionid=A1", 404, "Not Found"),
    ],
)
async def test_a_dialect_may_leave_out_parameters_of_a_path(
    path: str, status: int, found: str
) -> None:
    """Clients that know no cookies carry a session there; elsewhere it is part of the path."""
    box = toybox(dialects=[replace(TOY, drops_path_parameters=True)])
    async with talking_to(box.app) as client:
        answer = await client.get(path)
    body = answer.json() if answer.content else {}
    said = body.get("id") or body.get("moo") or body.get("title") or answer.headers["location"]

    assert (answer.status_code, said) == (status, found)


async def test_most_dialects_have_no_parameters_in_a_path(box: Toybox) -> None:
    """There a semicolon is a letter like any other."""
    async with talking_to(box.app) as client:
        thing = await client.get("/toy/things/7;x=1")
        strange = await client.get("/toy/me;x=1", headers=GOOD)

    assert (thing.json()["id"], strange.status_code) == ("7;x=1", 404)


@pytest.mark.parametrize(
    ("path", "drops", "voice"),
    [
        ("/toy;x/me", True, "moo"),
        ("/toy/me;x", True, "moo"),
        ("/toy;x/me", False, "title"),
        ("/toy/me;x", False, "moo"),
        ("/toys;x", True, "title"),
    ],
)
def test_the_transport_words_such_paths_alike(path: str, voice: str, *, drops: bool) -> None:
    """A head that is too large is refused in the voice that would have answered it."""
    box = toybox(dialects=[replace(TOY, drops_path_parameters=drops)])
    body, _ = box.site.render(431, path)

    assert voice in json.loads(body)


async def test_parameters_reach_the_endpoint_unquoted(box: Toybox) -> None:
    """Of the path and of the query, empty ones and doubles too."""
    async with talking_to(box.app) as client:
        answer = await client.get("/toy/things/a%20b%00%C3%A4?x=1&x=&y=%2B%20+")

    assert answer.json() == {
        "id": "a b\0ä",
        "query": [["x", "1"], ["x", ""], ["y", "+  "]],
    }


async def test_an_error_of_the_core_is_worded_by_the_dialect() -> None:
    """The endpoint lets it through, and the dialect's table answers."""
    box = toybox(dialects=[BROKEN_TOY])
    async with talking_to(box.app) as client:
        answer = await client.get("/toy/refuse")

    assert (answer.status_code, answer.json()["moo"]) == (400, "moo: error")


async def test_a_part_that_is_down_is_503_with_one_line_in_the_log(log_lines: LogLines) -> None:
    """The client learns when to come again, the operator what was down."""
    box = toybox(dialects=[BROKEN_TOY])
    async with talking_to(box.app) as client:
        answer = await client.get("/toy/lack")

    assert (answer.status_code, answer.headers["retry-after"]) == (503, "9")
    [line] = log_lines.of("unavailable")
    assert (line["level"], line["cause"]) == ("warning", "OSError")
    assert line["request_id"] == answer.headers["x-request-id"]
    assert "hunter2" not in log_lines.text() + answer.text


async def test_a_bug_is_500_in_the_dialects_voice_and_tells_nothing(log_lines: LogLines) -> None:
    """The client gets the request id; the log gets kind and place, and no message."""
    box = toybox(dialects=[BROKEN_TOY])
    async with talking_to(box.app) as client:
        answer = await client.get("/toy/fail")

    assert answer.status_code == 500
    assert answer.json() == {"moo": "moo: Internal Server Error", "code": 500}
    [line] = log_lines.of("bug")
    assert (line["level"], line["error"]) == ("error", "RuntimeError")
    assert line["request_id"] == answer.headers["x-request-id"]
    assert line["stack"][-1].endswith(" fail")
    assert "Admin123" not in log_lines.text() + answer.text


async def test_two_dialects_cannot_have_one_path() -> None:
    """A clash is found when the app is built."""
    with pytest.raises(AssertionError, match="two dialects at /toy/me"):
        toybox(dialects=[TOY, TOY])


@pytest.mark.parametrize(
    ("path", "body", "content_type"),
    [
        ("/toy/login", b'{"moo":"moo: Content Too Large","code":413}', "application/json"),
        ("/toy/x", b'{"moo":"moo: Content Too Large","code":413}', "application/json"),
        ("/x", b'{"title":"Content Too Large","status":413}', "application/problem+json"),
        ("", b'{"title":"Content Too Large","status":413}', "application/problem+json"),
        ("*", b'{"title":"Content Too Large","status":413}', "application/problem+json"),
    ],
)
def test_what_the_transport_refuses_is_worded_by_the_owner_of_the_path(
    box: Toybox, path: str, body: bytes, content_type: str
) -> None:
    """A refusal beneath the app looks like one of the dialect."""
    rendered = box.site.render(413, path)

    assert rendered == (body, {"content-type": content_type})


@pytest.mark.parametrize("status", [400, 403, 404, 405, 408, 413, 431, 500, 503])
def test_every_status_of_the_transport_has_words(box: Toybox, status: int) -> None:
    """Each can be said in a dialect's voice and in ours."""
    ours, _ = box.site.render(status, "/")
    theirs, _ = box.site.render(status, "/toy")

    assert str(status).encode() in ours
    assert str(status).encode() in theirs


async def test_a_web_socket_is_closed(box: Toybox) -> None:
    """No dialect speaks over one."""
    sent = []

    async def receive() -> dict[str, object]:
        return {"type": "websocket.connect"}

    async def send(message: object) -> None:
        sent.append(message)

    scope = {"type": "websocket", "path": "/toy/me", "headers": []}
    await box.app(scope, receive, send)

    assert sent == [{"type": "websocket.close", "code": 1000, "reason": ""}]


async def test_a_lifespan_begins_and_ends(box: Toybox) -> None:
    """A server that announces its start and its end is answered."""
    messages = [{"type": "lifespan.startup"}, {"type": "lifespan.shutdown"}]
    sent = []

    async def receive() -> dict[str, str]:
        return messages.pop(0)

    async def send(message: MutableMapping[str, object]) -> None:
        sent.append(message["type"])

    await box.app({"type": "lifespan"}, receive, send)

    assert sent == ["lifespan.startup.complete", "lifespan.shutdown.complete"]


class TestCors:
    """What pages of other origins may read."""

    ORIGIN = "https://app.example.org"

    @pytest.fixture
    def box(self) -> Toybox:
        return toybox(Surroundings(version="0", allowed_origins=(self.ORIGIN,)))

    async def test_a_page_may_ask_whether_it_may_ask(self, box: Toybox) -> None:
        """The preflight of an allowed origin names methods, headers and credentials."""
        asked = {
            "Origin": self.ORIGIN,
            "Access-Control-Request-Method": "PUT",
            "Access-Control-Request-Headers": "authorization, content-type, x-setup-token",
        }
        async with talking_to(box.app) as client:
            answer = await client.options("/toy/me", headers=asked)

        assert answer.status_code == 200
        assert answer.headers["access-control-allow-origin"] == self.ORIGIN
        assert answer.headers["access-control-allow-credentials"] == "true"
        assert "PUT" in answer.headers["access-control-allow-methods"]
        assert "x-setup-token" in answer.headers["access-control-allow-headers"]
        assert "Origin" in answer.headers["vary"]
        assert answer.headers["x-content-type-options"] == "nosniff"

    @pytest.mark.parametrize("origin", ["https://evil.test", "null", "http://app.example.org"])
    async def test_a_page_of_elsewhere_may_not(self, box: Toybox, origin: str) -> None:
        """Neither the preflight nor an answer allows its origin."""
        asked = {"Origin": origin, "Access-Control-Request-Method": "GET"}
        async with talking_to(box.app) as client:
            preflight = await client.options("/toy/me", headers=asked)
            answer = await client.get("/toy/maybe", headers={"Origin": origin})

        assert preflight.status_code == 400
        assert "access-control-allow-origin" not in preflight.headers
        assert "access-control-allow-origin" not in answer.headers
        assert "Origin" in answer.headers["vary"]

    async def test_refusals_can_be_read_too(self, box: Toybox) -> None:
        """401, 404, 405, 413 and 503 carry the headers, and Retry-After is shown."""
        box.tokens.down = True
        async with talking_to(box.app) as client:
            client.headers["Origin"] = self.ORIGIN
            answers = [
                await client.get("/toy/me"),
                await client.get("/toy/none"),
                await client.put("/toy/me"),
                await client.post("/toy/wish", content=b"x" * 100_000),
                await client.get("/toy/me", headers=GOOD),
            ]

        assert [answer.status_code for answer in answers] == [401, 404, 405, 413, 503]
        for answer in answers:
            assert answer.headers["access-control-allow-origin"] == self.ORIGIN
            assert "Retry-After" in answer.headers["access-control-expose-headers"]
            assert "X-Request-Id" in answer.headers["access-control-expose-headers"]
            assert answer.headers["vary"] == "Origin"

    async def test_any_page_may_be_allowed_but_without_credentials(self) -> None:
        """With "*" no cookie goes along."""
        box = toybox(Surroundings(version="0", allowed_origins=("*",)))
        async with talking_to(box.app) as client:
            answer = await client.get("/toy/maybe", headers={"Origin": "https://any.test"})

        assert answer.headers["access-control-allow-origin"] == "*"
        assert "access-control-allow-credentials" not in answer.headers

    async def test_without_allowed_origins_nothing_is_said(self) -> None:
        """OPTIONS is then a method like any other that is not there."""
        asked = {"Origin": self.ORIGIN, "Access-Control-Request-Method": "GET"}
        async with talking_to(toybox().app) as client:
            preflight = await client.options("/toy/me", headers=asked)
            answer = await client.get("/toy/maybe", headers={"Origin": self.ORIGIN})

        assert preflight.status_code == 405
        assert "access-control-allow-origin" not in answer.headers
