package board_test

import (
	"context"
	"encoding/json"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/stretchr/testify/require"

	"github.com/signalbox/signalbox/internal/board"
	"github.com/signalbox/signalbox/internal/fault"
	"github.com/signalbox/signalbox/internal/kpi"
	"github.com/signalbox/signalbox/internal/ledger"
)

func titled(title string, l kpi.Light, since int64, value float64) kpi.Status {
	k := errorRate(strings.ToLower(strings.ReplaceAll(title, " ", "-")))
	k.Title = title
	end := ago(time.Minute)
	p := real(end, value*1000, 1000)
	if math.IsNaN(value) {
		p = missing(end, kpi.NoData)
	}
	return statusOf(k, l, since, p, "")
}

func silence(name, value string) board.Silence {
	return board.Silence{ID: "s1", Matchers: []board.Matcher{{Name: name, Value: value, IsEqual: true}}, StartsAt: ago(time.Hour), EndsAt: ms(noon.Add(90 * time.Minute)), CreatedBy: "priya", Comment: "maintenance"}
}

func TestVerdict(t *testing.T) {
	green := func(title string) kpi.Status { return titled(title, kpi.Green, ago(time.Hour), 0.001) }
	red := func(title string, d time.Duration) kpi.Status { return titled(title, kpi.Red, ago(d), 0.0412) }
	yellow := func(title string) kpi.Status { return titled(title, kpi.Yellow, ago(20*time.Minute), 0.012) }
	grey := func(title string) kpi.Status {
		s := titled(title, kpi.Grey, ago(3*time.Hour), math.NaN())
		s.Reason = "nothing matched reported in the window"
		return s
	}
	fresh := grey("New")
	fresh.Last.End = 0
	for _, c := range []struct {
		name             string
		statuses         []kpi.Status
		silences         []board.Silence
		sources          []board.Source
		light            string
		sentence, detail string
	}{
		{name: "none", light: "grey", sentence: "No KPIs yet.", detail: "A KPI document in one of the files of `policies` appears here within seconds."},
		{name: "first", statuses: []kpi.Status{fresh}, light: "grey", sentence: "Waiting for the first datapoints.", detail: "1 KPI defined, none has a closed datapoint yet."},
		{name: "one green", statuses: []kpi.Status{green("A")}, light: "green", sentence: "A is on target.", detail: "Every promise that is being watched is kept, as of 14:31:46 UTC."},
		{name: "all green", statuses: []kpi.Status{green("A"), green("B")}, light: "green", sentence: "All 2 KPIs are on target.", detail: "Every promise that is being watched is kept, as of 14:31:46 UTC."},
		{name: "one red", statuses: []kpi.Status{green("A"), red("Error rate", 30*time.Minute)}, light: "red", sentence: "Error rate is breached.", detail: "Error rate has been above 3\u2009% since 14:01 UTC, now 4.12\u2009%."},
		{name: "two red, the elder first", statuses: []kpi.Status{red("A", 30*time.Minute), red("B", 26*time.Hour)}, light: "red", sentence: "B and A are breached.", detail: "B has been above 3\u2009% since 13 Apr, 12:31 UTC, now 4.12\u2009%."},
		{name: "three red, two yellow", statuses: []kpi.Status{red("A", time.Minute), red("B", time.Hour), red("C", time.Minute), yellow("D"), yellow("E")}, light: "red", sentence: "B and two other KPIs are breached. Two other KPIs are at risk.", detail: "B has been above 3\u2009% since 13:31 UTC, now 4.12\u2009%."},
		{name: "red and grey", statuses: []kpi.Status{red("A", time.Minute), grey("B")}, light: "red", sentence: "A is breached. One other KPI has no data.", detail: "A has been above 3\u2009% since 14:30 UTC, now 4.12\u2009%."},
		{name: "yellow", statuses: []kpi.Status{yellow("D"), green("A")}, sources: []board.Source{{ID: "x", Health: "late"}, {ID: "y", Health: "up"}}, light: "yellow", sentence: "D is at risk.", detail: "D has been above 1\u2009% since 14:11 UTC, now 1.20\u2009%. One source is late."},
		{name: "grey", statuses: []kpi.Status{grey("G"), green("A"), green("B")}, light: "grey", sentence: "G has no data. Two other KPIs are on target.", detail: "G has had no data since 11:31 UTC: nothing matched reported in the window."},
		{name: "a paused red is not forgotten", statuses: []kpi.Status{red("A", time.Minute), green("B")}, silences: []board.Silence{silence("kpi", "a")}, light: "green", sentence: "1 KPI on target, 1 paused.", detail: "Every promise that is being watched is kept, as of 14:31:46 UTC. One paused KPI is not on target."},
		{name: "all paused", statuses: []kpi.Status{red("A", time.Minute)}, silences: []board.Silence{silence("severity", "page")}, light: "green", sentence: "Every KPI is paused.", detail: "Every promise that is being watched is kept, as of 14:31:46 UTC. One paused KPI is not on target."},
	} {
		t.Run(c.name, func(t *testing.T) {
			h := newHouse(t)
			h.statuses, h.silences, h.sources = c.statuses, c.silences, c.sources
			a, err := h.Answer(t.Context(), board.Filter{})
			require.NoError(t, err)
			require.Equal(t, board.Verdict{Sentence: c.sentence, Detail: c.detail, Light: c.light}, a.Verdict)
			n := a.Counts
			require.Equal(t, len(c.statuses), n.Red+n.Yellow+n.Grey+n.Paused+n.Green, "the five counts add up")
		})
	}
}

