package openslo

import (
	"crypto/sha256"
	"encoding/hex"
	"math"
	"strconv"
	"strings"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql/parser"

	"github.com/signalbox/signalbox/internal/kpi"
	"github.com/signalbox/signalbox/internal/policy/carry"
	"github.com/signalbox/signalbox/internal/policy/idiom"
)

// sliOut is an indicator in OpenSLO's terms: good or bad and total of a counter, a raw share, or a threshold metric.
type sliOut struct {
	good, bad, total string
	raw              string
	metric           string // of a threshold metric
	op, threshold    string // what is good, for the objective
}

// sli says an indicator in OpenSLO's terms.
func (e *exporter) sli() sliOut {
	k := e.k
	in := k.Indicator
	by := ""
	if len(k.By) > 0 {
		by = "by (" + strings.Join(k.By, ", ") + ") "
	}
	sum := func(text string) string { return "sum " + by + "(" + text + ")" }
	if by == "" {
		sum = func(text string) string { return "sum(" + text + ")" }
	}
	w := "[" + carry.Span(k.Window) + "]"
	number := func(v float64) string { return strconv.FormatFloat(v, 'g', -1, 64) }
	var s sliOut
	if in.Table() != "" || in.Kind == kpi.SQL {
		published := "signalbox_kpi_value{kpi=" + strconv.Quote(k.Name) + "}"
		e.say(carry.Changed, "indicator", "indicator", "it counts rows, so the query asks for its published value")
		if idiom.IsShare(in.Kind) {
			return sliOut{raw: published}
		}
		s.metric = published
		e.good(&s)
		return s
	}
	switch in.Kind {
	case kpi.Ratio:
		s.total = sum(in.Total.Text)
		if in.Good != nil {
			s.good = sum(in.Good.Text)
		} else {
			s.bad = sum(in.Bad.Text)
		}
		return s
	case kpi.ShareBelow:
		return sliOut{good: sum(bucket(in.Histogram, in.Below)), total: sum(suffixed(in.Histogram, "_count"))}
	case kpi.Apdex:
		inc := func(text string) string { return sum("rate(" + text + w + ")") }
		return sliOut{raw: "(" + inc(bucket(in.Histogram, in.T)) + " + " + inc(bucket(in.Histogram, 4*in.T)) + ") / 2 / " + inc(suffixed(in.Histogram, "_count"))}
	case kpi.Availability:
		return sliOut{raw: strings.Replace(sum("avg_over_time("+in.Of.Text+w+")"), "sum", "avg", 1)}
	case kpi.Rate:
		s.metric = sum("rate(" + in.Of.Text + w + ")")
	case kpi.Mean:
		s.metric = sum("rate("+in.Sum.Text+w+")") + " / " + sum("rate("+in.Count.Text+w+")")
	case kpi.Quantile:
		le := strings.Join(append([]string{"le"}, k.By...), ", ")
		s.metric = "histogram_quantile(" + number(in.Q) + ", sum by (" + le + ") (rate(" + suffixed(in.Histogram, "_bucket") + w + ")))"
	case kpi.Gauge:
		of := in.Of.Text
		if k.Window > k.Period || in.Over != "last" {
			of = in.Over + "_over_time(" + of + w + ")"
		}
		s.metric = strings.Replace(sum(of), "sum", in.Across, 1)
	case kpi.Freshness:
		s.metric = "time() - " + strings.Replace(sum("timestamp("+in.Of.Text+")"), "sum", "max", 1)
	case kpi.PromQL:
		s.metric = in.PromQL
	default:
		s.metric = "signalbox_kpi_value{kpi=" + strconv.Quote(k.Name) + "}"
		e.say(carry.Changed, "indicator", "indicator", "it is made from other KPIs, so the query asks for its published value")
	}
	e.good(&s)
	return s
}

// good says what op and value of a threshold metric call good: what does not breach red, or yellow where there is no red.
func (e *exporter) good(s *sliOut) {
	if e.k.Objective == nil {
		return
	}
	c := e.k.Thresholds.Red
	if c == nil {
		c = e.k.Thresholds.Yellow
	}
	edge, op := 0.0, kpi.AtLeast
	switch {
	case c == nil:
	case c.Op == kpi.OutsideOf:
		edge, op = c.B, kpi.AtMost
		e.say(carry.Lost, "thresholds", "the lower edge of "+c.Text, "an objective of OpenSLO has one comparison; the whole one travels in an annotation")
	default:
		edge, op = c.A, idiom.Negate(c.Op)
	}
	s.op = map[kpi.Op]string{kpi.AtMost: "lte", kpi.AtLeast: "gte", kpi.Below: "lt", kpi.Above: "gt"}[op]
	s.threshold = strconv.FormatFloat(edge, 'f', -1, 64)
}

