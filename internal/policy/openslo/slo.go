package openslo

import (
	"fmt"
	"math/big"
	"slices"
	"strings"
	"time"

	"github.com/signalbox/signalbox/internal/kpi"
	"github.com/signalbox/signalbox/internal/policy/carry"
	"github.com/signalbox/signalbox/internal/policy/idiom"
	"github.com/signalbox/signalbox/internal/policy/strict"
)

// shared is what all KPIs of an SLO have in common.
type shared struct {
	what        string
	service     string
	title       string
	description string
	owner       string
	labels      []carry.LabelAt
	page        page
}

// part is one KPI that an objective of a composite became.
type part struct {
	name   string
	weight string
	share  bool
	bad    bool
	by     []string
	period string
}

func (im *importer) slo(o *object) {
	o.used = true
	what := "SLO " + o.name
	if own(o, "kpi") != "" {
		im.ownSLO(o)
		return
	}
	objectives := items(o.spec.Get("objectives"))
	if len(objectives) == 0 {
		im.Lost(o.root, what, "it has no objectives, so nothing says what is good")
		return
	}
	s := im.shared(o, what)
	var whole *object
	at := first(o.spec, "indicator", "sli", "indicatorRef", "sliRef")
	if at != nil {
		sli, why := im.resolve(at, kindSLI)
		if why != "" {
			im.Lost(o.root, what, "%s", why)
			return
		}
		whole = sli
	}
	var parts []part
	for i, v := range objectives {
		name := o.name
		if len(objectives) > 1 {
			name += " " + orText(textAt(v, "displayName"), fmt.Sprint(i+1))
		}
		sli := whole
		if at := first(v, "indicator", "sli", "indicatorRef", "sliRef"); at != nil {
			one, why := im.resolve(at, kindSLI)
			if why != "" {
				im.Lost(v, fmt.Sprintf("objective %d of %s", i+1, o.name), "%s", why)
				continue
			}
			sli = one
		}
		if sli == nil {
			im.Lost(v, fmt.Sprintf("objective %d of %s", i+1, o.name), "neither it nor the SLO has an indicator")
			continue
		}
		if p, ok := im.objective(o, s, v, sli, name); ok {
			parts = append(parts, p)
		}
	}
	if whole == nil && len(objectives) > 1 && len(parts) > 0 {
		im.composite(o, s, parts)
	}
	if len(parts) == 0 {
		im.Lost(o.root, what, "none of its objectives could be carried over")
	}
}

func orText(a, b string) string {
	if a != "" {
		return a
	}
	return b
}

func (im *importer) shared(o *object, what string) *shared {
	s := &shared{what: what, service: im.Text(o.spec, "service"), description: im.Text(o.spec, "description")}
	s.title = orText(im.Text(o.meta, "displayName"), o.name)
	if l := o.meta.Get("labels"); l != nil {
		for _, p := range l.Keys {
			text := p.Value.Text
			if p.Value.Form == strict.List {
				text = strings.Trim(carry.Brief(p.Value), "[]")
				im.Changed(p.Value, "label "+p.Key.Text, "a label has one value here: %s", text)
			}
			s.labels = append(s.labels, carry.LabelAt{Name: p.Key.Text, Text: text, At: p.Value})
		}
	}
	notes := carry.LabelsAt(o.meta.Get("annotations"))
	for _, list := range [][]carry.LabelAt{s.labels, notes} {
		for _, l := range list {
			if k := lastWord(l.Name); (k == "owner" || k == "team") && s.owner == "" {
				s.owner = l.Text
				im.Take(l.At)
			}
		}
	}
	s.page = im.page(o, notes)
	return s
}

// lastWord is a key without its prefix: runbook_url of example.com/runbook_url.
func lastWord(key string) string { return strings.ToLower(key[strings.LastIndexByte(key, '/')+1:]) }

