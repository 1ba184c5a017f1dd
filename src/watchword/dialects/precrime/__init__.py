"""The precrime API: log-ins that are renewed, and API keys that it calls auth headers."""

from watchword.dialects.precrime.errors import voice
from watchword.dialects.precrime.options import Options
from watchword.dialects.precrime.routes import PREFIXES, operations
from watchword.http.dialect import Dialect

dialect = Dialect(
    name="precrime",
    title="Precrime",
    prefixes=PREFIXES,
    options=Options,
    operations=operations,
    voice=voice,
)
