package rules_test

import (
	"bufio"
	"context"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/alertmanager/alert"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/value"
	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/promql/promqltest"
	promrules "github.com/prometheus/prometheus/rules"
	"github.com/prometheus/prometheus/tsdb/chunkenc"
	"github.com/prometheus/prometheus/util/teststorage"
	"github.com/stretchr/testify/require"

	"github.com/signalbox/signalbox/internal/rules"
)

// room is a manager over a real store.
type room struct {
	t     *testing.T
	store *teststorage.TestStorage
	m     *rules.Manager

	mu   sync.Mutex
	sent [][]*alert.Alert
}

func newRoom(t *testing.T, store *teststorage.TestStorage) *room {
	r := &room{t: t, store: store}
	r.m = rules.New(rules.Options{
		Appendable: store,
		Queryable:  store,
		Engine:     promqltest.NewTestEngineWithOpts(t, promql.EngineOpts{MaxSamples: 10000, Timeout: time.Minute}),
		Notify: func(_ context.Context, as []*alert.Alert) error {
			r.mu.Lock()
			defer r.mu.Unlock()
			r.sent = append(r.sent, as)
			return nil
		},
	})
	return r
}

func (r *room) write(at time.Time, v float64, l ...string) {
	r.t.Helper()
	app := r.store.Appender(r.t.Context())
	_, err := app.Append(0, labels.FromStrings(l...), at.UnixMilli(), v)
	require.NoError(r.t, err)
	require.NoError(r.t, app.Commit())
}

// latest returns, by alertstate, whether the newest ALERTS sample up to at is live.
func (r *room) latest(at time.Time) map[string]bool {
	r.t.Helper()
	q, err := r.store.Querier(at.Add(-time.Hour).UnixMilli(), at.UnixMilli())
	require.NoError(r.t, err)
	defer func() { require.NoError(r.t, q.Close()) }()
	out := map[string]bool{}
	set := q.Select(r.t.Context(), false, nil, labels.MustNewMatcher(labels.MatchEqual, "__name__", "ALERTS"))
	for set.Next() {
		it := set.At().Iterator(nil)
		var last float64
		n := 0
		for it.Next() == chunkenc.ValFloat {
			_, last = it.At()
			n++
		}
		require.NoError(r.t, it.Err())
		if n > 0 && !value.IsStaleNaN(last) {
			out[set.At().Labels().Get("alertstate")] = true
		}
	}
	require.NoError(r.t, set.Err())
	return out
}

func file(t *testing.T, body string) string {
	t.Helper()
	f := filepath.Join(t.TempDir(), "rules.yaml")
	require.NoError(t, os.WriteFile(f, []byte(body), 0o600))
	return f
}

func minutes(n int) string {
	if n == 0 {
		return "0s"
	}
	return fmt.Sprintf("%dm", n)
}

