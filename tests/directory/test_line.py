"""A line to a real DC: encrypted or not there at all, and never in anybody's way."""

import asyncio
from itertools import product
from pathlib import Path

import pytest
import uvloop
from ldap.controls import SimplePagedResultsControl

from directory.asking import eventually_held, eventually_so, heard_by, held, open_line
from parts.domain import PASSWORD, Domain
from parts.slow_dc import silent_dc, slow_dc
from parts.tls import make_pair
from watchword.directory.line import (
    BASE,
    BindRefusedError,
    Entry,
    LdapRefusedError,
    Line,
    LineLostError,
)
from watchword.directory.starttls import REQUEST

pytestmark = pytest.mark.slow

ROOT = "DC=ad,DC=test"
WAYS = ("ldaps_url", "starttls_url")
EVERYWHERE = pytest.mark.parametrize(("run", "way"), list(product((asyncio.run, uvloop.run), WAYS)))


@EVERYWHERE
def test_a_whole_conversation(domain: Domain, run: object, way: str) -> None:
    """On both loops and by both ways somebody binds, is found, and nothing is left over."""

    async def converse() -> list[Entry]:
        line = await open_line(domain, getattr(domain, way))
        await line.bind("alice@ad.test", PASSWORD)
        found = await line.search(ROOT, "(sAMAccountName=alice)", ["MAIL"])
        line.close()
        line.close()
        return found.entries

    async def converse_twice() -> list[Entry]:
        await converse()  # uvloop opens a file of its own with the first connection
        before = held()
        found = await converse()
        await eventually_held(before)
        return found

    assert callable(run)
    [alice] = run(converse_twice())

    assert alice.dn == "CN=alice,OU=People,DC=ad,DC=test"
    assert alice.text("Mail") == "alice@ad.test"


@pytest.mark.parametrize("scheme", ["ldaps", "ldap"])
async def test_without_an_authority_there_is_no_line(domain: Domain, scheme: str) -> None:
    """By the authorities of this machine, which know nothing of this one."""
    with pytest.raises(LineLostError) as lost:
        await open_line(domain, f"{scheme}://{domain.address}", ca_file=None)

    assert (lost.value.because, lost.value.detail) == ("certificate", "self-signed certificate")


@pytest.mark.parametrize("scheme", ["ldaps", "ldap"])
async def test_another_authority_does_not_do(domain: Domain, scheme: str, tmp_path: Path) -> None:
    """Only what is in the file that the settings name."""
    other = make_pair(tmp_path, domain.address).certificate

    with pytest.raises(LineLostError) as lost:
        await open_line(domain, f"{scheme}://{domain.address}", ca_file=other)

    assert lost.value.because == "certificate"


@pytest.mark.parametrize(
    ("names", "days", "detail"),
    [(("dc.example",), 2, "IP address mismatch"), (("127.0.0.1",), -2, "expired")],
)
async def test_a_certificate_must_be_of_this_host_and_good(
    tmp_path: Path, names: tuple[str, ...], days: int, detail: str
) -> None:
    """However much its authority is trusted; nobody hears a password there."""
    pair = make_pair(tmp_path, *names, days=days)
    async with heard_by(pair) as (port, heard):
        with pytest.raises(LineLostError) as lost:
            await Line.open(f"ldaps://127.0.0.1:{port}", ca_file=pair.certificate, timeout_s=30)

        assert lost.value.because == "certificate"
        assert detail in lost.value.detail
        assert heard == []


async def test_nothing_but_starttls_is_said_in_the_open(domain: Domain) -> None:
    """A server that does not begin TLS hears no name and no password."""
    async with heard_by() as (port, heard):
        opening = asyncio.ensure_future(open_line(domain, f"ldap://127.0.0.1:{port}"))
        await eventually_so(lambda: len(b"".join(heard)) >= len(REQUEST))
        opening.cancel()
        await asyncio.gather(opening, return_exceptions=True)

        assert b"".join(heard) == REQUEST


async def test_a_port_without_starttls_is_no_line(domain: Domain) -> None:
    """The port for LDAPS does not understand the question."""
    with pytest.raises(LineLostError) as lost:
        await open_line(domain, f"ldap://{domain.address}:636")

    assert lost.value.because in ("tls", "connection")


@pytest.mark.parametrize("url", ["ldaps://127.0.0.1:1", "ldaps://no-such-host.invalid"])
async def test_a_dead_host_is_known_at_once(domain: Domain, url: str) -> None:
    """There is nothing to wait for."""
    with pytest.raises(LineLostError) as lost:
        await open_line(domain, url)

    assert lost.value.because == "connection"


@pytest.mark.parametrize("scheme", ["ldaps", "ldap"])
async def test_a_silent_host_costs_the_time_out(domain: Domain, scheme: str) -> None:
    """It accepts and never says a word; nothing is left of the attempt."""
    with silent_dc() as silent:
        before = held()

        with pytest.raises(LineLostError) as lost:
            await open_line(domain, f"{scheme}://127.0.0.1:{silent.port}", timeout_s=0.3)

        await eventually_held(before)
        assert lost.value.because == "timeout"


async def test_a_refused_bind_keeps_the_controllers_words(line: Line) -> None:
    """They are for whoever reads the code, and in no text that could be logged."""
    with pytest.raises(BindRefusedError) as refused:
        await line.bind("disabled@ad.test", PASSWORD)

    assert "data 533" in refused.value.text
    assert "disabled" not in str(refused.value) + repr(refused.value)
    assert line.is_open


