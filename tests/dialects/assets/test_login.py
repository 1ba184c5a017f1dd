"""POST /services/login: a browser gets a cookie, and the token that goes beside it."""

import base64
import re
from datetime import timedelta

import pytest

from dialects.asking import said
from dialects.assets.conftest import Open
from dialects.assets.talk import (
    ADMIN,
    ADMIN_PASSWORD,
    APILOGIN,
    LOGIN,
    LOGOUT,
    PROFILE,
    VERSION,
    WRONG,
    Assets,
    attributes_of,
    cookie_of,
    fault,
    no_log_in,
)
from dialects.household import DEMO, OPEN, PASSWORD, Choices, Household
from watchword.dialects.assets.options import Options

PAGE = {"username": ADMIN, "password": ADMIN_PASSWORD}


async def test_a_browser_gets_a_cookie_and_a_token_beside_it(assets: Assets) -> None:
    """The members are those of the page, in its order; the token of the session is in none."""
    answer = await assets.try_log_in(ADMIN, ADMIN_PASSWORD)

    body = answer.json()
    assert answer.status_code == 200
    assert list(body) == ["loginSuccess", "serverVersion", "csrfToken"]
    assert (body["loginSuccess"], body["serverVersion"]) == (True, VERSION)
    assert re.fullmatch(r"[A-Za-z0-9_-]{22}", body["csrfToken"])
    assert cookie_of(answer) not in answer.text


async def test_how_the_cookie_is_set(assets: Assets) -> None:
    """No script reads it; over plain HTTP it cannot be `Secure`; it ends with its token."""
    answer = await assets.try_log_in(ADMIN, ADMIN_PASSWORD)

    attributes = attributes_of(answer)
    del attributes["authToken"]
    assert attributes == {"path": "/", "max-age": "86400", "httponly": "True", "samesite": "Lax"}


@pytest.mark.parametrize("host_cookie", [False, True])
async def test_over_tls_the_cookie_never_leaves_it(opened: Open, *, host_cookie: bool) -> None:
    """`Secure`, and with a name that is bound to this host if the operator's clients take it."""
    options = Options(same_site="strict", host_cookie=host_cookie)
    household, _ = await opened(Choices(surroundings=OPEN, options=options))
    async with household.talking(base_url="https://assets.example.com") as http:
        set_cookie = (await http.post(LOGIN, params=PAGE)).headers["set-cookie"]

    name = "__Host-authToken" if host_cookie else "authToken"
    assert set_cookie.startswith(f"{name}=ey")
    assert set_cookie.endswith("; Path=/; Max-Age=86400; HttpOnly; SameSite=Strict; Secure")


@pytest.mark.parametrize("host_cookie", [False, True])
async def test_a_cookie_of_the_other_name_ends(opened: Open, *, host_cookie: bool) -> None:
    """It is left from before the operator chose this one, and would count instead, or too."""
    options = Options(host_cookie=host_cookie)
    household, _ = await opened(Choices(surroundings=OPEN, options=options))
    async with household.talking(base_url="https://assets.example.com") as http:
        left = "authToken" if host_cookie else "__Host-authToken"
        headers = {"Cookie": f"{left}=left-over"}
        answers = [await http.post(LOGIN, params=PAGE, headers=headers)]
        token = (await http.post(APILOGIN, params=PAGE)).json()["authToken"]
        http.headers["Authorization"] = f"Bearer {token}"
        answers.append(await http.post(LOGOUT, headers=headers))

    ended = [answer.headers.get_list("set-cookie")[1] for answer in answers]
    assert ended == [f"{left}=; Path=/; Max-Age=0; HttpOnly; Secure"] * 2


