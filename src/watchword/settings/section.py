"""What every table of the settings is, and the kinds of numbers and texts in them."""

from typing import Annotated

import msgspec
from msgspec import Meta

Port = Annotated[int, Meta(ge=0, le=65_535)]
Count = Annotated[int, Meta(ge=1, le=10_000_000)]
CountOrAutomatic = Annotated[int, Meta(ge=0, le=100_000)]
Seconds = Annotated[float, Meta(gt=0, le=31_536_000)]
Days = Annotated[int, Meta(ge=1, le=3650)]
DaysOrNever = Annotated[int, Meta(ge=0, le=3650)]
Text = Annotated[str, Meta(min_length=1)]


class Section(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A table of the file. docs/operate/settings.md says what each key means."""
