package evaluate_test

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql"
	"github.com/stretchr/testify/require"

	"github.com/signalbox/signalbox/internal/evaluate"
	"github.com/signalbox/signalbox/internal/kpi"
	"github.com/signalbox/signalbox/internal/policy"
	"github.com/signalbox/signalbox/internal/rowstore"
)

func accepted(t *testing.T) *kpi.KPI {
	k := overRows("accepted", kpi.Indicator{Kind: kpi.Pair, First: selector(t, `events{name="filing_submitted"}`), Then: selector(t, `events{name="filing_accepted"}`), On: "business_id", Within: 30 * time.Second})
	k.Thresholds.Red = &kpi.Comparison{Op: kpi.Below, A: 0.95, Text: "< 95%"}
	return k
}

// Open pairs survive a restart, and a failed one leads to its trace and case.
func TestPairsSurviveARestart(t *testing.T) {
	h := newHouse(t, accepted(t))
	file := func(at time.Duration, name string, ids ...int) {
		h.now = t0.Add(at)
		for _, id := range ids {
			h.receive(rowstore.Events, rowstore.Row{Name: name, Business: fmt.Sprint("case-", id), Trace: rowstore.TraceID{15: byte(id)}})
		}
	}
	file(5*time.Second, "filing_submitted", 1, 2, 3)
	file(20*time.Second, "filing_accepted", 1)
	h.to(65 * time.Second)
	require.Equal(t, kpi.Red, h.light("accepted"), "2 and 3 ran out of time")
	require.InDelta(t, 1.0/3, h.value("accepted"), 1e-12)
	require.Equal(t, []kpi.TraceRef{
		{At: t0.Add(5 * time.Second).UnixMilli(), Trace: strings.Repeat("0", 31) + "2", Business: "case-2"},
		{At: t0.Add(5 * time.Second).UnixMilli(), Trace: strings.Repeat("0", 31) + "3", Business: "case-3"},
	}, h.engine.Examples("accepted", labels.EmptyLabels(), t0.Add(time.Minute).UnixMilli()))

	file(110*time.Second, "filing_submitted", 4, 5)
	h.restart(time.Second)
	require.Len(t, h.engine.Examples("accepted", labels.EmptyLabels(), t0.Add(time.Minute).UnixMilli()), 2, "they are found again")
	file(125*time.Second, "filing_accepted", 4, 5)
	file(126*time.Second, "filing_accepted", 2) // too late
	h.to(185 * time.Second)
	require.Equal(t, kpi.Green, h.light("accepted"))
	require.InDelta(t, 1, h.value("accepted"), 1e-12)
	refs := h.engine.Examples("accepted", labels.EmptyLabels(), t0.Add(time.Minute).UnixMilli())
	require.Equal(t, 121*time.Second, refs[0].After)
	require.Empty(t, h.engine.Examples("nothing", labels.EmptyLabels(), 0))
}

// A KPI that comes into force while rows arrive misses none and counts none twice: neither those that its scan has found and
// the tap sees afterwards, nor those that were still being committed when it looked.
func TestAKPIThatComesIntoForceUnderTraffic(t *testing.T) {
	h := newHouse(t, errorRate(t))
	rate := overRows("logins", kpi.Indicator{Kind: kpi.Rate, Of: selector(t, `events{name="login"}`)})
	rate.Window = 2 * time.Minute
	login := func(n int) *rowstore.Batch {
		b := &rowstore.Batch{Table: rowstore.Events}
		for range n {
			r := b.Add()
			r.Name, r.Time, r.Received = "login", h.now.UnixMicro(), h.now.UnixMicro()
		}
		return b
	}
	h.now = t0.Add(61 * time.Second)
	committed, inFlight := login(3), login(5)
	h.rows.write(rowstore.Events, committed.Rows...) // not observed yet
	h.now = h.now.Add(10 * time.Millisecond)
	require.NoError(t, h.engine.Apply(t.Context(), []*kpi.KPI{errorRate(t), rate}))
	h.rows.write(rowstore.Events, inFlight.Rows...) // arrived before, committed after
	h.engine.ObserveRows(committed)
	h.engine.ObserveRows(inFlight)
	h.now = h.now.Add(time.Second)
	h.receive(rowstore.Events, login(2).Rows...)
	for n := 2; n <= 5; n++ {
		h.now = t0.Add(time.Duration(n)*time.Minute + 2*time.Second)
		h.receive(rowstore.Events, login(4).Rows...)
		h.to(time.Duration(n)*time.Minute + 6*time.Second)
	}
	points := newestStatements(t, h, "logins", labels.EmptyLabels(), "{}")
	require.InDelta(t, 14, points[t0.Add(3*time.Minute).UnixMilli()].Total, 0, "3 found by the scan, 5 in flight, 2 and then 4 from the tap")
	for n := 4; n <= 5; n++ {
		require.InDelta(t, 8, points[t0.Add(time.Duration(n)*time.Minute).UnixMilli()].Total, 0)
	}
}

