"""GET /services/checkouts: who has which asset, for whoever may know."""

import pytest

from dialects.asking import said
from dialects.assets.conftest import Open
from dialects.assets.talk import ADMIN, CHECKOUTS, NEW_YEAR_MS, Assets, fault
from dialects.household import PASSWORD, Choices, Household
from watchword.core.apikeys.model import Scope


async def test_a_list_shows_ones_own(household: Household, assets: Assets) -> None:
    """By asset, whatever client they were taken for."""
    await household.make("ada")
    await assets.check_out(await assets.log_in(), "others")
    ada = await assets.log_in("ada", PASSWORD)
    await assets.check_out(await assets.log_in("ada", PASSWORD, "desk-1"), "b")
    await assets.check_out(ada, "a")

    answer = await assets.get(CHECKOUTS, token=ada)

    one = {"checkedOut": NEW_YEAR_MS, "checkedOutBy": "ada", "download": False}
    assert said(answer) == (
        200,
        {
            "checkouts": [
                {"assetId": "a", **one},
                {"assetId": "b", **one, "checkedOutOnClient": "desk-1"},
            ]
        },
    )
    assert "link" not in answer.headers


async def test_an_admin_may_see_all(household: Household, assets: Assets) -> None:
    """If they ask for it; nobody else may ask."""
    admin, ada = await household.services.accounts.find(ADMIN), await household.make("ada")
    assert admin is not None
    token = await assets.log_in("ada", PASSWORD)
    await assets.check_out(token)
    key = {"X-Authorization": await household.key(admin)}
    wide = {"X-Authorization": await household.key(admin, scopes=frozenset(Scope))}

    own = await assets.get(CHECKOUTS, token=await assets.log_in())
    every = await assets.get(f"{CHECKOUTS}?all=true", token=await assets.log_in())
    by_key = await assets.get(f"{CHECKOUTS}?all=1", headers=wide)
    refused = [
        await assets.get(f"{CHECKOUTS}?all=true", token=token),
        await assets.get(f"{CHECKOUTS}?all=true", headers=key),
    ]

    assert own.json() == {"checkouts": []}
    assert [one["checkedOutBy"] for one in every.json()["checkouts"]] == [ada.name]
    assert by_key.json() == every.json()
    assert [said(one) for one in refused] == [fault(403, "Only an administrator may do this")] * 2


@pytest.mark.parametrize(
    ("query", "text"),
    [
        ("all=perhaps", "all must be true or false"),
        ("all=", "all must be true or false"),
        ("after=rubbish", "That value is not allowed"),
        ("after=", "That value is not allowed"),
        ("after=%00", "A parameter has a NUL in it."),
    ],
)
async def test_a_list_is_asked_for_properly(
    assets: Assets, token: str, query: str, text: str
) -> None:
    """What is wrong is told."""
    answer = await assets.get(f"{CHECKOUTS}?{query}", token=token)

    assert said(answer) == fault(400, text)


@pytest.fixture
async def crowded(opened: Open) -> Assets:
    """A server on which the admin has 1,001 assets."""
    household, assets = await opened(Choices())
    caller = await household.services.authenticate.token(await assets.log_in())
    assert caller is not None
    for number in range(1001):
        await household.services.checkouts.take(caller, f"asset{number:04}")
    return assets


@pytest.mark.parametrize("query", ["", "?all=true"])
async def test_a_long_list_comes_in_pages(crowded: Assets, query: str) -> None:
    """A thousand, and a link to the rest that needs nothing else."""
    token = await crowded.log_in()

    first = await crowded.get(f"{CHECKOUTS}{query}", token=token)
    link = first.headers["link"]
    rest = await crowded.get(link[1 : link.index(">")], token=token)

    assert link.startswith(f"<{CHECKOUTS}?")
    assert link.endswith('>; rel="next"')
    assert ("all=true" in link) == bool(query)
    assert len(first.json()["checkouts"]) == 1000
    assert [one["assetId"] for one in rest.json()["checkouts"]] == ["asset1000"]
    assert "link" not in rest.headers
