package duckdb

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/signalbox/signalbox/internal/rowstore"
)

// gone says which rows a rewrite left out.
type gone struct {
	rows     int64
	from, to int64
	bytes    int64 // by which the files shrank
	whole    bool  // the file held nothing else
}

// rewrite writes a file anew without the rows for which a condition holds, or removes it if it holds for all. Where it holds
// for none nothing happens. The caller holds work.
func (s *Store) rewrite(ctx context.Context, f *liveFile, condition string) (g gone, err error) {
	p, err := s.openShop(ctx)
	if err != nil {
		return g, err
	}
	if err := p.run(fmt.Sprintf("ATTACH %s AS f%d (READ_ONLY)", quote(f.path), f.ID)); err != nil {
		return g, err
	}
	attached := true
	detach := func() error {
		if !attached {
			return nil
		}
		attached = false
		return p.run(fmt.Sprintf("DETACH f%d", f.ID))
	}
	defer func() { err = errors.Join(err, detach()) }()
	of, err := p.numbers("SELECT count(*), coalesce(min(epoch_us(time)), 0), coalesce(max(epoch_us(time)), 0) FROM "+f.source().Name+" WHERE "+condition, 3)
	if err != nil || of[0][0] == 0 {
		return g, err
	}
	g = gone{rows: of[0][0], from: of[0][1], to: of[0][2], bytes: f.Bytes, whole: of[0][0] == f.Rows}
	e := edit{Remove: []uint64{f.ID}}
	if !g.whole {
		next, err := s.makeFile(p, sealedFile{Table: f.Table, Day: f.Day, Schema: schemaVersion, Keys: f.Keys, Promoted: f.Promoted},
			"FROM "+f.source().Name+" WHERE NOT "+condition, false)
		if err != nil {
			return gone{}, err
		}
		if next.Rows+g.rows != f.Rows {
			return gone{}, errors.Join(fmt.Errorf("rewrite %s: %d rows and %d to remove are not the %d that were there", f.path, next.Rows, g.rows, f.Rows), s.discard([]sealedFile{next}))
		}
		e.Add, g.bytes = []sealedFile{next}, f.Bytes-next.Bytes
	}
	if err := detach(); err != nil {
		return gone{}, errors.Join(err, s.discard(e.Add))
	}
	if err := s.swap(e, nil); err != nil {
		return gone{}, errors.Join(err, s.discard(e.Add))
	}
	return g, nil
}

// filesNow lists the files, by table, day and number.
func (s *Store) filesNow() (files []*liveFile) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, f := range s.files {
		files = append(files, f)
	}
	slices.SortFunc(files, func(a, b *liveFile) int { return int(min(1, max(-1, int64(a.ID)-int64(b.ID)))) })
	return files
}

// Erase implements rowstore.Store. Hot rows are sealed first, then each file with a matching row is written anew and its
// predecessor deleted; Erase returns after the last reader of a deleted file is done. What an erasure that failed has
// removed by then is gone; run it again.
func (s *Store) Erase(ctx context.Context, match rowstore.Expr, progress func(done, of int)) (rowstore.Erased, error) {
	out := rowstore.Erased{Rows: map[rowstore.Table]int64{}}
	if _, err := match.Compile(); err != nil {
		return out, invalid(err)
	}
	if err := s.sealAll(ctx, true); err != nil {
		return out, err
	}
	s.work.Lock()
	defer s.work.Unlock()
	defer s.paths.forget()
	files := s.filesNow()
	for i, f := range files {
		if progress != nil {
			progress(i, len(files))
		}
		if err := ctx.Err(); err != nil {
			return out, err
		}
		g, err := s.eraseIn(ctx, f, match)
		if err != nil {
			return out, fmt.Errorf("erase: %w", err)
		}
		if g.rows == 0 {
			continue
		}
		select {
		case <-f.gone:
		case <-ctx.Done():
			return out, ctx.Err()
		}
		if out.Files == 0 || g.from < out.From {
			out.From = g.from
		}
		out.To = max(out.To, g.to)
		if out.Files == 0 {
			out.To = g.to
		}
		out.Rows[f.Table] += g.rows
		out.Bytes += f.Bytes
		out.Files++
		if g.whole {
			out.Whole++
		}
	}
	if progress != nil {
		progress(len(files), len(files))
	}
	return out, nil
}

