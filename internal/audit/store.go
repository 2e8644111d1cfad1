package audit

import (
	"context"
	"database/sql"
	"fmt"
	"math"
)

// store reads the tables as they are, whatever somebody made of them.
type store struct {
	q   querier
	sql map[string]string
}

// stored is one row of the chain.
type stored struct {
	seq        int64
	prev, hash string
	body       []byte
}

// storedDigest is one row of the digests. lastSeq is 0 if the body cannot be read.
type storedDigest struct {
	number    int64
	body      []byte
	signature string
	lastSeq   int64
}

// reach is how far a walk goes: what there was when it began.
type reach struct {
	head   Point
	digest int64
}

// reach reads the newest digest first: the records that it covers are below the head that is read then.
func (s store) reach(ctx context.Context) (r reach, err error) {
	newest, err := s.digests(ctx, "digests", math.MaxInt64, 1)
	if err != nil {
		return reach{}, err
	}
	if len(newest) > 0 {
		r.digest = newest[0].number
	}
	rows, err := s.q.QueryContext(ctx, s.sql["head"])
	if err != nil {
		return reach{}, fmt.Errorf("audit: read the newest record: %w", err)
	}
	defer func() { _ = rows.Close() }() // rows.Err below says what went wrong
	for rows.Next() {
		var body []byte
		if err := rows.Scan(&r.head.Seq, &r.head.Hash, &body); err != nil {
			return reach{}, fmt.Errorf("audit: read the newest record: %w", err)
		}
		r.head.At, _ = timeOf(body)
	}
	return r, rows.Err()
}

// walk gives the records in their order, and each digest after the last record that it covers.
func (s store) walk(ctx context.Context, to reach, record func(stored) error, digest func(storedDigest) error) error {
	var number int64
	var ahead []storedDigest
	digests := func(seq int64) error {
		for {
			if len(ahead) == 0 {
				if number >= to.digest {
					return nil
				}
				var err error
				if ahead, err = s.digests(ctx, "digests after", number, to.digest, 1000); err != nil {
					return err
				}
				if len(ahead) == 0 {
					number = to.digest
					return nil
				}
			}
			if ahead[0].lastSeq > seq {
				return nil
			}
			if err := digest(ahead[0]); err != nil {
				return err
			}
			number, ahead = ahead[0].number, ahead[1:]
		}
	}
	err := s.pages(ctx, to.head.Seq, func(r stored) error {
		if err := digests(r.seq - 1); err != nil {
			return err
		}
		return record(r)
	})
	if err != nil {
		return err
	}
	return digests(math.MaxInt64)
}

// pages gives the records up to a number. A page is read whole before it is given: a slow taker must not hold a read, which
// keeps the write-ahead log from being cleared, nor a connection, which others wait for.
func (s store) pages(ctx context.Context, upTo int64, f func(stored) error) error {
	var page []stored
	for after := int64(math.MinInt64); ; {
		var err error
		if page, err = s.page(ctx, page[:0], after, upTo); err != nil {
			return err
		}
		if len(page) == 0 {
			return nil
		}
		for _, r := range page {
			if err := f(r); err != nil {
				return err
			}
		}
		after = page[len(page)-1].seq
	}
}

func (s store) page(ctx context.Context, page []stored, after, upTo int64) ([]stored, error) {
	rows, err := s.q.QueryContext(ctx, s.sql["page"], after, upTo)
	if err != nil {
		return nil, fmt.Errorf("audit: read records: %w", err)
	}
	defer func() { _ = rows.Close() }() // rows.Err below says what went wrong
	for rows.Next() {
		var r stored
		if err := rows.Scan(&r.seq, &r.prev, &r.hash, &r.body); err != nil {
			return nil, fmt.Errorf("audit: read records: %w", err)
		}
		page = append(page, r)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("audit: read records: %w", err)
	}
	return page, nil
}

func (s store) digests(ctx context.Context, statement string, args ...any) ([]storedDigest, error) {
	rows, err := s.q.QueryContext(ctx, s.sql[statement], args...)
	if err != nil {
		return nil, fmt.Errorf("audit: read digests: %w", err)
	}
	defer func() { _ = rows.Close() }() // rows.Err below says what went wrong
	var out []storedDigest
	for rows.Next() {
		var x storedDigest
		if err := rows.Scan(&x.number, &x.body, &x.signature); err != nil {
			return nil, fmt.Errorf("audit: read digests: %w", err)
		}
		if d, err := decodeDigest(x.body, x.signature); err == nil {
			x.lastSeq = d.LastSeq
		}
		out = append(out, x)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("audit: read digests: %w", err)
	}
	return out, nil
}

// indexes compares what searches use with the records: a search must not hide one. The records themselves are good.
func (s store) indexes(ctx context.Context, upTo int64) (*Break, error) {
	for after := int64(0); ; {
		last, b, err := s.columns(ctx, after, upTo)
		if err != nil || b != nil {
			return b, err
		}
		if last == after {
			break
		}
		after = last
	}
	var said string
	if err := s.q.QueryRowContext(ctx, s.sql["check indexes"]).Scan(&said); err != nil {
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		said = err.Error()
	}
	if said != "ok" {
		return &Break{Kind: BreakStore, What: "the records are as they were written, but the store's indexes are not: a search may hide some: " + said}, nil
	}
	return nil, nil
}

// columns compares one page.
func (s store) columns(ctx context.Context, after, upTo int64) (last int64, b *Break, err error) {
	rows, err := s.q.QueryContext(ctx, s.sql["columns"], after, upTo)
	if err != nil {
		return after, nil, fmt.Errorf("audit: read columns: %w", err)
	}
	defer func() { _ = rows.Close() }() // rows.Err below says what went wrong
	last = after
	for rows.Next() {
		var body []byte
		var at sql.NullInt64
		var text [6]sql.NullString
		if err := rows.Scan(&last, &body, &at, &text[0], &text[1], &text[2], &text[3], &text[4], &text[5]); err != nil {
			return after, nil, fmt.Errorf("audit: read columns: %w", err)
		}
		r, err := decode(body)
		if err != nil {
			return after, nil, err
		}
		same := at.Valid && at.Int64 == r.At
		for i, want := range [6]string{r.Actor.ID, r.Actor.Name, r.Action, r.Object.Kind, r.Object.Name, r.Outcome} {
			same = same && text[i].String == want && text[i].Valid == (want != "")
		}
		if !same {
			return after, &Break{Kind: BreakStore, Seq: last, At: r.At, What: "the record is as it was written, but the columns that searches use say something else"}, nil
		}
	}
	if err := rows.Err(); err != nil {
		return after, nil, fmt.Errorf("audit: read columns: %w", err)
	}
	return last, nil, nil
}
