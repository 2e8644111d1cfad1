package tsdb_test

import (
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/storage"
	"github.com/stretchr/testify/require"

	"github.com/signalbox/signalbox/internal/fault"
	"github.com/signalbox/signalbox/internal/metricstore"
	"github.com/signalbox/signalbox/internal/metricstore/conformance"
	"github.com/signalbox/signalbox/internal/metricstore/tsdb"
)

func open(t testing.TB, o tsdb.Options) *tsdb.Store {
	t.Helper()
	if o.FloorBytes == 0 {
		o.FloorBytes = -1
	}
	if o.ReserveBytes == 0 {
		o.ReserveBytes = -1
	}
	s, err := tsdb.Open(o)
	require.NoError(t, err)
	t.Cleanup(func() { _ = s.Close() })
	return s
}

func TestConformance(t *testing.T) {
	conformance.Run(t, conformance.Engine{
		Persistent: true,
		Open:       func(t testing.TB, dir string) metricstore.Store { return open(t, tsdb.Options{Dir: dir}) },
	})
}

func TestConformanceFsync(t *testing.T) {
	conformance.Run(t, conformance.Engine{
		Persistent: true,
		Open:       func(t testing.TB, dir string) metricstore.Store { return open(t, tsdb.Options{Dir: dir, Fsync: true}) },
	})
}

// Start timestamps must survive not only the log but also what becomes of it: head chunks mapped from disk, and blocks, of
// in-order and out-of-order samples alike.
func TestStartTimestampsInBlocks(t *testing.T) {
	dir := t.TempDir()
	s := open(t, tsdb.Options{Dir: dir, BlockDuration: 10 * time.Minute})
	l := labels.FromStrings("__name__", "requests_total")
	base := int64(1_700_000_000_000)
	var want []conformance.Point
	for i := range int64(600) {
		want = append(want, conformance.Point{T: base + i*10_000, ST: base - 1 - i/100, V: float64(i)})
	}
	for i, p := range want {
		if i%7 != 3 || i+3 >= len(want) {
			conformance.Write(t, s, l, p)
		}
		if i%7 == 6 { // three samples late
			conformance.Write(t, s, l, want[i-3])
		}
	}
	check := func() {
		t.Helper()
		got := conformance.Read(t, s, l, base, base+600*10_000)
		require.Len(t, got, len(want))
		for i, p := range got {
			require.Equal(t, want[i].T, p.T)
			require.Equal(t, want[i].ST, p.ST, "sample %d", i)
			require.Equal(t, want[i].V, p.V)
		}
	}
	check()
	require.NoError(t, s.Close())
	s = open(t, tsdb.Options{Dir: dir, BlockDuration: 10 * time.Minute}) // head chunks are mapped now
	check()
	require.NoError(t, s.Compact(t.Context()))
	bs, err := s.BlockMetas()
	require.NoError(t, err)
	require.NotEmpty(t, bs)
	check()
}

func TestFloor(t *testing.T) {
	var free atomic.Int64
	free.Store(1 << 30)
	now := time.Unix(1_700_000_000, 0)
	s := open(t, tsdb.Options{
		Dir: t.TempDir(), FloorBytes: 100 << 20,
		FreeSpace: func(string) (int64, error) { return free.Load(), nil },
		Now:       func() time.Time { return now },
	})
	l := labels.FromStrings("__name__", "m")
	conformance.Write(t, s, l, conformance.Point{T: 1000, V: 1})

	free.Store(99 << 20)
	now = now.Add(time.Second)
	err := s.Writable()
	require.Equal(t, fault.Unavailable, fault.KindOf(err))
	require.ErrorContains(t, err, "has 99 MB free, less than the floor of 100 MB")
	app := s.AppenderV2(t.Context())
	_, err = app.Append(0, l, 0, 2000, 2, nil, nil, storage.AOptions{})
	require.Equal(t, fault.Unavailable, fault.KindOf(err))
	require.Error(t, app.Commit())
	require.Len(t, conformance.Read(t, s, l, 0, 5000), 1, "reading goes on")
	require.NotEmpty(t, s.Usage().Reason)

	free.Store(200 << 20)
	now = now.Add(time.Second)
	conformance.Write(t, s, l, conformance.Point{T: 3000, V: 3})
	require.Len(t, conformance.Read(t, s, l, 0, 5000), 2)
}

