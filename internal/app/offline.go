package app

import (
	"context"
	"errors"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"github.com/signalbox/signalbox/internal/access"
	"github.com/signalbox/signalbox/internal/audit"
	"github.com/signalbox/signalbox/internal/fault"
	"github.com/signalbox/signalbox/internal/statestore"
)

// Offline opens only the people of a data directory and hands them to f as the house itself, which may change them; what f
// does is in the audit chain as everything else. It is refused while a server holds the directory. It is for an owner who is
// locked out: who can write the directory could write the database just as well.
func Offline(ctx context.Context, data string, f func(context.Context, *access.Access) error) (err error) {
	if _, err := os.Stat(filepath.Join(data, "state.db")); errors.Is(err, fs.ErrNotExist) {
		return fault.New(fault.NotFound, "there is no state.db in %s", data).Hint("Name the server's data directory with --data")
	}
	h := &house{log: slog.New(slog.DiscardHandler)}
	defer func() { err = errors.Join(err, h.close()) }()
	lock, err := lockDir(data)
	if err != nil {
		return err
	}
	h.onClose("the data directory's lock", lock.Close)
	if h.state, err = statestore.Open(filepath.Join(data, "state.db"), true); err != nil {
		return err
	}
	h.onClose("the state database", h.state.Close)
	if h.audit, err = audit.Open(ctx, audit.Options{DB: h.state, Logger: h.log, Now: time.Now, KeyFile: filepath.Join(data, audit.KeyFile)}); err != nil {
		return err
	}
	a, err := access.New(ctx, access.Options{DB: h.state, DataDir: data, Logger: h.log, Record: h.recordAccess})
	if err != nil {
		return err
	}
	return f(access.With(ctx, access.System("offline command")), a)
}
