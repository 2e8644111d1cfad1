package emit

import (
	"math/bits"
	"runtime"
	"sync"
	"sync/atomic"
	"time"
)

const (
	// blockCells is how many cells are allocated together: two octaves, about what one endpoint's traffic touches.
	blockCells = 16
	// maxBlocks covers zero, at most 505 native buckets of an int64 and maxBuckets classic bounds.
	maxBlocks = (1 + 505 + maxBuckets + blockCells) / blockCells
	maxShards = 8
)

// shardCount spreads the writers of one number over cache lines: a power of two near the number of running threads.
var shardCount = min(maxShards, 1<<bits.Len(uint(runtime.GOMAXPROCS(0)-1)))

// block is some neighbouring cells. Blocks exist once something was counted in them, so a histogram that sees
// milliseconds does not pay for microseconds and hours.
type block [blockCells]atomic.Uint64

// shard is what some of the writers share. The sum is drained at each scrape; undrained, nanoseconds would overflow
// after 292 years of handling time.
type shard struct {
	sum    atomic.Int64
	blocks [maxBlocks]atomic.Pointer[block]
	_      [64]byte // keep the next shard's sum off this one's cache line
}

// histogram counts integers in the cells of a layout. Observing is lock-free and, once a cell's block exists, does not
// allocate.
type histogram struct {
	layout    *layout
	shards    []shard
	exemplars []exemplarSlot // one per classic bucket; none where no exemplar is kept

	scrape sync.Mutex // guards what follows: the drained sum, in a form that neither overflows nor rounds
	whole  int64      // units of 1e9
	rest   int64      // below 1e9
}

func newHistogram(l *layout) *histogram {
	return &histogram{layout: l, shards: make([]shard, shardCount)}
}

// observe counts v, which must not be negative, and returns its cell. Any shard number is right; different ones
// contend less. The sum comes first, so that a scrape which sees the count sees the sum: a mean is never too low.
func (h *histogram) observe(shardNumber uint64, v int64) int {
	s := &h.shards[shardNumber&uint64(len(h.shards)-1)]
	if v != 0 {
		s.sum.Add(v)
	}
	i := h.layout.cell(v)
	b := s.blocks[i/blockCells].Load()
	if b == nil {
		b = s.grow(i / blockCells)
	}
	b[i%blockCells].Add(1)
	return i
}

// grow returns block i, which whoever comes first allocates.
func (s *shard) grow(i int) *block {
	s.blocks[i].CompareAndSwap(nil, new(block))
	return s.blocks[i].Load()
}

// snapshot is a histogram at one moment. Count, classic and native buckets come from the same cells and always agree.
type snapshot struct {
	count     uint64
	sum       float64
	zero      uint64         // observations of 0
	classic   []uint64       // per bucket, not cumulative; the last is +Inf
	native    []nativeBucket // populated ones, by rising key
	exemplars []*exemplar    // per classic bucket; nil where there is none
}

// nativeBucket is one populated bucket of schema 3.
type nativeBucket struct {
	key   int
	count uint64
}

// snapshot adds up the shards.
func (h *histogram) snapshot() snapshot {
	h.scrape.Lock()
	defer h.scrape.Unlock()
	s := snapshot{classic: make([]uint64, len(h.layout.bounds)+1)}
	for i := range h.layout.limits {
		n := h.cellCount(i)
		if n == 0 {
			continue
		}
		s.count += n
		s.classic[h.layout.bucket[i]] += n
		switch key := h.layout.native[i]; {
		case i == 0:
			s.zero = n
		case len(s.native) > 0 && s.native[len(s.native)-1].key == key:
			s.native[len(s.native)-1].count += n
		default:
			s.native = append(s.native, nativeBucket{key: key, count: n})
		}
	}
	const unit = int64(time.Second)
	for i := range h.shards {
		v := h.shards[i].sum.Swap(0)
		h.whole, h.rest = h.whole+v/unit, h.rest+v%unit
	}
	h.whole, h.rest = h.whole+h.rest/unit, h.rest%unit
	s.sum = float64(h.whole)*h.layout.unit(unit) + h.layout.unit(h.rest)
	for i := range h.exemplars {
		s.exemplars = append(s.exemplars, h.exemplars[i].last.Load())
	}
	return s
}

// cellCount is the number of observations in cell i, over all shards.
func (h *histogram) cellCount(i int) uint64 {
	var n uint64
	for s := range h.shards {
		if b := h.shards[s].blocks[i/blockCells].Load(); b != nil {
			n += b[i%blockCells].Load()
		}
	}
	return n
}

// inFlight is a gauge whose every shard is at least 0, because a request leaves through the shard it came in by; a sum
// over shards read one after the other is then never negative.
type inFlight [maxShards]struct {
	n atomic.Int64
	_ [56]byte
}

func (g *inFlight) add(shardNumber uint64, n int64) { g[shardNumber%maxShards].n.Add(n) }

func (g *inFlight) value() int64 {
	var n int64
	for i := range g {
		n += g[i].n.Load()
	}
	return n
}
