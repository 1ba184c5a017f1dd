-- Failures of one name from one address. A subject is an account id, or a digest of a name nobody has.
CREATE TABLE attempts (
    subject {text} NOT NULL,
    address {text} NOT NULL,
    failures {integer} NOT NULL,
    wait_until {integer} NOT NULL,
    updated_at {integer} NOT NULL,
    PRIMARY KEY (subject, address)
){keyed};

CREATE INDEX attempts_by_age ON attempts (updated_at);

-- Failures of one name in a row, over all addresses. `was_locked` is what the last attempt found.
CREATE TABLE name_failures (
    subject {text} PRIMARY KEY,
    failures {integer} NOT NULL,
    was_locked {integer} NOT NULL,
    updated_at {integer} NOT NULL
){keyed};

CREATE INDEX name_failures_by_age ON name_failures (updated_at);

-- Places taken in a stretch of time, for instance failures from one address.
CREATE TABLE windows (
    purpose {text} NOT NULL,
    key {text} NOT NULL,
    taken {integer} NOT NULL,
    ends_at {integer} NOT NULL,
    PRIMARY KEY (purpose, key)
){keyed};

CREATE INDEX windows_by_end ON windows (ends_at);

-- Where the owner of an account has signed in from.
CREATE TABLE known_addresses (
    account_id {text} NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    address {text} NOT NULL,
    last_signin_at {integer} NOT NULL,
    PRIMARY KEY (account_id, address)
){keyed};

CREATE INDEX known_addresses_by_age ON known_addresses (last_signin_at);