func (s *Store) eraseIn(ctx context.Context, f *liveFile, match rowstore.Expr) (g gone, err error) {
	if err := f.open(ctx, s.query); err != nil {
		return g, err
	}
	cond, err := s.condition(ctx, f.source(), match)
	if err != nil {
		return g, err
	}
	return s.rewrite(ctx, f, cond)
}

// Expire implements rowstore.Store. Days go as a whole: a row is forgotten when all of its UTC day is older than is kept. A
// file of several days is written anew without those that go.
func (s *Store) Expire(ctx context.Context, now time.Time, keep rowstore.Keep) (bytes int64, err error) {
	limits := make([]expiry, 0, 3)
	for _, t := range rowstore.Tables() {
		limits = append(limits, expiryOf(t, now, keep))
	}
	if s.hotBefore(limits) {
		if err := s.sealAll(ctx, true); err != nil {
			return 0, err
		}
	}
	s.work.Lock()
	defer s.work.Unlock()
	for _, f := range s.filesNow() {
		x := limits[f.Table]
		if f.From >= x.latest {
			continue
		}
		if err := ctx.Err(); err != nil {
			return bytes, err
		}
		if f.To < x.earliest {
			if err := s.swap(edit{Remove: []uint64{f.ID}}, nil); err != nil {
				return bytes, err
			}
			bytes += f.Bytes
			continue
		}
		if s.clean[f.ID] == x.key {
			continue
		}
		if err := f.open(ctx, s.query); err != nil {
			return bytes, err
		}
		cond, err := x.condition(ctx, s, f.source())
		if err != nil {
			return bytes, err
		}
		g, err := s.rewrite(ctx, f, cond)
		if err != nil {
			return bytes, fmt.Errorf("expire: %w", err)
		}
		if bytes += g.bytes; g.rows == 0 {
			s.clean[f.ID] = x.key
		}
	}
	return bytes, nil
}

// expiry is the retention of one table.
type expiry struct {
	classes          []rowstore.Class
	before           []int64 // rows of a class before this are forgotten
	rest             int64   // and all others before this
	earliest, latest int64   // of them
	key              string
}

func expiryOf(t rowstore.Table, now time.Time, keep rowstore.Keep) expiry {
	cut := func(d time.Duration) int64 {
		if d <= 0 {
			return -1 << 62
		}
		return dayOf(now.Add(-d).UnixMicro()) * dayMicros
	}
	x := expiry{rest: cut(keep.Tables[t])}
	x.earliest, x.latest = x.rest, x.rest
	for _, c := range keep.Classes {
		if c.Table != t {
			continue
		}
		b := cut(c.Keep)
		x.classes, x.before = append(x.classes, c), append(x.before, b)
		x.earliest, x.latest = min(x.earliest, b), max(x.latest, b)
		x.key += fmt.Sprintf("%s %d\n", c.Where, b)
	}
	x.key += fmt.Sprint(x.rest)
	return x
}

// condition is what holds for rows that are forgotten.
func (x expiry) condition(ctx context.Context, s *Store, src source) (string, error) {
	var b strings.Builder
	b.WriteString("epoch_us(time) < CASE")
	for i, c := range x.classes {
		cond, err := s.condition(ctx, src, c.Where)
		if err != nil {
			return "", fmt.Errorf("class %s: %w", c.Name, err)
		}
		fmt.Fprintf(&b, " WHEN %s THEN %d", cond, x.before[i])
	}
	if len(x.classes) == 0 {
		return fmt.Sprintf("(epoch_us(time) < %d)", x.rest), nil
	}
	fmt.Fprintf(&b, " ELSE %d END", x.rest)
	return "(" + b.String() + ")", nil
}

// hotBefore reports whether hot rows are older than what is kept.
func (s *Store) hotBefore(limits []expiry) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, seg := range append(s.closed[:len(s.closed):len(s.closed)], s.active) {
		for t, h := range seg.tables {
			if h.rows > 0 && h.from < limits[t].latest {
				return true
			}
		}
	}
	return false
}
