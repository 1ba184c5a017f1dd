"""What transactions take turns over.

SQLite has one writer and needs none of this. PostgreSQL, at READ COMMITTED, lets two
transactions look before either writes; a name in common makes the second wait.
"""

ADMINS = "admins"
"""Held by whoever takes an admin away, or relies on another being there."""

FIRST_ACCOUNT = "first-account"
SIGNING_KEYS = "signing-keys"
MIGRATIONS = "migrations"

REVOCATIONS = "revocations"
"""Held by whoever ends sessions: the feed of revocations is numbered in the order of commits.

And by whoever writes to several, lest two wait for each other's rows.
"""

API_KEYS = "api-keys"
"""Held by whoever changes or deletes several API keys, lest two wait for each other's rows."""

GROUPS = "groups"
"""Held by whoever names a group, or deletes several memberships."""

CHECKOUTS = "checkouts"
"""Held by whoever deletes several check-outs, lest two wait for each other's rows."""

TICKETS = "tickets"
"""Held by whoever deletes several tickets, lest two wait for each other's rows."""

LETTERS = "letters"
"""Held by whoever takes letters to send, or changes what is in the outbox already."""

JOBS = "jobs"
"""Held by whoever starts jobs that run alone, or changes or deletes several."""

LEASES = "leases"
"""Held by whoever changes several leases of the queue, lest two wait for each other's rows."""


def account(account_id: str) -> str:
    """Held by whoever changes an account's state or password, or relies on them."""
    return f"account:{account_id}"


def asset(asset_id: str) -> str:
    """Held by whoever gives an asset out or takes it back."""
    return f"asset:{asset_id}"


def guesses(subject: str) -> str:
    """Held by whoever counts the failures of a name."""
    return f"guesses:{subject}"


def invited(address_key: str) -> str:
    """Held by whoever invites an address."""
    return f"invited:{address_key}"


def window(purpose: str, key: str) -> str:
    """Held by whoever takes a place of a window."""
    return f"window:{purpose}:{key}"
