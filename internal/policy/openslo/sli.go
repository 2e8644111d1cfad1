package openslo

import (
	"fmt"
	"math/big"
	"slices"
	"strings"
	"time"

	"github.com/prometheus/prometheus/promql/parser"

	"github.com/signalbox/signalbox/internal/kpi"
	"github.com/signalbox/signalbox/internal/policy/carry"
	"github.com/signalbox/signalbox/internal/policy/idiom"
	"github.com/signalbox/signalbox/internal/policy/strict"
)

// measure is what an SLI became.
type measure struct {
	indicator kpi.Indicator
	by        []string
	window    time.Duration // 0 = the period
	share     bool          // its value is a share of good or of bad events
	bad       bool          // the share is of bad ones
	query     *strict.Value // of a threshold metric, whose objective says what is good
}

// oneRat is 1.
func oneRat() *big.Rat { return big.NewRat(1, 1) }

// sli reads an SLI's spec, or says why it cannot be asked here.
func (im *importer) sli(o *object) (measure, string) {
	what := carry.Clip(strings.TrimSpace("SLI " + o.name))
	if m := o.spec.Get("thresholdMetric"); m != nil {
		_, at, why := im.query(m)
		return measure{query: at}, prefixed(what, why)
	}
	m := o.spec.Get("ratioMetric")
	if m == nil {
		return measure{}, what + " has neither thresholdMetric nor ratioMetric"
	}
	counter := im.Text(m, "counter")
	if raw := m.Get("raw"); raw != nil {
		out, why := im.raw(m, raw)
		return out, prefixed(what, why)
	}
	good, bad, total := m.Get("good"), m.Get("bad"), m.Get("total")
	part := good
	if good == nil {
		part = bad
	} else if bad != nil {
		im.Changed(bad, "bad: "+carry.Brief(bad), "good stands beside it, and what is bad follows from good and total")
	}
	if part == nil || total == nil {
		return measure{}, what + " lacks good or bad, or total"
	}
	if at := m.Get("counter"); at != nil && counter != "true" && counter != "false" {
		return measure{}, fmt.Sprintf("%s: its counter is %q; want true or false", what, carry.Clip(counter))
	}
	out, why := im.ratio(part, total, good == nil, m.Get("counter"))
	return out, prefixed(what, why)
}

func prefixed(what, why string) string {
	if why == "" {
		return ""
	}
	return what + ": " + why
}

// query reads the query of one metric, and whether we can ask it.
func (im *importer) query(m *strict.Value) (parser.Expr, *strict.Value, string) {
	source := first(m, "metricSource", "dataSourceSpec", "source")
	if source == nil {
		source = m
	}
	kind := textAt(source, "type")
	for _, ref := range []*strict.Value{source.Get("metricSourceRef"), m.Get("dataSourceRef"), source.Get("dataSourceRef")} {
		if ref == nil {
			continue
		}
		name := strings.TrimSpace(ref.Text)
		if o := im.index[kindSource+"/"+name]; o != nil && kind == "" {
			kind = textAt(o.spec, "type")
		}
		im.Changed(ref, "data source "+name, "the query is asked of Signalbox's own store")
	}
	im.Text(source, "type")
	if kind != "" && !slices.Contains(promTypes(), strings.NewReplacer("-", "", "_", "", " ", "").Replace(strings.ToLower(kind))) {
		return nil, nil, fmt.Sprintf("its query is for %s, and Signalbox asks PromQL of its own store", carry.Clip(kind))
	}
	spec := first(source, "spec")
	if spec == nil {
		spec = first(m, "spec")
	}
	if spec == nil {
		spec = source
	}
	at := first(spec, "query", "promql", "expr")
	if at == nil || at.Form != strict.Scalar {
		return nil, nil, "it has no query in spec.query"
	}
	if kind == "" && !im.trusted {
		im.Note(at, carry.Changed, "type", "no type of data source is stated, so the query is taken for PromQL")
	}
	e, err := idiom.Parse(at.Text)
	if err != nil {
		return nil, nil, "its query is no PromQL that can be read: " + carry.Clip(err.Error())
	}
	im.Take(at)
	return e, at, ""
}

// promTypes are the types of data sources that are asked in PromQL.
func promTypes() []string {
	return []string{"prometheus", "promql", "thanos", "mimir", "grafanamimir", "cortex", "victoriametrics", "amazonprometheus", "amazonmanagedprometheus", "googlemanagedprometheus"}
}

