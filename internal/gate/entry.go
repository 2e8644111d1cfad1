package gate

import (
	"sync"
	"sync/atomic"

	"github.com/prometheus/prometheus/model/labels"
)

// Ref is the gate's own reference of a cached series: index and generation. The zero value means none. A reference whose
// series was forgotten is recognised by its generation, also after the index was given to another series.
type Ref uint64

func refOf(i, gen uint32) Ref { return Ref(gen)<<32 | Ref(i) }

func (r Ref) index() uint32 { return uint32(r) }
func (r Ref) gen() uint32   { return uint32(r >> 32) }

// entry is what the gate keeps of one live series.
type entry struct {
	store atomic.Uint64 // the store's reference; 0 = unknown
	last  atomic.Int64  // newest accepted timestamp, or never, or unknown
	bits  atomic.Uint64 // value of it
	mark  atomic.Uint64 // keyed hash of the labels as a sender encodes them; 0 if never pushed
	l     labels.Labels // shared with the store where it can be
	size  atomic.Uint32 // bytes of that encoding, where they lie side by side
	next  atomic.Uint32 // the series that followed last time; 0 = unknown
	gen   atomic.Uint32 // odd = alive; publishes l
	seen  atomic.Uint32 // last sample, Unix minutes
	src   uint32        // whose series it is
	chain uint32        // next entry with the same hash; guarded by the shard
	every atomic.Uint32 // interval of its samples; see thin
	held  atomic.Pointer[held]
}

// Mark recognises a series by its encoding: a hash, keyed by the process, of the labels' bytes or strings in the sender's
// order. That another series has the same mark has a chance of one in 2^63 for each comparison, and nobody can look for it
// without the key. Size is the encoding's length where it is one piece, else 0.
type Mark struct {
	Hash uint64 // 0 = none
	Size uint32
}

// remember keeps the mark by which the sender that came last names the series.
func (e *entry) remember(m Mark) {
	if e.mark.Load() != m.Hash {
		e.mark.Store(m.Hash)
		e.size.Store(m.Size)
	}
}

// aHistogram stands in entry.bits for a value that is no float: a NaN that no sender produces.
const aHistogram = 0x7ff8_5b0c_5b0c_5b0c

const (
	pageBits = 12
	pageSize = 1 << pageBits
)

// page holds entries side by side, in the order of their birth, which is the order in which senders come back to them.
type page struct {
	entries [pageSize]entry
	watch   [][pageSize]atomic.Uint32 // per observer
}

// at returns the entry of an index that was handed out.
func (g *Gate) at(i uint32) *entry {
	return &(*g.pages.Load())[i>>pageBits].entries[i&(pageSize-1)]
}

// alive returns the entry of a reference, or nil if its series was forgotten.
func (g *Gate) alive(r Ref) *entry {
	i := r.index()
	if p := *g.pages.Load(); int(i>>pageBits) < len(p) && i != 0 {
		if e := &p[i>>pageBits].entries[i&(pageSize-1)]; e.gen.Load() == r.gen() && r.gen()&1 == 1 {
			return e
		}
	}
	return nil
}

const shardCount = 64

// shard finds entries by the hash of their labels.
type shard struct {
	mu sync.RWMutex
	m  map[uint64]uint32 // -> first of a chain
	_  [32]byte
}

// find returns the entry with these labels.
func (g *Gate) find(l labels.Labels, hash uint64) (uint32, *entry) {
	s := &g.shards[hash%shardCount]
	s.mu.RLock()
	defer s.mu.RUnlock()
	for i := s.m[hash]; i != 0; {
		e := g.at(i)
		if labels.Equal(e.l, l) {
			return i, e
		}
		i = e.chain
	}
	return 0, nil
}

// newborn is what a new entry starts with.
type newborn struct {
	l     labels.Labels // kept
	hash  uint64
	mark  Mark
	store uint64
	last  int64
	src   uint32
	limit int64 // of live series of the source
	seen  uint32
}

