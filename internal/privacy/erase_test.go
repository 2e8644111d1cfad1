package privacy_test

import (
	"archive/zip"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/signalbox/signalbox/internal/audit"
	"github.com/signalbox/signalbox/internal/fault"
	"github.com/signalbox/signalbox/internal/privacy"
	"github.com/signalbox/signalbox/internal/rowstore"
)

// rows is a store of rows in memory.
type rows struct {
	mu   sync.Mutex
	all  map[rowstore.Table][]rowstore.Row
	fail error
}

func (s *rows) erase(_ context.Context, match rowstore.Expr, progress func(done, of int)) (rowstore.Erased, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	e := rowstore.Erased{Rows: map[rowstore.Table]int64{}, Files: 3, Whole: 1, Bytes: 4096}
	if s.fail != nil {
		return e, s.fail
	}
	f, err := match.Compile()
	if err != nil {
		return e, err
	}
	for i, t := range rowstore.Tables() {
		var left []rowstore.Row
		for _, r := range s.all[t] {
			if f(&r) {
				e.Rows[t]++
				e.From, e.To = r.Time, max(e.To, r.Time)
			} else {
				left = append(left, r)
			}
		}
		s.all[t] = left
		progress(i+1, 3)
	}
	return e, nil
}

func (s *rows) scan(_ context.Context, q rowstore.Scan, f func([]rowstore.Row) error) error {
	match, err := q.Where.Compile()
	if err != nil {
		return err
	}
	for _, r := range s.all[q.Table] {
		if match(&r) {
			if err := f([]rowstore.Row{r}); err != nil {
				return err
			}
		}
	}
	return nil
}

func (s *rows) store(h *house, t rowstore.Table, r rowstore.Row) {
	b := &rowstore.Batch{Table: t, Rows: []rowstore.Row{r}}
	require.NoError(h.t, h.Redact("web", b))
	s.all[t] = append(s.all[t], b.Rows...)
}

// run runs f until it is done.
func run(t *testing.T, f func(context.Context) error, done func() bool) {
	ctx, stop := context.WithCancel(t.Context())
	end := make(chan error, 1)
	go func() { end <- f(ctx) }()
	require.Eventually(t, done, time.Minute, 2*time.Millisecond)
	stop()
	require.NoError(t, <-end)
}

var clerk = privacy.Who{Actor: audit.Actor{ID: "ann", Kind: "person"}, Reason: "letter of 3 May", Source: "10.0.0.1"}

const subject = "filer-4711-quintus"

// nowhere says that no file below a directory holds any of the texts.
func nowhere(t testing.TB, dir string, texts ...string) {
	t.Helper()
	require.NoError(t, filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := os.ReadFile(path)
		for _, s := range texts {
			require.False(t, bytes.Contains(b, []byte(s)), "%s holds %s", path, s)
		}
		return err
	}))
}

func fill(h *house, s *rows) {
	s.all = map[rowstore.Table][]rowstore.Row{}
	s.store(h, rowstore.Events, rowstore.Row{Time: base * 1000, User: subject, Name: "filing_submitted"})
	s.store(h, rowstore.Logs, rowstore.Row{Time: base*1000 + 5, Body: "return of " + subject + " was accepted"})
	s.store(h, rowstore.Spans, rowstore.Row{Time: base * 1000, Attrs: []rowstore.Attr{{Key: "user.id", Value: subject}}})
	s.store(h, rowstore.Events, rowstore.Row{Time: base * 1000, User: "somebody else", Name: "filing_submitted"})
}

