"""Kerberos tickets of people in a domain, and the tokens that their clients send to a service."""

import base64
import json
import os
import shutil
import struct
import subprocess
import sys
from pathlib import Path

from parts.domain import REALM, Domain, Person
from parts.processes import TESTS

SERVICE = "HTTP@app.ad.test"
SPNEGO, KERBEROS, IAKERB = "1.3.6.1.5.5.2", "1.2.840.113554.1.2.2", "1.3.6.1.5.2.5"


def missing() -> str:
    """Return what is not here that tickets need; empty if all is."""
    if shutil.which("kinit") is None:
        return "no `kinit` here: install Debian's package `krb5-user`"
    try:
        import gssapi  # noqa: F401, PLC0415 (an extra)
    except ImportError:
        return "no gssapi here: make setup-directory"
    return ""


class Wallet:
    """Somebody's tickets, in a file. `environment` lets other programs use them."""

    def __init__(self, domain: Domain, person: Person, folder: Path) -> None:
        self._file = folder / f"tickets-of-{person.name}"
        self.environment = {
            "PATH": os.environ["PATH"],
            "KRB5_CONFIG": str(domain.krb5_conf),
            "KRB5CCNAME": f"FILE:{self._file}",
        }
        typed = f"{person.password}\n"
        self._run(["kinit", f"{person.name}@{REALM}"], typed)

    def tokens(
        self, count: int = 1, *, service: str = SERVICE, mechanism: str = SPNEGO
    ) -> list[bytes]:
        """Return what a client sends first, each time another one."""
        program = [sys.executable, "-m", "parts.tickets", service, mechanism, str(count)]
        return [base64.b64decode(one) for one in json.loads(self._run(program))]

    def put_clock(self, seconds: int) -> None:
        """Let the client hold its own clock to be so far behind that of the domain."""
        raw = self._file.read_bytes()
        # A file of tickets begins with a version, and the length of a head of tagged fields.
        rest = raw[4 + int.from_bytes(raw[2:4], "big") :]
        head = struct.pack(">HHii", 1, 8, seconds, 0)
        self._file.write_bytes(raw[:2] + struct.pack(">H", len(head)) + head + rest)

    def _run(self, command: list[str], typed: str = "") -> str:
        environment = {**self.environment, "PYTHONPATH": str(TESTS)}
        done = subprocess.run(
            command, input=typed, capture_output=True, text=True, env=environment, check=False
        )
        assert done.returncode == 0, done.stderr
        return done.stdout


def main() -> None:
    """Make tokens for a service with whatever tickets the environment names."""
    import gssapi  # noqa: PLC0415 (see `missing`)

    service, mechanism, count = sys.argv[1:]
    made = []
    for _ in range(int(count)):
        context = gssapi.SecurityContext(
            name=gssapi.Name(service, gssapi.NameType.hostbased_service),
            mech=gssapi.OID.from_int_seq(mechanism),
            flags=[gssapi.RequirementFlag.mutual_authentication],
            usage="initiate",
        )
        made.append(base64.b64encode(context.step()).decode())
    sys.stdout.write(json.dumps(made))


if __name__ == "__main__":
    main()
