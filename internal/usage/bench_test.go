package usage

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/signalbox/signalbox/internal/rowstore"
)

// BenchmarkObserve counts what a row costs at the tap.
func BenchmarkObserve(b *testing.B) {
	r := rand.New(rand.NewPCG(1, 1))
	make1 := func(t rowstore.Table) []rowstore.Row {
		rows := make([]rowstore.Row, 4096)
		for i := range rows {
			at := now.UnixMicro() - 3600_000_000 + int64(i)*1000
			rows[i] = rowstore.Row{Time: at, Received: at, Service: "portal", Env: "prod", Agency: "IRS", Name: fmt.Sprint("event_", r.IntN(40)), Route: fmt.Sprint("/r", r.IntN(50)), Release: "1.0", User: fmt.Sprintf("pseudonym-%08x", r.IntN(100_000)),
				Trace: rowstore.TraceIDOf(1, uint64(i/8)), Span: rowstore.SpanID(i + 1), Parent: rowstore.SpanID(i / 8 * 8), Kind: 2, Duration: 1e6, Weight: 1, Body: "timeout after 30 ms of \"x\"", Severity: 17}
		}
		return rows
	}
	for _, t := range rowstore.Tables() {
		b.Run(t.String(), func(b *testing.B) {
			room, err := New(Options{Dir: b.TempDir(), Now: func() time.Time { return now }})
			require.NoError(b, err)
			batch := rowstore.Batch{Table: t, Rows: make1(t)}
			b.ReportAllocs()
			used := processor(b)
			for n := 0; b.Loop(); n++ {
				for i := range batch.Rows {
					batch.Rows[i].Received += 4_096_000
					batch.Rows[i].Time += 4_096_000
				}
				room.ObserveRows(&batch)
				if t == rowstore.Spans {
					room.joiner.advance(batch.Rows[0].Received)
				}
				if n%64 == 63 {
					for k := range room.tail {
						if k.received < room.clock-slack {
							delete(room.tail, k)
						}
					}
				}
			}
			b.ReportMetric(float64(processor(b)-used)/float64(b.N)/4096, "cpu-ns/row")
		})
	}
}

// processor is the time that the process has used: the machine may be shared.
func processor(b *testing.B) time.Duration {
	var u syscall.Rusage
	require.NoError(b, syscall.Getrusage(syscall.RUSAGE_SELF, &u))
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// BenchmarkStanding answers about a million people, of whom 300,000 come on a day, over 90 days.
func BenchmarkStanding(b *testing.B) {
	const all, daily, days = 1_000_000, 300_000, 90
	room, err := New(Options{Dir: b.TempDir(), Now: func() time.Time { return now }})
	require.NoError(b, err)
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	r, s := rand.New(rand.NewPCG(1, 1)), room.state
	ids := s.slicesOf(App{"portal", "prod", "IRS"}, 0)
	for n := range all {
		_, _ = s.of(fmt.Sprintf("pseudonym-%08x", n), "")
	}
	runtime.GC()
	runtime.ReadMemStats(&after)
	b.Logf("%d bytes a person in the index", (after.HeapAlloc-before.HeapAlloc)/all)
	before = after
	today := dayOf(now.UnixMicro())
	for d := today - days + 1; d <= today; d++ {
		x := s.day(d)
		x.dirty = true
		for range daily {
			n := uint32(r.IntN(all))
			s.attend(x, d, 0, n, true, 1)
			s.attend(x, d, ids[0], n, true, 1)
			s.use(x, d, feature{ids[0], 'e', "click"}, n, true, 1)
			s.count(0, Session{First: int64(d) * dayMicros, Last: int64(d)*dayMicros + r.Int64N(3600e6), Actions: 3}, 1)
		}
	}
	runtime.GC()
	runtime.ReadMemStats(&after)
	b.Logf("%.2f bytes a person and day, with everything, one application and one feature", float64(after.HeapAlloc-before.HeapAlloc)/(daily*days))
	before = after
	for n := range uint32(daily) {
		for _, id := range ids {
			s.sit(id, n, Act{Time: now.UnixMicro() - int64(n)})
		}
	}
	runtime.GC()
	runtime.ReadMemStats(&after)
	b.Logf("%d bytes a person within two days, in %d slices", (after.HeapAlloc-before.HeapAlloc)/daily, len(ids))
	begin := time.Now()
	require.NoError(b, room.Checkpoint(b.Context()))
	size := int64(0)
	files, _ := filepath.Glob(filepath.Join(room.opt.Dir, "*"))
	for _, f := range files {
		info, err := os.Stat(f)
		require.NoError(b, err)
		size += info.Size()
	}
	full := time.Since(begin)
	begin = time.Now()
	bodies, _, _ := room.freeze()
	b.Logf("first checkpoint %v, %d MB; the next one holds the room for %v and writes %d parts", full, size>>20, time.Since(begin), len(bodies)+1)
	app := Scope{App: App{Service: "portal"}}
	for name, f := range map[string]func() error{
		"actives day":   func() error { _, err := room.Actives(b.Context(), ActivesQuestion{Scope: app}); return err },
		"actives month": func() error { _, err := room.Actives(b.Context(), ActivesQuestion{Period: Month}); return err },
		"sessions day":  func() error { _, err := room.sessions(SessionsQuestion{Scope: app}); return err },
		"retention day": func() error { _, err := room.retention(RetentionQuestion{Scope: app}); return err },
		"retention came": func() error {
			_, err := room.retention(RetentionQuestion{Scope: app, Recurring: true, Periods: 30, OnOrAfter: true})
			return err
		},
		"retention week": func() error { _, err := room.retention(RetentionQuestion{Period: Week, OnOrAfter: true}); return err },
		"adoption":       func() error { _, err := room.adoption(AdoptionQuestion{Scope: app}); return err },
	} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				if err := f(); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
