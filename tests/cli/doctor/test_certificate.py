"""What the doctor says of the certificate."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

from watchword.app.checkup import Certificate
from watchword.cli.doctor.certificate import judge_certificate, look_at_certificate
from watchword.cli.doctor.findings import Finding, Grade
from watchword.core.kernel.clock import SystemClock
from watchword.http.tls import self_signed
from watchword.settings.load import load

NOW = datetime(2030, 1, 1, tzinfo=UTC)
DAY = timedelta(days=1)


def grade(days: int, *, renews_itself: bool = False) -> Grade:
    found = Certificate(Path("cert.pem"), NOW + days * DAY)
    return judge_certificate(found, NOW, renews_itself=renews_itself).grade


def test_two_weeks_before_the_end_there_is_a_warning() -> None:
    """In time to renew it; ours is made anew by a restart."""
    assert [grade(days) for days in (30, 13)] == [Grade.OK, Grade.WARN]
    assert [grade(days, renews_itself=True) for days in (30, 13)] == [Grade.OK, Grade.WARN]


def test_a_certificate_that_stops_the_server_fails() -> None:
    """With the reason that the server would give."""
    finding = judge_certificate(
        Certificate(Path("cert.pem"), problem="It ended."), NOW, renews_itself=False
    )

    assert (finding.grade, finding.found) == (Grade.FAIL, "It ended.")


def test_a_real_pair_is_read(tmp_path: Path) -> None:
    """Given files are looked at as the server does: pair, times, readability."""
    pair = self_signed(tmp_path / "one", SystemClock())
    other = self_signed(tmp_path / "two", SystemClock())

    [good] = look(tls_cert=str(pair.certificate), tls_key=str(pair.key))
    [mixed] = look(tls_cert=str(pair.certificate), tls_key=str(other.key))
    [missing] = look(tls_cert=str(tmp_path / "none.pem"), tls_key=str(pair.key))

    assert good.grade is Grade.OK
    assert "is good until" in good.found
    assert (mixed.grade, missing.grade) == (Grade.FAIL, Grade.FAIL)
    assert "is not the key of the certificate" in mixed.found


def test_one_of_our_own_is_not_made_by_looking(tmp_path: Path) -> None:
    """The first start makes it; without TLS there is nothing to say."""
    [own] = look(data=tmp_path, tls="self-signed")

    assert own.grade is Grade.OK
    assert list(tmp_path.iterdir()) == []
    assert look(tls="off") == []


def look(*, data: Path = Path("nowhere"), **server: str) -> list[Finding]:
    settings = load(environ={}, overrides={"data": str(data), "server": server})
    return look_at_certificate(settings, datetime.now(UTC))
