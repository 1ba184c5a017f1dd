"""What becomes of an account by what its directory says of the person: facts in, changes out."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from watchword.core.accounts.model import Account, Role, State
from watchword.core.accounts.names import (
    ADDRESS_LENGTH_MAX,
    NAME_LENGTH_MAX,
    canonical,
    is_address,
    is_clean,
    is_name,
)
from watchword.core.directory.model import MUST_BE_CHANGED, Closed, Link, Person
from watchword.core.groups.model import MEMBER, Group, Membership
from watchword.core.services.directoryrules import DirectoryRules


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """An account, its link, and what it is in our groups."""

    account: Account
    link: Link
    memberships: tuple[Membership, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What is to be stored. `ends_sessions` says that every session of the account ends."""

    before: Known
    account: Account
    link: Link
    joins: tuple[Group, ...] = ()
    leaves: tuple[Group, ...] = ()
    ends_sessions: bool = False

    @property
    def is_nothing(self) -> bool:
        """Say whether all is stored as it should be."""
        return not (
            self.joins
            or self.leaves
            or self.ends_sessions
            or self.account != self.before.account
            or self.link != self.before.link
        )

    @property
    def closes(self) -> bool:
        """Say whether the directory closes an account that it had open."""
        return self.link.closed is not Closed.OPEN and self.before.link.closed is Closed.OPEN

    @property
    def opens(self) -> bool:
        """Say whether the directory opens an account that it had closed."""
        return self.link.closed is Closed.OPEN and self.before.link.closed is not Closed.OPEN

    @property
    def takes_an_admin(self) -> bool:
        """Say whether one enabled admin fewer keeps the house afterwards."""
        return self.before.account.keeps_the_house and not self.account.keeps_the_house

    def sparing_the_admin(self) -> "Plan":
        """Return what is left of the plan where this is the last admin, who must stay one."""
        before = self.before.account
        return replace(
            self,
            account=replace(self.account, role=before.role, state=before.state),
            link=replace(self.link, closed=self.before.link.closed),
            ends_sessions=False,
        )


def verdict_on(person: Person, rules: DirectoryRules) -> Closed:
    """Say why the person may not come in, OPEN if they may."""
    if person.closed is not Closed.OPEN:
        return person.closed
    return Closed.OPEN if rules.admits(person.groups) else Closed.NOT_ADMITTED


def plan(
    known: Known,
    person: Person,
    rules: DirectoryRules,
    groups: Mapping[str, Group],
    at: datetime,
) -> Plan:
    """Return what follows from what the directory says now.

    `groups` are those of ours that the rules name, by name. What an administrator here
    disabled stays so: the directory opens only what it closed.
    """
    closed = verdict_on(person, rules)
    account = _with_state(_with_facts(known.account, person, rules, at), known.link, closed, at)
    link = _with_names(known.link, person, closed)
    joins, leaves = _moves(known, person, rules, groups)
    return Plan(
        before=known,
        account=account,
        # An account that was disabled here already is not the directory's to open again.
        link=link if known.account.is_active or closed is Closed.OPEN else _kept(link, known.link),
        joins=joins,
        leaves=leaves,
        ends_sessions=_is_closing(known, account) or _is_renewed(known.link, person),
    )


def plan_closing(known: Known, closed: Closed, at: datetime) -> Plan:
    """Return what follows when the person is not there any more, or may not come in."""
    if not known.account.is_active or known.link.closed is not Closed.OPEN:
        return Plan(before=known, account=known.account, link=known.link)
    return Plan(
        before=known,
        account=known.account.with_state(State.DISABLED, at),
        link=replace(known.link, closed=closed, cached="", cached_at=None),
        ends_sessions=True,
    )


def name_of(person: Person) -> str:
    """Return what an account of this person is called."""
    return person.name.strip()


def email_of(person: Person) -> str | None:
    """Return the person's address, if it is one."""
    return person.email if person.email and is_address(person.email) else None


