"""Changes what a domain holds, beside its DC: each line on stdin is an order, as JSON.

    /usr/bin/python3 -m parts.domain_hand FOLDER

This runs in the Python of the system, where Samba's own modules are. One such process lives as
long as its DC, for to start it takes a quarter of a second, and an order some milliseconds.
"""

import json
import sys
import time
import uuid
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import ldb
from samba.auth import system_session
from samba.dcerpc import security
from samba.ndr import ndr_unpack
from samba.param import LoadParm
from samba.samdb import SamDB
from samba.sd_utils import SDUtils

Json = Any
Values = str | bytes | Sequence[str] | None
"""What an attribute shall be; None takes it away."""

NORMAL, DISABLED = 512, 514
OPEN_AT_ALL_HOURS, OPEN_NEVER = b"\xff" * 21, b"\x00" * 21
LONG_AGO = "130000000000000000"  # in 2012, in AD's way to count
FILETIME_1970 = 116_444_736_000_000_000
NO_END = "9223372036854775807"
STORES_ANY_MOMENT = "local_oid:1.3.6.1.4.1.7165.4.3.12:0"
"""Samba's control by which pwdLastSet may be any moment, for those who own the file."""

CHANGE_PASSWORD = "ab721a53-1e2f-11d0-9819-00aa0040529b"
FORBIDS_CHANGE = [f"(OD;;CR;{CHANGE_PASSWORD};;{who})" for who in ("WD", "PS")]