func TestAPersonIsErasedEverywhereAndTheCertificateNamesNobody(t *testing.T) {
	s := &rows{}
	var forgot []string
	h := build(t, t.TempDir(), privacy.Options{Erase: s.erase, Scan: s.scan,
		Others: []privacy.Other{
			{Place: "the standing numbers of usage", Forget: func(_ context.Context, names []string) (int, error) { forgot = names; return 1, nil }},
			{Place: "the cache", Forget: func(context.Context, []string) (int, error) { return 0, nil }},
		},
		Left: func(context.Context) ([]privacy.Left, error) {
			return []privacy.Left{{Name: "2026-05", At: base, To: "s3://lake", Rows: 7}}, nil
		}})
	fill(h, s)
	name := h.Pseudonym(subject)
	r, err := h.Erase(t.Context(), clerk, subject)
	require.NoError(t, err)
	require.EqualValues(t, 1, r.ID)
	require.FileExists(t, filepath.Join(h.dir, "keys", "request-1.key"))
	run(t, h.Run, func() bool { r, err = h.Get(t.Context(), 1); return err == nil && r.State != privacy.Running })
	require.Equal(t, privacy.Done, r.State, r.Failure)
	require.Equal(t, 3, r.PartsDone)
	require.NoFileExists(t, filepath.Join(h.dir, "keys", "request-1.key"))

	c := r.Certificate
	require.Equal(t, map[string]int64{"events": 1, "logs": 1, "spans": 1}, c.Rows)
	require.Equal(t, base, c.From)
	require.True(t, c.Verify())
	require.Contains(t, c.Text(), "2026-05, 2023-11-14 22:13:20 UTC, to s3://lake, 7 rows")
	require.Contains(t, c.Text(), `Removed from the row store:
  1 row of events
  1 row of logs
  1 row of spans
  from 2023-11-14 22:13:20 UTC to 2023-11-14 22:13:20 UTC
  They lay in 3 files of 4,096 bytes in all. 1 held nothing else; what else was in the others was written anew without these rows. All were deleted.

Removed elsewhere:
  1 pseudonym from the standing numbers of usage
  nothing from the cache, which did not know the person
`)
	require.Contains(t, c.Text(), "  pseudonyms of 1 key\n")
	c.Files++
	require.False(t, c.Verify())
	require.Len(t, s.all[rowstore.Events], 1)
	require.Equal(t, h.Pseudonyms(subject), forgot)

	found, err := h.log.Find(t.Context(), audit.Filter{Action: "erase_person"})
	require.NoError(t, err)
	text, err := json.Marshal(found)
	require.NoError(t, err)
	require.Contains(t, string(text), `"certificate"`)
	for _, secret := range []string{subject, name} {
		require.NotContains(t, string(text), secret)
		require.NotContains(t, c.Text(), secret)
	}
	nowhere(t, h.dir, subject, name)
	_, err = h.Get(t.Context(), 2)
	require.Equal(t, fault.NotFound, fault.KindOf(err))
	_, err = h.Erase(t.Context(), clerk, "")
	require.Equal(t, fault.Invalid, fault.KindOf(err))
}

func TestAnErasureWaitsForAStoreThatIsAwayAndFailsForGoodOtherwise(t *testing.T) {
	s := &rows{fail: fault.New(fault.Unavailable, "the disk is full")}
	h := build(t, t.TempDir(), privacy.Options{Erase: s.erase, Scan: s.scan})
	_, err := h.Erase(t.Context(), clerk, subject)
	require.NoError(t, err)
	began := func() bool {
		var runs int
		return h.db.SQL().QueryRow(`SELECT runs FROM privacy_request WHERE id = 1`).Scan(&runs) == nil && runs > 0
	}
	run(t, h.Run, began)
	r, err := h.Get(t.Context(), 1)
	require.NoError(t, err)
	require.Equal(t, privacy.Running, r.State)
	s.fail = errors.New("at /secret/path")
	ended := func() bool { r, err = h.Get(t.Context(), 1); return err == nil && r.State != privacy.Running }
	run(t, h.Run, ended)
	require.Equal(t, privacy.Failed, r.State)
	require.Equal(t, "internal error", r.Failure)
	require.NoFileExists(t, filepath.Join(h.dir, "keys", "request-1.key"))
	nowhere(t, h.dir, subject)
}

func TestAPersonIsHandedOutAsAZip(t *testing.T) {
	s := &rows{}
	h := build(t, t.TempDir(), privacy.Options{Erase: s.erase, Scan: s.scan})
	fill(h, s)
	var out bytes.Buffer
	r, err := h.Export(t.Context(), clerk, subject, &out)
	require.NoError(t, err)
	require.Equal(t, privacy.Done, r.State)
	require.Equal(t, map[string]int64{"events": 1, "logs": 1, "spans": 1}, r.Certificate.Rows)
	require.Contains(t, r.Certificate.Text(), "Receipt of export 1")
	z, err := zip.NewReader(bytes.NewReader(out.Bytes()), int64(out.Len()))
	require.NoError(t, err)
	require.Len(t, z.File, 3)
	f, err := z.Open("logs.jsonl")
	require.NoError(t, err)
	line, err := io.ReadAll(f)
	require.NoError(t, err)
	require.Contains(t, string(line), `"body":"return of `+subject+` was accepted"`)
	nowhere(t, h.dir, subject, h.Pseudonym(subject))

	_, err = h.Export(t.Context(), clerk, subject, broken{})
	require.Error(t, err)
	r, err = h.Get(t.Context(), 2)
	require.NoError(t, err)
	require.Equal(t, privacy.Failed, r.State)
	list, err := h.List(t.Context())
	require.NoError(t, err)
	require.Len(t, list, 2)
}

