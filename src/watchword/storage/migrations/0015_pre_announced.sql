-- When a letter said that the password will expire. A new password has had none.
ALTER TABLE passwords ADD COLUMN announced_at {integer};

CREATE INDEX passwords_unannounced ON passwords (changed_at, account_id)
    WHERE announced_at IS NULL;
