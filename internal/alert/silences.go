package alert

import (
	"bytes"
	"context"
	"database/sql"
	"fmt"
	"log/slog"
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

// silences are Alertmanager's, with every change committed to the state database before it is answered: the library
// broadcasts a change, inside its own lock, before Set or Expire returns.
type silences struct {
	*silence.Silences
	silencer *silence.Silencer
	book     *book
	db       *statestore.DB
	now      func() time.Time
	changed  func()
	log      *slog.Logger

	change sync.Mutex // one change at a time, so that each knows what became of its own
}

func openSilences(ctx context.Context, o Options, r eventrecorder.Recorder) (*silences, error) {
	lib, err := silence.New(silence.Options{Retention: retention, Logger: o.Logger, EventRecorder: r, Metrics: prometheus.WrapRegistererWithPrefix("signalbox_", o.Registerer)})
	if err != nil {
		return nil, fmt.Errorf("open silences: %w", err)
	}
	s := &silences{Silences: lib, db: o.State, now: o.Now, changed: o.Changed, log: o.Logger, silencer: silence.NewSilencer(lib, o.Logger, r),
		book: newBook(o.State, `INSERT INTO silence (id, entry, expires) VALUES (?, ?, ?) ON CONFLICT (id) DO UPDATE SET entry = excluded.entry, expires = excluded.expires`)}
	if err := entries(ctx, o.State, "silence", func(b []byte) error { return lib.Merge(b) }); err != nil {
		return nil, fmt.Errorf("read silences: %w", err)
	}
	lib.SetBroadcast(s.keep)
	return s, nil
}

// keep commits a change. What could not be written stays in the book, where durably finds it.
func (s *silences) keep(b []byte) {
	var m silencepb.MeshSilence
	err := protodelim.UnmarshalFrom(bytes.NewReader(b), &m)
	if err == nil {
		err = s.book.write(context.Background(), m.Silence.Id, bytes.Clone(b), m.ExpiresAt.AsTime().UnixMilli())
	}
	if err != nil {
		s.log.Error("a silence could not be written and will be tried again", "err", err)
	}
}

// durably makes a change and returns nil when it and every change before it is durable.
func (s *silences) durably(ctx context.Context, change func() error) error {
	s.change.Lock()
	defer s.change.Unlock()
	if err := change(); err != nil {
		return err
	}
	s.changed()
	if err := s.book.flush(ctx); err != nil {
		return fmt.Errorf("write the silence: %w", err)
	}
	return nil
}

// set creates or changes a silence; when it returns nil the silence is durable.
func (s *silences) set(ctx context.Context, sil *silencepb.Silence) (string, error) {
	err := s.durably(ctx, func() error {
		if err := s.Set(ctx, sil); err != nil {
			return fault.New(fault.Invalid, "the silence was not accepted: %w", err)
		}
		return nil
	})
	if err != nil {
		return "", err
	}
	return sil.Id, nil
}

func (s *silences) expire(ctx context.Context, id string) error {
	return s.durably(ctx, func() error {
		if err := s.Expire(ctx, id); err != nil {
			return fault.New(fault.NotFound, "no active silence has the id %q: %w", id, err)
		}
		return nil
	})
}

// why names the silences that mute these labels now, for a receipt. The end is in it: the silence itself is forgotten long
// before its receipts.
func (s *silences) why(ctx context.Context, l model.LabelSet) string {
	sils, _, err := s.Query(ctx, silence.QState(silence.SilenceStateActive), silence.QMatches(l))
	if err != nil {
		return ""
	}
	out := make([]string, 0, len(sils))
	for _, sil := range sils {
		out = append(out, fmt.Sprintf("silence %s by %s until %s: %s", sil.Id, sil.CreatedBy, sil.EndsAt.AsTime().Format(time.RFC3339), sil.Comment))
	}
	return strings.Join(out, "; ")
}

func (s *silences) tidy(ctx context.Context) error {
	if _, err := s.GC(); err != nil {
		return err
	}
	if err := s.book.flush(ctx); err != nil {
		return err
	}
	return s.db.Tx(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `DELETE FROM silence WHERE expires < ?`, s.now().UnixMilli())
		return err
	})
}
