package api_test

import (
	"context"
	"encoding/json"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/signalbox/signalbox/internal/access/scoped"
	"github.com/signalbox/signalbox/internal/api"
	"github.com/signalbox/signalbox/internal/fault"
	"github.com/signalbox/signalbox/internal/rowstore"
	"github.com/signalbox/signalbox/internal/usage"
)

// told counts people and sessions as it was told to.
type told struct {
	scoped.RowReader
	numbers []float64
	asked   rowstore.Count
	busy    bool
}

// TestWhoMustWaitIsToldHowLong asks a room that is busy.
func TestWhoMustWaitIsToldHowLong(t *testing.T) {
	h := newHouse(t, func(o *api.Options) { o.Rows, o.Usage = &told{busy: true}, empty{} })
	r, err := http.NewRequestWithContext(t.Context(), "GET", h.srv.URL+api.Prefix+"/usage/people", nil)
	require.NoError(t, err)
	r.Header.Set("Authorization", "Bearer "+h.token)
	res, err := h.srv.Client().Do(r)
	require.NoError(t, err)
	require.NoError(t, res.Body.Close())
	require.Equal(t, 429, res.StatusCode)
	require.Equal(t, "application/problem+json", res.Header.Get("Content-Type"))
	require.Equal(t, "5", res.Header.Get("Retry-After"))
}

func (x *told) Count(_ context.Context, q rowstore.Count) (rowstore.Groups, error) {
	x.asked = q
	if x.busy {
		return rowstore.Groups{}, fault.New(fault.Limited, "too many ask at once")
	}
	if x.numbers == nil {
		return rowstore.Groups{}, nil
	}
	return rowstore.Groups{Rows: []rowstore.Group{{Numbers: x.numbers}}}, nil
}

// TestFewPeopleOfEvidenceAreNotTold asks how many people some rows tell of, with small groups hidden and without.
func TestFewPeopleOfEvidenceAreNotTold(t *testing.T) {
	k, rows := 0, &told{numbers: []float64{3, 4}}
	h := newHouse(t, func(o *api.Options) { o.Rows, o.Usage, o.K = rows, empty{}, func() int { return k } })
	ask := func() (b usage.Touched) {
		code, raw := h.do(t, "GET", api.Prefix+"/usage/people?table=spans&q=status:error", "")
		require.Equal(t, 200, code, raw)
		require.NoError(t, json.Unmarshal([]byte(raw), &b))
		return b
	}
	now := time.Now().UnixMicro()
	require.Equal(t, usage.Touched{People: 3, Sessions: 4, Notes: []string{}}, ask())
	require.Greater(t, rows.asked.To, now, "a row of this very millisecond counts")
	require.Equal(t, rowstore.Spans, rows.asked.Table)
	require.Contains(t, rows.asked.Where.String(), "status")
	k = 5
	require.Equal(t, usage.Touched{People: usage.Few, Sessions: usage.Few, Notes: []string{"Groups of fewer than 5 people are not shown."}}, ask())
	rows.numbers = nil
	require.Equal(t, usage.Touched{Notes: []string{}}, ask(), "nobody is no secret")
	code, raw := h.do(t, "GET", api.Prefix+"/usage/people?q=(", "")
	require.Equal(t, 400, code, raw)
}
