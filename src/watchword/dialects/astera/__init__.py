"""The astera API: an account's whole life, by mail, at /api/account in any letter case."""

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
