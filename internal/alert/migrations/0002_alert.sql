-- Every alert is kept, not only the pushed ones: an alert that ended while we were down, or whose end was not told before
-- a restart, must still be told to those who were paged, and must not be taken for the same one when it fires again.
CREATE TABLE alert (
    fingerprint TEXT PRIMARY KEY,
    origin TEXT NOT NULL,       -- kpi, rule or pushed
    series TEXT NOT NULL,       -- of a KPI's alert: the KPI's name and the group; otherwise empty
    ends INTEGER NOT NULL,      -- Unix ms at which it ended or times out; 0 = it goes on until it is said to end
    alert TEXT NOT NULL         -- JSON
);

INSERT INTO alert (fingerprint, origin, series, ends, alert) SELECT fingerprint, 'pushed', '', 0, alert FROM pushed;

DROP TABLE pushed;
