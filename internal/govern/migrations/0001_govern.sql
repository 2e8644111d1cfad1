-- What was law when, who wanted it changed, who agreed, and on what evidence. People (who, author, editors, approvers, by)
-- are JSON, because they are kept as they were called then. All instants are Unix ms.
CREATE TABLE govern_revision (
    kind TEXT NOT NULL,
    name TEXT NOT NULL,
    number INTEGER NOT NULL,
    hash TEXT NOT NULL,              -- content hash; empty for a removal
    text TEXT NOT NULL,              -- the YAML document; empty for a removal
    removed INTEGER NOT NULL,
    author TEXT NOT NULL,
    editors TEXT NOT NULL,
    approvers TEXT NOT NULL,
    reason TEXT NOT NULL,
    proposal INTEGER NOT NULL,       -- 0: the first load of the files
    emergency INTEGER NOT NULL,
    applied_at INTEGER NOT NULL,
    effective_from INTEGER NOT NULL,
    source TEXT NOT NULL,
    PRIMARY KEY (kind, name, number)
);

CREATE TABLE govern_proposal (
    id INTEGER PRIMARY KEY,
    title TEXT NOT NULL,
    reason TEXT NOT NULL,
    state TEXT NOT NULL,
    emergency INTEGER NOT NULL,
    waits INTEGER NOT NULL,          -- an applied emergency change that nobody has approved yet
    origin TEXT NOT NULL,
    author TEXT NOT NULL,
    editors TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    effective_from INTEGER NOT NULL, -- as wanted; 0 = at the next period boundary
    applied_at INTEGER NOT NULL,
    hash TEXT NOT NULL,
    why TEXT NOT NULL,
    revert_of INTEGER NOT NULL,
    test_days INTEGER NOT NULL       -- of the newest back-test, to be run again after a rebase; 0 = none
);
CREATE INDEX govern_proposal_by_state ON govern_proposal (state, id);

CREATE TABLE govern_change (
    proposal INTEGER NOT NULL,
    seq INTEGER NOT NULL,
    kind TEXT NOT NULL,
    name TEXT NOT NULL,
    title TEXT NOT NULL,
    action TEXT NOT NULL,
    base INTEGER NOT NULL,
    base_hash TEXT NOT NULL,
    before TEXT NOT NULL,            -- as the file or the revision read then: comments count for a diff
    after TEXT NOT NULL,
    hash TEXT NOT NULL,
    PRIMARY KEY (proposal, seq)
);
CREATE INDEX govern_change_by_policy ON govern_change (kind, name, proposal);

CREATE TABLE govern_vote (
    proposal INTEGER NOT NULL,
    seq INTEGER NOT NULL,
    who TEXT NOT NULL,
    roles TEXT NOT NULL,             -- JSON list: what they were then, for the labels of the change
    at INTEGER NOT NULL,
    verdict TEXT NOT NULL,
    comment TEXT NOT NULL,
    hash TEXT NOT NULL,              -- what was voted on; a vote on another text is void
    signed_in INTEGER NOT NULL,      -- Unix ms of the voter's personal sign-in before it
    agent INTEGER NOT NULL,
    PRIMARY KEY (proposal, seq)
);

CREATE TABLE govern_discussion (
    proposal INTEGER NOT NULL,
    seq INTEGER NOT NULL,
    who TEXT NOT NULL,
    at INTEGER NOT NULL,
    kind TEXT NOT NULL,
    text TEXT NOT NULL,
    PRIMARY KEY (proposal, seq)
);

CREATE TABLE govern_evidence (
    id TEXT PRIMARY KEY,
    proposal INTEGER NOT NULL,
    seq INTEGER NOT NULL,            -- the newest is the one that counts
    hash TEXT NOT NULL,              -- the proposal's: over texts and bases
    state TEXT NOT NULL,
    error TEXT NOT NULL,
    progress REAL NOT NULL,
    from_ms INTEGER NOT NULL,
    to_ms INTEGER NOT NULL,
    at INTEGER NOT NULL,
    who TEXT NOT NULL,
    sentence TEXT NOT NULL,
    results TEXT NOT NULL            -- JSON list of comparisons
);
CREATE INDEX govern_evidence_by_proposal ON govern_evidence (proposal, seq);

CREATE TABLE govern_feedback (
    id INTEGER PRIMARY KEY,
    kpi TEXT NOT NULL,
    who TEXT NOT NULL,
    at INTEGER NOT NULL,
    relevant TEXT NOT NULL,
    accurate TEXT NOT NULL,
    comment TEXT NOT NULL,
    state TEXT NOT NULL,
    proposal INTEGER NOT NULL,
    answer TEXT NOT NULL
);
CREATE INDEX govern_feedback_by_kpi ON govern_feedback (kpi, id);

CREATE TABLE govern_review (
    kind TEXT NOT NULL,
    name TEXT NOT NULL,
    at INTEGER NOT NULL,
    revision INTEGER NOT NULL,
    who TEXT NOT NULL,
    note TEXT NOT NULL,
    PRIMARY KEY (kind, name, at)
);

-- What a policy's file read when it was last seen, so that a file that nobody touched is never taken for a wish.
CREATE TABLE govern_file (
    kind TEXT NOT NULL,
    name TEXT NOT NULL,
    file TEXT NOT NULL,
    hash TEXT NOT NULL,              -- empty: the document is no longer in the file
    text TEXT NOT NULL,
    behind INTEGER NOT NULL,         -- our own write of the revision in force is still owed
    PRIMARY KEY (kind, name)
);