class Hand:
    """The orders; who or what is meant is a sAMAccountName, or a DN without the domain's."""

    def __init__(self, folder: Path) -> None:
        settings = LoadParm()
        settings.load(str(folder / "etc" / "smb.conf"))
        file = str(folder / "private" / "sam.ldb")
        self._db = SamDB(url=file, session_info=system_session(), lp=settings)
        self._base = str(self._db.domain_dn())

    def add_people(self, people: Iterable[Mapping[str, Json]]) -> list[Json]:
        """Add all or none; without a password nobody gets in, and it is added much sooner."""
        with self._at_once():
            return [self._add_person(**person) for person in people]

    def add_group(self, name: str, ou: str, sam: str, members: Sequence[str]) -> Json:
        dn = f"CN={name},{ou},{self._base}"
        self._db.add({"dn": dn, "objectClass": "group", "sAMAccountName": sam})
        self.change_members(sam, members, [])
        return self.look(sam)

    def add_ou(self, ou: str) -> None:
        self._db.create_ou(f"{ou},{self._base}")

    def change_members(self, group: str, add: Sequence[str], remove: Sequence[str]) -> None:
        with self._at_once():
            for names, flag in ((add, ldb.FLAG_MOD_ADD), (remove, ldb.FLAG_MOD_DELETE)):
                if names:
                    dns = [str(self._dn(name)) for name in names]
                    self._modify(group, {"member": dns}, flag)

    def make_primary(self, name: str, group: str) -> None:
        """Let a group be known of somebody by its number alone."""
        sid: str = self.look(group)["sid"]
        self._modify(name, {"primaryGroupID": sid.rpartition("-")[2]})

    def replace(self, name: str, attributes: Mapping[str, Values]) -> None:
        self._modify(name, attributes)

    def set_password(self, name: str, password: str) -> None:
        self._modify(name, {"unicodePwd": f'"{password}"'.encode("utf-16-le")})

    def set_open(self, name: str, *, enabled: bool) -> None:
        self._modify(name, {"userAccountControl": str(NORMAL if enabled else DISABLED)})

    def set_hours(self, name: str, *, some: bool) -> None:
        self._modify(name, {"logonHours": OPEN_AT_ALL_HOURS if some else OPEN_NEVER})

    def set_expired(self, name: str, *, expired: bool) -> None:
        self._modify(name, {"accountExpires": str(FILETIME_1970) if expired else NO_END})

    def set_password_expired(self, name: str) -> None:
        self._modify(name, {"pwdLastSet": LONG_AGO}, controls=[STORES_ANY_MOMENT])

    def set_must_change(self, name: str) -> None:
        self._modify(name, {"pwdLastSet": "0"})

    def set_locked(self, name: str, *, locked: bool) -> None:
        now = str(FILETIME_1970 + time.time_ns() // 100)
        self._modify(name, {"lockoutTime": now if locked else "0"})

    def forbid_password_change(self, name: str) -> None:
        """Take from somebody the right to change the own password."""
        rights = SDUtils(self._db)
        for entry in FORBIDS_CHANGE:
            rights.dacl_add_ace(self._dn(name), entry)

    def rename(self, name: str, to: str) -> None:
        """Change all three names of somebody: the cn, the login and the UPN."""
        dn = self._dn(name)
        moved = ldb.Dn(self._db, f"CN={to},{dn.parent()}")
        with self._at_once():
            self._db.rename(dn, moved)
            names = {"sAMAccountName": to, "userPrincipalName": f"{to}@{self._dns()}"}
            self._modify(str(moved), names)

    def move(self, name: str, ou: str) -> None:
        dn = self._dn(name)
        place = f"{dn.get_rdn_name()}={dn.get_rdn_value()},{ou},{self._base}"
        self._db.rename(dn, ldb.Dn(self._db, place))

    def delete(self, names: Iterable[str]) -> None:
        with self._at_once():
            for name in names:
                self._db.delete(self._dn(name))

    def look(self, name: str, attributes: Sequence[str] = ()) -> Json:
        """Return where something is, its ids, and the first value of each of these attributes."""
        asked = [*attributes, "objectGUID", "objectSid", "sAMAccountName"]
        [entry] = self._db.search(self._dn(name), ldb.SCOPE_BASE, attrs=asked)
        sid = ndr_unpack(security.dom_sid, entry["objectSid"][0])
        told = {one: str(entry[one][0]) if one in entry else None for one in attributes}
        return {
            "dn": str(entry.dn),
            "guid": str(uuid.UUID(bytes_le=bytes(entry["objectGUID"][0]))),
            "sid": str(sid),
            "name": str(entry["sAMAccountName"][0]),
            **told,
        }

    def set_policy(self, attributes: Mapping[str, str]) -> None:
        """Change attributes of the domain itself, where the rules for passwords stand."""
        self._modify(self._base, attributes)

    def _add_person(self, name: str, password: str, ou: str, attributes: Mapping[str, str]) -> Json:
        person = {
            "dn": f"CN={name},{ou},{self._base}",
            "objectClass": "user",
            "sAMAccountName": name,
            "userPrincipalName": f"{name}@{self._dns()}",
            "givenName": name.capitalize(),
            "sn": "Test",
            "displayName": f"{name.capitalize()} Test",
            "mail": f"{name}@{self._dns()}",
            **attributes,
        }
        if password:
            clear = f'"{password}"'.encode("utf-16-le")
            self._db.add({**person, "unicodePwd": clear, "userAccountControl": str(NORMAL)})
        else:
            # 32: nobody asks for a password, for there is none.
            self._db.add({**person, "userAccountControl": str(NORMAL | 32)})
        return self.look(person["dn"])

    def _modify(
        self,
        name: str,
        attributes: Mapping[str, Values],
        flag: int = ldb.FLAG_MOD_REPLACE,
        controls: Sequence[str] = (),
    ) -> None:
        message = ldb.Message(self._dn(name))
        for attribute, values in attributes.items():
            message[attribute] = ldb.MessageElement(
                [] if values is None else values, flag, attribute
            )
        self._db.modify(message, controls=list(controls))

    def _dn(self, name: str) -> Any:  # noqa: ANN401 (Samba's modules say nothing of their types)
        if "=" in name:
            return ldb.Dn(self._db, name if name.endswith(self._base) else f"{name},{self._base}")
        [entry] = self._db.search(
            self._base, ldb.SCOPE_SUBTREE, f"(sAMAccountName={ldb.binary_encode(name)})", ["cn"]
        )
        return entry.dn

    def _dns(self) -> str:
        return str(self._db.domain_dns_name())

    @contextmanager
    def _at_once(self) -> Iterator[None]:
        self._db.transaction_start()
        try:
            yield
        except BaseException:
            self._db.transaction_cancel()
            raise
        self._db.transaction_commit()


def main() -> None:
    """Do each order, and say what came of it."""
    hand = Hand(Path(sys.argv[1]))
    for line in sys.stdin:
        order = json.loads(line)
        try:
            told = {"done": getattr(hand, order["do"])(**order["with"])}
        except Exception as error:  # noqa: BLE001 (whatever it is, the test shall hear it)
            told = {"failed": repr(error)}
        sys.stdout.write(json.dumps(told) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
