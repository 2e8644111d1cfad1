-- name: keys
SELECT id, purpose, created_at, retired_at, keep_until, destroyed_at
FROM privacy_key
ORDER BY id
LIMIT 100000;

-- name: newest key
SELECT COALESCE(MAX(id), 0)
FROM privacy_key;

-- name: insert key
INSERT INTO privacy_key (id, purpose, created_at, retired_at, keep_until, destroyed_at)
VALUES (?, ?, ?, 0, 0, 0);

-- name: retire keys
UPDATE privacy_key
SET retired_at = ?, keep_until = ?
WHERE purpose = ? AND id < ? AND retired_at = 0;

-- name: keep key
UPDATE privacy_key
SET keep_until = ?
WHERE id = ?;

-- name: destroy key
UPDATE privacy_key
SET destroyed_at = ?, retired_at = CASE WHEN retired_at = 0 THEN ? ELSE retired_at END
WHERE id = ?;

-- name: insert request
INSERT INTO privacy_request (id, kind, state, asked_by, reason, created_at, updated_at, parts_done, parts, runs, subject, certificate, failure)
VALUES (?, ?, 'running', ?, ?, ?, ?, 0, 0, 0, ?, '', '');

-- name: newest request
SELECT COALESCE(MAX(id), 0)
FROM privacy_request;

-- name: request
SELECT id, kind, state, asked_by, reason, created_at, updated_at, parts_done, parts, runs, subject, certificate, failure
FROM privacy_request
WHERE id = ?;

-- name: requests
SELECT id, kind, state, asked_by, reason, created_at, updated_at, parts_done, parts, runs, subject, certificate, failure
FROM privacy_request
ORDER BY id DESC
LIMIT 10000;

-- name: running
SELECT id, kind, state, asked_by, reason, created_at, updated_at, parts_done, parts, runs, subject, certificate, failure
FROM privacy_request
WHERE state = 'running'
ORDER BY id
LIMIT 10000;

-- name: begin run
UPDATE privacy_request
SET updated_at = ?, runs = runs + 1
WHERE id = ? AND state = 'running';

-- name: progress
UPDATE privacy_request
SET updated_at = ?, parts_done = ?, parts = ?
WHERE id = ? AND state = 'running';

-- name: end request
UPDATE privacy_request
SET state = ?, updated_at = ?, subject = '', certificate = ?, failure = ?
WHERE id = ? AND state = 'running';
