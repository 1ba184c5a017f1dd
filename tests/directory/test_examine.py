"""An examination tells of each step whether it is well, and why not."""

from pathlib import Path
from typing import Any

import pytest

from directory.asking import NAME, directories_of, heard_by, options_for
from parts.domain import Domain
from parts.slow_dc import silent_dc
from parts.tls import make_pair
from watchword.core.directory.port import Finding

pytestmark = pytest.mark.slow

ROOT = "DC=ad,DC=test"
STAFF, MISSING = f"CN=Staff,OU=Groups,{ROOT}", f"CN=Missing,OU=Groups,{ROOT}"


async def examined(domain: Domain, *, looks: bool = True, **changes: object) -> list[Finding]:
    with directories_of(options_for(domain, looks=looks, **changes)) as directories:
        return [finding async for finding in directories.examine(NAME)]


def told(findings: list[Finding]) -> dict[str, bool]:
    return {finding.title: finding.is_good for finding in findings}


def text_of(findings: list[Finding], title: str) -> str:
    return next(finding.text for finding in findings if finding.title == title)


async def test_all_is_well(domain: Domain) -> None:
    """Each step is told, by each controller and then of the directory."""
    findings = await examined(domain, watched=frozenset({STAFF}))

    host = domain.address
    steps = ("name", "TCP", "TLS", "clock", "service account")
    rest = ("base", "users", f"group {STAFF}", "groups of a user", "deleted users")
    assert list(told(findings)) == [*(f"{host}: {step}" for step in steps), *rest]
    assert all(told(findings).values())
    assert "good for" in text_of(findings, f"{host}: TLS")
    assert "cannot be read" in text_of(findings, "deleted users")


async def test_without_a_service_account_less_can_be_tried(domain: Domain) -> None:
    """It is said what that means."""
    findings = await examined(domain, looks=False)

    assert list(told(findings))[-2:] == [f"{domain.address}: clock", "service account"]
    assert told(findings)["service account"]


async def test_a_group_that_is_not_there_is_told(domain: Domain) -> None:
    """Each of the settings' groups is looked for."""
    findings = await examined(domain, watched=frozenset({STAFF, MISSING}))

    assert told(findings)[f"group {STAFF}"]
    assert not told(findings)[f"group {MISSING}"]


@pytest.mark.parametrize(
    ("changes", "title"),
    [
        ({"base": f"OU=Nowhere,{ROOT}"}, "base"),
        ({"base": "no DN"}, "base"),
        ({"user_filter": "(department=Nowhere)"}, "users"),
        ({"user_filter": "(((broken"}, "users"),
    ],
)
async def test_where_nobody_counts_that_is_told(
    domain: Domain, changes: dict[str, Any], title: str
) -> None:
    """By the step that shows it."""
    assert not told(await examined(domain, **changes))[title]


async def test_a_refused_service_account_is_told_with_its_code(domain: Domain) -> None:
    """And it is tried once, though there are two controllers."""
    service = domain.new_person()
    urls = (domain.ldaps_url, domain.starttls_url + ":389")
    findings = await examined(domain, urls=urls, bind_user=service.upn, bind_password="old")

    assert "52e" in text_of(findings, f"{domain.address}: service account")
    assert "not tried again" in text_of(findings, f"{domain.address}:389: service account")
    assert domain.look(service.name, "badPwdCount")["badPwdCount"] == "1"


async def test_each_controller_is_tried(domain: Domain) -> None:
    """One whose name is not known, and one with nobody at its port; the rest goes on."""
    urls = ("ldaps://no-such-host.invalid", "ldaps://127.0.0.1:1", domain.ldaps_url)
    findings = await examined(domain, urls=urls)

    assert not told(findings)["no-such-host.invalid: name"]
    assert not told(findings)["127.0.0.1:1: TCP"]
    assert told(findings)["base"]


async def test_a_certificate_that_is_not_good_is_told(domain: Domain, tmp_path: Path) -> None:
    """With the reason that TLS gives."""
    other = make_pair(tmp_path, domain.address).certificate
    findings = await examined(domain, ca_file=other)

    assert told(findings)[f"{domain.address}: TCP"]
    assert "certificate" in text_of(findings, f"{domain.address}: TLS")
    assert list(told(findings))[-1] == f"{domain.address}: TLS"


async def test_a_silent_controller_is_told(domain: Domain) -> None:
    """It answers by TCP, and never in TLS."""
    with silent_dc() as silent:
        url = f"ldaps://127.0.0.1:{silent.port}"
        findings = await examined(domain, urls=(url,), timeout_s=0.5)

    assert text_of(findings, f"127.0.0.1:{silent.port}: TLS") == "No answer in time."


async def test_what_speaks_no_ldap_is_told(domain: Domain, tmp_path: Path) -> None:
    """TLS is good and nothing comes after it."""
    pair = make_pair(tmp_path, "127.0.0.1")
    async with heard_by(pair) as (port, _):
        urls = (f"ldaps://127.0.0.1:{port}",)
        findings = await examined(domain, urls=urls, ca_file=pair.certificate, timeout_s=1.0)

    assert not told(findings)[f"127.0.0.1:{port}: LDAP"]
