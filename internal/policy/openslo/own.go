package openslo

import (
	"fmt"
	"slices"
	"strings"

	"github.com/signalbox/signalbox/internal/kpi"
	"github.com/signalbox/signalbox/internal/policy"
	"github.com/signalbox/signalbox/internal/policy/carry"
	"github.com/signalbox/signalbox/internal/policy/idiom"
	"github.com/signalbox/signalbox/internal/policy/strict"
)

// ownSLO reads an SLO that we wrote. Its annotations say what OpenSLO has no field for; its fields say the rest, so that what
// was edited there counts.
func (im *importer) ownSLO(o *object) {
	what := "SLO " + o.name
	sli, why := im.resolve(first(o.spec, "indicator", "indicatorRef"), kindSLI)
	if sli == nil {
		im.Lost(o.root, what, "%s", orText(why, "it has no indicator"))
		return
	}
	d, stated := im.ownDoc(o)
	im.ownIndicator(o, sli, d, stated)
	objectives := items(o.spec.Get("objectives"))
	if len(objectives) == 0 {
		im.Lost(o.root, what, "it has no objectives, so nothing says what is good")
		return
	}
	if stated["objective"] == nil {
		_, text, why := im.target(objectives[0])
		if why != "" {
			im.Lost(o.root, what, "%s", why)
			return
		}
		zone := d.Get("zone")
		d.Drop("zone")
		window, why := im.timeWindow(o, d)
		if why != "" {
			im.Lost(o.root, what, "%s", why)
			return
		}
		// An annotated zone that the field does not contradict is as the document stated it.
		tz := ""
		if list := items(o.spec.Get("timeWindow")); len(list) > 0 {
			tz = textAt(list[0].Get("calendar"), "timeZone")
		}
		if zone != "" && (tz == "" || zone == carry.Text(tz)) {
			d.Set("zone", zone)
		}
		d.Set("objective", carry.Map(carry.Field{Key: "target", Value: text}, carry.Field{Key: "window", Value: window}))
	}
	parts := []*object{sli}
	for _, item := range items(o.spec.Get("alertPolicies")) {
		p, why := im.resolve(item, kindPolicy, "alertPolicyRef")
		if why != "" {
			im.Lost(item, "alert policy: "+carry.Brief(item), "%s", why)
			continue
		}
		parts = append(parts, p)
		for _, c := range items(p.spec.Get("conditions")) {
			if condition, why := im.resolve(c, kindCondition, "conditionRef"); why == "" {
				parts = append(parts, condition)
				im.ownSeverity(condition, d)
			}
		}
	}
	if text := im.Text(o.spec, "description"); text != "" && stated["description"] == nil {
		d.Set("description", carry.Text(text))
	}
	im.ownFinish(o, d, parts)
}

// bareSLI reads an SLI that we wrote for a KPI without an objective.
func (im *importer) bareSLI(o *object) {
	o.used = true
	d, stated := im.ownDoc(o)
	im.ownIndicator(o, o, d, stated)
	im.ownFinish(o, d, nil)
}

// ownDoc begins the document with what stands in metadata, and lists the annotations that it used.
func (im *importer) ownDoc(o *object) (*carry.Doc, map[string]*strict.Value) {
	d := carry.NewDoc("KPI", im.Name("KPI", own(o, "kpi")), fmt.Sprintf("Imported from %s:%d: %s %s of OpenSLO, with our annotations", o.root.File, o.root.Line, o.kind, o.name))
	stated := map[string]*strict.Value{}
	if notes := o.meta.Get("annotations"); notes != nil {
		for _, p := range notes.Keys {
			key, ours := strings.CutPrefix(p.Key.Text, Prefix)
			switch {
			case !ours || p.Value.Form != strict.Scalar:
			case key == "kpi" || key == "indicator-of":
				im.Take(p.Value)
			case !isOwnKey(key):
				im.Lost(p.Value, "annotation "+p.Key.Text, "a KPI has no such key")
			default:
				roots, findings := strict.Parse(p.Value.File, []byte(p.Value.Text))
				if len(roots) != 1 || len(findings) > 0 {
					im.Lost(p.Value, "annotation "+p.Key.Text, "it is no YAML value")
					continue
				}
				im.Take(p.Value)
				stated[key] = p.Value
				d.Set(key, carry.Emit(roots[0]))
			}
		}
	}
	if title := im.Text(o.meta, "displayName"); title != "" {
		d.Set("title", carry.Text(title))
	}
	if l := o.meta.Get("labels"); l != nil {
		d.Set("labels", im.LabelsOf(carry.LabelsAt(l), nil))
	}
	return d, stated
}

