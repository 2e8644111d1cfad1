package gate

import (
	"sync"
	"sync/atomic"
	"time"
)

// outage keeps the time in which a store accepted nothing.
type outage struct {
	o    *Options
	what string // samples or rows

	on   atomic.Bool
	good atomic.Int64 // last commit, Unix milliseconds

	mu     sync.Mutex
	from   time.Time
	told   time.Time
	reason string
}

// longestGap bounds how long before its first refusal an outage is said to have begun: who sends less often than that sends
// again.
const longestGap = time.Minute

func (o *outage) init(of *Options, what string) { o.o, o.what = of, what }

// stopped notes that the store refused something.
func (o *outage) stopped(err error) {
	now := o.o.Now()
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.from.IsZero() {
		o.from, o.told = now.Add(-longestGap), time.Time{}
		if good := o.good.Load(); good == 0 {
			o.from = now
		} else if at := time.UnixMilli(good); at.After(o.from) {
			o.from = at
		}
		o.on.Store(true)
		o.o.Logger.Error("The store accepts nothing", "of", o.what, "err", err)
	}
	o.reason = err.Error()
	if o.o.Refused != nil && now.Sub(o.told) >= time.Second {
		o.told = now
		o.o.Refused(o.from, now, o.reason)
	}
}

// stored notes a commit at a time in Unix milliseconds.
func (o *outage) stored(now int64) {
	o.good.Store(now)
	if !o.on.Load() {
		return
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.from.IsZero() {
		return
	}
	if o.o.Refused != nil {
		o.o.Refused(o.from, time.UnixMilli(now), o.reason)
	}
	o.o.Logger.Info("The store accepts again", "of", o.what, "since", o.from)
	o.from = time.Time{}
	o.on.Store(false)
}
