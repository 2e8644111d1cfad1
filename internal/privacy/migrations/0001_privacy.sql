-- The keys of pseudonyms, without the keys: those are files in a directory of their own. Instants are Unix ms, 0 for not yet.
CREATE TABLE privacy_key (
    id INTEGER PRIMARY KEY,
    purpose TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    retired_at INTEGER NOT NULL,     -- from then on a newer key makes the purpose's pseudonyms
    keep_until INTEGER NOT NULL,     -- when the newest row it served has expired; 0 while it serves, or if rows are kept for ever
    destroyed_at INTEGER NOT NULL
);

-- What people asked to be erased or handed out. The subject's id is never here: subject holds it sealed with a key of this
-- request alone, which lies with the keys above and is destroyed when the request ends.
CREATE TABLE privacy_request (
    id INTEGER PRIMARY KEY,
    kind TEXT NOT NULL,              -- erase, export
    state TEXT NOT NULL,             -- running, done, failed
    asked_by TEXT NOT NULL,          -- JSON of the actor
    reason TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    parts_done INTEGER NOT NULL,     -- progress, in the store's own parts
    parts INTEGER NOT NULL,
    runs INTEGER NOT NULL,           -- how often it was begun: more than once after a crash or a store that was away
    subject TEXT NOT NULL,           -- sealed, hexadecimal; empty once the request has ended
    certificate TEXT NOT NULL,       -- JSON; empty until it is done
    failure TEXT NOT NULL
);
