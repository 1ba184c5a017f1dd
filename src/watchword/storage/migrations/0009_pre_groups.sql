-- Accounts that belong together. `name_key` is the canonical spelling of the name.
CREATE TABLE groups (
    id {text} PRIMARY KEY,
    name {text} NOT NULL,
    name_key {text} NOT NULL,
    password_days {integer},
    password_history {integer},
    created_at {integer} NOT NULL
){keyed};

CREATE UNIQUE INDEX groups_by_name ON groups (name_key);

CREATE INDEX groups_in_order ON groups (created_at, id);

-- What an account is in a group: each role is a row.
CREATE TABLE memberships (
    group_id {text} NOT NULL REFERENCES groups (id) ON DELETE CASCADE,
    account_id {text} NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    role {text} NOT NULL,
    PRIMARY KEY (group_id, account_id, role)
){keyed};

CREATE INDEX memberships_of_account ON memberships (account_id, group_id, role);
