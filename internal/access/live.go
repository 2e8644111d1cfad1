package access

import (
	"context"
	"sync"
	"time"
)

// live are the requests that read something now and whose right to it may end meanwhile: an event stream lasts for days.
type live struct {
	mu sync.Mutex
	n  uint64
	m  map[uint64]reader
}

type reader struct {
	user, session, token string
	cancel               context.CancelFunc
}

// enter ends the context when the reader's right ends: at its hour, or when cut says so.
func (l *live) enter(ctx context.Context, p Principal, now time.Time) (context.Context, func()) {
	var cancel context.CancelFunc
	if p.ExpiresAt > 0 {
		ctx, cancel = context.WithTimeout(ctx, time.UnixMilli(p.ExpiresAt).Sub(now))
	} else {
		ctx, cancel = context.WithCancel(ctx)
	}
	l.mu.Lock()
	l.n++
	n := l.n
	l.m[n] = reader{user: p.ID, session: p.Session, token: p.Token, cancel: cancel}
	l.mu.Unlock()
	return ctx, func() {
		l.mu.Lock()
		delete(l.m, n)
		l.mu.Unlock()
		cancel()
	}
}

// cut ends the readers that f names. They come back, as who they are by then.
func (l *live) cut(f func(reader) bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, r := range l.m {
		if f(r) {
			r.cancel()
		}
	}
}

func (l *live) cutUser(id string) { l.cut(func(r reader) bool { return r.user == id }) }

func (l *live) cutSessions(xs []session) {
	gone := map[string]bool{}
	for _, x := range xs {
		gone[x.public()] = true
	}
	l.cut(func(r reader) bool { return gone[r.session] })
}
