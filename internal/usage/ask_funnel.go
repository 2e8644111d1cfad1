package usage

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"golang.org/x/sync/errgroup"

	"github.com/signalbox/signalbox/internal/fault"
	"github.com/signalbox/signalbox/internal/rowstore"
)

func tooMany(what string, most int) error {
	return fault.New(fault.Invalid, "there are too many %s; want %d or fewer", what, most)
}

// rule checks the question.
func (q *FunnelQuestion) rule() (PathRule, error) {
	p := PathRule{Steps: len(q.Steps), Order: cmp.Or(q.Order, Sequential), Within: int64(cmp.Or(q.Within, 7*daySeconds) * 1e6)}
	switch {
	case p.Order != Sequential && p.Order != Strict && p.Order != AnyOrder:
		return p, fault.New(fault.Invalid, "order %q: want sequential, strict or any", string(q.Order))
	case len(q.Steps) == 0 || len(q.Steps) > 10:
		return p, fault.New(fault.Invalid, "the funnel has %d steps; want 1 to 10", len(q.Steps))
	case len(q.Exclude) > 10:
		return p, tooMany("exclusions", 10)
	case q.Within < 0:
		return p, fault.New(fault.Invalid, "within %v: want seconds above 0", q.Within)
	}
	for _, x := range q.Exclude {
		if x.After < 0 || x.After > max(0, len(q.Steps)-2) {
			return p, fault.New(fault.Invalid, "exclude after step %d: want 0 to %d, the first step being 0", x.After, max(0, len(q.Steps)-2))
		}
		p.After = append(p.After, x.After)
	}
	return p, nil
}

// ways gathers how far people got.
type ways struct {
	reached []int64
	took    [][]float64 // seconds, by step
	lost    [][]lost
}

// lost is who got to a step and no further: the event of that step.
type lost struct {
	user, session string
	time          int64
}

func newWays(steps int) *ways {
	return &ways{make([]int64, steps), make([][]float64, steps), make([][]lost, steps)}
}

func (w *ways) add(events []PathEvent, a Attempt, user, session string) {
	for i, e := range a.Reached {
		w.reached[i]++
		if i > 0 {
			w.took[i] = append(w.took[i], float64(events[e].Time-events[a.Reached[i-1]].Time)/1e6)
		}
	}
	if n := len(a.Reached); n > 0 && n < len(w.reached) {
		if e := &events[a.Reached[n-1]]; len(w.lost[n]) < maxLost {
			w.lost[n] = append(w.lost[n], lost{user, session, e.Time})
		}
	}
}

// merge adds the ways of other people.
func (w *ways) merge(o *ways) {
	for i := range w.reached {
		w.reached[i] += o.reached[i]
		w.took[i] = append(w.took[i], o.took[i]...)
		w.lost[i] = append(w.lost[i], o.lost[i][:min(len(o.lost[i]), maxLost-len(w.lost[i]))]...)
	}
}

func (w *ways) answer(steps []Step) []FunnelStep {
	out := make([]FunnelStep, len(steps))
	for i, s := range steps {
		out[i] = FunnelStep{Name: cmp.Or(s.Name, s.Where.String()), People: w.reached[i], Share: share(float64(w.reached[i]), float64(w.reached[0])),
			Median: nearest(w.took[i], 0.5), P90: nearest(w.took[i], 0.9), Traces: []string{}}
		if i > 0 {
			out[i].Of, out[i].Lost = share(float64(w.reached[i]), float64(w.reached[i-1])), w.reached[i-1]-w.reached[i]
		}
	}
	return out
}

const maxLost = 5 // examples of a step

// tracesOf looks up the traces of events, some side by side: to carry them with every event would take as much memory as all the
// rest.
func (r *Room) tracesOf(ctx context.Context, events []lost, where rowstore.Expr) ([]string, error) {
	all := make([]string, len(events))
	var some errgroup.Group
	some.SetLimit(walkers)
	for i, x := range events {
		some.Go(func() error {
			who := rowstore.Is("user", x.user)
			if x.user == "" {
				who = rowstore.Is("session", x.session)
			}
			rows, err := r.opt.Rows.Find(ctx, rowstore.Find{Table: rowstore.Events, Between: rowstore.Between{From: x.time, To: x.time + 1}, Where: rowstore.All(who, where), Limit: 1})
			if err == nil && len(rows) > 0 {
				all[i] = rows[0].Trace.String()
			}
			return err
		})
	}
	err := some.Wait()
	return slices.DeleteFunc(all, func(trace string) bool { return trace == "" }), err
}

// follower follows one part of the people through a funnel.
type follower struct {
	q              *FunnelQuestion
	rule           PathRule
	to             int64 // who comes later is too late to enter
	sum            *ways
	groups         map[string]*ways
	values         map[string]string // of By, one copy of each
	excluded, ties int64
	cut            bool
	user, session  string // whose rows come
}