func TestVerdictOfABurn(t *testing.T) {
	h := newHouse(t)
	st := titled("Payments", kpi.Red, ago(time.Hour), 0.001)
	st.Groups[0].Red = kpi.OK
	st.Groups[0].Budget = &kpi.BudgetView{Cause: "the error budget burns 14.8 times as fast as allowed over 1h and 15 over 5m; the limit is 14.4"}
	h.statuses = []kpi.Status{st}
	a, err := h.Answer(t.Context(), board.Filter{})
	require.NoError(t, err)
	require.Equal(t, "Payments has been breached since 13:31 UTC: the error budget burns 14.8 times as fast as allowed over 1h and 15 over 5m; the limit is 14.4, now 0.10\u2009%.", a.Verdict.Detail)
}

func TestOrderFilterAndPause(t *testing.T) {
	h := newHouse(t)
	h.statuses = []kpi.Status{
		titled("Green", kpi.Green, 0, 0.001), titled("Paused", kpi.Red, ago(time.Minute), 0.05), titled("Grey", kpi.Grey, 0, math.NaN()),
		titled("Yellow", kpi.Yellow, 0, 0.02), titled("Red", kpi.Red, ago(time.Minute), 0.05), titled("Another green", kpi.Green, 0, 0.001),
	}
	h.statuses[0].KPI.Owner, h.statuses[0].KPI.Outcome, h.statuses[0].KPI.Labels = "payments@irs.example", kpi.Business, map[string]string{"journey": "payment", "tier": "1"}
	h.silences = []board.Silence{silence("alertname", "paused")}
	names := func(f board.Filter) []string {
		a, err := h.Answer(t.Context(), f)
		require.NoError(t, err)
		require.Equal(t, 6, a.Total)
		require.Equal(t, len(a.Tiles), a.Matching)
		require.Equal(t, board.Counts{Red: 1, Yellow: 1, Grey: 1, Paused: 1, Green: 2}, a.Counts, "counts are of all, whatever the filter")
		require.Equal(t, []string{"oncall@irs.example", "payments@irs.example"}, a.Owners)
		require.Equal(t, []string{"journey", "tier"}, a.LabelNames)
		out := []string{}
		for _, tile := range a.Tiles {
			out = append(out, tile.Title)
		}
		return out
	}
	require.Equal(t, []string{"Red", "Yellow", "Grey", "Paused", "Another green", "Green"}, names(board.Filter{}))
	require.Equal(t, []string{"Green"}, names(board.Filter{Owner: "payments@irs.example"}))
	require.Equal(t, []string{"Green"}, names(board.Filter{Outcome: "business"}))
	require.Equal(t, []string{"Green"}, names(board.Filter{Labels: map[string]string{"journey": "payment", "tier": "1"}}))
	require.Equal(t, []string{}, names(board.Filter{Labels: map[string]string{"journey": "payment", "tier": "2"}}))
	require.Equal(t, []string{"Paused"}, names(board.Filter{State: "paused"}))
	require.Equal(t, []string{"Red"}, names(board.Filter{State: "red"}))
	v, err := h.View(t.Context(), "paused")
	require.NoError(t, err)
	require.Equal(t, "red", v.Light, "the light stays beside the mark")
	require.Equal(t, &board.Pause{Until: ms(noon.Add(90 * time.Minute)), By: "priya", Comment: "maintenance", SilenceID: "s1"}, v.Paused)
	h.now = h.now.Add(2 * time.Hour)
	v, err = h.View(t.Context(), "paused")
	require.NoError(t, err)
	require.Nil(t, v.Paused, "a silence that is over marks nothing")
}

