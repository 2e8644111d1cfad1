package api_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/signalbox/signalbox/internal/api"
	"github.com/signalbox/signalbox/internal/audit"
	"github.com/signalbox/signalbox/internal/export"
	"github.com/signalbox/signalbox/internal/fault"
	"github.com/signalbox/signalbox/internal/rowstore"
)

// shipped is an export room whose days say by their year how it goes.
type shipped struct{}

func (shipped) Take(_ context.Context, a export.Asked, send func(export.Entry, io.Reader) error) error {
	e := export.Entry{ID: 3, File: a.Table.String() + ".parquet", Rows: 2, Bytes: 8, SHA256: "ab"}
	switch a.Day.Year() {
	case 2001:
		return fault.New(fault.Unavailable, "there is no room")
	case 2002:
		return errors.Join(send(e, strings.NewReader("PAR1")), errors.New("the disk broke"))
	}
	return send(e, strings.NewReader("PAR1PAR1"))
}
func (shipped) Ask(_ context.Context, r export.Range, _ audit.Record) error {
	if len(r.Tables) != 1 || r.Tables[0] != rowstore.Spans || r.To.Sub(r.From) != 24*time.Hour {
		return fault.New(fault.Invalid, "not what was asked for")
	}
	return nil
}
func (shipped) Entries(_ context.Context, before int64, limit int) ([]export.Entry, error) {
	es := []export.Entry{
		{ID: 2, Kind: export.KindSchedule, Table: "logs", Day: "2026-11-20", State: export.Done},
		{ID: 1, Kind: export.KindRequest, Table: "spans", Day: "2026-11-20", Search: "a", State: export.Cut, Error: "x", By: audit.Actor{ID: "u"}},
	}
	if before == 2 {
		es = es[1:]
	}
	return es[:min(limit, len(es))], nil
}
func (shipped) Status() export.Status {
	return export.Status{Dir: "/mnt/pipeline", Tables: []string{"logs"}, Running: &export.Progress{Table: "logs", Day: "2026-11-20"}}
}

func TestADayIsAFileOrAProblem(t *testing.T) {
	h := newHouse(t, nil)
	get := func(path string) (*http.Response, string, error) {
		req, err := http.NewRequestWithContext(t.Context(), "GET", h.srv.URL+api.Prefix+path, nil)
		require.NoError(t, err)
		req.Header.Set("Authorization", "Bearer "+h.token)
		resp, err := h.srv.Client().Do(req)
		if err != nil {
			return nil, "", err
		}
		defer resp.Body.Close()
		b, err := io.ReadAll(resp.Body)
		return resp, string(b), err
	}
	resp, body, err := get("/spans/export?day=2026-11-20")
	require.NoError(t, err)
	require.Equal(t, 200, resp.StatusCode)
	require.Equal(t, "PAR1PAR1", body)
	for key, want := range map[string]string{
		"Content-Type": "application/vnd.apache.parquet", "Content-Disposition": `attachment; filename="spans.parquet"`, "Content-Length": "8",
		"Cache-Control": "no-store", "X-Signalbox-Rows": "2", "X-Signalbox-Sha256": "ab", "X-Content-Type-Options": "nosniff",
	} {
		require.Equal(t, want, resp.Header.Get(key), key)
	}
	resp, body, err = get("/spans/export?day=2001-11-20")
	require.NoError(t, err)
	require.Equal(t, 503, resp.StatusCode)
	require.Contains(t, body, "there is no room")
	require.Equal(t, "application/problem+json", resp.Header.Get("Content-Type"))
	_, body, err = get("/spans/export?day=2002-11-20")
	require.Error(t, err, "half a file must not look whole: %q", body)
}

func TestTheBookOfExportsIsPaged(t *testing.T) {
	h := newHouse(t, nil)
	_, raw := h.do(t, "GET", api.Prefix+"/exports?limit=1", "")
	require.Contains(t, raw, `"more":true`)
	require.NotContains(t, raw, `"id":1`)
	_, raw = h.do(t, "GET", api.Prefix+"/exports?limit=1&before=2", "")
	require.Contains(t, raw, `"more":false`)
	require.Contains(t, raw, `"id":1`)
}

func TestDaysAreAskedFor(t *testing.T) {
	h := newHouse(t, nil)
	code, raw := h.do(t, "POST", api.Prefix+"/exports", `{"tables":["spans"],"from":"2026-11-19","to":"2026-11-20"}`)
	require.Equal(t, 200, code, raw)
	for body, want := range map[string]string{
		`{"tables":["metrics"],"from":"2026-11-19","to":"2026-11-20"}`: "want logs, spans or events",
		`{"from":"19.11.2026","to":"2026-11-20"}`:                      "19.11.2026",
		`{"from":"2026-11-19"}`:                                        "to",
	} {
		code, raw := h.do(t, "POST", api.Prefix+"/exports", body)
		require.Equal(t, 400, code, raw)
		require.Contains(t, raw, want)
	}
}
