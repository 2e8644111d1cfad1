package scoped_test

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/prometheus/prometheus/model/exemplar"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/promql/parser"
	"github.com/prometheus/prometheus/tsdb"
	"github.com/stretchr/testify/require"

	"github.com/signalbox/signalbox/internal/access"
	"github.com/signalbox/signalbox/internal/access/scoped"
	"github.com/signalbox/signalbox/internal/kpi"
)

// person returns a context in which somebody with the given scopes asks.
func person(t *testing.T, scopes ...string) context.Context {
	p := access.Principal{ID: "u1", Name: "Ana", Kind: access.KindPerson}
	for _, s := range scopes {
		sc, err := access.ParseScope(s)
		require.NoError(t, err)
		p.Grants = append(p.Grants, access.Grant{Role: access.Developer, Scope: sc})
	}
	return access.With(t.Context(), p)
}

func of(ctx context.Context) scoped.Lens { return scoped.Of(ctx, access.ReadSignals) }

// store holds one counter of each of three agencies, and one series without an agency.
func store(t *testing.T) *tsdb.DB {
	o := tsdb.DefaultOptions()
	o.EnableExemplarStorage, o.MaxExemplars = true, 100
	db, err := tsdb.Open(t.TempDir(), nil, nil, o, nil)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, db.Close()) })
	app := db.Appender(t.Context())
	for i := range 20 {
		at := int64(i) * 15_000
		for _, agency := range []string{"IRS", "SSA", "VA"} {
			l := labels.FromStrings("__name__", "filings_total", "agency", agency, "env", "prod")
			ref, err := app.Append(0, l, at, float64(i))
			require.NoError(t, err)
			if i == 5 {
				_, err = app.AppendExemplar(ref, l, exemplar.Exemplar{Labels: labels.FromStrings("trace_id", agency), Value: 1, Ts: at, HasTs: true})
				require.NoError(t, err)
			}
		}
		_, err := app.Append(0, labels.FromStrings("__name__", "secret_"+"total", "team", "x"), at, 1)
		require.NoError(t, err)
	}
	require.NoError(t, app.Commit())
	return db
}

// The table of attempts: what a person of one agency tries, to see another's. Each must answer with nothing of it.
func TestNoQueryTextReachesAnotherAgency(t *testing.T) {
	db := store(t)
	engine := promql.NewEngine(promql.EngineOpts{MaxSamples: 1e6, Timeout: time.Minute, EnableAtModifier: true, EnableNegativeOffset: true, Parser: parser.NewParser(parser.Options{})})
	q := scoped.Queryable(db, of, scoped.Scopes)
	at := time.UnixMilli(285_000)
	for _, expr := range []string{
		`filings_total{agency="SSA"}`,
		`filings_total{agency=~"SSA|IRS"}`,
		`filings_total{agency=~".+"}`,
		`filings_total{agency!="IRS"}`,
		`filings_total{agency!~"IRS"}`,
		`filings_total`,
		`{__name__=~".+"}`,
		`{agency="SSA"}`,
		`{agency="SSA"} or {agency="IRS"}`,
		`filings_total{agency="IRS"} or filings_total{agency="SSA"}`,
		`filings_total or on() secret_total`,
		`secret_total`,
		`{team="x"}`,
		`max_over_time(filings_total{agency="SSA"}[5m:15s])`,
		`sum by (agency) (rate(filings_total[5m]))`,
		`sum without (env) (filings_total)`,
		`count_values("agency", filings_total)`,
		`filings_total offset 1m`,
		`filings_total @ 240`,
		`label_replace(filings_total{agency="SSA"}, "agency", "IRS", "", "")`,
		`label_replace(filings_total, "seen", "$1", "agency", "(.*)")`,
		`filings_total * on(env) group_left(agency) filings_total{agency="SSA"}`,
		`topk(10, filings_total)`,
		`absent(filings_total{agency="IRS"}) or filings_total{agency="VA"}`,
		`(filings_total{agency="SSA"} and filings_total{agency="SSA"}) unless filings_total{agency="IRS"}`,
	} {
		t.Run(expr, func(t *testing.T) {
			query, err := engine.NewInstantQuery(person(t, `agency="IRS"`), q, nil, expr, at)
			require.NoError(t, err)
			defer query.Close()
			res := query.Exec(person(t, `agency="IRS"`))
			if res.Err != nil {
				t.Skipf("PromQL itself refuses it: %v", res.Err)
			}
			text := res.String()
			require.NotContains(t, text, "SSA")
			require.NotContains(t, text, "VA")
			require.NotContains(t, text, "secret")
		})
	}
	// The numbers too: a sum over all agencies is a sum over one's own.
	ctx := person(t, `agency="IRS"`)
	query, err := engine.NewInstantQuery(ctx, q, nil, `count(filings_total) + 0 * count(filings_total)`, at)
	require.NoError(t, err)
	v, err := query.Exec(ctx).Vector()
	require.NoError(t, err)
	require.Len(t, v, 1)
	require.InDelta(t, 1, v[0].F, 0)
	query.Close()
	// And the house itself still sees all four.
	query, err = engine.NewInstantQuery(t.Context(), db, nil, `count({__name__=~".+"})`, at)
	require.NoError(t, err)
	v, err = query.Exec(t.Context()).Vector()
	require.NoError(t, err)
	require.InDelta(t, 4, v[0].F, 0)
	query.Close()
}

