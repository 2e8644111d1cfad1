package idiom

import (
	"math/big"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql/parser"

	"github.com/signalbox/signalbox/internal/kpi"
)

// ratio reads a quotient of two counters: a share, a share below a bucket's edge, or a mean.
func ratio(e parser.Expr) (Reading, bool) {
	b, ok := e.(*parser.BinaryExpr)
	if !ok || b.Op != parser.DIV {
		return Reading{}, false
	}
	whole, ok := asCounter(b.RHS)
	if !ok || !joined(b.VectorMatching, whole.by) {
		return Reading{}, false
	}
	// (total - good) / total is 1 - good / total.
	if sub, ok := bare(b.LHS).(*parser.BinaryExpr); ok && sub.Op == parser.SUB && joined(sub.VectorMatching, whole.by) {
		all, okAll := asCounter(sub.LHS)
		good, okGood := asCounter(sub.RHS)
		if !okAll || !okGood || !same(all, whole) || all.sel.String() != whole.sel.String() {
			return Reading{}, false
		}
		r, ok := quotient(good, whole)
		if !ok || !IsShare(r.Indicator.Kind) {
			return Reading{}, false
		}
		r.Scale, r.Offset = big.NewRat(-1, 1), one()
		return r, true
	}
	part, ok := asCounter(b.LHS)
	if !ok {
		return Reading{}, false
	}
	return quotient(part, whole)
}

func same(a, b counter) bool {
	return a.window == b.window && a.increase == b.increase && slices.Equal(a.by, b.by)
}

func quotient(part, whole counter) (Reading, bool) {
	if !same(part, whole) || reserved(whole.by) {
		return Reading{}, false
	}
	if r, ok := shareBelow(part, whole); ok {
		return r, true
	}
	if base, ok := trimmed(part.sel.Name, "_sum"); ok && whole.sel.Name == base+"_count" && slices.Equal(matcherTexts(part.sel, ""), matcherTexts(whole.sel, "")) {
		in := kpi.Indicator{Kind: kpi.Mean, Sum: selector(part.sel), Count: selector(whole.sel)}
		return reading(in, whole.by, whole.window, NoExtrapolation), true
	}
	in := kpi.Indicator{Kind: kpi.Ratio, Good: selector(part.sel), Total: selector(whole.sel)}
	r := reading(in, whole.by, whole.window, NoExtrapolation)
	if d := differ(part.sel, whole.sel); d != "" {
		r.Differences = append(r.Differences, d)
	}
	return r, true
}

// shareBelow reads the bucket of one edge over the count of the same histogram.
func shareBelow(part, whole counter) (Reading, bool) {
	base, ok := trimmed(part.sel.Name, "_bucket")
	if !ok || !slices.Equal(matcherTexts(part.sel, "le"), matcherTexts(whole.sel, "le")) {
		return Reading{}, false
	}
	edge, okEdge := bucketEdge(part.sel)
	if !okEdge || !(edge > 0) {
		return Reading{}, false
	}
	switch whole.sel.Name {
	case base + "_count":
		if len(matcherTexts(whole.sel, "le")) != len(matcherTexts(whole.sel, "")) {
			return Reading{}, false
		}
	case base + "_bucket":
		if text, ok := bucketText(whole.sel); !ok || text != "+Inf" {
			return Reading{}, false
		}
	default:
		return Reading{}, false
	}
	in := kpi.Indicator{Kind: kpi.ShareBelow, Histogram: selector(renamed(part.sel, base, "le")), Below: edge}
	return reading(in, whole.by, whole.window, NoExtrapolation), true
}

func bucketText(s *parser.VectorSelector) (string, bool) {
	text, n := "", 0
	for _, m := range s.LabelMatchers {
		if m.Name == "le" {
			n++
			if m.Type != labels.MatchEqual {
				return "", false
			}
			text = m.Value
		}
	}
	return text, n == 1
}

func bucketEdge(s *parser.VectorSelector) (float64, bool) {
	text, ok := bucketText(s)
	if !ok {
		return 0, false
	}
	v, err := strconv.ParseFloat(text, 64)
	return v, err == nil && Exact(v) != nil
}

