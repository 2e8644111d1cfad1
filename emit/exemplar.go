package emit

import (
	"sync/atomic"
	"time"
)

// exemplarInterval is the least time between two exemplars of one bucket. A scraper keeps one per scrape, so more
// would only cost allocations.
const exemplarInterval = time.Second

// exemplar ties one observation to its trace.
type exemplar struct {
	trace Trace
	value float64
	at    time.Time
}

// exemplarSlot keeps the newest exemplar of one bucket.
type exemplarSlot struct {
	next atomic.Int64 // clock reading from which another is accepted
	last atomic.Pointer[exemplar]
}

// due reports whether the caller should store an exemplar now. Of several callers one is told so.
func (s *exemplarSlot) due(now time.Duration) bool {
	next := s.next.Load()
	return int64(now) >= next && s.next.CompareAndSwap(next, int64(now+exemplarInterval))
}
