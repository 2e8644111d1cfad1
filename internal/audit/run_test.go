package audit_test

import (
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	"github.com/stretchr/testify/require"

	"github.com/signalbox/signalbox/internal/audit"
	"github.com/signalbox/signalbox/internal/statestore"
)

// daytime runs a log for a time in a bubble, and says what was anchored.
func daytime(t *testing.T, dir string, start time.Time, anchor func(audit.Anchor) error, during func(*testing.T, *audit.Log)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		shift := time.Until(start)
		db, err := statestore.Open(filepath.Join(dir, "state.db"), false)
		require.NoError(t, err)
		l, err := audit.Open(t.Context(), audit.Options{DB: db, KeyFile: filepath.Join(dir, audit.KeyFile), Now: func() time.Time { return time.Now().Add(shift) },
			Anchor: func(_ context.Context, a audit.Anchor) error { return anchor(a) }})
		require.NoError(t, err)
		ctx, stop := context.WithCancel(t.Context())
		done := make(chan error)
		go func() { done <- l.Run(ctx) }()
		synctest.Wait()
		during(t, l)
		stop()
		require.NoError(t, <-done)
		require.NoError(t, db.Close())
	})
}

// Three hours of work, one of them without a record; a night in which nobody runs; and two hours in the morning.
func TestDigestsOfEveryHour(t *testing.T) {
	dir := t.TempDir()
	var anchors []audit.Anchor
	keep := func(a audit.Anchor) error { anchors = append(anchors, a); return nil }
	daytime(t, dir, noon, keep, func(t *testing.T, l *audit.Log) {
		require.NoError(t, l.Write(t.Context(), record(0)))
		require.NoError(t, l.Write(t.Context(), record(1)))
		time.Sleep(2 * time.Hour)
		synctest.Wait()
		require.NoError(t, l.Write(t.Context(), record(2)))
		time.Sleep(time.Hour)
	})
	require.Len(t, anchors, 3)
	require.EqualValues(t, []int64{2, 2, 3}, []int64{anchors[0].Seq, anchors[1].Seq, anchors[2].Seq})
	daytime(t, dir, noon.Add(20*time.Hour), keep, func(t *testing.T, l *audit.Log) {
		require.NoError(t, l.Write(t.Context(), record(3)))
		time.Sleep(100 * time.Minute)
		synctest.Wait()
		ds, err := l.Digests(t.Context(), 0, 0)
		require.NoError(t, err)
		text := []string{}
		for i := len(ds) - 1; i >= 0; i-- {
			d := ds[i]
			text = append(text, fmt.Sprintf("%d %s %d-%d %d %v", d.Number, time.UnixMilli(d.From).UTC().Format("15"), d.FirstSeq, d.LastSeq, d.Count, d.Late))
		}
		require.Equal(t, []string{
			"1 12 1-2 2 false", "2 13 3-2 0 false", "3 14 3-3 1 false",
			"4 15 4-3 0 true", "5 16 4-3 0 true", "6 17 4-3 0 true", "7 18 4-3 0 true", "8 19 4-3 0 true", "9 20 4-3 0 true", "10 21 4-3 0 true", "11 22 4-3 0 true",
			"12 23 4-3 0 true", "13 00 4-3 0 true", "14 01 4-3 0 true", "15 02 4-3 0 true", "16 03 4-3 0 true", "17 04 4-3 0 true", "18 05 4-3 0 true", "19 06 4-3 0 true",
			"20 07 4-3 0 true", "21 08 4-4 1 false", "22 09 5-4 0 false",
		}, text)
		r, err := l.Verify(t.Context(), audit.VerifyOptions{Anchors: []audit.Point{{Seq: anchors[0].Seq, Hash: anchors[0].Hash}}})
		require.NoError(t, err)
		require.True(t, r.Good, r.Break)
		require.EqualValues(t, 17, r.LateDigests)
		require.EqualValues(t, 19, r.EmptyDigests)
	})
	require.Len(t, anchors, 6, "one anchor for the night, and two for the morning")
	require.EqualValues(t, 20, anchors[3].Digest)
}

