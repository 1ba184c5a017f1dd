"""Moments as people read them: date and time with the zone, in their language."""

from collections.abc import Mapping
from datetime import UTC, datetime

# Not by the locale: that is the server's, and the same for all threads.
_MONTHS: Mapping[str, tuple[str, ...]] = {
    "en": (
        *("January", "February", "March", "April", "May", "June"),
        *("July", "August", "September", "October", "November", "December"),
    ),
    "de": (
        *("Januar", "Februar", "März", "April", "Mai", "Juni"),
        *("Juli", "August", "September", "Oktober", "November", "Dezember"),
    ),
}
_FORMS: Mapping[str, str] = {
    "en": "{day}_{month}_{year}, {time}_UTC",
    "de": "{day}._{month}_{year}, {time}_Uhr_(UTC)",
}

NO_BREAK = "\u00a0"
"""The blank within a date and within a time (a _ above): no line ends there."""

LANGUAGES = tuple(_FORMS)
"""The languages that letters are written in."""


def spell(moment: datetime, language: str) -> str:
    """Return a moment to the minute; seconds are cut, so it never promises too much."""
    at = moment.astimezone(UTC)
    month = _MONTHS[language][at.month - 1]
    spelled = _FORMS[language].format(day=at.day, month=month, year=at.year, time=f"{at:%H:%M}")
    return spelled.replace("_", NO_BREAK)
