package policy_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/signalbox/signalbox/internal/kpi"
	"github.com/signalbox/signalbox/internal/policy"
	"github.com/signalbox/signalbox/internal/policy/carry"
)

// overRows are KPIs over rows, one of each kind.
var overRows = map[string]string{
	"ratio":       `{ratio: {bad: 'events{name="filing_rejected"}', total: 'events{name=~"filing_.*"}'}}`,
	"rate":        `{rate: 'logs{level="error",service="intake"}'}`,
	"mean":        `{mean: {of: 'events{name="survey"}', value: value}}`,
	"share_below": `{share_below: {of: 'spans{service="portal",kind="server"}', value: duration, below: 2s}}`,
	"quantile":    `{quantile: {of: 'spans{service="portal",kind="server"}', value: duration, q: 0.95}}`,
	"apdex":       `{apdex: {of: 'spans{service="portal",kind="server"}', value: duration, t: 500ms}}`,
	"unique":      `{unique: {of: 'events{name="login"}', value: user}}`,
	"freshness":   `{freshness: 'events{name="filing_accepted"}'}`,
	"pair":        `{pair: {first: 'events{name="filing_submitted"}', then: 'events{name="filing_accepted"}', on: business_id, within: 30s}}`,
	"sql":         `{sql: 'SELECT count(*) AS value FROM events WHERE time > $from AND time <= $to'}`,
}

func rowKPI(kind string) string {
	return "kind: KPI\nname: k\nowner: team\nindicator: " + overRows[kind] + "\nthresholds: {red: \"> 0.5\"}\n"
}

func TestEveryKindIsReadOverRows(t *testing.T) {
	units := map[string]string{"ratio": "percent", "rate": "per_second", "share_below": "percent", "quantile": "seconds", "apdex": "ratio", "unique": "count", "freshness": "seconds", "pair": "percent"}
	hashes := map[string]string{}
	for kind := range overRows {
		k := readOne(t, rowKPI(kind))
		require.Equal(t, kpi.Kind(kind), k.Indicator.Kind)
		require.Equal(t, units[kind], k.Unit, kind)
		require.Empty(t, hashes[k.Hash])
		hashes[k.Hash] = kind
		if kind != "sql" {
			require.NotEmpty(t, k.Indicator.Table(), kind)
			require.NotEmpty(t, k.Indicator.Selectors())
		}
		again := readOne(t, strings.Replace(rowKPI(kind), overRows[kind], carry.Indicator(k.Indicator), 1))
		require.Equal(t, k.Hash, again.Hash, "%s written anew: %s", kind, carry.Indicator(k.Indicator))
	}
	k := readOne(t, rowKPI("pair"))
	require.Equal(t, 30*time.Second, k.Indicator.Within)
	require.Equal(t, "business_id", k.Indicator.On)
}

func TestAChangeOfAPairIsSaid(t *testing.T) {
	was, is := doc(t, rowKPI("pair")), doc(t, strings.Replace(rowKPI("pair"), "30s", "1m", 1))
	c := policy.Change{Before: was, After: is}
	require.Equal(t, []string{"the second of a pair follows within 1\u2009min; before: 30\u2009s"}, c.Sentences())
	require.True(t, c.Judges())
}

func TestAStrangerAloneCanPage(t *testing.T) {
	mixed := strings.Replace(rowKPI("rate"), `level="error"`, `level="error",trust="public"`, 1) + "page: {runbook: 'https://runbooks.irs.example'}\n"
	docs, findings := policy.Read("a.yaml", []byte(mixed), policy.Limits{})
	require.Empty(t, findings)
	require.Contains(t, policy.Cross(docs)[0].String(), "a stranger who sends made-up events can page someone")
}
