package evaluate_test

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/storage"
	"github.com/stretchr/testify/require"

	"github.com/signalbox/signalbox/internal/evaluate"
	"github.com/signalbox/signalbox/internal/kpi"
	"github.com/signalbox/signalbox/internal/kpi/backtest"
	"github.com/signalbox/signalbox/internal/ledger"
)

// decided is a transition without the instant at which it was judged: a rehearsal closes every period when it falls due.
func decided(t *testing.T, ts []kpi.Transition) []string {
	out := make([]string, len(ts))
	for i, x := range ts {
		x.At = 0
		b, err := json.Marshal(&x)
		require.NoError(t, err)
		out[i] = string(b)
	}
	slices.Sort(out) // the id comes first, and in it the period's end; one period's groups are decided in no order
	return out
}

// same compares two lists and shows the first difference only.
func same(t *testing.T, live, rehearsed []string) {
	t.Helper()
	for i := range min(len(live), len(rehearsed)) {
		require.Equal(t, live[i], rehearsed[i], "%d of %d and %d", i, len(live), len(rehearsed))
	}
	require.Len(t, rehearsed, len(live))
}

// lived returns what was decided live until last, oldest first.
func lived(t *testing.T, h *house, name string, last int64) []kpi.Transition {
	moves, err := h.ledger.Transitions(t.Context(), ledger.Filter{KPI: name, Limit: 10_000})
	require.NoError(t, err)
	var out []kpi.Transition
	for i := len(moves) - 1; i >= 0; i-- {
		if moves[i].End <= last {
			out = append(out, moves[i])
		}
	}
	return out
}

// paged lists the pages that the live engine sent: from, to, cause and group.
func paged(h *house, last int64) []string {
	var out []string
	open := map[string]int{}
	for _, s := range h.signals {
		if s.Last.End > last {
			continue
		}
		key := s.Group.String()
		at, is := open[key]
		switch {
		case s.Firing && !is:
			open[key] = len(out)
			out = append(out, fmt.Sprintf("%s %d open %s", key, s.Since, s.Cause))
		case !s.Firing && is:
			var since int64
			var cause string
			_, _ = fmt.Sscanf(out[at][len(key):], " %d open %s", &since, &cause)
			out[at] = fmt.Sprintf("%s %d %d %s", key, since, s.Last.End, cause)
			delete(open, key)
		}
	}
	return out
}

func sent(r *backtest.Rehearsed) []string {
	var out []string
	for _, p := range r.Pages {
		if p.To == 0 {
			out = append(out, fmt.Sprintf("%s %d open %s", p.Group, p.From, p.Cause))
			continue
		}
		out = append(out, fmt.Sprintf("%s %d %d %s", p.Group, p.From, p.To, p.Cause))
	}
	return out
}

// published are the points of a group as a chart shows them.
func chart(c *backtest.Chart) []string {
	var out []string
	for i, end := range c.T {
		if c.Value[i] == nil {
			out = append(out, fmt.Sprintf("%d -", end))
			continue
		}
		out = append(out, fmt.Sprintf("%d %x", end, *c.Value[i]))
	}
	return out
}

