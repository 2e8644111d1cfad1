-- To judge the past anew as it was judged, a reader must know with which period a restatement was first used: several
-- periods may close in one round, and then the time of the round does not tell.
ALTER TABLE statement ADD COLUMN first_end INTEGER NOT NULL DEFAULT 0; -- Unix ms: end of the first period judged with it
UPDATE statement SET first_end = known_at;
CREATE INDEX statement_by_use ON statement (kpi, first_end);

-- What makes the datapoints, apart from how they are judged: revisions of one shape can judge each other's past.
ALTER TABLE revision ADD COLUMN shape TEXT NOT NULL DEFAULT '';
