"""Every way of saying no that a caller can expect."""

from dataclasses import dataclass
from enum import StrEnum


class Refusal(StrEnum):
    """Why something was refused. A dialect words each of them; a test makes it prove that."""

    WRONG_CREDENTIALS = "wrong_credentials"
    DISABLED = "disabled"
    THROTTLED = "throttled"
    WRONG_PASSWORD = "wrong_password"
    CLOSED = "closed"
    NOT_ADMIN = "not_admin"
    NOT_FOUND = "not_found"
    SELF = "self"
    LAST_ADMIN = "last_admin"
    ROLE_UNKNOWN = "role_unknown"
    ROLE_RESERVED = "role_reserved"
    NAME_SHORT = "name_short"
    NAME_INVALID = "name_invalid"
    NAME_TAKEN = "name_taken"
    ADDRESS_INVALID = "address_invalid"
    ADDRESS_TAKEN = "address_taken"
    PASSWORD_SHORT = "password_short"
    PASSWORD_LONG = "password_long"
    PASSWORD_COMMON = "password_common"
    PASSWORD_REUSED = "password_reused"
    PASSWORD_EXPIRED = "password_expired"
    LIFETIME_INVALID = "lifetime_invalid"
    AUDIENCE_UNKNOWN = "audience_unknown"
    KEY_NAME_INVALID = "key_name_invalid"
    KEY_LIMIT = "key_limit"
    KEY_SCOPE = "key_scope"
    KEY_THROTTLED = "key_throttled"
    KEYS_ONLY = "keys_only"
    CSRF = "csrf"
    ASSET_INVALID = "asset_invalid"
    CLIENT_INVALID = "client_invalid"
    ASSET_FREE = "asset_free"
    TICKET_BAD = "ticket_bad"
    ADDRESS_SAME = "address_same"
    PROOF_NEEDED = "proof_needed"
    GROUP_NAME_INVALID = "group_name_invalid"
    GROUP_NAME_TAKEN = "group_name_taken"
    GROUP_LIMIT = "group_limit"
    FLOW_UNKNOWN = "flow_unknown"
    FLOW_BUSY = "flow_busy"
    PARAMETERS_INVALID = "parameters_invalid"
    JOB_KEY_INVALID = "job_key_invalid"
    JOB_KEY_REUSED = "job_key_reused"
    JOB_LIMIT = "job_limit"
    OPERATOR_ONLY = "operator_only"
    JOB_OVER = "job_over"
    JOB_NOT_OVER = "job_not_over"
    ACCOUNT_EXPIRED = "account_expired"
    LOGON_HOURS = "logon_hours"
    PASSWORD_MUST_CHANGE = "password_must_change"
    PASSWORD_REJECTED = "password_rejected"
    DIRECTORY_KEEPS = "directory_keeps"
    DIRECTORY_UNKNOWN = "directory_unknown"
    DIRECTORY_BLIND = "directory_blind"
    NOT_ADMITTED = "not_admitted"
    NAME_HELD = "name_held"


@dataclass(frozen=True, slots=True)
class Refused:
    """The answer is no.

    `number` belongs to the reason: the least or the most that is allowed. `retry_after`
    is in whole seconds and is set when asking again later can help. `detail` is a sentence
    of ours, where the reason alone does not say what to mend.
    """

    reason: Refusal
    number: int = 0
    retry_after: int = 0
    detail: str = ""
