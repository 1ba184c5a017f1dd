-- Who holds which asset. An empty `client` is no client.
CREATE TABLE checkouts (
    asset_id {text} PRIMARY KEY,
    account_id {text} NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    client {text} NOT NULL,
    is_download {integer} NOT NULL,
    taken_at {integer} NOT NULL
){keyed};

CREATE INDEX checkouts_of_account ON checkouts (account_id, asset_id);

CREATE INDEX checkouts_by_age ON checkouts (taken_at);
