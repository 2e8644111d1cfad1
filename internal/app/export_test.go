package app

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	_ "github.com/duckdb/duckdb-go/v2"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/stretchr/testify/require"

	"github.com/signalbox/signalbox/internal/access"
	"github.com/signalbox/signalbox/internal/api"
	"github.com/signalbox/signalbox/internal/audit"
	"github.com/signalbox/signalbox/internal/export"
	"github.com/signalbox/signalbox/internal/gate"
	"github.com/signalbox/signalbox/internal/metricstore"
	"github.com/signalbox/signalbox/internal/privacy"
	"github.com/signalbox/signalbox/internal/rowstore"
)

// working runs parts of a house until the test ends.
func working(t *testing.T, runs ...func(context.Context) error) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, len(runs))
	for _, run := range runs {
		go func() { done <- run(ctx) }()
	}
	t.Cleanup(func() {
		cancel()
		for range runs {
			require.NoError(t, <-done)
		}
	})
}

func parquetRows(t *testing.T, path string) (n int) {
	t.Helper()
	db, err := sql.Open("duckdb", "")
	require.NoError(t, err)
	defer func() { require.NoError(t, db.Close()) }()
	require.NoError(t, db.QueryRow(`SELECT COUNT(*) FROM read_parquet(?)`, path).Scan(&n))
	return n
}

// TestRowsLeaveAndAreRemembered takes a day of rows along, has another written to the pipeline's folder, and erases a person:
// the certificate names both, and the folder no longer holds the person.
func TestRowsLeaveAndAreRemembered(t *testing.T) {
	dir := t.TempDir()
	h, srv := opened(t, fmt.Sprintf("export: {parquet: {dir: %q, tables: [logs]}}\n", dir), nil)
	before := time.Now().UTC().AddDate(0, 0, -2).Truncate(24 * time.Hour) // of yesterday, rows may still come at midnight
	day := before.Format(time.DateOnly)
	grant, err := h.gate.Admit(t.Context(), gate.Credential{Source: "test"}, 0)
	require.NoError(t, err)
	b := &rowstore.Batch{Table: rowstore.Logs}
	for i := range 100 {
		r := b.Add()
		r.Time, r.Service, r.Body, r.User = before.Add(time.Hour).UnixMicro()+int64(i), "intake", "line", []string{"jane-4711-of-ohio", "joe-4712-of-iowa"}[i%2]
	}
	_, err = grant.WriteRows(t.Context(), b)
	require.NoError(t, err)
	owner := member(t, h, srv, "ana@irs.example", access.GrantText{Role: access.Owner})
	const prefix = "/api/signalbox/v1"

	code, file := owner("GET", prefix+"/logs/export?day="+day+"&q=service:intake", "")
	require.Equal(t, 200, code, file)
	path := filepath.Join(t.TempDir(), "logs.parquet")
	require.NoError(t, os.WriteFile(path, []byte(file), 0o600))
	require.Equal(t, 100, parquetRows(t, path))
	for query, want := range map[string]string{"day=yesterday": "want a day such as", "day=2999-01-01": "has not begun", "day=" + day + "&q=(a": "want a )", "q=x": "day"} {
		code, body := owner("GET", prefix+"/logs/export?"+query, "")
		require.Equal(t, 400, code, body)
		require.Contains(t, body, want)
	}

	working(t, h.export.Run, h.privacy.Run)
	book := func() (b api.ExportsBody) {
		_, body := owner("GET", prefix+"/exports", "")
		require.NoError(t, json.Unmarshal([]byte(body), &b), body)
		return b
	}
	parts := filepath.Join(dir, "logs", "day="+day, "*.parquet")
	require.Eventually(t, func() bool { return len(book().Exports) == 2 && book().Exports[0].State == export.Done }, time.Minute, 20*time.Millisecond)
	require.Equal(t, 100, parquetRows(t, parts))
	require.Equal(t, dir, book().Schedule.Dir)
	code, body := owner("POST", prefix+"/exports", fmt.Sprintf(`{"from":%q,"to":%q,"again":true}`, day, day))
	require.Equal(t, 200, code, body)
	require.Eventually(t, func() bool { return len(book().Exports) == 3 && book().Exports[0].State == export.Done }, time.Minute, 20*time.Millisecond)

	code, body = owner("POST", prefix+"/privacy/erase", `{"subject":"jane-4711-of-ohio","reason":"letter 7"}`)
	require.Equal(t, 200, code, body)
	var r privacy.Request
	require.NoError(t, json.Unmarshal([]byte(body), &r))
	require.Eventually(t, func() bool {
		var err error
		r, err = h.privacy.Get(t.Context(), r.ID)
		return err == nil && r.State == privacy.Done
	}, time.Minute, 20*time.Millisecond)
	require.Len(t, r.Certificate.Left, 2)
	require.Equal(t, fmt.Sprintf("logs of 1 days from %s to %s, by schedule", day, day), r.Certificate.Left[0].Name)
	require.Equal(t, dir, r.Certificate.Left[0].To)
	require.EqualValues(t, 100, r.Certificate.Left[1].Rows)
	require.True(t, strings.HasPrefix(r.Certificate.Left[1].To, "ana@irs.example at 127.0.0.1"), r.Certificate.Left[1].To)
	require.Eventually(t, func() bool { return len(book().Exports) == 4 && book().Exports[0].State == export.Done }, time.Minute, 20*time.Millisecond)
	require.Equal(t, 50, parquetRows(t, parts))

	for action, want := range map[string]int{"export_rows": 4, "export_days": 1} {
		found, err := h.audit.Find(t.Context(), audit.Filter{Action: action, Limit: 10})
		require.NoError(t, err)
		require.Len(t, found, want, action)
	}
}

