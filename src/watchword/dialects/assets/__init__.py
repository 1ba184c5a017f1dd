"""The assets API: log-ins of programs and of browsers, and check-outs of assets."""

from watchword.dialects.assets.errors import voice
from watchword.dialects.assets.options import Options
from watchword.dialects.assets.routes import PREFIXES, operations
from watchword.http.dialect import Dialect

dialect = Dialect(
    name="assets",
    title="Assets",
    prefixes=PREFIXES,
    options=Options,
    operations=operations,
    voice=voice,
    drops_path_parameters=True,
)
