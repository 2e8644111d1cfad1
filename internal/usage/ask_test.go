package usage

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/signalbox/signalbox/internal/rowstore"
)

func filled(t *testing.T, seed uint64, n int) (*Room, []rowstore.Row) {
	store := &memory{}
	room := open(t, t.TempDir(), store)
	feed(t, store, rowstore.Events, stream(rand.New(rand.NewPCG(seed, 1)), n), room.ObserveRows)
	return room, store.rows[rowstore.Events]
}

// TestRowsSayWhatIsKept asks the same question both ways.
func TestRowsSayWhatIsKept(t *testing.T) {
	room, _ := filled(t, 21, 1500)
	for _, s := range []Scope{{}, {App: App{Service: "portal"}}, {App: App{"portal", "prod", "IRS"}}, {See: func(a App) bool { return a.Env == "test" }}} {
		for _, p := range []Period{Day, Week, Month} {
			rg := Range{From: now.AddDate(0, 0, -34).UnixMilli()}
			kept, err := room.Sessions(t.Context(), SessionsQuestion{Scope: s, Period: p, Range: rg})
			require.NoError(t, err)
			asked, err := room.Sessions(t.Context(), SessionsQuestion{Scope: s, Period: p, Range: rg, AdHoc: true})
			require.NoError(t, err)
			require.True(t, kept.Standing && !asked.Standing)
			for i := range kept.Points {
				k, a := kept.Points[i], asked.Points[i]
				for _, x := range [][2]*float64{{k.Median, a.Median}, {k.P95, a.P95}} {
					require.Equal(t, x[0] == nil, x[1] == nil)
					if x[0] != nil && *x[1] > 0 {
						require.InEpsilon(t, *x[1], *x[0], 0.0201)
					}
				}
				k.Median, k.P95 = a.Median, a.P95
				require.Equal(t, a, k)
			}
			for mode := range 4 {
				q := RetentionQuestion{Scope: s, Period: p, Range: rg, Recurring: mode&1 == 1, OnOrAfter: mode&2 == 2, Periods: 4}
				kept, err := room.Retention(t.Context(), q)
				require.NoError(t, err)
				q.AdHoc = true
				asked, err := room.Retention(t.Context(), q)
				require.NoError(t, err)
				require.Equal(t, kept.Cohorts, asked.Cohorts, "%v %v %d", s.App, p, mode)
				require.Equal(t, kept.Weighted, asked.Weighted)
				require.Equal(t, kept.Simple, asked.Simple)
			}
		}
		for _, kind := range []string{"event", "route", "release"} {
			q := AdoptionQuestion{Scope: s, Kind: kind, Range: Range{From: now.AddDate(0, 0, -30).UnixMilli()}, Releases: true}
			kept, err := room.Adoption(t.Context(), q)
			require.NoError(t, err)
			q.AdHoc = true
			asked, err := room.Adoption(t.Context(), q)
			require.NoError(t, err)
			kept.Standing = false
			require.Equal(t, asked, kept)
		}
	}
}

// TestRetentionOfTwoEvents compares with counting person by person.
func TestRetentionOfTwoEvents(t *testing.T) {
	room, rows := filled(t, 22, 1500)
	for mode := range 4 {
		q := RetentionQuestion{Range: Range{From: now.AddDate(0, 0, -20).UnixMilli()}, Start: rowstore.Is("name", "page_view"), Return: rowstore.Is("name", "submit"), Periods: 5, Recurring: mode&1 == 1, OnOrAfter: mode&2 == 2}
		got, err := room.Retention(t.Context(), q)
		require.NoError(t, err)
		first, started, returned := map[string]int32{}, map[string]map[int32]bool{}, map[string]map[int32]bool{}
		for _, r := range rows {
			u, d := r.User+"|"+r.Session, dayOf(r.Time)
			m := started
			if r.Name == "submit" {
				m = returned
			} else if r.Name != "page_view" {
				continue
			} else if f, ok := first[u]; !ok || d < f {
				first[u] = d
			}
			if m[u] == nil {
				m[u] = map[int32]bool{}
			}
			m[u][d] = true
		}
		for _, c := range got.Cohorts {
			at := dayOf(c.At * 1000)
			for k := 1; k < len(c.Cells); k++ {
				n := 0
				for u := range started {
					member := first[u] == at || q.Recurring && started[u][at]
					back := returned[u][at+int32(k)]
					for d := range returned[u] {
						back = back || q.OnOrAfter && d >= at+int32(k)
					}
					if member && back {
						n++
					}
				}
				require.EqualValues(t, n, c.Cells[k].People, "mode %d", mode)
			}
		}
	}
}

