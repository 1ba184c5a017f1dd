"""Proving passwords at a real DC: what is told of whom, and to whom nothing."""

import asyncio

import pytest

from directory.asking import NAME, asked_for, directories_of, options_for, prove
from parts.domain import PASSWORD, PEOPLE, Domain
from watchword.core.directory.model import PasswordChange, Proof, Verdict
from watchword.directory.directories import LdapDirectories

pytestmark = pytest.mark.slow

STATES = {
    "disabled": (Verdict.DISABLED, "533"),
    "expired": (Verdict.EXPIRED, "701"),
    "mustchange": (Verdict.MUST_CHANGE, "773"),
    "pwexpired": (Verdict.PASSWORD_EXPIRED, "532"),
    "hours": (Verdict.HOURS, "530"),
    "locked": (Verdict.LOCKED, "775"),
}
ROOT = "DC=ad,DC=test"


@pytest.mark.parametrize(
    "typed",
    ["alice", "ALICE", "ADTEST\\alice", "ad.test\\Alice", "alice@ad.test", "alice@adtest"],
)
async def test_the_right_password_by_each_name(directories: LdapDirectories, typed: str) -> None:
    """Whichever way the name is written, it is the same person."""
    proof = await prove(directories, typed, PASSWORD)

    assert proof.verdict is Verdict.RIGHT
    assert proof.person is not None
    assert (proof.person.login, proof.person.upn) == ("alice", "alice@ad.test")
    assert proof.person.directory == NAME


@pytest.mark.parametrize("state", STATES)
async def test_each_state_is_told_after_the_right_password(
    directories: LdapDirectories, state: str
) -> None:
    """And nobody comes with it."""
    verdict, code = STATES[state]

    proof = await prove(directories, state, PASSWORD)

    assert proof == Proof(verdict=verdict, code=code)


@pytest.mark.parametrize("spoil", ["disable", "expire", "must_change_password", "close_hours"])
async def test_a_wrong_password_tells_no_state(
    looking: LdapDirectories, domain: Domain, spoil: str
) -> None:
    """It is the same answer as for somebody who is well."""
    person = domain.new_person()
    getattr(domain, spoil)(person.name)

    proof = await prove(looking, person.name, "a wrong one")

    assert proof == Proof(verdict=Verdict.WRONG, code="52e")


@pytest.mark.parametrize(
    "typed",
    [
        "nobody-at-all",
        "ali*",
        "*",
        "alice)(cn=*",
        "alice\\2a",
        "(alice",
        "alice\u0301",
        "\uff41lice",
        "#",
    ],
)
async def test_who_is_not_there_is_a_wrong_password(
    directories: LdapDirectories, typed: str
) -> None:
    """Whatever signs are in the name, it finds nobody else."""
    proofs = [await directories.prove(asked, PASSWORD) for asked in directories.candidates(typed)]

    assert [proof.verdict for proof in proofs] in ([Verdict.WRONG], [])
    assert all(proof.person is None for proof in proofs)


@pytest.mark.parametrize("password", ["", "\ud800", "\0", PASSWORD + "\0", PASSWORD + "\0x"])
async def test_what_is_no_password_is_not_asked(domain: Domain, password: str) -> None:
    """Nobody hears it (there is no controller at all here): Samba would cut it at the NUL."""
    with directories_of(options_for(domain, urls=("ldaps://127.0.0.1:1",))) as directories:
        proof = await prove(directories, "alice", password)

    assert proof == Proof(verdict=Verdict.WRONG)


@pytest.mark.parametrize("password", ["x" * 5000, PASSWORD + " ", " ", '"'])
async def test_an_odd_password_is_a_wrong_one(
    directories: LdapDirectories, domain: Domain, password: str
) -> None:
    """It goes to the controller as it is, and nothing of it is cut off."""
    person = domain.new_person()

    proof = await prove(directories, person.name, password)

    assert proof.verdict is Verdict.WRONG


async def test_names_and_passwords_of_all_the_world(
    directories: LdapDirectories, domain: Domain
) -> None:
    """A person may be called so, and live in a place that is called so."""
    place = r"OU=Über\, \"A\" \+ (b)* \\ #" + domain.new_person().name
    domain.new_ou(place)
    person = domain.new_person(password='Pässwörd-Ж-"\\*', ou=place)

    proof = await prove(directories, person.name, person.password)

    assert proof.person is not None
    assert proof.person.dn == person.dn


async def test_a_known_person_is_found_under_a_new_name(
    looking: LdapDirectories, domain: Domain
) -> None:
    """The objectGUID stays; without a service account nobody could look for it."""
    person = domain.new_person()
    renamed = domain.rename(person.name, f"{person.name}-married")

    proof = await looking.prove(asked_for(person.name, person.guid), PASSWORD)

    assert proof.person is not None
    assert (proof.person.guid, proof.person.login) == (person.guid, renamed.name)


async def test_another_person_of_the_name_is_not_who_is_meant(
    directories: LdapDirectories, domain: Domain
) -> None:
    """Somebody new got the login of somebody who left."""
    first = domain.new_person()
    domain.delete(first.name)
    second = domain.new_person(first.name)

    proof = await directories.prove(asked_for(first.name, first.guid), second.password)

    assert proof.verdict is Verdict.WRONG
    assert proof.person is None


