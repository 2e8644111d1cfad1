package evaluate

import (
	"fmt"
	"hash/fnv"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/prometheus/prometheus/model/labels"

	"github.com/signalbox/signalbox/internal/kpi"
	"github.com/signalbox/signalbox/internal/ledger"
)

// steady reports whether Judge would say the same again: a green group whose whole range is real and breaches nothing, and
// whose newest datapoint is like the others. Most groups are so most of the time.
func (g *standing) steady(u *unit, p *kpi.Point) bool {
	if !kpi.Calm(u.k, p) {
		g.calm = 0
		return false
	}
	g.calm++
	return g.calm > g.points.size && g.ladder == nil && g.mem.Steady() && !g.firing
}

// cause4 says in one word why the light is what it is.
func (g *standing) cause4(u *unit) string {
	v := &g.verdict
	switch v.Light {
	case kpi.Red, kpi.Yellow:
		if (v.Light == kpi.Red && v.Red.After == kpi.Alarm) || (v.Light == kpi.Yellow && v.Yellow.After == kpi.Alarm) || v.Budget == nil {
			return "threshold"
		}
		return "burn"
	case kpi.Grey:
		return "no_data"
	default:
		return "recovered"
	}
}

// standing is what must be kept of a group across a restart.
func (g *standing) standing(u *unit) ledger.Standing {
	return ledger.Standing{KPI: u.k.Name, Group: g.key, Labels: g.labels, Revision: u.revision, Memory: g.mem, Birth: g.birth,
		Firing: g.firing, FiringFrom: g.firingFrom, NoDataFrom: g.noDataFrom, Cause: g.cause, Decision: g.decision}
}

// transition is the decision record of a change of light. Its id is made from what it is about, so that judging the same
// datapoint again after a kill writes the same record.
func (u *unit) transition(g *standing, from kpi.Light, cause string, at int64) kpi.Transition {
	end := g.points.last().End
	h := fnv.New64a()
	_, _ = h.Write([]byte(u.k.Name + "\xff" + g.key + "\xff" + g.mem.Light.String()))
	v := g.verdict
	v.Range = slices.Clone(v.Range)
	v.Describe(u.k.Thresholds)
	return kpi.Transition{
		ID: strconv.FormatInt(end, 36) + "-" + strconv.FormatUint(h.Sum64(), 36), KPI: u.k.Name, Revision: u.revision, Group: g.labels,
		From: from, To: g.mem.Light, End: end, At: at, Cause: cause, Sentence: sentence(u.k, g), Verdict: v,
	}
}

// page decides whether the group should be alerting and tells of every change of that. A red alert stays active through
// grey; only a real verdict that is not red, a retirement or a revision ends it.
func (u *unit) page(g *standing, b *batch) {
	p := *g.points.last()
	light := g.verdict.Light
	noData := u.k.Page != nil && u.k.Page.NoData > 0 && g.grey >= u.k.Page.NoData
	tell := func(resolved string) {
		if u.k.Page != nil {
			b.signals = append(b.signals, u.signal(g, b.at, resolved))
		}
	}
	switch {
	case light == kpi.Red && (!g.firing || g.cause == "no_data"):
		g.firing, g.firingFrom, g.noDataFrom, g.cause = true, p.End, 0, g.cause4(u)
		tell("")
	case g.firing && g.cause == "no_data":
		if light != kpi.Grey {
			g.firing = false
			tell("recovered")
		}
	case g.firing && light == kpi.Red:
		if g.noDataFrom != 0 && p.Real() {
			g.noDataFrom = 0
			tell("")
		}
	case g.firing && !p.Real():
		if g.noDataFrom == 0 {
			g.noDataFrom = p.End
			tell("")
		}
	case g.firing && (light == kpi.Green || light == kpi.Yellow):
		g.firing, g.noDataFrom = false, 0
		tell("recovered")
	case !g.firing && noData:
		g.firing, g.firingFrom, g.noDataFrom, g.cause = true, p.End, p.End, "no_data"
		tell("")
	}
}

// signal tells the alert room how a group stands.
func (u *unit) signal(g *standing, at int64, resolved string) kpi.PageSignal {
	s := kpi.PageSignal{
		KPI: u.k, Revision: u.revision, Group: g.labels, Firing: g.firing, Since: g.firingFrom, At: at, Cause: g.cause,
		NoDataFrom: g.noDataFrom, Resolved: resolved, Decision: g.decision, Last: emptyPoint(at, kpi.NoData),
	}
	if g.points.len() > 0 {
		s.Last = *g.points.last()
	}
	if u.k.Thresholds.Red != nil {
		s.Threshold = u.k.Thresholds.Red.Text
	}
	if g.cause == "no_data" {
		s.Threshold = "no data"
	}
	s.Summary, s.Why = summary(u.k, g), sentence(u.k, g)
	return s
}

// summary says what is wrong and how much, in one line.
func summary(k *kpi.KPI, g *standing) string {
	title := title(k)
	if g.cause == "no_data" && g.firing {
		return title + " has had no data since " + clock(g.noDataFrom)
	}
	if g.points.len() == 0 {
		return title
	}
	return title + " is " + kpi.Show(k.Unit, g.points.last().Value).String()
}

