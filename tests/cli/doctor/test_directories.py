"""What the doctor says of directories and Kerberos, with a real controller."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from parts.domain import DNS_DOMAIN, Domain
from watchword.cli.doctor.directories import look_at_directories
from watchword.cli.doctor.examination import chosen
from watchword.cli.doctor.findings import Finding, Grade
from watchword.settings.load import load

pytest.importorskip("ldap", reason="python-ldap is missing: make setup-directory")

NOWHERE: dict[str, Any] = {"urls": ["ldaps://127.0.0.50:9"], "domain": "corp.example"}


def look(directories: dict[str, Any], **more: object) -> list[Finding]:
    settings = load(environ={}, overrides={"directories": directories, **more})
    return asyncio.run(look_at_directories(settings))


def of(domain: Domain, **more: object) -> dict[str, Any]:
    """Return the settings of a directory that is well."""
    return {
        "urls": [domain.ldaps_url],
        "domain": DNS_DOMAIN,
        "bind_user": domain.admin.upn,
        "bind_password": domain.admin.password,
        "ca_file": str(domain.ca_file),
        "timeout_s": 30,
        **more,
    }


def test_who_has_none_hears_of_none() -> None:
    """Most have no directory."""
    assert look({}) == []


def test_a_directory_that_is_well(domain: Domain) -> None:
    """It is one line, which names what was tried."""
    (finding,) = look({"corp": of(domain)})

    assert (finding.check, finding.grade) == ("directory", Grade.OK)
    assert finding.found.startswith("corp: ")


def test_a_service_account_that_is_not_let_in(domain: Domain) -> None:
    """What is wrong is told, and where all of it can be seen; never a password."""
    found = look({"corp": of(domain, bind_password="not this one")})

    assert {(one.check, one.grade) for one in found} == {("directory", Grade.FAIL)}
    assert {one.advice for one in found} == {"See each step: watchword directory test corp"}
    assert "not this one" not in str(found)


def test_one_that_does_not_answer_hides_no_other(domain: Domain) -> None:
    """Each is looked at by itself."""
    found = look({"gone": NOWHERE, "corp": of(domain)})

    grades = {one.found.partition(":")[0]: one.grade for one in found}
    assert grades == {"gone": Grade.FAIL, "corp": Grade.OK}


def test_of_its_settings_those_are_shown_that_somebody_chose() -> None:
    """Each directory has defaults of its own, and nobody wants to read them all."""
    more = {"bind_user": "reader", "bind_password": "a secret", "timeout_s": 1}
    settings = load(environ={}, overrides={"directories": {"corp": {**NOWHERE, **more}}})

    assert chosen(settings) == {
        "directories.corp.urls": tuple(NOWHERE["urls"]),
        "directories.corp.domain": "corp.example",
        "directories.corp.bind_user": "reader",
        "directories.corp.bind_password": "***",
        "directories.corp.timeout_s": 1.0,
    }


def test_settings_that_cannot_be_are_told(tmp_path: Path) -> None:
    """The server would not start with them."""
    (finding,) = look({"corp": {**NOWHERE, "ca_file": str(tmp_path / "gone.pem")}})

    assert finding.found.startswith("directories.corp.ca_file: ")
    assert finding.advice == "Correct the settings: until then the server does not start."


class TestKerberos:
    """Whether tickets can be read."""

    def test_a_keytab_that_can_be_read(self, domain: Domain) -> None:
        """It names the file."""
        pytest.importorskip("gssapi", reason="gssapi is missing: make setup-directory")

        found = look({"corp": of(domain)}, kerberos={"keytab": str(domain.keytab)})

        assert found[-1].grade is Grade.OK
        assert str(domain.keytab) in found[-1].found

    def test_one_that_cannot(self, tmp_path: Path) -> None:
        """The server would not start without it."""
        pytest.importorskip("gssapi", reason="gssapi is missing: make setup-directory")

        *_, finding = look({"corp": NOWHERE}, kerberos={"keytab": str(tmp_path / "gone")})

        assert (finding.check, finding.grade) == ("kerberos", Grade.FAIL)
        assert "no key can be read" in finding.found
