-- What a session is used by. Who does not know these columns makes sessions as they were before.
ALTER TABLE sessions ADD COLUMN kind {text} NOT NULL DEFAULT 'bearer';

ALTER TABLE sessions ADD COLUMN client {text} NOT NULL DEFAULT '';

-- In no index: it is written often.
ALTER TABLE sessions ADD COLUMN last_used_at {integer};

CREATE INDEX sessions_of_dialect ON sessions (account_id, dialect);
