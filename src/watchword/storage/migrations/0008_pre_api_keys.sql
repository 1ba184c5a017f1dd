-- Long-lived keys, found by a keyed digest of their text. `sealed` is the text encrypted, or empty.
CREATE TABLE api_keys (
    id {text} PRIMARY KEY,
    account_id {text} NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    name {text} NOT NULL,
    digest {text} NOT NULL,
    sealed {text} NOT NULL,
    hint {text} NOT NULL,
    scopes {text} NOT NULL,
    per_minute {integer} NOT NULL,
    created_at {integer} NOT NULL,
    expires_at {integer},
    last_used_at {integer}
){keyed};

CREATE UNIQUE INDEX api_keys_by_digest ON api_keys (digest);

CREATE INDEX api_keys_in_order ON api_keys (created_at, id);

CREATE INDEX api_keys_of_account ON api_keys (account_id, created_at, id);

CREATE INDEX api_keys_by_end ON api_keys (expires_at) WHERE expires_at IS NOT NULL;

CREATE INDEX api_keys_sealed ON api_keys (id) WHERE sealed <> '';
