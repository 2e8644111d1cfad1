package evaluate_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/stretchr/testify/require"

	"github.com/signalbox/signalbox/internal/kpi"
	"github.com/signalbox/signalbox/internal/ledger"
)

// day drives three hours of two services with resets, gaps, scrapes that arrive late and restarts in between, and returns
// the house as it then stands.
func day(t *testing.T, seed uint64, k *kpi.KPI) *house {
	return badDay(t, seed, k, bad{late: 60, lateBy: 20 * time.Minute, restarts: []int{250, 500}})
}

// bad says how bad a day is: one scrape in `late` arrives up to lateBy late, and after these scrapes we are restarted.
type bad struct {
	late     int
	lateBy   time.Duration
	restarts []int
}

func badDay(t *testing.T, seed uint64, k *kpi.KPI, how bad) *house {
	rng := rand.New(rand.NewPCG(seed, 1))
	h := newHouse(t, k)
	type svc struct{ ok, bad float64 }
	services := map[string]*svc{"a": {}, "b": {}}
	type late struct {
		at      time.Duration
		arrives time.Duration
		samples []string
	}
	var waiting []late
	for q := 1; q <= 3*60*4; q++ {
		at := time.Duration(q) * 15 * time.Second
		h.now = t0.Add(at)
		for name, s := range map[string]*svc{"a": services["a"], "b": services["b"]} {
			switch {
			case rng.IntN(200) == 0:
				*s = svc{} // the service restarted
			case name == "b" && q > 200 && q < 240:
				continue // it is silent for ten minutes
			}
			s.ok += float64(rng.IntN(300))
			if (q/40)%3 == 1 {
				s.bad += float64(rng.IntN(60))
			}
			samples := []string{
				fmt.Sprintf(`up{job="efile",instance=%q} 1`, name),
				fmt.Sprintf(`http_requests_total{job="efile",instance=%q,service=%q,code="200"} %g`, name, name, s.ok),
				fmt.Sprintf(`http_requests_total{job="efile",instance=%q,service=%q,code="500"} %g`, name, name, s.bad),
			}
			if rng.IntN(how.late) == 0 {
				waiting = append(waiting, late{at, at + time.Minute + time.Duration(rng.IntN(int(how.lateBy/time.Minute)))*time.Minute, samples[1:]})
				samples = samples[:1]
			}
			h.push(at, samples...)
		}
		kept := waiting[:0]
		for _, w := range waiting {
			if w.arrives <= at {
				h.push(w.at, w.samples...)
			} else {
				kept = append(kept, w)
			}
		}
		waiting = kept
		h.engine.CloseDue(t.Context())
		if slices.Contains(how.restarts, q) {
			h.restart(2 * time.Second)
			h.now = t0.Add(at)
		}
	}
	for _, w := range waiting {
		h.push(w.at, w.samples...)
	}
	h.to(3*time.Hour + 15*time.Second)
	h.to(3*time.Hour + time.Minute + 15*time.Second)
	return h
}

// newestStatements returns a group's datapoints with what was said of them last.
func newestStatements(t *testing.T, h *house, name string, group labels.Labels, key string) map[int64]kpi.Point {
	from, to := t0.UnixMilli(), t0.Add(4*time.Hour).UnixMilli()
	points, err := h.ledger.Points(t.Context(), name, group, from, to, 0)
	require.NoError(t, err)
	said, err := h.ledger.Statements(t.Context(), name, key, from, to)
	require.NoError(t, err)
	out := map[int64]kpi.Point{}
	for _, p := range points {
		out[p.End] = p
	}
	for _, s := range said {
		out[s.Point.End] = s.Point
	}
	return out
}

