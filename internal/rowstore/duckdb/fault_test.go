package duckdb

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/signalbox/signalbox/internal/fault"
	"github.com/signalbox/signalbox/internal/rowstore"
)

// closed makes a store with rows in its log and in a sealed file, closes it and returns its directory.
func closed(t *testing.T) string {
	s, err := Open(t.Context(), Options{Dir: t.TempDir(), FloorBytes: -1})
	require.NoError(t, err)
	keepRows(t, s, rowstore.Logs, day0, 100, nil)
	require.NoError(t, s.sealAll(t.Context(), true))
	for range 5 {
		keepRows(t, s, rowstore.Logs, day0, 100, nil)
	}
	require.NoError(t, s.Close())
	return s.opt.Dir
}

func theLog(t *testing.T, dir string) string {
	logs, err := filepath.Glob(filepath.Join(dir, "hot", "*.log"))
	require.NoError(t, err)
	require.Len(t, logs, 1)
	return logs[0]
}

// TestDamageIsNoticed damages what is on disk between two openings. What can be read is, and the rest is told.
func TestDamageIsNoticed(t *testing.T) {
	change := func(path string, f func([]byte) []byte) {
		b, err := os.ReadFile(path)
		require.NoError(t, err)
		require.NoError(t, os.WriteFile(path, f(b), 0o600))
	}
	for name, c := range map[string]struct {
		damage func(dir string)
		rows   int
		note   string // empty: none
	}{
		"nothing":          {func(string) {}, 600, ""},
		"the log is gone":  {func(dir string) { require.NoError(t, os.Remove(theLog(t, dir))) }, 100, "is missing"},
		"the log is empty": {func(dir string) { require.NoError(t, os.Truncate(theLog(t, dir), 0)) }, 100, "ends at byte 0"},
		"the log is cut":   {func(dir string) { change(theLog(t, dir), func(b []byte) []byte { return b[:len(b)-1] }) }, 500, "are lost; 400 were brought back"},
		"a torn write behind the log": {func(dir string) {
			change(theLog(t, dir), func(b []byte) []byte { return append(b, b[:len(b)/7]...) })
		}, 600, ""},
		"a bit of the log flipped": {func(dir string) {
			change(theLog(t, dir), func(b []byte) []byte { b[len(b)/2] ^= 1; return b })
		}, 500, "is damaged"},
		"a block of the log is zero": {func(dir string) {
			change(theLog(t, dir), func(b []byte) []byte { clear(b[20 : len(b)/2]); return b })
		}, 300, "is damaged"},
		"the catalogue is gone": {func(dir string) { require.NoError(t, os.Remove(filepath.Join(dir, "catalogue"))) }, 600, "taken back"},
		"the catalogue is damaged": {func(dir string) {
			change(filepath.Join(dir, "catalogue"), func(b []byte) []byte { b[20] ^= 1; return b })
		}, 600, "taken back"},
		"an edit was torn": {func(dir string) {
			change(filepath.Join(dir, "catalogue"), func(b []byte) []byte { return append(b, "1234abcd {"...) })
		}, 600, ""},
		"a sealed file is gone": {func(dir string) {
			require.NoError(t, os.RemoveAll(filepath.Join(dir, "sealed", "logs")))
		}, 500, "is missing"},
		"a sealed file is damaged": {func(dir string) {
			files, _ := filepath.Glob(filepath.Join(dir, "sealed", "logs", "*"))
			change(files[0], func(b []byte) []byte { clear(b[:100]); return b })
		}, 500, "cannot be read"},
		"a file of nobody": {func(dir string) {
			require.NoError(t, os.WriteFile(filepath.Join(dir, "sealed", "logs", "2026-03-02-999.duckdb"), []byte("x"), 0o600))
		}, 600, ""},
	} {
		t.Run(name, func(t *testing.T) {
			dir := closed(t)
			c.damage(dir)
			s := openIn(t, Options{Dir: dir})
			require.Equal(t, c.rows, count(t, s, rowstore.Logs))
			st, err := s.Stat(t.Context())
			require.NoError(t, err)
			if c.note == "" {
				require.Empty(t, st.Notes)
			} else {
				require.Contains(t, strings.Join(st.Notes, "\n"), c.note)
			}
			keepRows(t, s, rowstore.Logs, day0, 7, nil)
			require.NoError(t, s.sealAll(t.Context(), true))
			require.Equal(t, c.rows+7, count(t, s, rowstore.Logs))
		})
	}
}

