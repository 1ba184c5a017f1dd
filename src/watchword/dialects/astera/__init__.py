"""The astera API: accounts at /api/account and jobs at /api/Job, in any letter case."""

from watchword.dialects.astera.errors import voice
from watchword.dialects.astera.options import Options
from watchword.dialects.astera.routes import PREFIXES, operations
from watchword.http.dialect import Dialect

dialect = Dialect(
    name="astera",
    title="Astera",
    prefixes=PREFIXES,
    options=Options,
    operations=operations,
    voice=voice,
    drops_slash=True,
    folds_path_case=True,
)