type broken struct{}

func (broken) Write([]byte) (int, error) { return 0, errors.New("the reader is gone") }

func TestAShortIdIsNotLookedForInTexts(t *testing.T) {
	f, err := privacy.Matching("17", []string{"ps_x"}).Compile()
	require.NoError(t, err)
	require.False(t, f(&rowstore.Row{Body: "request 17 took 170 ms"}))
	require.True(t, f(&rowstore.Row{User: "ps_x"}))
	require.True(t, f(&rowstore.Row{Business: "17"}))
}

// TestAnErasureGoesOnAfterAKill kills a process in the middle of an erasure; the next one ends it, and at no time does a
// file hold the id.
func TestAnErasureGoesOnAfterAKill(t *testing.T) {
	if dir := os.Getenv("PRIVACY_ERASE_DIR"); dir != "" {
		h := build(t, dir, privacy.Options{Erase: func(context.Context, rowstore.Expr, func(int, int)) (rowstore.Erased, error) {
			_ = os.WriteFile(filepath.Join(dir, "began"), nil, 0o600)
			select {} // until the kill
		}})
		_, err := h.Erase(context.Background(), clerk, os.Getenv("PRIVACY_ERASE_SUBJECT"))
		require.NoError(t, err)
		_ = h.Run(context.Background())
		return
	}
	dir := t.TempDir()
	child := exec.Command(os.Args[0], "-test.run=^TestAnErasureGoesOnAfterAKill$")
	child.Env = append(os.Environ(), "PRIVACY_ERASE_DIR="+dir, "PRIVACY_ERASE_SUBJECT="+subject)
	require.NoError(t, child.Start())
	require.Eventually(t, func() bool { _, err := os.Stat(filepath.Join(dir, "began")); return err == nil }, time.Minute, 10*time.Millisecond)
	require.NoError(t, child.Process.Kill())
	_ = child.Wait()
	nowhere(t, dir, subject)

	s := &rows{}
	h := build(t, dir, privacy.Options{Erase: s.erase, Scan: s.scan})
	fill(h, s)
	var r privacy.Request
	var err error
	run(t, h.Run, func() bool { r, err = h.Get(t.Context(), 1); return err == nil && r.State != privacy.Running })
	require.Equal(t, privacy.Done, r.State, r.Failure)
	require.Equal(t, map[string]int64{"events": 1, "logs": 1, "spans": 1}, r.Certificate.Rows, "the child's key still names the person")
	require.Equal(t, 1, r.Certificate.Interrupted)
	require.True(t, strings.Contains(r.Certificate.Text(), "began again 1 time;"))
	require.NoFileExists(t, filepath.Join(dir, "keys", "request-1.key"))
	nowhere(t, dir, subject, h.Pseudonym(subject))
}

func TestAnExportThatAKillEndedIsSaidToHaveFailed(t *testing.T) {
	s := &rows{}
	dir := t.TempDir()
	h := build(t, dir, privacy.Options{Erase: s.erase, Scan: func(ctx context.Context, _ rowstore.Scan, _ func([]rowstore.Row) error) error {
		<-ctx.Done() // never ends by itself
		return ctx.Err()
	}})
	ctx, stop := context.WithCancel(t.Context())
	began := make(chan struct{})
	go func() { defer close(began); _, _ = h.Export(ctx, clerk, subject, io.Discard) }()
	require.Eventually(t, func() bool { _, err := h.Get(t.Context(), 1); return err == nil }, time.Minute, time.Millisecond)
	again, err := privacy.New(t.Context(), h.o)
	require.NoError(t, err)
	r, err := again.Get(t.Context(), 1)
	require.NoError(t, err)
	require.Equal(t, privacy.Failed, r.State)
	require.Contains(t, r.Failure, "was stopped before the export was complete")
	stop()
	<-began
}
