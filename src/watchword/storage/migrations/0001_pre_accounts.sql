-- Who exists. `name_key` and `email_key` are the canonical spellings of what stands beside them.
CREATE TABLE accounts (
    id {text} PRIMARY KEY,
    name {text} NOT NULL,
    name_key {text} NOT NULL,
    email {text},
    email_key {text},
    email_confirmed_at {integer},
    first_name {text} NOT NULL,
    last_name {text} NOT NULL,
    role {text} NOT NULL,
    state {text} NOT NULL,
    source {text} NOT NULL,
    created_at {integer} NOT NULL,
    updated_at {integer} NOT NULL
){keyed};

CREATE INDEX accounts_in_order ON accounts (created_at, id);

CREATE INDEX accounts_by_email ON accounts (email_key) WHERE email_key IS NOT NULL;

CREATE INDEX accounts_admins ON accounts (id) WHERE role = 'admin';

-- What an account may sign in by: its name, and its address once that is confirmed.
CREATE TABLE identifiers (
    key {text} PRIMARY KEY,
    account_id {text} NOT NULL REFERENCES accounts (id) ON DELETE CASCADE
){keyed};

CREATE INDEX identifiers_of_account ON identifiers (account_id);