func TestRowsThatComeTooLateAreRefused(t *testing.T) {
	h := newHouse(t, overRows("logins", kpi.Indicator{Kind: kpi.Rate, Of: selector(t, `events{name="login"}`)}))
	h.now = t0.Add(59*time.Minute + 30*time.Second)
	h.receive(rowstore.Events, rowstore.Row{Name: "login", Time: t0.Add(30 * time.Second).UnixMicro()})
	h.to(time.Hour + 6*time.Second)
	h.receive(rowstore.Events,
		rowstore.Row{Name: "login", Time: t0.Add(time.Second).UnixMicro()},
		rowstore.Row{Name: "login", Time: t0.AddDate(70, 0, 0).UnixMicro()},
		rowstore.Row{Name: "login", Time: 1})
	h.to(time.Hour + time.Minute + 6*time.Second)
	h.to(time.Hour + 2*time.Minute + 6*time.Second)
	points := newestStatements(t, h, "logins", labels.EmptyLabels(), "{}")
	require.InDelta(t, 1, points[t0.Add(time.Minute).UnixMilli()].Total, 0, "one came within the hour, one after it")
}

func TestSQLIsAskedOnceAPeriod(t *testing.T) {
	k := overRows("sql", kpi.Indicator{Kind: kpi.SQL, SQL: "SELECT agency, count(*) AS value FROM events WHERE time > $from AND time <= $to GROUP BY agency"})
	k.By, k.Window = []string{"agency"}, 5*time.Minute
	k.Thresholds.Red = atMost(100)
	h := newHouse(t, k)
	asked := 0
	h.sql = func(query string, from, to time.Time) (promql.Vector, error) {
		asked++
		require.Equal(t, k.Indicator.SQL, strings.TrimSpace(query))
		require.Contains(t, []time.Duration{5 * time.Minute, time.Minute}, to.Sub(from))
		if to.Equal(t0.Add(3 * time.Minute)) {
			return nil, errors.New("the query took too long")
		}
		return promql.Vector{{Metric: labels.FromStrings("agency", "IRS"), F: 101}, {Metric: labels.FromStrings("agency", "SSA"), F: 7}}, nil
	}
	h.to(65 * time.Second)
	require.Equal(t, kpi.Red, h.light("sql"))
	h.to(125 * time.Second)
	require.Equal(t, 3, asked, "with the period that ended at the start")
	h.to(185 * time.Second)
	s, _ := h.engine.Status("sql")
	require.Equal(t, kpi.QueryFailed, s.Groups[0].Last.Missing)
	require.Equal(t, []string{"the query failed: the query took too long"}, s.Warnings)

	r, err := h.engine.Rehearse(t.Context(), evaluate.Rehearsal{KPI: changed(k, "2"), From: t0.UnixMilli(), To: h.now.UnixMilli()})
	require.NoError(t, err)
	require.Equal(t, "query", r.Way)
}

// changed is a KPI with another revision and another indicator, so that its past is computed anew.
func changed(k *kpi.KPI, hash string) *kpi.KPI {
	next := *k
	next.Hash = hash
	next.Indicator.SQL += " "
	next.Window = k.Period
	return &next
}

// A changed definition over rows is rehearsed over what is stored, and what is only compared anew over what was published.
func TestRowsAreRehearsed(t *testing.T) {
	k := overRows("bad", kpi.Indicator{Kind: kpi.Ratio, Bad: selector(t, `events{name="filing_rejected"}`), Total: selector(t, `events{name=~"filing_.*"}`)})
	k.Thresholds.Red = atMost(0.5)
	h := newHouse(t, k)
	for n := range 60 {
		h.now = t0.Add(time.Duration(n)*time.Minute + 30*time.Second)
		bad := 1
		if n >= 20 && n < 30 {
			bad = 4
		}
		for range bad {
			h.receive(rowstore.Events, rowstore.Row{Name: "filing_rejected", Agency: "IRS"})
		}
		h.receive(rowstore.Events, rowstore.Row{Name: "filing_accepted", Weight: float32(10 - bad)})
		h.to(time.Duration(n+1)*time.Minute + 6*time.Second)
	}
	require.Empty(t, h.signals)
	stricter := *k
	stricter.Hash, stricter.Thresholds.Red = "2", atMost(0.3)
	r, err := h.engine.Rehearse(t.Context(), evaluate.Rehearsal{KPI: &stricter, From: t0.UnixMilli(), To: h.now.UnixMilli()})
	require.NoError(t, err)
	require.Equal(t, "points", r.Way)
	require.Equal(t, 1, r.PageCount)
	other := stricter
	other.Hash, other.Indicator.Bad = "3", selector(t, `events{name="filing_rejected",agency="IRS"}`)
	r, err = h.engine.Rehearse(t.Context(), evaluate.Rehearsal{KPI: &other, From: t0.UnixMilli(), To: h.now.UnixMilli()})
	require.NoError(t, err)
	require.Equal(t, "raw", r.Way)
	require.Equal(t, 1, r.PageCount)
	require.Equal(t, t0.Add(21*time.Minute).UnixMilli(), r.Pages[0].From)
	require.InDelta(t, 10, r.Minutes["red"], 0)
}

