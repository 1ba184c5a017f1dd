"""The pages in German."""

from watchword.console.words import Deed, Labels, Words
from watchword.core.policy.refusals import Refusal
from watchword.core.tickets.model import Purpose
from watchword.http.pages import Message

_CONFIRM = Deed(
    title="Adresse bestätigen",
    text=("Drücken Sie auf den Knopf, um zu bestätigen, dass diese Adresse Ihnen gehört.",),
    address="Adresse",
    button="Adresse bestätigen",
    failed="Die Adresse wurde nicht bestätigt.",
    done="Ihre Adresse ist bestätigt",
    then=(
        "Sie können sich ab jetzt auch mit {address} anmelden, nicht nur mit Ihrem Namen.",
        "Hier ist nichts weiter zu tun. Sie können diese Seite schließen.",
    ),
    instead="Wenn Sie Ihre Adresse schon bestätigt haben, ist nichts weiter zu tun. "
    "Fordern Sie sonst dort, wo Sie sich registriert haben, eine neue E-Mail an.",
)

_RESET = Deed(
    title="Neues Passwort setzen",
    text=("Sie werden dabei überall abgemeldet.",),
    address="Adresse",
    button="Passwort setzen",
    failed="Das Passwort wurde nicht geändert.",
    done="Ihr Passwort ist geändert",
    then=("Sie sind überall abgemeldet. Melden Sie sich als {name} mit dem neuen Passwort an.",),
    instead="Wenn Sie Ihr Passwort schon gesetzt haben, melden Sie sich damit an. Geben Sie sonst "
    "noch einmal an, dass Sie es vergessen haben, und nehmen Sie den Link in der neuen E-Mail.",
)

_CHANGE = Deed(
    title="Adresse ändern",
    text=("Drücken Sie auf den Knopf, um diese Adresse zu der Ihres Kontos zu machen.",),
    address="Neue Adresse",
    button="Adresse ändern",
    failed="Die Adresse wurde nicht geändert.",
    done="Ihre Adresse ist geändert",
    then=(
        "E-Mails an {name} gehen ab jetzt an {address}.",
        (
            "Falls Ihr Konto vorher eine bestätigte Adresse hatte, ging dorthin eine E-Mail, "
            "mit der sich die Änderung rückgängig machen lässt."
        ),
    ),
    instead="Wenn Sie Ihre Adresse schon geändert haben, ist nichts weiter zu tun. "
    "Fordern Sie die Änderung sonst noch einmal an.",
)

_UNDO = Deed(
    title="Konto zurückholen",
    text=(
        (
            "Die Adresse Ihres Kontos wurde geändert. Wenn Sie das nicht waren, drücken Sie auf "
            "den Knopf: Ihr Konto bekommt die alte Adresse zurück, und alle werden abgemeldet."
        ),
    ),
    address="Alte Adresse",
    button="Rückgängig machen",
    failed="Die Änderung wurde nicht rückgängig gemacht.",
    done="Die Änderung ist zurückgenommen",
    then=(
        "Ihr Konto hat wieder die Adresse {address}, und alle sind davon abgemeldet.",
        (
            "Setzen Sie jetzt ein neues Passwort, denn jemand kennt vielleicht das alte. "
            "Eine E-Mail mit einem Link dafür ist unterwegs an {address}."
        ),
    ),
    instead="Wenn Sie die Änderung schon rückgängig gemacht haben, suchen Sie die E-Mail, mit der "
    "Sie ein neues Passwort setzen können. Schreiben Sie sonst an die Leute, die diesen Server "
    "betreiben.",
)

_JOIN = Deed(
    title="Konto anlegen",
    text=("Sie wurden eingeladen. Wählen Sie einen Namen und ein Passwort.",),
    address="Ihre Adresse",
    button="Konto anlegen",
    failed="Das Konto wurde nicht angelegt.",
    done="Ihr Konto ist angelegt",
    then=("Melden Sie sich als {name} oder mit {address} an.",),
    instead="Wenn Sie Ihr Konto schon angelegt haben, melden Sie sich an. Bitten Sie sonst die "
    "Person, die Sie eingeladen hat, um eine neue Einladung.",
)

