"""The pages in English."""

from watchword.console.words import Deed, Labels, Words
from watchword.core.policy.refusals import Refusal
from watchword.core.tickets.model import Purpose
from watchword.http.pages import Message

_CONFIRM = Deed(
    title="Confirm your address",
    text=("Press the button to confirm that this address is yours.",),
    address="Address",
    button="Confirm address",
    failed="The address was not confirmed.",
    done="Your address is confirmed",
    then=(
        "You can log in with {address} from now on, as well as with your name.",
        "There is nothing left to do here. You can close this page.",
    ),
    instead="If you have confirmed your address already, there is nothing left to do. "
    "Otherwise ask for another email where you registered.",
)

_RESET = Deed(
    title="Set a new password",
    text=("You will be logged out everywhere.",),
    address="Address",
    button="Set password",
    failed="The password was not changed.",
    done="Your password is changed",
    then=("You are logged out everywhere. Log in as {name} with your new password.",),
    instead="If you have set your password already, log in with it. Otherwise say once more "
    "that you have forgotten it, and use the link in the new email.",
)

_CHANGE = Deed(
    title="Change your address",
    text=("Press the button to make this the address of your account.",),
    address="New address",
    button="Change address",
    failed="The address was not changed.",
    done="Your address is changed",
    then=(
        "Emails to {name} go to {address} from now on.",
        (
            "If your account had a confirmed address before, an email went there that can undo "
            "the change."
        ),
    ),
    instead="If you have changed your address already, there is nothing left to do. "
    "Otherwise ask for the change once more.",
)

_UNDO = Deed(
    title="Take your account back",
    text=(
        (
            "The address of your account was changed. If that was not you, press the button: "
            "your account gets its old address back, and everybody is logged out of it."
        ),
    ),
    address="Old address",
    button="Undo the change",
    failed="The change was not undone.",
    done="The change is undone",
    then=(
        "Your account has the address {address} again, and everybody is logged out of it.",
        (
            "Set a new password now, since somebody may know the old one. An email with a link "
            "for that is on its way to {address}."
        ),
    ),
    instead="If you have undone the change already, look for the email with which you can set "
    "a new password. Otherwise write to whoever runs this server.",
)

_JOIN = Deed(
    title="Make your account",
    text=("You were invited. Choose a name and a password.",),
    address="Your address",
    button="Make account",
    failed="The account was not made.",
    done="Your account is made",
    then=("Log in as {name}, or with {address}.",),
    instead="If you have made your account already, log in. Otherwise ask whoever invited you "
    "for another invitation.",
)

_LABELS = Labels(
    account="Account",
    username="User name",
    first_name="First name",
    last_name="Last name",
    password="New password",  # noqa: S106 - the name of a field
    again="New password, once more",
    optional="may be left out",
    password_hint="At least {number} characters, whichever you like. A few words that do not "  # noqa: S106 - a hint
    "belong together are good.",
    username_missing="Enter a user name.",
    password_missing="Enter a password.",  # noqa: S106 - a sentence
    again_differs="The two passwords differ. Type both once more.",
)

_REFUSALS = {
    Refusal.THROTTLED: "Too many tries came from your network. "
    "Wait {wait} and press the button again.",
    Refusal.CLOSED: "This server makes no accounts at present. Write to whoever runs it.",
    Refusal.ADDRESS_TAKEN: "Another account has this address by now, or has it as its name.",
    Refusal.NAME_SHORT: "A user name has at least {number} characters.",
    Refusal.NAME_INVALID: "A name has at most 100 characters, and each of them can be seen.",
    Refusal.NAME_TAKEN: "Somebody has this user name already. Choose another.",
    Refusal.PASSWORD_SHORT: "Enter a password of at least {number} characters.",
    Refusal.PASSWORD_LONG: "Enter a password of at most {number} bytes.",
    Refusal.PASSWORD_COMMON: "This password is easy to guess. Choose another.",
    Refusal.PASSWORD_REUSED: "You have had this password before. Choose another.",
}

_BUSY = Message(
    title="The server is busy",
    text=("Wait a moment, go back and try again. A link that was not used yet still works.",),
)
_STATUSES = {
    403: Message(
        title="Not from here",
        text=(
            "This server is for trying out. Only its own machine may see its pages.",
            "If you clicked a link in an email, copy it into the address bar instead.",
        ),
    ),
    404: Message(
        title="There is no page here",
        text=("Open the link in your email, or copy all of it.",),
    ),
    405: Message(
        title="This cannot be done here",
        text=("Open the link in your email and press the button there.",),
    ),
    408: Message(title="That took too long", text=("Go back and try again.",)),
    413: Message(
        title="That was too much",
        text=("More was sent than fits on this page. Go back and enter less.",),
    ),
    503: _BUSY,
}

ENGLISH = Words(
    deeds={
        Purpose.CONFIRM: _CONFIRM,
        Purpose.RESET: _RESET,
        Purpose.CHANGE: _CHANGE,
        Purpose.UNDO: _UNDO,
        Purpose.JOIN: _JOIN,
    },
    labels=_LABELS,
    link_bad="This link does not work",
    link_why="It was used, is too old, was replaced by a newer one, or is not whole.",
    refusals=_REFUSALS,
    refused="This cannot be done now.",
    minute="a minute",
    minutes="{number} minutes",
    unreadable=Message(
        title="That could not be read",
        text=("Open the link in your email and press the button there.",),
    ),
    statuses=_STATUSES,
    trouble=Message(
        title="That did not work",
        text=("Open the link in your email once more.",),
    ),
)
