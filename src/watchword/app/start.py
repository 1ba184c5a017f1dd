"""What must be true before we serve: a first account, and no password that is in print."""

from dataclasses import dataclass
from ipaddress import ip_address

from watchword.app import directories
from watchword.app.flows import asleep
from watchword.app.house import House, StartError
from watchword.app.postroom import make_mailer
from watchword.app.printed import PrintedSecrets
from watchword.core.kernel.caller import Origin
from watchword.core.kernel.errors import CoreError, InvalidError
from watchword.core.policy.refusals import Refusal, Refused
from watchword.core.services.setup import Setup
from watchword.observability.log import get_logger
from watchword.settings.model import Settings

NO_ADMIN = "none"
"""The value of `default_admin` that leaves the store empty."""

_ORIGIN = Origin("", "setup")
# Another node was first. That is as good as having done it.
_DONE_ALREADY = {Refusal.CLOSED, Refusal.NAME_TAKEN}


def check_demo(settings: Settings) -> None:
    """Refuse to serve the documented password to anybody but this machine."""
    host = settings.server.host
    if host != "localhost" and not _is_loopback(host):
        raise StartError(
            f"--demo serves the documented password, so it listens on a loopback address only,"
            f" not on {host}. Leave out --host, or leave out --demo."
        )


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def check_mail(settings: Settings) -> None:
    """Raise StartError if no letter could be sent with these settings."""
    try:
        make_mailer(settings)
    except CoreError as error:
        raise StartError(str(error)) from error


def check_directories(settings: Settings) -> None:
    """Raise StartError if nobody of a directory could log in with these settings."""
    try:
        directories.check_directories(settings)
    except CoreError as error:
        raise StartError(str(error)) from error


def check_jobs(house: House) -> None:
    """Raise StartError if a schedule of the settings makes no sense."""
    settings = house.settings
    schedules = settings.jobs.schedules
    # What they are about may have been taken out of the settings for a while.
    if times := {name: text for name, text in schedules.items() if name not in asleep(settings)}:
        from watchword.jobs.schedule import check_schedules  # noqa: PLC0415 - most have none

        try:
            check_schedules(times, house.book)
        except InvalidError as error:
            raise StartError(str(error)) from error


@dataclass(frozen=True, slots=True)
class Start:
    """The steps before the first request, done once for all workers."""

    house: House
    printed: PrintedSecrets
    demo: bool

    async def run(self) -> None:
        """Do them, or raise StartError with a sentence of what to do."""
        setup = self.house.services.setup
        if not self.demo:
            await self._refuse_documented(setup)
        if not await setup.is_single_user():
            return
        if self.house.settings.default_admin == NO_ADMIN:
            await self._offer_setup(setup)
        elif self.demo:
            await setup.make_demo(_ORIGIN)
        else:
            await self._make_admin(setup)

    async def _refuse_documented(self, setup: Setup) -> None:
        if names := await setup.documented():
            raise StartError(
                f"The account {', '.join(names)} still has the password that the documentation"
                f" prints. Change it with `watchword account passwd {names[0]}`, or serve this"
                " machine only with `watchword serve --demo`."
            )

    async def _offer_setup(self, setup: Setup) -> None:
        if self.demo:
            return
        token = await setup.make_token()
        self._show(
            "setup-token",
            "No account exists. Make the first admin with this token in the header X-Setup-Token:",
            token,
        )

    async def _make_admin(self, setup: Setup) -> None:
        settings = self.house.settings
        given = settings.admin_password.reveal() or None
        made = await setup.make_admin(settings.default_admin, given, _ORIGIN)
        if isinstance(made, Refused):
            if made.reason in _DONE_ALREADY:
                return
            raise StartError(_unusable(made))
        if made.password is not None:
            name = made.account.name
            self._show(
                "admin-password", f"The account {name} was made. Its password:", made.password
            )

    def _show(self, name: str, sentence: str, secret: str) -> None:
        path = self.printed.show(name, sentence, secret)
        if path is not None:
            get_logger("watchword.start").warning("secret left in a file", file=str(path))


def _unusable(refused: Refused) -> str:
    reasons = {
        Refusal.PASSWORD_SHORT: f"it needs at least {refused.number} characters",
        Refusal.PASSWORD_LONG: f"it has more than {refused.number} bytes",
        Refusal.PASSWORD_COMMON: "it is among those that everybody tries first",
        Refusal.NAME_INVALID: "default_admin is no name that an account can have",
    }
    reason = reasons.get(refused.reason, refused.reason.value)
    return (
        f"The first admin cannot be made with WATCHWORD_ADMIN_PASSWORD and default_admin: {reason}."
        " Set others, or leave WATCHWORD_ADMIN_PASSWORD out and get a random one."
    )
