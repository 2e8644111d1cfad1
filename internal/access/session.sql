-- name: all
SELECT id, user_id, way, address, browser, created_at, seen_at, proved_at
FROM access_session
ORDER BY created_at DESC
LIMIT 100000;

-- name: put
INSERT INTO access_session (id, credential, user_id, way, address, browser, created_at, seen_at, proved_at)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (id) DO UPDATE SET seen_at = excluded.seen_at, proved_at = excluded.proved_at;

-- name: delete
DELETE FROM access_session
WHERE id = ?;

-- name: purge
DELETE FROM access_session
WHERE (user_id = '' AND (created_at < ? OR seen_at < ? OR credential <> ?))
   OR (user_id <> '' AND (created_at < ? OR seen_at < ?));
