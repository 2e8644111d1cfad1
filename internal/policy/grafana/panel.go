package grafana

import (
	"fmt"
	"slices"
	"strings"

	"github.com/signalbox/signalbox/internal/policy/carry"
	"github.com/signalbox/signalbox/internal/policy/strict"
)

// charts are the types of panels whose queries a Board can show, and whether they look as they did.
var charts = map[string]bool{
	"timeseries": true, "graph": true,
	"stat": false, "singlestat": false, "gauge": false, "bargauge": false, "table": false, "table-old": false, "barchart": false, "state-timeline": false,
}

// panel reads one panel. What it does not become is reported.
func (d *dashboard) panel(v *strict.Value) (panel, bool) {
	kind, title := d.Text(v, "type"), d.Text(v, "title")
	what := strings.TrimSpace("panel " + orText(title, "without a title"))
	out := panel{at: v}
	columns := width(number(textAt(v.Get("gridPos"), "w"), number(textAt(v, "span"), 12)*2))
	if !v.Get("gridPos").Usable() {
		columns = width(number(textAt(v, "span"), 6) * 2) // rows of old had twelve columns
	}
	var fields []carry.Field
	if kind == "text" {
		text, ok := d.text(v, what)
		if !ok {
			return out, false
		}
		fields = append(fields, carry.Field{Key: "text", Value: carry.Flow(text)})
	} else {
		same, known := charts[kind]
		if !known {
			d.Lost(v, what, "a Board has no panel of the type %q", carry.Clip(kind))
			return out, false
		}
		queries := d.queries(v, what)
		if len(queries) == 0 {
			d.Lost(v, what, "none of its queries could be carried over")
			return out, false
		}
		unit, scale := d.unit(v, what)
		var list []string
		for _, q := range queries {
			expr := q.expr
			if scale != "" {
				expr = "(" + expr + ") " + scale
			}
			f := []carry.Field{{Key: "expr", Value: carry.Flow(expr)}}
			if q.legend != "" {
				f = append(f, carry.Field{Key: "legend", Value: carry.Flow(q.legend)})
			}
			list = append(list, carry.Map(f...))
		}
		fields = append(fields, carry.Field{Key: "promql", Value: carry.List(list...)})
		if unit != "" {
			fields = append(fields, carry.Field{Key: "unit", Value: carry.Flow(unit)})
		}
		if !same {
			d.Changed(v.Get("type"), what+": type "+kind, "a Board shows queries as a chart")
		}
	}
	if title != "" {
		fields = append([]carry.Field{{Key: "title", Value: carry.Flow(carry.Clip(title))}}, fields...)
	}
	if columns > 1 {
		fields = append(fields, carry.Field{Key: "width", Value: fmt.Sprint(columns)})
	}
	if grid := v.Get("gridPos"); grid != nil {
		d.Changed(grid, fmt.Sprintf("%s: at column %s, row %s, %s wide, %s high", what, textAt(grid, "x"), textAt(grid, "y"), textAt(grid, "w"), textAt(grid, "h")), "panels stand in reading order and take %d of three columns; heights are the Board's", columns)
	} else if span := v.Get("span"); span != nil {
		d.Changed(span, what+": span "+span.Text, "it takes %d of three columns", columns)
	}
	d.repeated(v, what)
	d.LostRest(v, what, "a panel of a Board has none of these")
	out.fields = fields
	return out, true
}

// text reads a panel of text: in options, or as before schema 27 in the panel itself.
func (d *dashboard) text(v *strict.Value, what string) (string, bool) {
	at := v.Get("options")
	if at.Get("content") == nil {
		at = v
	}
	content := at.Get("content")
	if content == nil || strings.TrimSpace(content.Text) == "" {
		d.Lost(v, what, "it has no text")
		return "", false
	}
	d.Take(content)
	if mode := at.Get("mode"); mode != nil {
		if mode.Text == "markdown" {
			d.Take(mode)
			d.Imported(mode, what+": mode markdown", "the text of a Board is Markdown")
		} else {
			d.Changed(mode, what+": mode "+mode.Text, "the text of a Board is Markdown; tags of HTML are shown as they are written")
		}
	}
	text := strings.TrimSpace(content.Text)
	if len(text) > 20_000 {
		d.Changed(content, what+": text of "+fmt.Sprint(len(text))+" bytes", "at most 20000 bytes are kept")
		text = strings.ToValidUTF8(text[:20_000], "")
	}
	return text, true
}

// query is one query of a panel.
type query struct{ expr, legend string }

func (d *dashboard) queries(v *strict.Value, what string) []query {
	targets := v.Get("targets")
	if targets == nil {
		return nil
	}
	var out []query
	for _, t := range targets.Items {
		if q, ok := d.target(v, t, what); ok {
			out = append(out, q)
		}
	}
	return out
}

