// Package sloth turns specs of the SLO generator Sloth into KPI documents: prometheus/v1 files and PrometheusServiceLevel
// objects. An SLO becomes a KPI with an objective; Sloth's alerts over several windows are the burn-rate pairs that every
// objective here is judged by.
package sloth

import (
	"fmt"
	"math/big"
	"regexp"
	"slices"
	"strings"

	"github.com/signalbox/signalbox/internal/kpi"
	"github.com/signalbox/signalbox/internal/policy/carry"
	"github.com/signalbox/signalbox/internal/policy/idiom"
	"github.com/signalbox/signalbox/internal/policy/strict"
)

// Versions of the two forms.
const (
	fileVersion   = "prometheus/v1"
	objectVersion = "sloth.slok.dev/v1"
	objectKind    = "PrometheusServiceLevel"
)

// window stands in for Sloth's {{.window}} where an expression must be whole.
const window = "5m"

var (
	windowForm   = regexp.MustCompile(`\{\{\s*\.window\s*\}\}`)
	severityForm = regexp.MustCompile(`^[A-Za-z0-9_.-]{1,64}$`)
)

// Import reads one file of specs.
func Import(a *carry.Account, file string, src []byte) {
	for _, root := range a.YAML(file, src) {
		version, object, kind := a.Text(root, "version"), a.Text(root, "apiVersion"), a.Text(root, "kind")
		spec := root
		switch {
		case version == fileVersion:
		case object == objectVersion && kind == objectKind:
			spec = root.Get("spec")
		default:
			a.Lost(root, "the document ("+strings.Join(nonEmpty(version, object, kind), " ")+")", "want a Sloth spec: version: %s, or apiVersion: %s with kind: %s", fileVersion, objectVersion, objectKind)
			continue
		}
		service := a.Text(spec, "service")
		a.Imported(root, "Sloth spec of the service "+service+" ("+strings.Join(nonEmpty(version, object, kind, a.Text(root.Get("metadata"), "name")), " ")+")", "its SLOs follow")
		a.Note(root, carry.Lost, "the series slo:*", "Sloth records series of its own; a KPI's are signalbox_kpi_value and signalbox_kpi_light, and queries that read slo:* must be changed")
		for _, key := range []string{"slo_plugins", "sloPlugins"} {
			a.LostKey(spec, key, "plugins of Sloth are programs of its own")
		}
		if slos := spec.Get("slos"); slos != nil {
			for _, v := range slos.Items {
				readSLO(a, spec, v, service)
			}
		}
	}
}

func nonEmpty(texts ...string) []string {
	return slices.DeleteFunc(texts, func(s string) bool { return s == "" })
}

// get reads a key that is written differently in the two forms.
func get(v *strict.Value, names ...string) *strict.Value {
	for _, n := range names {
		if at := v.Get(n); at != nil {
			return at
		}
	}
	return nil
}

func readSLO(a *carry.Account, spec, v *strict.Value, service string) {
	name := a.Text(v, "name")
	what := "SLO " + name + " of " + service
	for _, key := range []string{"plugins", "slo_plugins", "sloPlugins"} {
		a.LostKey(v, key, "plugins of Sloth are programs of its own")
	}
	target, why := targetOf(a.Text(v, "objective"))
	if why != "" {
		a.Lost(v, what, "%s", why)
		return
	}
	d := carry.NewDoc("KPI", "", fmt.Sprintf("Imported from %s:%d: Sloth's SLO %s of the service %s", v.File, v.Line, name, service))
	by, why := indicator(a, v, d, target)
	if why != "" {
		a.Lost(v, what, "%s", why)
		return
	}
	d.Name = a.Name("KPI", service+" "+name)
	a.Imported(v, what, "as KPI %s, with the burn-rate pairs 14.4 over 1h, 6 over 6h (red), 3 over 1d and 1 over 3d (yellow) that Sloth's alerts over 30d have too", d.Name)
	a.Note(v, carry.Changed, "window", "a spec does not say over how long the objective holds; 30d is Sloth's default")
	d.Set("objective", carry.Map(carry.Field{Key: "target", Value: target.text + "%"}, carry.Field{Key: "window", Value: "30d"}))
	if name != "" {
		d.Set("title", carry.Text(carry.Clip(name)))
	}
	d.Set("description", quotedUnlessEmpty(a.Text(v, "description")))

	labels := merge(carry.LabelsAt(spec.Get("labels")), carry.LabelsAt(v.Get("labels")))
	labels = alerting(a, v, d, labels)
	owner := ""
	for _, key := range []string{"owner", "team"} {
		if l := find(labels, key); l != nil && owner == "" {
			owner = l.Text
		}
	}
	d.Set("owner", carry.Text(a.Owner(v, owner, service)))
	if service != "" && find(labels, "service") == nil && !slices.Contains(by, "service") {
		labels = append(labels, carry.LabelAt{Name: "service", Text: service, At: spec.Get("service")})
	}
	d.Set("labels", a.LabelsOf(labels, by))
	a.Add(v, d)
}

