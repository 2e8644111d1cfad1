package usage

import (
	"math"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/RoaringBitmap/roaring/v2"
	"github.com/stretchr/testify/require"
)

// vectors reads a table of testdata: its rows behind the comments and the head line.
func vectors(t *testing.T, file string) [][]string {
	body, err := os.ReadFile("testdata/" + file)
	require.NoError(t, err)
	var out [][]string
	for line := range strings.Lines(string(body)) {
		if line = strings.TrimRight(line, "\n"); line != "" && !strings.HasPrefix(line, "#") {
			out = append(out, strings.Split(line, "\t"))
		}
	}
	return out[1:]
}

func minutes(t *testing.T, text string) int64 {
	next := int64(0)
	if rest, ok := strings.CutSuffix(text, "(+1d)"); ok {
		text, next = rest, dayMicros
	}
	if h, m, ok := strings.Cut(text, ":"); ok {
		hours, err := strconv.Atoi(h)
		require.NoError(t, err)
		mins, err := strconv.Atoi(m)
		require.NoError(t, err)
		return next + int64(hours*60+mins)*60e6
	}
	x, err := strconv.ParseFloat(text, 64)
	require.NoError(t, err)
	return int64(math.Round(x * 60e6))
}

func TestVectorsOfSessions(t *testing.T) {
	for _, v := range vectors(t, "sessions.tsv") {
		var acts []Act
		if v[0] == "s5" {
			for m := int64(0); m <= 1475; m += 25 {
				acts = append(acts, Act{Time: m * 60e6})
			}
		} else {
			text, _, _ := strings.Cut(v[1], " (late")
			for _, x := range strings.Split(text, ",") {
				acts = append(acts, Act{Time: minutes(t, x)})
			}
		}
		var kept []Session
		for _, a := range acts { // in the order in which they came
			kept, _, _ = insert(kept, a)
		}
		got := Split(acts)
		require.Equal(t, got, kept, v[0])
		require.Equal(t, v[2], strconv.Itoa(len(got)), v[0])
		for i, want := range strings.Split(v[3], ";") {
			require.Equal(t, minutes(t, want), got[i].Last-got[i].First, v[0])
		}
	}
}

// TestLateEventsLeaveTheSessionsAsIfInOrder inserts events in any order, as long as no run lasts a day.
func TestLateEventsLeaveTheSessionsAsIfInOrder(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 2000 {
		acts := make([]Act, 1+r.IntN(40))
		for i := range acts {
			acts[i] = Act{Time: r.Int64N(22*60) * 60e6, View: r.IntN(3) == 0, Interact: r.IntN(4) == 0}
		}
		var kept []Session
		var sum tally
		for _, a := range acts {
			var gone, came []Session
			kept, gone, came = insert(kept, a)
			for _, s := range gone {
				sum.add(s, -1)
			}
			for _, s := range came {
				sum.add(s, 1)
			}
		}
		want := bruteSessions(acts)
		require.Equal(t, want, kept)
		require.Equal(t, want, Split(acts))
		var all tally
		for _, s := range want {
			all.add(s, 1)
		}
		require.Equal(t, all.point(0), sum.point(0))
	}
}

// bruteSessions gives every event the smallest set that is closed under "less than 30 minutes apart".
func bruteSessions(acts []Act) []Session {
	set := make([]int, len(acts))
	for i := range set {
		set[i] = i
	}
	for changed := true; changed; {
		changed = false
		for i := range acts {
			for j := range acts {
				if d := acts[i].Time - acts[j].Time; d > -sessionGap && d < sessionGap && set[i] < set[j] {
					set[j], changed = set[i], true
				}
			}
		}
	}
	by := map[int]Session{}
	for i, a := range acts {
		if s, ok := by[set[i]]; ok {
			by[set[i]] = s.with(a.session())
		} else {
			by[set[i]] = a.session()
		}
	}
	var out []Session
	for at := int64(math.MinInt64); len(by) > 0; {
		first, key := int64(math.MaxInt64), -1
		for k, s := range by {
			if s.First > at && s.First < first {
				first, key = s.First, k
			}
		}
		out, at = append(out, by[key]), first
		delete(by, key)
	}
	return out
}

func TestVectorsOfRetention(t *testing.T) {
	days := map[uint32][]int{1: {0, 1, 2}, 2: {0, 2}, 3: {0}, 4: {1, 2}, 5: {1, 3}}
	g := grid{cohorts: 4, complete: 4}
	var fresh []*roaring.Bitmap
	for d := range 4 {
		g.starts = append(g.starts, int32(d))
		g.back, fresh = append(g.back, roaring.New()), append(fresh, roaring.New())
	}
	for u, ds := range days {
		fresh[ds[0]].Add(u)
		for _, d := range ds {
			g.back[d].Add(u)
		}
	}
	for _, v := range vectors(t, "retention.tsv") {
		g.begin = fresh
		if strings.HasPrefix(v[0], "recurring") {
			g.begin = g.back
		}
		cohorts, _, _ := g.retention(3, strings.HasSuffix(v[0], "after"))
		i, _ := strconv.Atoi(v[1])
		require.Equal(t, v[2], strconv.FormatInt(cohorts[i].Size, 10), v)
		for k := 1; k <= 3; k++ {
			cell := cohorts[i].Cells[k]
			if v[2+k] == "-" {
				require.False(t, cell.Complete, v)
				require.Nil(t, cell.Share, v)
				continue
			}
			require.True(t, cell.Complete, v)
			require.Equal(t, v[2+k], strconv.FormatInt(cell.People, 10), v)
		}
		if v[0] == "first_time_on" && i == 0 {
			require.InDelta(t, 2.0, *cohorts[0].Cells[2].Previous, 1e-9)
			g2 := g
			g2.cohorts = 2
			_, weighted, simple := g2.retention(1, false)
			require.InDelta(t, 0.4, *weighted[1].Share, 1e-9)
			require.InDelta(t, (1.0/3+0.5)/2, *simple[1].Share, 1e-9)
		}
	}
}