func TestGroups(t *testing.T) {
	h := newHouse(t)
	k := errorRate("efile-error-rate")
	k.By = []string{"service"}
	end := ago(time.Minute)
	g := func(name string, l kpi.Light, bad float64) kpi.GroupStatus {
		return kpi.GroupStatus{Labels: labels.FromStrings("service", name), Light: l, Last: real(end, bad, 1000), Reason: "3 of 3 above 3 %", Red: kpi.Alarm}
	}
	st := statusOf(k, kpi.Red, ago(time.Hour), real(end, 84, 3000), "3 of 3 above 3 %")
	st.Groups = []kpi.GroupStatus{g("refund", kpi.Red, 50), g("status", kpi.Red, 40), g("submit", kpi.Green, 2)}
	h.statuses = []kpi.Status{st}
	v, err := h.View(t.Context(), k.Name)
	require.NoError(t, err)
	require.Equal(t, "1 of 3 on target", v.GroupsText)
	require.Equal(t, "refund and one more: 3 of 3 above 3 %", v.Why)
	require.Equal(t, "refund", v.Groups[0].Text)
	require.Equal(t, "50 of 1,000", v.Groups[0].Counts)
	require.Equal(t, "84 of 3,000", v.Counts)
	h.silences = []board.Silence{silence("service", "refund")}
	v, err = h.View(t.Context(), k.Name)
	require.NoError(t, err)
	require.Nil(t, v.Paused, "the KPI is not paused while a group of it is watched")
	require.NotNil(t, v.Groups[0].Paused)
	require.Nil(t, v.Groups[1].Paused)
	h.silences = []board.Silence{{ID: "all", Matchers: []board.Matcher{{Name: "service", Value: "refund|status|submit", IsRegex: true, IsEqual: true}}, EndsAt: ms(noon.Add(time.Hour))}}
	v, err = h.View(t.Context(), k.Name)
	require.NoError(t, err)
	require.NotNil(t, v.Paused)
}

