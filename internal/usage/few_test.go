package usage

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/signalbox/signalbox/internal/rowstore"
)

func TestSmallGroupsAreNotShown(t *testing.T) {
	half := 0.5
	f := Funnel{
		Steps: []FunnelStep{{Name: "a", People: 100}, {Name: "b", People: 96, Lost: 4, Share: &half, Traces: []string{"t"}}, {Name: "c", People: 3, Lost: 93}},
		Groups: []FunnelGroup{
			{Value: "x", Steps: []FunnelStep{{People: 2}}}, {Value: "y", Steps: []FunnelStep{{People: 20}}}, {Value: "z", Steps: []FunnelStep{{People: 78}}},
		},
	}
	f.Hide(5)
	require.Equal(t, []int64{100, Few, Few}, []int64{f.Steps[0].People, f.Steps[1].People, f.Steps[2].People})
	require.Nil(t, f.Steps[1].Share)
	require.Empty(t, f.Steps[1].Traces)
	require.Equal(t, []int64{Few, Few, 78}, []int64{f.Groups[0].Steps[0].People, f.Groups[1].Steps[0].People, f.Groups[2].Steps[0].People}, "one alone would be the rest")
	require.Contains(t, f.Notes, "Groups of fewer than 5 people are not shown.")

	r := Retention{Cohorts: []Cohort{
		{Size: 50, Cells: []RetentionCell{{People: 50, Complete: true}, {People: 3, Share: &half, Complete: true}, {People: 0, Previous: &half, Complete: true}}},
		{Size: 4, Cells: []RetentionCell{{People: 4, Share: &half}}},
	}}
	r.Hide(5)
	require.Equal(t, []int64{50, Few, 0}, []int64{r.Cohorts[0].Cells[0].People, r.Cohorts[0].Cells[1].People, r.Cohorts[0].Cells[2].People})
	require.Nil(t, r.Cohorts[0].Cells[2].Previous, "the share of the cell before tells it")
	require.EqualValues(t, Few, r.Cohorts[1].Size)
	require.Nil(t, r.Cohorts[1].Cells[0].Share)

	a := Actives{Points: []ActivePoint{{People: 9, New: 2}, {People: 0}}, Day: 2, Month: 40, Stickiness: &half}
	a.Hide(5)
	require.Equal(t, []ActivePoint{{People: 9, New: Few}, {People: 0}}, a.Points)
	require.Nil(t, a.Stickiness)

	s := Sessions{Total: SessionPoint{People: 1, Sessions: 3, Median: &half}, Distribution: []SessionBracket{{Sessions: 3}}}
	s.Hide(5)
	require.EqualValues(t, Few, s.Total.People)
	require.Nil(t, s.Total.Median)
	require.Empty(t, s.Distribution)

	one := int64(1)
	d := Adoption{Actives: 30, Features: []Feature{{People: &one, Share: &half, Points: []FeaturePoint{{People: 7}, {People: 1, Share: &half}}}}}
	d.Hide(0)
	require.EqualValues(t, 1, *d.Features[0].People, "no minimum")
	d.Hide(5)
	require.EqualValues(t, Few, *d.Features[0].People)
	require.Nil(t, d.Features[0].Points[1].Share)
}

func TestPublishedNumbersOfFewPeopleAreLeftOut(t *testing.T) {
	irs, ssa := map[string]string{"agency": "IRS"}, map[string]string{"agency": "SSA"}
	of := func(l map[string]string, span string) map[string]string {
		return map[string]string{"agency": l["agency"], "span": span}
	}
	all := []Sample{
		{Name: activesSeries, Labels: of(irs, "month"), Value: 40, People: []int64{40}}, {Name: activesSeries, Labels: of(irs, "day"), Value: 3, People: []int64{3}},
		{Name: "signalbox_usage_retention_ratio", Labels: irs, Value: 0.5, People: []int64{20, 10}},
		{Name: activesSeries, Labels: of(ssa, "month"), Value: 4, People: []int64{4}}, {Name: "signalbox_usage_bounce_ratio", Labels: ssa, Value: 0.1, People: []int64{0}},
		{Name: "signalbox_usage_stickiness_ratio", Labels: irs, Value: 0.075, People: []int64{3, 40}}, // of 40 people: it tells the 3 of the day
	}
	require.Equal(t, all, Shown(all, 0))
	require.Equal(t, []Sample{all[0], all[2]}, Shown(all, 10))
	all[1].People[0], all[5].People[0] = 30, 30
	require.Equal(t, []Sample{all[0], all[1], all[2], all[5]}, Shown(all, 10))
}

// TestWhatIsPublishedSaysOfWhomItSpeaks looks at every number of a room: three people came yesterday, and forty in the month.
func TestWhatIsPublishedSaysOfWhomItSpeaks(t *testing.T) {
	list := &memory{}
	room, err := New(Options{Dir: t.TempDir(), Rows: list, Now: func() time.Time { return now }})
	require.NoError(t, err)
	batch := rowstore.Batch{Table: rowstore.Events}
	yesterday := int64(dayOf(now.UnixMicro())-1) * dayMicros
	for who := range 40 {
		for _, at := range []int64{yesterday - 5*dayMicros, yesterday} {
			if at == yesterday && who >= 3 {
				continue
			}
			x := batch.Add()
			x.Time, x.Received, x.Service, x.Name, x.Route, x.Release, x.User, x.Weight = at+int64(who)*1000, at+int64(who)*1000, "portal", "view", "/", "1.0", fmt.Sprint("u", who), 1
		}
	}
	room.ObserveRows(&batch)
	all := room.Samples(t.Context())
	require.Greater(t, len(all), 20)
	require.Len(t, Shown(all, 3), len(all), "three are enough")
	shown := map[string]bool{}
	for _, s := range Shown(all, 10) {
		shown[s.Name+s.Labels["span"]] = true
	}
	require.Equal(t, map[string]bool{activesSeries + "week": true, activesSeries + "month": true, activesSeries + "today": true, "signalbox_usage_sessionstoday": true}, shown, "of the three nothing, of nobody that it was nobody")
}

func TestFewPeopleOfRowsAreNotTold(t *testing.T) {
	for _, c := range []struct{ people, sessions, toldPeople, toldSessions int64 }{
		{3, 4, Few, Few}, {0, 4, 0, Few}, {0, 9, 0, 9}, {9, 4, 9, 4}, {3, 0, Few, 0}, {0, 0, 0, 0},
	} {
		x := Touched{People: c.people, Sessions: c.sessions}
		x.Hide(5)
		require.Equal(t, []int64{c.toldPeople, c.toldSessions}, []int64{x.People, x.Sessions})
		require.Equal(t, c.toldPeople < 0 || c.toldSessions < 0, len(x.Notes) == 1)
	}
}
