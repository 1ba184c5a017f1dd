"""How the command line words a refusal: what is wrong, and what to do next."""

from watchword.core.policy.refusals import Refusal, Refused

SENTENCES = {
    Refusal.WRONG_CREDENTIALS: "Name or password is wrong. Try again.",
    Refusal.DISABLED: "The account is disabled. `watchword account enable NAME` opens it again.",
    Refusal.THROTTLED: (
        "Too many attempts. Wait {retry_after} s, or run `watchword account unlock NAME`."
    ),
    Refusal.WRONG_PASSWORD: (
        "The current password is wrong. `watchword account passwd NAME` sets a new one without it."
    ),
    Refusal.CLOSED: ("This way to make an account is closed. Use `watchword account create NAME`."),
    Refusal.NOT_ADMIN: "Only an admin may do this. `watchword account role NAME admin` makes one.",
    Refusal.NOT_FOUND: (
        "There is no such account. `watchword account list` shows those that there are."
    ),
    Refusal.SELF: "An account cannot do this to itself. Ask another admin.",
    Refusal.LAST_ADMIN: (
        "This is the last enabled admin: without one nobody can administer accounts over the"
        " network. Make another first (`watchword account role NAME admin`), or repeat with"
        " --force."
    ),
    Refusal.ROLE_UNKNOWN: "There is no such role. Use admin or user.",
    Refusal.ROLE_RESERVED: "Only an admin gives that role. Use `watchword account role NAME ROLE`.",
    Refusal.NAME_SHORT: "The name is too short. Use {number} characters or more.",
    Refusal.NAME_INVALID: (
        "This cannot be a name. Use 1 to 100 characters that a person can see; a name with @"
        " must not be another account's address."
    ),
    Refusal.NAME_TAKEN: (
        "An account has this name already; upper and lower case are the same. Use another name,"
        " or look at `watchword account show NAME`."
    ),
    Refusal.ADDRESS_INVALID: (
        "This is no e-mail address we could write to. Give one such as ada@example.org."
    ),
    Refusal.ADDRESS_TAKEN: "Another account has this e-mail address. Use another one.",
    Refusal.PASSWORD_SHORT: "The password is too short. Use {number} characters or more.",
    Refusal.PASSWORD_LONG: "The password is too long. Use {number} bytes at most.",
    Refusal.PASSWORD_COMMON: (
        "The password is one that guessers try early. Use a few unrelated words, or let a"
        " password manager draw one."
    ),
    Refusal.PASSWORD_REUSED: "The account had this password before. Use a new one.",
    Refusal.PASSWORD_EXPIRED: (
        "The password has expired. `watchword account passwd NAME` sets a new one."
    ),
    Refusal.LIFETIME_INVALID: (
        "No token is made for so short or so long a time. Ask for 60 to {number} seconds."
    ),
    Refusal.AUDIENCE_UNKNOWN: (
        "No service of this name trusts our tokens. `tokens.audiences` in the settings names"
        " those that do."
    ),
    Refusal.KEY_NAME_INVALID: (
        "This cannot be the name of a key. Use 1 to {number} characters that a person can see."
    ),
    Refusal.KEY_LIMIT: (
        "The account may have {number} keys and has them all. End one that is not needed:"
        " `watchword apikey list NAME` shows when each was used, and `api_keys.per_account_max`"
        " in the settings is the limit."
    ),
    Refusal.KEY_SCOPE: (
        "An API key may not do this. Use one with the scope for it, or log in: no key may"
        " manage keys or passwords."
    ),
    Refusal.KEY_THROTTLED: (
        "The key is used more than {number} times a minute. Wait {retry_after} s."
    ),
    Refusal.KEYS_ONLY: (
        "Only an API key may do this. `watchword apikey create ACCOUNT --name NAME` makes one."
    ),
    Refusal.TICKET_BAD: "This link or code is wrong, used, or out of date. Ask for a new letter.",
    Refusal.ADDRESS_SAME: "The account has this e-mail address already. Use another one.",
    Refusal.PROOF_NEEDED: "This needs the account's own password. Log in again, and try again.",
    Refusal.GROUP_NAME_INVALID: (
        "This cannot be the name of a group, or of a role in one. Use 1 to {number} characters"
        " that a person can see."
    ),
    Refusal.GROUP_NAME_TAKEN: (
        "A group has this name already; upper and lower case are the same. Use another name."
    ),
    Refusal.GROUP_LIMIT: (
        "The account has {number} roles in groups, and may have no more. Take one away first"
        " with `watchword group remove`."
    ),
    Refusal.CSRF: "The request came from no page of this server. Open that page, and try again.",
    Refusal.CLIENT_INVALID: "A client id has up to 200 visible characters. Use another one.",
    Refusal.ASSET_INVALID: "An asset id has 1 to 64 letters, digits, _ and -. Use such a one.",
    Refusal.ASSET_FREE: "Nobody has checked this asset out. Look at the id, and try again.",
    Refusal.FLOW_UNKNOWN: "No flow has this name. Look at its spelling.",
    Refusal.FLOW_BUSY: (
        "A job of this flow is not over, and there is one at a time. Wait for its end, or"
        " cancel it."
    ),
    Refusal.PARAMETERS_INVALID: "The flow does not take these parameters. Mend them.",
    Refusal.JOB_KEY_INVALID: (
        "This cannot be the key of a job. Use 1 to {number} printable ASCII characters."
    ),
    Refusal.JOB_KEY_REUSED: (
        "The key is that of a job with another flow or other parameters. Use another key."
    ),
    Refusal.JOB_LIMIT: (
        "There are {number} jobs of the same owner that are not over. Wait {retry_after} s, or"
        " cancel some."
    ),
    Refusal.JOB_OVER: "The job is over. There is nothing left to stop or to start again.",
    Refusal.JOB_NOT_OVER: "The job is not over yet. Wait for its end, or cancel it.",
    Refusal.OPERATOR_ONLY: (
        "Only the operator may do this. Run `watchword` on the machine of the server."
    ),
    Refusal.ACCOUNT_EXPIRED: (
        "The account has expired in the directory. Whoever looks after the directory can give it"
        " another end."
    ),
    Refusal.LOGON_HOURS: (
        "The directory does not let this user in at this time, or from here. Look at the logon"
        " hours and workstations of the user there."
    ),
    Refusal.PASSWORD_MUST_CHANGE: (
        "The directory wants another password before the first log-in. The user changes it at a"
        " log-in that the directory knows, or by POST /user/password."
    ),
    Refusal.PASSWORD_REJECTED: (
        "The directory does not take this password: it is too short or too simple, was used"
        " before, or the last change was too short a time ago. Use another one, or wait."
    ),
    Refusal.DIRECTORY_KEEPS: "The directory keeps this, and we do not change it. Change it there.",
    Refusal.DIRECTORY_UNKNOWN: (
        "There is no directory of this name or domain. Look at the settings: they say which"
        " there are."
    ),
    Refusal.DIRECTORY_BLIND: (
        "Nobody can be looked up in this directory: it has no service account. Set one in the"
        " settings."
    ),
    Refusal.NOT_ADMITTED: (
        "The user is not one of those of the directory who may log in. `watchword directory"
        " explain USER` says why."
    ),
    Refusal.NAME_HELD: (
        "Another account here has the name of this user of the directory, and none is taken over."
        " Look at `watchword account show NAME`."
    ),
}


def sentence(refused: Refused) -> str:
    """Return what a person at the terminal is told."""
    text = SENTENCES[refused.reason]
    said = text.format(number=refused.number, retry_after=refused.retry_after)
    return f"{said} {refused.detail}" if refused.detail else said
