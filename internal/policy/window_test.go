package policy_test

import (
	"testing"
	"time"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/stretchr/testify/require"

	"github.com/signalbox/signalbox/internal/policy"
)

func weekly(t *testing.T, body string) *policy.Maintenance {
	return doc(t, "kind: Maintenance\nname: m\nreason: x\nkpis: [k]\n"+body).Maintenance
}

func utc(t *testing.T, text string) time.Time {
	at, err := time.Parse("2006-01-02 15:04", text)
	require.NoError(t, err)
	return at
}

func spans(t *testing.T, o *policy.Maintenance, from, to string) []string {
	var out []string
	for _, w := range o.Windows(utc(t, from), utc(t, to)) {
		out = append(out, w.From.UTC().Format("2006-01-02 15:04")+" to "+w.To.UTC().Format("2006-01-02 15:04"))
	}
	return out
}

func TestWindows(t *testing.T) {
	once := weekly(t, "from: 2026-04-14T22:00:00-04:00\nto: 2026-04-15T02:00:00-04:00\n")
	require.Equal(t, []string{"2026-04-15 02:00 to 2026-04-15 06:00"}, spans(t, once, "2026-04-15 05:59", "2026-04-20 00:00"))
	require.Empty(t, spans(t, once, "2026-04-15 06:00", "2026-04-20 00:00"), "the end is not in it")
	require.Empty(t, spans(t, once, "2026-04-01 00:00", "2026-04-15 02:00"))
	require.Empty(t, spans(t, once, "2026-04-15 03:00", "2026-04-15 03:00"))
	require.True(t, once.Active(utc(t, "2026-04-15 02:00")))
	require.False(t, once.Active(utc(t, "2026-04-15 06:00")))

	ny := `zone: America/New_York}`
	sunday := weekly(t, `weekly: {days: [sunday], from: "02:00", to: "04:00", `+ny)
	require.Equal(t, []string{"2026-02-22 07:00 to 2026-02-22 09:00", "2026-03-01 07:00 to 2026-03-01 09:00"}, spans(t, sunday, "2026-02-20 00:00", "2026-03-05 00:00"))
	require.Equal(t, []string{"2026-03-08 07:00 to 2026-03-08 08:00"}, spans(t, sunday, "2026-03-05 00:00", "2026-03-10 00:00"), "the clock jumps from 02:00 to 03:00: it starts with the jump, at 03:00, and ends at 04:00")
	require.Equal(t, []string{"2026-03-15 06:00 to 2026-03-15 08:00"}, spans(t, sunday, "2026-03-10 00:00", "2026-03-20 00:00"), "an hour earlier in UTC, the same on the wall")

	in := weekly(t, `weekly: {days: [sunday], from: "02:15", to: "02:45", `+ny)
	require.Empty(t, spans(t, in, "2026-03-05 00:00", "2026-03-10 00:00"), "it lies in the hour that is jumped over")
	require.Equal(t, []string{"2026-03-08 06:30 to 2026-03-08 07:00"}, spans(t, weekly(t, `weekly: {days: [sunday], from: "01:30", to: "02:30", `+ny), "2026-03-05 00:00", "2026-03-10 00:00"), "it ends with the jump")

	twice := weekly(t, `weekly: {days: [sunday], from: "01:00", to: "01:30", `+ny)
	require.Equal(t, []string{"2026-11-01 05:00 to 2026-11-01 06:30"}, spans(t, twice, "2026-10-30 00:00", "2026-11-03 00:00"), "01:00 to 01:30 comes twice: from the first to the end of the second")
	whole := weekly(t, `weekly: {days: [sunday], from: "00:00", to: "24:00", `+ny)
	require.Equal(t, []string{"2026-11-01 04:00 to 2026-11-02 05:00"}, spans(t, whole, "2026-10-30 00:00", "2026-11-03 00:00"), "a day of 25 hours")
	require.Equal(t, []string{"2026-03-08 05:00 to 2026-03-09 04:00"}, spans(t, whole, "2026-03-05 00:00", "2026-03-10 00:00"), "a day of 23 hours")

	night := weekly(t, `weekly: {days: [friday, saturday, sunday], from: "22:00", to: "06:00", zone: Europe/Berlin}`)
	require.Equal(t, []string{"2026-03-27 21:00 to 2026-03-28 05:00", "2026-03-28 21:00 to 2026-03-29 04:00", "2026-03-29 20:00 to 2026-03-30 04:00"}, spans(t, night, "2026-03-27 12:00", "2026-03-31 00:00"))
	require.Equal(t, []string{"2026-03-29 20:00 to 2026-03-30 04:00"}, spans(t, night, "2026-03-30 03:00", "2026-03-30 03:01"), "asked for in its middle, it is whole")

	all := weekly(t, `weekly: {days: [monday, tuesday, wednesday, thursday, friday, saturday, sunday], from: "00:00", to: "24:00", zone: Australia/Lord_Howe}`)
	require.Len(t, all.Windows(utc(t, "2026-01-01 00:00"), utc(t, "2027-01-01 00:00")), 1, "days that touch are one span, also where the clock jumps by half an hour")
	midnight := weekly(t, `weekly: {days: [saturday, sunday], from: "00:00", to: "24:00", zone: Asia/Beirut}`)
	require.Equal(t, []string{"2026-03-27 22:00 to 2026-03-29 21:00"}, spans(t, midnight, "2026-03-27 00:00", "2026-03-31 00:00"), "where midnight itself is jumped over, no minute is lost between two days")

	bounded := weekly(t, "from: 2026-03-01T08:00:00Z\nto: 2026-03-15T07:00:00Z\nweekly: {days: [sunday], from: \"02:00\", to: \"04:00\", "+ny)
	require.Equal(t, []string{"2026-03-01 08:00 to 2026-03-01 09:00", "2026-03-08 07:00 to 2026-03-08 08:00", "2026-03-15 06:00 to 2026-03-15 07:00"}, spans(t, bounded, "2026-01-01 00:00", "2026-12-01 00:00"))
}

