package ledger

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/storage"
	"github.com/prometheus/prometheus/tsdb/chunkenc"

	"github.com/signalbox/signalbox/internal/fault"
	"github.com/signalbox/signalbox/internal/kpi"
)

// Revision is one numbered definition of a KPI.
type Revision struct {
	Number        int    `json:"number"`
	Hash          string `json:"hash"`
	EffectiveFrom int64  `json:"effective_from"`
	Source        string `json:"source"`
	Shape         string `json:"-"` // kpi.KPI.Shape; empty for one that was written before shapes were kept
}

// Effective is a revision that takes effect: From is Unix ms, Number as NumberOf gave it.
type Effective struct {
	KPI    *kpi.KPI
	Number int
	From   int64
}

// querier is what *sql.DB and *sql.Tx have in common.
type querier interface {
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

// NumberOf returns the number that k's revision has or would get, and whether the ledger does not hold it yet. A governed
// number (k.Number) is taken as it is; it may stand for another content only while nothing was published under it.
// Otherwise the newest revision's number is k's if their hashes agree, else the next one.
func (l *Ledger) NumberOf(ctx context.Context, k *kpi.KPI) (number int, fresh bool, err error) {
	number, fresh, err = numberOf(ctx, l.db.SQL(), k)
	if err == nil && k.Number > 0 && fresh {
		err = l.unused(ctx, k)
	}
	if err != nil {
		return 0, false, fmt.Errorf("revision of %s: %w", k.Name, err)
	}
	return number, fresh, nil
}

func numberOf(ctx context.Context, q querier, k *kpi.KPI) (number int, fresh bool, err error) {
	var hash string
	if k.Number > 0 {
		err = q.QueryRowContext(ctx, `SELECT number, hash FROM revision WHERE kpi = ? AND number = ?`, k.Name, k.Number).Scan(&number, &hash)
	} else {
		err = q.QueryRowContext(ctx, `SELECT number, hash FROM revision WHERE kpi = ? ORDER BY number DESC LIMIT 1`, k.Name).Scan(&number, &hash)
	}
	switch {
	case err == nil && hash == k.Hash:
		return number, false, nil
	case err != nil && !errors.Is(err, sql.ErrNoRows):
		return 0, false, err
	case k.Number > 0:
		return k.Number, true, nil
	default:
		return number + 1, true, nil
	}
}

// unused makes sure that no datapoint remembers k's number as that of another content.
func (l *Ledger) unused(ctx context.Context, k *kpi.KPI) error {
	var from int64
	err := l.db.SQL().QueryRowContext(ctx, `SELECT effective_from FROM revision WHERE kpi = ? AND number = ?`, k.Name, k.Number).Scan(&from)
	if errors.Is(err, sql.ErrNoRows) {
		return nil
	}
	if err != nil {
		return err
	}
	used := false
	err = l.revisions(ctx, k.Name, from, l.now().UnixMilli(), func(_ int64, number int) { used = used || number == k.Number })
	if err == nil && used {
		err = fault.New(fault.Conflict, "datapoints of %s were published under revision %d with another content", k.Name, k.Number).
			Hint("a new content needs a number that was never in force; the ledger's newest is the place to begin")
	}
	return err
}

// Revise writes k's revision, effective from an instant in Unix ms, unless the ledger holds it. It returns its number and
// whether it was written.
func (l *Ledger) Revise(ctx context.Context, k *kpi.KPI, effective int64) (number int, fresh bool, err error) {
	if number, fresh, err = l.NumberOf(ctx, k); err != nil || !fresh {
		return number, fresh, err
	}
	return number, true, l.ReviseAll(ctx, []Effective{{k, number, effective}})
}

// ReviseAll writes revisions in one transaction. What it holds already under the same number and hash is left alone; the
// caller has asked NumberOf whether a number may be used.
func (l *Ledger) ReviseAll(ctx context.Context, revisions []Effective) error {
	err := l.db.Tx(ctx, func(tx *sql.Tx) error {
		for _, r := range revisions {
			_, err := tx.ExecContext(ctx, `INSERT INTO revision (kpi, number, hash, effective_from, source, shape) VALUES (?, ?, ?, ?, ?, ?)
				ON CONFLICT (kpi, number) DO UPDATE SET
					effective_from = CASE WHEN revision.hash = excluded.hash THEN revision.effective_from ELSE excluded.effective_from END,
					hash = excluded.hash, source = excluded.source, shape = excluded.shape
				WHERE revision.hash <> excluded.hash OR revision.shape = ''`,
				r.KPI.Name, r.Number, r.KPI.Hash, r.From, r.KPI.Source, r.KPI.Shape())
			if err != nil {
				return fmt.Errorf("%s: %w", r.KPI.Name, err)
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("write revisions: %w", err)
	}
	return nil
}

// Revisions returns a KPI's revisions, newest first.
func (l *Ledger) Revisions(ctx context.Context, name string) ([]Revision, error) {
	rows, err := l.db.SQL().QueryContext(ctx, `SELECT number, hash, effective_from, source, shape FROM revision WHERE kpi = ? ORDER BY number DESC LIMIT 1000`, name)
	if err != nil {
		return nil, fmt.Errorf("revisions of %s: %w", name, err)
	}
	defer rows.Close()
	out := []Revision{}
	for rows.Next() {
		var r Revision
		if err := rows.Scan(&r.Number, &r.Hash, &r.EffectiveFrom, &r.Source, &r.Shape); err != nil {
			return nil, fmt.Errorf("revisions of %s: %w", name, err)
		}
		out = append(out, r)
	}
	return out, rows.Err()
}

// LastRevision returns the number that the newest datapoint in [from, to] was judged by, 0 if none says so.
func (l *Ledger) LastRevision(ctx context.Context, name string, from, to int64) (number int, err error) {
	var at int64
	err = l.revisions(ctx, name, from, to, func(t int64, n int) {
		if t >= at {
			at, number = t, n
		}
	})
	return number, err
}

// revisions calls f for each datapoint in [from, to] that names its revision.
func (l *Ledger) revisions(ctx context.Context, name string, from, to int64, f func(t int64, number int)) error {
	q, err := l.store.Querier(from, to)
	if err != nil {
		return fmt.Errorf("read %s: %w", name, err)
	}
	defer q.Close()
	var it chunkenc.Iterator
	set := q.Select(ctx, false, &storage.SelectHints{Start: from, End: to},
		labels.MustNewMatcher(labels.MatchEqual, model.MetricNameLabel, publicPrefix+fieldNames[fieldRevision]),
		labels.MustNewMatcher(labels.MatchEqual, "kpi", name))
	for set.Next() {
		it = set.At().Iterator(it)
		for it.Next() == chunkenc.ValFloat {
			t, v := it.At()
			f(t, int(v))
		}
		if err := it.Err(); err != nil {
			return fmt.Errorf("read %s: %w", name, err)
		}
	}
	if err := set.Err(); err != nil {
		return fmt.Errorf("read %s: %w", name, err)
	}
	return nil
}