func TestVectorsOfFunnels(t *testing.T) {
	for _, v := range vectors(t, "funnels.tsv") {
		steps := "ABC"
		text := v[1]
		if at := strings.Index(text, " (steps "); at > 0 {
			steps, text = strings.ReplaceAll(strings.TrimSuffix(text[at+8:], ")"), ",", ""), text[:at]
		}
		rule := PathRule{Steps: len(steps), Order: Order(v[2]), Within: minutes(t, v[3])}
		excluded := ""
		if v[4] != "" {
			excluded, rule.After = "X", []int{strings.Index(steps, v[4][len("X between "):len("X between ")+1])}
		}
		var events []PathEvent
		for _, x := range strings.Fields(text) {
			name, at, _ := strings.Cut(x, "@")
			e := PathEvent{Time: minutes(t, at)}
			for s := range steps {
				if steps[s:s+1] == name {
					e.Steps |= 1 << s
				}
			}
			if name == excluded {
				e.Excludes = 1
			}
			events = append(events, e)
		}
		require.Equal(t, v[5], strconv.Itoa(len(rule.Best(events).Reached)), v[0])
	}
}

// TestFunnelsAreWhatTryingEveryWayFinds compares with a search of all choices of events.
func TestFunnelsAreWhatTryingEveryWayFinds(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	for round := range 6000 {
		rule := PathRule{Steps: 1 + r.IntN(4), Order: []Order{Sequential, Strict, AnyOrder}[round%3], Within: int64(1 + r.IntN(12))}
		if r.IntN(2) == 0 {
			rule.After = []int{r.IntN(rule.Steps)}
		}
		events := make([]PathEvent, r.IntN(9))
		at := int64(0)
		for i := range events {
			at += int64(r.IntN(4))
			events[i] = PathEvent{Time: at, Received: int64(i), Steps: uint16(r.IntN(1 << rule.Steps)), Excludes: uint16(r.IntN(8) / 7)}
		}
		got := rule.Best(append([]PathEvent(nil), events...))
		want, excluded := bruteFunnel(&rule, events)
		require.Equal(t, excluded, got.Excluded, "%+v %+v", rule, events)
		if !excluded {
			require.Equal(t, want, len(got.Reached), "%+v %+v", rule, events)
		}
	}
}

// bruteFunnel tries for every first event every choice of the others. Exclusions are looked for along the earliest way to the
// furthest step, which is what an attempt is.
func bruteFunnel(p *PathRule, events []PathEvent) (best int, excluded bool) {
	for k := range events {
		var longest []int
		keep := func(way []int) {
			sooner := len(way) > len(longest)
			for i := 0; !sooner && len(way) == len(longest) && i < len(way); i++ {
				if way[i] != longest[i] {
					sooner = way[i] < longest[i]
					break
				}
			}
			if sooner {
				longest = append([]int(nil), way...)
			}
		}
		ok := func(e, s int) bool { return events[e].Steps>>s&1 == 1 && events[e].Time <= events[k].Time+p.Within }
		if p.Order == AnyOrder {
			var choose func(e int, used int, way []int)
			choose = func(e, used int, way []int) {
				keep(way)
				for ; e < len(events); e++ {
					for s := range p.Steps {
						if used>>s&1 == 0 && ok(e, s) {
							choose(e+1, used|1<<s, append(append([]int(nil), way...), e))
						}
					}
				}
			}
			if events[k].Steps == 0 {
				continue
			}
			choose(k, 0, nil)
		} else {
			if !ok(k, 0) {
				continue
			}
			var choose func(way []int)
			choose = func(way []int) {
				keep(way)
				if len(way) == p.Steps {
					return
				}
				last := way[len(way)-1]
				for e := last + 1; e < len(events) && (p.Order != Strict || e == last+1); e++ {
					if ok(e, len(way)) {
						choose(append(append([]int(nil), way...), e))
					}
				}
			}
			choose([]int{k})
		}
		if len(longest) == 0 {
			continue
		}
		for x, after := range p.After {
			from, to := after, after+1
			if p.Order == AnyOrder {
				from, to = 0, p.Steps-1
			}
			if from >= len(longest) {
				continue
			}
			for e := longest[from] + 1; e < len(events) && (to >= len(longest) || e < longest[to]); e++ {
				if events[e].Excludes>>x&1 == 1 && events[e].Time <= events[k].Time+p.Within {
					excluded = true
				}
			}
		}
		best = max(best, len(longest))
	}
	return best, excluded
}

func TestQuantilesOfASpread(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	var s spread
	var all []float64
	for range 5000 {
		x := math.Exp(r.NormFloat64()*3 - 3)
		all = append(all, x)
		s.add(x, 1)
	}
	slices.Sort(all)
	for _, q := range []float64{0.01, 0.5, 0.95, 1} {
		require.InEpsilon(t, *nearest(all, q), *s.quantile(q), 0.0201)
	}
	require.Nil(t, new(spread).quantile(0.5))
}