// TestRehearsedIsLive: over a recorded day with restarts, counter resets, late data and a silent service, the definition
// that was in force would have decided what it decided and paged whom it paged, value by value and verdict by verdict.
func TestRehearsedIsLive(t *testing.T) {
	last := t0.Add(3 * time.Hour).UnixMilli()
	for name, change := range map[string]func(k *kpi.KPI){
		"by service": func(k *kpi.KPI) { k.By = []string{"service"} },
		"whole":      func(*kpi.KPI) {},
		"with an objective": func(k *kpi.KPI) {
			k.By = []string{"service"}
			k.Objective = &kpi.Objective{Target: 0.995, Window: 24 * time.Hour, Text: "99.5% over 1d"}
		},
		"over five minutes": func(k *kpi.KPI) { k.By, k.Window = []string{"service"}, 5*time.Minute },
		"pages for silence": func(k *kpi.KPI) {
			k.By, k.Page.NoData = []string{"service"}, 3
			k.Thresholds.Recover = kpi.MofN{M: 3, N: 4}
		},
	} {
		for seed := range uint64(1) {
			t.Run(fmt.Sprint(name, " ", seed), func(t *testing.T) {
				k := errorRate(t)
				change(k)
				h := badDay(t, seed, k, bad{late: 15, lateBy: 4 * time.Minute, restarts: []int{60, 130, 205, 219, 250, 420, 500, 610}})
				var said int
				r, err := h.engine.Rehearse(t.Context(), evaluate.Rehearsal{KPI: k, From: t0.UnixMilli(), To: last})
				require.NoError(t, err)
				require.Equal(t, "points", r.Way)
				if k.Objective == nil {
					require.Empty(t, r.Limited)
				} else {
					require.Equal(t, "The error budget looks back 1d, more than is kept, and is of what is kept", r.Limited)
				}
				require.Equal(t, 1, r.Revision)
				moves := lived(t, h, k.Name, last)
				same(t, decided(t, moves), decided(t, r.Transitions))
				require.Greater(t, len(moves), 3)
				same(t, paged(h, last), sent(r))
				for _, g := range r.Groups {
					points, err := h.ledger.Points(t.Context(), k.Name, g.Labels, t0.UnixMilli(), last, 0)
					require.NoError(t, err)
					var live []string
					for _, p := range points {
						if !p.Real() {
							live = append(live, fmt.Sprintf("%d -", p.End))
							continue
						}
						live = append(live, fmt.Sprintf("%d %x", p.End, p.Value))
					}
					same(t, live, chart(g.Chart))
					ss, err := h.ledger.Statements(t.Context(), k.Name, g.Labels.String(), 0, last)
					require.NoError(t, err)
					said += len(ss)
					lights, err := h.ledger.Lights(t.Context(), k.Name, g.Labels, t0.UnixMilli(), last, 0)
					require.NoError(t, err)
					for _, l := range lights {
						require.Equal(t, l.Light.String(), lightAt(g.Spans, l.T), "%s at %s", g.Labels, time.UnixMilli(l.T).UTC())
					}
				}
				require.Positive(t, said, "the day has late data, or the test tests nothing")
				if k.Objective != nil {
					s, _ := h.engine.Status(k.Name)
					require.Equal(t, t0.Add(3*time.Hour+time.Minute).UnixMilli(), s.Last.End)
					r, err = h.engine.Rehearse(t.Context(), evaluate.Rehearsal{KPI: k, From: t0.UnixMilli(), To: s.Last.End})
					require.NoError(t, err)
					require.Equal(t, s.Budget.Remaining, *r.BudgetLeft)
				}
			})
		}
	}
}

func lightAt(spans []backtest.Span, end int64) string {
	for _, s := range spans {
		if s.From < end && end <= s.To {
			return s.Light
		}
	}
	return "none"
}

// TestBothWaysAgree: where nothing was restated and nobody was away, published datapoints and stored samples lead to the
// same decisions.
func TestBothWaysAgree(t *testing.T) {
	k := errorRate(t)
	k.By = []string{"service"}
	h := newHouse(t, k)
	a, b := service{h: h, labels: `,service="a"`}, service{h: h, labels: `,service="b"`}
	for n := range 200 {
		for q := 1; q <= 4; q++ {
			at := time.Duration(n)*time.Minute + time.Duration(q)*15*time.Second
			h.now = t0.Add(at)
			bad := 0.0
			if n%50 > 40 {
				bad = 10
			}
			a.scrape(at, 100, bad)
			if n < 60 || n > 75 {
				b.scrape(at, 100, 1)
			}
			if n == 130 {
				b.ok, b.bad = 0, 0 // it restarted
			}
			h.engine.CloseDue(t.Context())
		}
	}
	from, to := t0.Add(10*time.Minute).UnixMilli(), t0.Add(199*time.Minute).UnixMilli()
	changed := *k
	changed.Hash, changed.Thresholds.Red = "2", atMost(0.05)
	points, err := h.engine.Rehearse(t.Context(), evaluate.Rehearsal{KPI: &changed, From: from, To: to})
	require.NoError(t, err)
	require.Equal(t, "points", points.Way)
	require.Zero(t, points.Revision, "it was never in force")
	changed.MaxGroups = 999
	changed.Interval = 59 * time.Second // says nothing of pulled series, and is another indicator all the same
	raw, err := h.engine.Rehearse(t.Context(), evaluate.Rehearsal{KPI: &changed, From: from, To: to})
	require.NoError(t, err)
	require.Equal(t, "raw", raw.Way)
	same(t, decided(t, points.Transitions), decided(t, raw.Transitions))
	require.Greater(t, len(raw.Transitions), 6)
	require.Equal(t, points.Pages, raw.Pages)
	require.NotEmpty(t, raw.Pages)
	points.Took, raw.Took, points.Way, raw.Way = 0, 0, "", ""
	a1, err := json.MarshalIndent(points, "", " ")
	require.NoError(t, err)
	b1, err := json.MarshalIndent(raw, "", " ")
	require.NoError(t, err)
	same(t, strings.Split(string(a1), "\n"), strings.Split(string(b1), "\n"))

	c, err := h.engine.Backtest(t.Context(), evaluate.Backtest{Now: k, Proposed: &changed, From: from, To: to})
	require.NoError(t, err)
	require.Equal(t, "points", c.Now.Way)
	require.Equal(t, "raw", c.Proposed.Way)
	require.Equal(t, raw.PageCount, c.Proposed.PageCount)
	require.Equal(t, "Now, revision 1", c.Now.Label)
	require.NotEmpty(t, c.Sentence)
	b2, err := json.Marshal(c)
	require.NoError(t, err)
	require.NotContains(t, string(b2), `"groups":null`)
}

