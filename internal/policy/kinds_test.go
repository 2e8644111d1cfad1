package policy_test

import (
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	amconfig "github.com/prometheus/alertmanager/config"
	"github.com/prometheus/alertmanager/dispatch"
	"github.com/prometheus/common/model"
	"github.com/stretchr/testify/require"

	"github.com/signalbox/signalbox/internal/fault"
	"github.com/signalbox/signalbox/internal/policy"
)

func everyKind(t testing.TB) []policy.Document {
	t.Helper()
	src, err := os.ReadFile("testdata/every-kind.good.yml")
	require.NoError(t, err)
	docs, findings := policy.Read("every-kind.yaml", src, policy.Limits{Receivers: []string{"oncall"}, Intervals: []string{"nights", "holidays"}})
	require.Empty(t, findings)
	require.Empty(t, policy.Cross(docs))
	for i := range docs {
		require.True(t, docs[i].Good())
		require.NotNil(t, docs[i].Spec())
	}
	return docs
}

// What a document leaves out has a value.
func TestKindDefaults(t *testing.T) {
	d := doc(t, "kind: Route\nname: r\nreceiver: oncall\n")
	require.Equal(t, &policy.Route{Name: "r", Receiver: "oncall", Order: 100}, d.Route)
	require.Equal(t, policy.Common{Kind: policy.KindRoute, Name: "r", Title: "r", Labels: map[string]string{}, ReviewEvery: 180 * day}, d.Common)
	require.Equal(t, &policy.Retention{Name: "r", Signal: policy.SignalAudit, Keep: 365 * day, Min: 90 * day, Reason: "law"}, doc(t, "kind: Retention\nname: r\nsignal: audit\nkeep: 1y\nreason: law\n").Retention)
	require.Equal(t, &policy.Approval{
		Name: "a", When: policy.Condition{When: policy.AnyChange}, Approvals: 1, Expires: 14 * day, Emergency: policy.Emergency{Expires: day},
	}, doc(t, "kind: Approval\nname: a\n").Approval)
	require.Equal(t, day, doc(t, "kind: Approval\nname: a\nevidence: required\n").Approval.FreshFor)
	require.Equal(t, &policy.Privacy{Name: "p", Purpose: "x", K: 5}, doc(t, "kind: Privacy\nname: p\npurpose: x\nk: 5\n").Privacy)
	require.Equal(t, &policy.Board{Name: "b", Panels: []policy.Panel{{Text: "hi", Width: 1}}}, doc(t, "kind: Board\nname: b\npanels: [{text: hi}]\n").Board)
	require.Zero(t, doc(t, "kind: Route\nname: r\nreceiver: oncall\nreview_every: 0\n").ReviewEvery)
}

const day = 24 * time.Hour

// A route means in Alertmanager what Alertmanager's own reader makes of the same words.
func TestAlertmanagerRoute(t *testing.T) {
	docs := everyKind(t)
	routes := policy.Routes(docs)
	require.Len(t, routes, 1)
	got := routes[0].AlertmanagerRoute()
	cfg, err := amconfig.Load(`
route:
  receiver: oncall
  routes:
    - receiver: oncall
      matchers: ['agency="IRS"', 'severity=~"page|ticket"', 'kpi=~"efile-error-rate|efile-p95"']
      group_by: [kpi, service]
      group_wait: 30s
      group_interval: 5m
      repeat_interval: 4h
      active_time_intervals: [nights]
      mute_time_intervals: [holidays]
      continue: true
receivers: [{name: oncall}]
time_intervals: [{name: nights, time_intervals: []}, {name: holidays, time_intervals: []}]
`)
	require.NoError(t, err)
	want := cfg.Route.Routes[0]
	sorted := func(r *amconfig.Route) []string {
		var out []string
		for _, m := range r.Matchers {
			out = append(out, m.String())
		}
		slices.Sort(out)
		return out
	}
	require.Equal(t, sorted(want), sorted(got))
	got.Matchers, want.Matchers = nil, nil
	require.Equal(t, want, got)

	each := doc(t, "kind: Route\nname: r\nreceiver: x\ngroup_by: ['...']\nkpis: [a.b]\n").Route.AlertmanagerRoute()
	require.True(t, each.GroupByAll)
	require.Empty(t, each.GroupBy)
	require.Equal(t, `kpi="a.b"`, each.Matchers[0].String())
	require.Nil(t, each.GroupWait)
	tree := dispatch.NewRoute(&amconfig.Route{Receiver: "root", GroupWait: got.GroupWait, Routes: []*amconfig.Route{routes[0].AlertmanagerRoute()}}, nil)
	require.Len(t, tree.Match(model.LabelSet{"agency": "IRS", "severity": "page", "kpi": "efile-p95"}), 1)
	require.Equal(t, "oncall", tree.Match(model.LabelSet{"agency": "IRS", "severity": "page", "kpi": "efile-p95"})[0].RouteOpts.Receiver)
	require.Equal(t, "root", tree.Match(model.LabelSet{"agency": "IRS", "severity": "page", "kpi": "efile-p95x"})[0].RouteOpts.Receiver)
}

