package openslo

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/signalbox/signalbox/internal/kpi"
	"github.com/signalbox/signalbox/internal/policy"
	"github.com/signalbox/signalbox/internal/policy/carry"
	"github.com/signalbox/signalbox/internal/policy/idiom"
	"github.com/signalbox/signalbox/internal/policy/strict"
)

// maxDescription is how long an SLO's description may be.
const maxDescription = 1050

// Export writes every KPI among the documents as OpenSLO v1: an SLI, and with an objective an SLO and what pages for it. The
// documents that come out have the kind OpenSLO and the KPI's name; the report says what travels in annotations only.
func Export(docs []policy.Document) *carry.Result {
	r := &carry.Result{Documents: []carry.Document{}, Report: []carry.Line{}}
	names := map[string]bool{}
	for i := range docs {
		d := &docs[i]
		line := carry.Line{File: d.File, Line: d.Line, What: d.Ref().String()}
		switch {
		case !d.Good():
			line.Outcome, line.Why = carry.Lost, "the document has errors; signalbox check says which"
		case d.KPI == nil:
			line.Outcome, line.Why = carry.Lost, "OpenSLO knows SLOs only; signalbox export policies writes every kind"
		default:
			e := exporter{doc: d, k: d.KPI, name: objectName(d.Name, names)}
			r.Documents = append(r.Documents, carry.Document{Kind: "OpenSLO", Name: d.Name, Text: e.text()})
			r.Report = append(r.Report, e.report...)
			continue
		}
		r.Report = append(r.Report, line)
	}
	return r
}

// objectName is a KPI's name as OpenSLO wants names: an RFC 1123 label.
func objectName(name string, taken map[string]bool) string {
	base := strings.Trim(strings.NewReplacer("_", "-", ".", "-").Replace(name), "-")
	base = strings.TrimRight(base[:min(len(base), 50)], "-")
	for n := 1; ; n++ {
		out := base
		if n > 1 {
			out += "-" + strconv.Itoa(n)
		}
		if !taken[out] {
			taken[out] = true
			return out
		}
	}
}

// exporter writes one KPI.
type exporter struct {
	doc    *policy.Document
	k      *kpi.KPI
	name   string
	b      strings.Builder
	report []carry.Line
}

func (e *exporter) say(o carry.Outcome, path, what, why string, args ...any) {
	e.report = append(e.report, carry.Line{File: e.doc.File, Line: e.doc.Line, Path: path, What: e.doc.Ref().String() + ": " + what, Outcome: o, Why: fmt.Sprintf(why, args...)})
}

// line writes one line; an empty value ends in the colon.
func (e *exporter) line(indent int, key, value string) {
	e.b.WriteString(strings.Repeat("  ", indent) + key + ":")
	if value != "" {
		e.b.WriteString(" " + value)
	}
	e.b.WriteString("\n")
}

func (e *exporter) begin(kind, name string) {
	if e.b.Len() > 0 {
		e.b.WriteString("---\n")
	}
	e.line(0, "apiVersion", v1)
	e.line(0, "kind", kind)
	e.line(0, "metadata", "")
	e.line(1, "name", carry.Text(name))
}

func (e *exporter) text() string {
	k := e.k
	s := e.sli()
	notes := e.annotations(s)
	if k.Objective == nil {
		e.say(carry.Changed, "objective", "objective", "it has none, and an SLO needs a target, so it is an SLI with annotations")
		e.begin(kindSLI, e.name)
		e.meta(notes)
		e.sliSpec(s)
		return e.b.String()
	}
	e.begin(kindSLO, e.name)
	e.meta(notes)
	e.sloSpec(s)
	e.begin(kindSLI, e.name)
	e.sliSpec(s)
	if k.Page != nil {
		e.alerts()
	}
	e.say(carry.Imported, "", "written", "as an SLO with an indicator of the kind %s", map[bool]string{true: "thresholdMetric", false: "ratioMetric"}[s.threshold != ""])
	return e.b.String()
}

func (e *exporter) meta(notes []carry.Field) {
	if e.k.Title != "" {
		e.line(1, "displayName", carry.Text(e.k.Title))
	}
	if len(e.k.Labels) > 0 {
		e.line(1, "labels", carry.Labels(e.k.Labels))
	}
	e.line(1, "annotations", "")
	for _, n := range notes {
		e.line(2, Prefix+n.Key, carry.Text(n.Value))
	}
}

// annotations carry, key by key as the document states it, what OpenSLO has no field for.
func (e *exporter) annotations(s sliOut) []carry.Field {
	out := []carry.Field{{Key: "kpi", Value: e.k.Name}, {Key: "indicator-of", Value: s.digest()}}
	roots, _ := strict.Parse("", []byte(e.doc.Text))
	var kept []string
	var stated []strict.Pair
	if len(roots) > 0 {
		stated = roots[0].Keys
	}
	for _, p := range stated {
		key := p.Key.Text
		switch key {
		case "kind", "name", "title", "labels":
			continue
		case "description":
			if e.k.Objective != nil && len([]rune(e.k.Description)) <= maxDescription {
				continue
			}
		case "objective":
			if windowFits(e.k) {
				continue
			}
		case "indicator":
			if s.comesBack(e.k) {
				continue
			}
		}
		if value := carry.Emit(p.Value); value != "" && p.Value.Form != strict.Null {
			kept = append(kept, key)
			out = append(out, carry.Field{Key: key, Value: value})
		}
	}
	if len(kept) > 0 {
		e.say(carry.Changed, "", strings.Join(kept, ", "), "OpenSLO has no field that says this as we do; it travels in annotations under %s, which other tools pass by", Prefix)
	}
	return out
}

func windowFits(k *kpi.KPI) bool {
	return k.Objective == nil || k.Objective.Calendar != "" || spanText(k.Objective.Window) != ""
}

