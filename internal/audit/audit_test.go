package audit_test

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	"github.com/stretchr/testify/require"

	"github.com/signalbox/signalbox/internal/audit"
	"github.com/signalbox/signalbox/internal/statestore"
)

// clock is a time that tests move.
type clock struct {
	mu sync.Mutex
	t  time.Time
}

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.t
}

func (c *clock) add(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.t = c.t.Add(d)
}

var noon = time.Date(2026, 11, 21, 12, 20, 0, 0, time.UTC)

type house struct {
	*audit.Log
	db    *statestore.DB
	dir   string
	clock *clock
	reg   *prometheus.Registry
}

func open(t testing.TB, dir string, change func(*audit.Options)) house {
	t.Helper()
	db, err := statestore.Open(filepath.Join(dir, "state.db"), false)
	require.NoError(t, err)
	t.Cleanup(func() { _ = db.Close() })
	h := house{db: db, dir: dir, clock: &clock{t: noon}, reg: prometheus.NewRegistry()}
	o := audit.Options{DB: db, Now: h.clock.now, KeyFile: filepath.Join(dir, audit.KeyFile), Registerer: h.reg}
	if change != nil {
		change(&o)
	}
	h.Log, err = audit.Open(t.Context(), o)
	require.NoError(t, err)
	return h
}

// fill writes n records, some minutes apart each.
func (h house) fill(t testing.TB, n int) {
	t.Helper()
	for i := range n {
		require.NoError(t, h.Write(t.Context(), record(i)))
		h.clock.add(7 * time.Minute)
	}
}

func record(i int) audit.Record {
	return audit.Record{
		Actor: audit.Actor{ID: fmt.Sprintf("u%d", i%3), Name: []string{"Ana", "Bert \"B\" O'Neil", "Cé\u2028 <c>"}[i%3], Kind: "person"}, Action: []string{"propose", "approve", "sign_in"}[i%3],
		Object: audit.Object{Kind: "KPI", Name: fmt.Sprintf("kpi-%d", i%5)}, Outcome: []string{"done", "done", "done", "denied", "failed"}[i%5],
		Reason: "because 100% of it_was so", Source: "10.0.0.7", Request: fmt.Sprint("r", i), Detail: map[string]string{"seq": "7", "b": "x\ny", "at": "9"},
	}
}

func (h house) exec(t testing.TB, query string, args ...any) {
	t.Helper()
	require.NoError(t, h.db.Tx(t.Context(), func(tx *sql.Tx) error {
		_, err := tx.ExecContext(t.Context(), query, args...)
		return err
	}))
}

func (h house) verify(t testing.TB, o audit.VerifyOptions) audit.Report {
	t.Helper()
	r, err := h.Verify(t.Context(), o)
	require.NoError(t, err)
	return r
}

func (h house) export(t testing.TB, f audit.Filter) []byte {
	t.Helper()
	var b bytes.Buffer
	require.NoError(t, h.Export(t.Context(), &b, f))
	return b.Bytes()
}

func verifyFile(t testing.TB, b []byte, o audit.VerifyOptions) audit.Report {
	t.Helper()
	r, err := audit.VerifyFile(t.Context(), bytes.NewReader(b), o)
	require.NoError(t, err)
	return r
}