// A failed anchor is counted and tried again, and the next one stands for it.
func TestAnchorIsTriedAgain(t *testing.T) {
	calls := []time.Time{}
	synctest.Test(t, func(t *testing.T) {
		shift := time.Until(noon)
		now := func() time.Time { return time.Now().Add(shift) }
		db, err := statestore.Open(filepath.Join(t.TempDir(), "state.db"), false)
		require.NoError(t, err)
		reg := prometheus.NewRegistry()
		l, err := audit.Open(t.Context(), audit.Options{DB: db, KeyFile: filepath.Join(t.TempDir(), audit.KeyFile), Now: now, Registerer: reg, Anchor: func(context.Context, audit.Anchor) error {
			calls = append(calls, now())
			if len(calls) < 4 {
				return errors.New("the mail server is away")
			}
			return nil
		}})
		require.NoError(t, err)
		ctx, stop := context.WithCancel(t.Context())
		done := make(chan error)
		go func() { done <- l.Run(ctx) }()
		time.Sleep(55 * time.Minute)
		synctest.Wait()
		require.NoError(t, testutil.GatherAndCompare(reg, strings.NewReader(`
# HELP signalbox_audit_anchor_failures_total Failed attempts to tell the anchor outside.
# TYPE signalbox_audit_anchor_failures_total counter
signalbox_audit_anchor_failures_total 3
# HELP signalbox_audit_unanchored Audit digests that no anchor outside has accepted yet.
# TYPE signalbox_audit_unanchored gauge
signalbox_audit_unanchored 0
`), "signalbox_audit_anchor_failures_total", "signalbox_audit_unanchored"))
		stop()
		require.NoError(t, <-done)
		require.NoError(t, db.Close())
	})
	require.Len(t, calls, 4)
	for i, least := range []time.Duration{time.Minute, 2 * time.Minute, 4 * time.Minute} {
		require.GreaterOrEqual(t, calls[i+1].Sub(calls[i]), least)
	}
}

// The clock ran a day ahead and is set back: the hours go on from where the clock is, and the digest says so.
func TestDigestsWhenTheClockIsSetBack(t *testing.T) {
	h := open(t, t.TempDir(), nil)
	h.fill(t, 3)
	h.clock.add(24 * time.Hour)
	h.fill(t, 1)
	_, err := h.Seal(t.Context())
	require.NoError(t, err)
	h.clock.add(-24 * time.Hour)
	h.fill(t, 1)
	n, err := h.Seal(t.Context())
	require.NoError(t, err)
	require.Equal(t, 1, n)
	n, err = h.Seal(t.Context())
	require.NoError(t, err)
	require.Zero(t, n)
	h.clock.add(2 * time.Hour)
	h.fill(t, 1)
	n, err = h.Seal(t.Context())
	require.NoError(t, err)
	require.Equal(t, 3, n)
	r := h.verify(t, audit.VerifyOptions{})
	require.True(t, r.Good, r.Break)
	require.EqualValues(t, 1, r.ClockBacks)
	require.EqualValues(t, 6, r.SignedSeq)
	f := verifyFile(t, h.export(t, audit.Filter{}), audit.VerifyOptions{})
	require.True(t, f.Good, f.Break)
}