func TestMetadataIsBounded(t *testing.T) {
	db := store(t)
	q, err := scoped.Queryable(db, of, scoped.Scopes).Querier(0, 300_000)
	require.NoError(t, err)
	defer q.Close()
	irs, two, none := person(t, `agency="IRS"`), person(t, `agency="IRS"`, `agency="VA"`), t.Context()
	for _, c := range []struct {
		name   string
		ctx    context.Context
		label  string
		ms     []*labels.Matcher
		values []string
	}{
		{"one agency", irs, "agency", nil, []string{"IRS"}},
		{"two scopes", two, "agency", nil, []string{"IRS", "VA"}},
		{"names of metrics", irs, "__name__", nil, []string{"filings_total"}},
		{"another's label", irs, "team", nil, nil},
		{"asked for by a matcher", irs, "agency", []*labels.Matcher{labels.MustNewMatcher(labels.MatchEqual, "agency", "SSA")}, nil},
		{"asked for by a regular expression", irs, "agency", []*labels.Matcher{labels.MustNewMatcher(labels.MatchRegexp, "agency", ".*")}, []string{"IRS"}},
		{"nobody", none, "agency", nil, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			values, _, err := q.LabelValues(c.ctx, c.label, nil, c.ms...)
			require.NoError(t, err)
			require.ElementsMatch(t, c.values, values)
		})
	}
	names, _, err := q.LabelNames(irs, nil)
	require.NoError(t, err)
	require.ElementsMatch(t, []string{"__name__", "agency", "env"}, names)
}

func TestExemplarsAndRemoteReadAreBounded(t *testing.T) {
	db := store(t)
	ctx := person(t, `agency=~"IRS|VA"`)
	eq, err := scoped.Exemplars(db, of, scoped.Scopes).ExemplarQuerier(ctx)
	require.NoError(t, err)
	all := labels.MustNewMatcher(labels.MatchRegexp, "agency", ".*")
	res, err := eq.Select(0, 300_000, []*labels.Matcher{all}, []*labels.Matcher{labels.MustNewMatcher(labels.MatchEqual, "agency", "SSA")})
	require.NoError(t, err)
	var seen []string
	for _, r := range res {
		seen = append(seen, r.SeriesLabels.Get("agency"))
	}
	slices.Sort(seen)
	require.Equal(t, []string{"IRS", "VA"}, seen)

	cq, err := scoped.ChunkQueryable(db, of, scoped.Scopes).ChunkQuerier(0, 300_000)
	require.NoError(t, err)
	defer cq.Close()
	set := cq.Select(person(t, `agency="IRS"`, `agency="VA"`), true, nil, all)
	seen = nil
	for set.Next() {
		seen = append(seen, set.At().Labels().Get("agency"))
	}
	require.NoError(t, set.Err())
	require.Equal(t, []string{"IRS", "VA"}, seen)
}

