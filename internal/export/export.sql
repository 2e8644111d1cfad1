-- name: newest entry
SELECT COALESCE(MAX(id), 0)
FROM export_entry;

-- name: insert entry
INSERT INTO export_entry (id, kind, tbl, day, search, dest, file, state, stored, bytes, sha256, recheck, failure, asked_by, began_at, ended_at)
VALUES (?, ?, ?, ?, ?, ?, ?, 'running', 0, 0, '', 0, '', ?, ?, 0);

-- name: change entry
UPDATE export_entry
SET state = ?, stored = ?, bytes = ?, sha256 = ?, failure = ?, ended_at = ?
WHERE id = ?;

-- name: forget failures
DELETE FROM export_entry
WHERE kind = 'schedule' AND dest = ? AND tbl = ? AND day = ? AND state = 'failed';

-- name: replace others
UPDATE export_entry
SET state = 'replaced'
WHERE kind = 'schedule' AND dest = ? AND tbl = ? AND day = ? AND state = 'done' AND id <> ?;

-- name: replaced
SELECT id, kind, tbl, day, search, dest, file, state, stored, bytes, sha256, recheck, failure, asked_by, began_at, ended_at
FROM export_entry
WHERE kind = 'schedule' AND dest = ? AND state = 'replaced'
ORDER BY id
LIMIT 10000;

-- name: removed
UPDATE export_entry
SET state = 'removed'
WHERE id = ? AND state = 'replaced';

-- name: unfinished
SELECT id, kind, tbl, day, search, dest, file, state, stored, bytes, sha256, recheck, failure, asked_by, began_at, ended_at
FROM export_entry
WHERE state IN ('running', 'leaving')
ORDER BY id
LIMIT 10000;

-- name: days
SELECT id, kind, tbl, day, search, dest, file, state, stored, bytes, sha256, recheck, failure, asked_by, began_at, ended_at
FROM export_entry
WHERE kind = 'schedule' AND dest = ? AND tbl = ? AND state = 'done'
ORDER BY id
LIMIT 100000;

-- name: recheck
UPDATE export_entry
SET recheck = 1
WHERE kind = 'schedule' AND state IN ('running', 'done');

-- name: checked
UPDATE export_entry
SET recheck = 0
WHERE id = ?;

-- name: entries
SELECT id, kind, tbl, day, search, dest, file, state, stored, bytes, sha256, recheck, failure, asked_by, began_at, ended_at
FROM export_entry
WHERE id < ?
ORDER BY id DESC
LIMIT ?;

-- name: taken
SELECT id, kind, tbl, day, search, dest, file, state, stored, bytes, sha256, recheck, failure, asked_by, began_at, ended_at
FROM export_entry
WHERE kind = 'request' AND state IN ('running', 'leaving', 'done', 'cut')
ORDER BY id
LIMIT 100000;

-- name: written
SELECT tbl, dest, COUNT(DISTINCT day), MIN(day), MAX(day), MAX(ended_at), SUM(stored)
FROM export_entry
WHERE kind = 'schedule' AND state IN ('done', 'replaced', 'removed')
GROUP BY tbl, dest
ORDER BY tbl, dest
LIMIT 1000;

-- name: prune
DELETE FROM export_entry
WHERE (state = 'failed' AND began_at < ?)
	OR (state IN ('cut', 'removed') AND began_at < ?)
	OR (state = 'done' AND kind = 'request' AND began_at < ?);

-- name: insert wish
INSERT INTO export_wish (tbl, day_from, day_to, again, asked_at)
VALUES (?, ?, ?, ?, ?);

-- name: wishes
SELECT id, day_from, day_to, again, asked_at
FROM export_wish
WHERE tbl = ?
ORDER BY id
LIMIT 1000;

-- name: forget wish
DELETE FROM export_wish
WHERE id = ?;