// TestARetiredGroupIsRehearsed: a service that breaks and then is silent for good is forgotten, and its page ends; when it
// comes back it begins anew.
func TestARetiredGroupIsRehearsed(t *testing.T) {
	k := errorRate(t)
	k.By, k.Expect = []string{"service"}, []labels.Labels{labels.FromStrings("service", "c")}
	h := newHouse(t, k)
	a, b := service{h: h, labels: `,service="a"`}, service{h: h, labels: `,service="b"`}
	for q := 1; q <= 200*4; q++ {
		at := time.Duration(q) * 15 * time.Second
		h.now = t0.Add(at)
		a.scrape(at, 100, 1)
		if n := q / 4; n < 40 || n > 130 {
			b.scrape(at, 100, 50)
		}
		h.engine.CloseDue(t.Context())
	}
	last := t0.Add(199 * time.Minute).UnixMilli()
	pages := paged(h, last)
	require.Len(t, pages, 2)
	raw := *k
	raw.Interval = 59 * time.Second
	for way, k := range map[string]*kpi.KPI{"points": k, "raw": &raw} {
		r, err := h.engine.Rehearse(t.Context(), evaluate.Rehearsal{KPI: k, From: t0.UnixMilli(), To: last})
		require.NoError(t, err)
		require.Equal(t, way, r.Way)
		if way == "raw" {
			require.Equal(t, t0.Add(time.Minute).UnixMilli(), r.From)
			require.Equal(t, 2, r.PageCount)
			continue // it lacks the first minute, in which every light begins
		}
		same(t, decided(t, lived(t, h, k.Name, last)), decided(t, r.Transitions))
		same(t, pages, sent(r))
		require.Len(t, r.Groups, 3, "what is expected and silent is there too")
	}
}

// TestRehearsalSaysWhatItLacks: history that is not there is said and not guessed.
func TestRehearsalSaysWhatItLacks(t *testing.T) {
	k := errorRate(t)
	h := newHouse(t, k)
	svc := service{h: h}
	for n := range 30 {
		svc.minute(n, 1000, 10)
	}
	from := t0.Add(-30 * 24 * time.Hour).UnixMilli()
	r, err := h.engine.Rehearse(t.Context(), evaluate.Rehearsal{KPI: k, From: from, To: h.now.UnixMilli()})
	require.NoError(t, err)
	require.Equal(t, "Datapoints were published since 15 Apr 2026 12:00 UTC", r.Limited)
	require.Equal(t, t0.UnixMilli(), r.From)

	other := *k
	other.Hash, other.Window = "2", 5*time.Minute
	r, err = h.engine.Rehearse(t.Context(), evaluate.Rehearsal{KPI: &other, From: from, To: h.now.UnixMilli()})
	require.NoError(t, err)
	require.Equal(t, "Stored samples that match reach back to 15 Apr 2026 12:01 UTC", r.Limited)

	other.Name, other.Indicator.Total, other.Indicator.Bad = "nothing", selector(t, `nothing_total`), selector(t, `nothing_bad`)
	r, err = h.engine.Rehearse(t.Context(), evaluate.Rehearsal{KPI: &other, From: from, To: h.now.UnixMilli()})
	require.NoError(t, err)
	require.Equal(t, "No stored sample of this time matches", r.Limited)
	require.Zero(t, r.Points)
	require.Equal(t, kpi.Grey, r.Light)
	c, err := h.engine.Backtest(t.Context(), evaluate.Backtest{Proposed: &other, From: from, To: h.now.UnixMilli()})
	require.NoError(t, err)
	require.Equal(t, "Nothing can be said of the past, because there is no datapoint to judge.", c.Sentence)

	_, err = h.engine.Rehearse(t.Context(), evaluate.Rehearsal{KPI: k, From: h.now.UnixMilli() - 1000, To: h.now.UnixMilli()})
	require.ErrorContains(t, err, "holds no whole period of 1m0s")
}

