package ledger

import (
	"context"
	"fmt"
	"math"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/value"
	"github.com/prometheus/prometheus/storage"

	"github.com/signalbox/signalbox/internal/kpi"
)

// The fields of a datapoint, each a series of its group. The first four are public, under signalbox_kpi_; the others are
// the ledger's own, and those of a KPI as a whole beside its groups are too: people read them in the API.
const (
	fieldValue = iota
	fieldLight
	fieldCoverage
	fieldRevision
	fieldGood
	fieldTotal
	fieldUpper
	fieldMissing
	fieldWithheld
	fieldSliceGood
	fieldSliceTotal
	fields
)

var fieldNames = [fields]string{"value", "light", "coverage", "revision", "good", "total", "upper", "missing", "withheld", "slice_good", "slice_total"}

const (
	publicPrefix = "signalbox_kpi_"
	ownPrefix    = "signalbox_own_"
	wholePrefix  = "signalbox_whole_"
)

// reasons are the codes of the series missing; their order is a file format and must not change.
var reasons = []kpi.MissingReason{kpi.NotMissing, kpi.NoData, kpi.Gap, kpi.Few, kpi.Unobserved, kpi.Bounds, kpi.Invariant, kpi.Thin, kpi.InputGone, kpi.NeverSeen, kpi.QueryFailed}

func reasonCode(r kpi.MissingReason) float64 {
	for i, x := range reasons {
		if x == r {
			return float64(i)
		}
	}
	return 1
}

// Track is one group's place in the ledger. It belongs to the one who publishes; it is not safe for concurrent use.
type Track struct {
	kpi    string
	group  labels.Labels
	whole  bool
	refs   [fields]storage.SeriesRef
	labels [fields]labels.Labels
	// What was written last, so that what does not change is written once a minute only.
	light    kpi.Light
	coverage float64
	revision int
	refresh  int64 // when the unchanging fields were written last, Unix ms
	alert    labels.Labels
	alertRef [2]storage.SeriesRef
}

// Track returns the place of a group. whole marks the KPI as a whole beside its groups (never for a KPI without `by`).
func (l *Ledger) Track(name string, group labels.Labels, whole bool) *Track {
	return &Track{kpi: name, group: group, whole: whole, revision: -1}
}

// prefix returns how a field's series is called.
func prefix(field int, whole bool) string {
	switch {
	case whole:
		return wholePrefix
	case field <= fieldTotal:
		return publicPrefix
	default:
		return ownPrefix
	}
}

func (t *Track) series(field int) labels.Labels {
	if t.labels[field].IsEmpty() {
		b := labels.NewBuilder(t.group)
		b.Set(model.MetricNameLabel, prefix(field, t.whole)+fieldNames[field])
		b.Set("kpi", t.kpi)
		t.labels[field] = b.Labels()
	}
	return t.labels[field]
}

// Entry is one datapoint to publish.
type Entry struct {
	Track                 *Track
	Point                 kpi.Point
	Light                 kpi.Light
	Revision              int
	SliceGood, SliceTotal float64 // written where they are finite and Slices is set
	Slices                bool
	Alert                 labels.Labels // labels of the alert while it fires; empty otherwise
	AlertSince            int64
}

// Publish writes datapoints in one commit. When it returns nil they survive a kill.
func (l *Ledger) Publish(ctx context.Context, entries []Entry) error {
	if len(entries) == 0 {
		return nil
	}
	begun := time.Now()
	defer func() { l.spent.Add(int64(time.Since(begun))) }()
	app := l.store.Appender(ctx)
	for i := range entries {
		if err := entries[i].append(app); err != nil {
			_ = app.Rollback()
			return fmt.Errorf("publish %s %s: %w", entries[i].Track.kpi, entries[i].Track.group, err)
		}
	}
	if err := app.Commit(); err != nil {
		return fmt.Errorf("publish datapoints: %w", err)
	}
	return nil
}

// Spent returns how long Publish has taken in all: what writing KPI series back costs, apart from judging.
func (l *Ledger) Spent() time.Duration { return time.Duration(l.spent.Load()) }