func (e *exporter) sloSpec(s sliOut) {
	k := e.k
	e.line(0, "spec", "")
	if text := k.Description; text != "" {
		if r := []rune(text); len(r) > maxDescription {
			e.say(carry.Changed, "description", "description", "OpenSLO allows %d characters; the whole text travels in an annotation", maxDescription)
			text = string(r[:maxDescription])
		}
		e.line(1, "description", carry.Text(text))
	}
	e.line(1, "service", carry.Text(serviceOf(k)))
	e.line(1, "indicatorRef", carry.Text(e.name))
	e.line(1, "timeWindow", "")
	e.window()
	events := idiom.IsShare(k.Indicator.Kind)
	if events {
		e.line(1, "budgetingMethod", "Occurrences")
	} else {
		e.line(1, "budgetingMethod", "Timeslices")
	}
	e.line(1, "objectives", "")
	e.b.WriteString("    - target: " + strconv.FormatFloat(k.Objective.Target, 'f', -1, 64) + "\n")
	if !events {
		e.line(3, "timeSliceTarget", "1")
		if text := spanText(k.Period); text != "" {
			e.line(3, "timeSliceWindow", text)
		} else {
			e.say(carry.Changed, "period", "period "+carry.Span(k.Period), "a slice of OpenSLO is whole minutes, so timeSliceWindow is left out")
		}
	}
	if s.threshold != "" {
		e.line(3, "op", s.op)
		e.line(3, "value", s.threshold)
	}
	if k.Page != nil {
		e.line(1, "alertPolicies", carry.List(e.name+"-fast-burn", e.name+"-slow-burn"))
	}
}

func (e *exporter) window() {
	o := e.k.Objective
	zone := e.k.Zone
	if zone == "" {
		zone = "UTC"
	}
	switch o.Calendar {
	case "":
		text := spanText(o.Window)
		if text == "" {
			text = spanText(o.Window.Truncate(60e9) + 60e9)
			e.say(carry.Changed, "objective.window", "window "+carry.Span(o.Window), "OpenSLO has whole minutes; the objective travels in an annotation")
		}
		e.b.WriteString("    - duration: " + text + "\n")
		e.line(3, "isRolling", "true")
		return
	case "week":
		e.b.WriteString("    - duration: 1w\n")
		e.line(3, "calendar", "")
		e.line(4, "startTime", "'2026-01-05 00:00:00'")
	case "quarter":
		e.b.WriteString("    - duration: 1Q\n")
		e.line(3, "calendar", "")
		e.line(4, "startTime", "'2026-01-01 00:00:00'")
	default:
		e.b.WriteString("    - duration: 1M\n")
		e.line(3, "calendar", "")
		e.line(4, "startTime", "'2026-01-01 00:00:00'")
	}
	e.line(4, "timeZone", carry.Text(zone))
	e.line(3, "isRolling", "false")
}

func (e *exporter) sliSpec(s sliOut) {
	e.line(0, "spec", "")
	s.write(e)
}

// alerts writes the two pairs that turn a light red, one policy each because a policy has one condition.
func (e *exporter) alerts() {
	k := e.k
	span := k.Objective.Window
	switch k.Objective.Calendar {
	case "week":
		span = 7 * day
	case "month":
		span = 31 * day
	case "quarter":
		span = 92 * day
	}
	for i, pair := range burnPairs() {
		name := e.name + []string{"-fast-burn", "-slow-burn"}[i]
		e.begin(kindPolicy, name)
		e.line(0, "spec", "")
		e.line(1, "alertWhenNoData", strconv.FormatBool(k.Page.NoData > 0))
		e.line(1, "alertWhenBreaching", "true")
		e.line(1, "alertWhenResolved", "true")
		e.line(1, "conditions", "")
		e.b.WriteString("    - conditionRef: " + carry.Text(name) + "\n")
		e.line(1, "notificationTargets", "[]")
		e.begin(kindCondition, name)
		e.line(0, "spec", "")
		e.line(1, "severity", carry.Text(k.Page.Severity))
		e.line(1, "condition", "")
		e.line(2, "kind", "burnrate")
		e.line(2, "op", "gt")
		e.line(2, "threshold", idiom.Decimal(pair.factor(span)))
		e.line(2, "lookbackWindow", spanText(pair.long))
		e.line(2, "alertAfter", "0m")
	}
	e.say(carry.Lost, "page", "short windows of the burn-rate pairs", "a condition of OpenSLO looks at one window, so that an alert there lasts longer than the burning; the yellow pairs (ticket) are left out, because yellow tells nobody")
	if k.Thresholds.Red != nil {
		e.say(carry.Lost, "thresholds.red", "paging at "+k.Thresholds.Red.Text, "alert conditions of OpenSLO are burn rates only; the threshold travels in an annotation")
	}
}

var serviceForm = regexp.MustCompile(`^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$`)

// serviceOf is the service that an SLO must name: the KPI's label, or its owner.
func serviceOf(k *kpi.KPI) string {
	for _, s := range []string{k.Labels["service"], k.Labels["team"]} {
		if serviceForm.MatchString(s) {
			return s
		}
	}
	out := strings.NewReplacer("_", "-", ".", "-").Replace(carry.Slug(k.Owner))
	return strings.Trim(out[:min(len(out), 63)], "-")
}

// ownKeys are the keys of a KPI that may travel in annotations.
func ownKeys() []string {
	return []string{"description", "outcome", "owner", "regulated", "review_every", "unit", "indicator", "by", "expect", "max_groups", "period", "window", "delay", "interval", "zone", "thresholds", "min_coverage", "restate_for", "objective", "page"}
}

func isOwnKey(key string) bool { return slices.Contains(ownKeys(), key) }
