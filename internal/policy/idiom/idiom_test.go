package idiom_test

import (
	"math/big"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/signalbox/signalbox/internal/policy/carry"
	"github.com/signalbox/signalbox/internal/policy/idiom"
)

// Each alerting expression with the indicator, window and comparison that say the same; "query" where none does.
func TestConditions(t *testing.T) {
	const e, all = `sum(rate(r_total{code="500"}[5m]))`, `sum(rate(r_total[5m]))`
	const ratio = `{ratio: {bad: 'r_total{code="500"}', total: 'r_total'}}`
	const good = `{ratio: {good: 'r_total{code="500"}', total: 'r_total'}}`
	for expr, want := range map[string]string{
		e + " / " + all + " > 0.03":                                                                  ratio + " 5m > 3%",
		"0.03 < " + e + " / " + all:                                                                  ratio + " 5m > 3%",
		"((" + e + ") / (" + all + ")) * 100 >= 2.5":                                                 ratio + " 5m >= 2.5%",
		"100 * " + e + " / " + all + " > 3":                                                          ratio + " 5m > 3%",
		e + " / on() " + all + " > 0.1":                                                              ratio + " 5m > 10%",
		e + " / " + all + " < 0.9":                                                                   good + " 5m < 90%",
		"1 - " + e + " / " + all + " > 0.001":                                                        good + " 5m < 99.9%",
		"(" + all + " - " + e + ") / " + all + " > 0.001":                                            good + " 5m < 99.9%",
		e + " / " + all + " > 1.5":                                                                   "query",
		e + " / " + strings.ReplaceAll(all, "5m", "1m") + " > 0.1":                                   "query", // two windows
		e + " / " + strings.ReplaceAll(all, "rate", "increase") + " > 0.1":                           "query", // a rate over an increase
		`sum by (a) (rate(x_total[5m])) / sum by (b) (rate(y_total[5m])) > 0.1`:                      "query",
		`sum by (a) (rate(x_total[5m])) / ignoring (a) sum by (a) (rate(y_total[5m])) > 0.1`:         "query",
		`sum by (a) (rate(x_total[5m])) / on (a) group_left () sum by (a) (rate(y_total[5m])) > 0.1`: "query",
		`sum(rate(x_total[5m] offset 1h)) / sum(rate(x_total[5m])) > 0.1`:                            "query",
		`sum(rate(x_total[5m] @ 100)) > 1`:                                                           "query",
		`sum without (a) (rate(x_total[5m])) > 1`:                                                    "query",
		`sum(irate(x_total[5m])) > 1`:                                                                "query",
		`avg(rate(x_total[5m])) > 1`:                                                                 "query",
		`sum by (le) (rate(x_total[5m])) > 1`:                                                        "query", // le cannot be a group
		`sum(rate(x_total[5m])) > 7`:                                                                 "{rate: 'x_total'} 5m > 7",
		`sum(increase(x_total[10m])) < 30`:                                                           "{rate: 'x_total'} 10m < 0.05",
		`-sum(rate(x_total[5m])) < -7`:                                                               "query",
		`sum(rate(x_total[5m])) * -1 < -7`:                                                           "{rate: 'x_total'} 5m > 7",
		`sum(rate(d_sum[5m])) / sum(rate(d_count[5m])) > 2`:                                          "{mean: {sum: 'd_sum', count: 'd_count'}} 5m > 2",
		`sum(rate(d_bucket{le="0.5",a="b"}[5m])) / sum(rate(d_count{a="b"}[5m])) < 0.9`:              `{share_below: {histogram: 'd{a="b"}', below: 0.5}} 5m < 90%`,
		`sum(rate(d_bucket{le="0.5"}[5m])) / sum(rate(d_bucket{le="+Inf"}[5m])) < 0.9`:               `{share_below: {histogram: 'd', below: 0.5}} 5m < 90%`,
		`sum(rate(d_bucket{le="0.5",a="b"}[5m])) / sum(rate(d_count[5m])) < 0.9`:                     `{ratio: {good: 'd_bucket{a="b",le="0.5"}', total: 'd_count'}} 5m < 90%`,
		`histogram_quantile(0.9, sum by (le) (rate(d_bucket[5m]))) > 2`:                              "{quantile: {histogram: 'd', q: 0.9}} 5m > 2",
		`histogram_quantile(0.9, sum(rate(d_seconds[5m]))) > 2`:                                      "{quantile: {histogram: 'd_seconds', q: 0.9}} 5m > 2",
		`histogram_quantile(0.9, sum(rate(d_bucket[5m]))) > 2`:                                       "query", // classic buckets without le
		`histogram_quantile(0.9, rate(d_bucket[5m])) > 2`:                                            "query",
		`histogram_quantile(1, sum by (le) (rate(d_bucket[5m]))) > 2`:                                "query",
		`histogram_quantile(0.9, sum by (le) (rate(d_bucket{le!="5"}[5m]))) > 2`:                     "query",
		`up == 0`:        "{availability: 'up'} 0s <= 0%",
		`up{a="b"} != 1`: `{availability: 'up{a="b"}'} 0s <= 0%`,
		`up < 1`:         "{availability: 'up'} 0s <= 0%",
		`up == 1`:        "query",
		`avg by (job) (avg_over_time(up[5m])) < 0.9`: "{availability: 'up'} 5m < 90%",
		`avg(up) < 0.5`:                         "{gauge: {of: 'up', over: last, across: avg}} 0s < 0.5",
		`max(max_over_time(depth[1h])) > 5 * 2`: "{gauge: {of: 'depth', over: max, across: max}} 1h > 10",
		`depth > 1`:                             "{gauge: {of: 'depth', over: last, across: max}} 0s > 1",
		`depth < 1`:                             "{gauge: {of: 'depth', over: last, across: min}} 0s < 1",
		`depth == 1`:                            "query",
		`count(depth) > 1`:                      "query",
	} {
		require.Equal(t, want, condition(t, expr), expr)
	}
}

