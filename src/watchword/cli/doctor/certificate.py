"""The certificate: whether the server would start with it, and for how long."""

from datetime import datetime, timedelta

from watchword.app.checkup import Certificate, certificate
from watchword.cli.doctor.findings import Finding, fail, ok, warn
from watchword.settings.model import Settings

SOON = timedelta(days=14)


def look_at_certificate(settings: Settings, now: datetime) -> list[Finding]:
    """Look at the certificate that the settings name, if they name one."""
    if settings.server.tls == "off":
        return []
    renews_itself = settings.server.tls == "self-signed"
    found = certificate(settings)
    if found is None:
        return [ok("certificate", "There is none yet; the first start makes and signs one")]
    return [judge_certificate(found, now, renews_itself=renews_itself)]


def judge_certificate(found: Certificate, now: datetime, *, renews_itself: bool) -> Finding:
    if renews_itself and (found.ends_at is None or found.ends_at - now < SOON):
        advice = "Restart the server: it makes a new one."
        return warn("certificate", found.problem or f"{found.path} ends soon", advice)
    if found.ends_at is None:
        return fail("certificate", found.problem, "Until then the server does not start.")
    text = f"{found.path} is good until {found.ends_at:%Y-%m-%d %H:%M} UTC"
    if found.ends_at - now < SOON:
        return warn("certificate", text, "Renew it, then restart the server.")
    return ok("certificate", text)
