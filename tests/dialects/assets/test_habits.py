"""What the clients in the field do, each as one of them does it, byte for byte where it matters."""

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

import httpx
import pytest

from dialects.asking import said
from dialects.assets.talk import (
    ADMIN,
    ADMIN_PASSWORD,
    APILOGIN,
    ASSET,
    CHECKIN,
    CHECKOUT,
    CHECKOUTS,
    LOGIN,
    LOGOUT,
    NOT_LOGGED_IN,
    PING,
    PROFILE,
    UNDO,
    VERSION,
    Assets,
)
from dialects.household import PASSWORD, Household

WHO = urlencode({"username": ADMIN, "password": ADMIN_PASSWORD})


@pytest.mark.parametrize("path", [APILOGIN, LOGIN])
@pytest.mark.parametrize(
    "sent", ["Bearer {{authToken}}", "Bearer something_random", "Bearer ", "Bearer undefined"]
)
async def test_a_placeholder_on_the_log_in(assets: Assets, path: str, sent: str) -> None:
    """Collections of requests and young clients send a header before they have a token."""
    answer = await assets.post(f"{path}?{WHO}", headers={"Authorization": sent})

    assert answer.json()["loginSuccess"] is True


async def test_a_placeholder_elsewhere_is_no_token(assets: Assets) -> None:
    """The client logs in then, as after any errorcode 401."""
    answer = await assets.get(PROFILE, headers={"Authorization": "Bearer {{authToken}}"})

    assert said(answer) == NOT_LOGGED_IN


@pytest.mark.parametrize("second", ["same", "other", "dead", "rubbish", ""])
async def test_two_cookies_beside_a_good_header(
    household: Household, assets: Assets, second: str
) -> None:
    """A jar and a hand-made header together send two; the header Authorization counts."""
    await household.make("ada")
    token, dead = await assets.log_in("ada", PASSWORD), await assets.log_in()
    await assets.post(LOGOUT, token=dead)
    known = {"same": token, "other": await assets.log_in(), "dead": dead}
    cookie = f"authToken={token}; authToken={known.get(second, second)}"

    answers = [
        await assets.post(path, token=token, headers={"Cookie": cookie})
        for path in (PROFILE, CHECKOUT)
    ]

    assert answers[0].json()["username"] == "ada"
    assert answers[1].json()["checkedOutBy"] == "ada"


async def test_two_cookies_alone(assets: Assets) -> None:
    """Two that are equal are one; of two that disagree none counts: we do not guess."""
    token, other = await assets.log_in(), await assets.log_in()

    equal = await assets.get(PROFILE, headers={"Cookie": f"authToken={token}; authToken={token}"})
    unlike = await assets.get(PROFILE, headers={"Cookie": f"authToken={token}; authToken={other}"})

    assert equal.json()["username"] == ADMIN
    assert said(unlike) == NOT_LOGGED_IN


@pytest.mark.parametrize("spelling", ["Bearer{}", "bearer {}", "BEARER {}", "{}", "Bearer  {}"])
async def test_how_a_token_is_spelled(assets: Assets, token: str, spelling: str) -> None:
    """Without the space, in any letter case, or alone."""
    answer = await assets.get(PROFILE, headers={"Authorization": spelling.format(token)})

    assert answer.json()["username"] == ADMIN


@pytest.mark.parametrize("session", [";jsessionid=1A2B3C", ";jsessionid=", ";a=b;jsessionid=x.y"])
async def test_a_session_id_in_each_path(assets: Assets, session: str) -> None:
    """Clients that know no cookies carry it there; it opens nothing, and does no harm."""
    token = (await assets.post(f"{APILOGIN}{session}?{WHO}")).json()["authToken"]
    login = await assets.post(f"{LOGIN}{session}?{WHO}")

    answers = [
        await assets.get(f"{PING}{session}"),
        *[await assets.ask(way, f"{PROFILE}{session}", token=token) for way in ("GET", "POST")],
        await assets.post(f"{CHECKOUT}{session}", token=token),
        await assets.get(f"{CHECKOUTS}{session}?all=true", token=token),
        await assets.post(f"{UNDO}{session}", token=token),
        await assets.post(f"{CHECKOUT}{session}?download=false", token=token),
        await assets.post(f"{CHECKIN}{session}", token=token),
        await assets.post(f"{LOGOUT}{session}", token=token),
    ]
    stranger = await assets.get(f"{PROFILE}{session}")

    assert login.json()["loginSuccess"] is True
    assert not any("errorcode" in answer.json() for answer in answers)
    assert answers[3].json()["checkedOutBy"] == ADMIN
    assert answers[4].json()["checkouts"][0]["assetId"] == ASSET
    assert said(stranger) == NOT_LOGGED_IN