// ratio reads good or bad events over all.
func (im *importer) ratio(part, total *strict.Value, bad bool, counterAt *strict.Value) (measure, string) {
	counter := counterAt != nil && counterAt.Text == "true"
	p, atPart, why := im.query(part)
	if why != "" {
		return measure{}, why
	}
	t, atTotal, why := im.query(total)
	if why != "" {
		return measure{}, why
	}
	quotient := func(p, t string) (parser.Expr, error) { return idiom.Parse("(" + p + ") / (" + t + ")") }
	rp, rawPart := counted(p, counter)
	rt, rawTotal := counted(t, counter)
	if e, err := quotient(rp, rt); err == nil && rawPart == rawTotal {
		if r, ok := idiom.Recognise(e); ok && idiom.IsShare(r.Indicator.Kind) {
			if out, ok := sided(r, bad); ok {
				for _, at := range []*strict.Value{atPart, atTotal} {
					for _, difference := range r.Differences {
						if !rawPart || difference != idiom.NoExtrapolation {
							im.differs(at, difference)
						}
					}
					if !rawPart {
						im.differs(at, unusedRange(r.Window))
					}
				}
				if counterAt != nil && !rawPart {
					im.Imported(counterAt, "counter: "+counterAt.Text, "its queries tell the increases themselves")
				}
				out.window = 0
				return out, ""
			}
		}
	}
	if counter && (rawPart || rawTotal || !hasRange(p) || !hasRange(t)) {
		return measure{}, "counter is true, and its queries are no sums of one counter each, so that their increases cannot be told; write them with increase(...[5m])"
	}
	e, err := quotient(p.String(), t.String())
	if err != nil {
		return measure{}, carry.Clip(err.Error())
	}
	if counterAt != nil {
		im.Imported(counterAt, "counter: "+counterAt.Text, "the queries are asked as they are")
	}
	return im.asked(e, bad, atPart, atTotal)
}

// differs reports in what a query and its indicator are not the same, unless we made the query from the indicator.
func (im *importer) differs(at *strict.Value, difference string) {
	if !im.trusted {
		im.Changed(at, "query: "+at.Text, "%s", difference)
	}
}

func unusedRange(window time.Duration) string {
	return "its range " + carry.Span(window) + " is not used: the objective counts the events of each period once"
}

// counted writes a counter as the sum of its increases: SELECTOR and sum(SELECTOR) of an SLI whose counter is true.
func counted(e parser.Expr, counter bool) (text string, raw bool) {
	if !counter {
		return e.String(), false
	}
	if s, ok := idiom.Plain(e); ok {
		return "sum(increase(" + s.Text + "[1m]))", true
	}
	if agg, ok := e.(*parser.AggregateExpr); ok && agg.Op == parser.SUM && !agg.Without {
		if s, ok := idiom.Plain(agg.Expr); ok {
			return "sum by (" + strings.Join(agg.Grouping, ", ") + ") (increase(" + s.Text + "[1m]))", true
		}
	}
	return e.String(), false
}

func hasRange(e parser.Expr) bool {
	found := false
	parser.Inspect(e, func(n parser.Node, _ []parser.Node) error {
		if _, ok := n.(*parser.MatrixSelector); ok {
			found = true
		}
		return nil
	})
	return found
}

// sided turns a recognised share into one of good or bad events, as the SLI says.
func sided(r idiom.Reading, bad bool) (measure, bool) {
	minus := new(big.Rat).Neg(oneRat())
	switch {
	case r.Scale.Cmp(oneRat()) == 0 && r.Offset.Sign() == 0:
	case r.Scale.Cmp(minus) == 0 && r.Offset.Cmp(oneRat()) == 0:
		bad = !bad
	default:
		return measure{}, false
	}
	if bad && r.Indicator.Kind != kpi.Ratio {
		return measure{}, false
	}
	r.Turn(bad)
	return measure{indicator: r.Indicator, by: r.By, window: r.Window, share: true, bad: bad}, true
}

// raw reads a query that is the ratio itself.
func (im *importer) raw(m, raw *strict.Value) (measure, string) {
	kind := im.Text(m, "rawType")
	if kind != "success" && kind != "failure" {
		return measure{}, fmt.Sprintf("its rawType is %q; want success or failure", carry.Clip(kind))
	}
	e, at, why := im.query(raw)
	if why != "" {
		return measure{}, why
	}
	if r, ok := idiom.Recognise(e); ok && idiom.IsShare(r.Indicator.Kind) {
		if out, ok := sided(r, kind == "failure"); ok {
			for _, difference := range r.Differences {
				im.differs(at, difference)
			}
			if out.indicator.Kind != kpi.Availability {
				im.differs(at, unusedRange(r.Window))
				out.window = 0
			}
			return out, ""
		}
	}
	return im.asked(e, kind == "failure", at)
}

// asked makes a share that is asked as a query.
func (im *importer) asked(e parser.Expr, bad bool, at ...*strict.Value) (measure, string) {
	q, err := idiom.AsQuery(e, bad)
	if err != nil {
		return measure{}, err.Error()
	}
	for _, v := range at {
		for _, difference := range q.Differences {
			im.Changed(v, "query: "+v.Text, "%s", difference)
		}
		im.Changed(v, "query: "+v.Text, "no other indicator says exactly this, so the share is asked as a query once a period, and the objective counts datapoints (timeslices) in the place of events")
	}
	return measure{indicator: kpi.Indicator{Kind: kpi.PromQL, PromQL: q.Text}, by: q.By, share: true, bad: bad}, ""
}
