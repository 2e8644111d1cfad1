-- name: users
SELECT id, login, name, password, issuer, subject, state, must_change, created_at, created_by, signed_in_at
FROM access_user
ORDER BY login
LIMIT 100000;

-- name: put user
INSERT INTO access_user (id, login, name, password, issuer, subject, state, must_change, created_at, created_by, signed_in_at)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (id) DO UPDATE SET
  login = excluded.login,
  name = excluded.name,
  password = excluded.password,
  state = excluded.state,
  must_change = excluded.must_change,
  signed_in_at = excluded.signed_in_at;

-- name: delete user
DELETE FROM access_user
WHERE id = ?;

-- name: tokens
SELECT id, hash, hint, name, owner, agent, pushes_as, created_at, created_by, expires_at, used_at
FROM access_token
ORDER BY created_at
LIMIT 100000;

-- name: put token
INSERT INTO access_token (id, hash, hint, name, owner, agent, pushes_as, created_at, created_by, expires_at, used_at)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?);

-- name: token used
UPDATE access_token
SET used_at = ?
WHERE id = ?;

-- name: delete token
DELETE FROM access_token
WHERE id = ?;

-- name: grants
SELECT holder, role, scope
FROM access_grant
ORDER BY holder, position
LIMIT 1000000;

-- name: put grant
INSERT INTO access_grant (holder, position, role, scope)
VALUES (?, ?, ?, ?);

-- name: delete grants
DELETE FROM access_grant
WHERE holder = ?;