// stored counts the samples of a metric.
func stored(t *testing.T, s metricstore.Store, name string) (n int, one labels.Labels) {
	t.Helper()
	q, err := s.Querier(0, math.MaxInt64)
	require.NoError(t, err)
	defer func() { require.NoError(t, q.Close()) }()
	set := q.Select(t.Context(), false, nil, labels.MustNewMatcher(labels.MatchEqual, "__name__", name))
	for set.Next() {
		one = set.At().Labels()
		for it := set.At().Iterator(nil); it.Next() != 0; {
			n++
		}
	}
	require.NoError(t, set.Err())
	return n, one
}

// TestRemoteWriteBetweenTwoHouses sends one house's samples to another's own door, as signalbox.yaml says, and follows a reload.
func TestRemoteWriteBetweenTwoHouses(t *testing.T) {
	to, srv := opened(t, "", nil)
	config := func(prefix string) string {
		return fmt.Sprintf(`global: {external_labels: {cluster: east}}
remote_write:
  - url: %s/api/v1/write
    queue_config: {batch_send_deadline: 50ms}
    write_relabel_configs: [{source_labels: [__name__], regex: '%s.*', action: keep}]
`, srv.URL, prefix)
	}
	from, _ := opened(t, config("filings"), nil)
	working(t, from.remote.Run)
	grant, err := from.gate.Admit(t.Context(), gate.Credential{Source: "test"}, 0)
	require.NoError(t, err)
	base := time.Now().Add(5 * time.Minute).UnixMilli() // a queue sends what is younger than itself, and may begin late
	push := func(name string) {
		app := grant.Appendable().Appender(t.Context())
		for i := range int64(500) {
			for _, n := range []string{name, "other_total"} {
				_, err := app.Append(0, labels.FromStrings("__name__", n, "agency", "IRS"), base+i, float64(i))
				require.NoError(t, err)
			}
		}
		require.NoError(t, app.Commit())
		base += 1000
	}
	arrive := func(name string) {
		require.Eventually(t, func() bool { n, _ := stored(t, to.samples, name); return n == 500 }, time.Minute, 50*time.Millisecond)
	}
	push("filings_total")
	arrive("filings_total")
	_, l := stored(t, to.samples, "filings_total")
	require.Equal(t, "east", l.Get("cluster"))
	n, _ := stored(t, to.samples, "other_total")
	require.Zero(t, n, "relabelled away")
	took, newest := from.appended.feed("metrics", from.samples)()
	require.GreaterOrEqual(t, took, int64(1000))
	require.Greater(t, newest, time.Now().UnixMilli())

	require.NoError(t, os.WriteFile(from.o.ConfigPath, []byte("host: {enabled: false}\n"+config("refunds")), 0o644))
	require.NoError(t, from.Reload(t.Context()))
	push("refunds_total")
	arrive("refunds_total")
	require.NoError(t, os.WriteFile(from.o.ConfigPath, []byte("host: {enabled: false}\nremote_write: [{url: 'http://x/', tls_config: {ca_file: gone.pem}}]\n"), 0o644))
	require.ErrorContains(t, from.Reload(t.Context()), "gone.pem")
}