func TestStripAndSpark(t *testing.T) {
	h := newHouse(t)
	k := errorRate("efile-error-rate")
	none := labels.EmptyLabels()
	// Red for one minute ten days ago, yellow five days ago, an hour of history before now with a hole and a bad minute.
	h.publish(t, k, none, false, kpi.Green, real(ago(10*24*time.Hour+2*time.Minute), 1, 1000))
	h.publish(t, k, none, false, kpi.Red, real(ago(10*24*time.Hour+time.Minute), 90, 1000))
	h.publish(t, k, none, false, kpi.Green, real(ago(10*24*time.Hour), 1, 1000))
	h.publish(t, k, none, false, kpi.Yellow, real(ago(5*24*time.Hour), 20, 1000))
	var hour []kpi.Point
	for m := 60; m >= 2; m-- {
		p := real(ago(time.Duration(m)*time.Minute), 5, 1000)
		switch {
		case m == 40:
			p = real(p.End, 77, 1000)
		case m >= 20 && m < 30:
			continue
		case m == 10:
			p = missing(p.End, kpi.Gap)
		}
		hour = append(hour, p)
	}
	h.publish(t, k, none, false, kpi.Green, hour...)
	last := real(ago(time.Minute), 6, 1000)
	h.publish(t, k, none, false, kpi.Green, last)
	h.statuses = []kpi.Status{statusOf(k, kpi.Green, ago(time.Hour), last, "")}

	a, err := h.Answer(t.Context(), board.Filter{})
	require.NoError(t, err)
	require.False(t, a.Partial)
	tile := a.Tiles[0]
	require.Len(t, tile.Strip, 30)
	require.Equal(t, board.Day{Day: "2026-03-16", Light: "none"}, tile.Strip[0])
	require.Equal(t, board.Day{Day: "2026-04-04", Light: "red"}, tile.Strip[19], "the day's worst")
	require.Equal(t, board.Day{Day: "2026-04-09", Light: "yellow"}, tile.Strip[24])
	require.Equal(t, board.Day{Day: "2026-04-14", Light: "green"}, tile.Strip[29])
	require.Len(t, tile.Spark.V, 60-10+1, "a young KPI has a point for each minute, and one null for the hole")
	require.Equal(t, board.Number(0.03), tile.Spark.Threshold)
	worst, nulls := 0.0, 0
	for _, v := range tile.Spark.V {
		if math.IsNaN(v) {
			nulls++
			continue
		}
		worst = math.Max(worst, v)
	}
	require.Equal(t, 0.077, worst)
	require.Equal(t, 2, nulls)
	require.Equal(t, last.End, tile.Spark.T[len(tile.Spark.T)-1])

	// The next minute comes without a look into the ledger; after a longer pause the ledger is read from there on.
	next := real(ago(0), 90, 1000)
	h.statuses = []kpi.Status{statusOf(k, kpi.Red, next.End, next, "")}
	a, err = h.Answer(t.Context(), board.Filter{})
	require.NoError(t, err)
	require.Equal(t, "red", a.Tiles[0].Strip[29].Light)
	require.Equal(t, next.End, a.Tiles[0].Spark.T[len(a.Tiles[0].Spark.T)-1])
	h.now = noon.Add(26 * time.Hour)
	for m := 1; m <= 26*60; m += 10 {
		h.publish(t, k, none, false, kpi.Green, real(ms(noon.Add(time.Duration(m)*time.Minute).Truncate(time.Minute)), 5, 1000))
	}
	later := real(ms(noon.Add(26*time.Hour).Truncate(time.Minute)), 5, 1000)
	h.statuses = []kpi.Status{statusOf(k, kpi.Green, next.End, later, "")}
	a, err = h.Answer(t.Context(), board.Filter{})
	require.NoError(t, err)
	require.Equal(t, board.Day{Day: "2026-04-14", Light: "red"}, a.Tiles[0].Strip[28], "the strip moved on by a day")
	require.Equal(t, board.Day{Day: "2026-04-15", Light: "green"}, a.Tiles[0].Strip[29])
	require.LessOrEqual(t, len(a.Tiles[0].Spark.T), 97)
	require.Greater(t, len(a.Tiles[0].Spark.T), 60)
	require.Less(t, a.Tiles[0].Spark.T[0], ms(h.now.Add(-23*time.Hour)))
}