// quantile reads histogram_quantile over a sum of rates, of classic buckets by le or of native histograms.
func quantile(e parser.Expr) (Reading, bool) {
	call, ok := e.(*parser.Call)
	if !ok || call.Func.Name != "histogram_quantile" || len(call.Args) != 2 {
		return Reading{}, false
	}
	q := Number(call.Args[0])
	if q == nil || q.Sign() <= 0 || q.Cmp(one()) >= 0 {
		return Reading{}, false
	}
	c, ok := asCounter(call.Args[1])
	if !ok || slices.ContainsFunc(c.sel.LabelMatchers, func(m *labels.Matcher) bool { return m.Name == "le" || m.Name == "quantile" }) {
		return Reading{}, false
	}
	base, classic := trimmed(c.sel.Name, "_bucket")
	if classic != slices.Contains(c.by, "le") || c.sel.Name == "" {
		return Reading{}, false
	}
	if !classic {
		base = c.sel.Name
	}
	by := slices.DeleteFunc(c.by, func(l string) bool { return l == "le" })
	if reserved(by) {
		return Reading{}, false
	}
	f, _ := q.Float64()
	in := kpi.Indicator{Kind: kpi.Quantile, Histogram: selector(renamed(c.sel, base, "")), Q: f}
	r := reading(in, by, c.window, "a quantile beyond the last finite bucket edge is missing here when its bounds lie in two bands; PromQL returns that edge")
	if strings.HasSuffix(base, "_count") || strings.HasSuffix(base, "_sum") {
		return Reading{}, false
	}
	return r, true
}

// rate reads sum(rate(...)) and sum(increase(...)); an increase is a rate times its window.
func rate(e parser.Expr) (Reading, bool) {
	c, ok := asCounter(e)
	if !ok || reserved(c.by) {
		return Reading{}, false
	}
	r := reading(kpi.Indicator{Kind: kpi.Rate, Of: selector(c.sel)}, c.by, c.window, NoExtrapolation)
	if c.increase {
		r.Scale = seconds(c.window)
	}
	return r, true
}

func seconds(d time.Duration) *big.Rat { return big.NewRat(d.Milliseconds(), 1000) }

// updown are the metrics whose samples say whether something could be reached.
var updown = []string{"up", "probe_success"}

// availability reads the share of samples with the value 1: avg_over_time of up, averaged over series.
func availability(e parser.Expr) (Reading, bool) {
	agg, ok := e.(*parser.AggregateExpr)
	if !ok || agg.Op != parser.AVG || agg.Without || agg.Param != nil || reserved(agg.Grouping) {
		return Reading{}, false
	}
	call, ok := bare(agg.Expr).(*parser.Call)
	if !ok || call.Func.Name != "avg_over_time" || len(call.Args) != 1 {
		return Reading{}, false
	}
	sel, w, ok := matrix(call.Args[0])
	if !ok || !slices.Contains(updown, sel.Name) {
		return Reading{}, false
	}
	in := kpi.Indicator{Kind: kpi.Availability, Of: selector(sel)}
	return reading(in, slices.Sorted(slices.Values(agg.Grouping)), w, "here all samples of a group count alike; PromQL averages the averages of its series, which is the same as long as all are scraped equally often"), true
}

// gauge reads a selector, or one of the *_over_time functions over it, aggregated or for each series.
func gauge(e parser.Expr) (Reading, bool) {
	across, by := "", []string(nil)
	agg, ok := e.(*parser.AggregateExpr)
	if ok {
		across = map[parser.ItemType]string{parser.SUM: "sum", parser.AVG: "avg", parser.MIN: "min", parser.MAX: "max"}[agg.Op]
		if across == "" || agg.Without || agg.Param != nil || reserved(agg.Grouping) {
			return Reading{}, false
		}
		e, by = bare(agg.Expr), slices.Sorted(slices.Values(agg.Grouping))
	}
	over, window := "last", time.Duration(0)
	sel, isSelector := plain(e)
	if call, isCall := e.(*parser.Call); isCall && len(call.Args) == 1 {
		over = map[string]string{"last_over_time": "last", "avg_over_time": "avg", "min_over_time": "min", "max_over_time": "max"}[call.Func.Name]
		if over == "" {
			return Reading{}, false
		}
		sel, window, isSelector = matrix(call.Args[0])
	}
	if !isSelector || sel.Name == "" || strings.HasPrefix(sel.Name, "ALERTS") {
		return Reading{}, false
	}
	in := kpi.Indicator{Kind: kpi.Gauge, Of: selector(sel), Over: over, Across: across}
	r := reading(in, by, window)
	if window == 0 {
		r.Differences = append(r.Differences, NoLookBack)
	}
	if across == "" {
		r.EachSeries, r.By = true, targetLabels(sel.Name)
	}
	return r, true
}

// targetLabels are the labels that every series of a metric has: those of its target. Recorded series, with a colon in
// their name, have no target.
func targetLabels(metric string) []string {
	if strings.Contains(metric, ":") {
		return nil
	}
	return []string{"job", "instance"}
}

// reserved reports whether a KPI cannot be by one of the labels.
func reserved(by []string) bool { return slices.ContainsFunc(by, Reserved) }

// Reserved reports whether a label cannot be a group's.
func Reserved(l string) bool {
	return slices.Contains([]string{"kpi", "alertname", "severity", "le", "quantile"}, l) || strings.HasPrefix(l, "__")
}

// IsShare reports whether the values of a kind lie between 0 and 1.
func IsShare(k kpi.Kind) bool {
	return k == kpi.Ratio || k == kpi.ShareBelow || k == kpi.Availability || k == kpi.Apdex || k == kpi.Pair
}