// Minute by minute over a year with its two changes of the clock, being in a span agrees with the clock on the wall.
func TestWindowsAgreeWithTheWall(t *testing.T) {
	o := weekly(t, `weekly: {days: [sunday, wednesday], from: "00:45", to: "03:15", zone: America/New_York}`)
	zone, err := time.LoadLocation("America/New_York")
	require.NoError(t, err)
	start := utc(t, "2026-01-01 00:00")
	windows := o.Windows(start, start.AddDate(1, 0, 0))
	at := 0
	for now := start; now.Before(start.AddDate(1, 0, 0)); now = now.Add(time.Minute) {
		for at < len(windows) && !now.Before(windows[at].To) {
			at++
		}
		in := at < len(windows) && !now.Before(windows[at].From)
		wall := now.In(zone)
		m := wall.Hour()*60 + wall.Minute()
		want := (wall.Weekday() == time.Sunday || wall.Weekday() == time.Wednesday) && m >= 45 && m < 3*60+15
		require.Equal(t, want, in, now)
	}
}

func TestMaintenanceMatches(t *testing.T) {
	o := doc(t, "kind: Maintenance\nname: m\nreason: x\nkpis: [a, b]\nmatch: ['agency=\"IRS\"', 'kpi!=\"b\"']\nfrom: 2026-04-14T22:00:00Z\nto: 2026-04-15T22:00:00Z\n").Maintenance
	require.True(t, o.Matches("a", labels.FromStrings("agency", "IRS")))
	require.False(t, o.Matches("a", labels.FromStrings("agency", "SSA")))
	require.False(t, o.Matches("b", labels.FromStrings("agency", "IRS")))
	require.False(t, o.Matches("c", labels.FromStrings("agency", "IRS")))
}