// TestFunnelsOverRows compares with trying every choice for every person.
func TestFunnelsOverRows(t *testing.T) {
	room, rows := filled(t, 23, 400)
	from, to := now.AddDate(0, 0, -25).UnixMilli(), now.AddDate(0, 0, -3).UnixMilli()
	for _, order := range []Order{Sequential, Strict, AnyOrder} {
		for _, exclude := range [][]Exclusion{nil, {{Where: rowstore.Is("name", "web_vital"), After: 0}}} {
			q := FunnelQuestion{Range: Range{from, to}, Steps: steps("page_view", "click", "submit"), Order: order, Within: 3 * 3600, Exclude: exclude, By: "release"}
			got, err := room.Funnel(t.Context(), q)
			require.NoError(t, err)
			rule, err := q.rule()
			require.NoError(t, err)
			people := map[string][]PathEvent{}
			for _, r := range rows {
				if r.Time < from*1000 || r.Time >= to*1000+rule.Within {
					continue
				}
				e := PathEvent{Time: r.Time, Late: r.Time >= to*1000}
				if i := slices.Index([]string{"page_view", "click", "submit"}, r.Name); i >= 0 {
					e.Steps = 1 << i
				} else if exclude != nil {
					e.Excludes = 1
				}
				people[r.User+"|"+r.Session] = append(people[r.User+"|"+r.Session], e)
			}
			var reached [4]int64
			excluded := int64(0)
			for _, events := range people {
				slices.SortStableFunc(events, func(a, b PathEvent) int { return cmp.Compare(a.Time, b.Time) })
				best, out := bruteWindowed(&rule, events)
				if out {
					excluded++
					continue
				}
				for s := range best {
					reached[s]++
				}
			}
			require.Equal(t, excluded, got.Excluded, "%v", order)
			sums := [3]int64{}
			for i, s := range got.Steps {
				require.Equal(t, reached[i], s.People, "%v step %d", order, i)
				for _, g := range got.Groups {
					sums[i] += g.Steps[i].People
				}
				require.Equal(t, s.People, sums[i], "the groups are the whole")
				require.Equal(t, i == 0 || s.People == 0, s.Median == nil)
			}
			require.Positive(t, got.Steps[2].People)
		}
	}
}

// bruteWindowed tries, attempt by attempt, only the events within the window of the attempt: all choices of a whole path would be
// too many.
func bruteWindowed(p *PathRule, events []PathEvent) (best int, excluded bool) {
	for k, e := range events {
		if e.Late || p.Order != AnyOrder && e.Steps&1 == 0 || e.Steps == 0 {
			continue
		}
		end := k
		for end < len(events) && events[end].Time <= e.Time+p.Within {
			end++
		}
		window := slices.Clone(events[k:end])
		for i := 1; i < len(window); i++ {
			if p.Order != AnyOrder {
				window[i].Steps &^= 1 // no other attempt
			}
		}
		n, out := bruteFirst(p, window)
		best, excluded = max(best, n), excluded || out
	}
	return best, excluded
}

// bruteFirst is the one attempt that begins with the first event, step by step.
func bruteFirst(p *PathRule, events []PathEvent) (n int, excluded bool) {
	if p.Order == AnyOrder {
		var seen uint16
		last := 0
		for i, e := range events {
			if fresh := e.Steps &^ seen; fresh != 0 {
				seen |= fresh
				if n++; n == p.Steps {
					last = i
					break
				}
			}
		}
		if n < p.Steps {
			last = len(events)
		}
		for i := 1; i < last; i++ {
			excluded = excluded || len(p.After) > 0 && events[i].Excludes != 0
		}
		return n, excluded
	}
	at := []int{0}
	for i := 1; i < len(events) && len(at) < p.Steps; i++ {
		if events[i].Steps>>len(at)&1 == 1 {
			at = append(at, i)
		} else if p.Order == Strict {
			break
		}
	}
	for _, after := range p.After {
		if after >= len(at) {
			continue
		}
		to := len(events)
		if after+1 < len(at) {
			to = at[after+1]
		}
		for i := at[after] + 1; i < to; i++ {
			excluded = excluded || events[i].Excludes != 0
		}
	}
	return len(at), excluded
}

