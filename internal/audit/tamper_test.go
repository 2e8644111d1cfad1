package audit_test

import (
	"bytes"
	"compress/gzip"
	"crypto/ed25519"
	"database/sql"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/signalbox/signalbox/internal/audit"
)

// flip changes one random bit pattern of one byte.
func flip(r *rand.Rand, b []byte, at int) []byte {
	out := bytes.Clone(b)
	out[at] ^= byte(1 + r.IntN(255))
	return out
}

// history is a log with records, empty hours, a rotation and a restart in it.
func history(t testing.TB, r *rand.Rand) house {
	t.Helper()
	h := open(t, t.TempDir(), nil)
	for i := range 40 {
		switch {
		case i == 17:
			_, err := h.Rotate(t.Context(), audit.Actor{ID: "u1"}, "yearly")
			require.NoError(t, err)
		case r.IntN(6) == 0:
			h.clock.add(time.Duration(r.IntN(180)) * time.Minute)
			_, err := h.Seal(t.Context())
			require.NoError(t, err)
		}
		h.fill(t, r.IntN(4))
	}
	h.clock.add(time.Hour)
	_, err := h.Seal(t.Context())
	require.NoError(t, err)
	return h
}

func keyOf(t testing.TB, h house, number int) ed25519.PublicKey {
	t.Helper()
	keys, err := h.Keys(t.Context())
	require.NoError(t, err)
	text, err := keys[number].PEM()
	require.NoError(t, err)
	k, err := audit.ParsePublicKey(text)
	require.NoError(t, err)
	return k
}

// Whatever byte of an exported file changes, the line is named.
func TestFlipAnyByteOfAFile(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	step := 190
	if os.Getenv("SIGNALBOX_LONG") != "" {
		step = 3
	}
	for round := range 4 {
		h := history(t, r)
		b := h.export(t, audit.Filter{})
		for which := range 2 {
			good := verifyFile(t, b, audit.VerifyOptions{Keys: []ed25519.PublicKey{keyOf(t, h, which)}})
			require.True(t, good.Good, "round %d, key %d: %v", round, which, good.Break)
			require.Len(t, good.Keys, 2)
		}
		o := audit.VerifyOptions{Workers: 1 + round%3}
		if round%2 == 0 {
			o.Keys = []ed25519.PublicKey{keyOf(t, h, round/2%2)}
		}
		for at := r.IntN(7); at < len(b)-1; at += 1 + r.IntN(step) {
			line := int64(bytes.Count(b[:at], []byte{'\n'}) + 1)
			got := verifyFile(t, flip(r, b, at), o)
			require.False(t, got.Good, "byte %d of line %d is not seen", at, line)
			require.Equal(t, line, got.Break.Line, "byte %d: %s: %s", at, got.Break, bytes.Split(b, []byte{'\n'})[line-1])
			if text := bytes.Split(b, []byte{'\n'})[line-1]; bytes.HasPrefix(text, []byte(`{"hash`)) {
				require.Contains(t, string(text), fmt.Sprintf(`,"seq":%d`, got.Break.Seq))
			}
		}
	}
}

// Lines that are taken out, repeated, swapped or put in are found too.
func TestMoveLinesOfAFile(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	h := history(t, r)
	lines := strings.SplitAfter(strings.TrimSuffix(string(h.export(t, audit.Filter{})), "\n"), "\n")
	o := audit.VerifyOptions{Keys: []ed25519.PublicKey{keyOf(t, h, 1)}}
	check := func(what string, ls []string) audit.Report {
		got := verifyFile(t, []byte(strings.Join(ls, "")), o)
		require.False(t, got.Good, what)
		return got
	}
	for i := range lines {
		got := check(fmt.Sprintf("without line %d", i+1), append(append([]string{}, lines[:i]...), lines[i+1:]...))
		if strings.HasPrefix(lines[i], `{"hash"`) {
			require.Contains(t, lines[i], fmt.Sprintf(`,"seq":%d`, got.Break.Seq), got.Break)
		}
		check(fmt.Sprintf("line %d twice", i+1), append(append(append([]string{}, lines[:i+1]...), lines[i]), lines[i+1:]...))
		check(fmt.Sprintf("empty line before %d", i+1), append(append(append([]string{}, lines[:i]...), "\n"), lines[i:]...))
		if i > 0 {
			swapped := append([]string{}, lines...)
			swapped[i-1], swapped[i] = lines[i], lines[i-1]
			check(fmt.Sprintf("lines %d and %d swapped", i, i+1), swapped)
		}
	}
	check("cut in the middle", lines[:len(lines)/2])
	check("cut before the end", lines[:len(lines)-1])
}

