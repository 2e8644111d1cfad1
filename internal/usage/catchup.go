package usage

import (
	"context"
	"fmt"
	"maps"
	"strconv"

	"github.com/signalbox/signalbox/internal/rowstore"
)

// CatchUp reads the rows that the last checkpoint does not hold and counts each of them once. It has to end before the gate
// lets the first row in. Without a checkpoint everything is read: events of all time, errors of 30 days, spans of the last hour.
//
// A row that came in within five minutes before the checkpoint may have been committed and not yet observed when it was
// taken: of the batches of those minutes the checkpoint knows how many rows were counted, and as many are skipped.
func (r *Room) CatchUp(ctx context.Context) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	since, done, clock := r.clock-slack, maps.Clone(r.tail), r.clock
	if clock == 0 {
		since = 0
	}
	now := r.opt.Now().UnixMicro()
	for _, t := range rowstore.Tables() {
		q := rowstore.Scan{Table: t, Between: rowstore.Between{From: r.oldest(since), To: now + 366*dayMicros}, Where: receivedSince(since), Fields: fields()}
		switch t {
		case rowstore.Logs:
			q.Where = rowstore.All(q.Where, rowstore.Expr{Match: &rowstore.Match{Field: "level", Op: rowstore.AtLeast, Value: "error"}})
		case rowstore.Spans:
			q.Where = rowstore.All(q.Where, rowstore.Is("status", "error"))
		}
		if clock == 0 && t != rowstore.Events {
			q.From = now - keepHours*3_600_000_000
		}
		err := r.opt.Rows.Scan(ctx, q, func(rows []rowstore.Row) error {
			for i := range rows {
				row := &rows[i]
				key := batchKey{t, row.Received}
				if done[key] > 0 && (t == rowstore.Events || failed(t, row)) {
					done[key]--
					continue
				}
				if clock > 0 && row.Received <= since {
					continue
				}
				r.clock = max(r.clock, row.Received)
				r.count(t, row)
			}
			r.state.settle()
			return ctx.Err()
		})
		if err != nil {
			r.restore()
			return fmt.Errorf("usage: catch up with %s: %w", t, err)
		}
	}
	if err := r.rejoin(ctx, now); err != nil {
		r.restore()
		return fmt.Errorf("usage: catch up with the service map: %w", err)
	}
	return nil
}

// rejoin reads the spans that were waiting for their parents.
func (r *Room) rejoin(ctx context.Context, now int64) error {
	j := r.joiner
	if j.booked < 0 {
		j.booked = (now - 3_600_000_000) / slotMicros
	}
	booked := j.booked
	since := (booked - slotReach + 1) * slotMicros
	q := rowstore.Scan{Table: rowstore.Spans, Between: rowstore.Between{From: r.oldest(since), To: now + 366*dayMicros}, Where: receivedSince(since)}
	clock := int64(0)
	return r.opt.Rows.Scan(ctx, q, func(rows []rowstore.Row) error {
		for i := range rows {
			switch row := &rows[i]; {
			case row.Received/slotMicros > booked:
				clock = max(clock, row.Received)
				r.clock = max(r.clock, row.Received)
				j.observe(row)
			case row.Received >= since:
				j.recall(row)
			}
		}
		j.advance(clock - 2*slotMicros) // rows come by their own time, not by that of their arrival
		return ctx.Err()
	})
}

// oldest is how far back in time rows may lie that were received since.
func (r *Room) oldest(since int64) int64 {
	if r.opt.Oldest == 0 || since == 0 {
		return 0
	}
	return since - r.opt.Oldest.Microseconds()
}

// fields is what a row is counted by. A store that does not know the time of arrival as a field has to give all.
func fields() []string {
	if rowstore.FieldOf("received").Column == "" {
		return nil
	}
	return []string{"time", "received", "service", "env", "agency", "version", "release", "user", "session", "name", "route", "status", "level", "error_type", "body", "trace_id", "span_id", "weight"}
}

// receivedSince narrows a scan where the store knows the time of arrival as a field; what it lets through is looked at again.
func receivedSince(since int64) rowstore.Expr {
	if since <= 0 || rowstore.FieldOf("received").Column == "" {
		return rowstore.Everything
	}
	return rowstore.Expr{Match: &rowstore.Match{Field: "received", Op: rowstore.AtLeast, Value: strconv.FormatInt(since, 10)}}
}
