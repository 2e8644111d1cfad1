// Package metricstore is the contract of a store for samples: what the house asks of an engine, and nothing about how an
// engine does it. Engines live below it (tsdb); each runs the one suite in conformance. The room refuses to know sources,
// limits and observers: those are the gate's.
package metricstore

import (
	"time"

	"github.com/prometheus/prometheus/storage"
)

// Store keeps samples, native histograms, exemplars and start timestamps.
//
// Ownership. The store belongs to who opened it; Close is called once, after every appender is finished and every querier
// closed. Labels, histograms and exemplars handed to an appender belong to the store from then on and must not be changed;
// the slice of exemplars itself may be reused.
//
// Concurrency. All methods may be called from several goroutines at once. One appender is used by one goroutine.
//
// Ordering and durability. What an appender collected becomes visible and durable together when Commit returns nil: it
// survives kill -9. When Commit returns an error nothing of it may be counted on and the same samples may be sent again.
// Samples of one series may come out of order within the engine's window; older ones are storage.ErrTooOldSample. An equal
// sample of a known timestamp is no error; another value for it is storage.ErrDuplicateSampleForTimestamp, and the first
// stands.
//
// References. A storage.SeriesRef that an appender returned may be used again with any later appender together with the same
// labels; a reference that the engine no longer knows is resolved by the labels. Appenders also implement storage.GetRef.
//
// Errors. While the engine cannot write (disk full, read-only start) Writable, Append and Commit return a fault.Error of the
// kind Unavailable that names the reason; reading goes on.
type Store interface {
	storage.Queryable
	storage.ChunkQueryable
	storage.ExemplarQueryable
	storage.Appendable
	storage.AppendableV2

	// StartTime returns the oldest stored instant in Unix milliseconds.
	StartTime() (int64, error)
	// NewestTime returns the newest instant in memory in Unix milliseconds, or math.MinInt64 if there is none. A sample that
	// is younger cannot be a duplicate.
	NewestTime() int64
	// Writable returns nil if samples are accepted now. It is cheap enough to be asked per request.
	Writable() error
	// Usage returns what the store holds.
	Usage() Usage
	// Close releases the store. What was committed is on disk.
	Close() error
}

// Usage says what a store holds and how much room is left.
type Usage struct {
	Series           int64         // series in memory
	Chunks           int64         // chunks in memory
	MinTime, MaxTime int64         // Unix milliseconds of what is in memory; 0 if there is nothing
	DiskBytes        int64         // of the store's directory
	FreeBytes        int64         // of the file system it lies on
	Retention        time.Duration // 0 = no bound by time
	RetentionBytes   int64         // 0 = no bound by size
	ReadOnly         bool          // nothing is accepted until the reason is gone
	Reason           string        // why, if nothing is accepted now
}
