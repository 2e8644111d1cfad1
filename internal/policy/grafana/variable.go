package grafana

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/signalbox/signalbox/internal/policy/carry"
	"github.com/signalbox/signalbox/internal/policy/strict"
)

// variable is one variable of the dashboard. Without an entry in the dashboard at is nil.
type variable struct {
	name    string
	label   string // of the series; empty until a query shows it
	values  []string
	initial string
	literal string // what stands in for it outside a label matcher
	at      *strict.Value
	lost    bool // queries that use it in a matcher cannot be carried over
	used    bool
}

var (
	nameForm        = regexp.MustCompile(`^[a-zA-Z_][a-zA-Z0-9_]*$`)
	labelValuesForm = regexp.MustCompile(`^\s*label_values\s*\(\s*(?:(.+?)\s*,\s*)?([a-zA-Z_][a-zA-Z0-9_]*)\s*\)\s*$`)
)

func (d *dashboard) readVariables() {
	list := d.root.Get("templating").Get("list")
	if list == nil {
		return
	}
	for _, v := range list.Items {
		x := &variable{name: d.Text(v, "name"), at: v}
		kind := d.Text(v, "type")
		what := "variable " + x.name
		x.literal = textAt(v.Get("current"), "value")
		switch {
		case !nameForm.MatchString(x.name):
			d.Lost(v, what, "its name is no name: want letters, digits and _")
			continue
		case kind == "query":
			d.queryVariable(x, v, what)
		case kind == "custom":
			d.customVariable(x, v, what)
		case kind == "constant":
			x.values = []string{orText(d.Text(v, "query"), x.literal)}
			x.literal = x.values[0]
			x.initial = x.values[0]
		case kind == "interval":
			x.lost = true
			d.Lost(v, what+" (interval)", "a Board has no intervals to choose; %s stands in queries", orText(x.literal, rateInterval))
			x.literal = interval(x.literal)
		case kind == "datasource":
			x.lost = true
			d.Lost(v, what+" (datasource)", "a Board asks Signalbox's own store")
		case kind == "textbox":
			x.literal = orText(x.literal, textAt(v, "query"))
			d.Changed(v, what+" (textbox)", "a Board has no free text; where it stands in a label matcher, the values that the label has can be chosen")
		default:
			x.lost = true
			d.Lost(v, what+" ("+kind+")", "a Board has no variables of this type")
		}
		d.variables = append(d.variables, x)
	}
}

// queryVariable reads label_values; of another query the label shows where it is used.
func (d *dashboard) queryVariable(x *variable, v *strict.Value, what string) {
	at := v.Get("query")
	if at != nil && at.Form == strict.Map {
		at = at.Get("query")
	}
	text := ""
	if at != nil {
		text = at.Text
	}
	m := labelValuesForm.FindStringSubmatch(text)
	switch {
	case m == nil:
		d.changedOrAll(at, v, what+": "+text, "only label_values is understood; the values that the label has in the store can be chosen")
	case m[1] == "":
		x.label = m[2]
		d.Take(at)
	default:
		x.label = m[2]
		d.Changed(at, what+": "+text, "the values that the label %s has on any series can be chosen, not only those of %s", m[2], m[1])
	}
	if r := v.Get("regex"); r != nil && r.Text != "" {
		d.Lost(r, what+": regex "+r.Text, "values are not filtered; list them in the document if they should be fewer")
	}
	d.choice(x, v, what)
}

func (d *dashboard) changedOrAll(at, v *strict.Value, what, why string) {
	if at == nil {
		d.Note(v, carry.Changed, what, why)
		return
	}
	d.Changed(at, what, "%s", why)
}

// customVariable reads a list of values, each alone or as "name : value".
func (d *dashboard) customVariable(x *variable, v *strict.Value, what string) {
	at := v.Get("query")
	var items []string
	if at != nil {
		d.Take(at)
		items = splitList(at.Text)
	}
	for _, item := range items {
		name, value, pair := strings.Cut(item, " : ")
		if pair {
			d.Changed(at, what+": "+item, "the value %s is shown as it is; its name %s is not", strings.TrimSpace(value), strings.TrimSpace(name))
			item = value
		}
		if item = strings.TrimSpace(item); item != "" && !slices.Contains(x.values, item) {
			x.values = append(x.values, item)
		}
	}
	d.choice(x, v, what)
	if x.initial != "" && !slices.Contains(x.values, x.initial) {
		x.initial = ""
	}
}