@pytest.mark.parametrize("wanted", ["true", "TRUE", "1"])
async def test_the_profile_comes_along_if_asked_for(
    household: Household, assets: Assets, wanted: str
) -> None:
    """The very one that the call for it gives."""
    ada = await household.make("ada", first_name="Ada", last_name="Lovelace")
    await household.group("Pictures", ada)

    answer = await assets.try_log_in("ada", PASSWORD, returnProfile=wanted, clientType="web")
    cookie = {"Cookie": f"authToken={cookie_of(answer)}"}
    profile = (await assets.get(PROFILE, headers=cookie)).json()

    body = answer.json()
    assert list(body) == ["loginSuccess", "serverVersion", "csrfToken", "userProfile"]
    assert body["userProfile"] == profile
    assert profile["groups"] == ["Pictures"]


@pytest.mark.parametrize("wanted", ["false", "0", ""])
async def test_the_profile_stays_out_otherwise(assets: Assets, wanted: str) -> None:
    """Nothing but yes is yes."""
    answer = await assets.try_log_in(ADMIN, ADMIN_PASSWORD, returnProfile=wanted)

    assert answer.json()["loginSuccess"] is True
    assert "userProfile" not in answer.json()


async def test_a_flag_says_yes_or_no(assets: Assets) -> None:
    """Before anybody looks at an account, so it tells nothing of one."""
    answers = [
        await assets.try_log_in(ADMIN, password, returnProfile="perhaps")
        for password in (ADMIN_PASSWORD, "wrong")
    ]

    refused = no_log_in("returnProfile must be true or false")
    assert [said(answer) for answer in answers] == [refused] * 2


@pytest.mark.parametrize(
    ("name", "password"), [(ADMIN, "wrong"), ("nobody", ADMIN_PASSWORD), ("", "")]
)
async def test_a_failed_log_in_is_a_200(assets: Assets, name: str, password: str) -> None:
    """With the same words for a wrong password and an unknown name, and no cookie."""
    answer = await assets.try_log_in(name, password, returnProfile="true")

    assert said(answer) == WRONG
    assert "set-cookie" not in answer.headers


def _cred(text: str | bytes) -> str:
    content = text.encode() if isinstance(text, str) else text
    return base64.b64encode(content).decode()


async def test_both_may_stand_in_cred(assets: Assets) -> None:
    """As base64 of `user:password`."""
    answer = await assets.send(LOGIN, {"cred": _cred(f"{ADMIN}:{ADMIN_PASSWORD}")})

    assert answer.json()["loginSuccess"] is True


@pytest.mark.parametrize("password", ["a:b:c", ":", "p\u00e4ss\u2026:\U0001f511", "x" * 1024])
async def test_the_first_colon_ends_the_name(
    household: Household, assets: Assets, password: str
) -> None:
    """A password may have as many as it likes."""
    await household.make("ada", password=password)

    answer = await assets.send(LOGIN, {"cred": _cred(f"ada:{password}")})

    assert answer.json()["loginSuccess"] is True


async def test_cred_is_utf_8_or_else_latin_1(household: Household, assets: Assets) -> None:
    """`btoa` of a browser takes one byte for each character, other libraries take UTF-8."""
    await household.make("J\u00fcrgen", password="gr\u00fc\u00dfe aus k\u00f6ln")
    text = "J\u00fcrgen:gr\u00fc\u00dfe aus k\u00f6ln"

    answers = [
        await assets.send(LOGIN, {"cred": _cred(text.encode(charset))})
        for charset in ("utf-8", "latin-1")
    ]

    assert [answer.json()["loginSuccess"] for answer in answers] == [True, True]


async def test_cred_is_taken_however_it_is_spelled(household: Household, assets: Assets) -> None:
    """A plus that became a space, the alphabet of URLs, broken lines, and no padding."""
    password = "\u00fb\u00ef\u00be\u00fb?>~~ and rather much more of it, to fill two lines"
    await household.make("ada", password=password)
    usual = _cred(f"ada:{password}")

    spellings = [
        usual.replace("+", " "),
        usual.replace("+", "-").replace("/", "_"),
        usual.rstrip("="),
        f"{usual[:60]}\n{usual[60:]}\r\n",
    ]
    answers = [await assets.send(LOGIN, {"cred": one}) for one in spellings]

    assert "+" in usual
    assert "/" in usual
    assert usual.endswith("=")
    assert [answer.json()["loginSuccess"] for answer in answers] == [True] * 4


