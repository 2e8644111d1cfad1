package tsdb

import (
	"log/slog"
	"os"

	"github.com/prometheus/prometheus/storage"
)

// Reader reads a store that another process may be writing to. It sees what was there when it was opened.
type Reader struct{ ro *readOnly }

// OpenReader opens the store in dir for reading. The newest samples, which are in the write-ahead log only, are read once,
// through a directory beside the store's own that Close removes; if the log cannot be read to its end, say because somebody
// is writing to it, only blocks answer, and log is told so.
func OpenReader(dir string, log *slog.Logger) (*Reader, error) {
	if _, err := os.Stat(dir); err != nil {
		return nil, err
	}
	ro, err := openReadOnly(dir, true, log)
	if err != nil {
		return nil, err
	}
	return &Reader{ro}, nil
}

// Querier implements storage.Queryable.
func (r *Reader) Querier(mint, maxt int64) (storage.Querier, error) {
	if r.ro.all == nil {
		return storage.NoopQuerier(), nil // nothing was ever written
	}
	return r.ro.querier(mint, maxt)
}

// Close releases the store.
func (r *Reader) Close() error { return r.ro.close() }