func TestRotate(t *testing.T) {
	h := open(t, t.TempDir(), nil)
	h.fill(t, 10)
	_, err := h.Seal(t.Context())
	require.NoError(t, err)
	k, err := h.Rotate(t.Context(), audit.Actor{ID: "ana"}, "yearly")
	require.NoError(t, err)
	h.fill(t, 10)
	_, err = h.Seal(t.Context())
	require.NoError(t, err)
	found, err := h.Find(t.Context(), audit.Filter{Action: "key_rotate"})
	require.NoError(t, err)
	require.Equal(t, k.Fingerprint, found[0].After)
	b := h.export(t, audit.Filter{})
	for i := range 2 {
		got := verifyFile(t, b, audit.VerifyOptions{Keys: []ed25519.PublicKey{keyOf(t, h, i)}})
		require.True(t, got.Good, got.Break)
		require.True(t, got.KeyGiven)
		require.Len(t, got.Keys, 2)
	}
	strange, _, err := ed25519.GenerateKey(nil)
	require.NoError(t, err)
	require.Equal(t, audit.BreakSignature, verifyFile(t, b, audit.VerifyOptions{Keys: []ed25519.PublicKey{strange}}).Break.Kind)

	// The key is private, its public half is not, and openssl's formats are used.
	info, err := os.Stat(filepath.Join(h.dir, "audit.key"))
	require.NoError(t, err)
	require.Equal(t, fs.FileMode(0o600), info.Mode().Perm())
	text, err := os.ReadFile(filepath.Join(h.dir, "audit.pub"))
	require.NoError(t, err)
	public, err := audit.ParsePublicKey(string(text))
	require.NoError(t, err)
	require.Equal(t, k.Fingerprint, audit.Fingerprint(public))
	again := open(t, h.dir, nil)
	now, err := again.Key(t.Context())
	require.NoError(t, err)
	require.Equal(t, k, now)
}

// A lost key stops nobody, but whoever trusts the old one is told.
func TestALostKey(t *testing.T) {
	h := open(t, t.TempDir(), nil)
	h.fill(t, 10)
	_, err := h.Seal(t.Context())
	require.NoError(t, err)
	old := keyOf(t, h, 0)
	require.NoError(t, os.Remove(filepath.Join(h.dir, "audit.key")))
	again := open(t, h.dir, nil)
	again.clock.add(2 * time.Hour)
	_, err = again.Seal(t.Context())
	require.NoError(t, err)
	r := again.verify(t, audit.VerifyOptions{})
	require.True(t, r.Good, r.Break)
	require.Contains(t, r.Notes[0], "not endorsed")
	got := again.verify(t, audit.VerifyOptions{Keys: []ed25519.PublicKey{old}})
	require.Equal(t, audit.BreakSignature, got.Break.Kind)
	require.EqualValues(t, 2, got.Break.Digest)
	found, err := again.Find(t.Context(), audit.Filter{Action: "key_rotate", Outcome: audit.Failed})
	require.NoError(t, err)
	require.Len(t, found, 1)
}

func TestBadKeyFile(t *testing.T) {
	h := open(t, t.TempDir(), nil)
	path := filepath.Join(h.dir, "audit.key")
	try := func() error {
		_, err := audit.Open(t.Context(), audit.Options{DB: h.db, KeyFile: path})
		return err
	}
	require.NoError(t, os.Chmod(path, 0o644))
	require.ErrorContains(t, try(), "mode")
	require.NoError(t, os.Chmod(path, 0o600))
	require.NoError(t, try())
	require.NoError(t, os.WriteFile(path, []byte("nonsense"), 0o600))
	require.ErrorContains(t, try(), "no Ed25519 private key")
}