func TestRoutesAreTriedInOrder(t *testing.T) {
	docs, findings := policy.Read("f", []byte("kind: Route\nname: b\nreceiver: x\n---\nkind: Route\nname: c\nreceiver: x\norder: 1\n---\nkind: Route\nname: a\nreceiver: x\n"), policy.Limits{})
	require.Empty(t, findings)
	var names []string
	for _, r := range policy.Routes(docs) {
		names = append(names, r.Name)
	}
	require.Equal(t, []string{"c", "a", "b"}, names)
}

func TestKeepFor(t *testing.T) {
	docs, findings := policy.Read("f", []byte("kind: Retention\nname: a\nsignal: logs\nclass: personal\nmatch: ['service=\"portal\"']\nkeep: 7d\nreason: x\n---\nkind: Retention\nname: b\nsignal: logs\nkeep: 30d\nreason: x\n"), policy.Limits{})
	require.Empty(t, findings)
	for _, c := range []struct {
		signal policy.Signal
		class  string
		keep   time.Duration
	}{{policy.SignalLogs, "", 30 * day}, {policy.SignalLogs, "personal", 7 * day}, {policy.SignalLogs, "other", 30 * day}, {policy.SignalSpans, "", 0}} {
		keep, ok := policy.KeepFor(policy.Retentions(docs), c.signal, c.class)
		require.Equal(t, c.keep, keep)
		require.Equal(t, c.keep != 0, ok)
	}
	classes := policy.Classes(policy.Retentions(docs), policy.SignalLogs)
	require.Len(t, classes, 1)
	require.Equal(t, `service="portal"`, classes[0].Match[0].String())
	require.Empty(t, policy.Classes(policy.Retentions(docs), policy.SignalSpans))
	docs, _ = policy.Read("f", []byte(minimal+"window: 10d\n---\nkind: Retention\nname: a\nsignal: metrics\nclass: personal\nkeep: 7d\nreason: x\n"), policy.Limits{})
	require.Len(t, docs, 2)
	require.Empty(t, policy.Cross(docs), "a class may be kept for less than KPIs look back; they see the rest")
}

// A KPI that is pushed, or that another job feeds, does not mind how often a job is scraped.
func TestSamplingMindsItsOwnJob(t *testing.T) {
	const sampling = "---\nkind: Sampling\nname: s\nscrape: {job: efile, interval: 5m}\n"
	for indicator, findings := range map[string]int{"{rate: 'a_total{job=\"efile\"}'}": 1, "{rate: 'a_total{job=~\"e.*\"}'}": 1, "{rate: 'a_total{job=\"other\"}'}": 0, "{rate: a_total}": 0, "{rate: 'a_total{job=\"efile\"}'}\ninterval: 1m": 0, "{rate: 'a_total{job=\"efile\"}'}\nperiod: 5m": 0} {
		docs, _ := policy.Read("f", []byte("kind: KPI\nname: k\nowner: o\nthresholds: {red: '< 1'}\nindicator: "+indicator+"\n"+sampling), policy.Limits{})
		require.Len(t, docs, 2)
		require.Len(t, policy.Cross(docs), findings, indicator)
	}
}

// A value that a reader chooses stays a value, whatever letters it has.
func TestBoardQuery(t *testing.T) {
	b := doc(t, `
kind: Board
name: b
variables: [{name: agency, values: [IRS, SSA, 'a.b"} or vector(1) #'], default: IRS}, {name: svc, label: service}]
panels:
  - promql:
      - expr: sum(a{agency="$agency"}) / sum(b{agency!="$agency",x="y.z"})
      - expr: sum(a{agency=~"$agency|x.*",service="${svc}-v1"})
      - expr: sum(a{code=~"5..$"})
      - expr: sum(a{service="a.b-$svc"})
`).Board
	q := b.Panels[0].Queries
	query := func(i int, chosen map[string]string) string {
		got, err := b.Query(q[i], chosen)
		require.NoError(t, err)
		return got
	}
	require.Equal(t, `sum(a{agency="IRS"}) / sum(b{agency!="IRS",x="y.z"})`, query(0, nil))
	require.Equal(t, `sum(a{agency="SSA"}) / sum(b{agency!="SSA",x="y.z"})`, query(0, map[string]string{"agency": "SSA"}))
	require.Equal(t, `sum(a{agency="a.b\"} or vector(1) #"}) / sum(b{agency!="a.b\"} or vector(1) #",x="y.z"})`, query(0, map[string]string{"agency": `a.b"} or vector(1) #`}))
	require.Equal(t, `sum(a{agency=~"(?:IRS|SSA|a\\.b\"\\} or vector\\(1\\) #)"}) / sum(b{agency!~"(?:IRS|SSA|a\\.b\"\\} or vector\\(1\\) #)",x="y.z"})`, query(0, map[string]string{"agency": ""}))
	require.Equal(t, `sum(a{agency=~"IRS|x.*",service=~".*-v1"})`, query(1, nil), "a variable without a choice is all its values")
	require.Equal(t, `sum(a{agency=~"a\\.b\"\\} or vector\\(1\\) #|x.*",service=".*-v1"})`, query(1, map[string]string{"agency": `a.b"} or vector(1) #`, "svc": ".*"}), "a value is no pattern")
	require.Equal(t, `sum(a{code=~"5..$"})`, query(2, nil))
	require.Equal(t, `sum(a{service=~"a\\.b-.*"})`, query(3, nil), "the letters around a variable stay letters")
	require.Equal(t, `sum(a{service="a.b-x.y"})`, query(3, map[string]string{"svc": "x.y"}))
	_, err := b.Query(q[0], map[string]string{"agency": "VA"})
	require.EqualError(t, err, `the variable "agency" of the board "b" has no value "VA"; want one of IRS, SSA, a.b"} or vector(1) #`)
	_, err = b.Query(q[0], map[string]string{"agencies": "IRS"})
	require.EqualError(t, err, `the board "b" has no variable "agencies"`)
	_, err = b.Query(policy.PanelQuery{Expr: `a{x="$gone"}`}, nil)
	require.EqualError(t, err, `the board "b" has no variable "gone"`)
	_, err = b.Query(policy.PanelQuery{Expr: `a{`}, nil)
	require.Equal(t, fault.Invalid, fault.KindOf(err))
}

