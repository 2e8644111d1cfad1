-- Sessions outlive a restart. The id is the SHA-256 of the cookie, so a stolen database signs nobody in; credential tells
-- which admin.token the session was made under, so that replacing the file ends them.
CREATE TABLE access_session (
  id         TEXT    NOT NULL PRIMARY KEY,
  credential TEXT    NOT NULL,
  created_at INTEGER NOT NULL,
  seen_at    INTEGER NOT NULL
);