// Whatever byte of a stored row changes, the record or digest is named.
func TestFlipAnyByteOfTheStore(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	for range 2 {
		h := history(t, r)
		head, err := h.Head(t.Context())
		require.NoError(t, err)
		for range 150 {
			seq := 1 + r.Int64N(head.Seq)
			column := []string{"body", "hash", "prev"}[r.IntN(3)]
			h.tamper(t, r, "audit_record", "seq", column, seq, func() {
				got := h.verify(t, audit.VerifyOptions{})
				require.False(t, got.Good)
				require.Equal(t, seq, got.Break.Seq, "%s of %d: %s", column, seq, got.Break)
			})
		}
		digests, err := h.Digests(t.Context(), 0, 1)
		require.NoError(t, err)
		for range 60 {
			number := 1 + r.Int64N(digests[0].Number)
			column := []string{"body", "signature"}[r.IntN(2)]
			h.tamper(t, r, "audit_digest", "number", column, number, func() {
				got := h.verify(t, audit.VerifyOptions{})
				require.False(t, got.Good)
				require.Equal(t, number, got.Break.Digest, "%s of %d: %s", column, number, got.Break)
			})
		}
		require.True(t, h.verify(t, audit.VerifyOptions{Indexes: true}).Good)
	}
}

// tamper flips a byte, runs f and puts everything back.
func (h house) tamper(t *testing.T, r *rand.Rand, table, key, column string, id int64, f func()) {
	t.Helper()
	var was []byte
	require.NoError(t, h.db.SQL().QueryRow(`SELECT CAST(`+column+` AS BLOB) FROM `+table+` WHERE `+key+` = ?`, id).Scan(&was))
	h.exec(t, `UPDATE `+table+` SET `+column+` = ? WHERE `+key+` = ?`, string(flip(r, was, r.IntN(len(was)))), id)
	f()
	h.exec(t, `UPDATE `+table+` SET `+column+` = ? WHERE `+key+` = ?`, string(was), id)
}

// What somebody does who knows how the chain is made, and has the database but not the key.
func TestForgeries(t *testing.T) {
	for name, c := range map[string]struct {
		do   func(t *testing.T, h house)
		kind string
		seq  int64
	}{
		"delete in the middle":   {func(t *testing.T, h house) { h.exec(t, `DELETE FROM audit_record WHERE seq = 9`) }, audit.BreakMissing, 9},
		"delete the first":       {func(t *testing.T, h house) { h.exec(t, `DELETE FROM audit_record WHERE seq <= 3`) }, audit.BreakMissing, 1},
		"delete the tail":        {func(t *testing.T, h house) { h.exec(t, `DELETE FROM audit_record WHERE seq > 15`) }, audit.BreakTail, 16},
		"delete everything":      {func(t *testing.T, h house) { h.exec(t, `DELETE FROM audit_record`) }, audit.BreakTail, 1},
		"renumber":               {func(t *testing.T, h house) { h.exec(t, `UPDATE audit_record SET seq = seq + 1000 WHERE seq = 11`) }, audit.BreakMissing, 11},
		"move before the start":  {func(t *testing.T, h house) { h.exec(t, `UPDATE audit_record SET seq = -4 WHERE seq = 4`) }, audit.BreakOrder, 0},
		"change and hash again":  {func(t *testing.T, h house) { h.forge(t, 12, 12) }, audit.BreakLink, 12},
		"change and hash all":    {func(t *testing.T, h house) { h.forge(t, 12, 1000) }, audit.BreakDigest, 7},
		"change the newest":      {func(t *testing.T, h house) { h.forge(t, 20, 1000) }, audit.BreakDigest, 16},
		"delete a digest":        {func(t *testing.T, h house) { h.exec(t, `DELETE FROM audit_digest WHERE number = 2`) }, audit.BreakHour, 0},
		"delete the new digests": {func(t *testing.T, h house) { h.exec(t, `DELETE FROM audit_digest WHERE number > 2`) }, audit.BreakHour, 0},
		"replace the key": {func(t *testing.T, h house) {
			h.exec(t, `UPDATE audit_key SET public_key = ?`, strings.Repeat("ab", 32))
		}, audit.BreakKey, 0},
	} {
		t.Run(name, func(t *testing.T) {
			h := open(t, t.TempDir(), nil)
			h.fill(t, 20)
			h.clock.add(time.Hour)
			_, err := h.Seal(t.Context())
			require.NoError(t, err)
			require.True(t, h.verify(t, audit.VerifyOptions{}).Good)
			c.do(t, h)
			for what, got := range map[string]audit.Report{"store": h.verify(t, audit.VerifyOptions{}), "file": verifyFile(t, h.export(t, audit.Filter{}), audit.VerifyOptions{})} {
				if what == "file" && (name == "renumber" || name == "move before the start") {
					continue // a file has no numbers beside the bodies
				}
				require.False(t, got.Good, what)
				require.Equal(t, c.kind, got.Break.Kind, "%s: %s", what, got.Break)
				require.Equal(t, c.seq, got.Break.Seq, "%s: %s", what, got.Break)
			}
		})
	}
}

