"""Changes of passwords in a real domain, by each state in which one can be."""

import pytest

from directory.asking import asked_for, directories_of, options_for, prove
from parts.domain import PASSWORD, Domain, Person
from watchword.core.directory.model import PasswordChange, Verdict
from watchword.core.kernel.errors import UnavailableError
from watchword.directory.directories import LdapDirectories

pytestmark = pytest.mark.slow

NEW = 'N3w-Pässwörd-Ж"'
DONE, WRONG = PasswordChange.DONE, PasswordChange.WRONG
REJECTED, FORBIDDEN = PasswordChange.REJECTED, PasswordChange.FORBIDDEN


async def change(
    directories: LdapDirectories, who: Person, new: str = NEW, current: str = PASSWORD
) -> PasswordChange:
    return await directories.change_password(asked_for(who.name), current=current, new=new)


async def test_a_new_password_is_the_one(directories: LdapDirectories, domain: Domain) -> None:
    """Its moment is another one."""
    person = domain.new_person()
    before = await prove(directories, person.name, PASSWORD)

    changed = await change(directories, person)
    after = await prove(directories, person.name, NEW)

    assert changed is DONE
    assert before.person is not None
    assert after.person is not None
    assert before.person.password_at is not None
    assert after.person.password_at is not None
    assert after.person.password_at > before.person.password_at


@pytest.mark.parametrize(
    ("current", "new", "outcome"),
    [
        ("not this one", NEW, WRONG),
        ("", NEW, WRONG),
        ("\ud800", NEW, WRONG),
        ("not this one", "", WRONG),
        ("not this one", "\ud800", WRONG),
        ("not this one", NEW + "\0", WRONG),
        ("not this one", "short", WRONG),
        (PASSWORD, "short", REJECTED),
        (PASSWORD, PASSWORD, REJECTED),
        (PASSWORD, "", REJECTED),
        (PASSWORD, "\ud800" + NEW, REJECTED),
        (PASSWORD, NEW + "\0", REJECTED),
    ],
)
async def test_what_cannot_be_changed(
    directories: LdapDirectories, domain: Domain, current: str, new: str, outcome: PasswordChange
) -> None:
    """A wrong current one, and a new one that the rules do not allow; all stays as it was."""
    person = domain.new_person()

    changed = await change(directories, person, new, current)
    proof = await prove(directories, person.name, PASSWORD)

    assert changed is outcome
    assert proof.verdict is Verdict.RIGHT


@pytest.mark.parametrize("spoil", ["must_change_password", "expire_password"])
async def test_a_password_that_is_over_can_be_changed(
    looking: LdapDirectories, domain: Domain, spoil: str
) -> None:
    """With the service account, which has no right to reset it; and only by who knows it."""
    person = domain.new_person()
    getattr(domain, spoil)(person.name)

    wrong = await change(looking, person, "", current="a wrong one")
    rejected = [await change(looking, person, new) for new in ("short", "", NEW + "\0")]
    done = await change(looking, person)
    proof = await prove(looking, person.name, NEW)

    assert (wrong, rejected, done) == (WRONG, [REJECTED] * 3, DONE)
    assert proof.verdict is Verdict.RIGHT


@pytest.mark.parametrize("spoil", ["must_change_password", "expire_password"])
async def test_without_a_service_account_it_cannot(domain: Domain, spoil: str) -> None:
    """Who must change their password cannot bind to do so."""
    person = domain.new_person()
    getattr(domain, spoil)(person.name)
    with directories_of(options_for(domain, looks=False)) as directories:
        wrong = await change(directories, person, current="a wrong one")
        changed = await change(directories, person)

    assert (wrong, changed) == (WRONG, FORBIDDEN)


@pytest.mark.parametrize(
    ("spoil", "outcome"),
    [
        ("forbid_password_change", FORBIDDEN),
        ("disable", FORBIDDEN),
        ("expire", FORBIDDEN),
        ("close_hours", FORBIDDEN),
        ("lock", WRONG),
    ],
)
async def test_who_may_not_change_it(
    directories: LdapDirectories, domain: Domain, spoil: str, outcome: PasswordChange
) -> None:
    """It is told to who knows the password; that one is locked is told to nobody."""
    person = domain.new_person()
    getattr(domain, spoil)(person.name)

    changed = await change(directories, person)
    unproved = await change(directories, person, "", current="a wrong one")

    assert (changed, unproved) == (outcome, WRONG)


async def test_somebody_in_a_place_of_an_odd_name(
    directories: LdapDirectories, domain: Domain
) -> None:
    """The DN goes back to the controller as it came."""
    place = r"OU=A\, \"b\" \+ (c)* \\ #" + domain.new_person().name
    domain.new_ou(place)
    person = domain.new_person(ou=place)

    changed = await change(directories, person)

    assert changed is DONE


async def test_who_is_not_there_has_no_password(directories: LdapDirectories) -> None:
    """Nobody hears more than of a wrong one, whatever the new one would be."""
    changed = [
        await directories.change_password(asked_for("nobody"), current=PASSWORD, new=new)
        for new in (NEW, "")
    ]

    assert changed == [WRONG] * 2


async def test_a_controller_that_is_away_changes_nothing(domain: Domain) -> None:
    """It is said that it cannot be done now."""
    with directories_of(options_for(domain, urls=("ldaps://127.0.0.1:1",))) as directories:
        for new in (NEW, ""):
            with pytest.raises(UnavailableError):
                await directories.change_password(asked_for("alice"), current=PASSWORD, new=new)
