"""The JSON of the assets API, both ways of a log-in and all that is said of a check-out."""

from collections.abc import Iterable
from datetime import datetime, timedelta

import msgspec
from msgspec import UNSET, UnsetType

from watchword.core.accounts.model import Account
from watchword.core.checkouts.model import Checkout
from watchword.core.groups.model import Membership
from watchword.core.services.sessiondoor import SignedIn

SERVER = "Assets"

_EPOCH = datetime.fromisoformat("1970-01-01T00:00:00+00:00")


class Shape(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What the wire has in camelCase; a member that is not set is not there."""


class ApiLoginForm(Shape, frozen=True, kw_only=True):
    """What a program sends to log in."""

    username: str
    password: str
    client_id: str = ""


class LoginForm(Shape, frozen=True, kw_only=True):
    """What a browser sends to log in; `cred` is the first two in one, as base64."""

    username: str = ""
    password: str = ""
    cred: str = ""
    client_id: str = ""
    client_type: str = ""
    return_profile: bool = False


class CheckOutForm(Shape, frozen=True, kw_only=True):
    """What may be said of a check-out."""

    download: bool = False


class Profile(Shape, frozen=True, kw_only=True):
    """Who somebody is."""

    username: str
    full_name: str
    email: str
    groups: list[str]
    authorities: list[str]


class ApiLogin(Shape, frozen=True, kw_only=True):
    """A program is in."""

    login_success: bool
    server_version: str
    auth_token: str


class Login(Shape, frozen=True, kw_only=True):
    """A browser is in; its token travels in a cookie."""

    login_success: bool
    server_version: str
    csrf_token: str
    user_profile: Profile | UnsetType = UNSET


class LoginRefused(Shape, frozen=True, kw_only=True):
    """Nobody is in. The last two members are there if it was not for what was typed."""

    login_success: bool
    login_fault_message: str
    server_version: str
    errorcode: int | UnsetType = UNSET
    message: str | UnsetType = UNSET


class Logout(Shape, frozen=True, kw_only=True):
    """The session is over."""

    logout_success: bool


class CheckedOut(Shape, frozen=True, kw_only=True):
    """The caller has the asset, since so many milliseconds after 1970."""

    checked_out: int
    checked_out_by: str
    checked_out_on_client: str | UnsetType = UNSET


class Undone(Shape, frozen=True, kw_only=True):
    """Nobody has the asset any more."""

    checked_out: bool
    asset_id: str


class CheckedIn(Shape, frozen=True, kw_only=True):
    """The asset came back, so many milliseconds after 1970."""

    checked_in: int
    checked_in_by: str


class Listed(Shape, frozen=True, kw_only=True):
    """One check-out in a list."""

    asset_id: str
    checked_out: int
    checked_out_by: str
    checked_out_on_client: str | UnsetType = UNSET
    download: bool


class CheckoutList(Shape, frozen=True, kw_only=True):
    """Check-outs, by asset."""

    checkouts: list[Listed]


class Ping(Shape, frozen=True, kw_only=True):
    """The server is there."""

    state: str
    version: str
    available: bool
    server: str


class Fault(Shape, frozen=True, kw_only=True):
    """Why not. `errorcode` is the status that says the same."""

    errorcode: int
    message: str


class Held(Fault, frozen=True, kw_only=True):
    """The asset is somebody else's for now. The client is told to its own user alone."""

    checked_out: int
    checked_out_by: str
    checked_out_on_client: str | UnsetType = UNSET


def write_api_login(signed_in: SignedIn, *, version: str) -> ApiLogin:
    return ApiLogin(login_success=True, server_version=version, auth_token=signed_in.token)


def write_login(
    signed_in: SignedIn, *, version: str, csrf_token: str, shows_profile: bool
) -> Login:
    profile = write_profile(signed_in.account, signed_in.memberships)
    return Login(
        login_success=True,
        server_version=version,
        csrf_token=csrf_token,
        user_profile=profile if shows_profile else UNSET,
    )


def write_profile(account: Account, memberships: Iterable[Membership]) -> Profile:
    # Several roles in one group are one group here.
    groups = dict.fromkeys(one.group.name for one in memberships)
    return Profile(
        username=account.name,
        full_name=f"{account.first_name} {account.last_name}".strip() or account.name,
        email=account.email or "",
        groups=list(groups),
        authorities=["ROLE_USER", *(["ROLE_ADMIN"] if account.is_admin else [])],
    )


def write_checkout(checkout: Checkout) -> CheckedOut:
    return CheckedOut(
        checked_out=milliseconds(checkout.taken_at),
        checked_out_by=checkout.name,
        checked_out_on_client=checkout.holder.client or UNSET,
    )


def write_listed(checkout: Checkout) -> Listed:
    return Listed(
        asset_id=checkout.asset_id,
        checked_out=milliseconds(checkout.taken_at),
        checked_out_by=checkout.name,
        checked_out_on_client=checkout.holder.client or UNSET,
        download=checkout.is_download,
    )


def write_check_in(account: Account, at: datetime) -> CheckedIn:
    return CheckedIn(checked_in=milliseconds(at), checked_in_by=account.name)


def write_ping(*, version: str) -> Ping:
    return Ping(state="running", version=version, available=True, server=SERVER)


def milliseconds(at: datetime) -> int:
    """Return a moment as Java and JavaScript count: milliseconds since 1970."""
    return (at - _EPOCH) // timedelta(milliseconds=1)
