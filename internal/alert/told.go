package alert

import (
	"bytes"
	"context"
	"database/sql"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/prometheus/alertmanager/nflog"
	"github.com/prometheus/alertmanager/nflog/nflogpb"
	"github.com/prometheus/client_golang/prometheus"
	"google.golang.org/protobuf/encoding/protodelim"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/signalbox/signalbox/internal/statestore"
)

// told is Alertmanager's notification log with every entry committed to the state database before Log returns. The library
// itself writes a snapshot every 15 minutes, so that a kill after sending would tell people twice.
type told struct {
	log  *nflog.Log
	book *book
	db   *statestore.DB
	now  func() time.Time

	mu    sync.Mutex
	fresh []byte // the entry that Log made, handed over by the library's broadcast

	firing map[uint64]bool // what somebody had been told of and nobody of its end, when the log was opened
}

// forgetTold is the longest that the library may keep an entry; each entry says itself how long it lives.
const forgetTold = 31 * 24 * time.Hour

func openTold(ctx context.Context, o Options) (*told, error) {
	l, err := nflog.New(nflog.Options{Retention: forgetTold, Logger: o.Logger, Metrics: prometheus.WrapRegistererWithPrefix("signalbox_", o.Registerer)})
	if err != nil {
		return nil, fmt.Errorf("open the notification log: %w", err)
	}
	t := &told{log: l, db: o.State, now: o.Now, firing: map[uint64]bool{},
		book: newBook(o.State, `INSERT INTO told (key, entry, expires) VALUES (?, ?, ?) ON CONFLICT (key) DO UPDATE SET entry = excluded.entry, expires = excluded.expires`)}
	err = entries(ctx, o.State, "told", func(b []byte) error {
		var e nflogpb.MeshEntry
		if err := protodelim.UnmarshalFrom(bytes.NewReader(b), &e); err != nil {
			return err
		}
		for _, h := range e.Entry.FiringAlerts {
			t.firing[h] = true
		}
		return l.Merge(b)
	})
	if err != nil {
		return nil, fmt.Errorf("read who was told: %w", err)
	}
	l.SetBroadcast(func(b []byte) { t.fresh = bytes.Clone(b) })
	return t, nil
}

// Log implements notify.NotificationLog. It returns when the entry is durable. An entry lives at least as long as retention:
// an alert may be silenced over a week-end and must still be known when it ends.
func (t *told) Log(r *nflogpb.Receiver, group string, firing, resolved []uint64, store *nflog.Store, expiry time.Duration) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	expiry = max(expiry, retention)
	if last := t.last(group, r); last != nil && !last.Timestamp.AsTime().Before(time.Now()) {
		if err := t.overtake(last, firing, resolved, expiry); err != nil {
			return fmt.Errorf("log who was told: %w", err)
		}
	} else if err := t.log.Log(r, group, firing, resolved, store, expiry); err != nil {
		return err
	}
	key := fmt.Sprintf("%s:%s/%s/%d", group, r.GroupName, r.Integration, r.Idx)
	if err := t.book.write(context.Background(), key, t.fresh, t.now().Add(expiry).UnixMilli()); err != nil {
		return fmt.Errorf("write who was told: %w", err)
	}
	return nil
}

// overtake logs after an entry that does not lie in the past: the clock was set back. The library would drop ours, and the
// same page would go out at every flush until the clock has caught up.
func (t *told) overtake(last *nflogpb.Entry, firing, resolved []uint64, expiry time.Duration) error {
	at := last.Timestamp.AsTime().Add(time.Nanosecond)
	var b bytes.Buffer
	_, err := protodelim.MarshalTo(&b, &nflogpb.MeshEntry{
		Entry: &nflogpb.Entry{Receiver: last.Receiver, GroupKey: last.GroupKey, Timestamp: timestamppb.New(at), FiringAlerts: firing, ResolvedAlerts: resolved,
			ReceiverData: last.ReceiverData},
		ExpiresAt: timestamppb.New(at.Add(expiry)),
	})
	if err != nil {
		return err
	}
	t.fresh = b.Bytes()
	return t.log.Merge(b.Bytes())
}

// last is what the receiver was told of the group last, nil if never.
func (t *told) last(group string, r *nflogpb.Receiver) *nflogpb.Entry {
	es, err := t.log.Query(nflog.QGroupKey(group), nflog.QReceiver(r))
	if err != nil || len(es) == 0 {
		return nil
	}
	return es[0]
}

// heard reports whether one of the receivers was told that the alert with this hash fires, and not that it ended.
func (t *told) heard(group string, rs []*nflogpb.Receiver, hash uint64) bool {
	for _, r := range rs {
		if e := t.last(group, r); e != nil && slices.Contains(e.FiringAlerts, hash) {
			return true
		}
	}
	return false
}

func (t *told) tidy(ctx context.Context) error {
	if _, err := t.log.GC(); err != nil {
		return err
	}
	if err := t.book.flush(ctx); err != nil {
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
