package audit

import (
	"context"
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
