package usage

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/signalbox/signalbox/internal/rowstore"
)

// now is noon of a Wednesday.
var now = time.Date(2026, 3, 18, 12, 0, 0, 0, time.UTC)

func open(t *testing.T, dir string, store rowstore.Store) *Room {
	r, err := New(Options{Dir: dir, Rows: store, Now: func() time.Time { return now }})
	require.NoError(t, err)
	require.NoError(t, r.CatchUp(t.Context()))
	return r
}

// stream makes events of some weeks: people in three applications, most in order, some hours late, some twice.
func stream(r *rand.Rand, n int) []rowstore.Row {
	apps := []App{{"portal", "prod", "IRS"}, {"intake", "prod", "IRS"}, {"portal", "test", ""}}
	names := []string{"page_view", "click", "submit", "web_vital"}
	var out []rowstore.Row
	for range n {
		at := now.Add(-time.Duration(r.Int64N(int64(40 * 24 * time.Hour))))
		a := apps[r.IntN(len(apps))]
		row := rowstore.Row{Time: at.UnixMicro(), Received: at.UnixMicro(), Service: a.Service, Env: a.Env, Agency: a.Agency, Name: names[r.IntN(len(names))],
			Weight: 1, User: fmt.Sprintf("p-%03d", r.IntN(60)), Route: "/a", Release: []string{"", "1.0", "1.1"}[r.IntN(3)]}
		if r.IntN(5) == 0 {
			row.User, row.Session = "", row.User
		}
		if r.IntN(3) == 0 {
			row.Received += int64(r.IntN(3600*10)) * 1e6
		}
		row.Received = min(row.Received, now.UnixMicro())
		out = append(out, row)
		for k := r.IntN(6); k > 0; k-- { // a visit
			row.Time += int64(r.IntN(40*60)) * 1e6
			row.Received = max(row.Received, row.Time)
			row.Name = names[r.IntN(len(names))]
			if row.Time < now.UnixMicro() {
				out = append(out, row)
			}
		}
	}
	slices.SortStableFunc(out, func(a, b rowstore.Row) int { return int((a.Received - b.Received) / 1e6) })
	return out
}

// feed hands rows over in batches, each with an instant of its own.
func feed(t *testing.T, store *memory, table rowstore.Table, rows []rowstore.Row, see func(*rowstore.Batch)) {
	last := int64(0)
	for chunk := range slices.Chunk(rows, 7) {
		b := rowstore.Batch{Table: table, Rows: slices.Clone(chunk)}
		last = max(last+1, chunk[len(chunk)-1].Received)
		for i := range b.Rows {
			b.Rows[i].Received = last
		}
		require.NoError(t, store.Write(t.Context(), &b))
		see(&b)
		clear(b.Rows)
	}
}

func answers(t *testing.T, r *Room) []any {
	var out []any
	for _, p := range []Period{Day, Week, Month} {
		for _, s := range []Scope{{}, {App: App{Service: "portal"}}, {App: App{Agency: "IRS"}}, {App: App{Service: "portal", Env: "prod", Agency: "IRS"}}} {
			rg := Range{From: now.AddDate(0, 0, -34).UnixMilli()}
			a, err := r.Actives(t.Context(), ActivesQuestion{Scope: s, Period: p, Range: rg})
			require.NoError(t, err)
			b, err := r.sessions(SessionsQuestion{Scope: s, Period: p, Range: rg})
			require.NoError(t, err)
			out = append(out, a, b)
			for i := range 4 {
				c, err := r.retention(RetentionQuestion{Scope: s, Period: p, Range: rg, Recurring: i&1 == 1, OnOrAfter: i&2 == 2})
				require.NoError(t, err)
				out = append(out, c)
			}
			for _, k := range []string{"event", "route", "release"} {
				d, err := r.adoption(AdoptionQuestion{Scope: s, Kind: k, Range: rg, Releases: true})
				require.NoError(t, err)
				out = append(out, d)
			}
		}
	}
	return out
}