// objective turns one objective into a KPI.
func (im *importer) objective(o *object, s *shared, v *strict.Value, sli *object, name string) (part, bool) {
	what := fmt.Sprintf("objective %s of %s", orText(textAt(v, "displayName"), orText(textAt(v, "targetPercent"), textAt(v, "target"))), o.name)
	lost := func(why string) (part, bool) {
		im.Lost(v, what, "%s", why)
		return part{}, false
	}
	target, targetText, why := im.target(v)
	if why != "" {
		return lost(why)
	}
	got, known := im.read[sli]
	if !known {
		got.measure, got.why = im.sli(sli)
		im.read[sli] = got
	}
	if got.why != "" {
		return lost(got.why)
	}
	d := carry.NewDoc("KPI", "", fmt.Sprintf("Imported from %s:%d: SLO %s of OpenSLO, SLI %s (%s:%d)", v.File, v.Line, o.name, orText(sli.name, "written out"), sli.root.File, sli.root.Line))
	im.sliNames(sli, d)
	window, why := im.timeWindow(o, d)
	if why != "" {
		return lost(why)
	}
	d.Name = im.Name("KPI", name)
	p := part{name: d.Name, weight: im.Text(v, "compositeWeight"), share: got.measure.share, bad: got.measure.bad}
	method := im.Text(o.spec, "budgetingMethod")
	if !slices.Contains([]string{"", "Occurrences", "Timeslices", "RatioTimeslices"}, method) {
		return lost(fmt.Sprintf("its budgetingMethod is %q; want Occurrences, Timeslices or RatioTimeslices", carry.Clip(method)))
	}
	var by []string
	if got.measure.query != nil {
		by, why = im.threshold(v, d, got.measure, method)
	} else {
		by, why = im.share(o, v, d, got.measure, method, target)
	}
	if why != "" {
		return lost(why)
	}
	p.by, p.period = by, d.Get("period")
	d.Set("objective", carry.Map(carry.Field{Key: "target", Value: targetText}, carry.Field{Key: "window", Value: window}))
	title := s.title
	if name := im.Text(v, "displayName"); name != "" {
		title += ": " + name
	}
	d.Set("title", carry.Text(carry.Clip(title)))
	im.finish(o, v, d, s, by)
	im.Imported(v, what, "as KPI %s; its budget is judged by the burn-rate pairs of every objective", d.Name)
	return p, true
}

// finish states what all KPIs of an SLO have in common and adds the document.
func (im *importer) finish(o *object, v *strict.Value, d *carry.Doc, s *shared, by []string) {
	if s.description != "" {
		d.Set("description", carry.Text(s.description))
	}
	d.Set("owner", carry.Text(im.Owner(v, s.owner, s.service)))
	labels := slices.Clone(s.labels)
	if s.service != "" && !slices.ContainsFunc(labels, func(l carry.LabelAt) bool { return l.Name == "service" }) && !slices.Contains(by, "service") {
		labels = append(labels, carry.LabelAt{Name: "service", Text: s.service, At: o.spec.Get("service")})
	}
	d.Set("labels", im.LabelsOf(labels, by))
	if s.page.wanted {
		d.Set("page", im.PageOf(v, s.page.severity, s.page.runbook, s.page.noData))
		if !d.Has("page") {
			d.From = append(d.From, "severity: "+s.page.severity)
		}
	}
	im.Add(v, d)
}

// sliNames keeps what an SLI says of itself.
func (im *importer) sliNames(sli *object, d *carry.Doc) {
	if name := im.Text(sli.meta, "displayName"); name != "" {
		d.From = append(d.From, "SLI: "+carry.Clip(name))
	}
	if text := im.Text(sli.spec, "description"); text != "" {
		d.From = append(d.From, text)
	}
}

// target reads target or targetPercent: as an exact share and as the document states it.
func (im *importer) target(v *strict.Value) (share *big.Rat, text, why string) {
	plain, percent := im.Text(v, "target"), im.Text(v, "targetPercent")
	text, scale := plain, int64(1)
	if plain == "" {
		text, scale = percent, 100
	} else if percent != "" {
		im.Changed(v.Get("targetPercent"), "targetPercent: "+percent, "target stands beside it, and target counts")
	}
	share, ok := new(big.Rat), false
	if len(text) < 32 && !strings.ContainsAny(text, "eE/") {
		share, ok = share.SetString(text)
	}
	if !ok {
		return nil, "", fmt.Sprintf("its target is %q; want a number", carry.Clip(text))
	}
	share.Quo(share, big.NewRat(scale, 1))
	if share.Sign() <= 0 || share.Cmp(oneRat()) >= 0 {
		return nil, "", fmt.Sprintf("its target is %q; want a share above 0 and below 1", text)
	}
	if scale == 100 {
		text += "%"
	}
	return share, text, ""
}