// Rows arrive on several goroutines while periods close and KPIs come and go.
func TestRowsUnderRace(t *testing.T) {
	kpis := everyRowKind(t)
	h := newHouse(t, kpis...)
	var wg sync.WaitGroup
	for w := range 3 {
		wg.Go(func() {
			for n := range 60 {
				at := t0.Add(time.Duration(n) * time.Second).UnixMicro()
				for _, table := range rowstore.Tables() {
					b := &rowstore.Batch{Table: table}
					for i := range 20 {
						r := b.Add()
						r.Time, r.Received, r.Name, r.Kind, r.Severity = at, at, []string{"filing_submitted", "filing_accepted", "survey"}[i%3], 2, 17
						r.Business, r.User, r.Agency = fmt.Sprint(w, n, i/3), fmt.Sprint(i), []string{"IRS", "SSA"}[i%2]
					}
					h.rows.write(table, b.Rows...)
					h.engine.ObserveRows(b)
				}
			}
		})
	}
	wg.Go(func() {
		for n := range 20 {
			require.NoError(t, h.engine.Apply(t.Context(), kpis[:len(kpis)-n%4]))
			h.engine.Statuses()
			h.engine.Examples("pair", labels.EmptyLabels(), t0.Add(time.Minute).UnixMilli())
			h.engine.CloseDue(t.Context())
		}
	})
	wg.Wait()
}

// What a policy may state comes into force and counts: a document of each kind, and one row that all of them count.
func TestDocumentsOverRowsComeIntoForce(t *testing.T) {
	var text strings.Builder
	for kind, indicator := range map[string]string{
		"ratio": `{ratio: {good: 'spans{status!="error"}', total: spans}}`, "rate": `{rate: 'spans{service="portal"}'}`,
		"mean": `{mean: {of: 'spans{service="portal"}', value: http.response.size}}`, "share-below": `{share_below: {of: spans, value: duration, below: 2s}}`,
		"quantile": `{quantile: {of: 'spans{"http.request.method"="GET"}', value: duration, q: 0.95}}`, "apdex": `{apdex: {of: 'spans{http_request_method="GET"}', value: duration, t: 500ms}}`,
		"unique": `{unique: {of: spans, value: session}}`, "freshness": `{freshness: 'spans{kind="server"}'}`,
		"pair": `{pair: {first: 'spans{name="file"}', then: 'spans{name="accept"}', on: business_id, within: 10s}}`,
	} {
		fmt.Fprintf(&text, "kind: KPI\nname: %s\nowner: team\nindicator: %s\nthresholds: {red: \"> 0.5\"}\nwindow: 2m\n---\n", kind, indicator)
	}
	docs, findings := policy.Read("rows.yaml", []byte(text.String()), policy.Limits{})
	require.Empty(t, findings)
	h := newHouse(t, policy.KPIs(docs)...)
	h.now = t0.Add(30 * time.Second)
	h.receive(rowstore.Spans, rowstore.Row{Name: "file", Service: "portal", Kind: 2, Session: "s", Business: "case-1", Duration: 1e9, Attrs: []rowstore.Attr{{Key: "http.request.method", Value: "GET"}, {Key: "http.response.size", Value: "2048"}}},
		rowstore.Row{Name: "accept", Business: "case-1"})
	h.to(66 * time.Second)
	h.to(126 * time.Second)
	for name, want := range map[string]float64{"ratio": 1, "rate": 1.0 / 120, "mean": 2048, "share-below": 1, "quantile": 1, "apdex": 0.5, "unique": 1, "freshness": 90, "pair": 1} {
		require.InDelta(t, want, h.value(name), 0.01*want, name)
		s, _ := h.engine.Status(name)
		require.Empty(t, s.Warnings, name)
	}
	s, _ := h.engine.Status("quantile")
	require.Equal(t, "within 1 % of the exact quantile", s.Last.Detail)
}

func TestRowsOfTooManyGroupsAreLeftOut(t *testing.T) {
	k := overRows("logins", kpi.Indicator{Kind: kpi.Rate, Of: selector(t, `events{name="login"}`)})
	k.By, k.MaxGroups = []string{"agency"}, 3
	h := newHouse(t, k)
	h.now = t0.Add(10 * time.Second)
	for n := range 5 {
		h.receive(rowstore.Events, rowstore.Row{Name: "login", Agency: fmt.Sprint("a", n)})
	}
	h.to(125 * time.Second)
	s, _ := h.engine.Status("logins")
	require.Len(t, s.Groups, 3)
	require.Equal(t, []string{"more than 3 groups by agency; 2 rows are left out"}, s.Warnings)
}
