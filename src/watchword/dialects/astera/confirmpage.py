"""What the page of confirmEmail says, in each language: to ask, that it is done, and why not."""

from collections.abc import Mapping
from dataclasses import dataclass

from starlette.responses import Response

from watchword.core.policy.refusals import Refusal, Refused
from watchword.dialects.astera.errors import REFUSALS
from watchword.dialects.astera.wire import EmailCode
from watchword.http.pages import Ask, Message, show_ask, show_message

_ACTION = "confirmEmail"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Words:
    """The page in one language."""

    title: str
    text: str
    address: str
    button: str
    done: Message
    incomplete: Message
    bad: Message
    busy: Message
    others: Mapping[Refusal, Message]


_ENGLISH = _Words(
    title="Confirm your email address",
    text="Press the button, and this address belongs to your account.",
    address="Email address",
    button="Confirm",
    done=Message(
        title="Your email address is confirmed",
        text=("You can log in with it from now on, and close this page.",),
        is_done=True,
    ),
    incomplete=Message(
        title="This link is not complete",
        text=("Copy the whole link from the letter into the address bar.",),
    ),
    bad=Message(
        title="This link does not work any more",
        text=(
            "It was used already, a newer letter has taken its place, or it is too old.",
            "If your address is not confirmed yet, ask for another letter.",
        ),
    ),
    busy=Message(
        title="The server is busy",
        text=("Wait a moment, go back and press the button again. The link still works.",),
    ),
    others={
        Refusal.ADDRESS_TAKEN: Message(
            title="The address belongs to another account",
            text=("Nothing was changed. You may have an account already: log in with it.",),
        ),
        Refusal.THROTTLED: Message(
            title="Too many attempts",
            text=("Wait a few minutes, then open the link once more. It is still good.",),
        ),
    },
)
_GERMAN = _Words(
    title="E-Mail-Adresse bestätigen",
    text="Mit dem Knopf bestätigen Sie, dass diese Adresse zu Ihrem Konto gehört.",
    address="E-Mail-Adresse",
    button="Bestätigen",
    done=Message(
        title="Ihre E-Mail-Adresse ist bestätigt",
        text=("Sie können sich ab jetzt damit anmelden und diese Seite schließen.",),
        is_done=True,
    ),
    incomplete=Message(
        title="Dieser Link ist nicht vollständig",
        text=("Kopieren Sie den ganzen Link aus dem Brief in die Adresszeile.",),
    ),
    bad=Message(
        title="Dieser Link gilt nicht mehr",
        text=(
            "Er wurde schon benutzt, ein neuerer Brief hat ihn ersetzt, oder er ist zu alt.",
            "Wenn Ihre Adresse noch nicht bestätigt ist, fordern Sie einen neuen Brief an.",
        ),
    ),
    busy=Message(
        title="Der Server ist ausgelastet",
        text=(
            "Warten Sie einen Augenblick, gehen Sie zurück und drücken Sie den Knopf noch einmal.",
            "Der Link gilt noch.",
        ),
    ),
    others={
        Refusal.ADDRESS_TAKEN: Message(
            title="Die Adresse gehört zu einem anderen Konto",
            text=(
                "Nichts wurde geändert. Vielleicht haben Sie schon ein Konto: melden Sie sich an.",
            ),
        ),
        Refusal.THROTTLED: Message(
            title="Zu viele Versuche",
            text=("Warten Sie einige Minuten und öffnen Sie den Link noch einmal. Er gilt noch.",),
        ),
    },
)
_WORDS = {"en": _ENGLISH, "de": _GERMAN}


def ask(form: EmailCode, *, language: str) -> Response:
    """Show the button. Nothing is looked up: programs that follow links see this as well."""
    words = _WORDS[language]
    asked = Ask(
        title=words.title,
        button=words.button,
        action=_ACTION,
        text=(words.text,),
        facts=((words.address, form.email),),
        hidden=(("email", form.email), ("code", form.code)),
    )
    return show_ask(asked, language=language)


def tell_done(*, language: str) -> Response:
    return show_message(_WORDS[language].done, language=language)


def tell_incomplete(*, language: str) -> Response:
    return show_message(_WORDS[language].incomplete, language=language, status=400)


def tell_refused(refused: Refused, *, language: str) -> Response:
    """Say why the button did nothing, with the status that a program would get."""
    words, (status, _) = _WORDS[language], REFUSALS[refused.reason]
    message = words.others.get(refused.reason, words.bad)
    return show_message(message, language=language, status=status, retry_after=refused.retry_after)


def tell_busy(retry_after: int, *, language: str) -> Response:
    """Say that nothing was done, and that it can be later."""
    busy = _WORDS[language].busy
    return show_message(busy, language=language, status=503, retry_after=retry_after)
