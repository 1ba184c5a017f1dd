"""The book of flows: ours first, then those of others, each looked at when it is needed."""

import json
from collections.abc import Iterable

import pytest

from jobs.toyflows import NAME, Toy
from parts.loglines import LogLines
from watchword.core.jobs.model import Lane, Needs
from watchword.core.kernel.errors import InvalidError
from watchword.jobs.book import AnyFlow, Book, entered_flows, entered_names
from watchword.jobs.flow import Flow

THEIRS = "acme.count"


def toy(name: str = NAME, summary: str = "Counts.") -> AnyFlow:
    flow = Toy().flow(name)
    return Flow(name=name, summary=summary, parameters=flow.parameters, run=flow.run)


def never() -> Iterable[AnyFlow]:
    raise AssertionError("the code of others was loaded")


@pytest.fixture
def book() -> Book:
    return Book(lambda: [toy()], lambda: [toy(THEIRS)])


def test_all_are_listed_by_name(book: Book) -> None:
    """Whoever brings them."""
    assert [card.name for card in book.cards()] == [THEIRS, NAME]
    assert [flow.name for flow in book.flows()] == [THEIRS, NAME]


def test_a_card_says_what_a_caller_must_know(book: Book) -> None:
    """Who may start it, and what it can be told."""
    card = book.find(NAME)

    assert card is not None
    assert (card.lane, card.needs, card.runs_alone) == (Lane.HEAVY, Needs.RUNNER, False)
    schema = json.loads(card.schema)
    [struct] = schema["$defs"].values()
    assert struct["properties"]["to"] == {"type": "integer", "default": 3}
    assert struct["additionalProperties"] is False


def test_there_is_no_other(book: Book) -> None:
    """A name that nobody has finds nothing."""
    assert book.find("acme.sleep") is None
    assert book.flow("acme.sleep") is None


def test_ours_need_no_code_of_others() -> None:
    """A server that starts looks only at them."""
    book = Book(lambda: [toy()], never)

    assert [flow.name for flow in book.ours()] == [NAME]
    assert book.flow(NAME) is not None
    assert book.read(NAME, {}).parameters == '{"to":3}'


def test_a_name_of_ours_is_not_given_away(log_lines: LogLines) -> None:
    """Nor that of whoever came first; the log says who is left out."""
    book = Book(
        lambda: [toy(NAME, "ours")],
        lambda: [toy(NAME, "theirs"), toy(THEIRS, "first"), toy(THEIRS, "second")],
    )

    assert [card.summary for card in book.cards()] == ["first", "ours"]
    told = log_lines.of("flow left out: its name is taken")
    assert [line["flow"] for line in told] == [NAME, THEIRS]


def test_parameters_are_read_in_one_order(book: Book) -> None:
    """What is left out is filled in, so that the same wish is the same text."""
    assert book.read(NAME, {}).parameters == book.read(NAME, {"to": 3}).parameters == '{"to":3}'


@pytest.mark.parametrize(
    ("told", "sentence"),
    [
        ({"to": "5"}, "Expected `int`, got `str` - at `to`."),
        ({"to": True}, "Expected `int`, got `bool` - at `to`."),
        ({"of": 5}, "Object contains unknown field `of`."),
        ({"to": None}, "Expected `int`, got `null` - at `to`."),
    ],
)
def test_what_a_flow_does_not_take_is_told(
    book: Book, told: dict[str, object], sentence: str
) -> None:
    """By the member's name, as the caller wrote it."""
    with pytest.raises(InvalidError) as caught:
        book.read(NAME, told)

    assert str(caught.value) == sentence


def test_who_may_ask_can_depend_on_what_is_asked() -> None:
    """Some parameters need more than others."""
    plain = Toy().flow()
    asked = Flow(
        name=NAME,
        summary="Counts.",
        parameters=plain.parameters,
        run=plain.run,
        needs_for=lambda told: Needs.OPERATOR if told.to > 5 else Needs.RUNNER,
    )
    book = Book(lambda: [asked], list)

    assert book.read(NAME, {"to": 5}).needs is Needs.RUNNER
    assert book.read(NAME, {"to": 6}).needs is Needs.OPERATOR


def test_the_names_of_others_are_those_of_their_flows() -> None:
    """As far as any are installed here."""
    assert {flow.name for flow in entered_flows()} <= entered_names()
