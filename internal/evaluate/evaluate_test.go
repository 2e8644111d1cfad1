package evaluate_test

import (
	"strconv"
	"testing"
	"time"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/stretchr/testify/require"

	"github.com/signalbox/signalbox/internal/kpi"
	"github.com/signalbox/signalbox/internal/ledger"
)

func TestRedAfterTheThirdBreachingMinuteAndOnePage(t *testing.T) {
	h := newHouse(t, errorRate(t))
	s := &service{h: h}
	for n := range 3 {
		s.minute(n, 1000, 0)
	}
	require.Equal(t, kpi.Green, h.light("efile-error-rate"))
	require.InDelta(t, 0, h.value("efile-error-rate"), 0)

	s.minute(3, 952, 48)
	s.minute(4, 952, 48) // closes minute 3 with its first scrape
	require.Equal(t, kpi.Yellow, h.light("efile-error-rate"))
	require.InDelta(t, 0.048, h.value("efile-error-rate"), 1e-9)
	s.minute(5, 952, 48)
	require.Equal(t, kpi.Yellow, h.light("efile-error-rate"), "two breaching minutes are closed")
	require.Empty(t, h.signals)
	h.to(6*time.Minute + 14*time.Second)
	require.Empty(t, h.signals, "the datapoint waits for one scrape interval")
	h.to(6*time.Minute + 15*time.Second)
	require.Equal(t, kpi.Red, h.light("efile-error-rate"))
	require.Len(t, h.signals, 1)
	require.True(t, h.signals[0].Firing)
	require.Equal(t, t0.Add(6*time.Minute).UnixMilli(), h.signals[0].Since)
	require.Contains(t, h.signals[0].Summary, "4.80")

	s.minute(6, 1000, 0)
	h.to(7*time.Minute + 15*time.Second)
	require.Equal(t, kpi.Green, h.light("efile-error-rate"))
	require.Len(t, h.signals, 2)
	require.False(t, h.signals[1].Firing)
	require.Equal(t, "recovered", h.signals[1].Resolved)

	moves, err := h.ledger.Transitions(t.Context(), ledger.Filter{KPI: "efile-error-rate"})
	require.NoError(t, err)
	var to []kpi.Light
	for _, m := range moves {
		to = append(to, m.To)
	}
	require.Equal(t, []kpi.Light{kpi.Green, kpi.Red, kpi.Yellow, kpi.Green}, to, "newest first")
	require.Contains(t, moves[1].Sentence, "3 datapoints in a row above")
}

func TestSilenceIsGreyAndKeepsTheAlert(t *testing.T) {
	h := newHouse(t, errorRate(t))
	s := &service{h: h}
	for n := range 5 {
		s.minute(n, 900, 100)
	}
	h.to(5*time.Minute + 15*time.Second)
	require.Equal(t, kpi.Red, h.light("efile-error-rate"))
	require.Len(t, h.signals, 1)
	for n := 6; n < 14; n++ {
		h.to(time.Duration(n)*time.Minute + 15*time.Second)
	}
	require.Equal(t, kpi.Grey, h.light("efile-error-rate"), "no data is grey")
	last := h.signals[len(h.signals)-1]
	require.True(t, last.Firing, "a red alert stays through grey")
	require.NotZero(t, last.NoDataFrom)
	st, _ := h.engine.Status("efile-error-rate")
	require.Equal(t, kpi.NoData, st.Last.Missing)
}

