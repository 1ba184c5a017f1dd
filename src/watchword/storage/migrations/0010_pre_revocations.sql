-- What was revoked, in the order of the commits. `sid` is a digest: this table names no session.
CREATE TABLE revocations (
    number {counted},
    kind {text} NOT NULL,
    sid {text} NOT NULL,
    until {integer} NOT NULL
){strict};

CREATE INDEX revocations_by_end ON revocations (until);
