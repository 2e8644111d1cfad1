-- People, what they are trusted with, and the tokens that programs carry for them. A password is kept as argon2id with its
-- parameters, a token as SHA-256 of 256 random bits: a stolen database signs nobody in.
CREATE TABLE access_user (
  id           TEXT    NOT NULL PRIMARY KEY,
  login        TEXT    NOT NULL UNIQUE,
  name         TEXT    NOT NULL,
  password     TEXT    NOT NULL,
  issuer       TEXT    NOT NULL,
  subject      TEXT    NOT NULL,
  state        TEXT    NOT NULL,
  must_change  INTEGER NOT NULL,
  created_at   INTEGER NOT NULL,
  created_by   TEXT    NOT NULL,
  signed_in_at INTEGER NOT NULL
);
CREATE UNIQUE INDEX access_user_subject ON access_user (issuer, subject) WHERE subject <> '';

CREATE TABLE access_token (
  id         TEXT    NOT NULL PRIMARY KEY,
  hash       TEXT    NOT NULL UNIQUE,
  hint       TEXT    NOT NULL,
  name       TEXT    NOT NULL,
  owner      TEXT    NOT NULL,
  agent      INTEGER NOT NULL,
  pushes_as  TEXT    NOT NULL,
  created_at INTEGER NOT NULL,
  created_by TEXT    NOT NULL,
  expires_at INTEGER NOT NULL,
  used_at    INTEGER NOT NULL
);

-- The holder is a user or a token.
CREATE TABLE access_grant (
  holder   TEXT    NOT NULL,
  position INTEGER NOT NULL,
  role     TEXT    NOT NULL,
  scope    TEXT    NOT NULL,
  PRIMARY KEY (holder, position)
);

-- A session belongs to a person; those of the admin token keep the empty user_id.
ALTER TABLE access_session ADD COLUMN user_id TEXT NOT NULL DEFAULT '';
ALTER TABLE access_session ADD COLUMN way TEXT NOT NULL DEFAULT 'link';
ALTER TABLE access_session ADD COLUMN address TEXT NOT NULL DEFAULT '';
ALTER TABLE access_session ADD COLUMN browser TEXT NOT NULL DEFAULT '';
ALTER TABLE access_session ADD COLUMN proved_at INTEGER NOT NULL DEFAULT 0;