func TestRestartKeepsStateAndPagesNobodyTwice(t *testing.T) {
	h := newHouse(t, errorRate(t))
	s := &service{h: h}
	for n := range 4 {
		s.minute(n, 900, 100)
	}
	h.to(4*time.Minute + 15*time.Second)
	require.Equal(t, kpi.Red, h.light("efile-error-rate"))
	require.Len(t, h.signals, 1)
	since := h.signals[0].Since

	h.signals = nil
	h.restart(5 * time.Second)
	require.Equal(t, kpi.Red, h.light("efile-error-rate"), "the light is back before the first new datapoint")
	require.Len(t, h.signals, 1, "the alert room is told again")
	require.Equal(t, since, h.signals[0].Since, "of the same alert")

	s.minute(4, 900, 100)
	h.to(5*time.Minute + 15*time.Second)
	require.Equal(t, kpi.Red, h.light("efile-error-rate"))
	require.InDelta(t, 0.1, h.value("efile-error-rate"), 1e-9, "the increase across the restart is placed")

	h.restart(10 * time.Minute)
	h.engine.CloseDue(t.Context())
	points, err := h.ledger.Points(t.Context(), "efile-error-rate", labels.EmptyLabels(), t0.Add(7*time.Minute).UnixMilli(), t0.Add(14*time.Minute).UnixMilli(), 0)
	require.NoError(t, err)
	require.NotEmpty(t, points)
	for _, p := range points {
		require.Equal(t, kpi.Unobserved, p.Missing, "our own downtime says nothing")
	}
}

func TestLateDataRestatesAndNeverRewritesAVerdict(t *testing.T) {
	h := newHouse(t, errorRate(t))
	for n := range 6 {
		for q := 1; q <= 4; q++ {
			at := time.Duration(n)*time.Minute + time.Duration(q)*15*time.Second
			h.now = t0.Add(at)
			total := float64(n*400 + q*100)
			if n == 3 && q >= 3 {
				continue // two scrapes of minute 3 arrive late
			}
			h.push(at, `http_requests_total{job="efile",instance="a",code="200"} `+num(total), `http_requests_total{job="efile",instance="a",code="500"} `+num(total/10))
			h.engine.CloseDue(t.Context())
		}
	}
	at := t0.Add(4 * time.Minute).UnixMilli()
	before, err := h.ledger.Points(t.Context(), "efile-error-rate", labels.EmptyLabels(), at, at, 0)
	require.NoError(t, err)
	require.Len(t, before, 1)
	require.InDelta(t, 220, before[0].Total, 0)
	moves, err := h.ledger.Transitions(t.Context(), ledger.Filter{})
	require.NoError(t, err)

	for _, q := range []int{3, 4} {
		total := float64(3*400 + q*100)
		h.push(3*time.Minute+time.Duration(q)*15*time.Second, `http_requests_total{job="efile",instance="a",code="200"} `+num(total), `http_requests_total{job="efile",instance="a",code="500"} `+num(total/10))
	}
	h.to(7*time.Minute + 15*time.Second)
	said, err := h.ledger.Statements(t.Context(), "efile-error-rate", labels.EmptyLabels().String(), at, at)
	require.NoError(t, err)
	require.Len(t, said, 1)
	require.InDelta(t, 440, said[0].Point.Total, 0)
	after, err := h.ledger.Points(t.Context(), "efile-error-rate", labels.EmptyLabels(), at, at, 0)
	require.NoError(t, err)
	require.InDelta(t, before[0].Total, after[0].Total, 0, "as published stays as published")
	now, err := h.ledger.Transitions(t.Context(), ledger.Filter{})
	require.NoError(t, err)
	for i, m := range moves {
		require.Equal(t, m.ID, now[len(now)-len(moves)+i].ID)
	}
}

