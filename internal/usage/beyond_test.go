package usage

import (
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/signalbox/signalbox/internal/rowstore"
)

// crowd makes events of four hundred applications; names are many where each has its own.
func crowd(r *rand.Rand, n int, own bool) []rowstore.Row {
	rows := stream(r, n)
	for i := range rows {
		x := &rows[i]
		k := r.IntN(400)
		x.Service, x.Env, x.Agency = fmt.Sprintf("s%02d", k/4), []string{"prod", "test"}[k%2], []string{"IRS", "SSA"}[k/2%2]
		x.Weight = float32(1 + r.IntN(3))
		x.Received = min(max(x.Received, x.Time), x.Time+dayMicros) // none too late for sessions
		if own {
			x.Name = fmt.Sprint(x.Name, "-", k)
		}
	}
	slices.SortStableFunc(rows, func(a, b rowstore.Row) int { return int(a.Received - b.Received) })
	return rows
}

// reference counts one application's people, new people, events, sessions and users of names from a list of rows.
type reference struct {
	active, fresh map[int32]int
	events        map[int32]float64
	sessions      map[int32]int
	used          map[string]int
}

func refer(w words, rows []rowstore.Row, chosen func(App) bool, from int32) reference {
	out := reference{map[int32]int{}, map[int32]int{}, map[int32]float64{}, map[int32]int{}, map[string]int{}}
	acts, days, used := map[string][]Act{}, map[string]map[int32]bool{}, map[string]map[string]bool{}
	for _, x := range rows {
		if !chosen(App{x.Service, x.Env, x.Agency}) {
			continue
		}
		d, who := dayOf(x.Time), x.User+"|"+x.Session
		if days[who] == nil {
			days[who] = map[int32]bool{}
		}
		days[who][d] = true
		acts[who] = append(acts[who], w.act(&x))
		out.events[d] += float64(x.Weight)
		if used[x.Name] == nil {
			used[x.Name] = map[string]bool{}
		}
		if d >= from {
			used[x.Name][who] = true
		}
	}
	for who, ds := range days {
		first := int32(1 << 30)
		for d := range ds {
			out.active[d]++
			first = min(first, d)
		}
		out.fresh[first]++
		for _, s := range bruteSessions(acts[who]) {
			out.sessions[dayOf(s.First)]++
		}
	}
	for name, people := range used {
		out.used[name] = len(people)
	}
	return out
}

// TestFourHundredApplications asks about applications that there is room for and about those that there is none for: the
// answers are those of the rows, whoever gives them, and say who gave them.
func TestFourHundredApplications(t *testing.T) {
	for _, most := range []int{maxSlices, 256, 40} {
		t.Run(fmt.Sprint(most), func(t *testing.T) {
			store, dir := &memory{}, t.TempDir()
			room := open(t, dir, store)
			room.state.mostSlices = most
			feed(t, store, rowstore.Events, crowd(rand.New(rand.NewPCG(61, 1)), 2500, most == 40), room.ObserveRows)
			rows := store.rows[rowstore.Events]
			check := func(room *Room) (standing, asked int) {
				rg := Range{From: now.AddDate(0, 0, -34).UnixMilli()}
				var scopes []Scope
				for k := 0; k < 400; k += 29 {
					scopes = append(scopes, Scope{App: App{fmt.Sprintf("s%02d", k/4), []string{"prod", "test"}[k%2], []string{"IRS", "SSA"}[k/2%2]}})
				}
				scopes = append(scopes, Scope{}, Scope{App: App{Service: "s99"}}, Scope{App: App{Env: "test"}}, Scope{App: App{Service: "s07"}, See: func(a App) bool { return a.Agency == "IRS" && a.Env == "prod" }},
					Scope{App: App{Service: "nothing"}})
				for _, s := range scopes {
					want := refer(room.words, rows, s.chooses, dayOf(rg.From*1000))
					a, err := room.Actives(t.Context(), ActivesQuestion{Scope: s, Range: rg})
					require.NoError(t, err)
					b, err := room.Sessions(t.Context(), SessionsQuestion{Scope: s, Range: rg})
					require.NoError(t, err)
					require.Equal(t, a.Standing, b.Standing)
					require.Equal(t, a.Standing, len(a.Notes) == 0)
					if a.Standing {
						standing++
					} else {
						asked++
					}
					for i, p := range a.Points {
						d := dayOf(p.At * 1000)
						require.Equal(t, []int{want.active[d], want.fresh[d], int(want.events[d])}, []int{int(p.People), int(p.New), int(p.Events)}, "%v", s.App)
						require.EqualValues(t, want.sessions[d], b.Points[i].Sessions, "%v", s.App)
					}
					c, err := room.Retention(t.Context(), RetentionQuestion{Scope: s, Range: rg})
					require.NoError(t, err)
					for _, cohort := range c.Cohorts {
						require.EqualValues(t, want.fresh[dayOf(cohort.At*1000)], cohort.Size, "%v", s.App)
					}
					d, err := room.Adoption(t.Context(), AdoptionQuestion{Scope: s, Range: rg, Top: 100_000})
					require.NoError(t, err)
					got := map[string]int{}
					for _, f := range d.Features {
						got[f.Name] = int(*f.People)
					}
					for name, n := range want.used {
						require.Equal(t, n, got[name], "%v %s", s.App, name)
					}
				}
				return standing, asked
			}
			standing, asked := check(room)
			if most == maxSlices {
				require.Zero(t, asked, "there is room for four hundred")
			} else {
				require.Positive(t, asked)
			}
			require.Positive(t, standing, "everything is always kept")
			require.NoError(t, room.Checkpoint(t.Context()))
			again, err := New(Options{Dir: dir, Rows: store, Now: func() time.Time { return now }})
			require.NoError(t, err)
			require.NoError(t, again.CatchUp(t.Context()))
			s, a := check(again)
			require.Equal(t, []int{standing, asked}, []int{s, a}, "after a restart, and although there is room now")
		})
	}
}