// share states the indicator of a share: by events, or by timeslices as a KPI made of another.
func (im *importer) share(o *object, v *strict.Value, d *carry.Doc, m measure, method string, target *big.Rat) (by []string, why string) {
	for _, key := range []string{"op", "value"} {
		im.LostKey(v, key, "it belongs to a thresholdMetric, and this indicator is a ratio")
	}
	d.Set("by", carry.Texts(m.by))
	if method == "RatioTimeslices" {
		im.Changed(o.spec.Get("budgetingMethod"), "budgetingMethod: "+method, "the mean of the slices' ratios is not kept here; events are counted (Occurrences)")
		for _, key := range []string{"timeSliceWindow", "timeSliceTarget"} {
			im.LostKey(v, key, "events are counted, not slices")
		}
	}
	if method == "Occurrences" || method == "" {
		for _, key := range []string{"timeSliceWindow", "timeSliceTarget"} {
			im.LostKey(v, key, "it belongs to Timeslices, and this SLO counts occurrences")
		}
	}
	if method != "Timeslices" {
		d.Set("indicator", carry.Indicator(m.indicator))
		if m.indicator.Kind == kpi.PromQL {
			d.Set("unit", "percent")
			d.Set("thresholds", carry.Map(carry.Field{Key: "yellow", Value: carry.Flow(breach(m.bad, target))}))
		}
		return m.by, ""
	}
	good := im.Text(v, "timeSliceTarget")
	x, ok := new(big.Rat).SetString(good)
	if !ok || len(good) > 32 || strings.ContainsAny(good, "eE/") || x.Sign() <= 0 || x.Cmp(oneRat()) > 0 {
		return nil, fmt.Sprintf("it counts timeslices, and its timeSliceTarget is %q; want a share above 0 and at most 1", carry.Clip(good))
	}
	period, stated := im.slice(v)
	if !stated {
		period = time.Minute
	}
	d.Set("period", carry.Span(period))
	d.Set("unit", "percent")
	d.Set("thresholds", carry.Map(carry.Field{Key: "yellow", Value: carry.Flow(breach(m.bad, x))}))
	if m.indicator.Kind == kpi.PromQL {
		d.Set("indicator", carry.Indicator(m.indicator))
		return m.by, ""
	}
	// A share counts events; a KPI made of it counts its datapoints, which are the slices.
	base := carry.NewDoc("KPI", im.Name("KPI", d.Name+"-slices"), d.From[0], "The share of each slice; "+d.Name+" counts the slices that are good.")
	base.Set("indicator", carry.Indicator(m.indicator))
	base.Set("by", carry.Texts(m.by))
	base.Set("period", carry.Span(period))
	base.Set("title", carry.Text(carry.Clip(d.Name+", each slice")))
	base.Set("owner", carry.Text(orText(textAt(o.spec, "service"), carry.Unassigned)))
	if im.Options.Owner != "" {
		base.Set("owner", carry.Text(im.Options.Owner))
	}
	im.Add(v, base)
	im.Imported(o.spec.Get("budgetingMethod"), "budgetingMethod: Timeslices", "a ratio here counts events, so KPI %s holds the share of each slice and KPI %s counts the slices", base.Name, d.Name)
	d.Set("indicator", carry.Indicator(kpi.Indicator{Kind: kpi.Expr, Expr: "share", Inputs: map[string]string{"share": base.Name}}))
	return m.by, ""
}

// breach is the comparison that holds when a share is worse than the target.
func breach(bad bool, target *big.Rat) string {
	if bad {
		return "> " + idiom.Quantity(kpi.Ratio, new(big.Rat).Sub(oneRat(), target))
	}
	return "< " + idiom.Quantity(kpi.Ratio, target)
}

