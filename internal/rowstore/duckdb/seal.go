package duckdb

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/signalbox/signalbox/internal/rowstore"
)

const (
	sealDays  = 8    // so many days of a segment get a file of their own, those with the most rows
	strayRows = 1000 // days with fewer rows share a file, unless there are few days
)

// sealAll closes the active segment if asked to and seals every closed one.
func (s *Store) sealAll(ctx context.Context, active bool) error {
	if active {
		done := make(chan error)
		select {
		case s.rotations <- done:
		case <-s.written:
			return errors.New("the row store is closed")
		case <-ctx.Done():
			return ctx.Err()
		}
		if err := <-done; err != nil {
			return err
		}
	}
	s.work.Lock()
	defer s.work.Unlock()
	return s.sealClosed(ctx)
}

// sealClosed seals the closed segments, oldest first. The caller holds work.
func (s *Store) sealClosed(ctx context.Context) error {
	for {
		s.mu.Lock()
		var seg *segment
		if len(s.closed) > 0 {
			seg = s.closed[0]
		}
		s.mu.Unlock()
		if seg == nil {
			return nil
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		start := time.Now()
		if err := s.seal(ctx, seg); err != nil {
			return fmt.Errorf("seal segment %d: %w", seg.id, err)
		}
		s.metrics.sealed.Observe(time.Since(start).Seconds())
	}
}

// seal writes the rows of a closed segment into files and swaps them in.
func (s *Store) seal(ctx context.Context, seg *segment) (err error) {
	p, err := s.openShop(ctx)
	if err != nil {
		return err
	}
	var e edit
	defer func() {
		if err != nil {
			err = errors.Join(err, s.discard(e.Add))
		}
	}()
	l, err := s.loadLog(seg)
	if err != nil {
		return err
	}
	defer l.close()
	s.step("staged")
	if len(s.tailRules()) > 0 {
		if _, err := s.bring(ctx); err != nil {
			return err
		}
	}
	for _, t := range rowstore.Tables() {
		h := seg.tables[t]
		if h.rows == 0 {
			continue
		}
		var files []sealedFile
		if rules := s.tailRules(); t == rowstore.Spans && len(rules) > 0 {
			files, err = s.sealSampled(ctx, p, h, rules)
		} else {
			files, err = s.sealSorted(p, t, l)
		}
		e.Add = append(e.Add, files...)
		if err != nil {
			return err
		}
	}
	if err := p.run("DROP TABLE IF EXISTS stage.rows", "DROP TABLE IF EXISTS stage.verdict"); err != nil {
		return err
	}
	if err := s.swap(e, seg); err != nil {
		return err
	}
	s.waiting.Add(-1)
	return nil
}

// sealSampled seals the spans that tail rules keep.
func (s *Store) sealSampled(ctx context.Context, p *shop, h *hotTable, rules []TailRule) ([]sealedFile, error) {
	if err := p.take(s.query, h.name); err != nil {
		return nil, err
	}
	rows, err := s.tailSample(ctx, p, h, rules)
	if err != nil {
		return nil, err
	}
	return s.sealDays(p, rowstore.Spans, rows, h.keys)
}

// sealDays writes one file for each day; rows is a select from stage.rows AS r that ends in a
// condition. Stragglers of many days share one file, so that
// wrong clocks do not make thousands.
func (s *Store) sealDays(p *shop, t rowstore.Table, rows string, keys []string) (files []sealedFile, err error) {
	const day = "epoch_us(r.time) // 86400000000 - (epoch_us(r.time) % 86400000000 < 0)::BIGINT"
	days, err := p.numbers("SELECT "+day+" AS day, count(*) FROM stage.rows AS r GROUP BY ALL ORDER BY 2 DESC, 1", 2)
	if err != nil {
		return nil, err
	}
	var total int64
	for _, d := range days {
		total += d[1]
	}
	columns, err := p.promotable("stage.rows", total, nil)
	if err != nil {
		return nil, err
	}
	own := days[:0:0]
	for i, d := range days {
		if i < 2 || i < sealDays && d[1] >= strayRows {
			own = append(own, d)
		}
	}
	list := ""
	for i, d := range own {
		cond := ""
		if len(days) > 1 {
			cond = fmt.Sprintf(" AND %s = %d", day, d[0])
		}
		if i > 0 {
			list += ", "
		}
		list += fmt.Sprint(d[0])
		f, err := s.makeFile(p, sealedFile{Table: t, Day: d[0], Schema: schemaVersion, Keys: keys, Promoted: promoted(columns)}, promote(rows+cond, nil, columns), true)
		if err != nil {
			return files, err
		}
		if f.ID != 0 {
			files = append(files, f)
		}
	}
	if len(own) == len(days) {
		return files, nil
	}
	f, err := s.makeFile(p, sealedFile{Table: t, Day: mixedDay, Schema: schemaVersion, Keys: keys, Promoted: promoted(columns)},
		promote(rows+fmt.Sprintf(" AND %s NOT IN (%s)", day, list), nil, columns), true)
	if err == nil && f.ID != 0 {
		files = append(files, f)
	}
	return files, err
}