// full mounts a small file system, or skips the test where that is not allowed.
func full(t *testing.T, size string) string {
	t.Helper()
	dir := t.TempDir()
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size="+size); err != nil {
		t.Skipf("cannot mount a small file system here: %v", err)
	}
	t.Cleanup(func() { _ = syscall.Unmount(dir, syscall.MNT_DETACH) })
	return dir
}

// fill writes a file until the disk is full and returns its path.
func fill(t *testing.T, dir string) string {
	t.Helper()
	path := filepath.Join(dir, "filler")
	f, err := os.Create(path)
	require.NoError(t, err)
	buf := make([]byte, 4096)
	for err == nil {
		_, err = f.Write(buf)
	}
	require.ErrorIs(t, err, syscall.ENOSPC)
	require.NoError(t, f.Close())
	return path
}

// A disk that is full to the last byte: the commit fails, nothing acknowledged is lost, reading goes on, and the store
// accepts again by itself when there is room.
func TestDiskFullAndBack(t *testing.T) {
	dir := full(t, "24m")
	s := open(t, tsdb.Options{Dir: filepath.Join(dir, "metrics"), Registerer: prometheus.NewRegistry()})
	l := labels.FromStrings("__name__", "m")
	base := int64(1_700_000_000_000)
	var acked []int64
	write := func(l labels.Labels, ts int64) error {
		app := s.AppenderV2(t.Context())
		for i := range int64(500) {
			if _, err := app.Append(0, l, 0, ts+i, float64(i), nil, nil, storage.AOptions{}); err != nil {
				_ = app.Rollback()
				return err
			}
		}
		return app.Commit()
	}
	for i := range int64(3) {
		require.NoError(t, write(l, base+i*1000))
		acked = append(acked, base+i*1000)
	}
	filler := fill(t, dir)
	var err error
	for i := int64(3); err == nil && i < 500; i++ {
		// New series too: their records are what a torn log would lose.
		if err = write(labels.FromStrings("__name__", "m", "i", string(rune('a'+i%26))), base+i*1000); err == nil {
			err = write(l, base+i*1000)
		}
		if err == nil {
			acked = append(acked, base+i*1000)
		}
	}
	require.Equal(t, fault.Unavailable, fault.KindOf(err))
	require.ErrorIs(t, err, syscall.ENOSPC)
	require.ErrorIs(t, s.Writable(), syscall.ENOSPC)
	require.Len(t, conformance.Read(t, s, l, base, base+1_000_000), 500*len(acked))

	s.Mend() // still full
	require.Error(t, s.Writable())
	require.NoError(t, os.Remove(filler))
	s.Mend()
	require.NoError(t, s.Writable())
	require.Len(t, conformance.Read(t, s, l, base, base+1_000_000), 500*len(acked), "what was acknowledged is there")
	require.NoError(t, write(l, base+800_000))
	require.NoError(t, s.Close())
	s = open(t, tsdb.Options{Dir: filepath.Join(dir, "metrics")})
	require.Len(t, conformance.Read(t, s, l, base, base+1_000_000), 500*(len(acked)+1))
}

// After a full disk and a kill the log needs space to be repaired: the reserve gives it.
func TestReserveFreesSpaceForRepair(t *testing.T) {
	dir := full(t, "24m")
	store := filepath.Join(dir, "metrics")
	o := tsdb.Options{Dir: store, ReserveBytes: 8 << 20}
	s := open(t, o)
	require.FileExists(t, filepath.Join(store, "reserve"))
	l := labels.FromStrings("__name__", "m")
	for i := range int64(100) {
		conformance.Write(t, s, l, conformance.Point{T: 1_700_000_000_000 + i, V: float64(i)})
	}
	require.NoError(t, s.Close())
	tear(t, store)
	fill(t, dir)

	s = open(t, o)
	require.NoError(t, s.Writable())
	require.NoFileExists(t, filepath.Join(store, "reserve"))
	require.Len(t, conformance.Read(t, s, l, 0, 2_000_000_000_000), 100)
}

