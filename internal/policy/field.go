package policy

import (
	"encoding/json"
	"maps"
	"math"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/prometheus/prometheus/model/labels"

	"github.com/signalbox/signalbox/internal/kpi"
)

// Field is one thing that a document states, or leaves to its default, with the words for it. From the fields of a document
// its content hash, the conditions of Approvals and the sentences about a change are made.
type Field struct {
	Path  string // the key, as in the document: thresholds.red
	Say   string // what holds, as a clause: "keeps logs for 30 d"
	Words string // the value alone: "30 d"
	Gone  string // the clause where the field is not stated any more; empty = "Say is no longer stated"
	Value any    // string, float64 in base units, bool, comparisonValue, or a list of such; nil = not stated
}

// comparisonValue is a threshold as a value: Text is how people read it and does not count.
type comparisonValue struct {
	Op   kpi.Op
	A, B float64
	Text string
}

func (c comparisonValue) key() string {
	number := func(x float64) string { return strconv.FormatFloat(x, 'g', -1, 64) }
	return string(c.Op) + " " + number(c.A) + " " + number(c.B)
}

// MarshalJSON writes what counts.
func (c comparisonValue) MarshalJSON() ([]byte, error) { return json.Marshal(c.key()) }

func equalValue(a, b any) bool {
	if x, ok := a.(comparisonValue); ok {
		y, ok := b.(comparisonValue)
		return ok && x.key() == y.key()
	}
	return reflect.DeepEqual(a, b)
}

// Fields returns what a document states, in the order in which people read it; nothing for one with errors.
func (d *Document) Fields() []Field {
	if d == nil {
		return nil
	}
	var own []Field
	switch {
	case d.KPI != nil:
		own = kpiFields(d.KPI)
	case d.Route != nil:
		own = d.Route.fields()
	case d.Retention != nil:
		own = d.Retention.fields()
	case d.Sampling != nil:
		own = d.Sampling.fields()
	case d.Privacy != nil:
		own = d.Privacy.fields()
	case d.Approval != nil:
		own = d.Approval.fields()
	case d.Maintenance != nil:
		own = d.Maintenance.fields()
	case d.Board != nil:
		own = d.Board.fields()
	default:
		return nil
	}
	var out []Field
	for _, f := range append(own, d.commonFields()...) {
		if f.Value != nil {
			out = append(out, f)
		}
	}
	return out
}

func (d *Document) commonFields() []Field {
	fs := []Field{
		textField("title", "the title", d.Title), textField("description", "the description", d.Description), textField("owner", "the owner", d.Owner),
	}
	for _, name := range slices.Sorted(maps.Keys(d.Labels)) {
		fs = append(fs, textField("labels."+name, "the label "+name, d.Labels[name]))
	}
	review := Field{Path: "review_every", Say: "is reviewed every " + spanWords(d.ReviewEvery), Words: spanWords(d.ReviewEvery), Value: d.ReviewEvery.Seconds()}
	if d.ReviewEvery == 0 {
		review.Say, review.Words = "is never reviewed", "never"
	}
	return append(fs, flagField("regulated", d.Regulated, "is regulated: a change needs another person's approval", "is not regulated"), review)
}

// textField is a text; not stated where it is empty.
func textField(path, name, value string) Field {
	f := Field{Path: path, Say: name + " is " + quoted(value), Words: quoted(value), Gone: name + " is no longer stated"}
	if value != "" {
		f.Value = value
	}
	return f
}

// listField is a set of words, the order of which does not count; not stated where it is empty.
func listField(path, name string, values []string, gone string) Field {
	f := Field{Path: path, Say: name + " are " + joinWords(values), Words: joinWords(values), Gone: gone}
	if len(values) == 1 {
		f.Say = name + " are " + values[0] + " alone"
	}
	if len(values) > 0 {
		f.Value = slices.Sorted(slices.Values(values))
	}
	return f
}

// orderField is a list of words of which only the order is news; not stated for fewer than two.
func orderField(path, name string, values []string) Field {
	f := Field{Path: path, Say: name + " is " + joinWords(values), Words: joinWords(values), Gone: name + " means nothing any more"}
	if len(values) > 1 {
		f.Value = slices.Clone(values)
	}
	return f
}

func flagField(path string, on bool, yes, no string) Field {
	if on {
		return Field{Path: path, Say: yes, Words: "yes", Gone: no, Value: true}
	}
	return Field{Path: path, Say: no, Words: "no", Gone: no, Value: false}
}

func spanField(path, name string, d time.Duration) Field {
	return Field{Path: path, Say: name + " is " + spanWords(d), Words: spanWords(d), Gone: name + " is no longer stated", Value: d.Seconds()}
}

