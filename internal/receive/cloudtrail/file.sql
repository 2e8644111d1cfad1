-- name: known
SELECT size, modified
FROM cloudtrail_file
WHERE path = ?;

-- name: put
INSERT INTO cloudtrail_file (path, size, modified, read_at, records, marks, problem)
VALUES (?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (path) DO UPDATE SET size = excluded.size, modified = excluded.modified, read_at = excluded.read_at,
  records = excluded.records, marks = excluded.marks, problem = excluded.problem;

-- name: newest
SELECT path, size, read_at, records, marks, problem
FROM cloudtrail_file
ORDER BY read_at DESC, path
LIMIT ?;