func (s sliOut) write(e *exporter) {
	if s.metric != "" {
		e.line(1, "thresholdMetric", "")
		source(e, 2, s.metric)
		return
	}
	e.line(1, "ratioMetric", "")
	if s.raw != "" {
		e.line(2, "rawType", "success")
		e.line(2, "raw", "")
		source(e, 3, s.raw)
		return
	}
	e.line(2, "counter", "true")
	for _, side := range []carry.Field{{Key: "good", Value: s.good}, {Key: "bad", Value: s.bad}, {Key: "total", Value: s.total}} {
		if side.Value != "" {
			e.line(2, side.Key, "")
			source(e, 3, side.Value)
		}
	}
}

func source(e *exporter, indent int, query string) {
	e.line(indent, "metricSource", "")
	e.line(indent+1, "type", "Prometheus")
	e.line(indent+1, "spec", "")
	e.line(indent+2, "query", carry.Text(query))
}

// digest names the queries, so that an annotation beside them is believed only as long as they stand.
func (s sliOut) digest() string {
	return digestOf(s.good, s.bad, s.total, s.raw, s.metric)
}

func digestOf(queries ...string) string {
	sum := sha256.Sum256([]byte(strings.Join(queries, "\x00")))
	return hex.EncodeToString(sum[:12])
}

// comesBack reports whether reading the queries yields the indicator they were made from.
func (s sliOut) comesBack(k *kpi.KPI) bool {
	text := s.metric
	bad := false
	switch {
	case s.raw != "":
		text = s.raw
	case s.metric == "":
		bad = s.bad != ""
		p, errP := idiom.Parse(s.good + s.bad)
		t, errT := idiom.Parse(s.total)
		if errP != nil || errT != nil {
			return false
		}
		cp, rawP := counted(p, true)
		ct, rawT := counted(t, true)
		if !rawP || !rawT {
			return false
		}
		text = "(" + cp + ") / (" + ct + ")"
	}
	e, err := idiom.Parse(text)
	if err != nil {
		return false
	}
	r, ok := idiom.Recognise(e)
	if !ok || r.EachSeries || r.Scale.Cmp(oneRat()) != 0 || r.Offset.Sign() != 0 {
		return false
	}
	r.Turn(bad)
	return sameIndicator(r.Indicator, k.Indicator)
}

// sameIndicator compares what the indicators mean: kind, numbers, and matchers in any order.
func sameIndicator(a, b kpi.Indicator) bool {
	selector := func(x, y *kpi.Selector) bool {
		if x == nil || y == nil {
			return x == y
		}
		return idiom.SameMatchers(x, y)
	}
	return a.Kind == b.Kind && a.Below == b.Below && a.Q == b.Q && a.T == b.T && a.Over == b.Over && a.Across == b.Across && a.PromQL == b.PromQL &&
		selector(a.Good, b.Good) && selector(a.Bad, b.Bad) && selector(a.Total, b.Total) && selector(a.Of, b.Of) &&
		selector(a.Sum, b.Sum) && selector(a.Count, b.Count) && selector(a.Histogram, b.Histogram)
}

// suffixed writes a histogram's selector for one of its series.
func suffixed(s *kpi.Selector, suffix string) string {
	v := &parser.VectorSelector{Name: idiom.MetricName(s) + suffix}
	for _, m := range s.Matchers {
		if m.Name != model.MetricNameLabel {
			v.LabelMatchers = append(v.LabelMatchers, m)
		}
	}
	return v.String()
}

// bucket writes the selector of the bucket with an edge, as Prometheus writes edges.
func bucket(s *kpi.Selector, edge float64) string {
	text := strconv.FormatFloat(edge, 'g', -1, 64)
	if edge == math.Trunc(edge) && !strings.ContainsAny(text, "e.") {
		text += ".0"
	}
	v := *s
	v.Matchers = append(append([]*labels.Matcher{}, s.Matchers...), labels.MustNewMatcher(labels.MatchEqual, "le", text))
	return suffixed(&v, "_bucket")
}
