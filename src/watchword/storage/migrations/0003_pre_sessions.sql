CREATE TABLE sessions (
    id {text} PRIMARY KEY,
    account_id {text} NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    dialect {text} NOT NULL,
    address {text} NOT NULL,
    created_at {integer} NOT NULL,
    expires_at {integer} NOT NULL
){keyed};

CREATE INDEX sessions_in_order ON sessions (created_at, id);

CREATE INDEX sessions_of_account ON sessions (account_id, created_at, id);

CREATE INDEX sessions_by_end ON sessions (expires_at);
