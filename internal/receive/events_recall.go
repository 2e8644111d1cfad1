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
)

// Recall fills the memories of a start with the ids of the events that came in last, so that what is sent again because no
// answer came before the end is counted once. Known is that of senders who are known, public that of the public door. It has
// to end before the first event is let in.
func Recall(ctx context.Context, rows Rows, known, public *IDs) error {
	stat, err := rows.Stat(ctx)
	if err != nil {
		return fmt.Errorf("recall ids of events: %w", err)
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
	newest, err := rows.Count(ctx, rowstore.Count{Table: rowstore.Events, Between: span, Where: rowstore.Everything, Of: []rowstore.Aggregate{{Kind: "max", Field: "received"}}})
	if err != nil {
		return fmt.Errorf("recall ids of events: %w", err)
	}
	if len(newest.Rows) == 0 {
		return nil
	}
	since := int64(newest.Rows[0].Numbers[0]) - recalled.Microseconds()
	where := rowstore.Expr{Match: &rowstore.Match{Field: "received", Op: rowstore.AtLeast, Value: strconv.FormatInt(since, 10)}}
	err = rows.Scan(ctx, rowstore.Scan{Table: rowstore.Events, Between: span, Where: where, Fields: []string{"parent_id", "trust"}}, func(rs []rowstore.Row) error {
		for i := range rs {
			ids := known
			if rs[i].Trust != "" {
				ids = public
			}
			ids.recall(uint64(rs[i].Parent))
		}
		return ctx.Err()
	})
	if err != nil {
		return fmt.Errorf("recall ids of events: %w", err)
	}
	return nil
}

func (r *IDs) recall(k uint64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if k != 0 && !r.kept(k) {
		r.keep(k)
	}
}
