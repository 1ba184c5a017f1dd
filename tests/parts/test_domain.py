"""The DC of the tests is one: it tells the states of people apart, and keeps what it is told."""

import socket
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest

from parts.domain import (
    ADMIN_PASSWORD,
    BASE_DN,
    ELSEWHERE,
    PASSWORD,
    Domain,
    Person,
)
from parts.slow_dc import silent_dc, slow_dc

pytestmark = pytest.mark.slow

ldap: Any = pytest.importorskip("ldap", reason="no python-ldap here: make setup-directory")

STATES = {
    "alice": "",
    "disabled": "533",
    "expired": "701",
    "mustchange": "773",
    "locked": "775",
    "pwexpired": "532",
    "hours": "530",
    "svc-watchword": "",
}
WRONG = "52e"
DELAY_S = 1.0


@contextmanager
def asking(url: str, trusted: Path) -> Iterator[Any]:
    """Have a connection; each has its own TLS settings."""
    connection = ldap.initialize(url)
    connection.set_option(ldap.OPT_X_TLS_CACERTFILE, str(trusted))
    connection.set_option(ldap.OPT_X_TLS_NEWCTX, 0)
    connection.set_option(ldap.OPT_REFERRALS, 0)
    connection.set_option(ldap.OPT_NETWORK_TIMEOUT, 30)
    try:
        yield connection
    finally:
        connection.unbind_s()


def bind(domain: Domain, name: str, password: str, url: str = "") -> str:
    """Return the sub-code that a bind is refused with; empty if it is not."""
    with asking(url or domain.ldaps_url, domain.ca_file) as connection:
        try:
            connection.simple_bind_s(name, password)
        except ldap.INVALID_CREDENTIALS as refused:
            told: str = refused.args[0]["info"]
            return told.partition("data ")[2].partition(",")[0]
    return ""


def try_all(domain: Domain, person: Person) -> str:
    return bind(domain, person.upn, person.password)


def test_everybody_is_in_their_state(domain: Domain) -> None:
    """The DC says which, to who knows the password."""
    told = {name: bind(domain, f"{name}@ad.test", PASSWORD) for name in STATES}
    admin = bind(domain, "ADTEST\\Administrator", ADMIN_PASSWORD)

    assert told == STATES
    assert admin == ""


def test_a_wrong_password_is_told_like_a_wrong_name(domain: Domain) -> None:
    """Three of them lock who is there, until they are unlocked."""
    ada = domain.new_person()
    told = [bind(domain, name, "wrong") for name in ["nobody@ad.test", *[ada.upn] * 3]]
    locked = try_all(domain, ada)
    domain.unlock(ada.name)

    assert told == [WRONG] * 4
    assert locked == "775"
    assert try_all(domain, ada) == ""


def test_what_is_changed_is_there_at_once(domain: Domain) -> None:
    """Whatever it is; the id of a person stays."""
    ada, seen = domain.new_person(groups=["Staff"]), []
    for change in (
        domain.disable,
        domain.enable,
        domain.lock,
        domain.unlock,
        domain.close_hours,
        domain.open_hours,
        domain.expire_password,
        domain.must_change_password,
    ):
        change(ada.name)
        seen.append(try_all(domain, ada))
    domain.reset_password(ada.name, "An0ther-Passw0rd!")
    changed = bind(domain, ada.upn, "An0ther-Passw0rd!")
    moved = domain.rename(ada.name, f"{ada.name}-lovelace")
    domain.move(moved.name)
    domain.remove_members("Staff", moved.name)
    last = domain.look(moved.name, "memberOf")
    domain.delete(moved.name)

    assert seen == ["533", "", "775", "", "530", "", "532", "773"]
    assert changed == ""
    assert (last["guid"], last["memberOf"]) == (ada.guid, None)
    assert last["dn"] == f"CN={ada.name}-lovelace,{ELSEWHERE},{BASE_DN}"
    assert bind(domain, moved.upn, "An0ther-Passw0rd!") == WRONG


def test_groups_are_nested_and_primary(domain: Domain) -> None:
    """`tokenGroups` goes through ten of them, and round a cycle; a primary group has no member."""
    with asking(domain.ldaps_url, domain.ca_file) as connection:
        connection.simple_bind_s(domain.service.upn, PASSWORD)

        def of(name: str, attribute: str) -> list[bytes]:
            dn = domain.look(name)["dn"]
            [(_, found)] = connection.search_s(dn, ldap.SCOPE_BASE, attrlist=[attribute])
            return list(found.get(attribute, []))

        deep, primary = of("deep", "tokenGroups"), of("primary", "tokenGroups")
        members, north = of("AppUsers", "member"), of("Operators North", "cn")

    assert len(deep) == 10 + 2  # Domain Users, and Users
    assert len(primary) == 1 + 2
    assert (members, north) == ([], [b"Operators"])


def test_no_password_goes_over_a_plain_connection(domain: Domain) -> None:
    """StartTLS makes it one that is not."""
    with (
        asking(domain.starttls_url, domain.ca_file) as plain,
        pytest.raises(ldap.STRONG_AUTH_REQUIRED),
    ):
        plain.simple_bind_s(domain.service.upn, PASSWORD)
    with asking(domain.starttls_url, domain.ca_file) as begun:
        begun.start_tls_s()
        begun.simple_bind_s(domain.service.upn, PASSWORD)


def test_a_killed_dc_comes_back_with_what_it_knew(own_domain: Domain) -> None:
    """And the shared one of other tests does not notice."""
    ada = own_domain.new_person()
    with own_domain.away(), pytest.raises(ldap.SERVER_DOWN):
        try_all(own_domain, ada)

    assert try_all(own_domain, ada) == ""


def test_a_slow_dc_answers_late(domain: Domain) -> None:
    """With a certificate that is trusted like the DC's."""
    with slow_dc(domain, DELAY_S) as slow:
        begun = time.monotonic()
        told = bind(domain, domain.service.upn, PASSWORD, slow.ldaps_url)
        lasted = time.monotonic() - begun

    assert told == ""
    assert lasted >= DELAY_S
    assert slow.accepted == 1


def test_a_silent_dc_accepts_and_says_nothing() -> None:
    """However long one waits."""
    with (
        silent_dc() as silent,
        closing(socket.create_connection(("127.0.0.1", silent.port))) as client,
    ):
        client.settimeout(0.2)
        client.sendall(b"anybody there?")
        with pytest.raises(TimeoutError):
            client.recv(1)

    assert silent.accepted == 1
