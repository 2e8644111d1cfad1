package usage

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/signalbox/signalbox/internal/rowstore"
)

func failure(at time.Time, body, release, user string) rowstore.Row {
	return rowstore.Row{Time: at.UnixMicro(), Received: at.UnixMicro(), Service: "intake", Agency: "IRS", Severity: 17, Body: body, Release: release, User: user, Weight: 2, Trace: rowstore.TraceIDOf(1, uint64(at.Unix()))}
}

func TestErrorsAreGrouped(t *testing.T) {
	store, dir := &memory{}, t.TempDir()
	room := open(t, dir, store)
	var rows []rowstore.Row
	for h := 29 * 24; h > 20*24; h -= 12 { // an old one that came back with another release
		rows = append(rows, failure(now.Add(-time.Duration(h)*time.Hour), fmt.Sprintf("timeout after %d ms", h), "1.0", fmt.Sprint("p", h%5)))
	}
	rows = append(rows, failure(now.Add(-2*time.Hour), "timeout after 7 ms", "1.1", "p1"))
	rows = append(rows, failure(now.Add(-time.Hour), "never seen", "1.1", "p1"), failure(now.Add(-time.Hour), "never seen", "1.1", "p2"))
	feed(t, store, rowstore.Logs, rows, room.ObserveRows)
	warn := failure(now, "only a warning", "", "")
	warn.Severity = 13
	feed(t, store, rowstore.Logs, []rowstore.Row{warn}, room.ObserveRows)
	event := rowstore.Row{Time: now.UnixMicro(), Received: now.UnixMicro(), Service: "portal", Name: "js_error", Body: "x is undefined", ErrorType: "TypeError", Route: "/file", Status: rowstore.StatusError, Weight: 1, Session: "s"}
	feed(t, store, rowstore.Events, []rowstore.Row{event}, room.ObserveRows)

	require.NoError(t, room.Checkpoint(t.Context()))
	for name, r := range map[string]*Room{"kept": room, "read again": open(t, dir, store), "made anew": open(t, t.TempDir(), store)} {
		t.Run(name, func(t *testing.T) {
			month := Range{From: now.Add(-30 * 24 * time.Hour).UnixMilli()}
			got, err := r.Errors(ErrorsQuestion{Range: month})
			require.NoError(t, err)
			require.Len(t, got.Groups, 3)
			old := got.Groups[0]
			require.Equal(t, "timeout after # ms", old.Message)
			require.Equal(t, "regressed", old.State)
			require.Equal(t, rows[len(rows)-3].Time/1000, old.RegressedAt)
			require.EqualValues(t, 2*(len(rows)-2), old.Count)
			require.EqualValues(t, 5, old.People)
			require.Equal(t, []string{"1.0", "1.1"}, old.Releases)
			require.Len(t, old.Samples, 5)
			require.Equal(t, rows[len(rows)-3].Trace.String(), old.Samples[0].Trace)
			sum := 0.0
			for _, h := range old.Hours {
				sum += h.Count
			}
			require.Equal(t, old.Count, sum)
			fresh := got.Groups[1]
			require.Equal(t, "new", fresh.State)
			require.EqualValues(t, 2, fresh.People)

			got, err = r.Errors(ErrorsQuestion{Range: month, Where: rowstore.Is("error_type", "TypeError")})
			require.NoError(t, err)
			require.Len(t, got.Groups, 1)
			require.Equal(t, "event", got.Groups[0].Origin)
			got, err = r.Errors(ErrorsQuestion{Range: month, Where: rowstore.Is("release", "1.0"), Sort: "new"})
			require.NoError(t, err)
			require.Len(t, got.Groups, 1)
			got, err = r.Errors(ErrorsQuestion{Range: month, Scope: Scope{See: func(a App) bool { return a.Agency == "" }}})
			require.NoError(t, err)
			require.Len(t, got.Groups, 1)
			got, err = r.Errors(ErrorsQuestion{Range: Range{From: now.Add(-4 * time.Hour).UnixMilli()}, State: "new", Sort: "people"})
			require.NoError(t, err)
			require.Len(t, got.Groups, 2)
			one, err := r.Error(old.ID, ErrorsQuestion{Range: month})
			require.NoError(t, err)
			require.Equal(t, old, one)
			found, err := store.Find(t.Context(), rowstore.Find{Table: rowstore.Logs, Where: one.Where(), Limit: 1000})
			require.NoError(t, err)
			require.Len(t, found, len(rows)-2)
		})
	}
}

func TestErrorGroupsAreBounded(t *testing.T) {
	f := &failures{groups: map[uint64]*group{}}
	base := now.Add(-time.Hour)
	total := 0.0
	for i := range 3 * maxGroups {
		r := failure(base.Add(time.Duration(i)*time.Millisecond), "no such thing: "+string(rune('a'+i%26))+string(rune('a'+i/26%26))+string(rune('a'+i/676%26))+string(rune('a'+i/17576)), "1", "")
		f.observe(rowstore.Logs, &r, 0, false)
		total += 2
	}
	require.LessOrEqual(t, len(f.groups), maxGroups+maxGroups/20)
	sum := f.beyond
	for _, g := range f.groups {
		sum += g.count
	}
	require.Equal(t, total, sum, "nothing is lost from the sum")
}
