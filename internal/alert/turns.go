package alert

import (
	"context"
	"sync"
)

// turns lets one delivery at a time have a key: one group to one integration. After a reload the new configuration's first
// flush waits for a delivery that is still under way under the old one, and then knows from the log what was told.
type turns struct {
	mu   sync.Mutex
	busy map[string]chan struct{}
}

// take waits for the key and returns what gives it back.
func (t *turns) take(ctx context.Context, key string) (func(), error) {
	for {
		t.mu.Lock()
		ch, taken := t.busy[key]
		if !taken {
			ch = make(chan struct{})
			t.busy[key] = ch
			t.mu.Unlock()
			return func() {
				t.mu.Lock()
				delete(t.busy, key)
				t.mu.Unlock()
				close(ch)
			}, nil
		}
		t.mu.Unlock()
		select {
		case <-ch:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

// idle waits until nobody has a turn.
func (t *turns) idle(ctx context.Context) {
	for {
		var ch chan struct{}
		t.mu.Lock()
		for _, c := range t.busy {
			ch = c
			break
		}
		t.mu.Unlock()
		if ch == nil {
			return
		}
		select {
		case <-ch:
		case <-ctx.Done():
			return
		}
	}
}