// TestAFullDiskIsNoLoss fills a real file system of 24 MB.
func TestAFullDiskIsNoLoss(t *testing.T) {
	dir := t.TempDir()
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size=24m"); err != nil {
		t.Skip("needs root to mount a small file system: ", err)
	}
	t.Cleanup(func() { _ = syscall.Unmount(dir, syscall.MNT_DETACH) })
	var shift atomic.Int64
	s := openIn(t, Options{Dir: dir, Now: func() time.Time { return time.Now().Add(time.Duration(shift.Load())) }})
	ballast := filepath.Join(dir, "ballast")
	require.NoError(t, os.WriteFile(ballast, make([]byte, 21<<20), 0o600))
	var b rowstore.Batch
	kept := 0
	var err error
	for i := 0; err == nil; i++ {
		require.Less(t, i, 10_000)
		b.Reset(rowstore.Logs)
		for k := range 4000 {
			r := b.Add()
			r.Time, r.Trace, r.Body = day0.UnixMicro()+int64(k), rowstore.TraceIDOf(uint64(k+1)*0x9E3779B97F4A7C15, uint64(k+1)*0xBF58476D1CE4E5B9), strings.Repeat("full ", 20)
		}
		if err = s.Write(t.Context(), &b); err == nil {
			kept += 4000
		}
	}
	require.Equal(t, fault.Unavailable, fault.KindOf(err))
	require.ErrorContains(t, err, "is full")
	require.ErrorContains(t, s.Writable(), "is full")
	require.Positive(t, kept)
	require.Equal(t, kept, count(t, s, rowstore.Logs))
	require.NoError(t, os.Remove(ballast))
	shift.Store(int64(2 * refuseFor))
	require.NoError(t, s.Writable())
	require.NoError(t, s.Write(context.Background(), &b))
	require.Equal(t, kept+4000, count(t, s, rowstore.Logs))
	require.NoError(t, s.Close())
	again := openIn(t, Options{Dir: dir})
	require.Equal(t, kept+4000, count(t, again, rowstore.Logs))
	st, _ := again.Stat(t.Context())
	require.Empty(t, st.Notes)
}

func TestBelowTheFloorNothingIsTaken(t *testing.T) {
	var free atomic.Int64
	free.Store(1 << 30)
	s := openIn(t, Options{FloorBytes: 100 << 20, FreeSpace: func(string) (int64, error) { return free.Load(), nil }})
	keepRows(t, s, rowstore.Logs, day0, 1, nil)
	free.Store(99 << 20)
	require.Eventually(t, func() bool { return s.Writable() != nil }, time.Minute, time.Millisecond)
	require.Equal(t, fault.Unavailable, fault.KindOf(s.Write(t.Context(), oneRow())))
	free.Store(1 << 30)
	require.Eventually(t, func() bool { return s.Writable() == nil }, time.Minute, time.Millisecond)
}

func oneRow() *rowstore.Batch {
	b := &rowstore.Batch{}
	b.Reset(rowstore.Logs)
	b.Add().Time = day0.UnixMicro()
	return b
}

func TestBusyStoreSaysSo(t *testing.T) {
	s := openIn(t, Options{SegmentRows: 10, MaxSegments: 2})
	for range 2 {
		keepRows(t, s, rowstore.Logs, day0, 10, nil)
		require.Eventually(t, func() bool { return len(onDisk(t, s, "hot")) > 1 }, time.Minute, time.Millisecond)
	}
	require.Eventually(t, func() bool { return s.Writable() != nil }, time.Minute, time.Millisecond)
	err := s.Write(t.Context(), oneRow())
	require.Equal(t, fault.Limited, fault.KindOf(err))
	require.NoError(t, s.sealAll(t.Context(), false))
	require.NoError(t, s.Write(t.Context(), oneRow()))
}

// A segment is made while rows of another are brought: the one does not wait for the other, nor see its transaction.
func TestASegmentIsMadeWhileRowsAreBrought(t *testing.T) {
	s := openIn(t, Options{SegmentRows: 10})
	s.bringer.place <- struct{}{} // as bring does
	require.NoError(t, run(s.bringer.conn, "BEGIN"))
	require.NoError(t, run(s.bringer.conn, "FROM "+s.active.tables[rowstore.Logs].name))
	for i := range 3 {
		keepRows(t, s, rowstore.Logs, day0, 10, nil)
		require.Eventually(t, func() bool { s.mu.Lock(); defer s.mu.Unlock(); return len(s.closed) > i }, time.Minute, time.Millisecond)
	}
	require.NoError(t, run(s.bringer.conn, "COMMIT"))
	<-s.bringer.place
	require.Equal(t, 30, count(t, s, rowstore.Logs))
}

func TestOpenTwiceIsRefused(t *testing.T) {
	s := openIn(t, Options{})
	_, err := Open(t.Context(), Options{Dir: s.opt.Dir})
	require.Equal(t, fault.Unavailable, fault.KindOf(err))
}

func TestRowsThatMemoryLacksComeFromTheLog(t *testing.T) {
	s := openIn(t, Options{})
	keepRows(t, s, rowstore.Logs, day0, 3000, nil)
	keepRows(t, s, rowstore.Events, day0, 30, nil)
	require.Equal(t, 3000, count(t, s, rowstore.Logs))
	keepRows(t, s, rowstore.Logs, day0, 50, nil)
	s.bringer.place <- struct{}{}
	s.active.broken = true // as when the memory ran out
	<-s.bringer.place
	require.Equal(t, 3050, count(t, s, rowstore.Logs))
	require.Equal(t, 30, count(t, s, rowstore.Events))
	keepRows(t, s, rowstore.Logs, day0, 50, nil)
	require.NoError(t, s.sealAll(t.Context(), true))
	require.Equal(t, 3100, count(t, s, rowstore.Logs))
}
