"""A real Active Directory: a domain controller of Samba's, and whoever is in its domain.

    def test_it(domain: Domain) -> None:
        ada = domain.new_person(groups=["Staff"])
        bind(domain.ldaps_url, domain.ca_file, ada.upn, ada.password)
        domain.disable(ada.name)

The fixtures are in `parts/domain_fixtures.py`. All the tests of a process share `domain`: change
nobody in it but who is yours, or take `own_domain`. Three wrong passwords lock a person out.

People in `OU=People`, all with PASSWORD: alice and bob are well; disabled, expired (the account),
mustchange, locked, pwexpired and hours (has none to log in) are what they are called; deep is in
Deep1, which is in Deep2, and so on up to Deep10, which is in Deep5; primary is in AppUsers by the
primary group alone; nora and sven are in one group each that is called Operators, one of them in
OU=North and one in OU=South. alice is in Platform Team, in Engineering, in Staff; bob in AppAdmins.
The other groups are in `OU=Groups`, and nobody is in `OU=Elsewhere`.
"""

import json
import signal
import socket
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from threading import Lock
from typing import Any

from parts.processes import TESTS
from parts.waiting import until

REALM, NETBIOS, DNS_DOMAIN, BASE_DN = "AD.TEST", "ADTEST", "ad.test", "DC=ad,DC=test"
PEOPLE, ELSEWHERE, GROUPS = "OU=People", "OU=Elsewhere", "OU=Groups"
PASSWORD, ADMIN_PASSWORD = "Us3r-Passw0rd!", "Adm1n-Passw0rd!"
SYSTEM_PYTHON = "/usr/bin/python3"
"""The one that Samba's modules belong to."""

LDAP, LDAPS, KERBEROS = 389, 636, 88
STOP_S = 30.0