func TestRef(t *testing.T) {
	for _, d := range everyKind(t) {
		ref, err := policy.ParseRef(d.Ref().String())
		require.NoError(t, err)
		require.Equal(t, d.Ref(), ref)
	}
	for _, bad := range []string{"", "KPI", "KPI/", "kpi/a", "KPI/A", "KPI/a/b"} {
		_, err := policy.ParseRef(bad)
		require.Error(t, err, bad)
	}
}

// Comments, the order of keys and of sets, and notation do not count; what counts does.
func TestHashOfEveryKind(t *testing.T) {
	for _, c := range [][2]string{
		{"kind: Route\nname: r\nreceiver: x\nkpis: [a, b]\ngroup_wait: 60s\nmatch: ['a=\"b\"', 'c=\"d\"']\n", "# x\nname: r\nkind: Route\nmatch: ['{c=\"d\", a=\"b\"}']\nkpis: [b, a]\ngroup_wait: 1m\nreceiver: 'x'\norder: 100\n"},
		{"kind: Retention\nname: r\nsignal: logs\nkeep: 7d\nreason: x\n", "kind: Retention\nname: r\nreason: x\nkeep: 1w\nsignal: logs\nmin: 1h\n"},
		{"kind: Sampling\nname: r\nlogs: {debug: 1%}\n", "kind: Sampling\nname: r\nlogs: {debug: 0.01}\ntitle: r\n"},
		{"kind: Maintenance\nname: m\nreason: x\nkpis: [k]\nfrom: 2026-04-14T22:00:00Z\nto: 2026-04-15T22:00:00Z\n", "kind: Maintenance\nname: m\nreason: x\nkpis: [k]\nfrom: 2026-04-14T18:00:00-04:00\nto: 2026-04-15T18:00:00-04:00\n"},
		{"kind: Approval\nname: a\n", "kind: Approval\nname: a\nwhen: any_change\napprovals: 1\nexpires: 2w\nevidence: optional\n"},
	} {
		require.Equal(t, doc(t, c[0]).Hash, doc(t, c[1]).Hash, c[1])
	}
	seen := map[string]policy.Ref{}
	for _, d := range everyKind(t) {
		require.Empty(t, seen[d.Hash])
		seen[d.Hash] = d.Ref()
		if d.KPI != nil {
			require.Equal(t, d.Hash, d.KPI.Hash)
		}
	}
	require.NotEqual(t, doc(t, minimal).Hash, doc(t, minimal+"regulated: true\n").Hash)
	require.NotEqual(t, doc(t, minimal).Hash, doc(t, minimal+"review_every: 90d\n").Hash)
	require.Equal(t, policy.Hash(doc(t, minimal).KPI), doc(t, minimal).Hash, "a KPI keeps the hash that it had")
	require.Equal(t, "c1d94e9ad73b", doc(t, minimal).Hash[:12], "and every ledger that was written with it")
}

// A document's text is its own bytes, comments and line ends included.
func TestText(t *testing.T) {
	src := "\ufeff# head\r\nkind: KPI\r\nname: a\r\nowner: o\r\nindicator: {rate: a_total}\r\nthresholds: {red: '< 1'}\r\n# tail\r\n---  # second\r\nkind: Route\r\nname: r\r\nreceiver: x"
	docs, findings := policy.Read("f", []byte(src), policy.Limits{})
	require.Empty(t, findings)
	require.Len(t, docs, 2)
	require.Equal(t, "\ufeff"+docs[0].Text+docs[1].Text, src)
	require.True(t, strings.HasPrefix(docs[1].Text, "---  # second\r\n"))
	require.Equal(t, 9, docs[1].Line)
}
