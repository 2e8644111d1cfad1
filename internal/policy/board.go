package policy

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql/parser"

	"github.com/signalbox/signalbox/internal/fault"
	"github.com/signalbox/signalbox/internal/policy/strict"
)

// Board is one page of chosen panels.
type Board struct {
	Name      string
	Roles     []string // who it is for; empty = everybody
	Teams     []string
	Variables []Variable
	Panels    []Panel
}

// Variable is a label that readers of a board choose a value of. Queries name it as "$name" inside a label matcher.
type Variable struct {
	Name    string
	Label   string
	Values  []string // in the order shown; empty = those that the label has
	Default string   // empty = all values
}

// Panel is one panel: KPI, KPIs, Queries or Text is set.
type Panel struct {
	Title   string
	KPI     string
	KPIs    *PanelKPIs
	Queries []PanelQuery
	Unit    string // of the queries' values, as a KPI's
	Text    string // Markdown
	Width   int    // columns of three
}

// PanelKPIs chooses KPIs: by name, or by labels and owner.
type PanelKPIs struct {
	Names []string
	Match []*labels.Matcher
	Owner string
}

// PanelQuery is one PromQL query of a panel.
type PanelQuery struct {
	Expr   string
	Legend string // {{label}} stands for a label's value
}

// maxPanels bounds a board: more is a page that nobody reads and a query that nobody waits for.
const maxPanels = 60

func boardKeys() []strict.Key {
	query := strict.Shape{Example: "{expr: 'sum(rate(http_requests_total[5m]))'}", Keys: []strict.Key{
		{Name: "expr", Required: true, Shape: text("The query; \"$name\" inside a label matcher stands for a variable.", `'sum(rate(http_requests_total{agency="$agency"}[5m]))'`)},
		{Name: "legend", Shape: text("Name of the lines; {{label}} stands for a label's value.", `"{{service}}"`)},
	}}
	panel := strict.Shape{Example: "{kpi: efile-error-rate}", Keys: []strict.Key{
		{Name: "title", Shape: text("Title; the KPI's own unless stated.", "Filings by agency")},
		{Name: "kpi", Shape: text("One KPI.", "efile-error-rate")},
		{Name: "kpis", Shape: strict.Shape{Doc: "Several KPIs: by name, or by labels and owner.", Forms: strict.List, NonEmpty: true, Example: `{match: ['team="efile"']}`, Each: &strict.Shape{Types: []string{"string"}, Example: "efile-error-rate"}, Keys: []strict.Key{
			{Name: "match", Shape: matchShape("Labels that the KPI must have.")}, {Name: "owner", Shape: text("Owner of the KPIs.", "oncall@irs.example")},
		}}},
		{Name: "promql", Shape: strict.Shape{Doc: "PromQL queries on one chart.", Forms: strict.List, NonEmpty: true, Example: "[{expr: 'sum(queue_depth)'}]", Each: &query}},
		{Name: "unit", Shape: text("Unit of the queries' values, as a KPI's.", "seconds")},
		{Name: "text", Shape: text("Markdown.", "Who to call: …")},
		{Name: "width", Shape: whole("Columns of three that it takes; 1 unless stated.", "2")},
	}}
	return []strict.Key{
		{Name: "roles", Shape: strict.Shape{Doc: "Roles that it is for; everybody unless stated.", Forms: strict.List, NonEmpty: true, Example: "[analyst]", Each: &strict.Shape{Enum: Roles()}}},
		{Name: "teams", Shape: list("Teams that it is for.", "[efile]", "efile")},
		{Name: "variables", Shape: strict.Shape{Doc: "Labels that readers choose a value of.", Forms: strict.List, NonEmpty: true, Example: "[{name: agency, values: [IRS, SSA]}]", Each: &strict.Shape{Example: "{name: agency, values: [IRS, SSA]}", Keys: []strict.Key{
			{Name: "name", Required: true, Shape: text("Name, written $name in queries.", "agency")},
			{Name: "label", Shape: text("Label; the name unless stated.", "agency")},
			{Name: "values", Shape: strict.Shape{Doc: "Values to choose from; those that the label has unless stated.", Forms: strict.List, NonEmpty: true, Example: "[IRS, SSA]", Each: &strict.Shape{Types: []string{"string", "number", "boolean"}, Example: "IRS"}}},
			{Name: "default", Shape: strict.Shape{Doc: "Value at first; all values unless stated.", Types: []string{"string", "number", "boolean"}, Example: "IRS"}},
		}}}},
		{Name: "panels", Required: true, Shape: strict.Shape{Doc: "What it shows, in order.", Forms: strict.List, NonEmpty: true, Example: "[{kpi: efile-error-rate}]", Each: &panel}},
	}
}