// A rotation that was interrupted before or after its commit is forgotten or finished.
func TestAnInterruptedRotation(t *testing.T) {
	h := open(t, t.TempDir(), nil)
	path := filepath.Join(h.dir, "audit.key")
	old, err := os.ReadFile(path)
	require.NoError(t, err)
	k, err := h.Rotate(t.Context(), audit.Actor{ID: "ana"}, "yearly")
	require.NoError(t, err)
	fresh, err := os.ReadFile(path)
	require.NoError(t, err)
	// Killed after the commit, before the new key stood in its place.
	require.NoError(t, os.WriteFile(path, old, 0o600))
	require.NoError(t, os.WriteFile(path+".next", fresh, 0o600))
	again := open(t, h.dir, nil)
	now, err := again.Key(t.Context())
	require.NoError(t, err)
	require.Equal(t, k, now)
	installed, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, fresh, installed)
	// Killed before the commit, and while a key was written.
	require.NoError(t, os.WriteFile(path+".next", old, 0o600))
	require.NoError(t, os.WriteFile(path+".next.half", old[:20], 0o600))
	again = open(t, h.dir, nil)
	now, err = again.Key(t.Context())
	require.NoError(t, err)
	require.Equal(t, k, now)
	require.NoFileExists(t, path+".next")
	_, err = again.Rotate(t.Context(), audit.Actor{ID: "ana"}, "again")
	require.NoError(t, err)
	require.Empty(t, again.verify(t, audit.VerifyOptions{}).Notes[1:])
}

// TestKill appends in a process of its own and kills it at any moment, again and again: the chain has no gap and no fork.
func TestKill(t *testing.T) {
	if dir := os.Getenv("SIGNALBOX_AUDIT_KILL"); dir != "" {
		h := open(t, dir, nil)
		for i := 0; ; i++ {
			h.clock.add(5 * time.Minute)
			require.NoError(t, h.Write(t.Context(), record(i)))
			if i == 0 {
				fmt.Println("writing")
			}
			switch {
			case i%7 == 0:
				_, err := h.Seal(t.Context())
				require.NoError(t, err)
			case i%31 == 30:
				_, err := h.Rotate(t.Context(), audit.Actor{ID: "ana"}, "often")
				require.NoError(t, err)
			}
		}
	}
	dir := t.TempDir()
	records := int64(0)
	for round := range 8 {
		cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run", "^TestKill$")
		cmd.Env = append(os.Environ(), "SIGNALBOX_AUDIT_KILL="+dir)
		out, err := cmd.StdoutPipe()
		require.NoError(t, err)
		require.NoError(t, cmd.Start())
		_, err = out.Read(make([]byte, 64)) // it writes now
		require.NoError(t, err)
		time.Sleep(time.Duration(13*round%60) * time.Millisecond) // where the kill lands is the point of the test
		require.NoError(t, cmd.Process.Kill())
		_ = cmd.Wait()
		h := open(t, dir, nil)
		_, err = h.Key(t.Context())
		require.NoError(t, err)
		r := h.verify(t, audit.VerifyOptions{})
		require.True(t, r.Good, r.Break)
		require.Greater(t, r.Records, records)
		require.Empty(t, r.Notes[:max(len(r.Notes)-1, 0)], "no key was lost")
		records = r.Records
		require.NoError(t, h.db.Close())
	}
}

// FuzzVerifyFile: whatever somebody calls an exported file, the verifier says what it is and never falls over.
func FuzzVerifyFile(f *testing.F) {
	dir := f.TempDir()
	h := open(f, dir, nil)
	h.fill(f, 12)
	_, err := h.Rotate(f.Context(), audit.Actor{ID: "ana"}, "x")
	require.NoError(f, err)
	_, err = h.Seal(f.Context())
	require.NoError(f, err)
	good := h.export(f, audit.Filter{})
	f.Add(good)
	f.Add(h.export(f, audit.Filter{Actor: "u1"}))
	f.Add([]byte(`{"signalbox_audit":1}` + "\n"))
	f.Add([]byte("\x1f\x8b"))
	for _, line := range strings.SplitAfter(string(good), "\n") {
		f.Add([]byte(line))
		f.Add([]byte(strings.SplitAfter(string(good), "\n")[0] + line))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		r, err := audit.VerifyFile(t.Context(), strings.NewReader(string(b)), audit.VerifyOptions{Workers: 2})
		if err == nil && r.Good != (r.Break == nil) {
			t.Errorf("good %v, break %v", r.Good, r.Break)
		}
		if err == nil && r.Good && r.Records > 12 && r.KeyGiven {
			t.Error("more than was written")
		}
	})
}