// forge changes a record's reason and hashes the records from it on again, to the record upTo.
func (h house) forge(t *testing.T, from, upTo int64) {
	t.Helper()
	h.exec(t, `UPDATE audit_record SET body = REPLACE(body, 'because', 'perhaps') WHERE seq = ?`, from)
	require.NoError(t, audit.Rehash(t.Context(), h.db.SQL(), from, upTo, func(seq int64, prev, hash string) {
		h.exec(t, `UPDATE audit_record SET prev = ?, hash = ? WHERE seq = ?`, prev, hash, seq)
	}))
}

// Records after the newest digest can be cut, or written anew, without a trace inside: the anchor outside finds both.
func TestTheAnchorFindsACutTail(t *testing.T) {
	h := open(t, t.TempDir(), nil)
	h.fill(t, 3)
	head, err := h.Head(t.Context())
	require.NoError(t, err)
	o := audit.VerifyOptions{Anchors: []audit.Point{head}}
	require.True(t, h.verify(t, o).Good)
	h.forge(t, 2, 1000)
	require.True(t, h.verify(t, audit.VerifyOptions{}).Good)
	got := h.verify(t, o)
	require.False(t, got.Good)
	require.Equal(t, audit.BreakAnchor, got.Break.Kind)
	require.EqualValues(t, 3, got.Break.Seq)
	require.Equal(t, audit.BreakAnchor, verifyFile(t, h.export(t, audit.Filter{}), o).Break.Kind)

	h.exec(t, `DELETE FROM audit_record WHERE seq = 3`)
	require.True(t, h.verify(t, audit.VerifyOptions{}).Good)
	for _, got := range []audit.Report{h.verify(t, o), verifyFile(t, h.export(t, audit.Filter{}), o)} {
		require.False(t, got.Good)
		require.Equal(t, audit.BreakTail, got.Break.Kind)
		require.EqualValues(t, 3, got.Break.Seq)
	}

	p, err := audit.ParseAnchor(fmt.Sprintf("%d:%s", head.Seq, head.Hash))
	require.NoError(t, err)
	require.Equal(t, audit.Point{Seq: 3, Hash: head.Hash}, p)
	for _, bad := range []string{"", "3", "3:", "x:" + head.Hash, "3:" + strings.ToUpper(head.Hash), "-1:" + head.Hash} {
		_, err := audit.ParseAnchor(bad)
		require.Error(t, err, bad)
	}
}

// An index that hides a record from a search is found by the store's own check.
func TestAHidingIndex(t *testing.T) {
	h := open(t, t.TempDir(), nil)
	h.fill(t, 5)
	h.exec(t, `PRAGMA writable_schema = ON`)
	h.exec(t, `UPDATE sqlite_schema SET sql = REPLACE(sql, '(action, seq, at)', '(actor_name, seq, at)') WHERE name = 'audit_record_by_action'`)
	h.exec(t, `PRAGMA writable_schema = RESET`)
	got, err := audit.VerifyData(t.Context(), h.dir, audit.VerifyOptions{})
	require.NoError(t, err)
	require.True(t, got.Good, got.Break)
	got, err = audit.VerifyData(t.Context(), h.dir, audit.VerifyOptions{Indexes: true})
	require.NoError(t, err)
	require.False(t, got.Good)
	require.Equal(t, audit.BreakStore, got.Break.Kind)
}

