package alert

import (
	"context"
	"database/sql"
	"sync"

	"github.com/signalbox/signalbox/internal/statestore"
)

// book writes records of one table before the next step is taken. A record that could not be written is written together
// with the next one, or by flush, so that a state database that was away for a while holds all of them afterwards.
type book struct {
	db     *statestore.DB
	insert string // with the parameters key, entry, expires

	mu        sync.Mutex
	unwritten map[string]record
}

type record struct {
	entry   []byte
	expires int64 // Unix ms
}

func newBook(db *statestore.DB, insert string) *book {
	return &book{db: db, insert: insert, unwritten: map[string]record{}}
}

// write commits a record; nil means that it and all before it are durable.
func (b *book) write(ctx context.Context, key string, entry []byte, expires int64) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.unwritten[key] = record{entry: entry, expires: expires}
	return b.commit(ctx)
}

// flush commits what could not be written before.
func (b *book) flush(ctx context.Context) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.commit(ctx)
}

// commit writes what is unwritten. Callers hold b.mu.
func (b *book) commit(ctx context.Context) error {
	if len(b.unwritten) == 0 {
		return nil
	}
	err := b.db.Tx(context.WithoutCancel(ctx), func(tx *sql.Tx) error {
		for key, r := range b.unwritten {
			if _, err := tx.Exec(b.insert, key, r.entry, r.expires); err != nil {
				return err
			}
		}
		return nil
	})
	if err == nil {
		clear(b.unwritten)
	}
	return err
}

// entries hands every stored record of a table to merge.
func entries(ctx context.Context, db *statestore.DB, table string, merge func([]byte) error) error {
	rows, err := db.SQL().QueryContext(ctx, `SELECT entry FROM `+table)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var b []byte
		if err := rows.Scan(&b); err != nil {
			return err
		}
		if err := merge(b); err != nil {
			return err
		}
	}
	return rows.Err()
}
