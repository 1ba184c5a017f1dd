"""Who may call a demo: nobody but people at this machine (safety.md, Demo)."""

from functools import lru_cache
from ipaddress import ip_address

from watchword.http.arrival import Arrival

DEMO_ONLY_LOCAL = "This is a demo: it answers only to the machine that it runs on."


def refuses_demo(arrival: Arrival) -> bool:
    """Say whether a request came from elsewhere, through something, or from another site's page.

    The Host is judged because a page elsewhere can make its own name lead to loopback.
    """
    fields = arrival.fields
    if not arrival.client.is_local or "cross-site" in fields.distinct(b"sec-fetch-site"):
        return True
    hosts = fields.distinct(b"host")
    return len(hosts) != 1 or not _is_loopback(hosts.pop())


@lru_cache(maxsize=256)
def _is_loopback(host: str) -> bool:
    if host.startswith("["):
        name, bracket, rest = host[1:].partition("]")
        if not bracket or rest[:1] not in {"", ":"}:
            return False
    else:
        name = host.partition(":")[0].lower().removesuffix(".")
    if name == "localhost":
        return True
    try:
        parsed = ip_address(name)
    except ValueError:
        return False
    return (getattr(parsed, "ipv4_mapped", None) or parsed).is_loopback
