package kpi_test

import (
	"encoding/json"
	"math"
	"reflect"
	"testing"
	"time"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/stretchr/testify/require"

	"github.com/signalbox/signalbox/internal/kpi"
)

func TestShow(t *testing.T) {
	for _, c := range []struct {
		unit  string
		v     float64
		value string
		text  string
	}{
		{"percent", 0.0084, "0.84", "%"},
		{"percent", 0.03, "3", "%"},
		{"percent", 1, "100", "%"},
		{"percent", 0.99951, "99.95", "%"},
		{"seconds", 0, "0", "s"},
		{"seconds", 0.0125, "12.50", "ms"},
		{"seconds", 2, "2", "s"},
		{"seconds", 119.5, "119.5", "s"},
		{"seconds", 120, "2", "min"},
		{"seconds", 7200, "2", "h"},
		{"seconds", 3 * 86400, "3", "d"},
		{"bytes", 1023, "1,023", "B"},
		{"bytes", 1536, "1.50", "KiB"},
		{"bytes", 5 << 30, "5", "GiB"},
		{"bytes", 3 * math.Pow(2, 60), "3,072", "PiB"},
		{"per_second", 1234.56, "1,235", "per second"},
		{"per_minute", 123.45, "123.5", "per minute"},
		{"count", 1204567, "1,204,567", ""},
		{"ratio", 0.5, "0.50", ""},
		{"orders", -12345, "−12,345", "orders"},
		{"seconds", math.NaN(), "—", ""},
		{"percent", math.Inf(1), "—", ""},
	} {
		require.Equal(t, kpi.Display{Value: c.value, Unit: c.text}, kpi.Show(c.unit, c.v), "%s %v", c.unit, c.v)
	}
	require.Equal(t, "3\u2009%", kpi.Show("percent", 0.03).String())
	require.Equal(t, "7", kpi.Show("count", 7).String())
	require.Equal(t, "1,204", kpi.Count(1203.6))
	require.Equal(t, "12\u2009min", kpi.Lasting(12*time.Minute))
	require.Equal(t, "45\u2009s", kpi.Lasting(45*time.Second+300*time.Millisecond))
}

func TestPromiseAndLimit(t *testing.T) {
	for _, c := range []struct {
		op             kpi.Op
		promise, limit string
	}{
		{kpi.Above, "≤ 3\u2009%", "above 3\u2009%"},
		{kpi.AtLeast, "< 3\u2009%", "at least 3\u2009%"},
		{kpi.Below, "≥ 3\u2009%", "below 3\u2009%"},
		{kpi.AtMost, "> 3\u2009%", "at most 3\u2009%"},
		{kpi.OutsideOf, "3\u2009% to 5\u2009%", "outside 3\u2009% to 5\u2009%"},
	} {
		x := &kpi.Comparison{Op: c.op, A: 0.03, B: 0.05}
		require.Equal(t, c.promise, x.Promise("percent"))
		require.Equal(t, c.limit, x.Limit("percent"))
	}
	var none *kpi.Comparison
	require.Empty(t, none.Promise("percent")+none.Limit("percent"))
}

// same compares deeply, and NaN with NaN.
func same(t *testing.T, want, got any) {
	t.Helper()
	a, err := json.Marshal(want)
	require.NoError(t, err)
	b, err := json.Marshal(got)
	require.NoError(t, err)
	require.JSONEq(t, string(a), string(b))
}

func TestJSONKeepsWhatDoesNotExist(t *testing.T) {
	nan := math.NaN()
	p := kpi.Point{End: 60_000, Value: nan, Upper: nan, Good: 3, Total: nan, Coverage: 0.5, Missing: kpi.Few, Detail: "3 of 20"}
	raw, err := json.Marshal(p)
	require.NoError(t, err)
	require.JSONEq(t, `{"end":60000,"value":null,"good":3,"coverage":0.5,"missing":"few","detail":"3 of 20"}`, string(raw))
	var q kpi.Point
	require.NoError(t, json.Unmarshal(raw, &q))
	require.True(t, math.IsNaN(q.Value) && math.IsNaN(q.Upper) && math.IsNaN(q.Total))
	q.Value, q.Upper, q.Total, p.Value, p.Upper, p.Total = 0, 0, 0, 0, 0, 0
	require.Equal(t, p, q)

	b := kpi.Burn{Severity: "page", Long: 72 * time.Hour, Short: 5 * time.Minute, Factor: 14.4, LongRate: nan, ShortRate: 1000, Burning: true}
	raw, err = json.Marshal(b)
	require.NoError(t, err)
	require.JSONEq(t, `{"severity":"page","long":"3d","short":"5m","factor":14.4,"long_rate":null,"short_rate":1000,"burning":true}`, string(raw))
	var c kpi.Burn
	require.NoError(t, json.Unmarshal(raw, &c))
	require.True(t, math.IsNaN(c.LongRate))
	b.LongRate, c.LongRate = 0, 0
	require.Equal(t, b, c)
	require.Error(t, json.Unmarshal([]byte(`{"long":"soon","short":"5m"}`), &c))

	l := kpi.NewLadder(rolling(0.99, 30), time.Minute)
	for name, v := range map[string]*kpi.BudgetView{"a budget without data": l.View(rolling(0.99, 30), 20_000*day, 0, nil), "none": nil} {
		tr := kpi.Transition{ID: "1", KPI: "k", Revision: 2, Group: labels.FromStrings("svc", "a"), From: kpi.Green, To: kpi.Red, End: 60_000, At: 65_000, Cause: "threshold",
			Verdict: kpi.Verdict{Light: kpi.Red, Range: []kpi.Point{{Value: nan, Upper: math.Inf(1), Missing: kpi.NoData}}, Budget: v}}
		raw, err = json.Marshal(tr)
		require.NoError(t, err, name)
		var back kpi.Transition
		require.NoError(t, json.Unmarshal(raw, &back), name)
		same(t, tr, back)
		require.True(t, labels.Equal(tr.Group, back.Group))
		require.Equal(t, tr.To, back.To)
		require.True(t, math.IsNaN(back.Verdict.Range[0].Value))
		if v != nil {
			require.True(t, math.IsNaN(back.Verdict.Budget.Attained), "%v", reflect.TypeOf(v))
		}
	}
}