def link_of(person: Person, account: Account) -> Link:
    """Return the first link of a person to an account that is made for them."""
    blank = Link(
        account_id=account.id,
        directory=person.directory,
        guid=person.guid,
        dn=person.dn,
        login=person.login,
        login_key="",
    )
    return _with_names(blank, person, Closed.OPEN)


def shown(text: str) -> str:
    """Return a first or last name as an account may have it; none, if it may not."""
    return text if len(text) <= NAME_LENGTH_MAX and is_clean(text) else ""


def _with_facts(account: Account, person: Person, rules: DirectoryRules, at: datetime) -> Account:
    email = email_of(person)
    is_same = canonical(email or "") == canonical(account.email or "")
    changed = replace(
        account,
        name=name_of(person) if is_name(name_of(person)) else account.name,
        role=rules.role_of(person.groups) or account.role,
        email=account.email if is_same else email,
        email_confirmed_at=_confirmed_at(account, rules, at, is_same=is_same, has=bool(email)),
        first_name=shown(person.first_name),
        last_name=shown(person.last_name),
    )
    return account if changed == account else replace(changed, updated_at=at)


def _confirmed_at(
    account: Account, rules: DirectoryRules, at: datetime, *, is_same: bool, has: bool
) -> datetime | None:
    if is_same and (account.email_confirmed_at is not None or not has):
        return account.email_confirmed_at
    return at if has and rules.trusts_mail else None


def _with_state(account: Account, link: Link, closed: Closed, at: datetime) -> Account:
    if closed is not Closed.OPEN:
        return account.with_state(State.DISABLED, at)
    return account if link.closed is Closed.OPEN else account.with_state(State.ACTIVE, at)


def _with_names(link: Link, person: Person, closed: Closed) -> Link:
    is_renewed = _is_renewed(link, person)
    keeps = closed is Closed.OPEN and not is_renewed
    return replace(
        link,
        dn=person.dn,
        login=person.login,
        login_key=_key(person.login),
        upn_key=_key(person.upn),
        groups=person.groups,
        closed=closed,
        password_at=_password_at(link, person),
        cached=link.cached if keeps else "",
        cached_at=link.cached_at if keeps else None,
    )


def _key(name: str) -> str:
    """Return by what somebody is found, nothing for a name that is longer than any is typed."""
    return canonical(name) if len(name) <= ADDRESS_LENGTH_MAX else ""


def _kept(link: Link, before: Link) -> Link:
    return replace(link, closed=before.closed)


def _is_closing(known: Known, account: Account) -> bool:
    return known.account.is_active and not account.is_active


def _is_renewed(link: Link, person: Person) -> bool:
    """Say whether the password was changed in the directory since it was last heard.

    A controller that lags behind tells of an older one, and that is no news.
    """
    known, now = link.password_at, person.password_at
    if known is None or now is None or now == known:
        return False
    return now > known or now == MUST_BE_CHANGED


def _password_at(link: Link, person: Person) -> datetime | None:
    known, now = link.password_at, person.password_at
    return known if now is None or (known is not None and MUST_BE_CHANGED < now < known) else now


def _moves(
    known: Known, person: Person, rules: DirectoryRules, groups: Mapping[str, Group]
) -> tuple[tuple[Group, ...], tuple[Group, ...]]:
    """Return the groups to join and to leave; in groups that no rule names nothing changes."""
    wanted = {groups[name].id for name in rules.groups_of(person.groups)}
    has = {one.group.id for one in known.memberships if one.role == MEMBER}
    ours = sorted(groups.values(), key=lambda group: group.name)
    joins = tuple(group for group in ours if group.id in wanted - has)
    return joins, tuple(group for group in ours if group.id in has - wanted)


def role_at_first(person: Person, rules: DirectoryRules, asked: Role | None) -> Role:
    """Return the role of a new account: what the groups give, else what an admin asked for."""
    return rules.role_of(person.groups) or asked or Role.USER