// Overlapping scopes give each series once.
func TestOverlappingScopesCountASeriesOnce(t *testing.T) {
	db := store(t)
	q, err := scoped.Queryable(db, of, scoped.Scopes).Querier(0, 300_000)
	require.NoError(t, err)
	defer q.Close()
	set := q.Select(person(t, `agency="IRS"`, `env="prod", agency=~"I.*"`), false, nil, labels.MustNewMatcher(labels.MatchEqual, "__name__", "filings_total"))
	n, samples := 0, 0
	for set.Next() {
		n++
		it := set.At().Iterator(nil)
		for it.Next() != 0 {
			samples++
		}
	}
	require.NoError(t, set.Err())
	require.Equal(t, 1, n)
	require.Equal(t, 20, samples)
}

func selector(t *testing.T, text string) *kpi.Selector {
	ms, err := parser.NewParser(parser.Options{}).ParseMetricSelector(text)
	require.NoError(t, err)
	return &kpi.Selector{Text: text, Matchers: ms}
}

// A KPI is in sight by what it reads, not by what its author says of it.
func TestAKPIIsInSightByWhatItReads(t *testing.T) {
	ratio := func(good, total string, by ...string) *kpi.KPI {
		return &kpi.KPI{Name: "r", By: by, Labels: map[string]string{"agency": "IRS"}, Indicator: kpi.Indicator{Kind: kpi.Ratio, Good: selector(t, good), Total: selector(t, total)}}
	}
	all := map[string]*kpi.KPI{
		"own":    ratio(`a{agency="IRS"}`, `b{agency="IRS"}`),
		"others": ratio(`a{agency="SSA"}`, `b{agency="SSA"}`),
		"each":   ratio(`a`, `b`, "agency"),
	}
	lookup := func(n string) *kpi.KPI { return all[n] }
	expr := func(by []string, inputs ...string) *kpi.KPI {
		in := map[string]string{}
		for i, n := range inputs {
			in[fmt.Sprintf("v%d", i)] = n
		}
		return &kpi.KPI{By: by, Indicator: kpi.Indicator{Kind: kpi.Expr, Inputs: in}}
	}
	query := func(q string) *kpi.KPI { return &kpi.KPI{Indicator: kpi.Indicator{Kind: kpi.PromQL, PromQL: q}} }
	nothing, groups, whole := scoped.Reach{}, scoped.Reach{Groups: true}, scoped.Reach{Whole: true, Groups: true}
	l := scoped.Of(person(t, `agency="IRS"`), access.ReadKPIs)
	for _, c := range []struct {
		name string
		k    *kpi.KPI
		want scoped.Reach
	}{
		{"all selectors inside", all["own"], whole},
		{"labelled as ours, reads another's", all["others"], nothing},
		{"one side unbounded", ratio(`a{agency="IRS"}`, `b`), nothing},
		{"a set inside", ratio(`a{agency=~"IRS"}`, `b{agency="IRS"}`), whole},
		{"a set that reaches out", ratio(`a{agency=~"IRS|SSA"}`, `b{agency="IRS"}`), nothing},
		{"a negation", ratio(`a{agency!="SSA"}`, `b{agency="IRS"}`), nothing},
		{"by agency", all["each"], groups},
		{"an expression of our own", expr(nil, "own"), whole},
		{"an expression with another's", expr(nil, "own", "others"), nothing},
		{"groups joined with another's whole", expr([]string{"agency"}, "each", "others"), nothing},
		{"groups joined with groups", expr([]string{"agency"}, "each", "each"), groups},
		{"a query inside", query(`sum(rate(a{agency="IRS"}[5m]))`), whole},
		{"a query with one selector outside", query(`sum(rate(a{agency="IRS"}[5m])) / sum(rate(b[5m]))`), nothing},
		{"a query that cannot be read", query(`sum(`), nothing},
		{"an input that is gone", expr(nil, "nowhere"), nothing},
	} {
		t.Run(c.name, func(t *testing.T) { require.Equal(t, c.want, l.KPI(c.k, lookup)) })
	}
	require.True(t, groups.Sees(l, all["each"], labels.FromStrings("agency", "IRS")))
	require.False(t, groups.Sees(l, all["each"], labels.FromStrings("agency", "SSA")))
	require.False(t, groups.Sees(l, all["each"], labels.EmptyLabels()))
	require.Equal(t, whole, scoped.Everything().KPI(all["others"], lookup))
	require.Equal(t, nothing, scoped.Of(t.Context(), access.ReadKPIs).KPI(all["own"], lookup))
}
