package policy

import (
	"encoding/json"
	"strconv"
	"strings"

	"github.com/signalbox/signalbox/internal/kpi"
)

// Describe says a whole policy in one or two sentences; empty for a document with errors.
func Describe(d *Document) string {
	switch {
	case d == nil:
		return ""
	case d.KPI != nil:
		return describeKPI(d.Common, d.KPI)
	case d.Route != nil:
		return d.Route.describe(d.Common)
	case d.Retention != nil:
		return d.Retention.describe(d.Common)
	case d.Sampling != nil:
		return d.Sampling.describe(d.Common)
	case d.Privacy != nil:
		return d.Privacy.describe(d.Common)
	case d.Approval != nil:
		return d.Approval.describe(d.Common)
	case d.Maintenance != nil:
		return d.Maintenance.describe(d.Common)
	case d.Board != nil:
		return d.Board.describe(d.Common)
	}
	return ""
}

// Change is what happens to one policy: Before is nil for a new one, After is nil for one that is removed.
type Change struct{ Before, After *Document }

// Ref names the policy.
func (c Change) Ref() Ref {
	if c.After != nil {
		return c.After.Ref()
	}
	if c.Before != nil {
		return c.Before.Ref()
	}
	return Ref{}
}

// Judges reports whether the change can make a light differ, so that a back-test means something: of a KPI, more than the
// words and who is told.
func (c Change) Judges() bool {
	if c.After == nil || c.After.KPI == nil {
		return false
	}
	for _, f := range c.changed() {
		switch f.path {
		case "title", "description", "owner", "outcome", "regulated", "review_every", "page.severity", "page.runbook", "unit":
		default:
			if !strings.HasPrefix(f.path, "labels.") {
				return true
			}
		}
	}
	return false
}

// changedField is a field of which the value differs.
type changedField struct {
	path    string
	was, is *Field // nil where it is not stated
}

// changed lists the fields that differ, in the order of the new document, those that are gone at the end.
func (c Change) changed() []changedField {
	old := map[string]*Field{}
	was := c.Before.Fields()
	for i := range was {
		old[was[i].Path] = &was[i]
	}
	var out []changedField
	is := c.After.Fields()
	for i := range is {
		f := &is[i]
		before, ok := old[f.Path]
		delete(old, f.Path)
		if !ok || !equalValue(before.Value, f.Value) {
			out = append(out, changedField{f.Path, before, f})
		}
	}
	for i := range was {
		if _, gone := old[was[i].Path]; gone {
			out = append(out, changedField{was[i].Path, &was[i], nil})
		}
	}
	return out
}

// Sentences says a change in plain words, one clause for each thing that changes: "pages when more than 2.5 % of filings
// fail for 3 minutes in a row; before: 3 %". Nothing for documents that mean the same.
func (c Change) Sentences() []string {
	switch {
	case c.Before == nil && c.After == nil:
		return nil
	case c.Before == nil:
		return []string{"new: " + Describe(c.After)}
	case c.After == nil:
		return []string{"removed: " + Describe(c.Before)}
	}
	var out []string
	done := map[band]bool{}
	for _, f := range c.changed() {
		if b := bandOf(f.path); b != "" && c.Before.KPI != nil && c.After.KPI != nil {
			if !done[b] {
				done[b] = true
				out = append(out, bandSentence(b, c.Before.KPI, c.After.KPI))
			}
			continue
		}
		out = append(out, f.sentence())
	}
	return out
}

func (f changedField) sentence() string {
	switch {
	case f.is == nil && f.was.Gone == "":
		return f.was.Say + " no longer"
	case f.is == nil:
		return f.was.Gone + "; before: " + f.was.Words
	case f.was == nil:
		return f.is.Say + "; before: not stated"
	}
	if _, flag := f.was.Value.(bool); flag {
		return f.is.Say + "; before: " + f.was.Say
	}
	if f.is.Words == f.was.Words { // too near for people's notation
		return f.is.Say + " (exactly " + exact(f.is.Value) + "); before: " + exact(f.was.Value)
	}
	return f.is.Say + "; before: " + f.was.Words
}

// exact prints a value to the last digit.
func exact(v any) string {
	switch v := v.(type) {
	case comparisonValue:
		return v.Text
	case float64:
		return strconv.FormatFloat(v, 'g', -1, 64)
	case string:
		return "“" + v + "”"
	}
	b, err := json.Marshal(v)
	if err != nil {
		return "?" // values are texts, numbers and lists of them
	}
	return string(b)
}

func bandOf(path string) band {
	switch path {
	case "thresholds.red", "thresholds.for.red":
		return red
	case "thresholds.yellow", "thresholds.for.yellow":
		return yellow
	}
	return ""
}

// bandSentence says how a band changes, comparison and duration together.
func bandSentence(b band, was, is *kpi.KPI) string {
	c, m := b.of(was)
	now, n := b.of(is)
	switch {
	case now == nil:
		return bandField("", b, is).Gone + "; before: " + limitWords(c, was.Unit) + " " + lasting(m, was.Period)
	case c == nil:
		return b.clause(is) + "; before: never"
	}
	s := b.clause(is) + "; before: "
	sameRule, sameCount := comparisonValue{c.Op, c.A, c.B, ""} == comparisonValue{now.Op, now.A, now.B, ""}, m == n
	switch {
	case sameRule:
		return s + lasting(m, was.Period)
	case !sameCount:
		return s + limitWords(c, was.Unit) + " " + lasting(m, was.Period)
	case limitWords(c, was.Unit) == limitWords(now, is.Unit):
		return b.clause(is) + " (exactly " + now.Text + "); before: " + c.Text
	case c.Op == now.Op && c.Op != kpi.OutsideOf:
		return s + shown(was.Unit, c.A)
	default:
		return s + limitWords(c, was.Unit)
	}
}
