-- Files that were read, or refused for good. A file is known by its path in the folder, its size and its time of change:
-- one that was written anew is another file.
CREATE TABLE cloudtrail_file (
  path     TEXT    NOT NULL PRIMARY KEY,
  size     INTEGER NOT NULL,
  modified INTEGER NOT NULL, -- Unix ns
  read_at  INTEGER NOT NULL, -- Unix ms
  records  INTEGER NOT NULL,
  marks    INTEGER NOT NULL,
  problem  TEXT    NOT NULL  -- why it was not read, or not wholly; empty if it was
);
CREATE INDEX cloudtrail_file_by_time ON cloudtrail_file (read_at);
