package policy

import (
	"slices"
	"strings"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"

	"github.com/signalbox/signalbox/internal/kpi"
	"github.com/signalbox/signalbox/internal/policy/strict"
)

// overRows are the kinds that rows can feed.
func overRows() []kpi.Kind {
	return []kpi.Kind{kpi.Ratio, kpi.Rate, kpi.Mean, kpi.ShareBelow, kpi.Quantile, kpi.Apdex, kpi.Unique, kpi.Freshness, kpi.Pair}
}

// maxWithin is the longest that the second half of a pair may take.
const maxWithin = 24 * time.Hour

// ofRows reports whether the kind's map states the form over rows, and reads its `of` and `value`; samples names the keys of
// the form over samples.
func (r *reader) ofRows(at *strict.Value, samples ...string) bool {
	rows := at.Has("of") || at.Has("value")
	var has []string
	for _, key := range samples {
		if at.Has(key) {
			has = append(has, key)
		}
	}
	switch {
	case rows && len(has) > 0:
		r.Errorf(at.Key(has[0]), "stands beside of and value; want %s for samples, or of and value for rows", strings.Join(samples, " and "))
		return true
	case !rows && len(has) == 0:
		r.Errorf(at, "has neither %s nor of; want %s for samples, or of and value for rows", strings.Join(samples, " and "), strings.Join(samples, " and "))
		return true
	case !rows:
		for _, key := range samples {
			r.wants(at, key)
		}
		return false
	}
	r.of(at)
	return true
}

// wants reports a key that one form of a map needs.
func (r *reader) wants(at *strict.Value, key string) {
	if !at.Has(key) {
		r.Errorf(at, "has no %s; the form it has needs one", key)
	}
}

// of reads the rows and the field that a kind looks at.
func (r *reader) of(at *strict.Value) {
	in := &r.k.Indicator
	in.Of, in.Value = r.selector(at.Get("of")), r.text(at.Get("value"))
	r.wants(at, "of")
	r.wants(at, "value")
	if in.Of == nil {
		return
	}
	if in.Of.Table() == "" {
		r.Errorf(at.Get("of"), "%s selects series; want rows, such as spans{service=\"portal\"}, because value is a field of rows", show(in.Of.Text))
		return
	}
	if v := at.Get("value"); v.Usable() {
		r.valueField(v)
	}
}

// valueField checks the field that a kind takes from rows.
func (r *reader) valueField(v *strict.Value) {
	in := &r.k.Indicator
	f, column := rowField(in.Value)
	table := in.Of.Table()
	switch {
	case column && !f.of(table):
		r.Errorf(v, "%s have no %s, which is a column of %s; want a field that they have", table, f.Name, strings.Join(f.Tables, " and "))
	case in.Kind == kpi.Unique && f.Numeric:
		r.Errorf(v, "%q is a number, and counting different numbers says little; want a field such as user, session or business_id", f.Name)
	case in.Kind != kpi.Unique && column && (!f.Numeric || f.Name == "time" || f.Name == "weight"):
		r.Errorf(v, "%q is no number that can be %s; want duration, value, or an attribute that holds a number", f.Name, map[kpi.Kind]string{kpi.Mean: "averaged", kpi.Quantile: "ordered"}[in.Kind]+map[bool]string{true: "compared"}[in.Kind == kpi.ShareBelow || in.Kind == kpi.Apdex])
	case !column && meant(in.Value) != "":
		r.Warnf(v, "%q is an attribute; did you mean the column %q?", in.Value, meant(in.Value))
	}
}

// pair reads two events of one business id.
func (r *reader) pair(at *strict.Value) {
	in := &r.k.Indicator
	in.First, in.Then, in.On = r.selector(at.Get("first")), r.selector(at.Get("then")), r.text(at.Get("on"))
	if f, ok := rowField(in.On); ok && (f.Numeric || f.Name == "body") {
		r.Errorf(at.Get("on"), "%q joins nothing; want an id such as business_id, trace_id or session", in.On)
	}
	if d, v := r.duration(at, "within"); v != nil {
		if d <= 0 || d > maxWithin {
			r.Errorf(v, "%q: want more than 0s and at most %s", v.Text, Span(maxWithin))
		}
		in.Within = d
	}
	for key, s := range map[string]*kpi.Selector{"first": in.First, "then": in.Then} {
		if s != nil && s.Table() == "" {
			r.Errorf(at.Get(key), "%s selects series; a pair joins rows, such as events{name=\"filing_submitted\"}", show(s.Text))
		}
	}
	if in.First != nil && in.Then != nil && selectorKey(in.First) == selectorKey(in.Then) {
		r.Errorf(at.Get("then"), "selects the same rows as first, and each would follow itself; want the row that completes the pair")
	}
}

