"""Judge and hash a password that somebody wants to have from now on."""

from collections.abc import Sequence

from watchword.core.accounts.model import Account
from watchword.core.groups.model import Membership
from watchword.core.kernel.caller import Origin
from watchword.core.policy.passwords import PasswordDemand, PasswordPolicy
from watchword.core.policy.refusals import Refusal, Refused
from watchword.core.policy.signin import AttemptLimits
from watchword.core.ports import Blocklist, Hasher, OpenWork


class NewPassword:
    """Applies the password policy; the same rules for every way to set a password."""

    def __init__(
        self,
        *,
        open_work: OpenWork,
        hasher: Hasher,
        blocklist: Blocklist,
        policy: PasswordPolicy,
        limits: AttemptLimits,
    ) -> None:
        self._open_work = open_work
        self._hasher = hasher
        self._blocklist = blocklist
        self._policy = policy
        self._limits = limits

    async def remembered(self, account: Account) -> int:
        """Return how many replaced hashes are kept: the history less the current one."""
        async with self._open_work() as work:
            policy = policy_of(self._policy, await work.groups.of(account.id))
        return max(0, policy.remembers - 1)

    def length_min(self, documented: int) -> int:
        """Return how long a password must be where a page documents so much."""
        return self._policy.length_for(documented)

    async def refusal(
        self, password: str, *, documented: int, about: tuple[str, ...] = ()
    ) -> Refused | None:
        """Return what is wrong with the password, None if it may be used.

        `documented` is the least length on the page of the dialect that asks; `about`
        are the account's own words, which a guesser tries first.
        """
        if refused := self._policy.judge(password, documented=documented):
            return refused
        if self._policy.blocklist and await self._blocklist.has(password, about=about):
            return Refused(Refusal.PASSWORD_COMMON)
        return None

    async def was_used(self, account: Account, password: str, *, current: str) -> bool:
        """Say whether this is the current password or one that history remembers."""
        async with self._open_work() as work:
            policy = policy_of(self._policy, await work.groups.of(account.id))
            if not policy.remembers:
                return False
            earlier = await work.credentials.earlier_passwords(
                account.id, limit=policy.remembers - 1
            )
        for encoded in (current, *earlier):
            if await self._hasher.verify(password, encoded):
                return True
        return False

    async def hash(self, password: str, *, origin: Origin) -> str:
        """Hash a password that was judged. Raises UnavailableError when hashing is full."""
        with self._hasher.place(origin.network, exempt=origin.within(self._limits.exempt)):
            return await self._hasher.hash(password)


def words_about(name: str, *more: str | None) -> tuple[str, ...]:
    """Return the words of an account that its password should not be made of."""
    return tuple(word for word in (name, *more) if word)


def policy_of(policy: PasswordPolicy, memberships: Sequence[Membership]) -> PasswordPolicy:
    """Return the policy for who is in these groups."""
    if not memberships:
        return policy
    return policy.under(
        PasswordDemand(days=one.group.password_days, history=one.group.password_history)
        for one in memberships
    )