// Columns that say something else than the record: no statement can set them, but who makes them plain columns for a moment.
func TestALyingColumn(t *testing.T) {
	h := open(t, t.TempDir(), nil)
	h.fill(t, 5)
	const generated = ` GENERATED ALWAYS AS (CASE WHEN json_valid(body) THEN json_extract(body, '$.action') END) STORED`
	schema := func(from, to string) {
		h.exec(t, `PRAGMA writable_schema = ON`)
		h.exec(t, `UPDATE sqlite_schema SET sql = REPLACE(sql, ?, ?) WHERE name = 'audit_record'`, from, to)
		h.exec(t, `PRAGMA writable_schema = RESET`)
	}
	schema("action      TEXT   "+generated, "action      TEXT   /**/")
	h.exec(t, `UPDATE audit_record SET action = 'comment' WHERE seq = 3`)
	schema("action      TEXT   /**/", "action      TEXT   "+generated)
	found, err := h.Find(t.Context(), audit.Filter{Action: "comment"})
	require.NoError(t, err)
	require.EqualValues(t, []int64{3}, seqs(found))
	got, err := audit.VerifyData(t.Context(), h.dir, audit.VerifyOptions{})
	require.NoError(t, err)
	require.True(t, got.Good, got.Break)
	got, err = audit.VerifyData(t.Context(), h.dir, audit.VerifyOptions{Indexes: true})
	require.NoError(t, err)
	require.Equal(t, audit.BreakStore, got.Break.Kind)
	require.EqualValues(t, 3, got.Break.Seq)
}

func TestVerifyData(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 8))
	h := history(t, r)
	running, err := audit.VerifyData(t.Context(), h.dir, audit.VerifyOptions{Indexes: true})
	require.NoError(t, err)
	require.True(t, running.Good, running.Break)
	h.exec(t, `UPDATE audit_record SET body = REPLACE(body, 'because', 'perhaps') WHERE seq = 5`)
	require.NoError(t, h.db.Close())
	before, err := os.ReadDir(h.dir)
	require.NoError(t, err)
	stopped, err := audit.VerifyData(t.Context(), h.dir, audit.VerifyOptions{})
	require.NoError(t, err)
	require.False(t, stopped.Good)
	require.EqualValues(t, 5, stopped.Break.Seq)
	after, err := os.ReadDir(h.dir)
	require.NoError(t, err)
	require.Equal(t, len(before), len(after), "a look at the evidence must not change it")

	_, err = audit.VerifyData(t.Context(), t.TempDir(), audit.VerifyOptions{})
	require.ErrorContains(t, err, "no state database")
	empty := t.TempDir()
	db, err := sql.Open("sqlite", filepath.Join(empty, "state.db"))
	require.NoError(t, err)
	_, err = db.Exec(`CREATE TABLE x (y)`)
	require.NoError(t, err)
	require.NoError(t, db.Close())
	_, err = audit.VerifyData(t.Context(), empty, audit.VerifyOptions{})
	require.ErrorContains(t, err, "no audit log")
	require.NoError(t, os.WriteFile(filepath.Join(empty, "state.db"), []byte(strings.Repeat("x", 8192)), 0o600))
	_, err = audit.VerifyData(t.Context(), empty, audit.VerifyOptions{})
	require.ErrorContains(t, err, "cannot be read")
}

func TestCompressedFile(t *testing.T) {
	h := history(t, rand.New(rand.NewPCG(9, 10)))
	b := h.export(t, audit.Filter{})
	var z bytes.Buffer
	w := gzip.NewWriter(&z)
	_, err := w.Write(b)
	require.NoError(t, err)
	require.NoError(t, w.Close())
	require.True(t, verifyFile(t, z.Bytes(), audit.VerifyOptions{}).Good)
	cut := verifyFile(t, z.Bytes()[:z.Len()-20], audit.VerifyOptions{})
	require.False(t, cut.Good)
	bad := bytes.Clone(z.Bytes())
	bad[len(bad)/2] ^= 0x55
	require.False(t, verifyFile(t, bad, audit.VerifyOptions{}).Good)
}