async def test_a_user_principal_name_may_be_another_than_the_login(
    directories: LdapDirectories, domain: Domain
) -> None:
    """Both lead to the same person: `login@domain` is always one of the names."""
    person = domain.new_person()
    domain.replace(person.name, userPrincipalName=f"{person.name}-mail@ad.test")

    by_upn = await prove(directories, f"{person.name}-mail@ad.test", PASSWORD)
    by_login = await prove(directories, f"{person.name}@ad.test", PASSWORD)

    assert by_upn.person is not None
    assert by_upn.person == by_login.person
    assert by_upn.person.guid == person.guid


@pytest.mark.parametrize("looks", [True, False])
@pytest.mark.parametrize(
    "narrow",
    [
        {"user_filter": "(department=Nowhere)"},
        {"base": f"OU=Elsewhere,{ROOT}"},
        {"user_filter": f"(memberOf=CN=AppAdmins,OU=Groups,{ROOT})"},
    ],
)
async def test_who_does_not_count_does_not_get_in(
    domain: Domain, narrow: dict[str, str], *, looks: bool
) -> None:
    """Even with the right password: outside the base, or not matched by the filter."""
    with directories_of(options_for(domain, looks=looks, **narrow)) as directories:
        proof = await prove(directories, "alice", PASSWORD)

    assert proof.verdict is Verdict.WRONG
    assert proof.person is None


@pytest.mark.parametrize("looks", [True, False])
async def test_who_counts_gets_in(domain: Domain, *, looks: bool) -> None:
    """A filter may be written without its brackets."""
    narrow = {"base": f"{PEOPLE},{ROOT}", "user_filter": "department=R&D"}
    with directories_of(options_for(domain, looks=looks, **narrow)) as directories:
        proofs = [await prove(directories, name, PASSWORD) for name in ("alice", "bob")]

    assert [proof.verdict for proof in proofs] == [Verdict.RIGHT, Verdict.WRONG]


@pytest.mark.parametrize("looks", [True, False])
async def test_the_groups_of_the_settings_come_along(domain: Domain, *, looks: bool) -> None:
    """Direct, nested ten deep, primary; and not one of the same name elsewhere."""
    dns = [f"CN={one},OU=Groups,{ROOT}" for one in ("Staff", "Deep10", "AppUsers")]
    watched = frozenset([*dns, f"CN=Operators,OU=North,{ROOT}"])
    names = ("alice", "deep", "primary", "nora", "sven", "bob")
    with directories_of(options_for(domain, looks=looks, watched=watched)) as directories:
        proofs = [await prove(directories, name, PASSWORD) for name in names]

    groups = [proof.person.groups for proof in proofs if proof.person is not None]
    assert groups == [*({dn} for dn in dns), {f"CN=Operators,OU=North,{ROOT}"}, set(), set()]


@pytest.mark.parametrize("spelling", ["dn", "upn", "down_level"])
async def test_the_service_account_is_nobody(domain: Domain, spelling: str) -> None:
    """Whoever guesses at its name would lock it, and everybody with it: nobody binds as it."""
    service = domain.new_person()
    domain.replace(service.name, userPrincipalName=f"{service.name}-mail@ad.test")
    bind_user = getattr(service, spelling)
    options = options_for(domain, bind_user=bind_user, bind_password=service.password)
    typed = (service.name, service.upn.upper(), service.down_level, f"{service.name}-mail@ad.test")
    with directories_of(options) as directories:
        asked = [one for name in typed for one in directories.candidates(name)]
        asked.append(asked_for("another name", service.guid))
        guesses = [await directories.prove(one, "a guess") for one in asked]
        right = [await directories.prove(one, PASSWORD) for one in asked]
        changes = [
            await directories.change_password(one, current="a guess", new=PASSWORD) for one in asked
        ]
        found = [await directories.find(one) for one in asked]
        listed = await directories.search(NAME, service.name, limit=10)
        alice = await prove(directories, "alice", PASSWORD)

    assert guesses == right == [Proof(verdict=Verdict.WRONG, code="525")] * 5
    assert changes == [PasswordChange.WRONG] * 5
    assert (found, listed) == ([None] * 5, ())
    assert domain.look(service.name, "badPwdCount")["badPwdCount"] in ("0", "")
    assert alice.verdict is Verdict.RIGHT


async def test_fifty_at_once(looking: LdapDirectories) -> None:
    """They share some lines of the service account, and each has a bind of their own."""
    names = ["alice", "bob", "nobody", "deep", "disabled"] * 10

    proofs = await asyncio.gather(*(prove(looking, name, PASSWORD) for name in names))

    verdicts = [proof.verdict for proof in proofs]
    usual = [Verdict.RIGHT, Verdict.RIGHT, Verdict.WRONG, Verdict.RIGHT, Verdict.DISABLED]
    assert verdicts == usual * 10
    assert {proof.person.login for proof in proofs if proof.person} == {"alice", "bob", "deep"}