_LABELS = Labels(
    account="Konto",
    username="Benutzername",
    first_name="Vorname",
    last_name="Nachname",
    password="Neues Passwort",  # noqa: S106 - the name of a field
    again="Neues Passwort, noch einmal",
    optional="kann leer bleiben",
    password_hint="Mindestens {number} Zeichen, ganz nach Wahl. Gut sind einige Wörter, die "  # noqa: S106 - a hint
    "nicht zusammengehören.",
    username_missing="Geben Sie einen Benutzernamen ein.",
    password_missing="Geben Sie ein Passwort ein.",  # noqa: S106 - a sentence
    again_differs="Die beiden Passwörter sind verschieden. Tippen Sie beide noch einmal.",
)

_REFUSALS = {
    Refusal.THROTTLED: "Aus Ihrem Netz kamen zu viele Versuche. "
    "Warten Sie {wait} und drücken Sie den Knopf noch einmal.",
    Refusal.CLOSED: "Dieser Server legt zurzeit keine Konten an. "
    "Schreiben Sie an die Leute, die ihn betreiben.",
    Refusal.ADDRESS_TAKEN: "Ein anderes Konto hat inzwischen diese Adresse oder heißt so.",
    Refusal.NAME_SHORT: "Ein Benutzername hat mindestens {number} Zeichen.",
    Refusal.NAME_INVALID: "Ein Name hat höchstens 100 Zeichen, und jedes davon ist sichtbar.",
    Refusal.NAME_TAKEN: "Diesen Benutzernamen hat schon jemand. Wählen Sie einen anderen.",
    Refusal.PASSWORD_SHORT: "Geben Sie ein Passwort mit mindestens {number} Zeichen ein.",
    Refusal.PASSWORD_LONG: "Geben Sie ein Passwort mit höchstens {number} Bytes ein.",
    Refusal.PASSWORD_COMMON: "Dieses Passwort ist leicht zu erraten. Wählen Sie ein anderes.",
    Refusal.PASSWORD_REUSED: "Dieses Passwort hatten Sie schon einmal. Wählen Sie ein anderes.",
}

_BUSY = Message(
    title="Der Server ist ausgelastet",
    text=(
        (
            "Warten Sie einen Augenblick, gehen Sie zurück und versuchen Sie es noch einmal. "
            "Ein Link, der noch nicht benutzt wurde, gilt weiter."
        ),
    ),
)
_STATUSES = {
    403: Message(
        title="Nicht von hier aus",
        text=(
            "Dieser Server ist zum Ausprobieren. Nur sein eigener Rechner darf seine Seiten sehen.",
            "Kam der Klick aus einer E-Mail? Dann kopieren Sie den Link in die Adresszeile.",
        ),
    ),
    404: Message(
        title="Hier ist keine Seite",
        text=("Öffnen Sie den Link in Ihrer E-Mail, oder kopieren Sie ihn ganz.",),
    ),
    405: Message(
        title="Das geht hier nicht",
        text=("Öffnen Sie den Link in Ihrer E-Mail und drücken Sie dort auf den Knopf.",),
    ),
    408: Message(
        title="Das hat zu lange gedauert",
        text=("Gehen Sie zurück und versuchen Sie es noch einmal.",),
    ),
    413: Message(
        title="Das war zu viel",
        text=("Es kam mehr an, als auf diese Seite passt. Gehen Sie zurück und kürzen Sie es.",),
    ),
    503: _BUSY,
}

GERMAN = Words(
    deeds={
        Purpose.CONFIRM: _CONFIRM,
        Purpose.RESET: _RESET,
        Purpose.CHANGE: _CHANGE,
        Purpose.UNDO: _UNDO,
        Purpose.JOIN: _JOIN,
    },
    labels=_LABELS,
    link_bad="Dieser Link gilt nicht",
    link_why="Er wurde schon benutzt, ist zu alt, durch einen neueren ersetzt oder unvollständig.",
    refusals=_REFUSALS,
    refused="Das geht jetzt nicht.",
    minute="eine Minute",
    minutes="{number} Minuten",
    unreadable=Message(
        title="Das war nicht zu lesen",
        text=("Öffnen Sie den Link in Ihrer E-Mail und drücken Sie dort auf den Knopf.",),
    ),
    statuses=_STATUSES,
    trouble=Message(
        title="Das hat nicht geklappt",
        text=("Öffnen Sie den Link in Ihrer E-Mail noch einmal.",),
    ),
)
