"""Somebody with a Kerberos ticket logs in by `curl --negotiate`, and types nothing."""

import json
import shutil
import subprocess
from base64 import b64decode
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path

import pytest

from journeys.directory import LOG_IN_AD, Corp, Document, at_corp, settings_of
from parts.domain import DNS_DOMAIN, PASSWORD, REALM, Domain, Person
from parts.server import Store

pytestmark = pytest.mark.slow

HOST = f"app.{DNS_DOMAIN}"
WAIT_S = 60.0


@cache
def missing() -> str:
    """Return what is not here that tickets need; empty if all is."""
    if find_spec("gssapi") is None:
        return "no gssapi here: make setup-directory"
    if shutil.which("kinit") is None:
        return "no `kinit` here: install Debian's package `krb5-user`"
    if shutil.which("curl") is None:
        return "no `curl` here: install Debian's package `curl`"
    told = subprocess.run(["curl", "--version"], capture_output=True, text=True, check=True)
    return "" if "SPNEGO" in told.stdout else "this `curl` knows nothing of SPNEGO"


@dataclass(frozen=True)
class Told:
    """What curl was told: the status, the challenges or the proof, and the body."""

    status: int
    authenticate: list[str]
    document: Document


@dataclass(frozen=True)
class Desk:
    """A machine in the domain at which somebody may have a ticket."""

    corp: Corp
    folder: Path

    @property
    def environment(self) -> dict[str, str]:
        return {
            "PATH": "/usr/bin:/bin",
            "KRB5_CONFIG": str(self.corp.domain.krb5_conf),
            "KRB5CCNAME": f"FILE:{self.folder / 'tickets'}",
        }

    def sit_down(self, person: Person) -> None:
        """Get a ticket, as somebody does who logs in to their machine."""
        subprocess.run(
            ["kinit", f"{person.name}@{REALM}"],
            input=f"{PASSWORD}\n",
            text=True,
            check=True,
            capture_output=True,
            timeout=WAIT_S,
            env=self.environment,
        )

    def curl(self, *words: str) -> Told:
        """Ask to be logged in."""
        port = self.corp.server.port
        place = ["--resolve", f"{HOST}:{port}:127.0.0.1", f"http://{HOST}:{port}{LOG_IN_AD}"]
        ran = subprocess.run(
            ["curl", "--silent", "--show-error", "--include", "--request", "POST", *words, *place],
            capture_output=True,
            text=True,
            check=True,
            timeout=WAIT_S,
            env=self.environment,
        )
        # Of several answers the last one counts.
        head, _, body = ran.stdout.rpartition("\n\n")
        first, *lines = head.rpartition("\n\n")[2].splitlines()
        fields = [line.partition(": ") for line in lines]
        challenges = [value for name, _, value in fields if name.lower() == "www-authenticate"]
        return Told(int(first.split()[1]), challenges, json.loads(body))

    def negotiate(self, *words: str) -> Told:
        return self.curl("--negotiate", "--user", ":", *words)


@pytest.fixture(scope="module")
def corp(domain: Domain, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Corp]:
    """A server that takes tickets for app.ad.test."""
    if reason := missing():
        pytest.skip(reason)
    store = Store(tmp_path_factory.mktemp("tickets") / "data")
    kerberos = {"WATCHWORD_KERBEROS__KEYTAB": str(domain.keytab), "WATCHWORD_KERBEROS__HOST": HOST}
    with at_corp(store, domain, settings={**settings_of(domain), **kerberos}) as corp:
        yield corp


@pytest.fixture
def desk(corp: Corp, tmp_path: Path) -> Desk:
    return Desk(corp, tmp_path)


def test_a_ticket_opens_a_session(desk: Desk) -> None:
    """The account is that of the person, whichever way they come; and the server proves itself."""
    person = desk.corp.domain.new_person()
    desk.sit_down(person)

    first, second = desk.negotiate(), desk.corp.enter(person.name)

    assert first.status == 200, first
    assert first.document["user"] == second["user"]
    assert [word.split()[0] for word in first.authenticate] == ["Negotiate"]
    assert len(first.authenticate[0]) > len("Negotiate ")
    assert desk.corp.me(first.document["token"]).document["username"] == person.name


def test_without_a_ticket_both_ways_are_named(desk: Desk) -> None:
    """Whoever asks with nothing, with no ticket, or with one of somebody else's making."""
    nothing, without = desk.curl(), desk.negotiate()
    forged = desk.curl("--header", "Authorization: Negotiate YIIBSQYGKwYBBQUC")

    for told in (nothing, without, forged):
        assert told.status == 401, told
        assert {word.split()[0] for word in told.authenticate} == {"Bearer", "Negotiate"}


def test_what_is_typed_goes_before_a_ticket(desk: Desk) -> None:
    """A browser sends the ticket by itself; a name and a password are what somebody means."""
    sits, types = desk.corp.domain.new_person(), desk.corp.domain.new_person()
    desk.sit_down(sits)
    typed = json.dumps({"user": types.name, "password": PASSWORD})

    told = desk.negotiate("--header", "Content-Type: application/json", "--data", typed)

    assert told.status == 200, told
    assert told.document["user"]["user"] == types.name


def test_a_ticket_is_no_good_when_its_owner_is_disabled(desk: Desk) -> None:
    """It is valid for hours yet, but the directory is asked who may come in."""
    person = desk.corp.domain.new_person()
    desk.sit_down(person)
    before = desk.negotiate()
    desk.corp.domain.disable(person.name)

    after = desk.negotiate()
    desk.corp.domain.enable(person.name)
    again = desk.negotiate()

    assert (before.status, after.status, again.status) == (200, 403, 200)
    assert after.document["code"] == "disabled"
    assert desk.corp.me(before.document["token"]).status == 401


def test_a_ticket_opens_no_account_of_who_has_the_name_now(desk: Desk) -> None:
    """It is good for hours, and names of people change meanwhile."""
    domain = desk.corp.domain
    ann, ben = domain.new_person(), domain.new_person()
    desk.sit_down(ann)
    before, other = desk.negotiate(), desk.corp.enter(ben.name)
    domain.rename(ann.name, f"{ann.name}-2")
    domain.rename(ben.name, ann.name)

    after = desk.negotiate()

    assert (before.status, after.status) == (200, 200), after
    ids = [one["user"]["id"] for one in (before.document, after.document, other)]
    assert ids[0] == ids[1] != ids[2]
    assert after.document["user"]["user"] == f"{ann.name}-2"


def test_a_ticket_sent_twice_is_good_once(desk: Desk) -> None:
    """Whoever overhears one cannot use it after its owner."""
    person = desk.corp.domain.new_person()
    desk.sit_down(person)
    log = desk.folder / "trace"
    first = desk.negotiate("--trace-ascii", str(log))
    sent = "".join(
        line.partition(": ")[2] for line in log.read_text("utf-8").splitlines() if line[4:6] == ": "
    )
    ticket = sent.partition("Authorization: Negotiate ")[2].partition("User-Agent")[0]

    second = desk.curl("--header", f"Authorization: Negotiate {ticket}")

    assert b64decode(ticket, validate=True)[:1] == b"\x60"  # RFC 2743, 3.1
    assert (first.status, second.status) == (200, 401)
