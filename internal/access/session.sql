-- name: all
SELECT id, credential, created_at, seen_at
FROM access_session
ORDER BY created_at DESC
LIMIT 10000;

-- name: put
INSERT INTO access_session (id, credential, created_at, seen_at)
VALUES (?, ?, ?, ?)
ON CONFLICT (id) DO UPDATE SET seen_at = excluded.seen_at;

-- name: delete
DELETE FROM access_session
WHERE id = ?;

-- name: purge
DELETE FROM access_session
WHERE created_at < ? OR seen_at < ? OR credential <> ?;
