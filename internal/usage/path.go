package usage

import (
	"cmp"
	"math/bits"
	"slices"
	"sort"
)

// PathEvent is one event of a person on the way through a funnel: which steps and which exclusions it matches, as bits.
type PathEvent struct {
	Time     int64 // Unix microseconds
	Received int64 // decides between events of the same instant
	Steps    uint16
	Excludes uint16
	Late     bool   // came after the range: may finish a way, not begin one
	By       string // value of the breakdown field
}

// PathRule is a funnel without its expressions.
type PathRule struct {
	Steps   int
	Order   Order
	Within  int64 // microseconds from the first step, inclusive
	After   []int // of each exclusion, the step after which it counts
	collect []int32
	next    [][]int32 // memory of Best
}

// Attempt is how far a person got: the index of the event of each step reached.
type Attempt struct {
	Reached  []int32
	Excluded bool // an exclusion removes the person from the whole funnel
	Tied     bool // steps of the same instant
}

// Best returns the attempt that reached the furthest step; of equal ones the earliest. Events are put in order of time and
// arrival first. An exclusion counts in every attempt: after its step was reached, until the next one or the end of the window.
func (p *PathRule) Best(events []PathEvent) (best Attempt) {
	byTime := func(a, b PathEvent) int {
		return cmp.Or(cmp.Compare(a.Time, b.Time), cmp.Compare(a.Received, b.Received))
	}
	if !slices.IsSortedFunc(events, byTime) {
		slices.SortStableFunc(events, byTime)
	}
	n := len(events)
	for len(p.next) < p.Steps+len(p.After) {
		p.next = append(p.next, nil)
	}
	next := p.next // next[bit][k]: the first event at or after k that matches the bit; exclusions follow the steps
	for b := range p.Steps + len(p.After) {
		at := slices.Grow(next[b][:0], n+1)[:n+1]
		at[n] = int32(n)
		for k := n - 1; k >= 0; k-- {
			at[k] = at[k+1]
			if b < p.Steps && events[k].Steps>>b&1 == 1 || b >= p.Steps && events[k].Excludes>>(b-p.Steps)&1 == 1 {
				at[k] = int32(k)
			}
		}
		next[b] = at
	}
	begins := uint16(1)
	if p.Order == AnyOrder {
		begins = 1<<p.Steps - 1
	}
	for k := range events {
		if events[k].Steps&begins == 0 || events[k].Late {
			continue
		}
		reached := p.attempt(events, next, int32(k))
		if p.excluded(events, next, reached) {
			return Attempt{Excluded: true}
		}
		if len(reached) > len(best.Reached) {
			best.Reached = append([]int32(nil), reached...)
		}
		if len(best.Reached) == p.Steps && len(p.After) == 0 {
			break
		}
	}
	for i := 1; i < len(best.Reached); i++ {
		best.Tied = best.Tied || events[best.Reached[i]].Time == events[best.Reached[i-1]].Time
	}
	return best
}

// attempt follows the steps from event k.
func (p *PathRule) attempt(events []PathEvent, next [][]int32, k int32) []int32 {
	until := events[k].Time + p.Within
	out := append(p.collect[:0], k)
	defer func() { p.collect = out[:0] }()
	n := int32(len(events))
	switch p.Order {
	case AnyOrder:
		out = p.anyOrder(events, next, k, until, out[:0])
	case Strict:
		for s := 1; s < p.Steps && k+1 < n && events[k+1].Steps>>s&1 == 1 && events[k+1].Time <= until; s++ {
			k++
			out = append(out, k)
		}
	default:
		for s := 1; s < p.Steps; s++ {
			if k = next[s][k+1]; k == n || events[k].Time > until {
				break
			}
			out = append(out, k)
		}
	}
	return out
}

// anyOrder gives steps to events so that as many steps as possible have one of their own (augmenting paths), in order of
// time: each event that lets one step more be reached is where that step was reached. No step needs more candidates than
// there are steps.
func (p *PathRule) anyOrder(events []PathEvent, next [][]int32, k int32, until int64, out []int32) []int32 {
	var candidates []int32
	for s := range p.Steps {
		at := k
		for range p.Steps {
			if at = next[s][at]; at == int32(len(events)) || events[at].Time > until {
				break
			}
			candidates = append(candidates, at)
			at++
		}
	}
	sort.Slice(candidates, func(i, j int) bool { return candidates[i] < candidates[j] })
	var holder [16]int32 // event + 1 that a step is given to
	var try func(e int32, seen *uint16) bool
	try = func(e int32, seen *uint16) bool {
		for open := events[e].Steps &^ *seen; open != 0; open = events[e].Steps &^ *seen {
			s := bits.TrailingZeros16(open)
			*seen |= 1 << s
			if holder[s] == 0 || try(holder[s]-1, seen) {
				holder[s] = e + 1
				return true
			}
		}
		return false
	}
	for i, e := range candidates {
		if i > 0 && candidates[i-1] == e {
			continue
		}
		var seen uint16
		if try(e, &seen) {
			out = append(out, e)
		}
		if len(out) == p.Steps {
			break
		}
	}
	return out
}

func (p *PathRule) excluded(events []PathEvent, next [][]int32, reached []int32) bool {
	until := events[reached[0]].Time + p.Within
	for x, after := range p.After {
		from, to := after, after+1
		if p.Order == AnyOrder { // there is no step between which it could lie: anywhere on the way
			from, to = 0, p.Steps-1
		}
		if from >= len(reached) {
			continue
		}
		at := next[p.Steps+x][reached[from]+1]
		if at == int32(len(events)) || events[at].Time > until {
			continue
		}
		if to >= len(reached) || at < reached[to] {
			return true
		}
	}
	return false
}