Json = Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Somebody in the directory, as they were when they were looked at."""

    name: str
    password: str
    dn: str
    guid: str
    sid: str

    @property
    def upn(self) -> str:
        return f"{self.name}@{DNS_DOMAIN}"

    @property
    def down_level(self) -> str:
        return f"{NETBIOS}\\{self.name}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """A group, and what it is known by."""

    name: str
    dn: str
    guid: str
    sid: str


@dataclass
class Domain:
    """A DC on an address of its own, which runs, or was stopped and keeps what it knows.

    Who is meant is named by their login, or by a DN without the domain's part. What is changed is
    there at once for whoever asks the DC.
    """

    folder: Path
    address: str
    _dc: "subprocess.Popen[bytes] | None" = None
    _hand: "subprocess.Popen[str] | None" = None
    _hand_is_free: Lock = field(default_factory=Lock)
    _numbers: Iterator[int] = field(default_factory=lambda: count(1))

    @property
    def ldaps_url(self) -> str:
        return f"ldaps://{self.address}"

    @property
    def starttls_url(self) -> str:
        """Where a plain connection begins; a bind without StartTLS is refused there."""
        return f"ldap://{self.address}"

    @property
    def ca_file(self) -> Path:
        return self.folder / "tls" / "certificate.pem"

    @property
    def key_file(self) -> Path:
        """The key of its certificate, which is good for 127.0.0.1 and localhost too."""
        return self.folder / "tls" / "key.pem"

    @property
    def krb5_conf(self) -> Path:
        return self.folder / "krb5.conf"

    @property
    def keytab(self) -> Path:
        """Holds the key of HTTP/app.ad.test."""
        return self.folder / "http.keytab"

    @property
    def admin(self) -> Person:
        return self.person("Administrator", ADMIN_PASSWORD)

    @property
    def service(self) -> Person:
        """The account with no rights but to look."""
        return self.person("svc-watchword")

    def start(self) -> None:
        """Run the DC until it answers; it ends when this process does."""
        assert self._dc is None
        command = ["samba", "--foreground", "--model=single", "--no-process-group"]
        configuration = f"--configfile={self.folder / 'etc' / 'smb.conf'}"
        with (self.folder / "output").open("ab") as output:
            # With a pipe there, the DC ends when nobody holds the other end.
            self._dc = subprocess.Popen(
                [*command, configuration], stdin=subprocess.PIPE, stdout=output, stderr=output
            )
        until(self._answers)

    def stop(self, how: signal.Signals = signal.SIGTERM) -> None:
        """End the DC; does nothing if it does not run."""
        dc, self._dc = self._dc, None
        if dc is not None:
            assert dc.stdin is not None
            dc.send_signal(how)
            dc.wait(STOP_S)
            dc.stdin.close()

    def kill(self) -> None:
        """End the DC as a machine does that loses its power."""
        self.stop(signal.SIGKILL)

    @contextmanager
    def away(self) -> Iterator[None]:
        """Kill the DC, and have it back at the end of the block."""
        self.kill()
        try:
            yield
        finally:
            if self._dc is None:
                self.start()

    def person(self, name: str, password: str = PASSWORD) -> Person:
        """Look somebody up."""
        return Person(password=password, **self.look(name))

    def group(self, name: str) -> Group:
        return Group(**self.look(name))

    def look(self, name: str, *attributes: str) -> Json:
        """Return the dn, guid, sid and name of anything, and the first values of attributes."""
        return self._order("look", name=name, attributes=attributes)

    def new_person(
        self,
        name: str = "",
        password: str = PASSWORD,
        *,
        ou: str = PEOPLE,
        groups: Sequence[str] = (),
        **attributes: str,
    ) -> Person:
        """Add somebody whom nobody else uses."""
        one = {"name": name or f"person{next(self._numbers)}", "password": password}
        [told] = self._order("add_people", people=[{**one, "ou": ou, "attributes": attributes}])
        for group in groups:
            self.add_members(group, told["name"])
        return Person(password=password, **told)

    def new_crowd(self, size: int, *, prefix: str = "crowd", ou: str = PEOPLE) -> list[Person]:
        """Add many who have no password: a thousand in two seconds."""
        names = [f"{prefix}{number:05d}" for number in range(size)]
        people = [{"name": one, "password": "", "ou": ou, "attributes": {}} for one in names]
        return [Person(password="", **told) for told in self._order("add_people", people=people)]

    def new_ou(self, ou: str) -> None:
        self._order("add_ou", ou=ou)

    def new_group(self, name: str, *members: str, ou: str = GROUPS, login: str = "") -> Group:
        """Add a group; where one of the name exists in another OU, its login must be another."""
        parts = {"ou": ou, "sam": login or name, "members": members}
        return Group(**self._order("add_group", name=name, **parts))

    def add_members(self, group: str, *names: str) -> None:
        self._order("change_members", group=group, add=names, remove=[])

    def remove_members(self, group: str, *names: str) -> None:
        self._order("change_members", group=group, add=[], remove=names)

    def make_primary(self, name: str, group: str) -> None:
        """Make a group the primary one of a member; AD then lists them as no member of it."""
        self._order("make_primary", name=name, group=group)

    def replace(self, name: str, **attributes: str | list[str] | None) -> None:
        """Set attributes to what they shall be; None takes them away."""
        self._order("replace", name=name, attributes=attributes)

    def rename(self, name: str, to: str) -> Person:
        """Change the cn, the login and the UPN of somebody."""
        self._order("rename", name=name, to=to)
        return self.person(to)

    def move(self, name: str, ou: str = ELSEWHERE) -> None:
        self._order("move", name=name, ou=ou)

    def delete(self, *names: str) -> None:
        self._order("delete", names=names)

    def disable(self, name: str) -> None:
        self._order("set_open", name=name, enabled=False)

    def enable(self, name: str) -> None:
        self._order("set_open", name=name, enabled=True)

    def expire(self, name: str, *, expired: bool = True) -> None:
        """Let the account of somebody be over since 1970."""
        self._order("set_expired", name=name, expired=expired)

    def expire_password(self, name: str) -> None:
        self._order("set_password_expired", name=name)

    def must_change_password(self, name: str) -> None:
        self._order("set_must_change", name=name)

    def reset_password(self, name: str, password: str) -> None:
        self._order("set_password", name=name, password=password)

    def forbid_password_change(self, name: str) -> None:
        """Take from somebody the right to change the own password, for good."""
        self._order("forbid_password_change", name=name)

    def close_hours(self, name: str) -> None:
        """Let there be no hour at which somebody may log in."""
        self._order("set_hours", name=name, some=False)

    def open_hours(self, name: str) -> None:
        self._order("set_hours", name=name, some=True)

    def lock(self, name: str) -> None:
        self._order("set_locked", name=name, locked=True)

    def unlock(self, name: str) -> None:
        self._order("set_locked", name=name, locked=False)

    def _order(self, order: str, **parts: Json) -> Json:
        with self._hand_is_free:
            hand = self._hand = self._hand or start_hand(self.folder)
            assert hand.stdin is not None
            assert hand.stdout is not None
            hand.stdin.write(json.dumps({"do": order, "with": parts}) + "\n")
            hand.stdin.flush()
            answer = json.loads(hand.stdout.readline())
        assert "done" in answer, f"{order} {parts}: {answer['failed']}"
        return answer["done"]

    def close(self) -> None:
        """End all that runs here."""
        self.kill()
        hand, self._hand = self._hand, None
        if hand is not None:
            hand.kill()
            hand.communicate()

    def _answers(self) -> bool:
        """Say whether it takes connections; it listens before it has read what it knows."""
        assert self._dc is not None
        assert self._dc.poll() is None, (self.folder / "output").read_text("utf-8")
        for port in (LDAP, LDAPS, KERBEROS):
            with socket.socket() as probe:
                probe.settimeout(STOP_S)
                if probe.connect_ex((self.address, port)):
                    return False
        return True


def start_hand(folder: Path) -> "subprocess.Popen[str]":
    """Start the process that changes what the domain holds."""
    return subprocess.Popen(
        [SYSTEM_PYTHON, "-m", "parts.domain_hand", str(folder)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        env=outside(),
    )


def outside() -> dict[str, str]:
    """Return an environment for programs in the Python of the system."""
    return {"PATH": "/usr/bin:/bin", "PYTHONPATH": str(TESTS), "PYTHONDONTWRITEBYTECODE": "1"}