// The states of an alert, evaluation by evaluation, as the vectors have them: in the rule, in ALERTS, in what is sent.
func TestAlertStates(t *testing.T) {
	f, err := os.Open("testdata/prometheus-alert-state.tsv")
	require.NoError(t, err)
	defer f.Close()
	n := 0
	for lines := bufio.NewScanner(f); lines.Scan(); {
		cols := strings.Split(lines.Text(), "\t")
		if strings.HasPrefix(cols[0], "#") || cols[0] == "id" {
			continue
		}
		require.GreaterOrEqual(t, len(cols), 5)
		n++
		t.Run(cols[0], func(t *testing.T) {
			hold, err := strconv.Atoi(cols[1])
			require.NoError(t, err)
			keep, err := strconv.Atoi(cols[2])
			require.NoError(t, err)
			exprs, states := strings.Fields(cols[3]), strings.Fields(cols[4])
			require.Equal(t, len(exprs), len(states))

			r := newRoom(t, teststorage.New(t))
			require.NoError(t, r.m.ApplyConfig(rules.Config{Files: []string{file(t, fmt.Sprintf(`
groups:
  - name: g
    interval: 1m
    rules:
      - alert: A
        expr: signal == 1
        for: %s
        keep_firing_for: %s
        labels: {severity: page}
        annotations: {summary: "is {{ $value }}"}
`, minutes(hold), minutes(keep)))}}))
			g := r.m.RuleGroups()[0]
			start := time.Unix(1_700_000_040, 0).UTC()
			g.RestoreForState(start) // nothing happened before
			for i, want := range states {
				at := start.Add(time.Duration(i) * time.Minute)
				v, err := strconv.ParseFloat(exprs[i], 64)
				require.NoError(t, err)
				r.write(at, v, "__name__", "signal", "service", "efile")
				r.sent = nil
				g.Eval(t.Context(), at)

				rule := g.Rules()[0].(*promrules.AlertingRule)
				require.Equal(t, map[string]promrules.AlertState{"I": promrules.StateInactive, "P": promrules.StatePending, "F": promrules.StateFiring}[want], rule.State(), "minute %d", i)
				alerts := r.latest(at)
				require.Equal(t, want == "P", alerts["pending"], "minute %d: ALERTS", i)
				require.Equal(t, want == "F", alerts["firing"], "minute %d: ALERTS", i)

				fired := i > 0 && states[i-1] == "F"
				switch {
				case want == "F" && !fired: // later it is sent again after the resend delay
					require.Len(t, r.sent, 1, "minute %d", i)
					a := r.sent[0][0]
					require.Equal(t, `{alertname="A", service="efile", severity="page"}`, a.Labels.String())
					require.EqualValues(t, "is 1", a.Annotations["summary"])
					require.True(t, a.EndsAt.After(at))
					require.Contains(t, a.GeneratorURL, "/explore/metrics?q=signal+%3D%3D+1")
				case want == "I" && fired:
					require.Len(t, r.sent, 1, "minute %d: resolved", i)
					require.Equal(t, at, r.sent[0][0].EndsAt)
				case want == "P":
					require.Empty(t, r.sent, "minute %d", i)
				}
			}
		})
	}
	require.Equal(t, 6, n)
}

const short = `
groups:
  - name: g
    interval: 1m
    rules:
      - alert: A
        expr: signal == 1
        for: 9m
`

// A `for` that is shorter than Prometheus' grace period of ten minutes survives a restart.
func TestForSurvivesRestart(t *testing.T) {
	store := teststorage.New(t)
	f := file(t, short)
	start := time.Unix(1_700_000_040, 0).UTC()
	minute := func(i int) time.Time { return start.Add(time.Duration(i) * time.Minute) }

	before := newRoom(t, store)
	require.NoError(t, before.m.ApplyConfig(rules.Config{}), "no files at first must not cost the states")
	require.NoError(t, before.m.ApplyConfig(rules.Config{Files: []string{f}}))
	before.m.RuleGroups()[0].RestoreForState(start)
	for i := range 9 {
		before.write(minute(i), 1, "__name__", "signal")
		before.m.RuleGroups()[0].Eval(t.Context(), minute(i))
	}
	require.Equal(t, promrules.StatePending, before.m.AlertingRules()[0].State())

	after := newRoom(t, store)
	require.NoError(t, after.m.ApplyConfig(rules.Config{}))
	require.NoError(t, after.m.ApplyConfig(rules.Config{Files: []string{f}}))
	g := after.m.RuleGroups()[0]
	fired := -1
	for i := 9; i < 20 && fired < 0; i++ {
		after.write(minute(i), 1, "__name__", "signal")
		g.Eval(t.Context(), minute(i))
		if i == 10 {
			g.RestoreForState(minute(i)) // the manager restores after the second evaluation
		}
		if after.m.AlertingRules()[0].State() == promrules.StateFiring {
			fired = i
		}
	}
	// Eight minutes pending before, two minutes without us, so the ninth minute is the eleventh. Forgotten, it were the 18th.
	require.Equal(t, 11, fired)
}