async def test_an_empty_multipart_body(assets: Assets) -> None:
    """A client without parameters announces parts and sends none: Content-Length is 0."""
    headers = {"Content-Type": "multipart/form-data; boundary=----x", "Content-Length": "0"}

    login = await assets.post(f"{APILOGIN}?{WHO}", headers=headers)
    headers |= {"Authorization": f"Bearer {login.json()['authToken']}"}
    taken = await assets.post(CHECKOUT, headers=headers)
    undone = await assets.post(UNDO, headers=headers)
    out = await assets.post(LOGOUT, headers=headers)

    assert login.request.headers["content-length"] == "0"
    assert taken.json()["checkedOutBy"] == ADMIN
    assert undone.json() == {"checkedOut": False, "assetId": ASSET}
    assert out.json() == {"logoutSuccess": True}


async def test_parts_with_a_get(assets: Assets, token: str) -> None:
    """One client sends every call in parts, a GET too; without any there is only their end."""
    headers = {"Content-Type": "multipart/form-data; boundary=x"}

    answers = [
        await assets.get(path, token=token, content=b"--x--\r\n", headers=headers)
        for path in (PROFILE, CHECKOUTS)
    ]

    assert not any("errorcode" in answer.json() for answer in answers)


async def test_a_version_is_compared(assets: Assets) -> None:
    """As dotted numbers; from 6.107 on clients take the ways that are ours."""
    login = (await assets.post(f"{APILOGIN}?{WHO}")).json()
    failed = (await assets.try_log_in(ADMIN, "wrong")).json()
    ping = (await assets.get(PING)).json()

    versions = {login["serverVersion"], failed["serverVersion"], ping["version"]}
    assert versions == {VERSION}
    assert tuple(map(int, VERSION.split("."))) >= (6, 107)


async def test_every_error_is_one_that_clients_can_read(
    household: Household, assets: Assets
) -> None:
    """JSON that says what it is, with a number and a text; some clients need both."""
    await household.make("ada")
    await assets.check_out(await assets.log_in())
    ada, browser = await assets.log_in("ada", PASSWORD), await assets.browse("ada", PASSWORD)

    errors = [
        await assets.get(PROFILE),
        await assets.get(LOGIN),
        await assets.get("/services/none"),
        await assets.post(LOGOUT, headers=browser.reading),
        await assets.post(CHECKOUT, token=ada),
        await assets.post(UNDO, token=ada),
        await assets.post("/services/checkin/other", token=ada),
        await assets.post("/services/checkout/no.asset", token=ada),
        await assets.get(f"{CHECKOUTS}?all=true", token=ada),
        await assets.get(f"{CHECKOUTS}?after=x", token=ada),
    ]

    codes = [error.json()["errorcode"] for error in errors]
    assert codes == [401, 405, 404, 403, 409, 409, 404, 400, 403, 400]
    assert {error.status_code for error in errors} == {200}
    assert all(isinstance(error.json()["message"], str) for error in errors)
    assert all(error.headers["content-type"].startswith("application/json") for error in errors)


@dataclass
class Retrying:
    """Logs in when it is told to, and asks once more: so do most clients.

    It keeps cookies in a jar and sends the token in the header as well.
    """

    http: httpx.AsyncClient
    token: str = "something_random"
    log_ins: int = 0

    async def post(self, path: str) -> Any:  # noqa: ANN401 - what JSON holds
        body = await self._post(path)
        if body.get("errorcode") != 401:
            return body
        login = await self._post(APILOGIN, username=ADMIN, password=ADMIN_PASSWORD)
        assert login["loginSuccess"], login["loginFaultMessage"]
        self.token = login["authToken"]
        self.log_ins += 1
        return await self._post(path)

    async def _post(self, path: str, **fields: str) -> Any:  # noqa: ANN401 - what JSON holds
        files = {name: (None, text) for name, text in fields.items()}
        headers = {"Authorization": f"Bearer {self.token}"}
        answer = await self.http.post(path, files=files or None, headers=headers)
        assert answer.status_code == 200
        return answer.json()


async def test_a_client_that_comes_again_after_a_401(household: Household) -> None:
    """It starts with a made-up token, and its session ends between two calls."""
    async with household.talking() as http:
        client = Retrying(http)
        first = await client.post(CHECKOUT)
        await client.post(LOGOUT)
        second = await client.post(UNDO)
        third = await client.post(PROFILE)

    assert first["checkedOutBy"] == ADMIN
    assert second == {"checkedOut": False, "assetId": ASSET}
    assert third["username"] == ADMIN
    assert client.log_ins == 2


async def test_a_page_with_a_jar(household: Household) -> None:
    """An older client logs in by the query, keeps the cookie, and sends the CSRF token with all."""
    async with household.talking() as http:
        login = (await http.post(f"{LOGIN}?{WHO}")).json()
        http.headers["X-CSRF-TOKEN"] = login["csrfToken"]
        again = (await http.post(f"{LOGIN}?{WHO}")).json()
        http.headers["X-CSRF-TOKEN"] = again["csrfToken"]
        taken = (await http.post(CHECKOUT)).json()
        listed = (await http.get(CHECKOUTS)).json()["checkouts"]
        out = (await http.post(LOGOUT)).json()
        cookies = dict(http.cookies)
        after = (await http.get(PROFILE)).json()

    assert taken["checkedOutBy"] == ADMIN
    assert [one["assetId"] for one in listed] == [ASSET]
    assert out == {"logoutSuccess": True}
    assert cookies == {}
    assert after["errorcode"] == 401