async def test_what_is_refused_has_its_code(line: Line) -> None:
    """A base that is not there, and a filter that is none; the line goes on."""
    await line.bind("alice@ad.test", PASSWORD)

    with pytest.raises(LdapRefusedError) as missing:
        await line.search(f"OU=Secret-Name,{ROOT}", "(cn=*)", ["cn"])
    with pytest.raises(LdapRefusedError) as broken:
        await line.search(ROOT, "((cn=Secret-Name)", ["cn"])
    with pytest.raises(LdapRefusedError) as no_text:
        await line.bind("Secret-Name\0\ud800", PASSWORD)
    with pytest.raises(LdapRefusedError) as forbidden:
        await line.modify(f"CN=bob,OU=People,{ROOT}", [(2, "title", [b"Secret-Name"])])

    assert missing.value.result_code == 32
    assert broken.value.result_code < 0
    assert forbidden.value.result_code == 50
    told = [repr(one.value) for one in (missing, broken, no_text, forbidden)]
    assert "Secret" not in "".join(told)
    assert line.is_open


async def test_many_questions_at_once(line: Line) -> None:
    """Each has its own answer."""
    await line.bind("alice@ad.test", PASSWORD)
    names = ["alice", "bob", "deep", "nora", "sven", "nobody"] * 20

    found = await asyncio.gather(
        *(line.search(ROOT, f"(sAMAccountName={name})", ["sAMAccountName"]) for name in names)
    )

    told = [one.entries[0].text("samaccountname") if one.entries else "nobody" for one in found]
    assert told == names


async def test_references_to_other_servers_are_left_out(line: Line) -> None:
    """A search of a whole domain ends with three of them."""
    await line.bind("alice@ad.test", PASSWORD)

    found = await line.search(ROOT, "(objectClass=domain)", ["dc"])

    assert [entry.dn for entry in found.entries] == [ROOT]


async def test_a_limit_is_kept_and_no_error(line: Line) -> None:
    """Samba gives more than it was asked for."""
    await line.bind("alice@ad.test", PASSWORD)

    found = await line.search(ROOT, "(objectClass=user)", ["cn"], limit=2)

    assert len(found.entries) == 2


async def test_pages_come_with_their_cookie(line: Line) -> None:
    """Response controls are handed on."""
    await line.bind("alice@ad.test", PASSWORD)
    paging = SimplePagedResultsControl(criticality=True, size=5, cookie="")

    found = await line.search(ROOT, "(objectClass=user)", ["cn"], controls=[paging])

    assert len(found.entries) == 5
    assert found.controls[0].cookie


async def test_who_gives_up_breaks_nothing_for_others(line: Line) -> None:
    """An answer that nobody waits for any more is dropped, in whatever moment."""
    await line.bind("alice@ad.test", PASSWORD)

    for turns in range(0, 40, 5):
        leaving = asyncio.ensure_future(line.search(ROOT, "(objectClass=user)", ["*"]))
        for _ in range(turns):
            await asyncio.sleep(0)
        leaving.cancel()
        await asyncio.gather(leaving, return_exceptions=True)
    found = await line.search("", "(objectClass=*)", ["dnsHostName"], scope=BASE)

    assert found.entries[0].text("dnsHostName") == "dc1.ad.test"


async def test_who_gives_up_a_bind_ends_the_line(domain: Domain) -> None:
    """Nobody would know as whom the next one asks."""
    line = await open_line(domain)
    binding = asyncio.ensure_future(line.bind("alice@ad.test", PASSWORD))
    await asyncio.sleep(0)

    binding.cancel()
    await asyncio.gather(binding, return_exceptions=True)

    assert not line.is_open


async def test_an_answer_that_does_not_come_ends_the_line(domain: Domain) -> None:
    """Whoever else asks there hears of it at once."""
    with slow_dc(domain, delay=60.0) as slow:
        before = held()
        line = await open_line(domain, slow.ldaps_url, answer_s=0.3)

        with pytest.raises(LineLostError) as lost:
            await line.search(ROOT, "(cn=alice)", ["cn"])
        with pytest.raises(LineLostError) as later:
            await line.search(ROOT, "(cn=alice)", ["cn"])

        await eventually_held(before)
        assert lost.value.because == "timeout"
        assert later.value.because == "closed"
        assert not line.is_open


async def test_a_closed_line_ends_all_that_waits(domain: Domain) -> None:
    """Nobody hangs on it."""
    with slow_dc(domain, delay=60.0) as slow:
        line = await open_line(domain, slow.ldaps_url)
        waiting = [asyncio.ensure_future(line.search(ROOT, "(cn=alice)", ["cn"])) for _ in range(5)]
        await asyncio.sleep(0)

        line.close()
        ends = await asyncio.gather(*waiting, return_exceptions=True)

        assert [type(end) for end in ends] == [LineLostError] * 5


async def test_a_connection_that_breaks_is_noticed_by_itself(own_domain: Domain) -> None:
    """Before anybody asks again."""
    line = await open_line(own_domain)
    own_domain.kill()

    await eventually_so(lambda: not line.is_open)
    with pytest.raises(LineLostError):
        await line.search("", "(objectClass=*)", ["*"], scope=BASE)


async def test_many_entries_do_not_hold_up_the_loop(line: Line, domain: Domain) -> None:
    """While they come, others have their turns."""
    domain.new_ou("OU=Many")
    domain.new_crowd(100, prefix="many", ou="OU=Many")
    await line.bind("alice@ad.test", PASSWORD)
    turns = 0

    async def count() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    counting = asyncio.ensure_future(count())
    found = await line.search(f"OU=Many,{ROOT}", "(objectClass=user)", ["*"])
    counting.cancel()

    assert len(found.entries) == 100
    assert turns > 10
