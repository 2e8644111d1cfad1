package board

import (
	"fmt"
	"strings"
	"time"

	"github.com/signalbox/signalbox/internal/kpi"
)

// verdict is the sentence that the board opens with: the worst KPI, since when, and how many others. It is filled into
// templates from state; what is not known is not said.
func verdict(s *scene, sources SourcesSummary) Verdict {
	c, v := s.counts, Verdict{}
	switch {
	case len(s.views) == 0:
		v.Light = kpi.Grey.String()
		v.Sentence = "No KPIs yet."
		v.Detail = "A KPI document in one of the files of `policies` appears here within seconds."
		return v
	case c.Red > 0:
		v.Light = kpi.Red.String()
		v.Sentence = subject(s, 0, c.Red, "is breached", "are breached") + others(c.Yellow, "is at risk", "are at risk")
		if c.Yellow == 0 {
			v.Sentence += others(c.Grey, "has no data", "have no data")
		}
	case c.Yellow > 0:
		v.Light = kpi.Yellow.String()
		v.Sentence = subject(s, 1, c.Yellow, "is at risk", "are at risk") + others(c.Grey, "has no data", "have no data")
	case c.Grey > 0 && waiting(s):
		v.Light = kpi.Grey.String()
		v.Sentence = "Waiting for the first datapoints."
		v.Detail = fmt.Sprintf("%s defined, none has a closed datapoint yet.", plural(len(s.views), "KPI"))
		return v
	case c.Grey > 0:
		v.Light = kpi.Grey.String()
		v.Sentence = subject(s, 2, c.Grey, "has no data", "have no data")
		if c.Green > 0 {
			v.Sentence += " " + capital(number(c.Green)) + map[bool]string{true: " other KPI is", false: " other KPIs are"}[c.Green == 1] + " on target."
		}
	default:
		v.Light = kpi.Green.String()
		switch {
		case c.Green == 0:
			v.Sentence = "Every KPI is paused."
		case len(s.views) == 1:
			v.Sentence = s.views[0].Title + " is on target."
		case c.Paused > 0:
			v.Sentence = fmt.Sprintf("%s on target, %s paused.", plural(c.Green, "KPI"), kpi.Count(float64(c.Paused)))
		default:
			v.Sentence = fmt.Sprintf("All %s are on target.", plural(len(s.views), "KPI"))
		}
	}
	v.Detail = detail(s, sources)
	return v
}

func waiting(s *scene) bool {
	for _, st := range s.sts {
		if st.Last.End != 0 {
			return false
		}
	}
	return true
}

// subject names the worst KPI of a rank and counts the rest: "A is breached.", "A and B are breached.", "A and two other
// KPIs are breached."
func subject(s *scene, r, n int, one, many string) string {
	w := worst(s, r)
	switch n {
	case 1:
		return s.views[w].Title + " " + one + "."
	case 2:
		other := ""
		for i := range s.views {
			if i != w && rank(&s.views[i]) == r {
				other = s.views[i].Title
			}
		}
		return s.views[w].Title + " and " + other + " " + many + "."
	}
	return fmt.Sprintf("%s and %s other KPIs %s.", s.views[w].Title, number(n-1), many)
}

// others is the second half: " Two other KPIs are at risk."
func others(n int, one, many string) string {
	switch n {
	case 0:
		return ""
	case 1:
		return " One other KPI " + one + "."
	}
	return " " + capital(number(n)) + " other KPIs " + many + "."
}

// worst returns the index of the KPI of a rank that comes first: those that page before those that do not, then the one
// that has been so for longest.
func worst(s *scene, r int) int {
	best := -1
	for i := range s.views {
		v := &s.views[i]
		if rank(v) != r {
			continue
		}
		if best < 0 || before(v, &s.views[best]) {
			best = i
		}
	}
	return best
}

func before(a, b *View) bool {
	if (a.Page != nil) != (b.Page != nil) {
		return a.Page != nil
	}
	if (a.Since == 0) != (b.Since == 0) {
		return a.Since != 0
	}
	return a.Since < b.Since
}

// detail says more of the worst KPI, and what else a reader must know: paused trouble and late sources.
func detail(s *scene, sources SourcesSummary) string {
	var parts []string
	for r := range 3 {
		if i := worst(s, r); i >= 0 {
			parts = append(parts, trouble(s.sts[i], &s.views[i], s.now))
			break
		}
	}
	if len(parts) == 0 {
		parts = append(parts, "Every promise that is being watched is kept, as of "+time.UnixMilli(s.now).UTC().Format("15:04:05 UTC")+".")
	}
	paused := 0
	for i := range s.views {
		if s.views[i].Paused != nil && s.views[i].Light != kpi.Green.String() {
			paused++
		}
	}
	if paused == 1 {
		parts = append(parts, "One paused KPI is not on target.")
	} else if paused > 1 {
		parts = append(parts, capital(number(paused))+" paused KPIs are not on target.")
	}
	if n := len(sources.Late); n == 1 {
		parts = append(parts, "One source is late.")
	} else if n > 1 {
		parts = append(parts, capital(number(n))+" sources are late.")
	}
	return strings.Join(parts, " ")
}

// trouble is one KPI's state in words: "E-file error rate has been above 3 % since 14:02 UTC, now 4.1 %. Worst: refund."
func trouble(st *kpi.Status, v *View, now int64) string {
	k := st.KPI
	from := ""
	if st.Since > 0 {
		from = " since " + since(st.Since, now)
	}
	var s string
	band, state := k.Thresholds.Red, func(g *kpi.GroupStatus) kpi.State { return g.Red }
	if st.Light == kpi.Yellow {
		band, state = k.Thresholds.Yellow, func(g *kpi.GroupStatus) kpi.State { return g.Yellow }
	}
	var g *kpi.GroupStatus
	if len(st.Groups) > 0 && st.Groups[0].Light == st.Light {
		g = &st.Groups[0]
	}
	switch {
	case st.Light == kpi.Grey:
		s = v.Title + " has had no data" + from
		if st.Reason != "" {
			s += ": " + strings.TrimSuffix(st.Reason, ".")
		}
		return sentence(s)
	case g != nil && band != nil && state(g) == kpi.Alarm:
		s = v.Title + " has been " + band.Limit(k.Unit) + from
	case g != nil && g.Budget != nil && g.Budget.Cause != "":
		s = v.Title + " has been " + strings.ToLower(st.Light.Word()) + from + ": " + g.Budget.Cause
	default:
		s = v.Title + " has been " + strings.ToLower(st.Light.Word()) + from
	}
	if v.Value.Exists() {
		s += ", now " + joined(v.Display)
	}
	s = sentence(s)
	if len(k.By) > 0 && g != nil {
		s += " Worst: " + groupText(k, g.Labels) + "."
	}
	return s
}