// sql reads a query over rows. What it may do is decided where it runs; here stands what can be seen at once.
func (r *reader) sql(v *strict.Value) string {
	text := strings.TrimSuffix(strings.TrimSpace(v.Text), ";")
	word, _, _ := strings.Cut(strings.ToLower(strings.Join(strings.Fields(text), " ")), " ")
	switch {
	case word != "select" && word != "with" && word != "from":
		r.Errorf(v, "%s: want one SELECT that returns a number, or label columns and a column called value", show(v.Text))
	case strings.Contains(text, ";"):
		r.Errorf(v, "%s: want one statement, without a semicolon", show(v.Text))
	case !strings.Contains(text, "$from") && !strings.Contains(text, "$to"):
		r.Warnf(v, "names neither $from nor $to, the ends of the window, and reads everything that is kept once a period; add WHERE time > $from AND time <= $to")
	}
	return text
}

// rowRules checks what rows allow: the kinds, one table, fields that exist, groups that are no people.
func (r *reader) rowRules(root, v *strict.Value) {
	in := &r.k.Indicator
	table := in.Table()
	if table == "" {
		return
	}
	if !slices.Contains(overRows(), in.Kind) || in.Sum != nil || in.Histogram != nil {
		r.Errorf(v, "%s selects rows, and %s counts samples; over rows there are ratio, rate, mean, share_below, quantile, apdex, unique, freshness, pair and sql", show(in.Selectors()[0].Text), in.Kind)
		return
	}
	for _, s := range in.Selectors() {
		if other := s.Table(); other != table {
			if other == "" {
				other = "series"
			}
			r.Errorf(v, "%s selects %s and %s selects %s; want one table in one indicator, or an expr over two KPIs", show(in.Selectors()[0].Text), table, show(s.Text), other)
			return
		}
		r.rowMatchers(v, s, table)
	}
	if root.Has("interval") {
		r.Errorf(root.Key("interval"), "has no effect with rows, which come when something happens")
	}
	for _, item := range root.Get("by").List() {
		if f, column := rowField(item.Text); column && f.Person {
			r.Errorf(item, "%q tells single people, visits, cases or rows apart, and each would have a light of its own; want a field with few values, such as service, agency or release", item.Text)
		} else if column && !f.of(table) {
			r.Errorf(item, "%s have no %s", table, item.Text)
		} else if near := meant(item.Text); !column && near != "" {
			r.Warnf(item, "%q is an attribute; did you mean the column %q?", item.Text, near)
		}
	}
	if f, _ := rowField(in.Value); in.Kind == kpi.Unique && f.Person && len(r.k.By) > 0 && r.k.Thresholds.MinCount == 0 && !root.Get("thresholds").Has("min_count") {
		r.Warnf(root.Key("by"), "a group of few people can be recognised; add thresholds.min_count, so that the number of a smaller group is not shown")
	}
}

// rowMatchers checks the fields that a selector names.
func (r *reader) rowMatchers(v *strict.Value, s *kpi.Selector, table string) {
	for _, m := range s.Matchers {
		if m.Name == model.MetricNameLabel {
			continue
		}
		f, column := rowField(m.Name)
		switch {
		case !column && meant(m.Name) != "":
			r.Warnf(v, "%s: %q is an attribute; did you mean the column %q?", show(s.Text), m.Name, meant(m.Name))
		case !column:
		case !f.of(table):
			r.Errorf(v, "%s: %s have no %s, which is a column of %s", show(s.Text), table, f.Name, strings.Join(f.Tables, " and "))
		case (f.Name == "user" || f.Name == "session") && (m.Type == labels.MatchEqual || m.Type == labels.MatchRegexp) && m.Value != "" && m.Value != ".+":
			r.Errorf(v, "%s: a KPI is about many people, not about chosen ones; want %s!=\"\" for all that have one, or no condition", show(s.Text), f.Name)
		case f.Values != nil && (m.Type == labels.MatchEqual || m.Type == labels.MatchNotEqual) && m.Value != "" && !slices.Contains(f.Values, m.Value):
			r.Errorf(v, "%s: %s is one of %s, never %q", show(s.Text), f.Name, strings.Join(f.Values, ", "), clip(m.Value))
		}
	}
}
