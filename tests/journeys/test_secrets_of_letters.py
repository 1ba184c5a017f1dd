"""What letters carry, and whom strangers ask about: used and misused, then searched for."""

import json
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest

from journeys.people import ADMIN, PASSWORD, WITH_ADMIN
from journeys.visit import MASTER_KEY, Visit, files_of, found_in
from parts.database import dump
from parts.peer import Answer
from parts.server import FOR_ALL, Store, command, serving

pytestmark = pytest.mark.slow

SETTINGS = {
    **WITH_ADMIN,
    **FOR_ALL,
    "WATCHWORD_LOG__LEVEL": "debug",
    "WATCHWORD_PUBLIC_URL": "https://id.example.com",
    "WATCHWORD_LIMITS__LETTER_EVERY_S": "0.001",
}
ACCOUNT = "/api/account"
MARK = "whisper"
"""In every password, unknown name and unknown address that is typed here."""

FIRST, SECOND, THIRD = (f"{MARK}-{name}-staple-for-it" for name in ("one", "two", "three"))
OLD, NEW, GUEST = "ada@example.com", "ada@example.org", "eve@example.com"
LINK = re.compile(r"ticket=([\w-]+)")
CODE = re.compile(r"^\s*([0-9A-Z]{4}-[0-9A-Z]{4})$", re.MULTILINE)


@dataclass
class Reader:
    """Somebody who reads the letters of one server, and remembers what stands in them."""

    store: Store
    visit: Visit
    letters: dict[str, dict[str, Any]] = field(default_factory=dict)

    def post(self, verb: str, body: object, token: str | None = None) -> Answer:
        return self.visit.ask("POST", f"{ACCOUNT}/{verb}", body, token=token)

    def log_in(self, name: str, password: str) -> str:
        answer = self.post("login", {"user": name, "password": password})
        assert answer.status == 200, answer
        token: str = answer.document["token"]
        self.visit.secrets |= {token, token.rpartition(".")[2]}
        return token

    def tell(self, *words: str) -> Any:  # noqa: ANN401 - what a command says in JSON
        ran = command(self.store, *words, "--json", settings=SETTINGS)
        assert ran.returncode == 0, ran.stderr
        return json.loads(ran.stdout)

    def secrets_of(self, kind: str) -> tuple[str, str]:
        """Return the link's secret and the code of the newest letter of a kind."""
        listed = self.tell("mail", "list")["letters"]
        newest = next(one["id"] for one in listed if one["kind"] == kind)
        text = self.tell("mail", "show", newest)["letter"]["text"]
        [secret], codes = LINK.findall(text), CODE.findall(text)
        plain = [code.replace("-", "") for code in codes]
        self.visit.secrets |= {secret, *codes, *plain}
        return secret, codes[0] if codes else secret


def confirm(reader: Reader) -> None:
    """Register, and put the code wherever one may stand and where none may."""
    wish = {"user": "ada", "password": FIRST, "email": OLD}
    assert reader.post("register", wish).status == 200
    reader.post("register", {**wish, "user": f"{MARK}\n", "email": f"{MARK}\r\nBcc: x"})
    reader.post("register", {**wish, "user": f"{MARK}@example.com", "role": MARK})
    secret, code = reader.secrets_of("confirm")
    for token in (secret, code):
        lose(reader, token)
        reader.post("confirmEmail", {"email": f"{MARK}@example.com", "code": token})
    done = reader.post("confirmEmail", {"email": OLD, "code": code})
    assert done.status == 200, done
    reader.post("confirmEmail", {"email": OLD, "code": secret})


def lose(reader: Reader, token: str) -> None:
    """Put a token into addresses, headers and bodies that are none of its places."""
    query = urlencode({"email": OLD, "code": token, "ticket": token, "token": token})
    for path in ("confirmEmail", f"confirmEmail/{token}", f"{token}", "checkAccess", "login"):
        for method in ("GET", "POST"):
            reader.visit.ask(method, f"{ACCOUNT}/{path}?{query}")
    for page in ("confirm", "reset", "change", "undo", "join"):
        reader.visit.ask("GET", f"/account/{page}?{query}")
    for header in (f"Authorization: Bearer {token}", f"Cookie: authToken={token}"):
        reader.visit.ask("GET", f"{ACCOUNT}/checkAccess", None, header)
    reader.visit.ask("GET", "/livez", None, f"Referer: http://localhost/?ticket={token}")
    reader.post("login", {"user": token, "password": token})
    reader.post("forgotPassword", {"user": token})
    reader.post("confirmEmail", f'{{"email": "{OLD}", "code": "{token}'.encode())
    reader.post("confirmEmail", {"email": [token], "code": {token: token}})


