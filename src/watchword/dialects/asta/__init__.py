"""The asta API: JSON in and out, success is always 200, errors are `{"detail": ...}`."""

from watchword.dialects.asta.errors import voice
from watchword.dialects.asta.options import Options
from watchword.dialects.asta.routes import PREFIXES, operations
from watchword.http.dialect import Dialect

dialect = Dialect(
    name="asta",
    title="Asta",
    prefixes=PREFIXES,
    options=Options,
    operations=operations,
    voice=voice,
    drops_slash=True,
)