func (r *reader) board(root *strict.Value) *Board {
	o := &Board{Name: r.doc.Name, Roles: r.texts(root.Get("roles")), Teams: r.texts(root.Get("teams"))}
	if v := root.Get("variables"); v.Usable() {
		for _, item := range v.Items {
			if name := item.Get("name"); name.Usable() {
				o.Variables = append(o.Variables, r.variable(item, name, o.Variables))
			}
		}
	}
	v := root.Get("panels")
	if !v.Usable() {
		return o
	}
	if len(v.Items) > maxPanels {
		r.Errorf(v, "there are %d panels; want at most %d, and the rest on another board", len(v.Items), maxPanels)
		return o
	}
	for _, item := range v.Items {
		if item.Usable() {
			o.Panels = append(o.Panels, r.panel(item, o.Variables))
		}
	}
	return o
}

func (r *reader) variable(item, name *strict.Value, before []Variable) Variable {
	x := Variable{Name: name.Text, Label: name.Text, Values: r.texts(item.Get("values"))}
	if !labelForm.MatchString(name.Text) {
		r.Errorf(name, "%q: want letters, digits and _, such as agency", clip(name.Text))
	}
	if slices.ContainsFunc(before, func(o Variable) bool { return o.Name == x.Name }) {
		r.Errorf(name, "%q stands twice", clip(name.Text))
	}
	if v := item.Get("label"); v.Usable() {
		x.Label = v.Text
		if !labelForm.MatchString(v.Text) {
			r.Errorf(v, "%q is no label name; want such as agency", clip(v.Text))
		}
	}
	if v := item.Get("default"); v.Usable() {
		x.Default = v.Text
		if x.Values != nil && !slices.Contains(x.Values, v.Text) {
			r.Errorf(v, "%q is not in values%s", clip(v.Text), near(v.Text, x.Values))
		}
	}
	return x
}

func (r *reader) panel(item *strict.Value, variables []Variable) Panel {
	p := Panel{Title: r.text(item.Get("title")), KPI: r.text(item.Get("kpi")), Text: r.text(item.Get("text")), Unit: r.text(item.Get("unit")), Width: 1}
	var found []string
	for _, key := range []string{"kpi", "kpis", "promql", "text"} {
		if item.Has(key) {
			found = append(found, key)
		}
	}
	misspelt := slices.ContainsFunc(item.Names(), func(key string) bool {
		return !slices.Contains([]string{"title", "kpi", "kpis", "promql", "unit", "text", "width"}, key)
	})
	if len(found) != 1 && !misspelt {
		r.Errorf(item, "has %s; want exactly one of kpi, kpis, promql and text", map[bool]string{true: "nothing to show", false: strings.Join(found, " and ")}[len(found) == 0])
	}
	if v := item.Get("kpis"); v.Usable() {
		if v.Form == strict.List {
			p.KPIs = &PanelKPIs{Names: r.kpiNames(v)}
		} else {
			p.KPIs = &PanelKPIs{Match: r.matchers(v.Get("match")), Owner: r.text(v.Get("owner"))}
			if !v.Has("match") && !v.Has("owner") {
				r.Errorf(v, "chooses nothing; want match or owner, or a list of names")
			}
		}
	}
	if v := item.Get("promql"); v.Usable() {
		for _, q := range v.Items {
			if at := q.Get("expr"); at.Usable() {
				p.Queries = append(p.Queries, PanelQuery{strings.TrimSpace(at.Text), r.text(q.Get("legend"))})
				r.panelQuery(at, variables)
			}
		}
	}
	if v := item.Get("unit"); v.Usable() && !item.Has("promql") {
		r.Errorf(item.Key("unit"), "has no effect without promql; a KPI has its own unit")
	}
	if v := item.Get("text"); v.Usable() && len(v.Text) > 20_000 {
		r.Errorf(v, "has %d bytes; want at most 20000", len(v.Text))
	}
	if v := item.Get("width"); v.Usable() {
		p.Width = r.number(v, 1, 3)
	}
	return p
}

