package otlp

import (
	"bytes"
	"hash/maphash"
	"sync"

	"github.com/signalbox/signalbox/internal/gate"
)

// cache keeps what was understood of two messages that belong together, a resource and a scope, under their bytes.
type cache[T any] struct {
	seed maphash.Seed
	read func(a, b []byte) (T, error) // may keep both

	mu sync.RWMutex
	m  map[uint64]cached[T]
}

type cached[T any] struct {
	a, b []byte
	v    T
}

// The cache keeps so many entries, and such of so many bytes; a sender's resource rarely has a kilobyte.
const (
	cacheEntries = 4096
	cacheBytes   = 8 << 10
)

func newCache[T any](read func(a, b []byte) (T, error)) *cache[T] {
	return &cache[T]{seed: maphash.MakeSeed(), read: read, m: map[uint64]cached[T]{}}
}

// get returns what the messages mean and the hash of their bytes. The error says what cannot be understood.
func (c *cache[T]) get(a, b []byte) (v T, hash uint64, err error) {
	var h maphash.Hash
	h.SetSeed(c.seed)
	_, _ = h.Write(a)
	_ = h.WriteByte(0)
	_, _ = h.Write(b)
	hash = h.Sum64()
	c.mu.RLock()
	e, ok := c.m[hash]
	c.mu.RUnlock()
	if ok && bytes.Equal(e.a, a) && bytes.Equal(e.b, b) {
		return e.v, hash, nil
	}
	a, b = bytes.Clone(a), bytes.Clone(b)
	if v, err = c.read(a, b); err != nil || len(a)+len(b) > cacheBytes {
		return v, hash, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.m) >= cacheEntries {
		clear(c.m) // who is still there comes back at once
	}
	c.m[hash] = cached[T]{a, b, v}
	return v, hash, nil
}

// known finds the gate's reference of a series by the hash of the bytes that name it. It is for senders without an order, as
// those are that keep their datapoints in a map.
type known struct {
	shards [64]shard
	most   int // of one shard
}

type shard struct {
	mu sync.RWMutex
	m  map[uint64]gate.Ref
	_  [32]byte
}

func newKnown(entries int) *known {
	k := &known{most: max(1, entries/64)}
	for i := range k.shards {
		k.shards[i].m = map[uint64]gate.Ref{}
	}
	return k
}

func (k *known) get(hash uint64) gate.Ref {
	s := &k.shards[hash>>58]
	s.mu.RLock()
	r := s.m[hash]
	s.mu.RUnlock()
	return r
}

func (k *known) put(hash uint64, r gate.Ref) {
	s := &k.shards[hash>>58]
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.m) >= k.most {
		n := len(s.m)/8 + 1
		for h := range s.m { // any eighth; the gate knows the series still
			if n--; n < 0 {
				break
			}
			delete(s.m, h)
		}
	}
	s.m[hash] = r
}