func TestExprClosesAfterItsInputsAndJoinsOnEqualLabels(t *testing.T) {
	by := []string{"service"}
	rate := &kpi.KPI{Name: "filings", Hash: "1", By: by, MaxGroups: 10, Period: time.Minute, Window: time.Minute, Indicator: kpi.Indicator{Kind: kpi.Rate, Of: selector(t, `http_requests_total{job="efile"}`)}}
	forecast := &kpi.KPI{Name: "forecast", Hash: "1", Period: time.Minute, Window: time.Minute, Indicator: kpi.Indicator{Kind: kpi.Gauge, Of: selector(t, `forecast`), Over: "last", Across: "sum"}}
	share := &kpi.KPI{Name: "share", Hash: "1", By: by, Period: time.Minute, Window: time.Minute, Indicator: kpi.Indicator{Kind: kpi.Expr, Expr: "f * 60 / g", Inputs: map[string]string{"f": "filings", "g": "forecast"}},
		Thresholds: kpi.Thresholds{Red: &kpi.Comparison{Op: kpi.Below, A: 0.5}, ForRed: kpi.MofN{M: 1, N: 1}, Missing: kpi.TreatMissing}}
	h := newHouse(t, share, rate, forecast)
	s := &service{h: h, labels: `,service="intake"`}
	for n := range 3 {
		h.push(time.Duration(n)*time.Minute+30*time.Second, `forecast 800`)
		s.minute(n, 400, 0)
	}
	h.to(3*time.Minute + 20*time.Second)
	st, _ := h.engine.Status("share")
	require.Len(t, st.Groups, 1)
	require.Equal(t, "intake", st.Groups[0].Labels.Get("service"))
	require.InDelta(t, 0.5, st.Groups[0].Last.Value, 1e-9)
	require.Equal(t, kpi.Green, st.Light)
	h.to(4*time.Minute + 20*time.Second)
	st, _ = h.engine.Status("share")
	require.Equal(t, kpi.Grey, st.Light)
	require.Equal(t, kpi.InputGone, st.Groups[0].Last.Missing)
}

func TestANewRevisionTakesOverAtTheBoundary(t *testing.T) {
	h := newHouse(t, errorRate(t))
	s := &service{h: h}
	for n := range 4 {
		s.minute(n, 980, 20)
	}
	require.Equal(t, kpi.Yellow, h.light("efile-error-rate"))
	k := errorRate(t)
	k.Hash, k.Thresholds.Red = "2", atMost(0.015)
	h.now = t0.Add(4*time.Minute + 20*time.Second)
	require.NoError(t, h.engine.Apply(t.Context(), []*kpi.KPI{k}))
	s.minute(4, 980, 20)
	st, _ := h.engine.Status("efile-error-rate")
	require.Equal(t, 1, st.Revision, "the running period ends under the old revision")
	h.to(5*time.Minute + 15*time.Second)
	st, _ = h.engine.Status("efile-error-rate")
	require.Equal(t, kpi.Yellow, st.Light, "and is judged by it")
	s.minute(5, 980, 20)
	h.to(6*time.Minute + 15*time.Second)
	st, _ = h.engine.Status("efile-error-rate")
	require.Equal(t, 2, st.Revision)
	require.Equal(t, kpi.Red, st.Light, "earlier points in range are compared anew")
	require.InDelta(t, 0.02, st.Last.Value, 1e-9)
}

func TestGroupsHaveLightsOfTheirOwnAndRetire(t *testing.T) {
	k := errorRate(t)
	k.By = []string{"service"}
	h := newHouse(t, k)
	a, b := &service{h: h, labels: `,service="a"`}, &service{h: h, labels: `,service="b"`}
	for n := range 5 {
		for q := 1; q <= 4; q++ {
			at := time.Duration(n)*time.Minute + time.Duration(q)*15*time.Second
			h.now = t0.Add(at)
			a.scrape(at, 250, 0)
			b.scrape(at, 200, 50)
			h.engine.CloseDue(t.Context())
		}
	}
	h.to(5*time.Minute + 15*time.Second)
	st, _ := h.engine.Status(k.Name)
	require.Equal(t, kpi.Red, st.Light, "the worst")
	require.InDelta(t, 0.1, st.Last.Value, 1e-9, "the value is the indicator without by")
	require.Equal(t, []kpi.Light{kpi.Red, kpi.Green}, []kpi.Light{st.Groups[0].Light, st.Groups[1].Light})
	require.Len(t, h.signals, 1)
	require.Equal(t, "b", h.signals[0].Group.Get("service"))
	for n := 6; n < 70; n++ {
		h.to(time.Duration(n)*time.Minute + 15*time.Second)
	}
	st, _ = h.engine.Status(k.Name)
	require.Empty(t, st.Groups)
	require.Equal(t, "retired", h.signals[len(h.signals)-1].Resolved)
}

func num(v float64) string { return strconv.FormatFloat(v, 'g', -1, 64) }
