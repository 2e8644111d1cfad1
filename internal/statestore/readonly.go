package statestore

import (
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"

	"github.com/signalbox/signalbox/internal/fault"
)

// errReadOnly is what a change of a database that was opened for reading gets.
var errReadOnly = errors.New("the state database is open for reading only")

// OpenReadOnly opens the database at path for reading, beside a running server or without one. Nothing of it is changed:
// Tx fails, and Migrate fails unless the database has what this program needs.
func OpenReadOnly(path string) (*DB, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return nil, fmt.Errorf("open state database %s: %w", path, err)
	}
	if _, err := os.Stat(path); err != nil {
		return nil, fault.New(fault.NotFound, "there is no state database %s: %w", path, err).Hint("Name the data directory of a signalbox with --data")
	}
	// Without a write-ahead log nobody is writing, and the file may be taken as it is; with one, what is in it counts too.
	mode := "immutable=1"
	if info, err := os.Stat(path + "-wal"); err == nil && info.Size() > 0 {
		mode = "mode=ro"
	}
	r, err := sql.Open("sqlite", (&url.URL{Scheme: "file", Path: path}).String()+"?"+mode+"&_pragma=query_only(1)&_pragma=busy_timeout(10000)")
	if err != nil {
		return nil, fmt.Errorf("open state database %s: %w", path, err)
	}
	r.SetMaxOpenConns(2)
	return &DB{read: r}, nil
}

// migrated fails unless the database knows a room's newest migration.
func (db *DB) migrated(room, name string) error {
	var some int
	if err := db.read.QueryRow(`SELECT COUNT(*) FROM migration WHERE room = ? AND name = ?`, room, name).Scan(&some); err != nil {
		return fmt.Errorf("read the migrations of %s: %w", room, err)
	}
	if some == 0 {
		return fault.New(fault.Unavailable, "the state database was last used by an earlier signalbox: it lacks %s/%s", room, name).
			Hint("Start this version on the data directory once, or use the version that wrote it")
	}
	return nil
}