// TestStandingNumbersAreThoseOfTheRows compares with counting from the rows, for every scope, period and mode.
func TestStandingNumbersAreThoseOfTheRows(t *testing.T) {
	store := &memory{}
	r := open(t, t.TempDir(), store)
	rows := stream(rand.New(rand.NewPCG(7, 8)), 1500)
	feed(t, store, rowstore.Events, rows, r.ObserveRows)
	rows = store.rows[rowstore.Events]
	for _, scope := range []App{{}, {Service: "portal"}, {Agency: "IRS"}, {Service: "intake", Env: "prod", Agency: "IRS"}, {Service: "nothing"}} {
		chosen := slices.DeleteFunc(slices.Clone(rows), func(x rowstore.Row) bool {
			return scope.Service != "" && x.Service != scope.Service || scope.Env != "" && x.Env != scope.Env || scope.Agency != "" && x.Agency != scope.Agency
		})
		rg := Range{From: now.AddDate(0, 0, -34).UnixMilli()}
		for _, p := range []Period{Day, Week, Month} {
			a, err := r.Actives(t.Context(), ActivesQuestion{Scope: Scope{App: scope}, Period: p, Range: rg})
			require.NoError(t, err)
			ss, err := r.sessions(SessionsQuestion{Scope: Scope{App: scope}, Period: p, Range: rg})
			require.NoError(t, err)
			first := map[string]int32{}
			days := map[string]map[int32]bool{}
			acts := map[string][]Act{}
			who := func(x rowstore.Row) string { return x.User + "|" + x.Session }
			for _, x := range chosen {
				d := dayOf(x.Time)
				if f, ok := first[who(x)]; !ok || d < f {
					first[who(x)] = d
				}
				if days[who(x)] == nil {
					days[who(x)] = map[int32]bool{}
				}
				days[who(x)][d] = true
				acts[who(x)] = append(acts[who(x)], r.words.act(&x))
			}
			in := func(d int32, at int64) bool { return d >= dayOf(at*1000) && d < p.next(dayOf(at*1000)) }
			for i, point := range a.Points {
				people, fresh := 0, 0
				for u, ds := range days {
					active := false
					for d := range ds {
						active = active || in(d, point.At)
					}
					if active {
						people++
					}
					if in(first[u], point.At) {
						fresh++
					}
				}
				require.EqualValues(t, people, point.People, "%v %v", scope, p)
				require.EqualValues(t, fresh, point.New, "%v %v", scope, p)
				require.Equal(t, p.next(dayOf(point.At*1000)) <= dayOf(now.UnixMicro()), point.Complete)
				var want tally
				for _, xs := range acts {
					for _, s := range bruteSessions(slices.Clone(xs)) {
						if in(dayOf(s.First), point.At) {
							want.add(s, 1)
						}
					}
				}
				expect := want.point(point.At)
				expect.People, expect.Complete = int64(people), point.Complete
				require.Equal(t, expect, ss.Points[i], "%v %v", scope, p)
			}
			for mode := range 4 {
				q := RetentionQuestion{Scope: Scope{App: scope}, Period: p, Range: rg, Periods: 3, Recurring: mode&1 == 1, OnOrAfter: mode&2 == 2}
				got, err := r.retention(q)
				require.NoError(t, err)
				for _, c := range got.Cohorts {
					at := dayOf(c.At * 1000)
					for k, cell := range c.Cells {
						from := at
						for range k {
							from = p.next(from)
						}
						n := 0
						for u, ds := range days {
							member, back := in(first[u], c.At), false
							for d := range ds {
								member = member || q.Recurring && in(d, c.At)
								back = back || d >= from && (d < p.next(from) || q.OnOrAfter)
							}
							if member && back {
								n++
							}
						}
						require.EqualValues(t, n, cell.People, "%v %v mode %d cohort %d column %d", scope, p, mode, at, k)
						require.Equal(t, p.next(from) <= dayOf(now.UnixMicro()), cell.Complete)
						require.Equal(t, from <= dayOf(now.UnixMicro()) && c.Size > 0, cell.Share != nil)
					}
				}
			}
		}
		ad, err := r.adoption(AdoptionQuestion{Scope: Scope{App: scope}, Range: rg, Releases: true})
		require.NoError(t, err)
		for _, f := range ad.Features {
			people, of, did := map[string]bool{}, map[string]bool{}, map[string]bool{}
			on := map[string]bool{}
			for _, x := range chosen {
				if dayOf(x.Time) >= dayOf(rg.From*1000) && x.Name == f.Name {
					people[x.User+"|"+x.Session] = true
					on[fmt.Sprint(x.User, "|", x.Session, dayOf(x.Time))] = true
				}
			}
			for _, x := range chosen {
				if dayOf(x.Time) >= dayOf(rg.From*1000) && x.Release == "1.1" {
					of[x.User+"|"+x.Session] = true
					if on[fmt.Sprint(x.User, "|", x.Session, dayOf(x.Time))] {
						did[x.User+"|"+x.Session] = true
					}
				}
			}
			require.EqualValues(t, len(people), *f.People)
			i := slices.IndexFunc(f.Releases, func(x FeatureRelease) bool { return x.Release == "1.1" })
			require.EqualValues(t, len(of), f.Releases[i].Of)
			require.EqualValues(t, len(did), f.Releases[i].People)
		}
	}
}

