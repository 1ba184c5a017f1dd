"""What the doctor says of API keys under master keys of before."""

from datetime import UTC, datetime

from watchword.app.checkup import Hanging
from watchword.cli.doctor.findings import Grade
from watchword.cli.doctor.keys import judge_hanging
from watchword.core.apikeys.model import ApiKey
from watchword.core.kernel.ids import AccountId, ApiKeyId


def keys(count: int) -> tuple[ApiKey, ...]:
    return tuple(
        ApiKey(
            id=ApiKeyId(f"{number:08}-and-more"),
            account_id=AccountId("1"),
            name="cron",
            digest="",
            hint="",
            created_at=datetime(2026, 11, 22, tzinfo=UTC),
        )
        for number in range(count)
    )


def test_what_is_lost_comes_first() -> None:
    """Some keys are dead already: that fails, whatever else hangs."""
    finding = judge_hanging(Hanging(has_retired=True, retired=keys(2), lost=keys(1)))

    assert finding.grade is Grade.FAIL
    assert "1 API key(s) (00000000)" in finding.found


def test_few_ids_stand_for_many() -> None:
    """Enough to begin with; the line stays short."""
    finding = judge_hanging(Hanging(has_retired=True, retired=keys(7)))

    assert finding.grade is Grade.WARN
    assert finding.found.endswith(
        "7 API key(s) (00000000, 00000001, 00000002, 00000003, 00000004, ...)"
    )
