CREATE TABLE passwords (
    account_id {text} PRIMARY KEY REFERENCES accounts (id) ON DELETE CASCADE,
    encoded {text} NOT NULL,
    changed_at {integer} NOT NULL,
    is_documented {integer} NOT NULL
){keyed};

CREATE INDEX passwords_documented ON passwords (account_id) WHERE is_documented = 1;

-- Hashes that a newer password replaced, the newest with the highest number.
CREATE TABLE password_history (
    number {counted},
    account_id {text} NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    encoded {text} NOT NULL
){strict};

CREATE INDEX password_history_of_account ON password_history (account_id, number);
