package receive

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"github.com/signalbox/signalbox/internal/rowstore"
)

// Rows is what Recall reads: a rowstore.Store, or what shows all of one.
type Rows interface {
	Stat(ctx context.Context) (rowstore.Stat, error)
	Count(ctx context.Context, q rowstore.Count) (rowstore.Groups, error)
	Scan(ctx context.Context, q rowstore.Scan, f func([]rowstore.Row) error) error
}

const (
	// recalled is how long before the newest event that came in an id is known again: a sender who heard nothing tries again
	// for minutes. It is counted from that event and not from now, since the server may have been down for days.
	recalled = 30 * time.Minute
	// recalledTime is how much older than it came in such an event may be.
	recalledTime = 48 * time.Hour
	// recalledStep is how exactly the time is found from which on a memory holds all of them.
	recalledStep = time.Second
)

// Recall fills the memories of a start with the ids of the events that came in last, so that what is sent again because no
// answer came before the end is counted once. Known is that of senders who are known, public that of the public door. It has
// to end before the first event is let in.
func Recall(ctx context.Context, rows Rows, known, public *IDs) error {
	anonymous := rowstore.Is("trust", "")
	for _, m := range []struct {
		ids *IDs
		of  rowstore.Expr
	}{{known, anonymous}, {public, rowstore.Expr{Not: &anonymous}}} {
		if err := m.ids.recallFrom(ctx, rows, m.of); err != nil {
			return fmt.Errorf("recall ids of events: %w", err)
		}
	}
	return nil
}

// recallFrom fills a memory with the ids of the newest of some events: as many as it holds for certain, because they come in
// order of their time and not in that in which they came in.
func (r *IDs) recallFrom(ctx context.Context, rows Rows, of rowstore.Expr) error {
	stat, err := rows.Stat(ctx)
	if err != nil {
		return err
	}
	span := rowstore.Between{}
	for _, t := range stat.Tables {
		if t.Table == rowstore.Events && t.Rows > 0 {
			span = rowstore.Between{From: t.Newest - recalledTime.Microseconds(), To: t.Newest + 1}
		}
	}
	if span.To == 0 {
		return nil
	}
	since := func(at int64) rowstore.Expr {
		return rowstore.All(of, rowstore.Expr{Match: &rowstore.Match{Field: "parent_id", Op: rowstore.Exists}},
			rowstore.Expr{Match: &rowstore.Match{Field: "received", Op: rowstore.AtLeast, Value: strconv.FormatInt(at, 10)}})
	}
	number := func(kind string, where rowstore.Expr) (int64, error) {
		g, err := rows.Count(ctx, rowstore.Count{Table: rowstore.Events, Between: span, Where: where, Of: []rowstore.Aggregate{{Kind: kind, Field: "received"}}})
		if err != nil || len(g.Rows) == 0 {
			return 0, err
		}
		return int64(g.Rows[0].Numbers[0]), nil
	}
	newest, err := number("max", of)
	if err != nil || newest == 0 {
		return err
	}
	from := newest - recalled.Microseconds()
	n, err := number("stored", since(from))
	if err != nil {
		return err
	}
	if many := from; n > int64(r.size) { // from then on they are too many, and from then on they are not
		for from = newest; from-many > recalledStep.Microseconds(); {
			middle := many + (from-many)/2
			if n, err = number("stored", since(middle)); err != nil {
				return err
			}
			if n > int64(r.size) {
				many = middle
			} else {
				from = middle
			}
		}
	}
	return rows.Scan(ctx, rowstore.Scan{Table: rowstore.Events, Between: span, Where: since(from), Fields: []string{"parent_id"}}, func(rs []rowstore.Row) error {
		for i := range rs {
			r.recall(uint64(rs[i].Parent))
		}
		return ctx.Err()
	})
}

func (r *IDs) recall(k uint64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if k != 0 && !r.kept(k) {
		r.keep(k)
	}
}
