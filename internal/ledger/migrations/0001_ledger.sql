-- What the KPI engine must never forget: who decided what, from which numbers, and who was told.
CREATE TABLE revision (
    kpi TEXT NOT NULL,
    number INTEGER NOT NULL,
    hash TEXT NOT NULL,
    effective_from INTEGER NOT NULL, -- Unix ms: judges the periods that end after it
    source TEXT NOT NULL,
    PRIMARY KEY (kpi, number)
);

-- A datapoint said anew, because data came late. The first statement of a point is the datapoint itself.
CREATE TABLE statement (
    kpi TEXT NOT NULL,
    grp TEXT NOT NULL,
    period_end INTEGER NOT NULL,
    known_at INTEGER NOT NULL, -- Unix ms of the close that first knew it
    point TEXT NOT NULL,       -- JSON
    cause TEXT NOT NULL,
    PRIMARY KEY (kpi, grp, period_end, known_at)
);

CREATE TABLE transition (
    id TEXT PRIMARY KEY,
    kpi TEXT NOT NULL,
    grp TEXT NOT NULL,
    period_end INTEGER NOT NULL,
    at INTEGER NOT NULL,
    body TEXT NOT NULL -- JSON
);
CREATE INDEX transition_by_kpi ON transition (kpi, at);
CREATE INDEX transition_by_time ON transition (at);

-- What Judge remembers of a group between two closes; written when it changes.
CREATE TABLE standing (
    kpi TEXT NOT NULL,
    grp TEXT NOT NULL,
    body TEXT NOT NULL, -- JSON
    PRIMARY KEY (kpi, grp)
);

CREATE TABLE receipt (
    id TEXT PRIMARY KEY,
    at INTEGER NOT NULL,
    kpi TEXT NOT NULL,
    body TEXT NOT NULL -- JSON
);
CREATE INDEX receipt_by_kpi ON receipt (kpi, at);
CREATE INDEX receipt_by_time ON receipt (at);

-- Spans in which silence says nothing: we were down, or refused data.
CREATE TABLE outage (
    from_ms INTEGER NOT NULL,
    to_ms INTEGER NOT NULL,
    reason TEXT NOT NULL,
    PRIMARY KEY (from_ms, to_ms)
);

-- One row: the newest instant up to which every close was judged and written.
CREATE TABLE heartbeat (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    at INTEGER NOT NULL
);