func TestWriteFindVerify(t *testing.T) {
	h := open(t, t.TempDir(), nil)
	r := h.verify(t, audit.VerifyOptions{})
	require.True(t, r.Good, r)
	h.fill(t, 20)
	found, err := h.Find(t.Context(), audit.Filter{})
	require.NoError(t, err)
	require.Len(t, found, 20)
	require.EqualValues(t, 20, found[0].Seq)
	want := record(19)
	want.Seq, want.At, want.Hash = 20, noon.Add(19*7*time.Minute).UnixMilli(), found[0].Hash
	require.Equal(t, want, found[0])
	head, err := h.Head(t.Context())
	require.NoError(t, err)
	require.Equal(t, audit.Point{Seq: 20, At: want.At, Hash: want.Hash}, head)

	_, err = h.Seal(t.Context())
	require.NoError(t, err)
	r = h.verify(t, audit.VerifyOptions{Anchors: []audit.Point{head}, Indexes: true})
	require.True(t, r.Good, r.Break)
	require.EqualValues(t, 20, r.Records)
	require.Equal(t, head.Hash, r.Head)
	require.Equal(t, 1, r.Anchors)
	require.EqualValues(t, 2, r.Digests)

	b := h.export(t, audit.Filter{})
	f := verifyFile(t, b, audit.VerifyOptions{Anchors: []audit.Point{head}})
	require.True(t, f.Good, f.Break)
	require.Equal(t, r.Head, f.Head)
	require.EqualValues(t, 20, f.SignedSeq)
	require.EqualValues(t, 2, f.Digests)
	require.NoError(t, testutil.GatherAndCompare(h.reg, strings.NewReader(`
# HELP signalbox_audit_head_seq Number of the newest audit record.
# TYPE signalbox_audit_head_seq gauge
signalbox_audit_head_seq 20
# HELP signalbox_audit_records_total Audit records in the chain.
# TYPE signalbox_audit_records_total counter
signalbox_audit_records_total 20
# HELP signalbox_audit_unanchored Audit digests that no anchor outside has accepted yet.
# TYPE signalbox_audit_unanchored gauge
signalbox_audit_unanchored 2
`), "signalbox_audit_records_total", "signalbox_audit_head_seq", "signalbox_audit_unanchored"))
}

// The stored body is what a reader of the format expects: sorted keys, no spaces, and nothing but JSON.
func TestCanonical(t *testing.T) {
	h := open(t, t.TempDir(), nil)
	h.fill(t, 6)
	rows, err := h.db.SQL().QueryContext(t.Context(), `SELECT body FROM audit_record ORDER BY seq`)
	require.NoError(t, err)
	defer rows.Close()
	for rows.Next() {
		var body string
		require.NoError(t, rows.Scan(&body))
		var v any
		require.NoError(t, json.Unmarshal([]byte(body), &v))
		var again bytes.Buffer
		enc := json.NewEncoder(&again) // sorts keys
		enc.SetEscapeHTML(false)
		require.NoError(t, enc.Encode(v))
		require.Equal(t, strings.TrimSpace(again.String()), strings.ReplaceAll(body, "\u2028", `\u2028`))
	}
	require.NoError(t, rows.Err())
}

func TestRollbackLeavesNoRecordAndNoGap(t *testing.T) {
	h := open(t, t.TempDir(), nil)
	h.fill(t, 3)
	err := h.db.Tx(t.Context(), func(tx *sql.Tx) error {
		require.NoError(t, h.Append(t.Context(), tx, record(1)))
		require.NoError(t, h.Append(t.Context(), tx, record(2)))
		return errors.New("the change failed")
	})
	require.Error(t, err)
	h.fill(t, 1)
	r := h.verify(t, audit.VerifyOptions{})
	require.True(t, r.Good, r.Break)
	require.EqualValues(t, 4, r.LastSeq)
}

func TestAFailingAppendFailsTheCaller(t *testing.T) {
	h := open(t, t.TempDir(), nil)
	for _, r := range []audit.Record{{Outcome: "done"}, {Action: "Sign In", Outcome: "done"}, {Action: "sign_in"}, {Action: "sign_in", Outcome: "maybe"}} {
		require.Error(t, h.Write(t.Context(), r))
	}
	h.exec(t, `CREATE TABLE thing (x INTEGER)`)
	h.exec(t, `ALTER TABLE audit_record RENAME TO gone`)
	err := h.db.Tx(t.Context(), func(tx *sql.Tx) error {
		if _, err := tx.Exec(`INSERT INTO thing VALUES (1)`); err != nil {
			return err
		}
		return h.Append(t.Context(), tx, record(1))
	})
	require.Error(t, err)
	var n int
	require.NoError(t, h.db.SQL().QueryRow(`SELECT COUNT(*) FROM thing`).Scan(&n))
	require.Zero(t, n)
	n2, err := testutil.GatherAndCount(h.reg, "signalbox_audit_failures_total")
	require.NoError(t, err)
	require.Equal(t, 1, n2)
	h.exec(t, `ALTER TABLE gone RENAME TO audit_record`)
	require.NoError(t, testutil.GatherAndCompare(h.reg, strings.NewReader(`
# HELP signalbox_audit_failures_total Audit records and digests that could not be written; the change that a record was for was refused.
# TYPE signalbox_audit_failures_total counter
signalbox_audit_failures_total 5
`), "signalbox_audit_failures_total"))
}