// TestRehearsalOfAnExpression computes an expr that never was from the datapoints of its inputs.
func TestRehearsalOfAnExpression(t *testing.T) {
	k := errorRate(t)
	k.By = []string{"service"}
	h := day(t, 5, k)
	x := &kpi.KPI{Name: "twice", Hash: "1", Period: time.Minute, Window: time.Minute, By: []string{"service"},
		Indicator:  kpi.Indicator{Kind: kpi.Expr, Expr: "2 * a", Inputs: map[string]string{"a": k.Name}},
		Thresholds: kpi.Thresholds{Red: atMost(0.06), ForRed: kpi.MofN{M: 3, N: 3}, ForYellow: kpi.MofN{M: 1, N: 1}, Missing: kpi.TreatMissing}}
	r, err := h.engine.Rehearse(t.Context(), evaluate.Rehearsal{KPI: x, From: t0.UnixMilli(), To: h.now.UnixMilli()})
	require.NoError(t, err)
	require.Equal(t, "points", r.Way)
	require.Len(t, r.Groups, 2)
	points, err := h.ledger.Points(t.Context(), k.Name, labels.FromStrings("service", "a"), t0.UnixMilli(), h.now.UnixMilli(), 0)
	require.NoError(t, err)
	twice := map[int64]float64{}
	for _, p := range points {
		if p.Real() {
			twice[p.End] = 2 * p.Value
		}
	}
	for _, g := range r.Groups {
		if g.Labels.Get("service") == "a" {
			n := 0
			for i, end := range g.Chart.T {
				if g.Chart.Value[i] != nil {
					require.Equal(t, twice[end], *g.Chart.Value[i])
					n++
				}
			}
			require.Len(t, twice, n)
		}
	}
	x.Indicator.Inputs = map[string]string{"a": "nobody"}
	_, err = h.engine.Rehearse(t.Context(), evaluate.Rehearsal{KPI: x, From: t0.UnixMilli(), To: h.now.UnixMilli()})
	require.ErrorContains(t, err, `there is no KPI "nobody"`)
}

// TestRehearsalStopsAndTellsHowFarItIs: nobody waits for what nobody wants any more.
func TestRehearsalStopsAndTellsHowFarItIs(t *testing.T) {
	k := errorRate(t)
	k.Objective = &kpi.Objective{Target: 0.995, Window: 24 * time.Hour}
	h := day(t, 3, k)
	before := len(lived(t, h, k.Name, h.now.UnixMilli()))
	signals := len(h.signals)
	var at []int64
	var total int64
	_, err := h.engine.Backtest(t.Context(), evaluate.Backtest{Now: k, Proposed: k, From: t0.UnixMilli(), To: h.now.UnixMilli(), Progress: func(done, of int64) {
		at, total = append(at, done), of
	}})
	require.NoError(t, err)
	require.IsNonDecreasing(t, at)
	require.Equal(t, total, at[len(at)-1])

	ctx, cancel := context.WithCancel(t.Context())
	asked := 0
	h.answer = func(time.Time) (promql.Vector, error) {
		if asked++; asked == 10 {
			cancel()
		}
		return promql.Vector{{F: 1, Metric: labels.EmptyLabels()}}, nil
	}
	slow := *k
	slow.Hash, slow.Indicator = "2", kpi.Indicator{Kind: kpi.PromQL, PromQL: "vector(1)"}
	_, err = h.engine.Rehearse(ctx, evaluate.Rehearsal{KPI: &slow, From: t0.UnixMilli(), To: h.now.UnixMilli()})
	require.ErrorIs(t, err, context.Canceled)
	require.Equal(t, 10, asked)
	_, err = h.engine.Rehearse(ctx, evaluate.Rehearsal{KPI: k, From: t0.UnixMilli(), To: h.now.UnixMilli()})
	require.ErrorIs(t, err, context.Canceled)
	raw := *k
	raw.Hash, raw.Window = "3", 5*time.Minute
	_, err = h.engine.Rehearse(ctx, evaluate.Rehearsal{KPI: &raw, From: t0.UnixMilli(), To: h.now.UnixMilli()})
	require.ErrorIs(t, err, context.Canceled)
	r, err := h.engine.Rehearse(t.Context(), evaluate.Rehearsal{KPI: &slow, From: t0.UnixMilli(), To: h.now.UnixMilli()})
	require.NoError(t, err)
	require.Equal(t, "query", r.Way)
	require.Equal(t, kpi.Red, r.Light)
	require.Contains(t, r.Limited, "values are not promised to be those of then")

	require.Len(t, lived(t, h, k.Name, h.now.UnixMilli()), before, "a rehearsal writes nothing")
	require.Len(t, h.signals, signals, "a rehearsal pages nobody")
}