// Many blocks, joined in order by several workers, with a break near the end.
func TestManyBlocks(t *testing.T) {
	const n = 20_000
	path := filepath.Join(t.TempDir(), "audit.jsonl")
	key := writeChain(t, path, n)
	f, err := os.Open(path)
	require.NoError(t, err)
	defer f.Close()
	b, err := io.ReadAll(f)
	require.NoError(t, err)
	require.Greater(t, len(b), 5<<20)
	for workers := range 4 {
		seen := int64(0)
		got := verifyFile(t, b, audit.VerifyOptions{Keys: []ed25519.PublicKey{key}, Workers: workers, Progress: func(n int64) { seen = n }})
		require.True(t, got.Good, got.Break)
		require.EqualValues(t, n, got.Records)
		require.EqualValues(t, n, seen)
	}
	r := rand.New(rand.NewPCG(11, 12))
	for range 40 {
		at := r.IntN(len(b) - 1)
		line := int64(bytes.Count(b[:at], []byte{'\n'}) + 1)
		got := verifyFile(t, flip(r, b, at), audit.VerifyOptions{Workers: 3})
		require.False(t, got.Good)
		require.Equal(t, line, got.Break.Line, got.Break)
	}
	lines := bytes.Split(b, []byte{'\n'})
	for range 20 {
		at := 1 + r.IntN(len(lines)-4)
		if !bytes.HasPrefix(lines[at], []byte(`{"hash`)) {
			continue
		}
		was := lines[at]
		lines[at] = audit.ForgeLine(was)
		got := verifyFile(t, bytes.Join(lines, []byte{'\n'}), audit.VerifyOptions{Workers: 3})
		require.False(t, got.Good)
		require.Contains(t, string(was), fmt.Sprintf(`,"seq":%d`, got.Break.Seq), got.Break)
		lines[at] = was
		missing := bytes.Join(append(append([][]byte{}, lines[:at]...), lines[at+1:]...), []byte{'\n'})
		got = verifyFile(t, missing, audit.VerifyOptions{Workers: 3})
		require.Contains(t, string(was), fmt.Sprintf(`,"seq":%d`, got.Break.Seq), got.Break)
	}
	// The last line of the first block, which the second one is joined to.
	upTo := bytes.Count(b[:1<<20], []byte{'\n'})
	for _, at := range []int{upTo - 1, upTo} {
		if was := lines[at]; bytes.HasPrefix(was, []byte(`{"hash`)) {
			lines[at] = audit.ForgeLine(was)
			got := verifyFile(t, bytes.Join(lines, []byte{'\n'}), audit.VerifyOptions{Workers: 3})
			require.Equal(t, audit.BreakLink, got.Break.Kind, got.Break)
			require.Contains(t, string(was), fmt.Sprintf(`,"seq":%d`, got.Break.Seq), got.Break)
			lines[at] = was
		}
	}
	// Records that go on after the end, each well linked: nobody signed them.
	longer := filepath.Join(t.TempDir(), "longer.jsonl")
	writeChain(t, longer, 2*n)
	more, err := os.ReadFile(longer)
	require.NoError(t, err)
	for line := range bytes.Lines(more[len(b)-2000:]) {
		if bytes.HasPrefix(line, []byte(`{"hash`)) && numberOf(t, line) > n {
			b = append(b, line...)
		}
	}
	after := verifyFile(t, b, audit.VerifyOptions{Workers: 3})
	require.False(t, after.Good)
	require.EqualValues(t, len(lines), after.Break.Line, after.Break)
	long := append(append([]byte{}, b[:3<<20]...), bytes.Repeat([]byte{'x'}, 3<<20)...)
	require.False(t, verifyFile(t, long, audit.VerifyOptions{}).Good)
}

// numberOf is the number of the record in a line.
func numberOf(t *testing.T, line []byte) (n int64) {
	t.Helper()
	at := bytes.LastIndex(line, []byte(`,"seq":`))
	_, err := fmt.Sscanf(string(line[at:]), `,"seq":%d`, &n)
	require.NoError(t, err)
	return n
}