// threshold states the indicator of a thresholdMetric. A datapoint is good while the objective's comparison holds.
func (im *importer) threshold(v *strict.Value, d *carry.Doc, m measure, method string) (by []string, why string) {
	op, known := map[string]kpi.Op{"lte": kpi.AtMost, "gte": kpi.AtLeast, "lt": kpi.Below, "gt": kpi.Above}[im.Text(v, "op")]
	if !known {
		return nil, fmt.Sprintf("its op is %q; want lte, gte, lt or gt", carry.Clip(textAt(v, "op")))
	}
	value := im.Text(v, "value")
	x, ok := new(big.Rat).SetString(value)
	if !ok || len(value) > 32 || strings.ContainsAny(value, "eE/") {
		return nil, fmt.Sprintf("its value is %q; want a number", carry.Clip(value))
	}
	e, err := idiom.Parse(m.query.Text)
	if err != nil {
		return nil, carry.Clip(err.Error())
	}
	c := idiom.Condition{Value: e, Op: idiom.Negate(op), X: x}
	interval, stated := im.slice(v)
	if !stated {
		interval = time.Minute
	}
	im.slices(v, method)
	note := func(differences []string) {
		for _, difference := range differences {
			im.Changed(m.query, "query: "+m.query.Text, "%s", difference)
		}
	}
	r, breaches, edge, exact := c.Indicator()
	if exact && !idiom.IsShare(r.Indicator.Kind) {
		note(r.Differences)
		if r.EachSeries {
			note([]string{"the query has a value for each series; here the worst of a group counts"})
		}
		period, window := carry.Spacing(interval, r.Window)
		if at := v.Get("timeSliceWindow"); at != nil && period != interval {
			im.Changed(at, "timeSliceWindow: "+at.Text, "the query looks back %s, so a slice is %s", carry.Span(r.Window), carry.Span(period))
		}
		d.Set("period", carry.Span(period))
		if window > period {
			d.Set("window", carry.Span(window))
		}
		d.Set("indicator", carry.Indicator(r.Indicator))
		d.Set("by", carry.Texts(r.By))
		d.Set("thresholds", carry.Map(carry.Field{Key: "yellow", Value: carry.Flow(string(breaches) + " " + idiom.Quantity(r.Indicator.Kind, edge))}))
		return r.By, ""
	}
	q, err := idiom.AsQuery(e, idiom.Up(c.Op))
	if err != nil {
		return nil, "its query cannot be a KPI: " + err.Error()
	}
	note(q.Differences)
	reason := "no other indicator says exactly this, so it is asked as a query once a period"
	if exact {
		reason = "it is a share with a threshold; a ratio's objective would count events, so it is asked as a query once a period"
	}
	note([]string{reason})
	period, _ := carry.Spacing(interval, 0)
	d.Set("period", carry.Span(period))
	d.Set("indicator", carry.Indicator(kpi.Indicator{Kind: kpi.PromQL, PromQL: q.Text}))
	d.Set("by", carry.Texts(q.By))
	d.Set("thresholds", carry.Map(carry.Field{Key: "yellow", Value: carry.Flow(string(c.Op) + " " + idiom.Decimal(x))}))
	return q.By, ""
}

// slices says what the budgeting method of a thresholdMetric becomes: its datapoints are counted.
func (im *importer) slices(v *strict.Value, method string) {
	if t := v.Get("timeSliceTarget"); t != nil {
		im.Changed(t, "timeSliceTarget: "+t.Text, "a slice is one datapoint here, good or bad as a whole")
	}
	if method != "Timeslices" {
		im.Note(v, carry.Changed, "budgetingMethod: "+method, "a threshold metric has no events here; each datapoint counts once, as a timeslice")
	}
}

// composite makes a KPI of the weighted mean of all objectives, where all are shares that can be added.
func (im *importer) composite(o *object, s *shared, parts []part) {
	v := o.spec.Get("objectives")
	for _, p := range parts {
		if !p.share || len(p.by) > 0 || p.period != parts[0].period {
			im.Note(v, carry.Lost, "composite", "objectives can be added up here only if all are shares of events without groups and with one period; each stands for itself")
			return
		}
	}
	if len(parts) < 2 {
		im.Note(v, carry.Lost, "composite", "fewer than two of its objectives could be carried over")
		return
	}
	sum, terms, inputs := new(big.Rat), []string{}, map[string]string{}
	for i, p := range parts {
		w, ok := new(big.Rat).SetString(orText(p.weight, "1"))
		if !ok || len(p.weight) > 32 || strings.ContainsAny(p.weight, "eE/") || w.Sign() <= 0 {
			im.Note(v, carry.Lost, "compositeWeight: "+p.weight, "want a number above 0; 1 is assumed")
			w = oneRat()
		}
		name := fmt.Sprintf("o%d", i+1)
		inputs[name] = p.name
		if p.bad {
			name = "(1 - " + name + ")"
		}
		sum.Add(sum, w)
		if w.Cmp(oneRat()) != 0 {
			name = idiom.Decimal(w) + " * " + name
		}
		terms = append(terms, name)
	}
	d := carry.NewDoc("KPI", im.Name("KPI", o.name), fmt.Sprintf("Imported from %s:%d: the composite of SLO %s", o.root.File, o.root.Line, o.name))
	d.Set("title", carry.Text(carry.Clip(s.title)))
	d.Set("indicator", carry.Indicator(kpi.Indicator{Kind: kpi.Expr, Expr: "(" + strings.Join(terms, " + ") + ") / " + idiom.Decimal(sum), Inputs: inputs}))
	d.Set("unit", "percent")
	if parts[0].period != "" {
		d.Set("period", parts[0].period)
	}
	own := *s
	own.page.wanted = false
	im.finish(o, o.root, d, &own, nil)
	im.Note(o.root, carry.Changed, s.what, fmt.Sprintf("a composite: KPI %s shows the weighted mean of its %d objectives and is not judged, because the composite has no target of its own; each objective is a KPI that is", d.Name, len(parts)))
}
