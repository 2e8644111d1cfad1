package alert

import (
	"bytes"
	"context"
	"database/sql"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/prometheus/alertmanager/eventrecorder"
	"github.com/prometheus/alertmanager/silence"
	"github.com/prometheus/alertmanager/silence/silencepb"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/common/model"
	"google.golang.org/protobuf/encoding/protodelim"

	"github.com/signalbox/signalbox/internal/fault"
	"github.com/signalbox/signalbox/internal/statestore"
)

// silences are Alertmanager's, with every change committed to the state database before the library answers: it broadcasts
// a change, inside its own lock, before Set or Expire returns.
type silences struct {
	*silence.Silences
	silencer *silence.Silencer
	db       *statestore.DB
	now      func() time.Time
	changed  func()

	mu  sync.Mutex
	err error
}

func openSilences(ctx context.Context, o Options, r eventrecorder.Recorder) (*silences, error) {
	lib, err := silence.New(silence.Options{Retention: retention, Logger: o.Logger, EventRecorder: r, Metrics: prometheus.WrapRegistererWithPrefix("signalbox_", o.Registerer)})
	if err != nil {
		return nil, fmt.Errorf("open silences: %w", err)
	}
	s := &silences{Silences: lib, db: o.State, now: o.Now, changed: o.Changed, silencer: silence.NewSilencer(lib, o.Logger, r)}
	if err := entries(ctx, o.State, "silence", func(b []byte) error { return lib.Merge(b) }); err != nil {
		return nil, fmt.Errorf("read silences: %w", err)
	}
	lib.SetBroadcast(s.keep)
	return s, nil
}

// keep commits a change. Its error is taken by whoever asked for the change.
func (s *silences) keep(b []byte) {
	var m silencepb.MeshSilence
	err := protodelim.UnmarshalFrom(bytes.NewReader(b), &m)
	if err == nil {
		err = s.db.Tx(context.Background(), func(tx *sql.Tx) error {
			_, err := tx.Exec(`INSERT INTO silence (id, entry, expires) VALUES (?, ?, ?) ON CONFLICT (id) DO UPDATE SET entry = excluded.entry, expires = excluded.expires`,
				m.Silence.Id, b, m.ExpiresAt.AsTime().UnixMilli())
			return err
		})
	}
	s.mu.Lock()
	s.err = err
	s.mu.Unlock()
	go s.changed()
}

func (s *silences) takeError() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	err := s.err
	s.err = nil
	return err
}

// set creates or changes a silence; when it returns nil the silence is durable.
func (s *silences) set(ctx context.Context, sil *silencepb.Silence) (string, error) {
	s.takeError()
	if err := s.Set(ctx, sil); err != nil {
		return "", fault.New(fault.Invalid, "the silence was not accepted: %w", err)
	}
	if err := s.takeError(); err != nil {
		return "", fmt.Errorf("write the silence: %w", err)
	}
	return sil.Id, nil
}

func (s *silences) expire(ctx context.Context, id string) error {
	s.takeError()
	if err := s.Expire(ctx, id); err != nil {
		return fault.New(fault.NotFound, "no active silence has the id %q: %w", id, err)
	}
	return s.takeError()
}

// active returns the silences that mute these labels now.
func (s *silences) active(ctx context.Context, l model.LabelSet) []*silencepb.Silence {
	sils, _, err := s.Query(ctx, silence.QState(silence.SilenceStateActive), silence.QMatches(l))
	if err != nil {
		return nil
	}
	return sils
}

// why names the silences that mute these labels, for a receipt.
func (s *silences) why(l model.LabelSet) string {
	var out []string
	for _, sil := range s.active(context.Background(), l) {
		out = append(out, fmt.Sprintf("silence %s by %s: %s", sil.Id, sil.CreatedBy, sil.Comment))
	}
	return strings.Join(out, "; ")
}

func (s *silences) tidy(ctx context.Context) error {
	if _, err := s.GC(); err != nil {
		return err
	}
	return s.db.Tx(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `DELETE FROM silence WHERE expires < ?`, s.now().UnixMilli())
		return err
	})
}