func title(k *kpi.KPI) string {
	if k.Title != "" {
		return k.Title
	}
	return k.Name
}

func clock(ms int64) string { return time.UnixMilli(ms).UTC().Format("15:04:05 UTC") }

// reason is why a group has its light, for the tile: one short sentence; empty when it is on target.
func reason(k *kpi.KPI, g *standing) string {
	if g.verdict.Light == kpi.Green && g.mem.Light == kpi.Green {
		return ""
	}
	return sentence(k, g)
}

// sentence explains a verdict: the rule, the points behind it, or what is missing.
func sentence(k *kpi.KPI, g *standing) string {
	v := &g.verdict
	var parts []string
	band := func(name string, c *kpi.Comparison, bv kpi.BandVerdict) {
		s := fmt.Sprintf("%s datapoints in a row %s", rule(bv), c.Limit(k.Unit))
		if f := k.Thresholds.ForRed; name == "yellow" {
			f = k.Thresholds.ForYellow
			if f.N == 1 {
				s = "the newest datapoint is " + c.Limit(k.Unit)
			}
		} else if f.N == 1 {
			s = "the newest datapoint is " + c.Limit(k.Unit)
		} else if f.M != f.N {
			s = fmt.Sprintf("%d of the newest %d datapoints %s", bv.Breaching, f.N, c.Limit(k.Unit))
		}
		if bv.Filled > 0 && bv.Real < bv.Breaching+bv.Filled && bv.Treatment == string(kpi.TreatBreaching) {
			s += "; missing ones count as breaching"
		}
		if bv.Note != "" {
			s += " (" + bv.Note + ")"
		}
		parts = append(parts, s)
	}
	switch v.Light {
	case kpi.Red:
		if v.Red.After == kpi.Alarm && k.Thresholds.Red != nil {
			band("red", k.Thresholds.Red, v.Red)
		}
	case kpi.Yellow:
		if v.Yellow.After == kpi.Alarm && k.Thresholds.Yellow != nil {
			band("yellow", k.Thresholds.Yellow, v.Yellow)
		}
	case kpi.Grey:
		if g.points.len() > 0 {
			p := g.points.last()
			switch {
			case !p.Real() && p.Detail != "":
				parts = append(parts, p.Detail)
			case !p.Real():
				parts = append(parts, "no data: "+string(p.Missing))
			default:
				parts = append(parts, "too few real datapoints to judge")
			}
		}
	case kpi.Green:
		parts = append(parts, "the newest datapoint is real and no band alarms")
	}
	if v.Budget != nil && v.Budget.Cause != "" && (v.Light == kpi.Red || v.Light == kpi.Yellow) {
		parts = append(parts, v.Budget.Cause)
	}
	if len(parts) == 0 {
		return ""
	}
	s := strings.Join(parts, "; ")
	return strings.ToUpper(s[:1]) + s[1:]
}

func rule(b kpi.BandVerdict) string { return strconv.Itoa(b.Breaching) }

// warnings are what a reader should know of a KPI beside its light.
func (e *Engine) warnings(u *unit) []string {
	var out []string
	if u.queryErr != "" {
		out = append(out, "the query failed: "+u.queryErr)
	}
	if u.meter == nil {
		return out
	}
	for _, sel := range u.meter.NeverMatched() {
		w := "nothing has matched " + sel.Text + " yet"
		if u.rows != nil {
			out = append(out, w)
			continue
		}
		if near := u.nearNames(e, sel); len(near) > 0 {
			w += "; there is " + strings.Join(near, ", ")
		}
		out = append(out, w)
	}
	if u.meter.OverLimit > 0 {
		out = append(out, fmt.Sprintf("more than %d groups by %s; %d %s are left out", u.k.MaxGroups, strings.Join(u.k.By, ", "), u.meter.OverLimit, u.things("series", "rows")))
	}
	if u.meter.Skipped > 0 {
		out = append(out, fmt.Sprintf("%d %s and were skipped", u.meter.Skipped, u.things("samples were not finite or below zero", "rows had no number in the field "+u.k.Indicator.Value)))
	}
	if u.meter.Unpaired > 0 {
		out = append(out, fmt.Sprintf("more pairs are open than can be followed; %d rows are left out", u.meter.Unpaired))
	}
	return out
}

// things chooses a word by what feeds the unit.
func (u *unit) things(samples, rows string) string {
	if u.rows != nil {
		return rows
	}
	return samples
}

func sortedNames[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }

// sortGroups puts the worst first, then the order of labels.
func sortGroups(gs []kpi.GroupStatus) {
	slices.SortStableFunc(gs, func(a, b kpi.GroupStatus) int {
		if a.Light != b.Light {
			if kpi.Worst(a.Light, b.Light) == a.Light {
				return -1
			}
			return 1
		}
		return labels.Compare(a.Labels, b.Labels)
	})
}
