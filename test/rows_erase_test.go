package test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	logspb "go.opentelemetry.io/proto/otlp/logs/v1"
	tracepb "go.opentelemetry.io/proto/otlp/trace/v1"

	"github.com/signalbox/signalbox/internal/privacy"
)

// person is somebody whose rows are in every table: by id, in attributes, bodies and the events of spans. The marker is a word
// of theirs that no other row has.
type person struct {
	id, marker string
	pseudonym  string
	rows       map[string]int
}

func newPerson(n int) *person {
	return &person{id: fmt.Sprintf("taxpayer-%d-brunnengasse", n), marker: fmt.Sprintf("quittenmus%dzimtstern", n), rows: map[string]int{}}
}

// TestErasureIsDownToTheBytes writes rows of several people, erases them one after the other, twice with kill -9 in the middle,
// and looks for them in every byte of the data directory.
func TestErasureIsDownToTheBytes(t *testing.T) {
	h := openRows(t, "")
	all := []*person{newPerson(1), newPerson(2), newPerson(3), newPerson(4)}
	for _, p := range all {
		h.write(p)
	}
	h.crowd(20_000)
	h.again() // what came before a crash is sealed
	for _, p := range all {
		h.write(p) // and some that is not
		p.pseudonym = h.find("events", `name:filed "says `+p.marker+`"`)[0].User
		require.NotEmpty(t, p.pseudonym)
		require.NotEqual(t, p.id, p.pseudonym)
		for _, table := range []string{"logs", "spans", "events"} {
			p.rows[table] = h.count(table, p.marker)
			require.NotZero(t, p.rows[table], table)
		}
	}
	h.until("the crowd is sealed", func() bool { return strings.Contains(strings.Join(h.files(), " "), "rows/sealed/logs/") })
	require.NotEmpty(t, h.search(all[0].pseudonym), "the search finds what is there")
	require.NotEmpty(t, h.search(all[0].marker))
	for _, p := range all {
		for _, q := range h.files() {
			require.NotContains(t, q, p.id)
		}
	}
	before := h.tally()

	h.ended(h.erase(all[0].id), all[0])
	h.gone(all[0])
	h.stay(all[1:], before, all[:1])
	for i, p := range all[1:3] {
		r := h.erase(p.id)
		time.Sleep(time.Duration(rand.IntN(120)) * time.Millisecond) // any moment will do
		h.kill()
		h.again()
		t.Logf("kill -9 in the middle: the erasure began again %d times", h.ended(r, p).Interrupted)
		h.gone(p)
		h.stay(all[2+i:], before, all[:2+i])
	}
	h.again()
	for _, p := range all[:3] {
		h.gone(p)
	}
	h.stay(all[3:], before, all[:3])
	h.onlyNumbers(all[:3])
}

// write sends rows of a person into all tables.
func (h *rowsHouse) write(p *person) {
	h.t.Helper()
	now := time.Now()
	mine := logs("intake",
		line(now, "return of "+p.id+" was refused", attr("case", p.marker)),
		line(now, "the letter says "+p.marker, attr("enduser.id", p.id)),
		line(now, "quiet", attr("enduser.id", p.id), attr("case", p.marker), attr("login", p.id), attr("path", "/people/"+p.id+"/file")))
	require.Equal(h.t, http.StatusOK, post(h.http+"/v1/logs", protobuf, mine).code)

	span := func(n byte, s *tracepb.Span) *tracepb.Span {
		s.TraceId, s.SpanId = append([]byte(p.marker)[:15:15], n), bytes.Repeat([]byte{n}, 8)
		s.StartTimeUnixNano, s.EndTimeUnixNano = uint64(now.Add(-time.Second).UnixNano()), uint64(now.UnixNano())
		return s
	}
	require.Equal(h.t, http.StatusOK, post(h.http+"/v1/traces", protobuf, spans("intake",
		span(1, &tracepb.Span{Name: "POST /file", Attributes: append(attrs("enduser.id", p.id), attr("case", p.marker))}),
		span(2, &tracepb.Span{Name: "store", Events: []*tracepb.Span_Event{{Name: "refused", TimeUnixNano: uint64(now.UnixNano()), Attributes: append(attrs("who", p.id), attr("note", p.marker))}}}),
		span(3, &tracepb.Span{Name: "mail", Status: &tracepb.Status{Code: tracepb.Status_STATUS_CODE_ERROR, Message: "no mailbox for " + p.id + " " + p.marker}}),
	)).code)

	e := func(more map[string]any) map[string]any {
		more["name"], more["time"], more["service"] = "filed", now.Add(-26*time.Hour).UnixMilli(), "efile" // of a day that is over
		return more
	}
	require.Equal(h.t, http.StatusOK, post(h.addr+"/v1/events", asJSON, events(
		e(map[string]any{"user": p.id, "properties": map[string]any{"case": p.marker}}),
		e(map[string]any{"user": p.id, "session": p.id, "body": "says " + p.marker}),
		e(map[string]any{"business_id": p.id, "properties": map[string]any{"case": p.marker, "owner": p.id}}),
	)).code)
}

// crowd sends so many log records of many other people.
func (h *rowsHouse) crowd(rows int) {
	h.t.Helper()
	const batch = 2000
	for n := 0; n < rows; n += batch {
		records := make([]*logspb.LogRecord, batch)
		for i := range records {
			records[i] = line(time.Now(), fmt.Sprintf("return %d was taken in", n+i), attr("enduser.id", fmt.Sprintf("neighbour-%d-elsewhere", i)))
		}
		require.Equal(h.t, http.StatusOK, post(h.http+"/v1/logs", protobuf, logs("crowd", records...)).code)
	}
}