func TestSeriesAndDecisions(t *testing.T) {
	h := newHouse(t)
	k := errorRate("efile-error-rate")
	none := labels.EmptyLabels()
	points := []kpi.Point{real(ago(4*time.Minute), 5, 1000), missing(ago(3*time.Minute), kpi.Few), real(ago(2*time.Minute), 50, 1000)}
	h.publish(t, k, none, false, kpi.Green, points[:2]...)
	h.publish(t, k, none, false, kpi.Red, points[2])
	h.statuses = []kpi.Status{statusOf(k, kpi.Red, points[2].End, points[2], "1 of 1 above 3 %")}
	tr := kpi.Transition{ID: "01J1", KPI: k.Name, Revision: 1, Group: none, From: kpi.Green, To: kpi.Red, End: points[2].End, At: points[2].End + 5000, Cause: "threshold",
		Sentence: "above 3 %", Verdict: kpi.Verdict{Light: kpi.Red, Red: kpi.BandVerdict{Before: kpi.OK, After: kpi.Alarm, Rule: "1 of 1 > 3%", Breaching: 1, Real: 2}, Range: points}}
	require.NoError(t, h.ledger.Decide(t.Context(), []kpi.Transition{tr}, nil, nil))
	require.NoError(t, h.ledger.AddReceipt(t.Context(), ledger.Receipt{ID: "r1", At: tr.At, KPI: k.Name, Group: none, Receiver: "oncall", Integration: "email[0]", Status: "sent", Decision: tr.ID, Firing: true, Attempt: 1}))

	s, err := h.Series(t.Context(), k.Name, board.SeriesQuery{From: ago(time.Hour), To: ms(noon), Max: 100})
	require.NoError(t, err)
	require.Equal(t, board.Instants{points[0].End, points[1].End, points[2].End}, s.T)
	require.Equal(t, []string{"green", "green", "red"}, s.Light)
	require.Equal(t, []string{"", "few", ""}, s.Missing)
	require.Equal(t, []string{"0.50\u2009%", "—", "5\u2009%"}, s.Display)
	require.Equal(t, board.Axis{Factor: 100, Decimals: 2, Unit: "%"}, s.Axis)
	require.Equal(t, "E-file error rate over 61\u2009min: between 0.50\u2009% and 5\u2009%, last 5\u2009%, promise ≤ 3\u2009%. Breached at 1 datapoint. 1 datapoint without data.", s.Sentence)
	require.Len(t, s.Transitions, 1)
	require.Empty(t, s.Transitions[0].Range)
	require.Len(t, s.Receipts, 1)
	body, err := json.Marshal(s)
	require.NoError(t, err)
	require.Contains(t, string(body), `"value":[0.005,null,0.05]`)

	_, err = h.Series(t.Context(), k.Name, board.SeriesQuery{From: 1, To: 2, Group: map[string]string{"service": "x"}})
	require.Equal(t, fault.Invalid, fault.KindOf(err))
	_, err = h.Series(t.Context(), "nope", board.SeriesQuery{})
	require.Equal(t, fault.NotFound, fault.KindOf(err))

	d, err := h.Decision(t.Context(), tr.ID)
	require.NoError(t, err)
	require.Equal(t, "On target", d.FromWord)
	require.Equal(t, "Breached", d.ToWord)
	require.Equal(t, []string{"none", "missing", "red"}, []string{d.Range[0].Band, d.Range[1].Band, d.Range[2].Band})
	require.Equal(t, board.Band{Before: "ok", After: "alarm", Rule: "1 of 1 > 3%", Breaching: 1, Real: 2}, d.Red)
	require.Equal(t, "sent", d.Receipts[0].Status)
	ds, err := h.Decisions(t.Context(), board.DecisionFilter{KPI: k.Name, Limit: 10})
	require.NoError(t, err)
	require.Len(t, ds, 1)
	require.Len(t, ds[0].Receipts, 1)
	_, err = h.Decision(t.Context(), "nope")
	require.Equal(t, fault.NotFound, fault.KindOf(err))
}

