package usage

import (
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql/parser"
	"github.com/stretchr/testify/require"

	"github.com/signalbox/signalbox/internal/policy"
	"github.com/signalbox/signalbox/internal/rowstore"
)

func steps(names ...string) (out []Step) {
	for _, n := range names {
		out = append(out, Step{Where: rowstore.Is("name", n)})
	}
	return out
}

// TestEveryViewIsAPolicy reads each draft as the house would.
func TestEveryViewIsAPolicy(t *testing.T) {
	value := 0.42
	group := ErrorGroup{Origin: "log", App: App{Service: "intake", Agency: "IRS"}, Type: "Timeout", Message: `dial tcp #: it's "…" refused`}
	event := group
	event.Origin, event.Route = "event", "/file"
	for name, q := range map[string]KPIQuestion{
		"actives":     {View: "actives", Span: "week"},
		"app":         {View: "actives", App: App{Service: "portal", Env: "prod"}},
		"stickiness":  {View: "stickiness", App: App{Service: "portal", Env: "prod"}, Value: &value},
		"sessions":    {View: "sessions", Value: &value},
		"duration":    {View: "session_duration", Stat: "p95", Value: &value},
		"actions":     {View: "actions", Value: &value},
		"bounce":      {View: "bounce", Value: &value},
		"retention":   {View: "retention", After: 30, Value: &value},
		"adoption":    {View: "adoption", Kind: "release", Feature: "it's 2.0", Value: &value, Title: "Who has it's release", Owner: "team"},
		"pair funnel": {View: "funnel", Funnel: FunnelQuestion{Steps: steps("filing_started", "filing_submitted"), Within: 3600}, Value: &value},
		"long funnel": {View: "funnel", Funnel: FunnelQuestion{Steps: steps("a", "b", "c")}, Value: &value},
		"success":     {View: "success", Success: SuccessQuestion{Table: rowstore.Events, Start: rowstore.Is("name", "submitted"), End: rowstore.Is("name", "accepted")}, Value: &value},
		"log error":   {View: "errors", Error: group, Value: &value},
		"event error": {View: "errors", Error: event, Value: &value},
	} {
		t.Run(name, func(t *testing.T) {
			draft, err := KPI(q)
			require.NoError(t, err)
			docs, findings := policy.Read("draft.yaml", []byte(draft.Policy), policy.Limits{History: 775 * 24 * time.Hour, Samples: 40 * 24 * time.Hour})
			for _, f := range findings {
				require.False(t, strings.Contains(f.String(), "error"), "%s\n%s", f.String(), draft.Policy)
			}
			require.Len(t, docs, 1)
			require.True(t, docs[0].Good(), "%v\n%s", findings, draft.Policy)
			require.Equal(t, name == "long funnel", draft.Watch != nil)
		})
	}
	for _, q := range []KPIQuestion{{}, {View: "retention", After: 3}, {View: "funnel"}, {View: "adoption"}, {View: "success"},
		{View: "success", Success: SuccessQuestion{Start: rowstore.Any(rowstore.Is("name", "a"), rowstore.Is("name", "b")), End: rowstore.Is("name", "c")}}} {
		_, err := KPI(q)
		require.Error(t, err)
	}
}

// TestPublishedNumbersAreWhatDraftsRead finds for each gauge one published series.
func TestPublishedNumbersAreWhatDraftsRead(t *testing.T) {
	store := &memory{}
	room := open(t, t.TempDir(), store)
	rows := stream(rand.New(rand.NewPCG(15, 16)), 3000)
	feed(t, store, rowstore.Events, rows, room.ObserveRows)
	funnel := FunnelQuestion{Steps: steps("page_view", "click", "submit"), Within: 3600}
	for _, q := range []KPIQuestion{
		{View: "actives"}, {View: "actives", Span: "month", App: App{Service: "portal", Env: "test"}}, {View: "sessions"}, {View: "session_duration", App: App{Service: "intake", Env: "prod", Agency: "IRS"}},
		{View: "stickiness"}, {View: "stickiness", App: App{"portal", "prod", "IRS"}}, {View: "actions"}, {View: "actions", App: App{"portal", "prod", "IRS"}},
		{View: "bounce"}, {View: "retention", After: 30}, {View: "adoption", Feature: "click", App: App{"portal", "prod", "IRS"}}, {View: "adoption", Kind: "route", Feature: "/a"}, {View: "funnel", Funnel: funnel},
	} {
		draft, err := KPI(q)
		require.NoError(t, err)
		if draft.Watch != nil {
			require.NoError(t, room.Watch(t.Context(), *draft.Watch))
		}
		docs, _ := policy.Read("draft.yaml", []byte(draft.Policy), policy.Limits{})
		of := docs[0].KPI.Indicator.Of
		found := 0
		for _, s := range room.Samples(t.Context()) {
			s.Labels[model.MetricNameLabel] = s.Name
			ok := true
			for _, m := range of.Matchers {
				ok = ok && m.Matches(s.Labels[m.Name])
			}
			if ok {
				found++
			}
		}
		require.Equal(t, 1, found, "%+v\n%s", q, draft.Policy)
	}
	everything := map[string]float64{}
	for _, s := range room.Samples(t.Context()) {
		if s.Labels["service"] == "" {
			everything[s.Name+s.Labels["span"]] = s.Value
		}
	}
	require.Positive(t, everything["signalbox_usage_stickiness_ratio"])
	require.InDelta(t, everything[activesSeries+"day"]/everything[activesSeries+"month"], everything["signalbox_usage_stickiness_ratio"], 1e-9)
	again := open(t, room.opt.Dir, store)
	require.Equal(t, room.Watched(), again.Watched())
	require.NoError(t, again.Watch(t.Context(), Watched{Name: again.Watched()[0].Name}))
	require.Empty(t, again.Watched())
}

func matchers(t *testing.T, text string) []*labels.Matcher {
	ms, err := parser.NewParser(parser.Options{}).ParseMetricSelector(text)
	require.NoError(t, err)
	return ms
}

func TestLeadsFollowWhatRowsHave(t *testing.T) {
	l := LeadsOf([][]*labels.Matcher{matchers(t, `http_requests_total{job="efile",code=~"5.."}`), matchers(t, `http_requests_total{job="efile"}`)}, labels.FromStrings("agency", "IRS", "pod", "x"), Range{1, 2}, func(string) bool { return true })
	require.Equal(t, []string{"pod", "code"}, l.Left)
	var text []string
	for _, s := range l.Searches {
		text = append(text, s.Table+" "+s.Where)
	}
	require.Equal(t, []string{"spans agency:IRS service:efile status:error", "logs agency:IRS service:efile level:>=warn", "events agency:IRS service:efile"}, text)
	l = LeadsOf([][]*labels.Matcher{matchers(t, `events{name="filing_submitted",agency="IRS",http_route=~"/a.*"}`)}, labels.EmptyLabels(), Range{1, 2}, func(string) bool { return false })
	require.Empty(t, l.Left)
	require.Equal(t, `agency:IRS route:~"/a.*" name:filing_submitted agency:IRS http_route:~"/a.*"`, l.Searches[0].Where)
	require.Equal(t, "The events it counts", l.Searches[0].Title)
	require.Len(t, l.Searches, 4)
}