func TestConcurrentAppends(t *testing.T) {
	h := open(t, t.TempDir(), nil)
	second, err := statestore.Open(filepath.Join(h.dir, "state.db"), false) // as another process would
	require.NoError(t, err)
	defer second.Close()
	other, err := audit.Open(t.Context(), audit.Options{DB: second, Now: h.clock.now, KeyFile: filepath.Join(h.dir, audit.KeyFile)})
	require.NoError(t, err)
	var wg sync.WaitGroup
	for w, l := range []*audit.Log{h.Log, h.Log, other, other} {
		wg.Go(func() {
			for i := range 40 {
				if err := l.Write(t.Context(), record(w*100+i)); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	r := h.verify(t, audit.VerifyOptions{})
	require.True(t, r.Good, r.Break)
	require.EqualValues(t, 160, r.Records)
}

func TestSecretsNeverEnter(t *testing.T) {
	h := open(t, t.TempDir(), nil)
	require.NoError(t, h.Write(t.Context(), audit.Record{
		Action: "sign_in_failed", Outcome: "denied", Actor: audit.Actor{Name: strings.Repeat("é", 100_000) + "\xff"},
		Reason: "header Authorization: Bearer hunter2hunter2 refused at https://ana:hunter2@example.org/x",
		Detail: map[string]string{"password": "hunter2", "client_secret": "hunter2", "X-Token": "hunter2", "token_id": "t1", "long": strings.Repeat("\x00<", 50_000)},
	}))
	b := h.export(t, audit.Filter{})
	require.NotContains(t, string(b), "hunter2")
	require.Less(t, len(b), 20_000)
	found, err := h.Find(t.Context(), audit.Filter{})
	require.NoError(t, err)
	require.Equal(t, "t1", found[0].Detail["token_id"])
	require.Equal(t, "unknown", found[0].Actor.ID)
	require.True(t, verifyFile(t, b, audit.VerifyOptions{}).Good)
}

// The clock is set back: the record says so, and the order stays that of the chain.
func TestClockBack(t *testing.T) {
	h := open(t, t.TempDir(), nil)
	h.fill(t, 2)
	h.clock.add(-3 * time.Hour)
	h.fill(t, 1)
	h.fill(t, 1)
	found, err := h.Find(t.Context(), audit.Filter{})
	require.NoError(t, err)
	require.EqualValues(t, []int64{4, 3, 2, 1}, seqs(found))
	require.EqualValues(t, (3*time.Hour - 7*time.Minute).Milliseconds(), found[1].ClockBack)
	require.Zero(t, found[0].ClockBack)
	require.True(t, h.verify(t, audit.VerifyOptions{}).Good)
}

func seqs(rs []audit.Record) []int64 {
	out := make([]int64, len(rs))
	for i := range rs {
		out[i] = rs[i].Seq
	}
	return out
}

func TestFind(t *testing.T) {
	h := open(t, t.TempDir(), nil)
	h.fill(t, 60)
	all, err := h.Find(t.Context(), audit.Filter{Limit: 100})
	require.NoError(t, err)
	at := func(i int) int64 { return noon.Add(time.Duration(i) * 7 * time.Minute).UnixMilli() }
	for name, c := range map[string]struct {
		f    audit.Filter
		want func(audit.Record) bool
	}{
		"actor id":      {audit.Filter{Actor: "u1"}, func(r audit.Record) bool { return r.Actor.ID == "u1" }},
		"actor name":    {audit.Filter{Actor: "Ana"}, func(r audit.Record) bool { return r.Actor.Name == "Ana" }},
		"action":        {audit.Filter{Action: "approve"}, func(r audit.Record) bool { return r.Action == "approve" }},
		"object":        {audit.Filter{ObjectKind: "KPI", ObjectName: "kpi-3"}, func(r audit.Record) bool { return r.Object.Name == "kpi-3" }},
		"kind":          {audit.Filter{ObjectKind: "Route"}, func(audit.Record) bool { return false }},
		"outcome":       {audit.Filter{Outcome: "denied"}, func(r audit.Record) bool { return r.Outcome == "denied" }},
		"time":          {audit.Filter{From: at(10), To: at(20)}, func(r audit.Record) bool { return r.At >= at(10) && r.At <= at(20) }},
		"time, actor":   {audit.Filter{From: at(10), Actor: "u2"}, func(r audit.Record) bool { return r.At >= at(10) && r.Actor.ID == "u2" }},
		"text":          {audit.Filter{Text: "100% OF IT_WAS"}, func(audit.Record) bool { return true }},
		"text, escaped": {audit.Filter{Text: "100_ of"}, func(audit.Record) bool { return false }},
		"text, quoted":  {audit.Filter{Text: `"B" O'`}, func(r audit.Record) bool { return r.Actor.ID == "u1" }},
		"text, slash":   {audit.Filter{Text: `x\ny`}, func(audit.Record) bool { return false }},
		"text, line":    {audit.Filter{Text: "x\ny"}, func(audit.Record) bool { return true }},
	} {
		t.Run(name, func(t *testing.T) {
			want := []int64{}
			for _, r := range all {
				if c.want(r) {
					want = append(want, r.Seq)
				}
			}
			got := []int64{}
			c.f.Limit = 7
			for {
				page, err := h.Find(t.Context(), c.f)
				require.NoError(t, err)
				got = append(got, seqs(page)...)
				if len(page) < c.f.Limit {
					break
				}
				c.f.Before = page[len(page)-1].Seq
			}
			require.Equal(t, want, got)
			c.f.Before, c.f.Limit = 0, 0
			f := verifyFile(t, h.export(t, c.f), audit.VerifyOptions{})
			require.True(t, f.Good, f.Break)
			require.False(t, f.Complete)
			require.EqualValues(t, len(want), f.Records)
		})
	}
	_, err = h.Find(t.Context(), audit.Filter{Outcome: "maybe"})
	require.Error(t, err)
	_, err = h.Find(t.Context(), audit.Filter{From: 2, To: 1})
	require.Error(t, err)
}

// A changed body hides nothing: the other records are still found.
func TestFindBesideAChangedRecord(t *testing.T) {
	h := open(t, t.TempDir(), nil)
	h.fill(t, 9)
	h.exec(t, `UPDATE audit_record SET body = 'no json' WHERE seq = 5`)
	found, err := h.Find(t.Context(), audit.Filter{})
	require.NoError(t, err)
	require.Len(t, found, 9)
	require.Contains(t, found[4].Reason, "changed")
	found, err = h.Find(t.Context(), audit.Filter{From: noon.UnixMilli(), Actor: "u0"})
	require.NoError(t, err)
	require.Len(t, found, 3)
}

func TestHeadAfterTampering(t *testing.T) {
	h := open(t, t.TempDir(), nil)
	h.fill(t, 3)
	h.exec(t, `UPDATE audit_record SET hash = 'nonsense' WHERE seq = 3`)
	require.Error(t, h.Write(context.Background(), record(1)))
	r := verifyFile(t, h.export(t, audit.Filter{}), audit.VerifyOptions{})
	require.False(t, r.Good)
	require.EqualValues(t, 3, r.Break.Seq)
}