// TestAKillLosesAndDoublesNothing stops at any moment, also between the commit of a batch and its observation, and compares
// with a room that was never stopped.
func TestAKillLosesAndDoublesNothing(t *testing.T) {
	r := rand.New(rand.NewPCG(9, 10))
	store, dir := &memory{}, t.TempDir()
	rows := stream(r, 900)
	for i := range rows {
		if r.IntN(30) == 0 {
			rows[i].Status, rows[i].Body = rowstore.StatusError, "failed after 30 s"
		}
	}
	steady := open(t, t.TempDir(), &memory{})
	room := open(t, dir, store)
	var held []*rowstore.Batch // committed, not yet observed
	feed(t, store, rowstore.Events, rows, func(b *rowstore.Batch) {
		c := &rowstore.Batch{Table: b.Table, Rows: slices.Clone(b.Rows)}
		steady.ObserveRows(c)
		if held = append(held, c); r.IntN(3) > 0 {
			for _, h := range held {
				room.ObserveRows(h)
			}
			held = nil
		}
		switch r.IntN(40) {
		case 0:
			require.NoError(t, room.Checkpoint(t.Context()))
		case 1: // kill -9: what is in memory is gone
			held, room = nil, open(t, dir, store)
		case 2: // sessions that no event can reach are forgotten
			room.state.evict(room.clock)
		}
	})
	room = open(t, dir, store)
	require.Equal(t, answers(t, steady), answers(t, room))
	room.state.evict(room.clock)
	require.Less(t, len(room.state.live.list), len(steady.state.live.list))
	a, err := steady.Errors(ErrorsQuestion{Range: Range{From: 1}})
	require.NoError(t, err)
	b, err := room.Errors(ErrorsQuestion{Range: Range{From: 1}})
	require.NoError(t, err)
	require.Len(t, a.Groups, len(b.Groups))
	require.Equal(t, a.Total, b.Total)
	require.Equal(t, answers(t, steady), answers(t, open(t, t.TempDir(), store)), "made anew from the rows alone")

	t.Run("damaged files are made anew", func(t *testing.T) {
		require.NoError(t, room.Checkpoint(t.Context()))
		files, err := filepath.Glob(filepath.Join(dir, "day-*"))
		require.NoError(t, err)
		body, err := os.ReadFile(files[3])
		require.NoError(t, err)
		body[len(body)/2] ^= 1
		require.NoError(t, os.WriteFile(files[3], body, 0o600))
		require.Equal(t, answers(t, steady), answers(t, open(t, dir, store)))
	})
}

