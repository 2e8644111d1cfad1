-- What happened beside the lights: deploys, policies, flags, configuration, notes and actions. A mark says when, so that a
-- change is seen next to its effect. The id is the sender's: the same one again is the same mark.
CREATE TABLE change_mark (
    id TEXT PRIMARY KEY,
    at INTEGER NOT NULL, -- Unix ms
    kpi TEXT NOT NULL,   -- empty: concerns whatever its labels do not exclude
    letter TEXT NOT NULL,
    body TEXT NOT NULL   -- JSON
);
CREATE INDEX change_mark_by_time ON change_mark (at, id);
CREATE INDEX change_mark_by_kpi ON change_mark (kpi, at, id);
