-- Long work: what was asked for, by whom, and how far it is. It is over when `finished_at` is there.
CREATE TABLE jobs (
    id {integer} PRIMARY KEY,
    flow {text} NOT NULL,
    parameters {text} NOT NULL,
    owner {text} NOT NULL,
    key {text} NOT NULL,
    created_at {integer} NOT NULL,
    due_at {integer} NOT NULL,
    lane {text} NOT NULL,
    needs {text} NOT NULL,
    by_key {integer} NOT NULL,
    runs_alone {integer} NOT NULL,
    address {text} NOT NULL,
    dialect {text} NOT NULL,
    state {text} NOT NULL,
    done {integer} NOT NULL,
    total {integer},
    counts {text} NOT NULL,
    note {text} NOT NULL,
    checkpoint {text} NOT NULL,
    turn {integer} NOT NULL,
    tries {integer} NOT NULL,
    pieces {integer} NOT NULL,
    media {text} NOT NULL,
    cancel_asked {integer} NOT NULL,
    error {text} NOT NULL,
    result {text} NOT NULL,
    started_at {integer},
    touched_at {integer},
    finished_at {integer},
    handed {integer} NOT NULL
){strict};

CREATE UNIQUE INDEX jobs_by_key ON jobs (owner, key);

CREATE UNIQUE INDEX jobs_alone ON jobs (flow) WHERE runs_alone = 1 AND finished_at IS NULL;

-- Few jobs are not over. These indexes name what says so, else SQLite would rather go through
-- all that a flow or an owner ever had.
CREATE INDEX jobs_active_of_lane ON jobs (finished_at, lane, owner) WHERE finished_at IS NULL;

CREATE INDEX jobs_active_of_flow ON jobs (finished_at, flow) WHERE finished_at IS NULL;

CREATE INDEX jobs_active_of_owner ON jobs (finished_at, owner) WHERE finished_at IS NULL;

CREATE INDEX jobs_active_unhanded ON jobs (handed, due_at, id)
    WHERE finished_at IS NULL AND handed = 0;

CREATE INDEX jobs_of_owner ON jobs (owner, id);

CREATE INDEX jobs_of_owner_and_flow ON jobs (owner, flow, id);

CREATE INDEX jobs_of_owner_and_state ON jobs (owner, state, id);

CREATE INDEX jobs_of_flow ON jobs (flow, id);

CREATE INDEX jobs_of_flow_and_state ON jobs (flow, state, id);

CREATE INDEX jobs_of_state ON jobs (state, id);

CREATE INDEX jobs_by_end ON jobs (finished_at, id) WHERE finished_at IS NOT NULL;

CREATE INDEX jobs_of_owner_by_end ON jobs (owner, finished_at, id) WHERE finished_at IS NOT NULL;

-- What a job wrote, in pieces that are numbered from 1.
CREATE TABLE job_output (
    job_id {integer} NOT NULL REFERENCES jobs (id) ON DELETE CASCADE,
    piece {integer} NOT NULL,
    text {text} NOT NULL,
    PRIMARY KEY (job_id, piece)
){strict};

-- One row: the last number that a job was given. Those of removed jobs do not come again.
CREATE TABLE job_numbers (
    id {integer} PRIMARY KEY CHECK (id = 1),
    last {integer} NOT NULL
){strict};

INSERT INTO job_numbers (id, last) VALUES (1, 0);

-- The queue of SQLite: jobs that wait for a worker or are with one, who is its `holder`.
-- `again` says that it is to come once more when it is done.
CREATE TABLE job_leases (
    job_id {integer} PRIMARY KEY,
    lane {text} NOT NULL,
    due_at {integer} NOT NULL,
    holder {text},
    until {integer},
    again {integer} NOT NULL
){strict};

CREATE INDEX job_leases_due ON job_leases (due_at, job_id);

CREATE INDEX job_leases_of_holder ON job_leases (holder) WHERE holder IS NOT NULL;