// splitList splits at commas that no backslash stands before.
func splitList(text string) []string {
	const mark = "\x00"
	parts := strings.Split(strings.ReplaceAll(text, `\,`, mark), ",")
	for i := range parts {
		parts[i] = strings.ReplaceAll(parts[i], mark, ",")
	}
	return parts
}

// choice reads what is chosen at first, and how many can be.
func (d *dashboard) choice(x *variable, v *strict.Value, what string) {
	if m := v.Get("multi"); m != nil && m.Text == "true" {
		d.Changed(m, what+": multi", "one value can be chosen, or all")
	} else if m != nil {
		d.Take(m)
		d.Imported(m, what+": multi "+m.Text, "one value can be chosen")
	}
	if all := v.Get("allValue"); all != nil && all.Text != "" {
		d.Lost(all, what+": allValue "+all.Text, "all are the values that the label has")
	}
	if all := v.Get("includeAll"); all != nil && all.Text == "true" {
		d.Imported(all, what+": includeAll", "all can be chosen")
		d.Take(all)
	} else if all != nil {
		d.Changed(all, what+": includeAll "+all.Text, "all can be chosen on every Board")
	}
	current := v.Get("current")
	if current == nil {
		return
	}
	value := current.Get("value")
	switch {
	case value == nil:
	case value.Form == strict.List && len(value.Items) == 1 && value.Items[0].Form == strict.Scalar:
		value = value.Items[0]
		fallthrough
	case value.Form == strict.Scalar:
		x.literal = value.Text
		if value.Text != "$__all" && value.Text != "" {
			x.initial = value.Text
		}
		d.Take(value)
		d.Imported(current, what+": at first "+carry.Brief(value), "as %s", orText(x.initial, "all values"))
	default:
		d.Changed(current, what+": at first "+carry.Brief(value), "one value can be chosen, or all; at first it is all")
	}
}

// variableList writes the variables that queries use, and reports the others.
func (d *dashboard) variableList() string {
	var out []string
	for _, x := range d.variables {
		switch {
		case x.lost:
			continue
		case !x.used:
			if x.at != nil {
				d.Lost(x.at, "variable "+x.name, "no query that was carried over uses it in a label matcher")
			}
			continue
		}
		label := x.label
		if label == x.name {
			label = ""
		}
		f := []carry.Field{{Key: "name", Value: carry.Flow(x.name)}}
		if label != "" {
			f = append(f, carry.Field{Key: "label", Value: carry.Flow(label)})
		}
		f = append(f, carry.Field{Key: "values", Value: carry.Texts(x.values)})
		if x.initial != "" {
			f = append(f, carry.Field{Key: "default", Value: carry.Flow(x.initial)})
		}
		out = append(out, "\n  - "+carry.Map(f...))
		if x.at != nil {
			d.LostRest(x.at, "variable "+x.name, "a variable of a Board has none of these")
		}
	}
	return strings.Join(out, "")
}

func (d *dashboard) variable(name string) *variable {
	for _, x := range d.variables {
		if x.name == name {
			return x
		}
	}
	return nil
}

// use notes that a query has a variable in a matcher of a label. One that the dashboard does not list is made.
func (d *dashboard) use(name, label string) string {
	x := d.variable(name)
	switch {
	case strings.HasPrefix(name, "__"):
		return fmt.Sprintf("it uses $%s, which Grafana fills in", name)
	case x == nil:
		x = &variable{name: name}
		d.variables = append(d.variables, x)
		d.Note(d.root, carry.Changed, "variable "+name, fmt.Sprintf("queries use it and the dashboard does not list it; the values of the label %s can be chosen", label))
	case x.lost:
		return fmt.Sprintf("it uses the variable $%s in a label matcher, which was not carried over", name)
	}
	if x.label == "" {
		x.label = label
	}
	x.used = true
	return ""
}
