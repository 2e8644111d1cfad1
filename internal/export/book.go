package export

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"math"
	"strconv"
	"time"

	"github.com/signalbox/signalbox/internal/audit"
	"github.com/signalbox/signalbox/internal/fault"
)

// The kinds and states of an entry.
const (
	KindRequest  = "request"
	KindSchedule = "schedule"

	Running  = "running"  // being made; nothing has left
	Leaving  = "leaving"  // on its way to who asked
	Done     = "done"     // left
	Cut      = "cut"      // broke off on its way: a part may have left
	Failed   = "failed"   // nothing left
	Replaced = "replaced" // left, and a newer part stands beside it
	Removed  = "removed"  // left, and a newer part stands in its place
)

// Entry is a line of the book: one day of a table that left the house, or was to. Instants are Unix ms.
type Entry struct {
	ID      int64       `json:"id"`
	Kind    string      `json:"kind" enum:"request,schedule"`
	Table   string      `json:"table" enum:"logs,spans,events"`
	Day     string      `json:"day" doc:"YYYY-MM-DD, UTC"`
	Search  string      `json:"search,omitempty"`
	To      string      `json:"to" doc:"The pipeline's folder, or who took it and from where"`
	File    string      `json:"file" doc:"Name; in the folder with its path"`
	State   string      `json:"state" enum:"running,leaving,done,cut,failed,replaced,removed"`
	Rows    int64       `json:"rows"`
	Bytes   int64       `json:"bytes"`
	SHA256  string      `json:"sha256,omitempty"`
	Error   string      `json:"error,omitempty"`
	By      audit.Actor `json:"by"`
	BeganAt int64       `json:"began_at"`
	EndedAt int64       `json:"ended_at"`

	recheck bool
}

// Left is what has left the house and no erasure reaches. Scheduled parts of one table in one folder count as one.
type Left struct {
	Name string
	At   int64 // Unix ms
	To   string
	Rows int64
}

// Left lists the exports that hold rows and have left the house, those of the schedule in sum.
func (x *Exporter) Left(ctx context.Context) ([]Left, error) {
	rows, err := x.o.DB.SQL().QueryContext(ctx, x.sql["written"])
	if err != nil {
		return nil, fmt.Errorf("export: read the book: %w", err)
	}
	defer func() { _ = rows.Close() }() // rows.Err below says what went wrong
	var out []Left
	for rows.Next() {
		var table, first, last string
		var days int
		l := Left{}
		if err := rows.Scan(&table, &l.To, &days, &first, &last, &l.At, &l.Rows); err != nil {
			return nil, fmt.Errorf("export: read the book: %w", err)
		}
		l.Name = fmt.Sprintf("%s of %d days from %s to %s, by schedule", table, days, first, last)
		out = append(out, l)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("export: read the book: %w", err)
	}
	taken, err := x.entries(ctx, "taken")
	for _, e := range taken {
		name := fmt.Sprintf("%s of %s, export %d", e.Table, e.Day, e.ID)
		switch e.State {
		case Running:
			name += ", being made"
		case Cut:
			name += ", broken off"
		}
		out = append(out, Left{Name: name, At: e.BeganAt, To: e.To, Rows: e.Rows})
	}
	return out, err
}

// Entries returns lines of the book with a smaller id than before, newest first; 0 begins at the newest.
func (x *Exporter) Entries(ctx context.Context, before int64, limit int) ([]Entry, error) {
	if before <= 0 {
		before = math.MaxInt64
	}
	return x.entries(ctx, "entries", before, limit)
}

func (x *Exporter) entries(ctx context.Context, statement string, args ...any) ([]Entry, error) {
	rows, err := x.o.DB.SQL().QueryContext(ctx, x.sql[statement], args...)
	if err != nil {
		return nil, fmt.Errorf("export: read the book: %w", err)
	}
	defer func() { _ = rows.Close() }() // rows.Err below says what went wrong
	out := []Entry{}
	for rows.Next() {
		var e Entry
		var by string
		if err := rows.Scan(&e.ID, &e.Kind, &e.Table, &e.Day, &e.Search, &e.To, &e.File, &e.State, &e.Rows, &e.Bytes, &e.SHA256, &e.recheck, &e.Error, &by, &e.BeganAt, &e.EndedAt); err != nil {
			return nil, fmt.Errorf("export: read the book: %w", err)
		}
		if err := json.Unmarshal([]byte(by), &e.By); err != nil {
			return nil, fmt.Errorf("export: entry %d: %w", e.ID, err)
		}
		out = append(out, e)
	}
	return out, rows.Err()
}

