package tsdb

import (
	"log/slog"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	promtsdb "github.com/prometheus/prometheus/tsdb"
	"github.com/prometheus/prometheus/tsdb/chunkenc"
	"github.com/prometheus/prometheus/util/compression"

	"github.com/signalbox/signalbox/internal/fault"
)

// Options are what a store is opened with. The zero value of each field but Dir means its default.
type Options struct {
	Dir            string        // the store's own directory; created if missing
	Retention      time.Duration // age beyond which blocks are deleted; default 40 days
	RetentionBytes int64         // size of all blocks beyond which the oldest are deleted; default no bound
	OutOfOrder     time.Duration // how old a sample may be, measured from the newest one; default 1h, negative = in order only
	BlockDuration  time.Duration // span of the youngest blocks; default 2h
	Series         int64         // live series to lay the memory out for; default as many as last time
	MaxExemplars   int64         // exemplars kept in memory; default 10,000, negative = none
	Metadata       bool          // what metrics are is written to the log, for remote write 2.0
	Fsync          bool          // Commit returns after the write-ahead log is synced: survives power loss, not only kill -9

	ReserveBytes int64 // size of the file that is freed when a full disk keeps the store from opening; default 64 MB, negative = none
	FloorBytes   int64 // free space below which nothing is accepted; default 256 MB, negative = none

	FreeSpace  func(dir string) (int64, error) // bytes free for us on dir's file system; default asks the system
	Now        func() time.Time
	Logger     *slog.Logger
	Registerer prometheus.Registerer
}

// The defaults of Options.
const (
	DefaultRetention    = 40 * 24 * time.Hour
	DefaultOutOfOrder   = time.Hour
	DefaultBlock        = 2 * time.Hour
	DefaultMaxExemplars = 10_000
	DefaultReserve      = 64 << 20
	DefaultFloor        = 256 << 20
)

// Validate fills the defaults in and returns what is wrong with the rest.
func (o *Options) Validate() error {
	if o.Dir == "" {
		return fault.New(fault.Invalid, "storage.metrics: no directory given")
	}
	if o.Retention < 0 {
		return fault.New(fault.Invalid, "storage.metrics.retention %s: want a duration above zero", o.Retention)
	}
	if o.Retention > 0 && o.BlockDuration > 0 && o.Retention < o.BlockDuration {
		return fault.New(fault.Invalid, "storage.metrics.retention %s: want at least %s", o.Retention, o.BlockDuration)
	}
	if o.RetentionBytes < 0 {
		return fault.New(fault.Invalid, "storage.metrics.retention_bytes %d: want a size above zero", o.RetentionBytes)
	}
	def(&o.Retention, DefaultRetention)
	def(&o.OutOfOrder, DefaultOutOfOrder)
	def(&o.BlockDuration, DefaultBlock)
	def(&o.MaxExemplars, DefaultMaxExemplars)
	def(&o.ReserveBytes, DefaultReserve)
	def(&o.FloorBytes, DefaultFloor)
	if o.FreeSpace == nil {
		o.FreeSpace = freeSpace
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	return nil
}

// def sets *v to d if it is zero.
func def[T comparable](v *T, d T) {
	var zero T
	if *v == zero {
		*v = d
	}
}

// engine returns the library's options. The write buffer of head chunks is a fraction of Prometheus' own.
func (o *Options) engine() *promtsdb.Options {
	e := promtsdb.DefaultOptions()
	e.RetentionDuration = o.Retention.Milliseconds()
	e.MaxBytes = o.RetentionBytes
	e.NoLockfile = true // app holds one lock over the whole data directory
	e.MinBlockDuration = o.BlockDuration.Milliseconds()
	// As Prometheus does: blocks grow to a tenth of the retention, at most 31 days.
	e.MaxBlockDuration = max(e.MinBlockDuration, min(o.Retention/10, 31*24*time.Hour).Milliseconds())
	e.WALCompression = compression.Snappy
	e.StripeSize = o.stripes()
	e.MaxBlockChunkSegmentSize = 64 << 20 // is allocated ahead: with 512 MB nothing is compacted on a disk that is nearly full
	e.HeadChunksWriteBufferSize = 256 << 10
	e.OutOfOrderTimeWindow = max(0, o.OutOfOrder.Milliseconds())
	e.EnableExemplarStorage = o.MaxExemplars > 0
	e.MaxExemplars = max(0, o.MaxExemplars)
	// Start timestamps are kept per sample, because the replay of a KPI needs the births that the live step saw.
	e.EnableSTStorage = true
	e.EnableMetadataWALRecords = o.Metadata
	e.FloatChunkEncoding = chunkenc.EncXOR2
	e.EnableHistogramSTEncoding = true
	// The library panics in a goroutine of its own when a full disk keeps it from writing chunks of the head. Its clock is
	// therefore stopped, and Run does the same work where it can look at the space first.
	e.BlockReloadInterval = 100 * 365 * 24 * time.Hour
	return e
}

// stripes is the number of maps that the library keeps its series in. At five series a map, finding one misses the cache
// twice instead of four times, which is a third of the cost of a pushed sample (300,000 series: 300 against 460 ns); but a
// map costs 180 bytes while it is empty.
func (o *Options) stripes() int {
	n := o.Series
	if n <= 0 {
		b, _ := os.ReadFile(o.seriesFile())
		n, _ = strconv.ParseInt(strings.TrimSpace(string(b)), 10, 64)
	}
	size := 1 << 14
	for int64(size)*5 < n && size < 1<<18 {
		size *= 2
	}
	return size
}

// seriesFile holds how many series were live when the store was last compacted.
func (o *Options) seriesFile() string { return filepath.Join(o.Dir, "series") }

// remember keeps the number of live series for the next opening. It is a hint: nothing depends on it but speed.
func (o *Options) remember(series int64) {
	_ = os.WriteFile(o.seriesFile(), strconv.AppendInt(nil, series, 10), 0o600)
}
