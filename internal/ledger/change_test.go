package ledger_test

import (
	"fmt"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/signalbox/signalbox/internal/fault"
	"github.com/signalbox/signalbox/internal/ledger"
	"github.com/signalbox/signalbox/internal/statestore"
)

var markNow = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)

func openMarks(t *testing.T) *ledger.Ledger {
	t.Helper()
	db, err := statestore.Open(filepath.Join(t.TempDir(), "state.db"), false)
	require.NoError(t, err)
	t.Cleanup(func() { _ = db.Close() })
	l, err := ledger.Open(t.Context(), ledger.Options{State: db, Now: func() time.Time { return markNow }})
	require.NoError(t, err)
	return l
}

func TestMarks(t *testing.T) {
	l := openMarks(t)
	at := func(m int) int64 { return markNow.Add(time.Duration(m-100) * time.Minute).UnixMilli() }
	for _, m := range []ledger.Mark{
		{ID: "d1", At: at(1), Letter: "D", Title: "intake 4.1", Labels: map[string]string{"service": "intake"}},
		{ID: "d2", At: at(2), Letter: "D", Title: "accept 2.0", Labels: map[string]string{"service": "accept", "env": "prod"}},
		{ID: "p1", At: at(3), Letter: "P", Title: "revision 7 applied", KPI: "efile-error-rate", Link: "/policies/KPI/efile-error-rate"},
		{ID: "p2", At: at(4), Letter: "P", Title: "revision 2 applied", KPI: "machine-cpu"},
		{ID: "n1", At: at(4), Letter: "N", Title: "storm", Word: "Weather", Link: "https://weather.example/x"},
	} {
		kept, fresh, err := l.AddMark(t.Context(), m)
		require.NoError(t, err)
		require.True(t, fresh)
		require.NotEmpty(t, kept.Word)
	}
	for name, c := range map[string]struct {
		f    ledger.MarkFilter
		want string
	}{
		"all":     {ledger.MarkFilter{}, "p2 n1 p1 d2 d1"},
		"time":    {ledger.MarkFilter{From: at(2), To: at(3)}, "p1 d2"},
		"kpi":     {ledger.MarkFilter{KPI: "efile-error-rate"}, "n1 p1 d2 d1"},
		"labels":  {ledger.MarkFilter{KPI: "efile-error-rate", Labels: map[string]string{"service": "intake"}}, "n1 p1 d1"},
		"letters": {ledger.MarkFilter{Letters: []string{"D", "N"}}, "n1 d2 d1"},
		"limit":   {ledger.MarkFilter{Limit: 2}, "p2 n1"},
	} {
		ms, err := l.Marks(t.Context(), c.f)
		require.NoError(t, err)
		ids := []string{}
		for _, m := range ms {
			ids = append(ids, m.ID)
		}
		require.Equal(t, c.want, strings.Join(ids, " "), name)
	}
	require.NoError(t, l.ForgetMarks(t.Context(), at(3)))
	ms, err := l.Marks(t.Context(), ledger.MarkFilter{})
	require.NoError(t, err)
	require.Len(t, ms, 3)
}

// A client that retries makes no second mark, with an id of its own or without one.
func TestMarkOnce(t *testing.T) {
	l := openMarks(t)
	for _, m := range []ledger.Mark{{ID: "deploy-7", Letter: "D", Title: "intake 4.2"}, {At: 7, Letter: "C", Title: "flags changed"}} {
		first, fresh, err := l.AddMark(t.Context(), m)
		require.NoError(t, err)
		require.True(t, fresh)
		var wg sync.WaitGroup
		for range 5 {
			wg.Go(func() {
				again, fresh, err := l.AddMark(t.Context(), m)
				if err != nil || fresh || again.ID != first.ID {
					t.Errorf("%v %v %v", again, fresh, err)
				}
			})
		}
		wg.Wait()
	}
	ms, err := l.Marks(t.Context(), ledger.MarkFilter{})
	require.NoError(t, err)
	require.Len(t, ms, 2)
}

func TestManyMarks(t *testing.T) {
	l := openMarks(t)
	for i := range 2100 {
		_, _, err := l.AddMark(t.Context(), ledger.Mark{ID: fmt.Sprint("m", i), At: int64(1 + i/1500), Letter: []string{"D", "N"}[i%2], Title: "x"})
		require.NoError(t, err)
	}
	ms, err := l.Marks(t.Context(), ledger.MarkFilter{Letters: []string{"N"}, Limit: 5000, KPI: "any"})
	require.NoError(t, err)
	require.Len(t, ms, 1050)
}

func TestBadMarks(t *testing.T) {
	l := openMarks(t)
	for want, m := range map[string]ledger.Mark{
		"letter":    {Letter: "X", Title: "x"},
		"title":     {Letter: "D", Title: " "},
		"at":        {Letter: "D", Title: "x", At: markNow.Add(48 * time.Hour).UnixMilli()},
		"link":      {Letter: "D", Title: "x", Link: "javascript:alert(1)"},
		`link "//e`: {Letter: "D", Title: "x", Link: "//evil.example"},
		"detail":    {Letter: "D", Title: "x", Detail: strings.Repeat("x", 5000)},
		"word":      {Letter: "D", Title: "x", Word: "\xff"},
		"label":     {Letter: "D", Title: "x", Labels: map[string]string{"": "x"}},
	} {
		_, _, err := l.AddMark(t.Context(), m)
		require.ErrorContains(t, err, want)
		require.Equal(t, fault.Invalid, fault.KindOf(err))
	}
}
