-- The book of rows that left the house, or were about to. A line is written before the first byte goes, so that a crash
-- cannot make an export forgotten.
CREATE TABLE export_entry (
	id       INTEGER PRIMARY KEY,
	kind     TEXT    NOT NULL, -- request, schedule
	tbl      TEXT    NOT NULL, -- logs, spans, events
	day      TEXT    NOT NULL, -- YYYY-MM-DD, UTC
	search   TEXT    NOT NULL,
	dest     TEXT    NOT NULL, -- directory, or who took it
	file     TEXT    NOT NULL,
	state    TEXT    NOT NULL, -- running, leaving, done, cut, failed, replaced, removed
	stored   INTEGER NOT NULL, -- rows
	bytes    INTEGER NOT NULL,
	sha256   TEXT    NOT NULL,
	recheck  INTEGER NOT NULL, -- 1: rows may have been erased since
	failure  TEXT    NOT NULL,
	asked_by TEXT    NOT NULL, -- JSON
	began_at INTEGER NOT NULL,
	ended_at INTEGER NOT NULL
);
CREATE INDEX export_entry_day ON export_entry (kind, dest, tbl, day);

-- Days that somebody wants written now.
CREATE TABLE export_wish (
	id       INTEGER PRIMARY KEY,
	tbl      TEXT    NOT NULL,
	day_from TEXT    NOT NULL, -- first and last day
	day_to   TEXT    NOT NULL,
	again    INTEGER NOT NULL, -- 1: those too that did not change
	asked_at INTEGER NOT NULL
);