// tally is how many rows each table has.
func (h *rowsHouse) tally() map[string]int {
	out := map[string]int{}
	for _, table := range []string{"logs", "spans", "events"} {
		out[table] = h.count(table, "")
	}
	return out
}

// erase asks for an erasure and returns the request's number.
func (h *rowsHouse) erase(id string) int64 {
	h.t.Helper()
	var r privacy.Request
	h.starter().ask(http.MethodPost, "/privacy/erase", map[string]any{"subject": id, "reason": "letter 2026/117"}, &r)
	return r.ID
}

// ended waits for the end of an erasure and reads its certificate as an auditor would.
func (h *rowsHouse) ended(request int64, p *person) *privacy.Certificate {
	h.t.Helper()
	var r struct {
		privacy.Request
		Text string
	}
	h.until("the erasure has ended", func() bool {
		return h.get(fmt.Sprintf("/api/signalbox/v1/privacy/requests/%d", request), &r) == http.StatusOK && r.State != privacy.Running
	})
	require.Equal(h.t, privacy.Done, r.State, r.Failure)
	require.True(h.t, r.Certificate.Verify(), "the certificate's digest")
	for table, n := range p.rows {
		if r.Certificate.Interrupted == 0 {
			require.EqualValues(h.t, n, r.Certificate.Rows[table], "%s: %v", table, r.Certificate.Rows)
		} else { // what went before the crash is in no count
			require.LessOrEqual(h.t, r.Certificate.Rows[table], int64(n), "%s: %v", table, r.Certificate.Rows)
		}
	}
	out, code := run(h.t, "privacy", "show", fmt.Sprint(request), "--server", "http://"+h.addr)
	require.Zero(h.t, code, out)
	require.Equal(h.t, r.Text, out)
	for _, word := range []string{p.id, p.pseudonym, p.marker} {
		require.NotContains(h.t, out, word)
	}
	forged := *r.Certificate
	forged.Files++
	require.False(h.t, forged.Verify())
	return r.Certificate
}

// gone says that nothing of a person is left: by search, in any byte of the data directory, in what was logged.
func (h *rowsHouse) gone(p *person) {
	h.t.Helper()
	for table := range p.rows {
		for _, word := range []string{p.id, p.pseudonym, p.marker, "user:" + p.pseudonym} {
			require.Zero(h.t, h.count(table, word), "%s in %s", word, table)
		}
	}
	for _, word := range []string{p.id, p.pseudonym, p.marker} {
		require.Empty(h.t, h.search(word), "files that hold %q", word)
	}
}

// stay says that nobody else's rows are touched.
func (h *rowsHouse) stay(others []*person, before map[string]int, erased []*person) {
	h.t.Helper()
	for _, p := range others {
		for table, n := range p.rows {
			require.Equal(h.t, n, h.count(table, p.marker), "%s of somebody else", table)
		}
	}
	for table, n := range h.tally() {
		want := before[table]
		for _, p := range erased {
			want -= p.rows[table]
		}
		require.Equal(h.t, want, n, table)
	}
}

// onlyNumbers reads the audit chain and the operator's log.
func (h *rowsHouse) onlyNumbers(erased []*person) {
	h.t.Helper()
	file := filepath.Join(h.t.TempDir(), "audit.jsonl")
	out, code := run(h.t, "audit", "export", file, "--server", "http://"+h.addr)
	require.Zero(h.t, code, out)
	out, code = run(h.t, "audit", "verify", file)
	require.Zero(h.t, code, out)
	raw, err := os.ReadFile(file)
	require.NoError(h.t, err)
	var trail struct {
		Records []struct {
			Action, Outcome string
			Object          struct{ Kind, Name string }
		}
	}
	h.starter().ask(http.MethodGet, "/audit?limit=500", nil, &trail)
	steps := map[string]int{}
	for _, r := range trail.Records {
		if r.Action == "erase_person" {
			require.Equal(h.t, "PrivacyRequest", r.Object.Kind)
			steps[r.Object.Name]++
		}
	}
	for i, p := range erased {
		require.Equal(h.t, 2, steps[fmt.Sprint(i+1)], "asked and done: %v", steps)
		for _, word := range []string{p.id, p.pseudonym, p.marker} {
			require.NotContains(h.t, string(raw), word)
			require.NotContains(h.t, h.log.String(), word)
		}
	}
	require.True(h.t, json.Valid(bytes.SplitN(raw, []byte("\n"), 2)[0]))
}

// search returns the files of the data directory that hold a word, as text or in its UTF-16 form.
func (h *rowsHouse) search(word string) (out []string) {
	h.t.Helper()
	wide := []byte(strings.Join(strings.Split(word, ""), "\x00"))
	for _, path := range h.files() {
		raw, err := os.ReadFile(filepath.Join(h.data(), path))
		if os.IsNotExist(err) {
			continue // it was replaced meanwhile
		}
		require.NoError(h.t, err)
		if bytes.Contains(raw, []byte(word)) || bytes.Contains(raw, wide) {
			out = append(out, path)
		}
	}
	return out
}

// files lists the data directory.
func (h *rowsHouse) files() (out []string) {
	h.t.Helper()
	err := filepath.WalkDir(h.data(), func(path string, d fs.DirEntry, err error) error {
		if os.IsNotExist(err) {
			return nil // it was replaced meanwhile
		}
		if err == nil && d.Type().IsRegular() {
			path, err = filepath.Rel(h.data(), path)
			out = append(out, path)
		}
		return err
	})
	require.NoError(h.t, err)
	return out
}