// Run evaluates on the clock, a reload keeps the state of what did not change, and the end is clean.
func TestRunAndReload(t *testing.T) {
	store := teststorage.New(t)
	f := file(t, strings.Replace(short, "9m", "2m", 1)+`
  - name: recorded
    interval: 1m
    rules: [{record: signal:double, expr: signal * 2, labels: {by: rule}}]
`)
	synctest.Test(t, func(t *testing.T) {
		r := newRoom(t, store)
		require.NoError(t, r.m.ApplyConfig(rules.Config{Files: []string{f}, ExternalLabels: labels.FromStrings("env", "prod")}))
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() { done <- r.m.Run(ctx) }()
		for i := range 6 {
			r.write(time.Now(), 1, "__name__", "signal")
			if i == 2 {
				require.NoError(t, r.m.ApplyConfig(rules.Config{Files: []string{f}, ExternalLabels: labels.FromStrings("env", "prod")}))
			}
			time.Sleep(time.Minute)
			synctest.Wait()
		}
		require.Equal(t, promrules.StateFiring, r.m.AlertingRules()[0].State())
		require.NotEmpty(t, r.sent)
		require.EqualValues(t, "prod", r.sent[0][0].Labels["env"])
		cancel()
		require.NoError(t, <-done)
		require.NoError(t, r.m.ApplyConfig(rules.Config{}), "a reload that comes too late does nothing")
	})
	q, err := store.Querier(math.MinInt64, math.MaxInt64)
	require.NoError(t, err)
	defer func() { require.NoError(t, q.Close()) }()
	set := q.Select(t.Context(), false, nil, labels.MustNewMatcher(labels.MatchEqual, "__name__", "signal:double"))
	require.True(t, set.Next())
	require.Equal(t, "rule", set.At().Labels().Get("by"))
	it := set.At().Iterator(nil)
	require.Equal(t, chunkenc.ValFloat, it.Next())
	_, v := it.At()
	require.EqualValues(t, 2, v)
}

// Every file is checked before anything changes.
func TestBadFilesChangeNothing(t *testing.T) {
	r := newRoom(t, teststorage.New(t))
	old, good := file(t, short), file(t, short)
	require.NoError(t, r.m.ApplyConfig(rules.Config{Files: []string{old}}))
	require.NoError(t, r.m.ApplyConfig(rules.Config{Files: []string{good}}), "a second one before the start waits for it")
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- r.m.Run(ctx) }()
	defer func() { cancel(); require.NoError(t, <-done) }()
	require.Eventually(t, func() bool { return r.m.RuleGroups()[0].File() == good }, time.Minute, time.Millisecond)
	for name, tc := range map[string]struct{ body, want string }{
		"expression":   {"groups:\n  - name: g\n    rules:\n      - alert: A\n        expr: sum(\n", `:5:15: group "g", rule 1, "A": could not parse expression: `},
		"unknown key":  {"groups:\n  - name: g\n    rules:\n      - alert: A\n        exprr: up\n        expr: up\n", `:5:1: unknown key "exprr"`},
		"both":         {"groups:\n  - name: g\n    rules:\n      - alert: A\n        record: b\n        expr: up\n", `:5:17: group "g", rule 1, "A": only one of 'record' and 'alert' must be set`},
		"repeated":     {"groups:\n  - name: g\n  - name: g\n", `:3:5: group "g" stands twice in this file`},
		"template":     {"groups:\n  - name: g\n    rules:\n      - alert: A\n        expr: up\n        annotations: {s: '{{ .Nope | nope }}'}\n", `:4:9: group "g", rule 1, "A": annotation "s": `},
		"label":        {"groups:\n  - name: g\n    rules:\n      - alert: A\n        expr: up\n        labels: {__name__: x}\n", `:4:9: group "g", rule 1, "A": invalid label name: __name__`},
		"duration":     {"groups:\n  - name: g\n    interval: soon\n", `not a valid duration string: "soon"`},
		"not yaml":     {"groups: [\n", `:1:1: did not find expected node content`},
		"for recorded": {"groups:\n  - name: g\n    rules:\n      - record: a\n        expr: up\n        for: 1m\n", `:4:17: group "g", rule 1, "a": invalid field 'for' in recording rule`},
	} {
		t.Run(name, func(t *testing.T) {
			bad := file(t, tc.body)
			err := r.m.ApplyConfig(rules.Config{Files: []string{good, bad}})
			require.ErrorContains(t, err, bad)
			require.ErrorContains(t, err, tc.want)
			require.Len(t, r.m.RuleGroups(), 1)
			require.Equal(t, good, r.m.RuleGroups()[0].File())
		})
	}
	require.ErrorContains(t, r.m.ApplyConfig(rules.Config{Files: []string{"/nowhere/rules.yaml"}}), `rule_files: the file "/nowhere/rules.yaml" does not exist`)
	require.ErrorContains(t, r.m.ApplyConfig(rules.Config{Files: []string{"[a"}}), `rule_files: "[a" is no file pattern`)
	require.Len(t, r.m.RuleGroups(), 1)

	require.NoError(t, r.m.ApplyConfig(rules.Config{Files: []string{"*.yml"}, BaseDir: t.TempDir()}), "a pattern may match later")
	require.Empty(t, r.m.RuleGroups())
}