func condition(t *testing.T, expr string) string {
	t.Helper()
	e, err := idiom.Parse(expr)
	require.NoError(t, err, expr)
	c, err := idiom.Split(e)
	require.NoError(t, err, expr)
	r, op, x, ok := c.Indicator()
	if !ok {
		return "query"
	}
	return carry.Indicator(r.Indicator) + " " + carry.Span(r.Window) + " " + string(op) + " " + idiom.Quantity(r.Indicator.Kind, x)
}

// What remains is asked as a query that always returns a value, one for each group.
func TestQueries(t *testing.T) {
	for expr, want := range map[string]string{
		`sum by (a) (x) / 2`:       "sum by (a) (x) / 2 | a",
		`count by (job) (up == 0)`: "sum by (job) (up == bool 0) | job",
		`a / b`:                    "max by (job, instance) (a / b) | job instance",
		`job:a:rate5m / 2`:         "max(job:a:rate5m / 2) | ",
		`sum by (le, a) (x)`:       "max by (a) (sum by (le, a) (x)) | a",
		`sum by (a) (x) / on (a) group_left (c) sum by (a) (y)`: "sum by (a) (x) / on (a) group_left (c) sum by (a) (y) | a c",
		`sum by (a, b) (x) / ignoring (b) sum by (a) (y)`:       "sum by (a, b) (x) / ignoring (b) sum by (a) (y) | a",
		`vector(1)`:            "vector(1) | ",
		`1 + 1`:                "1 + 1 | ",
		`sum(x > 5)`:           "! it filters with > inside",
		`sum(x) unless sum(y)`: `! it filters with "unless" inside`,
		`sum(x) + absent(y)`:   "! it holds absent",
		`x[5m]`:                "! it yields a range vector",
	} {
		e, err := idiom.Parse(expr)
		require.NoError(t, err, expr)
		q, err := idiom.AsQuery(e, true)
		if err != nil {
			rest, ok := strings.CutPrefix(want, "! ")
			require.True(t, ok, "%s: %v", expr, err)
			require.ErrorContains(t, err, rest, expr)
			continue
		}
		require.Equal(t, want, q.Text+" | "+strings.Join(q.By, " "), expr)
	}
}

func TestSplitRefuses(t *testing.T) {
	for expr, want := range map[string]string{
		`up`:               "compares nothing",
		`up + 1`:           "compares nothing at its end",
		`up == bool 0`:     "has bool",
		`a > 1 or b > 1`:   `with "or"`,
		`a > 1 unless b`:   `with "unless"`,
		`a > 1 and b > 1`:  "labels of its sides are not known",
		`sum(a) > 1 and b`: "something that is no comparison",
		`sum by (a) (x) > 1 and on (b) sum by (c) (y) > 1`: "over different labels",
	} {
		e, err := idiom.Parse(expr)
		require.NoError(t, err)
		_, err = idiom.Split(e)
		require.ErrorContains(t, err, want, expr)
	}
}

// Thresholds are exact decimals, also where float64 would not be: 1 - 0.999 is 0.001.
func TestDecimal(t *testing.T) {
	for text, want := range map[string]string{"1/1000": "0.001", "3/10": "0.3", "300": "300", "1/3": "0.3333333333333333", "-5/2": "-2.5", "1000000": "1000000"} {
		r, ok := new(big.Rat).SetString(text)
		require.True(t, ok)
		require.Equal(t, want, idiom.Decimal(r))
	}
	require.Nil(t, idiom.Exact(1e300))
}
