-- name: newest revisions
SELECT r.kind, r.name, r.number, r.hash, r.text, r.removed, r.author, r.editors, r.approvers, r.reason, r.proposal, r.emergency,
    r.applied_at, r.effective_from, r.source
FROM govern_revision r
JOIN (SELECT kind, name, MAX(number) AS number FROM govern_revision GROUP BY kind, name) newest
    ON newest.kind = r.kind AND newest.name = r.name AND newest.number = r.number
ORDER BY r.kind, r.name
LIMIT 1000000;

-- name: revisions
SELECT kind, name, number, hash, text, removed, author, editors, approvers, reason, proposal, emergency, applied_at,
    effective_from, source
FROM govern_revision
WHERE kind = ? AND name = ?
ORDER BY number DESC
LIMIT 10000;

-- name: put revision
INSERT INTO govern_revision (kind, name, number, hash, text, removed, author, editors, approvers, reason, proposal, emergency,
    applied_at, effective_from, source)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?);

-- name: next proposal
SELECT COALESCE(MAX(id), 0) + 1
FROM govern_proposal;

-- name: proposal
SELECT id, title, reason, state, emergency, waits, origin, author, editors, created_at, updated_at, expires_at, effective_from,
    applied_at, hash, why, revert_of, test_days
FROM govern_proposal
WHERE id = ?;

-- name: proposals
SELECT id, title, reason, state, emergency, waits, origin, author, editors, created_at, updated_at, expires_at, effective_from,
    applied_at, hash, why, revert_of, test_days
FROM govern_proposal
WHERE (? = '' OR state = ? OR (? = 'open' AND (state IN ('draft', 'tested', 'approved', 'scheduled') OR waits = 1)))
ORDER BY id DESC
LIMIT ?;

-- name: put proposal
INSERT INTO govern_proposal (id, title, reason, state, emergency, waits, origin, author, editors, created_at, updated_at,
    expires_at, effective_from, applied_at, hash, why, revert_of, test_days)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (id) DO UPDATE SET title = excluded.title, reason = excluded.reason, state = excluded.state,
    emergency = excluded.emergency, waits = excluded.waits, editors = excluded.editors, updated_at = excluded.updated_at,
    expires_at = excluded.expires_at, effective_from = excluded.effective_from, applied_at = excluded.applied_at,
    hash = excluded.hash, why = excluded.why, test_days = excluded.test_days;

-- name: changes
SELECT kind, name, title, action, base, base_hash, before, after, hash
FROM govern_change
WHERE proposal = ?
ORDER BY seq
LIMIT 10000;

-- name: drop changes
DELETE FROM govern_change
WHERE proposal = ?;

-- name: put change
INSERT INTO govern_change (proposal, seq, kind, name, title, action, base, base_hash, before, after, hash)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?);

-- name: open changes
SELECT c.kind, c.name, p.id
FROM govern_change c
JOIN govern_proposal p ON p.id = c.proposal
WHERE p.state IN ('draft', 'tested', 'approved', 'scheduled') OR p.waits = 1
ORDER BY p.id
LIMIT 1000000;

-- name: votes
SELECT who, roles, at, verdict, comment, hash, signed_in, agent
FROM govern_vote
WHERE proposal = ?
ORDER BY seq
LIMIT 10000;

-- name: put vote
INSERT INTO govern_vote (proposal, seq, who, roles, at, verdict, comment, hash, signed_in, agent)
VALUES (?, (SELECT COALESCE(MAX(seq), 0) + 1 FROM govern_vote WHERE proposal = ?), ?, ?, ?, ?, ?, ?, ?, ?);

-- name: discussion
SELECT seq, who, at, kind, text
FROM govern_discussion
WHERE proposal = ?
ORDER BY seq
LIMIT 10000;

-- name: put word
INSERT INTO govern_discussion (proposal, seq, who, at, kind, text)
VALUES (?, (SELECT COALESCE(MAX(seq), 0) + 1 FROM govern_discussion WHERE proposal = ?), ?, ?, ?, ?);

-- name: evidence
SELECT id, hash, state, error, progress, from_ms, to_ms, at, who, sentence, results
FROM govern_evidence
WHERE proposal = ?
ORDER BY seq DESC
LIMIT 1;

-- name: put evidence
INSERT INTO govern_evidence (id, proposal, seq, hash, state, error, progress, from_ms, to_ms, at, who, sentence, results)
VALUES (?, ?, (SELECT COALESCE(MAX(seq), 0) + 1 FROM govern_evidence WHERE proposal = ?), ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (id) DO UPDATE SET state = excluded.state, error = excluded.error, progress = excluded.progress,
    sentence = excluded.sentence, results = excluded.results;

-- name: lost evidence
UPDATE govern_evidence
SET state = 'cancelled', error = 'the server stopped while it ran'
WHERE state = 'running';

-- name: feedback
SELECT id, kpi, who, at, relevant, accurate, comment, state, proposal, answer
FROM govern_feedback
WHERE ? = '' OR kpi = ?
ORDER BY id DESC
LIMIT 10000;

-- name: one feedback
SELECT id, kpi, who, at, relevant, accurate, comment, state, proposal, answer
FROM govern_feedback
WHERE id = ?;

-- name: feedback of proposal
SELECT id
FROM govern_feedback
WHERE proposal = ?
ORDER BY id
LIMIT 10000;

-- name: open feedback
SELECT kpi, COUNT(*)
FROM govern_feedback
WHERE state IN ('open', 'proposed')
GROUP BY kpi
LIMIT 1000000;

-- name: next feedback
SELECT COALESCE(MAX(id), 0) + 1
FROM govern_feedback;

-- name: put feedback
INSERT INTO govern_feedback (id, kpi, who, at, relevant, accurate, comment, state, proposal, answer)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (id) DO UPDATE SET state = excluded.state, proposal = excluded.proposal, answer = excluded.answer;

-- name: feedback follows
UPDATE govern_feedback
SET state = ?, proposal = ?
WHERE proposal = ? AND state <> 'closed';

-- name: newest reviews
SELECT r.kind, r.name, r.at, r.revision, r.who, r.note
FROM govern_review r
JOIN (SELECT kind, name, MAX(at) AS at FROM govern_review GROUP BY kind, name) newest
    ON newest.kind = r.kind AND newest.name = r.name AND newest.at = r.at
LIMIT 1000000;

-- name: put review
INSERT INTO govern_review (kind, name, at, revision, who, note)
VALUES (?, ?, ?, ?, ?, ?)
ON CONFLICT (kind, name, at) DO UPDATE SET revision = excluded.revision, who = excluded.who, note = excluded.note;

-- name: files
SELECT kind, name, file, hash, text, behind
FROM govern_file
LIMIT 1000000;

-- name: put file
INSERT INTO govern_file (kind, name, file, hash, text, behind)
VALUES (?, ?, ?, ?, ?, ?)
ON CONFLICT (kind, name) DO UPDATE SET file = excluded.file, hash = excluded.hash, text = excluded.text, behind = excluded.behind;

-- name: drop file
DELETE FROM govern_file
WHERE kind = ? AND name = ?;

-- name: waiting
SELECT id
FROM govern_proposal
WHERE waits = 1
LIMIT 10000;