// begin writes a line for what is about to be made, with the record of who asked, if any.
func (x *Exporter) begin(ctx context.Context, e Entry, file func(id int64) string, r *audit.Record) (Entry, error) {
	by, err := json.Marshal(e.By)
	if err != nil {
		return e, fmt.Errorf("export: %w", err)
	}
	e.State, e.BeganAt = Running, x.o.Now().UnixMilli()
	err = x.o.DB.Tx(ctx, func(tx *sql.Tx) error {
		if err := tx.QueryRowContext(ctx, x.sql["newest entry"]).Scan(&e.ID); err != nil {
			return err
		}
		e.ID++
		e.File = file(e.ID)
		if e.Kind == KindSchedule { // one line tells of a day that keeps failing
			if _, err := tx.ExecContext(ctx, x.sql["forget failures"], e.To, e.Table, e.Day); err != nil {
				return err
			}
		}
		if _, err := tx.ExecContext(ctx, x.sql["insert entry"], e.ID, e.Kind, e.Table, e.Day, e.Search, e.To, e.File, string(by), e.BeganAt); err != nil {
			return err
		}
		if r == nil {
			return nil
		}
		r.Object = e.object()
		return x.o.Audit.Append(ctx, tx, *r)
	})
	if err != nil {
		return e, fmt.Errorf("export: write the book: %w", err)
	}
	return e, nil
}

// change writes the state of a line, with a record, if any, and with what else belongs to the same moment.
func (x *Exporter) change(ctx context.Context, e Entry, r *audit.Record, also ...func(tx *sql.Tx) error) error {
	err := x.o.DB.Tx(ctx, func(tx *sql.Tx) error {
		if _, err := tx.ExecContext(ctx, x.sql["change entry"], e.State, e.Rows, e.Bytes, e.SHA256, e.Error, e.EndedAt, e.ID); err != nil {
			return err
		}
		for _, f := range also {
			if err := f(tx); err != nil {
				return err
			}
		}
		if r == nil {
			return nil
		}
		r.Object = e.object()
		return x.o.Audit.Append(ctx, tx, *r)
	})
	if err != nil {
		return fmt.Errorf("export: write the book: %w", err)
	}
	return nil
}

// fail closes a line of which nothing left.
func (x *Exporter) fail(ctx context.Context, e Entry, cause error, r *audit.Record) error {
	x.metrics.failures.WithLabelValues(e.Kind).Inc()
	e.State, e.Error, e.EndedAt = Failed, fault.Outside(cause), x.o.Now().UnixMilli()
	if r != nil {
		r.Outcome = audit.Failed
		r.Detail["failure"] = e.Error
	}
	// A line that stays open would read as if it still ran: who asked may be gone by now.
	return x.change(context.WithoutCancel(ctx), e, r)
}

func (x *Exporter) exec(ctx context.Context, statement string, args ...any) error {
	err := x.o.DB.Tx(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, x.sql[statement], args...)
		return err
	})
	if err != nil {
		return fmt.Errorf("export: write the book: %w", err)
	}
	return nil
}

// Recheck has the schedule compare all days with the store again, because rows were erased: a day that lost some is written
// anew without them.
func (x *Exporter) Recheck(ctx context.Context) error {
	if err := x.exec(ctx, "recheck"); err != nil {
		return err
	}
	x.again()
	return nil
}

// prune forgets lines that are older than the book is kept. What stands in the folder now is never forgotten.
func (x *Exporter) prune(ctx context.Context, keep time.Duration) error {
	now := x.o.Now()
	old := now.Add(-keep).UnixMilli()
	return x.exec(ctx, "prune", now.Add(-min(failuresKept, keep)).UnixMilli(), old, old)
}

func (e Entry) object() audit.Object {
	return audit.Object{Kind: "Export", Name: strconv.FormatInt(e.ID, 10)}
}

// detail is what an audit record says of an export.
func (e Entry) detail() map[string]string {
	d := map[string]string{"table": e.Table, "day": e.Day, "to": e.To}
	if e.Search != "" {
		d["search"] = e.Search
	}
	return d
}

// dayOf reads the day of a line; the book holds what this room wrote.
func dayOf(day string) (time.Time, error) { return time.Parse(time.DateOnly, day) }