// add returns the entry of a new series, or why there may be none. The observers have been asked when it returns.
func (g *Gate) add(n newborn) (uint32, *entry, *Refusal) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if i, e := g.find(n.l, n.hash); e != nil { // another batch was faster
		return i, e, nil
	}
	src := g.sources.at(n.src)
	if max := g.o.Limits.Series; max > 0 && g.series.Load() >= max {
		return 0, nil, g.refusals[SeriesTotal]
	}
	if n.limit > 0 && src.series.Load() >= n.limit {
		return 0, nil, g.refusals[SeriesOfSource]
	}
	i := g.index()
	e := g.at(i)
	e.store.Store(n.store)
	e.last.Store(n.last)
	e.bits.Store(aHistogram)
	e.next.Store(0)
	e.seen.Store(n.seen)
	e.every.Store(g.unasked())
	e.held.Store(nil)
	e.l, e.src = n.l, n.src
	e.remember(n.mark)
	g.ask(i, e)
	e.gen.Add(1)
	src.series.Add(1)
	g.series.Add(1)
	s := &g.shards[n.hash%shardCount]
	s.mu.Lock()
	e.chain = s.m[n.hash]
	s.m[n.hash] = i
	s.mu.Unlock()
	return i, e, nil
}

// index returns a free index. It needs g.mu.
func (g *Gate) index() uint32 {
	if n := len(g.free); n > 0 {
		i := g.free[n-1]
		g.free = g.free[:n-1]
		return i
	}
	i := g.used
	g.used++
	if pages := *g.pages.Load(); int(i>>pageBits) == len(pages) {
		grown := append(pages[:len(pages):len(pages)], &page{watch: make([][pageSize]atomic.Uint32, len(g.o.Observers))})
		g.pages.Store(&grown)
	}
	return i
}

// ask lets the observers say whether they watch a series. It needs g.mu.
func (g *Gate) ask(i uint32, e *entry) {
	p := (*g.pages.Load())[i>>pageBits]
	for k, o := range g.o.Observers {
		p.watch[k][i&(pageSize-1)].Store(uint32(o.Born(e.l)))
	}
}

// watched says whether any observer watches a series.
func (g *Gate) watched(i uint32) bool {
	p := (*g.pages.Load())[i>>pageBits]
	for k := range p.watch {
		if p.watch[k][i&(pageSize-1)].Load() != 0 {
			return true
		}
	}
	return false
}

// Rewatch asks the observers again about every cached series, after what they watch has changed. Samples that are committed
// meanwhile may carry a handle of before.
func (g *Gate) Rewatch() {
	g.mu.Lock()
	defer g.mu.Unlock()
	for i := uint32(1); i < g.used; i++ {
		e := g.at(i)
		if e.gen.Load()&1 == 0 {
			continue
		}
		before := g.watched(i)
		g.ask(i, e)
		if !before && g.watched(i) && e.last.Load() != never {
			e.last.Store(unknown) // an unwatched series is not followed closely; the store knows
		}
	}
}

// Sweep forgets the series that were not seen for Options.Forget. Their entries are used again once all batches that may
// still hold them have ended, which is looked at in the next sweep.
func (g *Gate) Sweep() {
	g.mu.Lock()
	defer g.mu.Unlock()
	if len(g.limbo) > 0 {
		if g.active[g.limboIn].Load() != 0 {
			return
		}
		for _, i := range g.limbo {
			e := g.at(i)
			e.l = labels.EmptyLabels()
		}
		g.free = append(g.free, g.limbo...)
		g.limbo = g.limbo[:0]
	}
	oldest := uint32(g.o.Now().Add(-g.o.Forget).Unix() / 60)
	for i := uint32(1); i < g.used; i++ {
		e := g.at(i)
		if e.gen.Load()&1 == 1 && e.seen.Load() < oldest {
			g.drop(i, e)
		}
	}
	if len(g.limbo) > 0 {
		g.limboIn = (g.epoch.Add(1) - 1) & 1
	}
}

// drop takes an entry out of the cache. It needs g.mu.
func (g *Gate) drop(i uint32, e *entry) {
	hash := e.l.Hash()
	s := &g.shards[hash%shardCount]
	s.mu.Lock()
	if first := s.m[hash]; first == i {
		if e.chain == 0 {
			delete(s.m, hash)
		} else {
			s.m[hash] = e.chain
		}
	} else {
		p := g.at(first)
		for p.chain != i {
			p = g.at(p.chain)
		}
		p.chain = e.chain
	}
	s.mu.Unlock()
	e.gen.Add(1)
	g.sources.at(e.src).series.Add(-1)
	g.series.Add(-1)
	g.limbo = append(g.limbo, i)
}

// begin counts a batch in and returns its slot.
func (g *Gate) begin() uint32 {
	for {
		e := g.epoch.Load()
		g.active[e&1].Add(1)
		if g.epoch.Load() == e {
			return e & 1
		}
		g.active[e&1].Add(-1)
	}
}

// end counts it out.
func (g *Gate) end(slot uint32) { g.active[slot].Add(-1) }