// TestNamesBeyondTheBound asks about an application with more names than are kept of one.
func TestNamesBeyondTheBound(t *testing.T) {
	store := &memory{}
	room := open(t, t.TempDir(), store)
	var rows []rowstore.Row
	for i := range maxNamesOfApp + 50 {
		rows = append(rows, rowstore.Row{Time: now.UnixMicro() - int64(i)*1e6, Service: "portal", Name: fmt.Sprint("name-", i), User: fmt.Sprint("p-", i%7), Weight: 2})
	}
	rows = append(rows, rowstore.Row{Time: now.UnixMicro(), Service: "other", Name: "name-1", User: "p-1", Weight: 1})
	feed(t, store, rowstore.Events, rows, room.ObserveRows)
	name := fmt.Sprint("name-", maxNamesOfApp+20)
	a, err := room.Adoption(t.Context(), AdoptionQuestion{Scope: Scope{App: App{Service: "portal"}}, Names: []string{name}})
	require.NoError(t, err)
	require.False(t, a.Standing)
	require.Contains(t, a.Notes[0], "counted from the rows")
	require.Len(t, a.Features, 1)
	require.EqualValues(t, 1, *a.Features[0].People)
	require.EqualValues(t, 2, a.Features[0].Events, "by weight")
	require.EqualValues(t, 7, a.Actives)
	for _, q := range []AdoptionQuestion{{Scope: Scope{App: App{Service: "other"}}}, {Scope: Scope{App: App{Service: "portal"}}, Kind: "route"}, {Range: Range{From: now.AddDate(0, 0, 1).UnixMilli(), To: now.AddDate(0, 0, 2).UnixMilli()}}} {
		a, err := room.Adoption(t.Context(), q)
		require.NoError(t, err)
		require.True(t, a.Standing, "nothing of it is missing")
	}
}

// TestFilesThatListNothingBeyond opens files of a server that had room for less and did not say what it left out.
func TestFilesThatListNothingBeyond(t *testing.T) {
	store, dir := &memory{}, t.TempDir()
	room := open(t, dir, store)
	room.state.mostSlices = 40
	feed(t, store, rowstore.Events, crowd(rand.New(rand.NewPCG(62, 1)), 600, false), room.ObserveRows)
	require.NoError(t, room.Watch(t.Context(), Watched{Name: "kept", Ask: FunnelQuestion{Steps: steps("a", "b")}}))
	paths, err := filepath.Glob(filepath.Join(dir, "tables*"))
	require.NoError(t, err)
	require.Len(t, paths, 1)
	body, err := os.ReadFile(paths[0])
	require.NoError(t, err)
	tail := &encoder{}
	room.state.beyondApps.write(tail)
	room.state.beyondNames.write(tail)
	body = body[:len(body)-4]
	require.True(t, strings.HasSuffix(string(body), string(tail.b)))
	body = body[:len(body)-len(tail.b)]
	require.NoError(t, os.WriteFile(paths[0], binary.LittleEndian.AppendUint32(body, crc32.ChecksumIEEE(body)), 0o600))
	again := open(t, dir, store)
	require.Len(t, again.Watched(), 1, "what a person asked for stays")
	require.Zero(t, again.state.appsBeyond)
	a, err := again.Sessions(t.Context(), SessionsQuestion{Scope: Scope{App: App{Service: "s99"}}})
	require.NoError(t, err)
	require.True(t, a.Standing, "there is room, and all rows were counted")
}
