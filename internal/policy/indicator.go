package policy

import (
	"maps"
	"slices"
	"strings"

	"github.com/signalbox/signalbox/internal/kpi"
	"github.com/signalbox/signalbox/internal/policy/strict"
)

// share reports whether a kind's values lie between 0 and 1.
func share(k kpi.Kind) bool {
	return k == kpi.Ratio || k == kpi.ShareBelow || k == kpi.Availability || k == kpi.Apdex || k == kpi.Pair
}

// hasTotal reports whether a kind counts events, so that min_count means something.
func hasTotal(k kpi.Kind) bool {
	return share(k) || k == kpi.Mean || k == kpi.Quantile || k == kpi.Unique
}

func kinds() []string {
	return []string{"ratio", "rate", "mean", "share_below", "quantile", "apdex", "availability", "gauge", "freshness", "unique", "pair", "expr", "promql", "sql"}
}

func (r *reader) indicator(v *strict.Value) {
	if !v.Usable() {
		return
	}
	var found []string
	for _, name := range kinds() {
		if v.Has(name) {
			found = append(found, name)
		}
	}
	switch {
	case len(found) == 0 && !v.Has("inputs") && len(v.Keys) > 0:
		return // an unknown key, already reported with the nearest kind
	case len(found) == 0:
		r.Errorf(v, "names no kind; want exactly one of %s", strings.Join(kinds(), ", "))
		return
	case len(found) > 1:
		r.Errorf(v, "has the kinds %s; want exactly one", strings.Join(found, " and "))
		return
	}
	in := &r.k.Indicator
	in.Kind = kpi.Kind(found[0])
	at := v.Get(found[0])
	if v.Has("inputs") && in.Kind != kpi.Expr {
		r.Errorf(v.Key("inputs"), "has no effect with %s; inputs belong to expr", in.Kind)
	}
	if !at.Usable() {
		return
	}
	switch in.Kind {
	case kpi.Ratio:
		r.ratio(at)
	case kpi.Mean:
		if r.ofRows(at, "sum", "count") {
			return
		}
		in.Sum, in.Count = r.selector(at.Get("sum")), r.selector(at.Get("count"))
	case kpi.Rate, kpi.Availability, kpi.Freshness:
		in.Of = r.selector(at)
	case kpi.ShareBelow:
		in.Below = r.positive(at.Get("below"))
		if !r.ofRows(at, "histogram") {
			in.Histogram = r.histogram(at.Get("histogram"))
		}
	case kpi.Apdex:
		in.T = r.positive(at.Get("t"))
		if !r.ofRows(at, "histogram") {
			in.Histogram = r.histogram(at.Get("histogram"))
		}
	case kpi.Quantile:
		if !r.ofRows(at, "histogram") {
			in.Histogram = r.histogram(at.Get("histogram"))
		}
		if q := at.Get("q"); q.Usable() {
			x, n, err := strict.Quantity(q.Text)
			if err != nil || n != strict.Plain || x <= 0 || x >= 1 {
				r.Errorf(q, "%q: want a number above 0 and below 1, such as 0.95", q.Text)
			}
			in.Q = x
		}
	case kpi.Unique:
		r.of(at)
	case kpi.Pair:
		r.pair(at)
	case kpi.SQL:
		in.SQL = r.sql(at)
	case kpi.Gauge:
		in.Of, in.Over, in.Across = r.selector(at.Get("of")), r.text(at.Get("over")), r.text(at.Get("across"))
	case kpi.Expr:
		r.expr(v, at)
	case kpi.PromQL:
		in.PromQL = r.promql(at)
	}
}

func (r *reader) ratio(at *strict.Value) {
	in := &r.k.Indicator
	good, bad := at.Has("good"), at.Has("bad")
	if good && bad {
		r.Errorf(at, "has both good and bad; want one of them, the other follows from total")
	}
	if !good && !bad {
		r.Errorf(at, "has neither good nor bad; want one of them beside total")
	}
	in.Good, in.Bad, in.Total = r.selector(at.Get("good")), r.selector(at.Get("bad")), r.selector(at.Get("total"))
}

// positive reads a bound of a histogram or a field: a number above 0 in base units.
func (r *reader) positive(v *strict.Value) float64 {
	if !v.Usable() {
		return 0
	}
	x, n, err := strict.Quantity(v.Text)
	switch {
	case err != nil:
		r.Errorf(v, "%v", err)
	case n == strict.Percent:
		r.Errorf(v, "%q: a bound is a quantity, not a percentage; want a value such as 2s, 5MB or 100", v.Text)
	case x <= 0:
		r.Errorf(v, "%q: want a value above 0, such as 2s", v.Text)
	}
	return x
}

// inputs returns the variables of an expr in order.
func inputs(k *kpi.KPI) []string { return slices.Sorted(maps.Keys(k.Indicator.Inputs)) }
