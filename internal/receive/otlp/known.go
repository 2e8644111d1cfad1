package otlp

import (
	"math/bits"
	"sync"
	"sync/atomic"

	"github.com/signalbox/signalbox/internal/gate"
)

// known finds the gate's reference of a series by the hash of the bytes that name it. It is for senders without an order, as
// those are that keep their datapoints in a map. Series of one metric of one resource lie side by side, because that is how
// they come.
type known struct {
	shards [64]shard
	series atomic.Int64
	most   int64
}

type shard struct {
	mu sync.RWMutex
	m  map[uint64]*family // by the hash of the metric
	_  [32]byte
}

// family is the series of one metric of one resource.
type family struct {
	mu    sync.Mutex
	slots []sibling // open addressing; a power of two of them
	n     uint32

	order  uint64 // hash of the order in which datapoints came last, of those that did not come as expected
	steady bool   // it was the same the time before
}

// sibling is one series; a hash of 0 is none.
type sibling struct {
	hash uint64
	ref  gate.Ref
	rank uint32 // its place among the series of the family, in the order of their birth
}

func newKnown(entries int) *known {
	k := &known{most: int64(entries)}
	for i := range k.shards {
		k.shards[i].m = map[uint64]*family{}
	}
	return k
}

// family returns the family of a metric, nil if nothing of it is known.
func (k *known) family(metric uint64) *family {
	s := &k.shards[metric>>58]
	s.mu.RLock()
	f := s.m[metric]
	s.mu.RUnlock()
	return f
}

// get returns the reference of a series, 0 if it is not known.
func (k *known) get(metric, hash uint64) gate.Ref {
	f := k.family(metric)
	if f == nil {
		return 0
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if s := f.find(hash); s != nil {
		return s.ref
	}
	return 0
}

// put remembers a series. Where there are too many, an eighth of the shard's families is forgotten; the gate knows their
// series still.
func (k *known) put(metric, hash uint64, r gate.Ref) {
	s := &k.shards[metric>>58]
	s.mu.Lock()
	defer s.mu.Unlock()
	if k.series.Load() >= k.most {
		n := len(s.m)/8 + 1
		for h, f := range s.m {
			if n--; n < 0 {
				break
			}
			k.series.Add(-int64(f.n))
			delete(s.m, h)
		}
	}
	f := s.m[metric]
	if f == nil {
		f = &family{}
		s.m[metric] = f
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.put(hash, r) {
		k.series.Add(1)
	}
}

// find returns a series, nil if it is not known. It needs the lock.
func (f *family) find(hash uint64) *sibling {
	if len(f.slots) == 0 {
		return nil
	}
	for i := f.home(hash); ; i++ {
		s := &f.slots[i&(len(f.slots)-1)]
		switch s.hash {
		case hash:
			return s
		case 0:
			return nil
		}
	}
}

// home is where a series stands if no other does already.
func (f *family) home(hash uint64) int {
	return int(hash >> (64 - bits.Len(uint(len(f.slots)-1)|1)))
}

// put adds a series, or its new reference, and reports whether it is new. It needs the lock, and the shard's.
func (f *family) put(hash uint64, r gate.Ref) bool {
	if s := f.find(hash); s != nil {
		s.ref = r
		return false
	}
	if int(f.n+1)*4 > len(f.slots)*3 { // one is free at least, or find would look for ever
		old := f.slots
		f.slots = make([]sibling, max(2, 2*len(old)))
		for _, s := range old {
			if s.hash != 0 {
				*f.free(s.hash) = s
			}
		}
	}
	*f.free(hash) = sibling{hash, r, f.n}
	f.n++
	return true
}

// free returns where the series of a hash is to stand.
func (f *family) free(hash uint64) *sibling {
	for i := f.home(hash); ; i++ {
		if s := &f.slots[i&(len(f.slots)-1)]; s.hash == 0 {
			return s
		}
	}
}

// came notes the order in which the datapoints of a message came. Callers have no lock.
func (f *family) came(order uint64) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.steady = f.order == order
	f.order = order
}