const maxValues = 10_000

func (f *follower) take(row *rowstore.Row) (e PathEvent, ok bool) {
	e.Time, e.Received = row.Time, row.Received
	told := row.Told[0]
	e.Steps, e.Excludes = uint16(told&(1<<f.rule.Steps-1)), uint16(told>>f.rule.Steps)
	e.Late = row.Time >= f.to
	if e.Steps != 0 {
		if f.q.By != "" {
			text := row.Get(f.q.By)
			if e.By, ok = f.values[text]; !ok {
				e.By = string([]byte(text))
				if len(f.values) < maxValues {
					f.values[e.By] = e.By
				}
			}
		}
	}
	return e, f.rule.Order == Strict || e.Steps|e.Excludes != 0
}

func (f *follower) person(events []PathEvent) {
	best := f.rule.Best(events)
	if best.Excluded {
		f.excluded++
		return
	}
	if best.Tied {
		f.ties++
	}
	f.sum.add(events, best, f.user, f.session)
	if f.q.By == "" || len(best.Reached) == 0 {
		return
	}
	value := events[best.Reached[0]].By
	if f.groups[value] == nil {
		if len(f.groups) == maxValues {
			f.cut = true
			return
		}
		f.groups[value] = newWays(f.rule.Steps)
	}
	f.groups[value].add(events, best, f.user, f.session)
}

// Funnel answers how many people get through steps. People enter in the range; what they do within the window after it counts.
func (r *Room) Funnel(ctx context.Context, q FunnelQuestion) (Funnel, error) {
	rule, err := q.rule()
	if err != nil {
		return Funnel{}, err
	}
	from, to, err := q.between(r.opt.Now())
	if err != nil {
		return Funnel{}, err
	}
	chosen := make([]rowstore.Expr, 0, len(q.Steps)+len(q.Exclude))
	for _, s := range q.Steps {
		chosen = append(chosen, s.Where)
	}
	for _, x := range q.Exclude {
		chosen = append(chosen, x.Where)
	}
	tests, err := compiled(chosen, "step")
	if err != nil {
		return Funnel{}, err
	}
	scan := rowstore.Scan{Table: rowstore.Events, Between: rowstore.Between{From: from, To: to + rule.Within}, Where: q.Where, Fields: needs(nil, "received", q.By)}
	if rule.Order != Strict && !slices.ContainsFunc(chosen, rowstore.Expr.IsEverything) { // in strict order every event counts
		scan.Where = rowstore.All(q.Where, rowstore.Any(chosen...))
	}
	out := Funnel{Groups: []FunnelGroup{}, Notes: notes(nil)}
	var of [walkers]*follower
	out.Events, err = walk(ctx, r, nil, scan, func(part int) walker[PathEvent] {
		of[part] = &follower{q: &q, rule: rule, to: to, sum: newWays(rule.Steps), groups: map[string]*ways{}, values: map[string]string{}}
		f := of[part]
		return walker[PathEvent]{tell: []rowstore.Teller{tested(tests, chosen)}, take: f.take, each: f.person, who: func(user, session string) { f.user, f.session = user, session }}
	})
	if err != nil {
		return Funnel{}, err
	}
	sum, groups, cut := of[0].sum, of[0].groups, false
	for i, f := range of {
		out.Excluded, out.Ties, cut = out.Excluded+f.excluded, out.Ties+f.ties, cut || f.cut
		if i == 0 {
			continue
		}
		sum.merge(f.sum)
		for value, w := range f.groups {
			if groups[value] == nil {
				groups[value] = w
			} else {
				groups[value].merge(w)
			}
		}
	}
	out.Steps = sum.answer(q.Steps)
	for i := 1; i < len(out.Steps); i++ {
		last := rowstore.Any(chosen[:rule.Steps]...)
		if rule.Order != AnyOrder {
			last = q.Steps[i-1].Where
		}
		if out.Steps[i].Traces, err = r.tracesOf(ctx, sum.lost[i], rowstore.All(q.Where, last)); err != nil {
			return Funnel{}, err
		}
	}
	for value, w := range groups {
		out.Groups = append(out.Groups, FunnelGroup{value, w.answer(q.Steps)})
	}
	slices.SortFunc(out.Groups, func(a, b FunnelGroup) int {
		return cmp.Or(cmp.Compare(b.Steps[0].People, a.Steps[0].People), cmp.Compare(a.Value, b.Value))
	})
	if n := len(out.Groups); n > 20 || cut {
		out.Groups = out.Groups[:min(20, n)]
		out.Notes = append(out.Notes, fmt.Sprintf("%s has %d values or more; the 20 biggest are shown.", q.By, n))
	}
	if to+rule.Within > r.opt.Now().UnixMicro() {
		out.Notes = append(out.Notes, "For people who entered at the end of the range the time is not up: they may still convert.")
	}
	return out, nil
}
