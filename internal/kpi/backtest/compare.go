package backtest

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/signalbox/signalbox/internal/kpi"
)

// Compare puts what is in force beside what is proposed and scores both against what the troubleshooting log knows. Either
// may be nil: a new KPI has nothing in force, a removal proposes nothing. The caller rehearses both over the same span.
func Compare(now, proposed *Rehearsed, labelled []Labelled) *Comparison {
	c := &Comparison{}
	var was, will score
	c.Now, was = side(now, labelled)
	c.Proposed, will = side(proposed, labelled)
	if c.Now != nil {
		c.Now.Label = fmt.Sprintf("Now, revision %d", now.Revision)
	}
	if c.Proposed != nil {
		c.Proposed.Label = "Proposed"
	}
	for _, r := range []*Rehearsed{now, proposed} {
		if r != nil {
			c.KPI, c.From, c.To = r.KPI, r.From, r.To
			c.Took += r.Took.Seconds()
		}
	}
	c.Sentence = consequence(now, proposed, was, will)
	return c
}

// score is how one definition did against the labelled periods.
type score struct {
	caught []bool // by real incident
	delay  float64
	timed  bool
}

func side(r *Rehearsed, labelled []Labelled) (*Side, score) {
	if r == nil {
		return nil, score{}
	}
	s := &Side{
		Revision: r.Revision, Threshold: r.Threshold, Way: r.Way, From: r.From, To: r.To, Limited: r.Limited, Points: r.Points,
		Transitions: r.TransitionCount, PageCount: r.PageCount, NightCount: r.NightCount, Minutes: r.Minutes, BudgetLeft: r.BudgetLeft,
		Light: r.Light.String(), Strip: r.Strip, Spans: r.Spans, Chart: r.Chart, Groups: r.Groups, Hidden: r.Hidden, Pages: []Page{},
	}
	if weeks := float64(r.To-r.From) / (7 * 24 * 3600_000); weeks > 0 {
		s.PerWeek = math.Round(float64(r.PageCount)/weeks*100) / 100
	}
	sc := score{}
	var delays []float64
	for _, l := range labelled {
		if !l.real() || l.To <= r.From || l.From > r.To {
			continue
		}
		s.Real++
		first := math.NaN()
		for i := range r.Pages {
			if p := &r.Pages[i]; p.touches(l) {
				if d := max(0, float64(p.At-l.From)/1000); math.IsNaN(first) || d < first {
					first = d
				}
			}
		}
		caught := !math.IsNaN(first)
		sc.caught = append(sc.caught, caught)
		if caught {
			s.Caught++
			delays = append(delays, first)
		}
	}
	right, wrong := 0, 0
	for i := range r.Pages {
		p := r.Pages[i].Page
		switch verdict(&r.Pages[i], labelled) {
		case RealIncident:
			p.Real = "real"
			right++
		case NoiseOnly:
			p.Real = "noise"
			wrong++
		}
		if len(s.Pages) < MaxListed {
			s.Pages = append(s.Pages, p)
		}
	}
	if right+wrong > 0 {
		s.Precision = ratio(right, right+wrong)
	}
	if s.Real > 0 {
		s.Recall = ratio(s.Caught, s.Real)
	}
	if len(delays) > 0 {
		slices.Sort(delays)
		sc.delay, sc.timed = (delays[(len(delays)-1)/2]+delays[len(delays)/2])/2, true
		s.FirstAlert = &sc.delay
	}
	return s, sc
}

func ratio(a, b int) *float64 {
	v := float64(a) / float64(b)
	return &v
}

// touches reports whether the page was open at some time of the labelled stretch.
func (p *Sent) touches(l Labelled) bool { return p.From <= l.To && (p.To == 0 || p.To >= l.From) }

// verdict is what is known of a page: about something real, about nothing, or empty.
func verdict(p *Sent, labelled []Labelled) LabelKind {
	var found LabelKind
	for _, l := range labelled {
		if !p.touches(l) {
			continue
		}
		if l.real() {
			return RealIncident
		}
		found = NoiseOnly
	}
	return found
}

