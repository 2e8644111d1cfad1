-- name: head
SELECT seq, hash, body
FROM audit_record
ORDER BY seq DESC
LIMIT 1;

-- name: insert
INSERT INTO audit_record (seq, prev, hash, body)
VALUES (?, ?, ?, ?);

-- name: page
SELECT seq, prev, hash, body
FROM audit_record
WHERE seq > ? AND seq <= ?
ORDER BY seq
LIMIT 1000;

-- name: columns
SELECT seq, body, at, actor_id, actor_name, action, object_kind, object_name, outcome
FROM audit_record
WHERE seq > ? AND seq <= ?
ORDER BY seq
LIMIT 1000;

-- name: find
SELECT seq, hash, body
FROM audit_record
WHERE seq IN ({branches})
ORDER BY seq DESC
LIMIT ?;

-- name: after
SELECT seq, hash, body
FROM audit_record
WHERE seq > ?
ORDER BY seq;

-- name: newest digest
SELECT number, body, signature
FROM audit_digest
ORDER BY number DESC
LIMIT 1;

-- name: insert digest
INSERT INTO audit_digest (number, body, signature)
VALUES (?, ?, ?);

-- name: digests
SELECT number, body, signature
FROM audit_digest
WHERE number < ?
ORDER BY number DESC
LIMIT ?;

-- name: digests after
SELECT number, body, signature
FROM audit_digest
WHERE number > ? AND number <= ?
ORDER BY number
LIMIT ?;

-- name: keys
SELECT fingerprint, public_key, created_at, endorsed, vouched
FROM audit_key
ORDER BY number
LIMIT 10000;

-- name: insert key
INSERT INTO audit_key (number, fingerprint, public_key, created_at, endorsed, vouched)
VALUES ((SELECT COALESCE(MAX(number), 0) + 1 FROM audit_key), ?, ?, ?, ?, ?);

-- name: anchored
SELECT number, seq
FROM audit_anchor
WHERE one = 1;

-- name: put anchored
INSERT INTO audit_anchor (one, number, seq, at)
VALUES (1, ?, ?, ?)
ON CONFLICT (one) DO UPDATE SET number = excluded.number, seq = excluded.seq, at = excluded.at;

-- name: check indexes
PRAGMA integrity_check(audit_record);
