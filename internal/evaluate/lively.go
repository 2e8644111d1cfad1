package evaluate

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/signalbox/signalbox/internal/rowstore"
)

// liveSeconds is how many seconds back the tap remembers in which of them a table got rows.
const liveSeconds = 8192

// lively knows when a table got rows, of whatever kind: then silence of a selector means that nothing happened. The tap
// notes the seconds in which rows lie; of the time before it ran, the store is asked.
type lively struct {
	mu      sync.Mutex
	seconds [liveSeconds]int64 // each under its number modulo the length; 0 = none
	newest  int64
	last    int64             // second of the row before
	since   int64             // Unix ms: the tap has run since then
	stored  map[[2]int64]bool // what the store said of (from, to]
}

// skew is how far a row may lie ahead of its arrival for the tap to be trusted alone about a time after its start.
const skew = 5 * 60_000

// saw notes a row (Unix µs). For the first row of a second it returns the end of that second, Unix ms.
func (l *lively) saw(us int64) int64 {
	s := us / 1e6
	if us%1e6 > 0 {
		s++ // (start, end], as periods are
	}
	if s == l.last {
		return 0
	}
	l.last = s
	l.mu.Lock()
	defer l.mu.Unlock()
	at := &l.seconds[uint64(s)%liveSeconds]
	if *at >= s {
		return 0
	}
	*at, l.newest = s, max(l.newest, s)
	return s * 1000
}

// noted reports whether the tap saw a row in (from, to], Unix ms of whole seconds; sure is false where only the store can
// say that there was none.
func (l *lively) noted(from, to int64) (any, sure bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for s := min(to/1000, l.newest); s > max(from/1000, l.newest-liveSeconds); s-- {
		if l.seconds[uint64(s)%liveSeconds] == s {
			return true, true
		}
	}
	return false, from >= l.since+skew && from/1000 > l.newest-liveSeconds
}

// alive returns who says whether a table got rows in (from, to], Unix ms.
func (e *Engine) alive(t rowstore.Table) func(from, to int64) bool {
	l := &e.lives[t]
	return func(from, to int64) bool {
		any, sure := l.noted(from, to)
		if any || sure || e.o.Rows == nil {
			return any
		}
		key := [2]int64{from, to}
		l.mu.Lock()
		was, known := l.stored[key]
		l.mu.Unlock()
		if known {
			return was
		}
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		err := e.o.Rows.Scan(ctx, rowstore.Scan{Table: t, Between: between(from, to), Fields: []string{"time"}}, func(rows []rowstore.Row) error {
			if len(rows) > 0 {
				return errFound
			}
			return nil
		})
		found := errors.Is(err, errFound)
		if err != nil && !found {
			e.log.Error("the row store could not say whether rows arrived; the silence counts as no data", "err", err, "table", t.String())
			return false
		}
		l.mu.Lock()
		defer l.mu.Unlock()
		if l.stored == nil || len(l.stored) > 10_000 {
			l.stored = map[[2]int64]bool{}
		}
		l.stored[key] = found // of what comes later the tap knows
		return found
	}
}

// errFound ends a scan that has found what it looked for.
var errFound = errors.New("found")

// between is the span (from, to], Unix ms, as the store takes it.
func between(from, to int64) rowstore.Between {
	return rowstore.Between{From: from*1000 + 1, To: to*1000 + 1}
}
