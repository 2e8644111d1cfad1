-- What the PostgreSQL probe reads. Columns that begin with pg_ are series of that name, the others are their labels; names are
-- those of postgres_exporter where it has them. Every list is bounded.

-- name: activity
SELECT COALESCE(d.datname, '') AS datname,
       s.state AS state,
       COALESCE(a.n, 0)::float8 AS pg_stat_activity_count,
       COALESCE(a.longest, 0)::float8 AS pg_stat_activity_max_tx_duration
FROM (SELECT datname FROM pg_database WHERE datallowconn AND NOT datistemplate ORDER BY datname LIMIT 100) d
CROSS JOIN (VALUES ('active'), ('idle'), ('idle in transaction'), ('idle in transaction (aborted)'), ('fastpath function call'), ('disabled')) s (state)
LEFT JOIN (
  SELECT datname, state, count(*) AS n, max(EXTRACT(EPOCH FROM now() - xact_start)) AS longest
  FROM pg_stat_activity
  WHERE pid <> pg_backend_pid()
  GROUP BY datname, state
) a ON a.datname = d.datname AND a.state = s.state
LIMIT 600;

-- name: database
SELECT datid::text AS datid,
       datname AS datname,
       numbackends::float8 AS pg_stat_database_numbackends,
       xact_commit::float8 AS pg_stat_database_xact_commit,
       xact_rollback::float8 AS pg_stat_database_xact_rollback,
       blks_read::float8 AS pg_stat_database_blks_read,
       blks_hit::float8 AS pg_stat_database_blks_hit,
       tup_returned::float8 AS pg_stat_database_tup_returned,
       tup_fetched::float8 AS pg_stat_database_tup_fetched,
       tup_inserted::float8 AS pg_stat_database_tup_inserted,
       tup_updated::float8 AS pg_stat_database_tup_updated,
       tup_deleted::float8 AS pg_stat_database_tup_deleted,
       conflicts::float8 AS pg_stat_database_conflicts,
       temp_files::float8 AS pg_stat_database_temp_files,
       temp_bytes::float8 AS pg_stat_database_temp_bytes,
       deadlocks::float8 AS pg_stat_database_deadlocks
FROM pg_stat_database
WHERE datname IS NOT NULL AND datname NOT IN ('template0', 'template1')
ORDER BY datname
LIMIT 100;

-- name: size
SELECT datname AS datname,
       pg_database_size(oid)::float8 AS pg_database_size_bytes
FROM pg_database
WHERE NOT datistemplate AND has_database_privilege(oid, 'CONNECT')
ORDER BY datname
LIMIT 100;

-- name: locks
SELECT d.datname AS datname,
       m.mode AS mode,
       COALESCE(l.n, 0)::float8 AS pg_locks_count
FROM (SELECT oid, datname FROM pg_database WHERE NOT datistemplate ORDER BY datname LIMIT 100) d
CROSS JOIN (VALUES ('accesssharelock'), ('rowsharelock'), ('rowexclusivelock'), ('shareupdateexclusivelock'), ('sharelock'),
  ('sharerowexclusivelock'), ('exclusivelock'), ('accessexclusivelock'), ('sireadlock')) m (mode)
LEFT JOIN (
  SELECT database, lower(mode) AS mode, count(*) AS n
  FROM pg_locks
  GROUP BY database, lower(mode)
) l ON l.database = d.oid AND l.mode = m.mode
LIMIT 900;

-- name: waiting
SELECT d.datname AS datname,
       (SELECT count(*) FROM pg_stat_activity a WHERE a.datname = d.datname AND a.wait_event_type = 'Lock')::float8 AS pg_locks_waiting,
       (SELECT count(*) FROM pg_stat_activity a WHERE a.datname = d.datname AND a.state = 'active' AND a.pid <> pg_backend_pid()
         AND a.backend_type = 'client backend' AND now() - a.query_start > make_interval(secs => $1))::float8 AS pg_slow_queries
FROM (SELECT datname FROM pg_database WHERE datallowconn AND NOT datistemplate ORDER BY datname LIMIT 100) d
LIMIT 100;

-- name: replica
SELECT pg_is_in_recovery()::int::float8 AS pg_replication_is_replica,
       (CASE WHEN NOT pg_is_in_recovery() THEN 0
             WHEN pg_last_wal_receive_lsn() = pg_last_wal_replay_lsn() THEN 0
             ELSE GREATEST(0, EXTRACT(EPOCH FROM now() - pg_last_xact_replay_timestamp())) END)::float8 AS pg_replication_lag_seconds
LIMIT 1;

-- name: standbys
SELECT application_name AS application_name,
       COALESCE(client_addr::text, '') AS client_addr,
       state AS state,
       pg_wal_lsn_diff(CASE WHEN pg_is_in_recovery() THEN pg_last_wal_receive_lsn() ELSE pg_current_wal_lsn() END, replay_lsn)::float8 AS pg_stat_replication_pg_wal_lsn_diff,
       EXTRACT(EPOCH FROM COALESCE(replay_lag, '0'))::float8 AS pg_stat_replication_replay_lag_seconds
FROM pg_stat_replication
ORDER BY application_name, client_addr
LIMIT 50;

-- name: settings
SELECT current_setting('max_connections')::float8 AS pg_settings_max_connections,
       EXTRACT(EPOCH FROM pg_postmaster_start_time())::float8 AS pg_postmaster_start_time_seconds
LIMIT 1;

-- name: has_statements
SELECT (EXISTS (SELECT 1 FROM pg_extension WHERE extname = 'pg_stat_statements') AND current_setting('server_version_num')::int >= 130000)::int::float8 AS pg_has_statements
LIMIT 1;

-- name: statements
SELECT pg_get_userbyid(s.userid)::text AS "user",
       d.datname AS datname,
       s.queryid::text AS queryid,
       sum(s.calls)::float8 AS pg_stat_statements_calls_total,
       (sum(s.total_exec_time) / 1000)::float8 AS pg_stat_statements_seconds_total,
       sum(s.rows)::float8 AS pg_stat_statements_rows_total
FROM pg_stat_statements s
JOIN pg_database d ON d.oid = s.dbid
WHERE s.queryid IS NOT NULL
GROUP BY s.userid, d.datname, s.queryid
ORDER BY sum(s.total_exec_time) DESC
LIMIT 50;
