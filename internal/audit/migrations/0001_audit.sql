-- The chain: hash is SHA-256 over the 32 bytes of prev and the bytes of body. Everything that is said about a record is in
-- body; the columns to search by are generated from it, and no statement can set them to something else. Whoever writes
-- into the database's file can: a verifier that is asked to compares them with the body, and the indexes with them. seq has
-- to be a plain column, being the key; it is always compared.
-- A body that is no JSON any more makes NULLs, not errors: a tampered record must not hide the others.
-- Postgres: GENERATED ALWAYS AS (CASE WHEN body IS JSON THEN ((body::jsonb)->>'at')::bigint END) STORED, and so on for the
-- other columns.
CREATE TABLE audit_record (
  seq  INTEGER NOT NULL PRIMARY KEY,
  prev TEXT    NOT NULL, -- hash of the record before, 64 zeros for the first
  hash TEXT    NOT NULL,
  body TEXT    NOT NULL, -- canonical JSON

  at          INTEGER GENERATED ALWAYS AS (CASE WHEN json_valid(body) THEN json_extract(body, '$.at') END) STORED,
  actor_id    TEXT    GENERATED ALWAYS AS (CASE WHEN json_valid(body) THEN json_extract(body, '$.actor.id') END) STORED,
  actor_name  TEXT    GENERATED ALWAYS AS (CASE WHEN json_valid(body) THEN json_extract(body, '$.actor.name') END) STORED,
  action      TEXT    GENERATED ALWAYS AS (CASE WHEN json_valid(body) THEN json_extract(body, '$.action') END) STORED,
  object_kind TEXT    GENERATED ALWAYS AS (CASE WHEN json_valid(body) THEN json_extract(body, '$.object.kind') END) STORED,
  object_name TEXT    GENERATED ALWAYS AS (CASE WHEN json_valid(body) THEN json_extract(body, '$.object.name') END) STORED,
  outcome     TEXT    GENERATED ALWAYS AS (CASE WHEN json_valid(body) THEN json_extract(body, '$.outcome') END) STORED
);
-- Each index keeps the order of the chain and carries the time, so that a filter walks the newest first and a time range
-- is checked without reading the body.
CREATE INDEX audit_record_by_time ON audit_record (at, seq);
CREATE INDEX audit_record_by_actor_id ON audit_record (actor_id, seq, at);
CREATE INDEX audit_record_by_actor_name ON audit_record (actor_name, seq, at);
CREATE INDEX audit_record_by_action ON audit_record (action, seq, at);
CREATE INDEX audit_record_by_object_kind ON audit_record (object_kind, seq, at);
CREATE INDEX audit_record_by_object_name ON audit_record (object_name, seq, at);
-- Nearly everything is done; the refused and the failed are what is looked for.
CREATE INDEX audit_record_by_outcome ON audit_record (outcome, seq, at) WHERE outcome <> 'done';

-- One signed digest an hour, of empty hours too.
CREATE TABLE audit_digest (
  number    INTEGER NOT NULL PRIMARY KEY,
  body      TEXT    NOT NULL, -- canonical JSON
  signature TEXT    NOT NULL  -- Ed25519, hexadecimal
);

-- Public keys, the oldest first. The private half of the newest is in audit.key; those of the others are gone.
CREATE TABLE audit_key (
  number      INTEGER NOT NULL PRIMARY KEY,
  fingerprint TEXT    NOT NULL UNIQUE,
  public_key  TEXT    NOT NULL, -- 32 bytes, hexadecimal
  created_at  INTEGER NOT NULL,
  endorsed    TEXT    NOT NULL, -- signature of the key before over this one; empty if that key was lost
  vouched     TEXT    NOT NULL  -- signature of this key over the key before
);

-- How far the world outside knows the chain.
CREATE TABLE audit_anchor (
  one    INTEGER NOT NULL PRIMARY KEY CHECK (one = 1),
  number INTEGER NOT NULL, -- of the digest
  seq    INTEGER NOT NULL,
  at     INTEGER NOT NULL
);
