package alert

import (
	"bytes"
	"context"
	"database/sql"
	"fmt"
	"sync"
	"time"

	"github.com/prometheus/alertmanager/nflog"
	"github.com/prometheus/alertmanager/nflog/nflogpb"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/signalbox/signalbox/internal/statestore"
)

// told is Alertmanager's notification log with every entry committed to the state database before Log returns. The library
// itself writes a snapshot every 15 minutes, so that a kill after sending would tell people twice.
type told struct {
	log *nflog.Log
	db  *statestore.DB
	now func() time.Time

	mu    sync.Mutex
	fresh []byte // the entry that Log made, handed over by the library's broadcast
}

func openTold(ctx context.Context, o Options) (*told, error) {
	l, err := nflog.New(nflog.Options{Retention: retention, Logger: o.Logger, Metrics: prometheus.WrapRegistererWithPrefix("signalbox_", o.Registerer)})
	if err != nil {
		return nil, fmt.Errorf("open the notification log: %w", err)
	}
	t := &told{log: l, db: o.State, now: o.Now}
	if err := entries(ctx, o.State, "told", func(b []byte) error { return l.Merge(b) }); err != nil {
		return nil, fmt.Errorf("read who was told: %w", err)
	}
	l.SetBroadcast(func(b []byte) { t.fresh = bytes.Clone(b) })
	return t, nil
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

// Log implements notify.NotificationLog. It returns when the entry is durable.
func (t *told) Log(r *nflogpb.Receiver, group string, firing, resolved []uint64, store *nflog.Store, expiry time.Duration) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.fresh = nil
	if err := t.log.Log(r, group, firing, resolved, store, expiry); err != nil {
		return err
	}
	if t.fresh == nil {
		return nil
	}
	key := fmt.Sprintf("%s:%s/%s/%d", group, r.GroupName, r.Integration, r.Idx)
	err := t.db.Tx(context.Background(), func(tx *sql.Tx) error {
		_, err := tx.Exec(`INSERT INTO told (key, entry, expires) VALUES (?, ?, ?) ON CONFLICT (key) DO UPDATE SET entry = excluded.entry, expires = excluded.expires`,
			key, t.fresh, t.now().Add(max(expiry, retention)).UnixMilli())
		return err
	})
	if err != nil {
		return fmt.Errorf("write who was told: %w", err)
	}
	return nil
}

// newest returns when the receiver was told of the group last, 0 if never: it tells one notification from its repetition.
func (t *told) newest(group string, r *nflogpb.Receiver) int64 {
	es, err := t.log.Query(nflog.QGroupKey(group), nflog.QReceiver(r))
	if err != nil || len(es) == 0 {
		return 0
	}
	return es[0].Timestamp.AsTime().UnixNano()
}

func (t *told) tidy(ctx context.Context) error {
	if _, err := t.log.GC(); err != nil {
		return err
	}
	return t.db.Tx(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `DELETE FROM told WHERE expires < ?`, t.now().UnixMilli())
		return err
	})
}

// Query implements notify.NotificationLog.
func (t *told) Query(params ...nflog.QueryParam) ([]*nflogpb.Entry, error) {
	return t.log.Query(params...)
}
