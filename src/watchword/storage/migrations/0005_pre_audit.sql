-- Subjects and actors are no foreign keys: what happened stays when the account is gone.
CREATE TABLE audit_events (
    number {counted},
    at {integer} NOT NULL,
    action {text} NOT NULL,
    subject {text} NOT NULL,
    actor {text} NOT NULL,
    address {text} NOT NULL,
    dialect {text} NOT NULL,
    detail {text} NOT NULL
){strict};

CREATE INDEX audit_events_of_subject ON audit_events (subject, number);

CREATE INDEX audit_events_of_action ON audit_events (action, number);
