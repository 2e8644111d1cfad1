package tail_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/signalbox/signalbox/internal/gate"
	"github.com/signalbox/signalbox/internal/receive/tail"
	"github.com/signalbox/signalbox/internal/rowstore"
)

// sheet keeps what is written to it.
type sheet struct {
	mu     sync.Mutex
	bodies []string
	rows   []rowstore.Row
	fail   atomic.Bool
	tries  atomic.Int64 // in vain
}

func (s *sheet) WriteRows(_ context.Context, batches ...*rowstore.Batch) (gate.RowResult, error) {
	if s.fail.Load() {
		s.tries.Add(1)
		return gate.RowResult{}, errors.New("away")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, b := range batches {
		for _, r := range b.Rows {
			r.Body = strings.Clone(r.Body)
			s.bodies = append(s.bodies, r.Body)
			r.ErrorType = strings.Clone(r.ErrorType)
			r.Attrs = append([]rowstore.Attr(nil), r.Attrs...)
			s.rows = append(s.rows, r)
		}
	}
	return gate.RowResult{}, nil
}

func (s *sheet) all() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]string(nil), s.bodies...)
}

// desk is a folder whose log files are followed, in runs of a follower.
type desk struct {
	t    *testing.T
	dir  string
	to   *sheet
	stop func()
}

func newDesk(t *testing.T) *desk {
	d := &desk{t: t, dir: t.TempDir(), to: &sheet{}}
	t.Cleanup(func() { d.end() })
	return d
}

func (d *desk) begin(change ...func(*tail.Options)) {
	o := tail.Options{
		Admit: func(string) (tail.Writer, error) { return d.to, nil }, Book: filepath.Join(d.dir, "book.json"),
		Sets: []tail.Set{{Paths: []string{filepath.Join(d.dir, "*.log")}}}, Poll: 20 * time.Millisecond, Settle: 60 * time.Millisecond,
	}
	for _, f := range change {
		f(&o)
	}
	f, err := tail.New(o)
	require.NoError(d.t, err)
	ctx, cancel := context.WithCancel(d.t.Context())
	done := make(chan error, 1)
	go func() { done <- f.Run(ctx) }()
	d.stop = func() { cancel(); require.NoError(d.t, <-done) }
}

func (d *desk) end() {
	if d.stop != nil {
		d.stop()
		d.stop = nil
	}
}