func (e *Entry) append(app storage.Appender) error {
	t, p := e.Track, &e.Point
	put := func(field int, v float64) error {
		ref, err := app.Append(t.refs[field], t.series(field), p.End, v)
		t.refs[field] = ref
		return err
	}
	stale := math.Float64frombits(value.StaleNaN)
	v := p.Value
	if !p.Real() {
		v = stale
		if err := put(fieldMissing, reasonCode(p.Missing)); err != nil {
			return err
		}
		if !math.IsNaN(p.Value) && !math.IsInf(p.Value, 0) {
			if err := put(fieldWithheld, p.Value); err != nil {
				return err
			}
		}
	}
	if err := put(fieldValue, v); err != nil {
		return err
	}
	for _, f := range []struct {
		field int
		v     float64
		want  bool
	}{
		{fieldGood, p.Good, true}, {fieldTotal, p.Total, true}, {fieldUpper, p.Upper, true},
		{fieldSliceGood, e.SliceGood, e.Slices}, {fieldSliceTotal, e.SliceTotal, e.Slices},
	} {
		if f.want && !math.IsNaN(f.v) {
			if err := put(f.field, f.v); err != nil {
				return err
			}
		}
	}
	due := p.End-t.refresh >= 60_000
	if due {
		t.refresh = p.End
	}
	if due || t.light != e.Light || t.revision < 0 {
		if err := put(fieldLight, float64(e.Light)); err != nil {
			return err
		}
	}
	if due || t.coverage != p.Coverage || t.revision < 0 {
		if err := put(fieldCoverage, p.Coverage); err != nil {
			return err
		}
	}
	if due || t.revision != e.Revision {
		if err := put(fieldRevision, float64(e.Revision)); err != nil {
			return err
		}
	}
	t.light, t.coverage, t.revision = e.Light, p.Coverage, e.Revision
	return e.appendAlert(app, stale)
}

// appendAlert writes ALERTS and ALERTS_FOR_STATE as Prometheus does: while the alert fires, and a stale marker when it stops.
func (e *Entry) appendAlert(app storage.Appender, stale float64) (err error) {
	t := e.Track
	one, since := 1.0, float64(e.AlertSince)/1000
	switch {
	case e.Alert.IsEmpty() && t.alert.IsEmpty():
		return nil
	case e.Alert.IsEmpty():
		one, since = stale, stale
	case !labels.Equal(t.alert, e.Alert):
		t.alert, t.alertRef = e.Alert, [2]storage.SeriesRef{}
	}
	b := labels.NewBuilder(t.alert)
	b.Set(model.MetricNameLabel, "ALERTS_FOR_STATE")
	if t.alertRef[1], err = app.Append(t.alertRef[1], b.Labels(), e.Point.End, since); err != nil {
		return err
	}
	b.Set(model.MetricNameLabel, "ALERTS")
	b.Set("alertstate", "firing")
	if t.alertRef[0], err = app.Append(t.alertRef[0], b.Labels(), e.Point.End, one); err != nil {
		return err
	}
	if e.Alert.IsEmpty() {
		t.alert = labels.EmptyLabels()
	}
	return nil
}

// Querier implements storage.Queryable over what is public: signalbox_kpi_value, _light, _coverage, _revision, _good,
// _total, ALERTS and ALERTS_FOR_STATE.
func (l *Ledger) Querier(mint, maxt int64) (storage.Querier, error) {
	q, err := l.store.Querier(mint, maxt)
	if err != nil {
		return nil, err
	}
	return publicQuerier{q}, nil
}

// publicQuerier hides the ledger's own series.
type publicQuerier struct{ storage.Querier }

var public = labels.MustNewMatcher(labels.MatchNotRegexp, model.MetricNameLabel, ownPrefix+".*|"+wholePrefix+".*")

func (q publicQuerier) Select(ctx context.Context, sorted bool, hints *storage.SelectHints, ms ...*labels.Matcher) storage.SeriesSet {
	for _, m := range ms {
		if m.Type == labels.MatchEqual && m.Name == model.MetricNameLabel {
			if !public.Matches(m.Value) {
				return storage.EmptySeriesSet()
			}
			return q.Querier.Select(ctx, sorted, hints, ms...)
		}
	}
	return q.Querier.Select(ctx, sorted, hints, append([]*labels.Matcher{public}, ms...)...)
}

func (q publicQuerier) LabelValues(ctx context.Context, name string, hints *storage.LabelHints, ms ...*labels.Matcher) ([]string, storageAnnotations, error) {
	vs, ann, err := q.Querier.LabelValues(ctx, name, hints, append([]*labels.Matcher{public}, ms...)...)
	return vs, ann, err
}

func (q publicQuerier) LabelNames(ctx context.Context, hints *storage.LabelHints, ms ...*labels.Matcher) ([]string, storageAnnotations, error) {
	return q.Querier.LabelNames(ctx, hints, append([]*labels.Matcher{public}, ms...)...)
}
