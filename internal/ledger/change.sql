-- name: add
INSERT INTO change_mark (id, at, kpi, letter, body)
VALUES (?, ?, ?, ?, ?)
ON CONFLICT (id) DO NOTHING;

-- name: in time
SELECT body
FROM change_mark
WHERE at >= ? AND at <= ? AND (at < ? OR at = ? AND id < ?)
ORDER BY at DESC, id DESC
LIMIT 1000;

-- name: of a kpi
SELECT body
FROM (
  SELECT at, id, body FROM change_mark WHERE kpi = ? AND at >= ? AND at <= ? AND (at < ? OR at = ? AND id < ?)
  UNION ALL
  SELECT at, id, body FROM change_mark WHERE kpi = '' AND at >= ? AND at <= ? AND (at < ? OR at = ? AND id < ?)
) AS both_kinds
ORDER BY at DESC, id DESC
LIMIT 1000;

-- name: forget
DELETE FROM change_mark
WHERE at < ?;
