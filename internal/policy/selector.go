package policy

import (
	"errors"
	"slices"
	"strings"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql/parser"

	"github.com/signalbox/signalbox/internal/kpi"
	"github.com/signalbox/signalbox/internal/policy/strict"
)

// parse parses PromQL and reports a syntax error at its very character.
func (r *reader) parse(v *strict.Value, what string) parser.Expr {
	e, err := parser.NewParser(parser.Options{}).ParseExpr(v.Text)
	if err == nil {
		return e
	}
	var list parser.ParseErrors
	if errors.As(err, &list) && len(list) > 0 {
		r.ErrorAt(v, int(list[0].PositionRange.Start), "%s is no %s: %v", show(v.Text), what, list[0].Err)
	} else {
		r.Errorf(v, "%s is no %s: %v", show(v.Text), what, err)
	}
	return nil
}

// selector reads a PromQL vector selector, of series or of rows.
func (r *reader) selector(v *strict.Value) *kpi.Selector {
	if !v.Usable() {
		return nil
	}
	e := r.parse(v, "PromQL selector")
	if e == nil {
		return nil
	}
	s, ok := e.(*parser.VectorSelector)
	switch {
	case !ok:
		r.Errorf(v, "%s is a PromQL %s; want a vector selector alone, such as http_requests_total{job=\"efile\"}: rates and sums are the indicator's work", show(v.Text), exprWord(e))
		return nil
	case s.OriginalOffset != 0 || s.OriginalOffsetExpr != nil || s.Timestamp != nil || s.StartOrEnd != 0:
		r.Errorf(v, "%s: want a selector without offset and @; a KPI judges the present period", show(v.Text))
		return nil
	}
	return &kpi.Selector{Text: strings.TrimSpace(v.Text), Matchers: s.LabelMatchers}
}

// histogram reads a selector of a histogram by its base name.
func (r *reader) histogram(v *strict.Value) *kpi.Selector {
	s := r.selector(v)
	if s == nil {
		return nil
	}
	name := metricName(s)
	switch {
	case name == "":
		r.Errorf(v, "%s names no histogram; want its base name first, such as http_request_duration_seconds{job=\"efile\"}", show(v.Text))
	case strings.HasSuffix(name, "_bucket"):
		r.Errorf(v, "%s: want the base name %q; its buckets, and native histograms, are found by it", show(v.Text), strings.TrimSuffix(name, "_bucket"))
	case slices.ContainsFunc(s.Matchers, func(m *labels.Matcher) bool { return m.Name == "le" || m.Name == "quantile" }):
		r.Errorf(v, "%s: le and quantile cannot be matched; all buckets of a histogram are needed", show(v.Text))
	}
	return s
}

// metricName is the name that a selector fixes, or empty. A nil selector fixes none.
func metricName(s *kpi.Selector) string {
	if s == nil {
		return ""
	}
	for _, m := range s.Matchers {
		if m.Name == model.MetricNameLabel && m.Type == labels.MatchEqual {
			return m.Value
		}
	}
	return ""
}

func exprWord(e parser.Expr) string {
	switch e := e.(type) {
	case *parser.MatrixSelector:
		return "range selector"
	case *parser.Call:
		return "call of " + e.Func.Name
	case *parser.AggregateExpr:
		return e.Op.String()
	case *parser.BinaryExpr:
		return "operation " + e.Op.String()
	case *parser.NumberLiteral, *parser.StringLiteral:
		return "constant"
	case *parser.SubqueryExpr:
		return "subquery"
	default:
		return "expression"
	}
}

// scrapeIntervals compares the period with the intervals of the scrape jobs that the selectors ask for. A selector that
// names jobs is measured by the slowest of them; one that does not, by the fastest of all, as any of them may feed it.
func (r *reader) scrapeIntervals(root *strict.Value) {
	k := r.k
	if k.Interval != 0 || len(r.limits.Jobs) == 0 || k.Indicator.Table() != "" {
		return
	}
	at := root.Key("period")
	if !root.Has("period") {
		at = root.Key("indicator")
	}
	for _, s := range k.Indicator.Selectors() {
		job := slowest(s, r.limits.Jobs)
		switch {
		case job.Interval == 0:
		case k.Period < job.Interval:
			r.Errorf(at, "the period %s is shorter than the scrape interval %s of job %q; want at least %s, better %s", Span(k.Period), Span(job.Interval), job.Name, Span(job.Interval), Span(2*job.Interval))
			return
		case k.Period < 2*job.Interval:
			r.Warnf(at, "the period %s is shorter than twice the scrape interval %s of job %q; one late scrape leaves a period without a sample", Span(k.Period), Span(job.Interval), job.Name)
			return
		}
	}
}

// slowest returns the job that bounds a selector's period, or a Job without interval if none is known.
func slowest(s *kpi.Selector, jobs []Job) Job {
	var byJob []*labels.Matcher
	for _, m := range s.Matchers {
		if m.Name == "job" {
			byJob = append(byJob, m)
		}
	}
	var out Job
	for _, j := range jobs {
		if slices.ContainsFunc(byJob, func(m *labels.Matcher) bool { return !m.Matches(j.Name) }) {
			continue
		}
		if out.Interval == 0 || (len(byJob) > 0) == (j.Interval > out.Interval) {
			out = j
		}
	}
	return out
}