func TestWhereItFails(t *testing.T) {
	h := newHouse(t)
	k := errorRate("efile-error-rate")
	k.By = []string{"service"}
	st := statusOf(k, kpi.Red, ago(time.Hour), real(ago(time.Minute), 84, 3000), "")
	st.Groups = nil
	for i, bad := range []float64{60, 30, 0, 5, 1, 1, 1, 1, 1, 1, 1, 1, 1} {
		l := labels.FromStrings("service", string(rune('a'+i)))
		var ps []kpi.Point
		for m := 5; m >= 1; m-- {
			ps = append(ps, real(ago(time.Duration(m)*time.Minute), bad, 1000))
		}
		ps = append([]kpi.Point{real(ago(2*time.Hour), 999, 1000)}, ps...) // before the span
		h.publish(t, k, l, false, kpi.Green, ps...)
		st.Groups = append(st.Groups, kpi.GroupStatus{Labels: l, Light: kpi.Green, Last: ps[len(ps)-1]})
	}
	h.statuses = []kpi.Status{st}
	rows, err := h.WhereItFails(t.Context(), k.Name, ago(time.Hour), ms(noon))
	require.NoError(t, err)
	require.Len(t, rows, 10)
	require.Equal(t, "a", rows[0].Text)
	require.Equal(t, board.Number(300), rows[0].Bad)
	require.Equal(t, board.Number(5000), rows[0].Total)
	require.Equal(t, "58\u2009%", rows[0].ShareText)
	require.Equal(t, "Everything else", rows[9].Text)
	require.Equal(t, "15", rows[9].BadText)
	sum := 0.0
	for _, r := range rows {
		sum += float64(r.ShareOfDrop)
	}
	require.InDelta(t, 1, sum, 1e-9)
}

func TestBurnDown(t *testing.T) {
	h := newHouse(t)
	k := errorRate("efile-error-rate")
	k.Objective = &kpi.Objective{Target: 0.99, Window: 24 * time.Hour, Text: "99% over 24h"}
	none := labels.EmptyLabels()
	ladder := kpi.NewLadder(*k.Objective, k.Period)
	var last kpi.Point
	var ps []kpi.Point
	for m := 20 * 60; m >= 1; m-- {
		bad := 5.0
		if m < 200 {
			bad = 100
		}
		last = real(ago(time.Duration(m)*time.Minute), bad, 1000)
		ps = append(ps, last)
		ladder.Add(last.End, last.Good, last.Total)
	}
	h.publish(t, k, none, false, kpi.Red, ps...)
	st := statusOf(k, kpi.Red, ago(time.Hour), last, "")
	st.Budget = ladder.View(*k.Objective, last.End, 0, nil)
	h.statuses = []kpi.Status{st}
	b, err := h.BurnDown(t.Context(), k.Name, ms(noon.Add(-24*time.Hour)), ms(noon))
	require.NoError(t, err)
	require.Equal(t, last.End, b.T[len(b.T)-1])
	require.Equal(t, st.Budget.Remaining, b.Remaining[len(b.Remaining)-1], "the line ends where the tile stands")
	require.InDelta(t, 0.5, b.Remaining[len(b.Remaining)/2], 0.05)
	require.NotZero(t, b.SpentAt)
	require.Zero(t, b.RunsOutAt)
	require.Contains(t, b.Sentence, "Error budget spent")
	for i := 1; i < len(b.T); i++ {
		require.Less(t, b.T[i-1], b.T[i])
	}
	v, err := h.View(t.Context(), k.Name)
	require.NoError(t, err)
	require.Contains(t, v.Budget.BurnText, "allowed over")
	k.Objective = nil
	_, err = h.BurnDown(t.Context(), k.Name, 1, 2)
	require.Equal(t, fault.NotFound, fault.KindOf(err))
}

