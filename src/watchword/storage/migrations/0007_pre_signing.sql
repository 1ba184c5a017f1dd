CREATE TABLE signing_keys (
    id {text} PRIMARY KEY,
    algorithm {text} NOT NULL,
    public {text} NOT NULL,
    sealed {text} NOT NULL,
    created_at {integer} NOT NULL,
    retired_at {integer}
){strict};
