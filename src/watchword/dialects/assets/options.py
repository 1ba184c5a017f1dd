"""What an operator may choose about this dialect: the table `[dialects.assets]`."""

from datetime import timedelta
from typing import Annotated, Literal

import msgspec

from watchword.http.cookies import SameSite

LEAST_VERSION = (6, 107)
"""Clients that find an earlier one take other ways, which are not ours."""


class Options(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How long and how many sessions live, how cookies are set, and how we say no.

    `api_sessions_max` counts the sessions that one account opened here, 0 is no limit of
    this dialect. `same_site` is that of the cookie that `/services/login` sets, and
    `host_cookie` gives all cookies over TLS a name that is bound to this host.
    """

    token_hours: Annotated[int, msgspec.Meta(ge=1, le=8760)] = 24
    api_sessions_max: Annotated[int, msgspec.Meta(ge=0, le=100_000)] = 50
    apilogin_cookie: bool = True
    same_site: Literal["lax", "strict"] = "lax"
    host_cookie: bool = False
    errors_as_status: bool = False
    server_version: Annotated[str, msgspec.Meta(pattern=r"^[0-9]{1,6}(\.[0-9]{1,6}){1,3}\Z")] = (
        "6.107.0.0"
    )

    def __post_init__(self) -> None:
        if tuple(map(int, self.server_version.split("."))) < LEAST_VERSION:
            raise ValueError("server_version must be 6.107 or later")

    @property
    def lifetime(self) -> timedelta:
        return timedelta(hours=self.token_hours)

    @property
    def login_same_site(self) -> SameSite:
        return SameSite.LAX if self.same_site == "lax" else SameSite.STRICT

    @property
    def sessions_max(self) -> int | None:
        return self.api_sessions_max or None
