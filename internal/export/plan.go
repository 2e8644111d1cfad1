package export

import (
	"context"
	"reflect"
	"slices"
	"time"

	"github.com/signalbox/signalbox/internal/fault"
	"github.com/signalbox/signalbox/internal/rowstore"
)

// Plan says what is written to the folder of a data pipeline, and when.
type Plan struct {
	Dir    string           // absolute; it has to exist, so that a file system that is not mounted is not filled up beneath
	Tables []rowstore.Table // at least one
	Every  time.Duration    // how often it looks for days that are over or changed, on the clock of UTC
	After  time.Duration    // how long after its end a day is written, for rows that come late
	Keep   time.Duration    // how long the book remembers what left
}

// What a plan states nothing about.
const (
	DefaultEvery = time.Hour
	DefaultAfter = 15 * time.Minute
)

// Status is how the schedule is doing. Instants are Unix ms.
type Status struct {
	Dir         string    `json:"dir" doc:"Folder of the pipeline; empty without a schedule"`
	Tables      []string  `json:"tables"`
	Every       int64     `json:"every" doc:"ms"`
	After       int64     `json:"after" doc:"ms after the end of a day"`
	NextAt      int64     `json:"next_at" doc:"When it looks next; 0 while it works"`
	LastAt      int64     `json:"last_at" doc:"When it last left nothing to do"`
	Due         int       `json:"due" doc:"Days of tables that still have to be written"`
	Running     *Progress `json:"running,omitempty"`
	LastError   string    `json:"last_error,omitempty" doc:"Of the newest attempt; empty after a good one"`
	LastErrorAt int64     `json:"last_error_at,omitempty"`
}

// Progress is the day that is being written.
type Progress struct {
	Table   string `json:"table"`
	Day     string `json:"day"`
	Bytes   int64  `json:"bytes" doc:"Written so far; rows are gathered before the first byte"`
	Done    int    `json:"done" doc:"Days done in this run"`
	Of      int    `json:"of"`
	BeganAt int64  `json:"began_at"`
}

// Apply replaces the plan; nil ends the schedule. What is being written is finished. The same plan again changes nothing.
func (x *Exporter) Apply(p *Plan) {
	x.mu.Lock()
	if reflect.DeepEqual(x.plan, p) {
		x.mu.Unlock()
		return
	}
	x.plan = p
	x.status = Status{Tables: []string{}}
	if p != nil {
		x.status.Dir, x.status.Every, x.status.After = p.Dir, p.Every.Milliseconds(), p.After.Milliseconds()
		for _, t := range p.Tables {
			x.status.Tables = append(x.status.Tables, t.String())
		}
	}
	x.mu.Unlock()
	x.again()
}

// Status says how the schedule is doing.
func (x *Exporter) Status() Status {
	x.mu.Lock()
	defer x.mu.Unlock()
	s := x.status
	s.Tables = append([]string{}, s.Tables...)
	if s.Running != nil {
		p := *s.Running
		s.Running = &p
	}
	return s
}

func (x *Exporter) note(f func(s *Status)) {
	x.mu.Lock()
	defer x.mu.Unlock()
	f(&x.status)
}

func (x *Exporter) planned() *Plan {
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.plan
}

// again wakes Run.
func (x *Exporter) again() {
	select {
	case x.wake <- struct{}{}:
	default:
	}
}

// next is when the plan looks after now: at the beats of Every since midnight UTC, and After behind them.
func (p *Plan) next(now time.Time) time.Time {
	return now.Add(-p.After).Truncate(p.Every).Add(p.Every + p.After)
}

// firstRetry is how long Run waits after a failure; each further one doubles it, up to an hour or the beat of the plan.
const firstRetry = time.Minute

// Run writes what the plan wants until ctx ends: at once what was missed, then at the beats of the plan.
func (x *Exporter) Run(ctx context.Context) error {
	retry := firstRetry
	for {
		var wait time.Duration
		select { // what woke us up to here is seen by this pass
		case <-x.wake:
		default:
		}
		if p := x.planned(); p != nil {
			err := x.pass(ctx, p)
			if ctx.Err() != nil {
				return nil
			}
			now := x.o.Now()
			next := p.next(now)
			switch {
			case err != nil:
				x.o.Logger.Error("Rows could not be exported to the pipeline's folder", "dir", p.Dir, "err", err)
				next = now.Add(min(retry, next.Sub(now), time.Hour))
				retry *= 2
			default:
				retry = firstRetry
			}
			x.note(func(s *Status) {
				s.NextAt, s.LastError, s.LastErrorAt = next.UnixMilli(), "", 0
				if err != nil {
					s.LastError, s.LastErrorAt = fault.Outside(err), now.UnixMilli()
				}
			})
			wait = next.Sub(now)
		}
		if !x.pause(ctx, wait) {
			return nil
		}
	}
}

// pause waits for a time, 0 being for ever, or until Run is woken; false when ctx ends.
func (x *Exporter) pause(ctx context.Context, wait time.Duration) bool {
	var over <-chan time.Time
	if wait > 0 {
		t := time.NewTimer(wait)
		defer t.Stop()
		over = t.C
	}
	select {
	case <-ctx.Done():
		return false
	case <-x.wake:
	case <-over:
	}
	return true
}

// mostFailures is how many days may fail before a pass gives up: a folder that cannot be written fails them all.
const mostFailures = 3

// pass writes everything that is due. It rests after each day as long as that day took, so that catching up takes no more
// than half of what one query may. Its error is the first that it met.
func (x *Exporter) pass(ctx context.Context, p *Plan) (first error) {
	x.note(func(s *Status) { s.NextAt = 0 })
	if err := x.prune(ctx, p.Keep); err != nil {
		return err
	}
	if err := x.sweep(ctx, p.Dir); err != nil {
		return err
	}
	all, wishes, err := x.due(ctx, p)
	if err != nil {
		return err
	}
	x.left(len(all))
	failed := map[rowstore.Table]bool{}
	fails := 0
	for i, d := range all {
		began := time.Now()
		x.note(func(s *Status) {
			s.Running = &Progress{Table: d.table.String(), Day: d.day, Done: i, Of: len(all), BeganAt: x.o.Now().UnixMilli()}
		})
		err := x.write(ctx, p, d)
		x.note(func(s *Status) { s.Running = nil })
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err != nil {
			failed[d.table] = true
			if first == nil {
				first = err
			}
			if fails++; fails == mostFailures {
				return first
			}
			continue
		}
		x.left(len(all) - i - 1 + fails)
		if i < len(all)-1 && !rest(ctx, min(time.Since(began), time.Minute)) {
			return ctx.Err()
		}
	}
	for _, w := range wishes {
		if !failed[w.table] {
			if err := x.exec(ctx, "forget wish", w.id); err != nil {
				return err
			}
		}
	}
	if first == nil {
		now := x.o.Now()
		x.metrics.success.Set(float64(now.UnixMilli()) / 1000)
		x.note(func(s *Status) { s.LastAt = now.UnixMilli() })
	}
	return first
}

func (x *Exporter) left(days int) {
	x.metrics.due.Set(float64(days))
	x.note(func(s *Status) { s.Due = days })
}

func rest(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-t.C:
		return true
	}
}

// wants reports whether the plan is about a table.
func (p *Plan) wants(t rowstore.Table) bool { return slices.Contains(p.Tables, t) }
