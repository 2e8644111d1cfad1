-- Who was told, and what is silenced: Alertmanager's own records, one row each, written before the next step is taken.
CREATE TABLE told (
    key TEXT PRIMARY KEY,       -- group key and receiver
    entry BLOB NOT NULL,        -- a marshalled nflogpb.MeshEntry
    expires INTEGER NOT NULL    -- Unix ms
);

CREATE TABLE silence (
    id TEXT PRIMARY KEY,
    entry BLOB NOT NULL,        -- a marshalled silencepb.MeshSilence
    expires INTEGER NOT NULL
);

-- Alerts that others pushed. KPI alerts are not here: the engine tells of them again at start.
CREATE TABLE pushed (
    fingerprint TEXT PRIMARY KEY,
    alert TEXT NOT NULL         -- JSON
);
