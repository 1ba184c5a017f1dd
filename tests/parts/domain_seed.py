"""Makes a domain and everybody in it, in an empty folder, of which DCs are then copied.

    /usr/bin/python3 -m parts.domain_seed FOLDER ADMIN_PASSWORD PASSWORD

This runs in the Python of the system, where Samba's own modules are: two seconds for what takes
`samba-tool` ten. The people and groups of the domain are described in `parts/domain.py`.
"""

import logging
import sys
from pathlib import Path

from samba.auth import system_session
from samba.dckeytab import Net
from samba.dsdb import DS_DOMAIN_FUNCTION_2008_R2
from samba.param import LoadParm
from samba.provision import provision

from parts.domain_hand import Hand

REALM, NETBIOS = "AD.TEST", "ADTEST"
PEOPLE = "OU=People"
OUS = (PEOPLE, "OU=Elsewhere", "OU=Services", "OU=Groups", "OU=North", "OU=South")
WELL, SPOILT = (
    ("alice", "bob"),
    ("disabled", "expired", "mustchange", "locked", "pwexpired", "hours"),
)
MEMBERS = ("deep", "primary", "nora", "sven")
DEPTH = 10
DAY, MINUTE = -864_000_000_000, -600_000_000  # spans are negative there
POLICY = {
    "lockoutThreshold": "3",
    # Longer than any run, so that who was locked in the folder still is in its copies.
    "lockoutDuration": str(DAY),
    "lockOutObservationWindow": str(30 * MINUTE),
    "minPwdAge": "0",
    "maxPwdAge": str(42 * DAY),
}
SERVICE = "HTTP/app.ad.test"
AES = "msDS-SupportedEncryptionTypes"


def make(folder: Path, admin_password: str) -> None:
    """Make a domain with nobody in it."""
    (folder / "etc").mkdir(parents=True)
    provision(
        logging.getLogger("provision"),
        system_session(),
        smbconf=str(folder / "etc" / "smb.conf"),
        targetdir=str(folder),
        realm=REALM,
        domain=NETBIOS,
        hostname="dc1",
        hostip="127.0.0.2",  # what it is asked at is said when it starts
        dns_backend="NONE",
        adminpass=admin_password,
        serverrole="active directory domain controller",
        dom_for_fun_level=DS_DOMAIN_FUNCTION_2008_R2,
        batch_mode=True,
        lp=LoadParm(),
    )


def fill(hand: Hand, password: str) -> None:
    """Add everybody, in whatever state, and the groups."""
    hand.set_policy(POLICY)
    for ou in OUS:
        hand.add_ou(ou)
    names = [(name, PEOPLE) for name in (*WELL, *SPOILT, *MEMBERS)]
    services = [("svc-watchword", "OU=Services"), ("svc-http", "OU=Services")]
    hand.add_people(
        {"name": name, "password": password, "ou": ou, "attributes": {}}
        for name, ou in names + services
    )
    hand.replace("alice", {"telephoneNumber": "+49 30 1234", "department": "R&D", "title": "Eng"})
    hand.replace("svc-http", {"servicePrincipalName": SERVICE, AES: "24"})
    join(hand)
    spoil(hand)


def join(hand: Hand) -> None:
    """Make the groups."""
    for name, members in (
        ("Platform Team", ["alice"]),
        ("Engineering", ["Platform Team"]),
        ("Staff", ["Engineering"]),
        ("AppAdmins", ["bob"]),
        ("AppUsers", ["primary"]),
        ("Deep1", ["deep"]),
        *((f"Deep{level}", [f"Deep{level - 1}"]) for level in range(2, DEPTH + 1)),
    ):
        hand.add_group(name, "OU=Groups", name, members)
    hand.change_members("Deep5", [f"Deep{DEPTH}"], [])
    hand.make_primary("primary", "AppUsers")
    for where, member in (("North", "nora"), ("South", "sven")):
        hand.add_group("Operators", f"OU={where}", f"Operators {where}", [member])


def spoil(hand: Hand) -> None:
    """Bring those into their state who are named by it."""
    hand.set_open("disabled", enabled=False)
    hand.set_expired("expired", expired=True)
    hand.set_must_change("mustchange")
    hand.set_locked("locked", locked=True)
    hand.set_password_expired("pwexpired")
    hand.set_hours("hours", some=False)


def give_keytab(folder: Path) -> None:
    """Write the key that a server needs to take tickets for the service."""
    settings = LoadParm()
    settings.load(str(folder / "etc" / "smb.conf"))
    Net(None, settings).export_keytab(keytab=str(folder / "http.keytab"), principal=SERVICE)


def main() -> None:
    """Make and fill the folder."""
    folder, admin_password, password = Path(sys.argv[1]), *sys.argv[2:]
    logging.getLogger("provision").addHandler(logging.NullHandler())
    make(folder, admin_password)
    fill(Hand(folder), password)
    give_keytab(folder)


if __name__ == "__main__":
    main()
