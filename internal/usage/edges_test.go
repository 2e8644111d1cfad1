package usage

import (
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/signalbox/signalbox/internal/rowstore"
)

// edges makes a stream with what usual ones lack: weights, rows of nobody, and events at the very bounds of days, weeks and months.
func edges(r *rand.Rand, n int) []rowstore.Row {
	rows := stream(r, n)
	for i := range rows {
		x := &rows[i]
		was := x.Time
		switch r.IntN(8) {
		case 0:
			x.User, x.Session = "", ""
		case 1:
			x.Time = int64(dayOf(x.Time)) * dayMicros
		case 2:
			x.Time = int64(dayOf(x.Time))*dayMicros - 1
		case 3:
			x.Time = millisOf(Week.start(dayOf(x.Time))) * 1000
		case 4:
			x.Time = millisOf(Month.start(dayOf(x.Time)))*1000 - int64(r.IntN(2))
		}
		if x.Time < now.AddDate(0, 0, -40).UnixMicro() { // alone, and so in a batch that came days later
			x.Time = was
		}
		x.Received = min(max(x.Received, x.Time), x.Time+dayMicros)
		x.Weight = float32(1 + r.IntN(3))
	}
	slices.SortStableFunc(rows, func(a, b rowstore.Row) int { return int(a.Received - b.Received) })
	return rows
}

// TestRowsSayWhatIsKeptAtTheEdges asks every standing question both ways, of all and of applications, before and after somebody
// was erased.
func TestRowsSayWhatIsKeptAtTheEdges(t *testing.T) {
	store := &memory{}
	room := open(t, t.TempDir(), store)
	feed(t, store, rowstore.Events, edges(rand.New(rand.NewPCG(71, 1)), 500), room.ObserveRows)
	require.Zero(t, room.state.late, "none too late for sessions")
	for _, erased := range []string{"", "p-001", "p-007"} {
		if erased != "" {
			_, err := store.Erase(t.Context(), rowstore.Any(rowstore.Is("user", erased), rowstore.Is("session", erased)), nil)
			require.NoError(t, err)
			_, err = room.Forget(t.Context(), []string{erased})
			require.NoError(t, err)
		}
		for _, s := range []Scope{{}, {App: App{Agency: "IRS"}}, {App: App{Service: "portal", Env: "prod", Agency: "IRS"}}, {See: func(a App) bool { return a.Agency == "IRS" && a.Service == "portal" }}} {
			for _, p := range []Period{Day, Week, Month} {
				// From a bound, from just before and after one.
				for _, off := range []int64{0, -1, 1} {
					rg := Range{From: millisOf(p.start(dayOf(now.AddDate(0, 0, -33).UnixMicro()))) + off}
					kept, err := room.Actives(t.Context(), ActivesQuestion{Scope: s, Range: rg, Period: p})
					require.NoError(t, err)
					asked, err := room.Actives(t.Context(), ActivesQuestion{Scope: s, Range: rg, Period: p, AdHoc: true})
					require.NoError(t, err)
					require.True(t, kept.Standing && !asked.Standing)
					kept.Standing = false
					if erased != "" { // what was counted of somebody, without a name, stays
						for i := range kept.Points {
							require.GreaterOrEqual(t, kept.Points[i].Events, asked.Points[i].Events)
							kept.Points[i].Events = asked.Points[i].Events
						}
					}
					require.Equal(t, asked, kept, "%v %v %d %q", s.App, p, off, erased)
					for mode := range 4 {
						q := RetentionQuestion{Scope: s, Period: p, Range: rg, Recurring: mode&1 == 1, OnOrAfter: mode&2 == 2, Periods: 3}
						kept, err := room.Retention(t.Context(), q)
						require.NoError(t, err)
						q.AdHoc = true
						asked, err := room.Retention(t.Context(), q)
						require.NoError(t, err)
						require.Equal(t, kept.Cohorts, asked.Cohorts, "%v %v %d %q", s.App, p, mode, erased)
					}
					if erased != "" {
						continue
					}
					sessions, err := room.Sessions(t.Context(), SessionsQuestion{Scope: s, Period: p, Range: rg})
					require.NoError(t, err)
					again, err := room.Sessions(t.Context(), SessionsQuestion{Scope: s, Period: p, Range: rg, AdHoc: true})
					require.NoError(t, err)
					for i, k := range sessions.Points {
						a := again.Points[i]
						k.Median, k.P95 = a.Median, a.P95
						require.Equal(t, a, k)
					}
				}
			}
			q := AdoptionQuestion{Scope: s, Range: Range{From: now.AddDate(0, 0, -30).UnixMilli()}, Releases: true}
			kept, err := room.Adoption(t.Context(), q)
			require.NoError(t, err)
			q.AdHoc = true
			asked, err := room.Adoption(t.Context(), q)
			require.NoError(t, err)
			kept.Standing = false
			for i := range kept.Features {
				if erased != "" && i < len(asked.Features) {
					kept.Features[i].Events = asked.Features[i].Events
				}
			}
			require.Equal(t, asked, kept, "%v %q", s.App, erased)
		}
	}
}