// optional is a duration that may be left to somebody else.
func optional(path, name string, d *time.Duration) Field {
	if d == nil {
		return Field{Path: path}
	}
	f := spanField(path, name, *d)
	f.Gone = name + " is what the parent route says"
	return f
}

func timeField(path, name string, t time.Time) Field {
	f := Field{Path: path, Say: name + " at " + timeWords(t), Words: timeWords(t), Gone: name + " at no stated time"}
	if !t.IsZero() {
		f.Value = float64(t.UnixMilli()) / 1000
	}
	return f
}

func matchFields(prefix string, ms []*labels.Matcher) []Field {
	texts := make([]string, 0, len(ms))
	for _, m := range ms {
		texts = append(texts, m.String())
	}
	return []Field{listField(prefix+"match", "the labels that must match", texts, "any labels match")}
}

func matchWords(ms []*labels.Matcher) string {
	texts := make([]string, 0, len(ms))
	for _, m := range ms {
		texts = append(texts, m.String())
	}
	return joinWords(texts)
}

// alertsOf names the alerts of some KPIs with some labels.
func alertsOf(kpis []string, ms []*labels.Matcher) string {
	s := "alerts"
	if len(kpis) > 0 {
		s += " of " + joinOr(kpis)
	}
	if len(ms) > 0 {
		s += " with " + matchWords(ms)
	}
	if len(kpis) == 0 && len(ms) == 0 {
		return "all alerts"
	}
	return s
}

func from(source string, ms []*labels.Matcher) string {
	s := ""
	if source != "" {
		s = " of " + source
	}
	if len(ms) > 0 {
		s += " with " + matchWords(ms)
	}
	return s
}

// spanWords is a duration for people, exact: 45 s, 12 min, 24 h, 30 d, or 1h30m30s where no single unit holds it.
func spanWords(d time.Duration) string {
	for _, u := range []struct {
		least, unit time.Duration
		name        string
	}{{48 * time.Hour, 24 * time.Hour, "d"}, {time.Hour, time.Hour, "h"}, {time.Minute, time.Minute, "min"}, {0, time.Second, "s"}, {0, time.Millisecond, "ms"}} {
		if n := d / u.unit; d >= u.least && d%u.unit == 0 && n < 1000 {
			return kpi.Display{Value: count(int(n)), Unit: u.name}.String()
		}
	}
	return Span(d)
}

func timeWords(t time.Time) string { return t.UTC().Format("2 Jan 2006, 15:04 UTC") }

// shareWords is a share in percent, exact.
func shareWords(x float64) string {
	if short := shown("percent", x); math.Abs(math.Round(x*1e4)-x*1e4) < 1e-9 {
		return short
	}
	return strconv.FormatFloat(x*100, 'g', 12, 64) + "\u2009%"
}

// shown is a value as the page shows it, without the zeros after the point that line numbers up in columns: 2.5 % for 2.50 %.
func shown(unit string, v float64) string {
	d := kpi.Show(unit, v)
	if strings.Contains(d.Value, ".") {
		d.Value = strings.TrimRight(strings.TrimRight(d.Value, "0"), ".")
	}
	return d.String()
}

// limitWords is a comparison in words as it breaches: "above 2.5 %".
func limitWords(c *kpi.Comparison, unit string) string {
	s := strings.Replace(c.Limit(unit), kpi.Show(unit, c.A).String(), shown(unit, c.A), 1)
	if c.Op == kpi.OutsideOf {
		s = strings.Replace(s, " to "+kpi.Show(unit, c.B).String(), " to "+shown(unit, c.B), 1)
	}
	return s
}

func count(n int) string { return kpi.Count(float64(n)) }

func plural(n int, one string) string {
	switch {
	case n == 1:
		return "1 " + one
	case one == "person":
		return count(n) + " people"
	default:
		return count(n) + " " + one + "s"
	}
}

// quoted puts a text into quotation marks, on one line and not too long.
func quoted(s string) string { return "“" + clip(strings.Join(strings.Fields(s), " ")) + "”" }

func joinWords(words []string) string { return joined(words, " and ") }
func joinOr(words []string) string    { return joined(words, " or ") }

func joined(words []string, last string) string {
	switch n := len(words); n {
	case 0:
		return ""
	case 1:
		return words[0]
	default:
		return strings.Join(words[:n-1], ", ") + last + words[n-1]
	}
}

// sentence makes a clause a sentence.
func sentence(clause string) string {
	if clause == "" {
		return ""
	}
	r := []rune(clause)
	s := strings.ToUpper(string(r[0])) + string(r[1:])
	if strings.HasSuffix(s, ".") || strings.HasSuffix(s, "!") || strings.HasSuffix(s, "?") {
		return s
	}
	return s + "."
}