func TestHappeningAndChanges(t *testing.T) {
	h := newHouse(t)
	k := errorRate("efile-error-rate")
	for i, hash := range []string{"a", "b"} {
		kk := *k
		kk.Hash, kk.Source = hash, "policies/efile.yaml:3"
		_, _, err := h.ledger.Revise(t.Context(), &kk, ago(time.Duration(48-i)*time.Hour))
		require.NoError(t, err)
	}
	st := statusOf(k, kpi.Grey, ago(time.Hour), missing(ago(time.Minute), kpi.NoData), "")
	st.Revision = 2
	h.statuses = []kpi.Status{st}
	h.silences = []board.Silence{silence("kpi", k.Name)}
	h.alerts = []board.Alert{
		{Fingerprint: "f1", Labels: map[string]string{"alertname": "HostDown", "severity": "ticket"}, Annotations: map[string]string{"description": "node is down"}, StartsAt: ago(time.Hour), State: "active"},
		{Fingerprint: "f2", Labels: map[string]string{"alertname": k.Name, "kpi": k.Name}, Annotations: map[string]string{"summary": "4.1 % of filings fail"}, StartsAt: ago(2 * time.Hour), State: "active"},
		{Fingerprint: "f3", Labels: map[string]string{"alertname": "Muted"}, State: "suppressed"},
	}
	a, err := h.Answer(t.Context(), board.Filter{})
	require.NoError(t, err)
	require.Equal(t, []board.Happening{
		{Kind: "page", Light: "yellow", Title: "HostDown", Detail: "node is down", Since: ago(time.Hour), Fingerprint: "f1"},
		{Kind: "page", Light: "grey", KPI: k.Name, Title: "E-file error rate", Detail: "4.1 % of filings fail", Since: ago(2 * time.Hour), Fingerprint: "f2"},
		{Kind: "pause", Light: "paused", Title: "E-file error rate is paused", Detail: "maintenance", Since: ago(time.Hour), Until: ms(noon.Add(90 * time.Minute)), SilenceID: "s1"},
	}, a.Now)
	require.Len(t, a.Changes, 1, "a first revision is a beginning, not a change")
	require.Equal(t, "P", a.Changes[0].Letter)
	require.Equal(t, "revision 2 in force, from policies/efile.yaml:3", a.Changes[0].Detail)
}

func TestUpdate(t *testing.T) {
	h := newHouse(t)
	h.statuses = []kpi.Status{titled("A", kpi.Green, 0, 0.001), titled("B", kpi.Red, ago(time.Minute), 0.05)}
	u, err := h.Update(t.Context(), []string{"b", "gone"})
	require.NoError(t, err)
	require.Len(t, u.KPIs, 1)
	require.Equal(t, "b", u.KPIs[0].Name)
	require.Equal(t, []string{"gone"}, u.Removed)
	require.Equal(t, 1, u.Counts.Red)
}

func TestSourcesSummary(t *testing.T) {
	s := board.Summarise([]board.Source{{ID: "b", Health: "late"}, {ID: "a", Health: "up"}, {ID: "c", Health: "down"}, {ID: "d", Health: "unknown"}})
	require.Equal(t, "1 of 4 sources on time", s.Text)
	require.Equal(t, []string{"c", "b"}, []string{s.Late[0].ID, s.Late[1].ID})
	require.Equal(t, "no sources yet", board.Summarise(nil).Text)
}

// TestNothingIsNull walks every answer in its emptiest form: lists are never null and numbers that do not exist are.
func TestNothingIsNull(t *testing.T) {
	h := newHouse(t)
	k := &kpi.KPI{Name: "bare", Period: time.Minute, Window: time.Minute, Indicator: kpi.Indicator{Kind: kpi.PromQL, PromQL: "1"}}
	h.statuses = []kpi.Status{{KPI: k, Light: kpi.Grey, Last: missing(0, kpi.NoData)}}
	a, err := h.Answer(t.Context(), board.Filter{})
	require.NoError(t, err)
	body, err := json.Marshal(a)
	require.NoError(t, err)
	var tree map[string]any
	require.NoError(t, json.Unmarshal(body, &tree))
	may := map[string]bool{"value": true, "upper": true, "good": true, "total": true, "coverage": true, "objective": true, "budget": true, "paused": true, "page": true, "yellow": true, "red": true, "threshold": true, "b": true}
	var walk func(path string, v any)
	walk = func(path string, v any) {
		switch x := v.(type) {
		case map[string]any:
			for key, y := range x {
				if y == nil {
					require.True(t, may[key], "%s.%s is null", path, key)
				}
				walk(path+"."+key, y)
			}
		case []any:
			for _, y := range x {
				walk(path+"[]", y)
			}
		}
	}
	walk("", tree)
}

func TestRunReadsAhead(t *testing.T) {
	h := newHouse(t)
	many(t, h, 3)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- h.Run(ctx) }()
	require.Eventually(t, func() bool {
		a, err := h.Answer(t.Context(), board.Filter{})
		return err == nil && !a.Partial && len(a.Tiles[0].Spark.T) > 50
	}, time.Minute, time.Millisecond)
	cancel()
	require.NoError(t, <-done)
}
