// Package statestore opens the state database, migrates the rooms' schemas and lends transactions. It knows no table of
// its own but the list of applied migrations; each room keeps its SQL and its migrations beside its code.
package statestore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"sort"
	"strconv"
	"strings"

	_ "modernc.org/sqlite" // the embedded engine
)

// DB is the state database. Reads may use SQL() directly; changes go through Tx.
type DB struct {
	write *sql.DB
	read  *sql.DB
}

// Open opens or creates the SQLite database at path. Commits survive kill -9 (WAL, synchronous=NORMAL writes to the page
// cache before Tx returns) and, with fsync set, power loss (synchronous=FULL).
func Open(path string, fsync bool) (*DB, error) {
	sync := "NORMAL"
	if fsync {
		sync = "FULL"
	}
	dsn := "file:" + filepath.ToSlash(path) + "?_pragma=busy_timeout(10000)&_pragma=journal_mode(WAL)&_pragma=foreign_keys(1)&_pragma=synchronous(" + sync + ")"
	// One writer connection: SQLite has one write lock, and queueing in Go is fairer than busy-waiting in the engine.
	w, err := sql.Open("sqlite", dsn+"&_txlock=immediate")
	if err != nil {
		return nil, fmt.Errorf("open state database %s: %w", path, err)
	}
	w.SetMaxOpenConns(1)
	r, err := sql.Open("sqlite", dsn+"&_pragma=query_only(1)")
	if err != nil {
		return nil, errors.Join(fmt.Errorf("open state database %s: %w", path, err), w.Close())
	}
	r.SetMaxOpenConns(4)
	db := &DB{write: w, read: r}
	if _, err := w.Exec(`CREATE TABLE IF NOT EXISTS migration (room TEXT NOT NULL, number INTEGER NOT NULL, name TEXT NOT NULL, PRIMARY KEY (room, number))`); err != nil {
		return nil, errors.Join(fmt.Errorf("open state database %s: %w", path, err), db.Close())
	}
	return db, nil
}

// Close closes the database.
func (db *DB) Close() error {
	if db.write == nil {
		return db.read.Close()
	}
	return errors.Join(db.read.Close(), db.write.Close())
}

// SQL returns the handle for reading.
func (db *DB) SQL() *sql.DB { return db.read }

// Tx runs f in one write transaction and commits it if f returns nil. Writers queue; f must not call Tx.
func (db *DB) Tx(ctx context.Context, f func(tx *sql.Tx) error) error {
	if db.write == nil {
		return errReadOnly
	}
	tx, err := db.write.BeginTx(ctx, nil)
	if err != nil {
		return fmt.Errorf("begin: %w", err)
	}
	if err := f(tx); err != nil {
		return errors.Join(err, tx.Rollback())
	}
	if err := tx.Commit(); err != nil {
		return fmt.Errorf("commit: %w", err)
	}
	return nil
}

// Migrate applies the room's migrations that the database has not seen: files NNNN_name.sql in files, in order of their
// number, each in one transaction. A number that the database knows under another name is an error.
func (db *DB) Migrate(ctx context.Context, room string, files fs.FS) error {
	names, err := fs.Glob(files, "*.sql")
	if err != nil {
		return fmt.Errorf("migrate %s: %w", room, err)
	}
	sort.Strings(names)
	if db.write == nil && len(names) > 0 {
		return db.migrated(room, names[len(names)-1])
	}
	for _, name := range names {
		head, _, ok := strings.Cut(name, "_")
		number, err := strconv.Atoi(head)
		if !ok || err != nil {
			return fmt.Errorf("migrate %s: file %q: want NNNN_name.sql", room, name)
		}
		body, err := fs.ReadFile(files, name)
		if err != nil {
			return fmt.Errorf("migrate %s: %w", room, err)
		}
		err = db.Tx(ctx, func(tx *sql.Tx) error {
			var have string
			err := tx.QueryRowContext(ctx, `SELECT name FROM migration WHERE room = ? AND number = ?`, room, number).Scan(&have)
			switch {
			case err == nil && have == name:
				return nil
			case err == nil:
				return fmt.Errorf("migration %d is %q in the database and %q in this program", number, have, name)
			case !errors.Is(err, sql.ErrNoRows):
				return err
			}
			if _, err := tx.ExecContext(ctx, string(body)); err != nil {
				return err
			}
			_, err = tx.ExecContext(ctx, `INSERT INTO migration (room, number, name) VALUES (?, ?, ?)`, room, number, name)
			return err
		})
		if err != nil {
			return fmt.Errorf("migrate %s: %s: %w", room, name, err)
		}
	}
	return nil
}
