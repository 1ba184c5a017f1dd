"""Bring an installation to life: its id, its first account, its setup token."""

import hmac
from dataclasses import dataclass

from watchword.core.accounts.model import Account, Role
from watchword.core.kernel.caller import Origin
from watchword.core.kernel.clock import Clock
from watchword.core.kernel.errors import DeniedError
from watchword.core.kernel.randomness import Randomness
from watchword.core.policy.passwords import DOCUMENTED_PASSWORD
from watchword.core.policy.refusals import Refusal, Refused
from watchword.core.ports import Digester, OpenWork
from watchword.core.services.signup import SignUp, Wish

SETUP_TRIES_MAX = 5
SETUP_TOKEN_BYTES = 16
ADMIN_PASSWORD_BYTES = 15
DOCUMENTED_NAME = "admin"


@dataclass(frozen=True, slots=True)
class FirstAdmin:
    """The first admin was made; `password` is the drawn one, told once, or None."""

    account: Account
    password: str | None


class Setup:
    """Knows whether anybody has ever had an account here, and makes the first."""

    def __init__(
        self,
        *,
        open_work: OpenWork,
        signup: SignUp,
        digester: Digester,
        clock: Clock,
        randomness: Randomness,
    ) -> None:
        self._open_work = open_work
        self._signup = signup
        self._digester = digester
        self._clock = clock
        self._randomness = randomness
        self._has_ended = False

    async def is_single_user(self) -> bool:
        """Say whether no account was ever made. The first one ends this for good."""
        if not self._has_ended:
            async with self._open_work() as work:
                self._has_ended = await work.setup.has_had_account()
        return not self._has_ended

    async def instance(self) -> str:
        """Return the id of this installation, which it gets at its first start."""
        async with self._open_work() as work:
            if known := await work.setup.instance():
                return known
            work.setup.name_instance(self._randomness.uuid())
            await work.commit()
        return await self.instance()

    async def documented(self) -> tuple[str, ...]:
        """Return the names of accounts that still have the documented password."""
        async with self._open_work() as work:
            found = [await work.accounts.by_id(one) for one in await work.credentials.documented()]
        return tuple(account.name for account in found if account is not None)

    async def make_demo(self, origin: Origin) -> Account | None:
        """Make the documented account, in an installation that never had one."""
        wish = Wish(name=DOCUMENTED_NAME, password=DOCUMENTED_PASSWORD, role=Role.ADMIN)
        made = await self._signup.create_first(wish, origin=origin, is_documented=True)
        return None if isinstance(made, Refused) else made

    async def make_admin(
        self, name: str, password: str | None, origin: Origin
    ) -> FirstAdmin | Refused:
        """Make the first admin, with a given password or with a drawn one."""
        drawn = None if password else self._randomness.token(ADMIN_PASSWORD_BYTES)
        wish = Wish(name=name, password=password or drawn or "", role=Role.ADMIN)
        made = await self._signup.create_first(wish, origin=origin)
        return made if isinstance(made, Refused) else FirstAdmin(made, drawn)

    async def make_token(self) -> str:
        """Draw a setup token; the one before is void."""
        token = self._randomness.token(SETUP_TOKEN_BYTES)
        async with self._open_work() as work:
            work.setup.put_token(self._digest(token), at=self._clock.now())
            await work.commit()
        return token

    async def first_admin(
        self, wish: Wish, *, token: str | None, origin: Origin, is_trusted: bool = False
    ) -> Account | Refused:
        """Make the first account, for who brings the setup token or is trusted without.

        Whatever role was wished for, the first account is an admin: nobody else could
        ever make one.
        """
        if not is_trusted and not await self._accepts(token):
            return Refused(Refusal.NOT_ADMIN)
        admin = Wish(
            name=wish.name,
            password=wish.password,
            role=Role.ADMIN if wish.role in set(Role) else wish.role,
            name_min=wish.name_min,
            password_min=wish.password_min,
        )
        return await self._signup.create_first(admin, origin=origin)

    async def _accepts(self, token: str | None) -> bool:
        if not token:
            return False
        async with self._open_work() as work:
            expected = await work.setup.token_digest()
            if expected is None:
                return False
            work.setup.use_try(limit=SETUP_TRIES_MAX)
            try:
                await work.commit()
            except DeniedError:
                return False
        return hmac.compare_digest(expected, self._digest(token))

    def _digest(self, token: str) -> str:
        return self._digester.digest("setup-token", token)
