package otlp

import (
	"bytes"
	"hash/maphash"
	"sync"
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