// TestReplayEqualsLive is sense (b): values computed anew from raw data equal each point's last statement.
func TestReplayEqualsLive(t *testing.T) {
	for seed := range uint64(3) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			k := errorRate(t)
			k.By = []string{"service"}
			h := day(t, seed, k)
			compared, restated := 0, 0
			last := t0.Add(3 * time.Hour).UnixMilli()
			replayed := map[string]map[int64]kpi.Point{}
			_, err := h.engine.Replay(t.Context(), k, t0.UnixMilli(), last, h.now.UnixMilli(), func(end int64, points []kpi.GroupPoint) {
				for _, gp := range points {
					if gp.Whole || gp.Retired {
						continue
					}
					if replayed[gp.Key] == nil {
						replayed[gp.Key] = map[int64]kpi.Point{}
					}
					replayed[gp.Key][end] = gp.Point
				}
			})
			require.NoError(t, err)
			for _, svc := range []string{"a", "b"} {
				group := labels.FromStrings("service", svc)
				live := newestStatements(t, h, k.Name, group, group.String())
				said, err := h.ledger.Statements(t.Context(), k.Name, group.String(), 0, math.MaxInt64/2)
				require.NoError(t, err)
				restated += len(said)
				require.Greater(t, len(live), 150)
				for end, p := range live {
					if end > last {
						continue
					}
					r, ok := replayed[group.String()][end]
					require.True(t, ok, "%s at %s was published and not replayed", svc, time.UnixMilli(end).UTC())
					if p.Missing == kpi.Unobserved || r.Missing == kpi.Unobserved {
						continue // a restart is known to live by the time of its close, to a replay afterwards
					}
					require.Equal(t, p.Missing, r.Missing, "%s at %s: live %+v, replay %+v", svc, time.UnixMilli(end).UTC(), p, r)
					if p.Real() {
						require.Equal(t, math.Float64bits(p.Value), math.Float64bits(r.Value), "%s at %s: live %+v, replay %+v", svc, time.UnixMilli(end).UTC(), p, r)
					}
					compared++
				}
			}
			require.Greater(t, compared, 300)
			require.Positive(t, restated, "the day has late data, or the test tests nothing")
		})
	}
}

// TestJudgeOverTheLedgerReproducesEveryVerdict is sense (a): from each point's newest statement known at a close, Judge says
// again what it said then.
func TestJudgeOverTheLedgerReproducesEveryVerdict(t *testing.T) {
	k := errorRate(t)
	k.By = []string{"service"}
	h := day(t, 7, k)
	moves, err := h.ledger.Transitions(t.Context(), ledger.Filter{KPI: k.Name, Limit: 10_000})
	require.NoError(t, err)
	reds := 0
	for _, svc := range []string{"a", "b"} {
		group := labels.FromStrings("service", svc)
		points, err := h.ledger.Points(t.Context(), k.Name, group, t0.UnixMilli(), h.now.UnixMilli(), 0)
		require.NoError(t, err)
		said, err := h.ledger.Statements(t.Context(), k.Name, group.String(), t0.UnixMilli(), h.now.UnixMilli())
		require.NoError(t, err)
		var got, want []string
		var mem kpi.Memory
		for i := range points {
			known := points[i].End + 15_000 // when it closed
			window := append([]kpi.Point(nil), points[:i+1]...)
			for _, s := range said {
				for j := range window[:i] {
					if window[j].End == s.Point.End && s.KnownAt <= known {
						window[j] = s.Point
					}
				}
			}
			before := mem
			var v kpi.Verdict
			mem, v = kpi.Judge(k, mem, window, nil)
			if from := before.Light; !before.Judged && v.Light != kpi.Grey || before.Judged && from != v.Light {
				got = append(got, fmt.Sprintf("%d %s", points[i].End, v.Light))
			}
		}
		for i := len(moves) - 1; i >= 0; i-- {
			if moves[i].Group.Get("service") == svc {
				want = append(want, fmt.Sprintf("%d %s", moves[i].End, moves[i].To))
				if moves[i].To == kpi.Red {
					reds++
				}
			}
		}
		require.Equal(t, want, got, svc)
	}
	require.Positive(t, reds, "the day has red minutes, or the test tests nothing")
}