func (r *reader) panelQuery(at *strict.Value, variables []Variable) {
	e := r.parse(at, "PromQL query")
	if e == nil {
		return
	}
	if t := e.Type(); t != parser.ValueTypeVector && t != parser.ValueTypeScalar {
		r.Errorf(at, "%s yields a %s; want a query that yields a vector or a number", show(at.Text), parser.DocumentedType(t))
		return
	}
	names := make([]string, 0, len(variables))
	for _, x := range variables {
		names = append(names, x.Name)
	}
	inspectMatchers(e, func(m *labels.Matcher) {
		for _, found := range variableForm.FindAllStringSubmatch(m.Value, -1) {
			if name := found[1] + found[2]; !slices.Contains(names, name) {
				r.Errorf(at, "%s uses $%s, which is not in variables%s", show(at.Text), name, near(name, names))
			}
		}
	})
}

// variableForm is $name or ${name} in the value of a label matcher.
var variableForm = regexp.MustCompile(`\$(?:([a-zA-Z_][a-zA-Z0-9_]*)|\{([a-zA-Z_][a-zA-Z0-9_]*)\})`)

func inspectMatchers(e parser.Expr, f func(*labels.Matcher)) {
	parser.Inspect(e, func(n parser.Node, _ []parser.Node) error {
		if s, ok := n.(*parser.VectorSelector); ok {
			for _, m := range s.LabelMatchers {
				f(m)
			}
		}
		return nil
	})
}

// Query returns a query of a panel with the chosen values in the place of the variables. It changes the parsed query, never
// its text, so that a value cannot become anything but a value. A variable that is not chosen takes its default; an empty
// choice is all values. A value that the board does not offer is refused.
func (o *Board) Query(q PanelQuery, chosen map[string]string) (string, error) {
	e, err := parser.NewParser(parser.Options{}).ParseExpr(q.Expr)
	if err != nil {
		return "", fault.New(fault.Invalid, "%q is no PromQL query: %w", clip(q.Expr), err)
	}
	for name, value := range chosen {
		i := slices.IndexFunc(o.Variables, func(x Variable) bool { return x.Name == name })
		if i < 0 {
			return "", fault.New(fault.Invalid, "the board %q has no variable %q", o.Name, clip(name))
		}
		if x := o.Variables[i]; value != "" && x.Values != nil && !slices.Contains(x.Values, value) {
			return "", fault.New(fault.Invalid, "the variable %q of the board %q has no value %q; want one of %s", name, o.Name, clip(value), strings.Join(x.Values, ", "))
		}
	}
	var bad error
	inspectMatchers(e, func(m *labels.Matcher) {
		if !variableForm.MatchString(m.Value) {
			return
		}
		next, err := o.substitute(m, chosen)
		if err != nil {
			bad = err
			return
		}
		*m = *next
	})
	if bad != nil {
		return "", bad
	}
	return e.String(), nil
}

// substitute puts the chosen values into one matcher. One that compares with all values becomes a regular expression.
func (o *Board) substitute(m *labels.Matcher, chosen map[string]string) (*labels.Matcher, error) {
	pattern := m.Type == labels.MatchRegexp || m.Type == labels.MatchNotRegexp
	values := map[string]string{}
	all := map[string]Variable{}
	for _, x := range o.Variables {
		value, ok := chosen[x.Name]
		if !ok {
			value = x.Default
		}
		values[x.Name] = value
		if value == "" {
			all[x.Name] = x
		}
	}
	parts := variableForm.FindAllStringSubmatchIndex(m.Value, -1)
	whole := false
	for _, at := range parts {
		if _, ok := all[variableAt(m.Value, at)]; ok {
			whole = true
		}
	}
	quote := func(s string, fixed bool) string {
		if fixed && (pattern || !whole) || !fixed && !pattern && !whole {
			return s
		}
		return regexp.QuoteMeta(s)
	}
	var b strings.Builder
	end := 0
	for _, at := range parts {
		b.WriteString(quote(m.Value[end:at[0]], true))
		end = at[1]
		name := variableAt(m.Value, at)
		value, ok := values[name]
		if !ok {
			return nil, fault.New(fault.Invalid, "the board %q has no variable %q", o.Name, clip(name))
		}
		if x, ok := all[name]; ok {
			b.WriteString(anyOf(x.Values))
			continue
		}
		b.WriteString(quote(value, false))
	}
	b.WriteString(quote(m.Value[end:], true))
	t := m.Type
	if whole {
		t = map[labels.MatchType]labels.MatchType{labels.MatchEqual: labels.MatchRegexp, labels.MatchNotEqual: labels.MatchNotRegexp}[t]
		if pattern {
			t = m.Type
		}
	}
	next, err := labels.NewMatcher(t, m.Name, b.String())
	if err != nil {
		return nil, fault.New(fault.Invalid, "the matcher %s cannot hold these values: %w", m, err)
	}
	return next, nil
}