func quotedUnlessEmpty(s string) string {
	if s == "" {
		return ""
	}
	return carry.Text(s)
}

type target struct {
	text  string
	share *big.Rat // 0.999
}

func targetOf(text string) (target, string) {
	share, ok := new(big.Rat), false
	if len(text) < 32 && !strings.ContainsAny(text, "eE/") {
		share, ok = share.SetString(text)
	}
	if !ok || share.Sign() <= 0 || share.Cmp(big.NewRat(100, 1)) >= 0 {
		return target{}, fmt.Sprintf("its objective is %q; want a percentage above 0 and below 100", carry.Clip(text))
	}
	return target{text, share.Quo(share, big.NewRat(100, 1))}, ""
}

// indicator states indicator and by, and for what is no share thresholds, or says why it cannot.
func indicator(a *carry.Account, v *strict.Value, d *carry.Doc, t target) (by []string, why string) {
	sli := v.Get("sli")
	if plugin := sli.Get("plugin"); plugin != nil {
		return nil, "its SLI comes from the plugin " + a.Text(plugin, "id") + ", which is a program of Sloth; write the query that it makes into events or raw"
	}
	var text string
	var at []*strict.Value
	events, raw := sli.Get("events"), sli.Get("raw")
	switch {
	case events != nil:
		bad, total := get(events, "error_query", "errorQuery"), get(events, "total_query", "totalQuery")
		if bad == nil || total == nil {
			return nil, "its SLI lacks the query of errors or of the total"
		}
		at = []*strict.Value{bad, total}
		text = "(" + filled(bad.Text) + ") / (" + filled(total.Text) + ")"
	case raw != nil:
		q := get(raw, "error_ratio_query", "errorRatioQuery")
		if q == nil {
			return nil, "its raw SLI has no query"
		}
		at, text = []*strict.Value{q}, filled(q.Text)
	default:
		return nil, "it has no SLI of the kinds events and raw"
	}
	e, err := idiom.Parse(text)
	if err != nil {
		return nil, "its query is no PromQL that can be read: " + carry.Clip(err.Error())
	}
	if r, ok := idiom.Recognise(e); ok && idiom.IsShare(r.Indicator.Kind) && isErrorShare(r) {
		r.Turn(r.Scale.Sign() > 0)
		d.Set("indicator", carry.Indicator(r.Indicator))
		d.Set("by", carry.Texts(r.By))
		for _, q := range at {
			a.Take(q)
			for _, difference := range r.Differences {
				a.Changed(q, "query: "+q.Text, "%s", difference)
			}
		}
		return r.By, ""
	}
	q, err := idiom.AsQuery(e, true)
	if err != nil {
		return nil, "its query cannot be a KPI: " + err.Error()
	}
	d.Set("indicator", carry.Indicator(kpi.Indicator{Kind: kpi.PromQL, PromQL: q.Text}))
	d.Set("by", carry.Texts(q.By))
	d.Set("unit", "percent")
	budget := new(big.Rat).Sub(big.NewRat(1, 1), t.share)
	d.Set("thresholds", carry.Map(carry.Field{Key: "yellow", Value: carry.Flow("> " + idiom.Quantity(kpi.Ratio, budget))}))
	for _, v := range at {
		a.Take(v)
		for _, difference := range q.Differences {
			a.Changed(v, "query: "+v.Text, "%s", difference)
		}
		a.Changed(v, "query: "+v.Text, "no other indicator says exactly this, so the share of errors is asked as a query over %s once a period, and the objective counts datapoints that stay within the budget (timeslices) in the place of events", window)
	}
	return q.By, ""
}

// filled writes a window where Sloth would.
func filled(text string) string { return windowForm.ReplaceAllLiteralString(text, window) }

// isErrorShare reports whether a reading is a share of errors, or one minus a share of what is good.
func isErrorShare(r idiom.Reading) bool {
	one := big.NewRat(1, 1)
	bad := r.Indicator.Kind == kpi.Ratio && r.Scale.Cmp(one) == 0 && r.Offset.Sign() == 0
	good := r.Scale.Cmp(new(big.Rat).Neg(one)) == 0 && r.Offset.Cmp(one) == 0
	return bad || good
}

func merge(lists ...[]carry.LabelAt) []carry.LabelAt {
	var out []carry.LabelAt
	for _, list := range lists {
		for _, l := range list {
			out = slices.DeleteFunc(out, func(o carry.LabelAt) bool { return o.Name == l.Name })
			out = append(out, l)
		}
	}
	return out
}

func find(labels []carry.LabelAt, name string) *carry.LabelAt {
	for i := range labels {
		if labels[i].Name == name {
			return &labels[i]
		}
	}
	return nil
}