def forget(reader: Reader) -> None:
    """Ask about people who are there and who are not, and set another password."""
    for name in (f"{MARK} nobody", f"{MARK}@example.com", "ada"):
        for verb in ("forgotPassword", "resendConfirmation"):
            assert reader.post(verb, {"user": name}).status == 200
    secret, code = reader.secrets_of("reset")
    lose(reader, secret)
    for name, token in (("ada", MARK), (f"{MARK} nobody", secret), ("ada", code)):
        reader.post("verifyResetToken", {"user": name, "token": token})
        reader.post("resetPassword", {"user": name, "token": token, "password": MARK[:3]})
    done = reader.post("resetPassword", {"user": "ada", "token": code, "password": SECOND})
    assert done.status == 200, done


def change(reader: Reader) -> None:
    """Change the password, and the address there and back."""
    token = reader.log_in("ada", SECOND)
    reader.post("changePassword", {"oldPassword": MARK, "newPassword": THIRD}, token)
    reader.post("changePassword", {"oldPassword": SECOND, "newPassword": THIRD}, token)
    reader.post("changePassword", {"user": f"{MARK}", "oldPassword": MARK, "newPassword": MARK})
    reader.post("emailChangeToken", {"newEmail": NEW, "password": MARK}, token)
    asked = reader.post("emailChangeToken", {"newEmail": NEW, "password": THIRD}, token)
    assert asked.status == 200, asked
    secret, code = reader.secrets_of("change")
    lose(reader, secret)
    reader.post("verifyEmailChangeToken", {"newEmail": f"{MARK}@example.com", "token": code})
    done = reader.post("changeEmail", {"newEmail": NEW, "token": code}, token)
    assert done.status == 200, done
    undo, _ = reader.secrets_of("address-changed")
    lose(reader, undo)
    undone = reader.post("undoEmailChange", {"token": undo})
    assert undone.status == 200, undone
    reader.secrets_of("reset")


def invite(reader: Reader) -> None:
    """Invite somebody, who first types what is wrong."""
    admin = reader.log_in(ADMIN, PASSWORD)
    assert reader.post("invite", {"email": GUEST}, admin).status == 200
    secret, code = reader.secrets_of("invitation")
    lose(reader, secret)
    wish = {"user": "eve", "password": FIRST, "email": GUEST}
    reader.post("register", {**wish, "email": f"{MARK}@example.com", "invitation": code})
    joined = reader.post("register", {**wish, "invitation": code})
    assert joined.status == 200, joined


async def test_nothing_of_a_letter_stands_anywhere_in_clear(
    store: Store, request: pytest.FixtureRequest
) -> None:
    """No link, code, password or unknown name: in no log, list, metric, event or database."""
    folders = [store.folder]
    if store.database is not None:
        folders.append(request.getfixturevalue("postgres_server").folder)

    with serving(store, "--workers", "2", settings=SETTINGS) as server:
        reader = Reader(store, Visit(server))
        for part in (confirm, forget, change, invite):
            part(reader)
        told = [reader.visit.ask("GET", "/metrics").body.decode()]
        told += [str(reader.tell("mail", "list")), str(reader.tell("audit", "list"))]
        secrets = secrets_of(reader)
        running = list(found_in(files_of(folders), secrets))
        assert server.stop() == 0
    told += [server.told(), server.out.read_text(), str(await dump(store))]

    statuses = reader.visit.statuses
    assert set(statuses) >= {200, 400, 401, 403, 404, 405}
    assert not [status for status in statuses if status >= 500]
    assert running == []
    assert list(found_in(files_of(folders), secrets)) == []
    assert list(found_in(((str(n), text.encode()) for n, text in enumerate(told)), secrets)) == []


def secrets_of(reader: Reader) -> set[bytes]:
    """Return everything that must not be found."""
    master_key = (reader.store.folder / MASTER_KEY).read_text("ascii").strip()
    assert len(reader.visit.secrets) > 15
    return {text.encode() for text in (*reader.visit.secrets, MARK, PASSWORD, master_key)}


def test_the_search_finds_what_it_looks_for(tmp_path: Path) -> None:
    """A code in a file of a folder is found, in whatever letter case it stands."""
    (tmp_path / "log").write_text("somebody typed 7k3m-2qxv")

    found = list(found_in(files_of([tmp_path]), {b"7K3M-2QXV"}))

    assert len(found) == 1
