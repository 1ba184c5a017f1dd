"""The words of the reader's language."""

from watchword.console.english import ENGLISH
from watchword.console.german import GERMAN
from watchword.console.words import Words
from watchword.http.call import Call
from watchword.http.pages import page_language

WORDS = {"en": ENGLISH, "de": GERMAN}
"""By language; the first is for everybody else."""


def words_for(call: Call) -> tuple[str, Words]:
    """Return the language of a page and what is said in it."""
    language = page_language(call)
    return language, WORDS[language]