// consequence says in one sentence what would change.
func consequence(now, proposed *Rehearsed, was, will score) string {
	switch {
	case proposed == nil && now == nil:
		return ""
	case proposed == nil:
		return fmt.Sprintf("The KPI would be judged no more; it sent %s %s.", count(now.PageCount, "page"), over(now))
	}
	var parts []string
	silent := proposed.Silent && (now == nil || now.Silent)
	switch {
	case proposed.Points == 0:
		parts = append(parts, "Nothing can be said of the past, because there is no datapoint to judge")
	case silent && now == nil:
		parts = append(parts, fmt.Sprintf("Nobody is paged; %s %s", count(minutes(proposed), "minute red", "minutes red"), over(proposed)))
	case silent:
		parts = append(parts, change(minutes(now), minutes(proposed), "minute red", "minutes red")+" "+over(proposed))
	case now == nil:
		parts = append(parts, count(proposed.PageCount, "page")+" "+over(proposed))
	default:
		parts = append(parts, change(now.PageCount, proposed.PageCount, "page", "pages")+" "+over(proposed))
	}
	gained, lost := 0, 0
	for i := range min(len(was.caught), len(will.caught)) {
		switch {
		case will.caught[i] && !was.caught[i]:
			gained++
		case was.caught[i] && !will.caught[i]:
			lost++
		}
	}
	if gained > 0 {
		parts = append(parts, count(gained, "real incident")+" caught that "+be(gained)+" missed")
	}
	if lost > 0 {
		parts = append(parts, count(lost, "real incident")+" missed that "+be(lost)+" caught")
	}
	if d := will.delay - was.delay; was.timed && will.timed && math.Abs(d) >= 30 {
		word := "later"
		if d < 0 {
			word = "earlier"
		}
		parts = append(parts, fmt.Sprintf("the first alert comes %s %s", spell(math.Abs(d)), word))
	}
	if proposed.Points > 0 {
		light := "the board would show " + proposed.Light.Word() + " today"
		if now != nil && now.Points > 0 && now.Light != proposed.Light {
			light += " instead of " + now.Light.Word()
		}
		parts = append(parts, light)
	}
	s := join(parts)
	return strings.ToUpper(s[:1]) + s[1:] + "."
}

func minutes(r *Rehearsed) int { return int(math.Round(r.Minutes[kpi.Red.String()])) }

// over says over which span.
func over(r *Rehearsed) string {
	hours := float64(r.To-r.From) / 3600_000
	if days := math.Round(hours / 24); hours >= 36 {
		return fmt.Sprintf("in %d days", int(days))
	}
	if hours >= 1.5 {
		return fmt.Sprintf("in %d hours", int(math.Round(hours)))
	}
	return fmt.Sprintf("in %d minutes", int(math.Round(hours*60)))
}

// change says how a count differs: "five more pages", "one page fewer", "as many pages as now (3)", "no pages, as now,".
func change(was, will int, one, many string) string {
	switch d := will - was; {
	case d == 0 && was == 0:
		return "no " + many + ", as now,"
	case d == 0:
		return fmt.Sprintf("as many %s as now (%d)", many, was)
	case d == 1:
		return "one more " + one
	case d == -1:
		return "one " + one + " fewer"
	case d > 0:
		return word(d) + " more " + many
	default:
		return word(-d) + " fewer " + many
	}
}

func count(n int, one string, many ...string) string {
	plural := one + "s"
	if len(many) > 0 {
		plural = many[0]
	}
	switch n {
	case 0:
		return "no " + plural
	case 1:
		return "one " + one
	default:
		return word(n) + " " + plural
	}
}

var words = [...]string{"no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"}

func word(n int) string {
	if n < len(words) {
		return words[n]
	}
	return fmt.Sprint(n)
}

func be(n int) string {
	if n == 1 {
		return "was"
	}
	return "were"
}

func spell(seconds float64) string {
	if seconds < 90 {
		return fmt.Sprintf("%.0f s", seconds)
	}
	return fmt.Sprintf("%.0f min", seconds/60)
}

// join lists parts with commas and a last "and".
func join(parts []string) string {
	if len(parts) < 2 {
		return strings.Join(parts, "")
	}
	last := len(parts) - 1
	head := strings.TrimSuffix(strings.Join(parts[:last], ", "), ",")
	return head + ", and " + parts[last]
}