// Without a reserve the repair fails; the store starts read-only instead of not at all, and mends itself.
func TestStartsReadOnly(t *testing.T) {
	dir := full(t, "160m")
	store := filepath.Join(dir, "metrics")
	s := open(t, tsdb.Options{Dir: store, BlockDuration: 10 * time.Minute})
	l := labels.FromStrings("__name__", "m")
	for i := range int64(200) {
		conformance.Write(t, s, l, conformance.Point{T: 1_700_000_000_000 + i*10_000, V: float64(i)})
	}
	require.NoError(t, s.Compact(t.Context()))
	bs, err := s.BlockMetas()
	require.NoError(t, err)
	require.NotEmpty(t, bs)
	require.NoError(t, s.Close())
	tear(t, store)
	filler := fill(t, dir)

	// A few bytes for the directory of the read-only view are there on any real disk's reserved blocks.
	require.NoError(t, os.Truncate(filler, sizeOf(t, filler)-64<<10))
	s, err = tsdb.Open(tsdb.Options{Dir: store, BlockDuration: 10 * time.Minute, ReserveBytes: -1, FloorBytes: -1})
	require.NoError(t, err)
	defer s.Close()
	require.True(t, s.Usage().ReadOnly)
	require.Equal(t, fault.Unavailable, fault.KindOf(s.Writable()))
	require.NotEmpty(t, conformance.Read(t, s, l, 0, 2_000_000_000_000))
	app := s.AppenderV2(t.Context())
	_, err = app.Append(0, l, 0, 1, 1, nil, nil, storage.AOptions{})
	require.Equal(t, fault.Unavailable, fault.KindOf(err))
	require.NoError(t, app.Rollback())

	require.NoError(t, os.Remove(filler))
	s.Mend()
	require.NoError(t, s.Writable())
	require.Len(t, conformance.Read(t, s, l, 0, 2_000_000_000_000), 200)
}

func sizeOf(t *testing.T, path string) int64 {
	i, err := os.Stat(path)
	require.NoError(t, err)
	return i.Size()
}

// tear appends half a record to the newest log segment, as a kill in the middle of a write leaves it.
func tear(t *testing.T, store string) {
	t.Helper()
	es, err := os.ReadDir(filepath.Join(store, "wal"))
	require.NoError(t, err)
	var newest string
	for _, e := range es {
		if !e.IsDir() && len(e.Name()) == 8 {
			newest = e.Name()
		}
	}
	f, err := os.OpenFile(filepath.Join(store, "wal", newest), os.O_WRONLY|os.O_APPEND, 0)
	require.NoError(t, err)
	_, err = f.Write([]byte{2, 0, 200, 1, 2, 3, 4, 'x', 'x', 'x'})
	require.NoError(t, errors.Join(err, f.Close()))
}

func TestOptions(t *testing.T) {
	for want, o := range map[string]tsdb.Options{
		"no directory given":                         {},
		"retention -1ns: want a duration above":      {Dir: "x", Retention: -1},
		"retention 1m0s: want at least 1h0m0s":       {Dir: "x", Retention: time.Minute, BlockDuration: time.Hour},
		"retention_bytes -5: want a size above zero": {Dir: "x", RetentionBytes: -5},
	} {
		_, err := tsdb.Open(o)
		require.ErrorContains(t, err, want)
	}
}

// BenchmarkIdle prints the anonymous memory of an open store with nothing in it.
func BenchmarkIdle(b *testing.B) {
	runtime.GC()
	before := anonymous(b)
	for b.Loop() {
		s := open(b, tsdb.Options{Dir: b.TempDir()})
		runtime.GC()
		b.ReportMetric(float64(anonymous(b)-before)/(1<<20), "anon-MB")
		require.NoError(b, s.Close())
	}
}

func anonymous(t testing.TB) int64 {
	b, err := os.ReadFile("/proc/self/status")
	require.NoError(t, err)
	for _, l := range strings.Split(string(b), "\n") {
		if v, ok := strings.CutPrefix(l, "RssAnon:"); ok {
			n, err := strconv.ParseInt(strings.Fields(v)[0], 10, 64)
			require.NoError(t, err)
			return n << 10
		}
	}
	return 0
}

// Retention can be changed while the store is open, and goes back to what was stated.
func TestKeep(t *testing.T) {
	s, err := tsdb.Open(tsdb.Options{Dir: t.TempDir(), ReserveBytes: -1, FloorBytes: -1})
	require.NoError(t, err)
	defer func() { require.NoError(t, s.Close()) }()
	require.NoError(t, s.Keep(3*24*time.Hour))
	require.Equal(t, 3*24*time.Hour, s.Usage().Retention)
	app := s.Appender(t.Context())
	_, err = app.Append(0, labels.FromStrings("__name__", "still_accepted"), time.Now().UnixMilli(), 1)
	require.NoError(t, err)
	require.NoError(t, app.Commit())
	require.NoError(t, s.Keep(0))
	require.Equal(t, tsdb.DefaultRetention, s.Usage().Retention)
}