// TestForgottenPeopleLeaveNoTrace looks for the pseudonym and for what is made of it in every file.
func TestForgottenPeopleLeaveNoTrace(t *testing.T) {
	store, dir := &memory{}, t.TempDir()
	room := open(t, dir, store)
	rows := stream(rand.New(rand.NewPCG(11, 12)), 1000)
	for i := range rows {
		rows[i].Status = rowstore.StatusError
	}
	feed(t, store, rowstore.Events, rows, room.ObserveRows)
	require.NoError(t, room.Checkpoint(t.Context()))
	key, _ := personOf("p-007", "")
	number := room.state.number[key]
	traces := func() (found int) {
		files, err := filepath.Glob(filepath.Join(dir, "*"))
		require.NoError(t, err)
		for _, f := range files {
			body, err := os.ReadFile(f)
			require.NoError(t, err)
			if bytes.Contains(body, key[:]) || bytes.Contains(body, []byte("p-007")) {
				found++
			}
		}
		return found
	}
	require.Positive(t, traces())
	_, err := store.Erase(t.Context(), rowstore.Any(rowstore.Is("user", "p-007"), rowstore.Is("session", "p-007")), nil)
	require.NoError(t, err)
	n, err := room.Forget(t.Context(), []string{"p-007", "nobody"})
	require.NoError(t, err)
	require.Equal(t, 2, n, "the person, and the anonymous session of that name")
	require.Zero(t, traces())
	again := open(t, dir, store)
	for _, r := range []*Room{room, again} {
		require.NotContains(t, r.state.number, key)
		for _, d := range r.state.days {
			for _, set := range d.sets {
				require.False(t, set.active.Contains(number) || set.fresh.Contains(number))
			}
		}
		for _, g := range r.failures.groups {
			require.False(t, g.people.Contains(number))
		}
	}
	require.Equal(t, answers(t, room), answers(t, again))
}

func TestOldDaysGo(t *testing.T) {
	store := &memory{}
	room := open(t, t.TempDir(), store)
	feed(t, store, rowstore.Events, stream(rand.New(rand.NewPCG(13, 14)), 300), room.ObserveRows)
	people := len(room.state.number)
	room.opt.Keep = 10 * 24 * time.Hour
	room.sweep(now)
	for d := range room.state.days {
		require.GreaterOrEqual(t, d, dayOf(now.UnixMicro())-10)
	}
	require.Less(t, len(room.state.number), people)
	require.NoError(t, room.Checkpoint(context.Background()))
	require.Equal(t, answers(t, room), answers(t, func() *Room {
		again, err := New(Options{Dir: room.opt.Dir, Rows: &memory{}, Now: func() time.Time { return now }})
		require.NoError(t, err)
		return again
	}()))
}

// TestALateEventFindsItsSession comes 40 hours late, after sessions out of reach were forgotten.
func TestALateEventFindsItsSession(t *testing.T) {
	room := open(t, t.TempDir(), &memory{})
	at := now.Add(-47 * time.Hour).UnixMicro()
	see := func(time, received int64) {
		room.ObserveRows(&rowstore.Batch{Table: rowstore.Events, Rows: []rowstore.Row{{Time: time, Received: received, Name: "click", User: "p", Weight: 1}}})
	}
	see(at, at)
	room.state.evict(at + 40*3600e6)
	see(at+600e6, at+40*3600e6)
	s, err := room.Sessions(t.Context(), SessionsQuestion{})
	require.NoError(t, err)
	require.EqualValues(t, 1, s.Total.Sessions)
	require.EqualValues(t, 2, s.Total.Actions)
	see(at+700e6, at+49*3600e6)
	s, err = room.Sessions(t.Context(), SessionsQuestion{})
	require.NoError(t, err)
	require.EqualValues(t, 2, s.Total.Actions, "over two days late: no part in sessions")
	require.EqualValues(t, 1, room.state.late)
	room.state.evict(at + 60*3600e6)
	require.Empty(t, room.state.live.list)
}
