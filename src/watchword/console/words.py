"""Everything that must be said in each language, so that none can lack a sentence."""

from collections.abc import Mapping
from dataclasses import dataclass

from watchword.core.policy.refusals import Refusal
from watchword.core.tickets.model import Purpose
from watchword.http.pages import Message


@dataclass(frozen=True, slots=True, kw_only=True)
class Deed:
    """What the page of one purpose says: before the button is pressed, and afterwards.

    `then` may hold {name} and {address}. `address` is what the ticket's address is called
    here. `instead` is what to do with a link that does not work.
    """

    title: str
    text: tuple[str, ...]
    address: str
    button: str
    failed: str
    done: str
    then: tuple[str, ...]
    instead: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Labels:
    """What stands above the fields, and what must be in them. {number} is a least length."""

    account: str
    username: str
    first_name: str
    last_name: str
    password: str
    again: str
    optional: str
    password_hint: str
    username_missing: str
    password_missing: str
    again_differs: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """One language.

    `refusals` may hold {number} and {wait}. `statuses` are pages about requests that reach
    no page of a purpose; `trouble` is for those that have no words of their own.
    """

    deeds: Mapping[Purpose, Deed]
    labels: Labels
    link_bad: str
    link_why: str
    refusals: Mapping[Refusal, str]
    refused: str
    minute: str
    minutes: str
    unreadable: Message
    statuses: Mapping[int, Message]
    trouble: Message

    def say(self, reason: Refusal, *, number: int, retry_after: int) -> str:
        """Return the sentence for a refusal."""
        minutes = -(-retry_after // 60)
        wait = self.minute if minutes <= 1 else self.minutes.format(number=minutes)
        return self.refusals.get(reason, self.refused).format(number=number, wait=wait)
