"""The master key: whether it opens what it should, and what still hangs on those of before."""

from collections.abc import Sequence
from datetime import datetime

from watchword.app.checkup import (
    Hanging,
    hanging,
    has_master_key,
    key_problem,
    master_key_place,
)
from watchword.cli.doctor.findings import Finding, fail, ok, warn
from watchword.cli.lookups import every
from watchword.core.apikeys.model import ApiKey
from watchword.core.kernel.page import PAGE_MAX, Page
from watchword.core.ports import Storage
from watchword.settings.model import Settings

IDS_SHOWN_MAX = 5
ID_LENGTH_SHOWN = 8


async def look_at_keys(settings: Settings, storage: Storage, now: datetime) -> list[Finding]:
    """Look at the master keys, and at all that is kept under them."""
    async with storage.open_work() as work:
        signing = await work.signing_keys.all()
    api_keys = await _living(storage, now)
    place = master_key_place(settings)
    if not has_master_key(settings):
        if not signing and not api_keys:
            return [ok("master_key", f"There is none yet; the first start makes {place}")]
        advice = (
            "Put the right key back there. Without it nobody can use an API key or open the"
            " signing key: `watchword signing-key rotate` then makes another one, and everybody"
            " logs in again."
        )
        return [fail("master_key", f"{place} is gone, and keys are kept under it", advice)]
    if problem := key_problem(settings, signing):
        advice = "Put the right master key back, readable by you alone."
        return [fail("master_key", problem, advice)]
    return [
        ok("master_key", f"{place} opens what is sealed under it"),
        judge_hanging(hanging(settings, signing, api_keys)),
    ]


def judge_hanging(found: Hanging) -> Finding:
    """Say what still hangs on a master key that is retired, or on one that is not here."""
    if found.lost:
        text = f"Nobody can use {_told(found.lost)}: kept under a master key that is not here"
        advice = "Put that one back as a retired key, or end them: watchword apikey revoke ID"
        return fail("retired_master_keys", text, advice)
    if not found.signing and not found.retired:
        text = "and it can be taken away" if found.has_retired else "and there is none"
        return ok("retired_master_keys", f"Nothing hangs on a retired master key, {text}")
    parts = ["the signing key"] if found.signing else []
    parts += [_told(found.retired)] if found.retired else []
    advice = (
        "Keep the retired key until nothing does. An API key moves to the current one when it is"
        " used, or run: watchword apikey rotate ID. The signing key: watchword signing-key rotate"
    )
    return warn(
        "retired_master_keys", f"On a retired master key hang {' and '.join(parts)}", advice
    )


def _told(keys: Sequence[ApiKey]) -> str:
    ids = ", ".join(one.id[:ID_LENGTH_SHOWN] for one in keys[:IDS_SHOWN_MAX])
    more = ", ..." if len(keys) > IDS_SHOWN_MAX else ""
    return f"{len(keys)} API key(s) ({ids}{more})"


async def _living(storage: Storage, now: datetime) -> list[ApiKey]:
    """Return the API keys that have not expired."""

    async def page(after: str | None) -> Page[ApiKey]:
        async with storage.open_work() as work:
            return await work.api_keys.page(after=after, limit=PAGE_MAX)

    return [key async for key in every(page) if key.works(now)]