func (d *desk) write(name, text string) {
	f, err := os.OpenFile(filepath.Join(d.dir, name), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	require.NoError(d.t, err)
	_, err = f.WriteString(text)
	require.NoError(d.t, err)
	require.NoError(d.t, f.Close())
}

func (d *desk) rename(from, to string) {
	require.NoError(d.t, os.Rename(filepath.Join(d.dir, from), filepath.Join(d.dir, to)))
}

func (d *desk) want(bodies ...string) {
	d.t.Helper()
	require.Eventually(d.t, func() bool { return len(d.to.all()) >= len(bodies) }, time.Minute, 2*time.Millisecond, "%q", d.to.all())
	require.ElementsMatch(d.t, bodies, d.to.all())
}

func TestFollow(t *testing.T) {
	d := newDesk(t)
	d.write("a.log", "one\ntwo\n")
	d.begin()
	d.want("one", "two")
	d.write("a.log", "thr")
	d.write("b.log", "other\n")
	d.want("one", "two", "other")
	d.write("a.log", "ee\r\n\n")
	d.want("one", "two", "other", "three")
	require.Equal(t, filepath.Join(d.dir, "a.log"), get(d.to.rows[0], "log.file.path"))
}

func get(r rowstore.Row, key string) string { v, _ := r.Attribute(key); return v }

func TestStackTraceIsOneRow(t *testing.T) {
	d := newDesk(t)
	trace := "ERROR x.y.ZException: no\n\tat a.b(C.java:1)\nCaused by: q.RException: r\n\tat d.e(F.java:2)"
	python := "Traceback (most recent call last):\n  File \"a.py\", line 1\n    x()\nValueError: bad"
	d.begin()
	d.write("a.log", "before\n"+trace+"\n"+python+"\nafter\n")
	d.want("before", trace, python, "after")
	require.Equal(t, []string{"x.y.ZException", "ValueError"}, []string{d.to.rows[1].ErrorType, d.to.rows[2].ErrorType})
}

func TestRotation(t *testing.T) {
	d := newDesk(t)
	d.begin()
	d.write("a.log", "1\n")
	d.want("1")
	// Renamed and made anew; the writer still has the old one open.
	d.rename("a.log", "a.log.1")
	d.write("a.log.1", "2\n")
	d.write("a.log", "3\n")
	d.want("1", "2", "3")
	// Copied and truncated, then soon longer than before.
	require.NoError(t, os.Truncate(filepath.Join(d.dir, "a.log"), 0))
	d.write("a.log", "four, which is longer than what was there\n")
	d.want("1", "2", "3", "four, which is longer than what was there")
	// Renamed within the pattern: known.
	d.rename("a.log", "b.log")
	d.write("b.log", "5\n")
	d.want("1", "2", "3", "four, which is longer than what was there", "5")
}

func TestRotationWhileAway(t *testing.T) {
	d := newDesk(t)
	d.write("a.log", "1\n")
	d.begin()
	d.want("1")
	d.end()
	d.write("a.log", "2 while away\n")
	d.rename("a.log", "a.log.1")
	d.write("a.log", "3\n")
	d.begin()
	d.want("1", "2 while away", "3")
	d.end()
	require.NoError(t, os.Truncate(filepath.Join(d.dir, "a.log"), 0))
	d.write("a.log", "4 after a truncation, longer than before\n")
	d.begin()
	d.want("1", "2 while away", "3", "4 after a truncation, longer than before")
	d.end()
	// A copy that was put in its place is the same file.
	b, err := os.ReadFile(filepath.Join(d.dir, "a.log"))
	require.NoError(t, err)
	long := string(b) + strings.Repeat("x", 100) + "\n"
	d.write("a.log", strings.Repeat("x", 100)+"\n")
	d.begin()
	d.want("1", "2 while away", "3", "4 after a truncation, longer than before", strings.Repeat("x", 100))
	d.end()
	require.NoError(t, os.WriteFile(filepath.Join(d.dir, "copy"), []byte(long+"5\n"), 0o600))
	d.rename("copy", "a.log")
	d.begin()
	d.want("1", "2 while away", "3", "4 after a truncation, longer than before", strings.Repeat("x", 100), "5")
}

func TestLongLines(t *testing.T) {
	d := newDesk(t)
	d.begin(func(o *tail.Options) { o.Line = 50 })
	d.write("a.log", strings.Repeat("x", 700_000)+"\nshort\n"+strings.Repeat("y", 60)+"\nend\n")
	d.want(strings.Repeat("x", 50), "short", strings.Repeat("y", 50), "end")
	require.Equal(t, "true", get(d.to.rows[0], "log.truncated"))
}

func TestNothingIsLostWhileTheGateIsAway(t *testing.T) {
	d := newDesk(t)
	d.to.fail.Store(true)
	d.write("a.log", "1\n2\n")
	d.begin()
	require.Eventually(t, func() bool { return d.to.tries.Load() > 0 }, time.Minute, time.Millisecond)
	d.to.fail.Store(false)
	d.want("1", "2")
}

func TestBadBook(t *testing.T) {
	name := filepath.Join(t.TempDir(), "book.json")
	require.NoError(t, os.WriteFile(name, []byte("{"), 0o600))
	_, err := tail.New(tail.Options{Book: name})
	require.ErrorContains(t, err, "Put the file aside")
}

// paper writes each row's body to a file, which a kill does not undo.
type paper struct{ f *os.File }

func (p paper) WriteRows(_ context.Context, batches ...*rowstore.Batch) (gate.RowResult, error) {
	var b strings.Builder
	for _, r := range batches[0].Rows {
		b.WriteString(r.Body + "\n")
	}
	_, err := p.f.WriteString(b.String())
	return gate.RowResult{}, err
}

// TestChild is not a test: it is what TestKill kills.
func TestChild(t *testing.T) {
	dir := os.Getenv("TAIL_TEST_DIR")
	if dir == "" {
		t.Skip("runs as a child of TestKill")
	}
	out, err := os.OpenFile(filepath.Join(dir, "out"), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	require.NoError(t, err)
	_, err = out.WriteString("\n") // the end of a line that a kill cut off
	require.NoError(t, err)
	f, err := tail.New(tail.Options{
		Admit: func(string) (tail.Writer, error) { return paper{out}, nil }, Book: filepath.Join(dir, "book.json"),
		Sets: []tail.Set{{Paths: []string{filepath.Join(dir, "a.log")}, Format: "text"}}, Poll: 20 * time.Millisecond, Settle: 50 * time.Millisecond,
	})
	require.NoError(t, err)
	_ = f.Run(t.Context())
}

// A follower that is killed again and again while its file grows and is rotated, also while nobody follows, loses no line.
func TestKill(t *testing.T) {
	dir := t.TempDir()
	log := filepath.Join(dir, "a.log")
	lines := 0
	write := func(n int) {
		f, err := os.OpenFile(log, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
		require.NoError(t, err)
		for range n {
			_, err := fmt.Fprintf(f, "line %d\n", lines)
			require.NoError(t, err)
			lines++
		}
		require.NoError(t, f.Close())
	}
	printed := func() map[string]int {
		b, _ := os.ReadFile(filepath.Join(dir, "out"))
		seen := map[string]int{}
		for l := range strings.Lines(string(b)) {
			if number, ok := strings.CutPrefix(strings.TrimSpace(l), "line "); ok && number != "" {
				seen[number]++
			}
		}
		return seen
	}
	for round := range 6 {
		cmd := exec.Command(os.Args[0], "-test.run=^TestChild$")
		cmd.Env = append(os.Environ(), "TAIL_TEST_DIR="+dir)
		require.NoError(t, cmd.Start())
		until := len(printed()) + 3000
		for len(printed()) < until {
			if lines < len(printed())+20_000 {
				write(1000)
			}
			time.Sleep(time.Millisecond)
		}
		if round%2 == 0 { // rotated while it is followed
			require.NoError(t, os.Rename(log, fmt.Sprintf("%s.%d", log, round)))
		}
		write(500)
		require.NoError(t, cmd.Process.Kill())
		_ = cmd.Wait() // killed
		write(500)
		if round%2 == 1 { // rotated while nobody follows
			require.NoError(t, os.Rename(log, fmt.Sprintf("%s.%d", log, round)))
		}
		write(500)
	}
	cmd := exec.Command(os.Args[0], "-test.run=^TestChild$")
	cmd.Env = append(os.Environ(), "TAIL_TEST_DIR="+dir)
	require.NoError(t, cmd.Start())
	defer func() { _ = cmd.Process.Kill(); _ = cmd.Wait() }()
	require.Eventually(t, func() bool { return len(printed()) == lines }, time.Minute, 50*time.Millisecond, "%d of %d lines", len(printed()), lines)
	twice := 0
	for _, n := range printed() {
		twice += n - 1
	}
	t.Logf("%d lines, none lost, %d twice", lines, twice)
}
