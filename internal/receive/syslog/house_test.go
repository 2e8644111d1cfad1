package syslog_test

import (
	"context"
	"net"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/signalbox/signalbox/internal/gate"
	"github.com/signalbox/signalbox/internal/metricstore/tsdb"
	"github.com/signalbox/signalbox/internal/receive/syslog"
	"github.com/signalbox/signalbox/internal/rowstore"
)

// shelf is a store of rows that keeps them in memory, unless it is told to fail.
type shelf struct {
	rowstore.Store
	mu   sync.Mutex
	rows []rowstore.Row
	fail atomic.Pointer[error]
}

func (s *shelf) Writable() error {
	if p := s.fail.Load(); p != nil {
		return *p
	}
	return nil
}

func (s *shelf) Write(_ context.Context, batches ...*rowstore.Batch) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, b := range batches {
		for _, r := range b.Rows {
			for _, p := range []*string{&r.Service, &r.Name, &r.Body, &r.Source, &r.Env, &r.ErrorType, &r.User} {
				*p = strings.Clone(*p)
			}
			attrs := r.Attrs
			r.Attrs = nil
			for _, a := range attrs {
				r.Attrs = append(r.Attrs, rowstore.Attr{Key: strings.Clone(a.Key), Value: strings.Clone(a.Value)})
			}
			s.rows = append(s.rows, r)
		}
	}
	return nil
}

func (s *shelf) all() []rowstore.Row {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]rowstore.Row(nil), s.rows...)
}

func (s *shelf) count() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.rows)
}

type house struct {
	t    *testing.T
	rows *shelf
	gate *gate.Gate
	rc   *syslog.Receiver
	stop context.CancelFunc
	done sync.WaitGroup
}

func build(t *testing.T, change ...func(*syslog.Options)) *house {
	h := &house{t: t, rows: &shelf{}}
	samples, err := tsdb.Open(tsdb.Options{Dir: t.TempDir(), ReserveBytes: -1, FloorBytes: -1, Now: time.Now})
	require.NoError(t, err)
	t.Cleanup(func() { _ = samples.Close() })
	h.gate = gate.New(gate.Options{Store: samples, Rows: h.rows, Now: time.Now})
	o := syslog.Options{Gate: h.gate, Zone: time.UTC}
	for _, f := range change {
		f(&o)
	}
	h.rc = syslog.New(o)
	return h
}

func (h *house) context() context.Context {
	ctx, stop := context.WithCancel(h.t.Context())
	h.stop = stop
	h.t.Cleanup(func() { stop(); h.done.Wait() })
	return ctx
}

func (h *house) tcp(wrap func(net.Listener) net.Listener) string {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(h.t, err)
	addr := l.Addr().String()
	if wrap != nil {
		l = wrap(l)
	}
	ctx := h.context()
	h.done.Go(func() { _ = h.rc.ServeTCP(ctx, l) })
	return addr
}

func (h *house) udp() string {
	c, err := net.ListenPacket("udp", "127.0.0.1:0")
	require.NoError(h.t, err)
	ctx := h.context()
	h.done.Go(func() { _ = h.rc.ServeUDP(ctx, c) })
	return c.LocalAddr().String()
}

func (h *house) wait(n int) []rowstore.Row {
	h.t.Helper()
	require.Eventually(h.t, func() bool { return h.rows.count() >= n }, time.Minute, 5*time.Millisecond, "rows that came")
	return h.rows.all()
}

func (h *house) refused(source string) (n int64) {
	for _, s := range h.gate.Sources() {
		if strings.HasPrefix(s.Source, source) {
			for _, r := range s.Refused["logs"] {
				n += r
			}
		}
	}
	return n
}

// tried waits until the gate has turned a batch of a sender away.
func (h *house) tried(source string) {
	h.t.Helper()
	require.Eventually(h.t, func() bool {
		return slices.ContainsFunc(h.gate.Sources(), func(s gate.SourceStat) bool { return s.Source == source && s.LastError != "" })
	}, time.Minute, time.Millisecond, "a try")
}

func attr(r rowstore.Row, key string) string {
	v, _ := r.Attribute(key)
	return v
}