func variableAt(s string, at []int) string {
	if at[2] >= 0 {
		return s[at[2]:at[3]]
	}
	return s[at[4]:at[5]]
}

// anyOf is a regular expression of some values, or of any.
func anyOf(values []string) string {
	if values == nil {
		return ".*"
	}
	quoted := make([]string, 0, len(values))
	for _, v := range values {
		quoted = append(quoted, regexp.QuoteMeta(v))
	}
	return "(?:" + strings.Join(quoted, "|") + ")"
}

// Boards returns the Board policies of the documents.
func Boards(docs []Document) []*Board {
	return specs(docs, func(d *Document) *Board { return d.Board })
}

// panelKey names a panel within its board: by its title or KPI, or by its place.
func (o *Board) panelKey(i int) string {
	p := o.Panels[i]
	key := p.Title
	if key == "" {
		key = p.KPI
	}
	twin := slices.IndexFunc(o.Panels, func(other Panel) bool { return other.Title == p.Title && (p.Title != "" || other.KPI == p.KPI) })
	if key == "" || twin != i {
		return fmt.Sprintf("%s#%d", key, i+1)
	}
	return key
}

func (p Panel) words() string {
	var s string
	switch {
	case p.KPI != "":
		s = "the KPI " + p.KPI
	case p.KPIs != nil && p.KPIs.Names != nil:
		s = "the KPIs " + joinWords(p.KPIs.Names)
	case p.KPIs != nil:
		s = "the KPIs"
		if len(p.KPIs.Match) > 0 {
			s += " with " + matchWords(p.KPIs.Match)
		}
		if p.KPIs.Owner != "" {
			s += " of " + p.KPIs.Owner
		}
	case p.Queries != nil:
		var texts []string
		for _, q := range p.Queries {
			t := q.Expr
			if q.Legend != "" {
				t += " as " + quoted(q.Legend)
			}
			texts = append(texts, t)
		}
		s = "the queries " + joinWords(texts)
		if p.Unit != "" {
			s += " in " + p.Unit
		}
	default:
		s = "the text " + quoted(p.Text)
	}
	return s + ", " + plural(p.Width, "column") + " wide"
}

func (p Panel) value() any {
	v := []any{p.Title, p.KPI, p.Unit, p.Text, p.Width}
	if k := p.KPIs; k != nil {
		v = append(v, k.Names, matchWords(k.Match), k.Owner)
	}
	for _, q := range p.Queries {
		v = append(v, q.Expr, q.Legend)
	}
	return v
}

func (o *Board) fields() []Field {
	fs := []Field{listField("roles", "the roles that it is for", o.Roles, "it is for every role"), listField("teams", "the teams that it is for", o.Teams, "it is for every team")}
	var order []string
	for _, x := range o.Variables {
		w := "the label " + x.Label
		if x.Values != nil {
			w += " with " + joinWords(x.Values)
		}
		if x.Default != "" {
			w += ", at first " + x.Default
		}
		fs = append(fs, Field{Path: "variables." + x.Name, Say: "readers choose " + x.Name + ", " + w, Words: w, Gone: "readers do not choose " + x.Name, Value: []any{x.Label, x.Values, x.Default}})
		order = append(order, x.Name)
	}
	fs = append(fs, orderField("variables", "the order of the variables", order))
	order = nil
	for i, p := range o.Panels {
		key := o.panelKey(i)
		fs = append(fs, Field{Path: "panels." + key, Say: "the panel " + quoted(key) + " shows " + p.words(), Words: p.words(), Gone: "the panel " + quoted(key) + " is gone", Value: p.value()})
		order = append(order, key)
	}
	return append(fs, orderField("panels", "the order of the panels", order))
}

func (o *Board) describe(c Common) string {
	s := quoted(c.Title) + " shows " + plural(len(o.Panels), "panel")
	if who := append(slices.Clone(o.Roles), o.Teams...); len(who) > 0 {
		s += " for " + joinWords(who)
	}
	var names []string
	for _, x := range o.Variables {
		names = append(names, x.Name)
	}
	if len(names) > 0 {
		s += "; readers choose " + joinWords(names)
	}
	return s + "."
}
