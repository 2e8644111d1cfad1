// Package grafana turns Grafana dashboards in their classic JSON model into Board documents: Prometheus queries become panels
// with queries, text stays text, rows become headings, variables become labels to choose from. What a Board does not have, from
// colours to transformations, is in the report.
package grafana

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/signalbox/signalbox/internal/policy/carry"
	"github.com/signalbox/signalbox/internal/policy/strict"
)

// maxPanels is how many panels a Board can have.
const maxPanels = 60

// dashboard is one dashboard on its way into a Board.
type dashboard struct {
	*carry.Account
	root      *strict.Value
	variables []*variable
}

// panel is one panel as the Board states it.
type panel struct {
	fields []carry.Field
	at     *strict.Value
}

// Import reads one dashboard, by itself or as Grafana's API and its Kubernetes form wrap it.
func Import(a *carry.Account, file string, src []byte) {
	top := a.JSON(file, src)
	if top == nil {
		return
	}
	root := top
	for _, key := range []string{"dashboard", "spec"} {
		if inner := root.Get(key); inner != nil && inner.Form == strict.Map && !root.Has("panels") {
			root = inner
		}
	}
	switch {
	case root.Form != strict.Map:
		a.Lost(top, "the file", "it is no dashboard: want an object with title and panels")
		return
	case root.Has("elements") || root.Has("layout"):
		a.Lost(top, "the dashboard "+textAt(root, "title"), "it is in Grafana's schema v2, and the classic model (v1) is read; in Grafana choose Export, then the classic model")
		return
	case !root.Has("panels") && !root.Has("rows"):
		a.Lost(top, "the file", "it is no dashboard: it has neither panels nor rows")
		return
	}
	d := &dashboard{Account: a, root: root}
	title := a.Text(root, "title")
	d.readVariables()
	panels := d.panels()
	if len(panels) == 0 {
		a.Lost(top, "the dashboard "+title, "none of its panels could be carried over")
		return
	}
	d.write(title, panels)
	a.LostRest(top, "settings of the dashboard", "a Board has none of these")
}

// write adds the Board, or as many as the panels need.
func (d *dashboard) write(title string, panels []panel) {
	boards := slices.Collect(slices.Chunk(panels, maxPanels))
	description := d.Text(d.root, "description")
	variables, tags := d.variableList(), d.root.Get("tags")
	for i, part := range boards {
		name := title
		if i > 0 {
			name = fmt.Sprintf("%s %d", title, i+1)
		}
		doc := carry.NewDoc("Board", d.Name("Board", orText(name, "dashboard")), fmt.Sprintf("Imported from %s: the Grafana dashboard %s", d.root.File, title))
		if tags != nil && len(tags.Items) > 0 {
			doc.From = append(doc.From, "tags: "+carry.Brief(tags))
		}
		doc.Set("title", textOrNothing(carry.Clip(name)))
		doc.Set("description", textOrNothing(description))
		doc.Set("owner", carry.Text(d.Owner(d.root, "", "")))
		doc.Set("variables", variables)
		var b strings.Builder
		for _, p := range part {
			b.WriteString("\n  - " + carry.Map(p.fields...))
		}
		doc.Set("panels", b.String())
		d.Add(d.root, doc)
		d.Imported(d.root, "dashboard "+name, "as Board %s with %d panels", doc.Name, len(part))
	}
	if tags != nil {
		d.Lost(tags, "tags: "+carry.Brief(tags), "a Board is found by its roles and teams; the tags are kept as a comment of the document")
	}
	if len(boards) > 1 {
		d.Note(d.root, carry.Changed, "dashboard "+title, fmt.Sprintf("it has more than %d panels, so it became %d Boards", maxPanels, len(boards)))
	}
}

// panels lists the panels in the order in which people read them, those of rows below their headings.
func (d *dashboard) panels() []panel {
	var out []panel
	if v := d.root.Get("panels"); v != nil {
		out = d.list(v)
	}
	// Before schema 16 panels stood in rows, whose order counts.
	if rows := d.root.Get("rows"); rows != nil {
		for _, row := range rows.Items {
			if title := d.Text(row, "title"); title != "" && d.Text(row, "showTitle") != "false" {
				out = append(out, heading(row, title))
			}
			if v := row.Get("panels"); v != nil {
				for _, p := range v.Items {
					if read, ok := d.panel(p); ok {
						out = append(out, read)
					}
				}
			}
		}
	}
	return out
}

func (d *dashboard) list(v *strict.Value) []panel {
	type placed struct {
		at   *strict.Value
		x, y int
	}
	var order []placed
	for _, p := range v.Items {
		grid := p.Get("gridPos")
		order = append(order, placed{p, number(textAt(grid, "x"), 0), number(textAt(grid, "y"), 0)})
	}
	slices.SortStableFunc(order, func(a, b placed) int { return cmp.Or(cmp.Compare(a.y, b.y), cmp.Compare(a.x, b.x)) })
	var out []panel
	for _, p := range order {
		if textAt(p.at, "type") == "row" {
			out = append(out, d.row(p.at)...)
			continue
		}
		if read, ok := d.panel(p.at); ok {
			out = append(out, read)
		}
	}
	return out
}

// row is a heading, and in a collapsed row the panels below it.
func (d *dashboard) row(v *strict.Value) []panel {
	d.Text(v, "type")
	var out []panel
	title := d.Text(v, "title")
	if title != "" {
		out = append(out, heading(v, title))
	}
	if d.Text(v, "collapsed") == "true" {
		d.Changed(v.Get("collapsed"), "row "+title+": collapsed", "a Board shows everything")
	}
	d.repeated(v, "row "+title)
	if inner := v.Get("panels"); inner != nil {
		out = append(out, d.list(inner)...)
	}
	d.LostRest(v, "row "+title, "a heading has none of these")
	return out
}

func heading(v *strict.Value, title string) panel {
	return panel{at: v, fields: []carry.Field{{Key: "text", Value: carry.Flow("## " + carry.Clip(title))}, {Key: "width", Value: "3"}}}
}

func (d *dashboard) repeated(v *strict.Value, what string) {
	if r := v.Get("repeat"); r != nil && strings.TrimSpace(r.Text) != "" {
		d.Changed(r, what+": repeat for "+r.Text, "it stands once, and shows the values that are chosen for $%s", r.Text)
	}
}

// width turns columns of 24 into columns of three.
func width(columns int) int {
	switch {
	case columns <= 0 || columns > 16:
		return 3
	case columns > 8:
		return 2
	}
	return 1
}

func number(text string, otherwise int) int {
	n, err := strconv.Atoi(strings.TrimSpace(text))
	if err != nil {
		return otherwise
	}
	return n
}

func textOrNothing(s string) string {
	if strings.TrimSpace(s) == "" {
		return ""
	}
	return carry.Text(s)
}

func orText(a, b string) string {
	if strings.TrimSpace(a) != "" {
		return a
	}
	return b
}

// textAt reads a scalar without taking it.
func textAt(v *strict.Value, key string) string {
	if at := v.Get(key); at != nil && at.Form == strict.Scalar {
		return strings.TrimSpace(at.Text)
	}
	return ""
}
