package probe

import (
	"context"
	"errors"
	"math"
	"strings"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/value"
	"github.com/prometheus/prometheus/storage"
)

// tape writes the rounds of one probe like scrapes: what was there and did not come this time is marked stale.
type tape struct {
	app   storage.AppendableV2
	base  labels.Labels
	known map[string]*series
	round uint64
}

type series struct {
	labels labels.Labels
	ref    storage.SeriesRef
	round  uint64
}

// mostSeries bounds the series of one probe; what a target can make up stays small.
const mostSeries = 5000

func newTape(app storage.AppendableV2, base labels.Labels) *tape {
	return &tape{app: app, base: base, known: map[string]*series{}}
}

func (t *tape) write(ctx context.Context, at int64, found []sample) error {
	t.round++
	app := t.app.AppenderV2(ctx)
	add := func(s *series, v float64) error {
		ref, err := app.Append(s.ref, s.labels, 0, at, v, nil, nil, storage.AOptions{})
		switch {
		case err == nil:
			s.ref = ref
		case errors.Is(err, storage.ErrOutOfOrderSample), errors.Is(err, storage.ErrDuplicateSampleForTimestamp),
			errors.Is(err, storage.ErrOutOfBounds), errors.Is(err, storage.ErrTooOldSample):
			err = nil // the clock was stepped back: what is stored stands
		}
		return err
	}
	for _, m := range found {
		key := m.name + "\xff" + strings.Join(m.pairs, "\xff")
		s, ok := t.known[key]
		if !ok {
			if len(t.known) >= mostSeries {
				continue
			}
			s = &series{labels: t.labels(m)}
			t.known[key] = s
		}
		if s.round == t.round || !finite(m.v) {
			continue
		}
		s.round = t.round
		if err := add(s, m.v); err != nil {
			return errors.Join(err, app.Rollback())
		}
	}
	for key, s := range t.known {
		if s.round == t.round {
			continue
		}
		delete(t.known, key)
		if err := add(s, math.Float64frombits(value.StaleNaN)); err != nil {
			return errors.Join(err, app.Rollback())
		}
	}
	return app.Commit()
}

// labels joins a sample's labels with those of the probe, which win.
func (t *tape) labels(m sample) labels.Labels {
	b := labels.NewBuilder(t.base)
	for i := 0; i+1 < len(m.pairs); i += 2 {
		name := m.pairs[i]
		if t.base.Has(name) {
			name = "exported_" + name
		}
		b.Set(name, strings.ToValidUTF8(m.pairs[i+1], "\uFFFD"))
	}
	b.Set(model.MetricNameLabel, m.name)
	return b.Labels()
}
