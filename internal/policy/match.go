package policy

import (
	"slices"
	"strings"

	"github.com/prometheus/alertmanager/matcher/compat"
	amlabels "github.com/prometheus/alertmanager/pkg/labels"
	"github.com/prometheus/prometheus/model/labels"

	"github.com/signalbox/signalbox/internal/policy/strict"
)

func matchShape(doc string) strict.Shape {
	return list(doc, `['agency="IRS"']`, `'agency="IRS"'`)
}

// matchers reads a list of matchers in Alertmanager's notation.
func (r *reader) matchers(v *strict.Value) []*labels.Matcher {
	if !v.Usable() {
		return nil
	}
	var out []*labels.Matcher
	for _, item := range v.Items {
		if !item.Usable() {
			continue
		}
		parsed, err := compat.Matchers(item.Text, "policy")
		if err != nil {
			r.Errorf(item, "%s is no matcher (%v); want a label, one of = != =~ !~ and a value, such as agency=\"IRS\"", show(item.Text), err)
			continue
		}
		for _, a := range parsed {
			m, err := labels.NewMatcher(matchType(a.Type), a.Name, a.Value)
			if err != nil {
				r.Errorf(item, "%s is no matcher: %v", show(item.Text), err)
				continue
			}
			if slices.ContainsFunc(out, func(o *labels.Matcher) bool { return o.String() == m.String() }) {
				r.Errorf(item, "%s stands twice", show(m.String()))
			}
			out = append(out, m)
		}
	}
	return out
}

func matchType(t amlabels.MatchType) labels.MatchType {
	return map[amlabels.MatchType]labels.MatchType{
		amlabels.MatchEqual: labels.MatchEqual, amlabels.MatchNotEqual: labels.MatchNotEqual,
		amlabels.MatchRegexp: labels.MatchRegexp, amlabels.MatchNotRegexp: labels.MatchNotRegexp,
	}[t]
}

// matchesAll reports whether all matchers hold for the values of labels; a label that is not there is empty.
func matchesAll(matchers []*labels.Matcher, of func(name string) string) bool {
	return !slices.ContainsFunc(matchers, func(m *labels.Matcher) bool { return !m.Matches(of(m.Name)) })
}

// texts reads a list of texts in which none stands twice.
func (r *reader) texts(v *strict.Value) []string {
	if !v.Usable() {
		return nil
	}
	var out []string
	for _, item := range v.Items {
		if !item.Usable() {
			continue
		}
		t := strings.TrimSpace(item.Text)
		if slices.Contains(out, t) {
			r.Errorf(item, "%q stands twice", clip(t))
			continue
		}
		out = append(out, t)
	}
	return out
}

// kpiNames reads a list of names of KPIs; whether they exist is Cross's to say.
func (r *reader) kpiNames(v *strict.Value) []string {
	if v.Usable() {
		for _, item := range v.Items {
			if item.Usable() && !nameForm.MatchString(item.Text) {
				r.Errorf(item, "%q is no name of a KPI; want such as efile-error-rate", clip(item.Text))
			}
		}
	}
	return r.texts(v)
}

// number reads a whole number between two bounds; 0 where it is not stated.
func (r *reader) number(v *strict.Value, least, most int) int {
	if !v.Usable() {
		return 0
	}
	n, ok := v.Integer()
	if !ok || n < least || n > most {
		r.Errorf(v, "%q: want a whole number from %d to %d", clip(v.Text), least, most)
		return least
	}
	return n
}

// fraction reads a share from 0 to 1.
func (r *reader) fraction(v *strict.Value) float64 {
	if !v.Usable() {
		return 0
	}
	x, n, err := strict.Quantity(v.Text)
	if err != nil || (n != strict.Plain && n != strict.Percent) || x < 0 || x > 1 {
		r.Errorf(v, "%q: want a share from 0%% to 100%%, such as 10%% or 0.1", clip(v.Text))
		return 0
	}
	return x
}
