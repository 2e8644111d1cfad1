package duckdb

import (
	"log/slog"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/signalbox/signalbox/internal/fault"
	"github.com/signalbox/signalbox/internal/rowstore"
)

// Options are what a store is opened with. The zero value of each field but Dir means its default.
type Options struct {
	Dir   string // the store's own directory; created if missing
	FSync bool   // Write returns after the log is synced: survives power loss, not only kill -9

	Keep func() rowstore.Keep // what Run forgets, once an hour; nil: nothing
	Tail func() []TailRule    // which traces are kept when they are sealed; nil: all

	SegmentRows  int64         // rows of one table after which hot rows are sealed; default 500,000
	SegmentBytes int64         // size of the log after which they are; default 100 MB
	SegmentAge   time.Duration // age after which they are; default 5m
	MaxSegments  int           // segments that may wait to be sealed before nothing more is accepted; default 8
	PendingBytes int64         // rows that may wait to be committed; default 64 MB
	MergedRows   int64         // about how many rows a sealed file has in the end; default 1,000,000
	IndexRows    int64         // rows from which on a sealed file gets an index; default 65,536

	Queries     int   // queries that run at the same time; default 3
	Threads     int   // threads that queries have together; default 2
	QueryMemory int64 // bytes of queries and of the hot rows; default 640 MB
	SealMemory  int64 // bytes of sealing and merging; default 320 MB
	TempBytes   int64 // bytes of disk that each of them may use beyond that; default 10 GB

	FloorBytes int64                           // free space below which nothing is accepted; default 256 MB, negative = none
	FreeSpace  func(dir string) (int64, error) // bytes free for us on dir's file system; default asks the system

	Now        func() time.Time
	Logger     *slog.Logger
	Registerer prometheus.Registerer
}

// Validate fills the defaults in and returns what is wrong with the rest.
func (o *Options) Validate() error {
	if o.Dir == "" {
		return fault.New(fault.Invalid, "storage.rows: no directory given")
	}
	def(&o.SegmentRows, 500_000)
	def(&o.SegmentBytes, 100<<20)
	def(&o.SegmentAge, 5*time.Minute)
	def(&o.MaxSegments, 8)
	def(&o.PendingBytes, 64<<20)
	def(&o.MergedRows, mergedRows)
	def(&o.IndexRows, 65_536)
	def(&o.Queries, 3)
	def(&o.Threads, 2)
	def(&o.QueryMemory, 640<<20)
	def(&o.SealMemory, 320<<20)
	def(&o.TempBytes, 10<<30)
	def(&o.FloorBytes, 256<<20)
	for _, x := range []struct {
		name string
		v    int64
	}{
		{"segment_rows", o.SegmentRows}, {"segment_bytes", o.SegmentBytes}, {"segment_age", int64(o.SegmentAge)},
		{"max_segments", int64(o.MaxSegments)}, {"pending_bytes", o.PendingBytes}, {"merged_rows", o.MergedRows}, {"index_rows", o.IndexRows},
		{"queries", int64(o.Queries)}, {"threads", int64(o.Threads)}, {"query_memory", o.QueryMemory},
		{"seal_memory", o.SealMemory}, {"temp_bytes", o.TempBytes},
	} {
		if x.v < 0 {
			return fault.New(fault.Invalid, "storage.rows.%s %d: want a number above zero", x.name, x.v)
		}
	}
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

func def[T comparable](v *T, to T) {
	var zero T
	if *v == zero {
		*v = to
	}
}