@pytest.mark.parametrize(
    ("cred", "text"),
    [
        ("admin:Admin123", "cred is not base64"),
        ("YWRtaW46QWRtaW4xMjM===", "cred is not base64"),
        ("YWRtaW4", "cred must be username:password in base64"),
        ("Y", "cred is not base64"),
        ("\u00e4\u00f6\u00fc", "cred is not base64"),
        ("YWRt*W46QWRtaW4xMjM=", "cred is not base64"),
        ("=", "cred is not base64"),
        ("", "cred must be username:password in base64"),
        (_cred("admin"), "cred must be username:password in base64"),
        (_cred("ad\0min:x"), "cred may hold no NUL character"),
        (_cred("admin:Admin\x00123"), "cred may hold no NUL character"),
        (_cred(":"), "Invalid username or password"),
        (_cred("admin:wrong"), "Invalid username or password"),
        (_cred(b"\xff\xfe\xfd:\xff"), "Invalid username or password"),
    ],
)
async def test_a_bad_cred_is_told_what_is_wrong(assets: Assets, cred: str, text: str) -> None:
    """In the shape of a failed log-in, and nothing of it comes back."""
    answer = await assets.send(LOGIN, {"cred": cred})

    assert said(answer) == no_log_in(text)


async def test_what_is_said_plainly_counts_more(assets: Assets) -> None:
    """Beside a name or a password `cred` is not looked at."""
    right = _cred(f"{ADMIN}:{ADMIN_PASSWORD}")

    both = await assets.send(LOGIN, PAGE | {"cred": "rubbish"})
    name = await assets.send(LOGIN, {"username": ADMIN, "cred": right})
    password = await assets.send(LOGIN, {"password": ADMIN_PASSWORD, "cred": right})

    assert both.json()["loginSuccess"] is True
    assert said(name) == no_log_in("password is required")
    assert said(password) == no_log_in("username is required")


async def test_nothing_is_missing_silently(assets: Assets) -> None:
    """Who sends nothing at all is told what comes first."""
    answer = await assets.post(LOGIN)

    assert said(answer) == no_log_in("username is required")


async def test_a_page_of_another_site_logs_nobody_in(opened: Open) -> None:
    """Else it could log a person in as somebody else, and watch what they do (log-in CSRF)."""
    _, assets = await opened(Choices(surroundings=OPEN))
    site = {"Sec-Fetch-Site": "cross-site"}

    answer = await assets.send(LOGIN, PAGE, headers=site)

    assert said(answer) == fault(403, "A page of another site cannot do this.")
    assert "set-cookie" not in answer.headers


@pytest.mark.parametrize("site", ["same-origin", "same-site", "none"])
async def test_a_page_of_ours_logs_in(opened: Open, site: str) -> None:
    """So does one of a host beside ours, and who types into the address line."""
    _, assets = await opened(Choices(surroundings=DEMO))

    answer = await assets.send(LOGIN, PAGE, headers={"Sec-Fetch-Site": site})

    assert answer.json()["loginSuccess"] is True


async def test_after_five_failures_one_waits(household: Household, assets: Assets) -> None:
    """The limits are those of every log-in: failures here count for the other one."""
    for _ in range(5):
        await assets.try_log_in(ADMIN, "wrong")

    here = await assets.try_log_in(ADMIN, ADMIN_PASSWORD)
    there = await assets.try_api_log_in(ADMIN, ADMIN_PASSWORD)
    household.clock.advance(timedelta(seconds=1))
    later = await assets.try_log_in(ADMIN, ADMIN_PASSWORD)

    assert here.json()["errorcode"] == there.json()["errorcode"] == 429
    assert later.json()["loginSuccess"] is True