// TestARestartDoesNotForgetSilence: the owner is told after three grey points, wherever we were restarted among them.
func TestARestartDoesNotForgetSilence(t *testing.T) {
	k := errorRate(t)
	k.Page.NoData = 3
	h := newHouse(t, k)
	svc := service{h: h}
	for n := range 5 {
		svc.minute(n, 1000, 0)
	}
	h.to(7*time.Minute + 20*time.Second) // two grey points
	require.Equal(t, kpi.Grey, h.light(k.Name))
	require.Empty(t, h.signals)
	h.restart(time.Second)
	h.to(8*time.Minute + 20*time.Second)
	require.Len(t, h.signals, 1)
	require.Equal(t, "no_data", h.signals[0].Cause)
	last := t0.Add(8 * time.Minute).UnixMilli()
	r, err := h.engine.Rehearse(t.Context(), evaluate.Rehearsal{KPI: k, From: t0.UnixMilli(), To: last})
	require.NoError(t, err)
	same(t, paged(h, last), sent(r))
}

// stuck is a store that lets nobody read until it is told to.
type stuck struct {
	storage.Queryable
	reading chan struct{} // closed when somebody reads
	open    chan struct{}
	once    sync.Once
}

func (s *stuck) Querier(mint, maxt int64) (storage.Querier, error) {
	s.once.Do(func() { close(s.reading) })
	<-s.open
	return s.Queryable.Querier(mint, maxt)
}

// TestARehearsalHoldsNothing: while one waits for the disk, samples are taken in, periods close and people look.
func TestARehearsalHoldsNothing(t *testing.T) {
	k := errorRate(t)
	h := newHouse(t, k)
	svc := service{h: h}
	for n := range 5 {
		svc.minute(n, 1000, 10)
	}
	slow := &stuck{Queryable: h.raw, reading: make(chan struct{}), open: make(chan struct{})}
	other := evaluate.New(evaluate.Options{Store: slow, Ledger: h.ledger, Now: h.clock, Registerer: prometheus.NewRegistry()})
	changed := *k
	changed.Hash, changed.Window = "2", 2*time.Minute
	done := make(chan error)
	go func() {
		_, err := other.Backtest(t.Context(), evaluate.Backtest{Proposed: &changed, From: t0.UnixMilli(), To: t0.Add(5 * time.Minute).UnixMilli()})
		done <- err
	}()
	<-slow.reading
	other.Observe(nil)
	other.CloseDue(t.Context())
	require.Empty(t, other.Statuses())
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := other.Backtest(ctx, evaluate.Backtest{Proposed: k, From: t0.UnixMilli(), To: t0.Add(5 * time.Minute).UnixMilli()})
	require.ErrorIs(t, err, context.Canceled, "one at a time")
	r, err := other.Rehearse(t.Context(), evaluate.Rehearsal{KPI: k, From: t0.UnixMilli(), To: t0.Add(5 * time.Minute).UnixMilli()})
	require.NoError(t, err, "a short one waits for nobody")
	require.Equal(t, int64(4), r.Points)
	close(slow.open)
	require.NoError(t, <-done)
}
