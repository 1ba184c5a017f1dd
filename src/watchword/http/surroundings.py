"""What the http room is told about the world: plain values, and things it may call."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field

from watchword.core.kernel.caller import Network
from watchword.observability.metrics import Metrics

Check = Callable[[], Awaitable[None]]
"""Returns if a part works, raises what it likes if not."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """Filled by the composition root.

    `allowed_origins` may hold "*", which lets any page read answers but trusts none with a
    cookie. `checks` are the parts that this process cannot work without. `metrics` counts
    requests; they are shown here only with `shows_metrics`, since they may have a port of
    their own. `body_bytes_max` holds where an operation says nothing else.
    """

    version: str
    worker: int = 0
    is_demo: bool = False
    public_url: str | None = None
    allowed_origins: tuple[str, ...] = ()
    trusted_proxies: tuple[Network, ...] = ()
    body_bytes_max: int = 64 * 1024
    checks: Mapping[str, Check] = field(default_factory=dict)
    metrics: Metrics | None = None
    shows_metrics: bool = True
    shows_docs: bool = True
