package hostagent

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/prometheus/model/value"
	"github.com/prometheus/prometheus/storage"
	"github.com/shirou/gopsutil/v4/disk"
	"github.com/stretchr/testify/require"

	"github.com/prometheus/prometheus/model/histogram"
	"github.com/prometheus/prometheus/model/labels"
)

// A network mount whose server is away holds up one round by the wait, and the next ones not at all.
func TestHangingMount(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		back := make(chan struct{})
		m := newMounts()
		m.usage = func(path string) (*disk.UsageStat, error) {
			if path == "/nfs" {
				<-back
			}
			return &disk.UsageStat{Total: 100, Used: 60, Free: 30}, nil
		}
		parts := []disk.PartitionStat{
			{Device: "srv:/x", Mountpoint: "/nfs", Fstype: "nfs4"},
			{Device: "/dev/sda1", Mountpoint: "/", Fstype: "ext4", Opts: []string{"ro"}},
			{Device: "/dev/sda1", Mountpoint: "/", Fstype: "ext4"},
			{Device: "overlay", Mountpoint: "/var/lib/docker/overlay2/x/merged", Fstype: "overlay"},
			{Device: "proc", Mountpoint: "/proc", Fstype: "proc"},
		}
		for round, want := range []time.Duration{mountWait, 0} {
			began := time.Now()
			got, err := m.of(t.Context(), parts)
			require.EqualError(t, err, "/nfs: does not answer")
			require.Equal(t, want, time.Since(began), "round %d", round)
			require.Len(t, got, 8)
			require.Contains(t, got, gauge("node_filesystem_device_error", 1, "device", "srv:/x", "fstype", "nfs4", "mountpoint", "/nfs"))
			root := []string{"device", "/dev/sda1", "fstype", "ext4", "mountpoint", "/"}
			require.Contains(t, got, gauge("node_filesystem_readonly", 1, root...))
			require.Contains(t, got, gauge("node_filesystem_free_bytes", 40, root...))
			require.Contains(t, got, gauge("node_filesystem_avail_bytes", 30, root...))
		}
		close(back)
		synctest.Wait()
		_, err := m.of(t.Context(), parts)
		require.NoError(t, err)
	})
}

func TestContainerRootIsKept(t *testing.T) {
	m := newMounts()
	m.usage = func(string) (*disk.UsageStat, error) { return &disk.UsageStat{Total: 1}, nil }
	got, err := m.of(t.Context(), []disk.PartitionStat{{Device: "overlay", Mountpoint: "/", Fstype: "overlay"}})
	require.NoError(t, err)
	require.Len(t, got, 7)
}

type log struct{ lines []string }

func (l *log) AppenderV2(context.Context) storage.AppenderV2 { return l }
func (l *log) Commit() error                                 { return nil }
func (l *log) Rollback() error                               { return nil }
func (l *log) Append(_ storage.SeriesRef, ls labels.Labels, st, t int64, v float64, _ *histogram.Histogram, _ *histogram.FloatHistogram, _ storage.AOptions) (storage.SeriesRef, error) {
	if value.IsStaleNaN(v) {
		l.lines = append(l.lines, fmt.Sprintf("%d %s stale", t, ls))
	} else {
		l.lines = append(l.lines, fmt.Sprintf("%d/%d %s %v", st, t, ls, v))
	}
	return 1, nil
}

// A series that is gone gets one stale marker; counters carry the start of the machine, gauges and the future do not.
func TestGoneSeriesTurnStale(t *testing.T) {
	l := &log{}
	a, err := New(Options{Appendable: l, Instance: "m"})
	require.NoError(t, err)
	require.NoError(t, a.write(t.Context(), 10, 5, []metric{counter("c", 1, "device", "eth0"), gauge("g", 2)}))
	require.NoError(t, a.write(t.Context(), 20, 5, []metric{gauge("g", 3)}))
	require.NoError(t, a.write(t.Context(), 30, 99, []metric{counter("c", 7, "device", "eth0")}))
	want := []string{
		`5/10 {__name__="c", device="eth0", instance="m", job="host"} 1`,
		`0/10 {__name__="g", instance="m", job="host"} 2`,
		`0/20 {__name__="g", instance="m", job="host"} 3`,
		`20 {__name__="c", device="eth0", instance="m", job="host"} stale`,
		`0/30 {__name__="c", device="eth0", instance="m", job="host"} 7`,
		`30 {__name__="g", instance="m", job="host"} stale`,
	}
	slices.Sort(want)
	slices.Sort(l.lines)
	require.Equal(t, strings.Join(want, "\n"), strings.Join(l.lines, "\n"))
}

// The agent costs at most 1 % of a core at the default interval: a round may take 150 ms of processor time.
func BenchmarkRound(b *testing.B) {
	a, err := New(Options{Appendable: &discard{}, Instance: "m"})
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		a.once(b.Context())
	}
}

type discard struct{}

func (d *discard) AppenderV2(context.Context) storage.AppenderV2 { return d }
func (*discard) Commit() error                                   { return nil }
func (*discard) Rollback() error                                 { return nil }
func (*discard) Append(storage.SeriesRef, labels.Labels, int64, int64, float64, *histogram.Histogram, *histogram.FloatHistogram, storage.AOptions) (storage.SeriesRef, error) {
	return 1, nil
}
