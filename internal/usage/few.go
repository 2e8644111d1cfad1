package usage

import (
	"fmt"
	"slices"

	"github.com/signalbox/signalbox/internal/privacy"
)

// Few stands where a count of people is of too few to be shown; the shares and times that rest on it are left out.
const Few = -1

// hidden notes that something was hidden.
func hidden(notes []string, k int, any bool) []string {
	if !any {
		return notes
	}
	return append(notes, fmt.Sprintf("Groups of fewer than %d people are not shown.", k))
}

// few reports whether a count is of too few people to be shown. Nobody is no secret.
func few(n int64, k int) bool { return n > 0 && n < int64(k) }

// Hide takes out what counts fewer than k people; k of 0 or 1 hides nothing.
func (a *Actives) Hide(k int) {
	any := false
	for i := range a.Points {
		p := &a.Points[i]
		any = hide(k, &p.People) || any
		any = hide(k, &p.New) || any
	}
	if hide(k, &a.Day) || hide(k, &a.Month) {
		any, a.Stickiness = true, nil
	}
	any = hide(k, &a.Week) || any
	a.Notes = hidden(a.Notes, k, any)
}

// hide replaces a count of too few and reports whether it did.
func hide(k int, n *int64) bool {
	if !few(*n, k) {
		return false
	}
	*n = Few
	return true
}

// Hide takes out the sessions of periods in which fewer than k people had any: their lengths would be those of persons.
func (s *Sessions) Hide(k int) {
	any := false
	for i := range s.Points {
		any = s.Points[i].hide(k) || any
	}
	if s.Total.hide(k) {
		any, s.Distribution = true, []SessionBracket{}
	}
	s.Notes = hidden(s.Notes, k, any)
}

func (p *SessionPoint) hide(k int) bool {
	if !hide(k, &p.People) {
		return false
	}
	p.Median, p.P95, p.Mean, p.Per, p.Bounce = nil, nil, nil, nil, nil
	return true
}

// Hide takes out cohorts and cells of fewer than k people.
func (r *Retention) Hide(k int) {
	any := false
	for i := range r.Cohorts {
		c := &r.Cohorts[i]
		whole := hide(k, &c.Size)
		for j := range c.Cells {
			cell := &c.Cells[j]
			if whole || few(cell.People, k) || few(c.Size-cell.People, k) && cell.Complete && j > 0 {
				any = true
				cell.People, cell.Share, cell.Previous = Few, nil, nil
				if j+1 < len(c.Cells) {
					c.Cells[j+1].Previous = nil
				}
			}
		}
	}
	r.Notes = hidden(r.Notes, k, any)
}

// Hide takes out features that fewer than k people used.
func (a *Adoption) Hide(k int) {
	any := hide(k, &a.Actives)
	for i := range a.Features {
		f := &a.Features[i]
		if f.People != nil && hide(k, f.People) {
			any, f.Share = true, nil
		}
		for j := range f.Points {
			if p := &f.Points[j]; hide(k, &p.People) {
				any, p.Share = true, nil
			}
		}
		for j := range f.Releases {
			if r := &f.Releases[j]; hide(k, &r.People) {
				any, r.Share = true, nil
			}
		}
	}
	a.Notes = hidden(a.Notes, k, any)
}

// Hide takes out steps that fewer than k people reached, or lost, and groups that would tell them by subtraction.
func (f *Funnel) Hide(k int) {
	any := hideSteps(f.Steps, k)
	any = hide(k, &f.Excluded) || any
	firsts := make([]int64, len(f.Groups))
	for i, g := range f.Groups {
		if len(g.Steps) > 0 {
			firsts[i] = g.Steps[0].People
		}
	}
	for i, gone := range privacy.Small(k, firsts...) {
		if g := f.Groups[i].Steps; gone {
			any = true
			for j := range g {
				g[j] = FunnelStep{Name: g[j].Name, People: Few, Lost: Few, Traces: []string{}}
			}
		} else {
			any = hideSteps(g, k) || any
		}
	}
	f.Notes = hidden(f.Notes, k, any)
}

func hideSteps(steps []FunnelStep, k int) bool {
	any := false
	for i := range steps {
		s := &steps[i]
		if few(s.People, k) || few(s.Lost, k) { // who was lost is told by the steps beside it
			any = true
			*s = FunnelStep{Name: s.Name, People: Few, Lost: Few, Traces: []string{}}
		}
	}
	return any
}

// Hide takes out how many people errors touched where they are fewer than k.
func (e *Errors) Hide(k int) {
	any := false
	for i := range e.Groups {
		any = e.Groups[i].Hide(k) || any
	}
	e.Notes = hidden(e.Notes, k, any)
}

// Hide takes out how many people the error touched if they are fewer than k, and reports whether it did.
func (g *ErrorGroup) Hide(k int) bool { return hide(k, &g.People) }

// Hide takes out people who are fewer than k, and with them their sessions: nobody has half of one. Where nobody is named a
// session stands for somebody.
func (t *Touched) Hide(k int) {
	any := hide(k, &t.People)
	if any && t.Sessions > 0 {
		t.Sessions = Few
	}
	any = t.People == 0 && hide(k, &t.Sessions) || any
	t.Notes = hidden(t.Notes, k, any)
}

// Shown leaves out the samples that would tell of fewer than k people, and everything of an application whose 30 days have fewer.
func Shown(samples []Sample, k int) []Sample {
	if k <= 1 {
		return samples
	}
	appOf := func(s Sample) App { return App{s.Labels["service"], s.Labels["env"], s.Labels["agency"]} }
	month := map[App]float64{}
	for _, s := range samples {
		if s.Name == activesSeries && s.Labels["span"] == "month" {
			month[appOf(s)] = s.Value
		}
	}
	var out []Sample
	for _, s := range samples {
		if month[appOf(s)] >= float64(k) && !slices.ContainsFunc(s.People, func(n int64) bool { return few(n, k) }) {
			out = append(out, s)
		}
	}
	return out
}

const activesSeries = "signalbox_usage_actives"
