-- Which person of a directory an account is. `closed` says why the directory has it closed, or is empty.
CREATE TABLE directory_links (
    account_id {text} PRIMARY KEY REFERENCES accounts (id) ON DELETE CASCADE,
    directory {text} NOT NULL,
    guid {text} NOT NULL,
    dn {text} NOT NULL,
    login {text} NOT NULL,
    login_key {text} NOT NULL,
    upn_key {text} NOT NULL,
    mapped {text} NOT NULL,
    closed {text} NOT NULL,
    password_at {integer},
    cached {text} NOT NULL,
    cached_at {integer}
){keyed};

CREATE UNIQUE INDEX directory_links_by_person ON directory_links (directory, guid);

-- Open ones first, for names are given anew when somebody has left.
CREATE INDEX directory_links_by_login ON directory_links (directory, login_key, closed, account_id);

CREATE INDEX directory_links_by_upn ON directory_links (directory, upn_key, closed, account_id);

CREATE INDEX directory_links_open ON directory_links (directory, closed) WHERE closed = '';

-- How far the last synchronisation of a directory came.
CREATE TABLE directory_marks (
    directory {text} PRIMARY KEY,
    cursor {text} NOT NULL,
    synced_at {integer} NOT NULL,
    whole_at {integer} NOT NULL
){keyed};

-- Which directory knows the password of an account. Who does not know this column makes local ones.
ALTER TABLE accounts ADD COLUMN directory {text} NOT NULL DEFAULT '';
