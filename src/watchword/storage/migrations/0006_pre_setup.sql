-- What is true of this installation once and for ever.
CREATE TABLE facts (
    name {text} PRIMARY KEY,
    value {text} NOT NULL
){keyed};

-- One row at most: the token by which the first admin is made.
CREATE TABLE setup_token (
    id {integer} PRIMARY KEY CHECK (id = 1),
    digest {text} NOT NULL,
    tries {integer} NOT NULL,
    made_at {integer} NOT NULL
){strict};

-- One row, written to see whether the database takes writes.
CREATE TABLE pulse (
    id {integer} PRIMARY KEY CHECK (id = 1),
    beats {integer} NOT NULL,
    ballast {text} NOT NULL
){strict};

INSERT INTO pulse (id, beats, ballast) VALUES (1, 0, '');
