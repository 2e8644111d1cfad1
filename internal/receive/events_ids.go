package receive

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"sync"

	"github.com/signalbox/signalbox/internal/fault"
)

// IDs remembers the ids of events that were kept, in two generations: when the newer one is full, the older one is
// forgotten. An id is a keyed hash of its source and text, so that sources cannot touch each other's ids and nothing that
// names a person stays here. Two ids of a million are mistaken for each other with a probability below one in ten million.
//
// The hash is stored with its event, as the row's parent: what was committed is known again after a restart, whatever moment
// the server ended at, and what was erased is not. See Recall.
type IDs struct {
	secret []byte
	size   int

	mu      sync.Mutex
	newer   map[uint64]struct{}
	older   map[uint64]struct{}
	pending map[uint64]*claim // being written
}

// NewIDs returns a memory of at least the size newest ids, hashed under a secret of 16 bytes or more; ids that were stored
// under another secret are not known again. Without one it makes its own.
func NewIDs(secret []byte, size int) *IDs {
	if len(secret) == 0 {
		secret = make([]byte, 32)
		_, _ = rand.Read(secret) // never fails; it ends the program instead
	}
	return &IDs{secret: secret, size: size, newer: map[uint64]struct{}{}, pending: map[uint64]*claim{}}
}

// key returns the number of an id, 0 for none.
func (r *IDs) key(source, id string) uint64 {
	if id == "" {
		return 0
	}
	b := make([]byte, 0, 512)
	b = append(b, r.secret...)
	b = binary.AppendUvarint(b, uint64(len(source)))
	b = append(append(b, source...), id...)
	sum := sha256.Sum256(b) // no more than its first half is ever seen, so the secret in front is as good as an HMAC
	return max(1, binary.LittleEndian.Uint64(sum[:]))
}

// claim is the ids of a batch while it is written.
type claim struct {
	r     *IDs
	keys  []uint64
	fresh []bool // those that are to be written; the others were kept before
	done  chan struct{}
}

// claim says which ids are new, and holds them until settle. While another request writes one of them, it waits for what
// becomes of it: to answer before would acknowledge what may not be kept. The error is Unavailable if ctx ends first.
func (r *IDs) claim(ctx context.Context, keys []uint64) (*claim, error) {
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
func (r *IDs) try(keys []uint64) (*claim, <-chan struct{}) {
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

func (r *IDs) kept(k uint64) bool {
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
		r.keep(k)
	}
	close(c.done)
}

// keep remembers an id. It needs the lock.
func (r *IDs) keep(k uint64) {
	if len(r.newer) >= r.size {
		r.older, r.newer = r.newer, make(map[uint64]struct{}, r.size/4)
	}
	r.newer[k] = struct{}{}
}