func (d *dashboard) target(v, t *strict.Value, what string) (query, bool) {
	what += ", query " + orText(textAt(t, "refId"), "without a name")
	kind := sourceType(t.Get("datasource"))
	if kind == "" {
		kind = sourceType(v.Get("datasource"))
	}
	expr := t.Get("expr")
	switch {
	case kind != "" && kind != "prometheus":
		d.Lost(t, what, "it asks a data source of the type %s, and a Board asks PromQL", carry.Clip(kind))
		return query{}, false
	case textAt(t, "hide") == "true":
		d.Lost(t, what+": "+textAt(t, "expr"), "it is hidden")
		return query{}, false
	case expr == nil || expr.Form != strict.Scalar || strings.TrimSpace(expr.Text) == "":
		d.Lost(t, what, "it has no PromQL in expr")
		return query{}, false
	}
	text, why := d.expression(expr, what)
	if why != "" {
		d.Lost(t, what+": "+expr.Text, "%s", why)
		return query{}, false
	}
	d.Take(expr)
	q := query{expr: text}
	if legend := t.Get("legendFormat"); legend != nil {
		if l := strings.TrimSpace(legend.Text); l == "__auto" || l == "" {
			d.Changed(legend, what+": legend "+orText(l, "empty"), "the Board names lines by their labels")
		} else {
			d.Take(legend)
			q.legend = l
		}
	}
	if textAt(t, "instant") == "true" && textAt(t, "range") != "true" {
		d.Changed(t.Get("instant"), what+": instant", "a Board draws every query over time")
	}
	return q, true
}

// sourceType is the type of a data source where it is stated: old dashboards state its name alone.
func sourceType(v *strict.Value) string {
	if v == nil {
		return ""
	}
	if v.Form == strict.Map {
		return strings.ToLower(textAt(v, "type"))
	}
	return ""
}

// units maps Grafana's units to ours, with what brings values into base units.
var units = map[string][2]string{
	"percentunit": {"percent", ""}, "percent": {"percent", "/ 100"},
	"s": {"seconds", ""}, "ms": {"seconds", "/ 1000"}, "µs": {"seconds", "/ 1000000"}, "ns": {"seconds", "/ 1000000000"}, "m": {"seconds", "* 60"}, "h": {"seconds", "* 3600"}, "d": {"seconds", "* 86400"},
	"dtdurations": {"seconds", ""}, "dtdurationms": {"seconds", "/ 1000"}, "clocks": {"seconds", ""},
	"bytes": {"bytes", ""}, "decbytes": {"bytes", ""}, "kbytes": {"bytes", "* 1024"}, "mbytes": {"bytes", "* 1048576"}, "gbytes": {"bytes", "* 1073741824"},
	"deckbytes": {"bytes", "* 1000"}, "decmbytes": {"bytes", "* 1000000"}, "decgbytes": {"bytes", "* 1000000000"},
	"reqps": {"per_second", ""}, "ops": {"per_second", ""}, "rps": {"per_second", ""}, "wps": {"per_second", ""}, "cps": {"per_second", ""}, "iops": {"per_second", ""},
	"opm": {"per_minute", ""}, "rpm": {"per_minute", ""}, "wpm": {"per_minute", ""}, "cpm": {"per_minute", ""},
	"short": {"", ""}, "none": {"", ""}, "locale": {"", ""},
}

// unit reads the unit: of the fields, of the left axis as before schema 27, or of a singlestat.
func (d *dashboard) unit(v *strict.Value, what string) (unit, scale string) {
	at := v.Get("fieldConfig").Get("defaults").Get("unit")
	if axes := v.Get("yaxes"); at == nil && axes != nil && len(axes.Items) > 0 {
		at = axes.Items[0].Get("format")
	}
	if at == nil && slices.Contains([]string{"singlestat", "gauge"}, textAt(v, "type")) {
		at = v.Get("format")
	}
	if at == nil || at.Form != strict.Scalar || strings.TrimSpace(at.Text) == "" {
		return "", ""
	}
	name := strings.TrimSpace(at.Text)
	u, known := units[name]
	word := strings.TrimPrefix(strings.TrimPrefix(name, "suffix:"), "prefix:")
	switch {
	case known && u[1] != "":
		d.Changed(at, what+": unit "+name, "the Board keeps base units, so the queries are written %s and the unit is %s", u[1], u[0])
	case known && u[0] == "":
		d.Imported(at, what+": unit "+name, "plain numbers")
		d.Take(at)
	case known:
		d.Imported(at, what+": unit "+name, "as %s", u[0])
		d.Take(at)
	case len([]rune(word)) <= 32:
		d.Changed(at, what+": unit "+name, "the Board writes the word %q behind the number", word)
		return word, ""
	default:
		d.Lost(at, what+": unit "+name, "a unit is a word of at most 32 characters")
	}
	return u[0], u[1]
}