// ownIndicator believes the annotation while the queries stand as we wrote them; else it reads the queries.
func (im *importer) ownIndicator(o, sli *object, d *carry.Doc, stated map[string]*strict.Value) {
	untouched := own(o, "indicator-of") == digestOf(im.queries(sli)...)
	if at := stated["indicator"]; at != nil {
		if untouched {
			return
		}
		d.Drop("indicator")
		im.Lost(at, "annotation "+Prefix+"indicator", "the queries of the SLI were changed after the export, so they count")
	}
	im.trusted = untouched
	got, why := im.sli(sli)
	im.trusted = false
	if why != "" {
		im.Note(sli.root, carry.Lost, "indicator", why)
		return
	}
	if got.query == nil {
		d.Set("indicator", carry.Indicator(got.indicator))
		setBy(d, got.by)
		return
	}
	e, err := idiom.Parse(got.query.Text)
	if err != nil {
		im.Note(got.query, carry.Lost, "indicator", err.Error())
		return
	}
	if r, ok := idiom.Recognise(e); ok && !r.EachSeries {
		r.Turn(false)
		d.Set("indicator", carry.Indicator(r.Indicator))
		setBy(d, r.By)
		return
	}
	d.Set("indicator", carry.Indicator(kpi.Indicator{Kind: kpi.PromQL, PromQL: got.query.Text}))
}

// setBy states the labels of the queries, in the order of the annotation as long as they are the same.
func setBy(d *carry.Doc, by []string) {
	if roots, _ := strict.Parse("", []byte(d.Get("by"))); len(roots) == 1 {
		var have []string
		for _, item := range roots[0].Items {
			have = append(have, item.Text)
		}
		slices.Sort(have)
		if slices.Equal(have, slices.Sorted(slices.Values(by))) {
			return
		}
	}
	d.Drop("by")
	d.Set("by", carry.Texts(by))
}

// queries lists an SLI's queries in the order in which digests are made.
func (im *importer) queries(o *object) []string {
	query := func(m *strict.Value) string { return textAt(m.Get("metricSource").Get("spec"), "query") }
	r := o.spec.Get("ratioMetric")
	return []string{query(r.Get("good")), query(r.Get("bad")), query(r.Get("total")), query(r.Get("raw")), query(o.spec.Get("thresholdMetric"))}
}

// ownSeverity lets an edited severity count.
func (im *importer) ownSeverity(condition *object, d *carry.Doc) {
	severity := im.Text(condition.spec, "severity")
	roots, _ := strict.Parse("", []byte(d.Get("page")))
	if len(roots) != 1 || severity == "" || severity == orText(textAt(roots[0], "severity"), policy.DefaultSeverity) {
		return
	}
	f := []carry.Field{{Key: "severity", Value: carry.Flow(severity)}}
	for _, p := range roots[0].Keys {
		if p.Key.Text != "severity" {
			f = append(f, carry.Field{Key: p.Key.Text, Value: carry.Emit(p.Value)})
		}
	}
	d.Set("page", carry.Map(f...))
}

// ownFinish adds the document, exports it again and reports every field that would then be another: it was edited, and an
// annotation says otherwise.
func (im *importer) ownFinish(o *object, d *carry.Doc, parts []*object) {
	if !d.Has("owner") {
		d.Set("owner", carry.Text(im.Owner(o.root, "", textAt(o.spec, "service"))))
	}
	im.Add(o.root, d)
	im.Imported(o.root, o.kind+" "+o.name, "as KPI %s, which it was exported from", d.Name)
	docs, _ := policy.Read(o.root.File, []byte(d.String()), policy.Limits{})
	if len(docs) != 1 || docs[0].KPI == nil {
		return // Close refuses the document with the reason
	}
	again := map[string]string{}
	for _, out := range Export(docs).Documents {
		roots, _ := strict.Parse("", []byte(out.Text))
		for _, root := range roots {
			kind := textAt(root, "kind") + "/" + textAt(root.Get("metadata"), "name") + "/"
			for _, leaf := range carry.Leaves(root) {
				again[kind+leaf.Path] = leaf.Text
			}
		}
	}
	for _, part := range append([]*object{o}, parts...) {
		for _, leaf := range carry.Leaves(part.root) {
			switch want, known := again[part.kind+"/"+part.name+"/"+leaf.Path]; {
			case !known && strings.HasPrefix(leaf.Path, "metadata."):
				// Close reports what nobody took.
			case known && want == leaf.Text:
				im.Take(leaf)
			case !im.Taken(leaf):
				im.Lost(leaf, leaf.Path+": "+leaf.Text, "it was changed after the export, and the KPI in the annotations says otherwise; change it there")
			}
		}
	}
}
