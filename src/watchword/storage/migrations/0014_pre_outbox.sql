-- Letters to be sent, and those that were. `sealed` is the text encrypted, or empty.
CREATE TABLE letters (
    id {text} PRIMARY KEY,
    kind {text} NOT NULL,
    recipient {text} NOT NULL,
    sealed {text} NOT NULL,
    standing {text} NOT NULL,
    tries {integer} NOT NULL,
    reason {text} NOT NULL,
    created_at {integer} NOT NULL,
    next_at {integer} NOT NULL,
    settled_at {integer},
    holder {text},
    leased_until {integer}
){strict};

CREATE INDEX letters_in_order ON letters (created_at, id);

CREATE INDEX letters_by_standing ON letters (standing, created_at, id);

CREATE INDEX letters_due ON letters (standing, next_at, created_at, id);

CREATE INDEX letters_of_holder ON letters (holder) WHERE holder IS NOT NULL;

CREATE INDEX letters_by_end ON letters (settled_at, id) WHERE settled_at IS NOT NULL;
