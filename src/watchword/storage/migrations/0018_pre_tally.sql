-- How many accounts there are: the sum of all rows.
-- The database keeps it by itself, so that programs that know nothing of it count as well.
-- Row 1 is what was added up.
CREATE TABLE account_tally (
    number {counted},
    change {integer} NOT NULL
){strict};

{tally_words};

{tally_arrivals};

{tally_departures};

-- After the triggers: on PostgreSQL they keep everybody from writing until this is committed.
INSERT INTO account_tally (change) SELECT COUNT(*) FROM accounts;
