package receive

import (
	"context"
	"hash/maphash"
	"sync"

	"github.com/signalbox/signalbox/internal/fault"
)

// recent remembers the ids of events that were kept, in two generations: when the newer one is full, the older one is
// forgotten. An id is a keyed hash of its source and text, so that sources cannot touch each other's ids and nothing that
// names a person stays here. Two ids of a million are mistaken for each other with a probability below one in ten million.
type recent struct {
	seed maphash.Seed
	size int

	mu      sync.Mutex
	newer   map[uint64]struct{}
	older   map[uint64]struct{}
	pending map[uint64]*claim // being written
}

func newRecent(size int) *recent {
	return &recent{seed: maphash.MakeSeed(), size: size, newer: map[uint64]struct{}{}, pending: map[uint64]*claim{}}
}

// key returns the number of an id, 0 for none.
func (r *recent) key(source, id string) uint64 {
	if id == "" {
		return 0
	}
	return max(1, maphash.Comparable(r.seed, [2]string{source, id}))
}

// claim is the ids of a batch while it is written.
type claim struct {
	r     *recent
	keys  []uint64
	fresh []bool // those that are to be written; the others were kept before
	done  chan struct{}
}

// claim says which ids are new, and holds them until settle. While another request writes one of them, it waits for what
// becomes of it: to answer before would acknowledge what may not be kept. The error is Unavailable if ctx ends first.
func (r *recent) claim(ctx context.Context, keys []uint64) (*claim, error) {
	for {
		c, wait := r.try(keys)
		if wait == nil {
			return c, nil
		}
		select {
		case <-wait:
		case <-ctx.Done():
			return nil, fault.New(fault.Unavailable, "the same events are being written by another request: %w", ctx.Err())
		}
	}
}

// try holds nothing if one of the ids is in another's hands, so that two requests never wait for each other.
func (r *recent) try(keys []uint64) (*claim, <-chan struct{}) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, k := range keys {
		if other := r.pending[k]; other != nil {
			return nil, other.done
		}
	}
	c := &claim{r: r, keys: keys, fresh: make([]bool, len(keys)), done: make(chan struct{})}
	for i, k := range keys {
		if k != 0 && (r.kept(k) || r.pending[k] == c) {
			continue
		}
		c.fresh[i] = true
		if k != 0 {
			r.pending[k] = c
		}
	}
	return c, nil
}

func (r *recent) kept(k uint64) bool {
	if _, ok := r.newer[k]; ok {
		return true
	}
	_, ok := r.older[k]
	return ok
}

// settle ends the claim: the new ids were kept, or may be sent again.
func (c *claim) settle(kept bool) {
	r := c.r
	r.mu.Lock()
	defer r.mu.Unlock()
	for i, k := range c.keys {
		if k == 0 || !c.fresh[i] {
			continue
		}
		delete(r.pending, k)
		if !kept {
			continue
		}
		if len(r.newer) >= r.size {
			r.older, r.newer = r.newer, make(map[uint64]struct{}, r.size/4)
		}
		r.newer[k] = struct{}{}
	}
	close(c.done)
}
