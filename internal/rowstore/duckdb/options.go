package duckdb

import (
	"log/slog"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/signalbox/signalbox/internal/fault"
)

// Options are what a store is opened with. The zero value of each field but Dir means its default.
type Options struct {
	Dir   string // the store's own directory; created if missing
	FSync bool   // Write returns after the log is synced: survives power loss, not only kill -9

	Queries     int   // queries that run at the same time; default 3
	Threads     int   // threads that queries have together; default 2
	QueryMemory int64 // bytes of queries and of the rows that are not sealed yet; default 1 GB
	TempBytes   int64 // bytes of disk that queries may use beyond that; default 10 GB

	Now        func() time.Time
	Logger     *slog.Logger
	Registerer prometheus.Registerer
}

// Validate fills the defaults in and returns what is wrong with the rest.
func (o *Options) Validate() error {
	if o.Dir == "" {
		return fault.New(fault.Invalid, "storage.rows: no directory given")
	}
	def(&o.Queries, 3)
	def(&o.Threads, 2)
	def(&o.QueryMemory, 1<<30)
	def(&o.TempBytes, 10<<30)
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
