-- What a mailed link or code allows, once. `address_key` is the canonical spelling of `address`.
CREATE TABLE tickets (
    id {text} PRIMARY KEY,
    purpose {text} NOT NULL,
    account_id {text} REFERENCES accounts (id) ON DELETE CASCADE,
    address {text} NOT NULL,
    address_key {text} NOT NULL,
    detail {text} NOT NULL,
    link_digest {text} NOT NULL,
    code_digest {text} NOT NULL,
    tries_left {integer} NOT NULL,
    created_at {integer} NOT NULL,
    expires_at {integer} NOT NULL,
    code_expires_at {integer} NOT NULL
){keyed};

CREATE UNIQUE INDEX tickets_by_link ON tickets (link_digest);

-- Without the invitations, which belong to none: whoever looks for one of those goes by address.
CREATE INDEX tickets_of_account ON tickets (account_id, purpose, created_at, id)
    WHERE account_id IS NOT NULL;

CREATE INDEX tickets_about ON tickets (address_key, purpose, created_at, id);

CREATE INDEX tickets_by_end ON tickets (expires_at, id);
