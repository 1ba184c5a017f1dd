"""How the server is reached: its public address, and whether passwords travel in the clear."""

from ipaddress import ip_address

from watchword.cli.doctor.findings import Finding, ok, warn
from watchword.settings.model import Settings


def look_at_address(settings: Settings) -> list[Finding]:
    """Look at where the server would listen, and what it would call itself."""
    return [_public_url(settings), _listening(settings)]


def _public_url(settings: Settings) -> Finding:
    if settings.public_url:
        return ok("public_url", f"Links in letters begin with {settings.public_url}")
    text = "public_url is not set, so letters have codes alone, each good for ten minutes"
    advice = "Set it to where people reach this server: then letters have links as well."
    return warn("public_url", text, advice)


def _listening(settings: Settings) -> Finding:
    server = settings.server
    place = f"{server.host} port {server.port}"
    if server.tls != "off":
        return ok("listening", f"{place}, with TLS")
    if is_loopback(server.host):
        return ok("listening", f"{place}, without TLS, this machine only")
    advice = "Use --tls-cert and --tls-key, --tls self-signed, or a proxy in front that does TLS."
    return warn("listening", f"{place}, without TLS: passwords travel in the clear", advice)


def is_loopback(host: str) -> bool:
    """Say whether only this machine reaches an address."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