func TestTransactionsOverRows(t *testing.T) {
	store := &memory{}
	r := rand.New(rand.NewPCG(24, 1))
	var rows []rowstore.Row
	base := now.Add(-2 * time.Hour).UnixMicro()
	for i := range 500 {
		id, start := fmt.Sprintf("case-%d", i), base+r.Int64N(2*3600e6)
		add := func(at int64, name string) {
			if at < now.UnixMicro() {
				rows = append(rows, rowstore.Row{Time: at, Name: name, Business: id, Weight: 1, Trace: rowstore.TraceIDOf(1, uint64(i)+1)})
			}
		}
		add(start, "submitted")
		switch i % 5 {
		case 0, 1:
			add(start+r.Int64N(30e6), "accepted")
		case 2:
			add(start+30e6+1+r.Int64N(600e6), "accepted")
		case 3:
			add(start+r.Int64N(60e6), "rejected")
			add(start+60e6, "accepted")
		}
	}
	slices.SortStableFunc(rows, func(a, b rowstore.Row) int { return cmp.Compare(a.Time, b.Time) })
	require.NoError(t, store.Write(t.Context(), &rowstore.Batch{Table: rowstore.Events, Rows: rows}))
	room := open(t, t.TempDir(), store)
	from, to := now.Add(-90*time.Minute).UnixMilli(), now.UnixMilli()
	got, err := room.Success(t.Context(), SuccessQuestion{Range: Range{from, to}, Table: rowstore.Events, Start: rowstore.Is("name", "submitted"), End: rowstore.Is("name", "accepted"), Fail: rowstore.Is("name", "rejected")})
	require.NoError(t, err)
	var want Success
	for i := range 500 {
		var start, end, fail int64
		for _, x := range rows {
			if x.Business == fmt.Sprintf("case-%d", i) {
				switch {
				case x.Name == "submitted" && x.Time >= from*1000:
					start = x.Time
				case x.Name == "accepted":
					end = x.Time
				case x.Name == "rejected":
					fail = x.Time
				}
			}
		}
		switch {
		case start == 0:
			continue
		case fail != 0:
			want.Failed++
		case end != 0 && end-start <= 30e6:
			want.Succeeded++
		case end != 0:
			want.Late++
		case start+30e6 > now.UnixMicro():
			want.Open++
		default:
			want.Missing++
		}
		want.Started++
	}
	require.Equal(t, []int64{want.Started, want.Succeeded, want.Failed, want.Late, want.Missing, want.Open}, []int64{got.Started, got.Succeeded, got.Failed, got.Late, got.Missing, got.Open})
	require.Len(t, got.Examples, 20)
	for _, e := range got.Examples {
		require.NotEmpty(t, e.Trace)
		require.Contains(t, []string{"failed", "late", "missing"}, e.Outcome)
	}
}

func TestCohortsOverRows(t *testing.T) {
	room, rows := filled(t, 25, 800)
	q := PeopleQuestion{Range: Range{From: now.AddDate(0, 0, -5).UnixMilli()}, Did: []rowstore.Expr{rowstore.Is("name", "click"), rowstore.Is("name", "page_view")}, Not: []rowstore.Expr{rowstore.Is("release", "1.1")}}
	got, err := room.People(t.Context(), q)
	require.NoError(t, err)
	did := map[string]int{}
	for _, r := range rows {
		if u := r.User + "|" + r.Session; r.Time >= q.From*1000 {
			did[u] |= map[string]int{"click": 1, "page_view": 2}[r.Name] | map[string]int{"1.1": 4}[r.Release]
		}
	}
	n := 0
	for _, m := range did {
		if m == 3 {
			n++
		}
	}
	require.EqualValues(t, n, got.People)
	require.EqualValues(t, len(did), got.Of)
}

func TestWrongQuestionsAreRefused(t *testing.T) {
	room, _ := filled(t, 26, 10)
	ctx := t.Context()
	bad := rowstore.Expr{Match: &rowstore.Match{Field: "name", Op: rowstore.Matches, Value: "("}}
	_, err := room.Actives(t.Context(), ActivesQuestion{Period: "year"})
	require.ErrorContains(t, err, `period "year": want day, week or month`)
	_, err = room.Actives(t.Context(), ActivesQuestion{Range: Range{From: 5, To: now.UnixMilli()}})
	require.ErrorContains(t, err, "want 800 or fewer")
	_, err = room.Actives(t.Context(), ActivesQuestion{Range: Range{From: now.UnixMilli() + 2*daySeconds*1000, To: now.UnixMilli()}})
	require.ErrorContains(t, err, "before it begins")
	_, err = room.Funnel(ctx, FunnelQuestion{})
	require.ErrorContains(t, err, "has 0 steps; want 1 to 10")
	_, err = room.Funnel(ctx, FunnelQuestion{Steps: []Step{{Where: bad}}})
	require.ErrorContains(t, err, "step 1 cannot be used")
	_, err = room.Funnel(ctx, FunnelQuestion{Steps: steps("a", "b"), Exclude: []Exclusion{{After: 1}}})
	require.ErrorContains(t, err, "want 0 to 0")
	_, err = room.Retention(ctx, RetentionQuestion{Periods: 61})
	require.ErrorContains(t, err, "want 1 to 60")
	_, err = room.Adoption(ctx, AdoptionQuestion{Kind: "color"})
	require.ErrorContains(t, err, "want event, route or release")
	_, err = room.Errors(ErrorsQuestion{Sort: "size"})
	require.ErrorContains(t, err, "want count, new, people or last")
	_, err = room.Error("00", ErrorsQuestion{})
	require.ErrorContains(t, err, "not known")
	_, err = room.Related(ctx, RelatedQuestion{})
	require.ErrorContains(t, err, "no id is given")
	_, err = room.Related(ctx, RelatedQuestion{Trace: "1", User: "x"})
	require.ErrorContains(t, err, "both trace_id and user")
	_, err = room.Trace(ctx, "xyz", rowstore.Everything)
	require.ErrorContains(t, err, "32 hexadecimal digits")
	_, err = room.Trace(ctx, "12ab", rowstore.Everything)
	require.ErrorContains(t, err, "has no rows")
}
