package duckdb

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/signalbox/signalbox/internal/rowstore"
)

const indexStart = 20_000 * dayMicros

// indexedStore opens a store whose files have indexes however small they are.
func indexedStore(t *testing.T, dir string) *Store {
	s, err := Open(t.Context(), Options{Dir: dir, IndexRows: 1})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	return s
}

// writeIndexed writes rows of one day; user u-1 has one in a thousand.
func writeIndexed(t *testing.T, s *Store, rows int) {
	b := &rowstore.Batch{}
	b.Reset(rowstore.Logs)
	for i := range rows {
		r := b.Add()
		r.Time, r.Service, r.Body = indexStart+int64(i), fmt.Sprintf("service-%d", i%3), fmt.Sprintf("line %d", i)
		r.Trace = rowstore.TraceIDOf(1, uint64(i+1))
		if r.User = "u-0"; i%1000 == 500 {
			r.User, r.Body = "u-1", "the Rare one"
		}
	}
	require.NoError(t, s.Write(t.Context(), b))
	require.NoError(t, s.Settle(t.Context()))
}

// candidates counts the rows that a question would look at, and the sources that it would ask.
func candidates(t *testing.T, s *Store, e rowstore.Expr) (rows int64, sources int) {
	r, err := s.reading(t.Context(), rowstore.Logs, rowstore.Between{})
	require.NoError(t, err)
	defer r.Close()
	of, err := s.seekers(t.Context(), nil, r, rowstore.Between{}, e)
	require.NoError(t, err)
	for _, k := range of {
		rows += k.looked()
	}
	return rows, len(of)
}

func contains(value string) rowstore.Expr {
	return rowstore.Expr{Match: &rowstore.Match{Field: "*", Op: rowstore.Contains, Value: value}}
}

func TestIndexLeavesOutWhatCannotMatch(t *testing.T) {
	s := indexedStore(t, t.TempDir())
	writeIndexed(t, s, 3*indexBlock)
	for name, x := range map[string]struct {
		e       rowstore.Expr
		rows    int64
		sources int
	}{
		"everything":           {rowstore.Everything, 3 * indexBlock, 1},
		"no such trace":        {rowstore.Is("trace_id", rowstore.TraceIDOf(2, 2).String()), 0, 0},
		"a trace":              {rowstore.Is("trace_id", rowstore.TraceIDOf(1, 7).String()), 3 * indexBlock, 1},
		"no such person":       {rowstore.Is("user", "u-7"), 0, 0},
		"a service":            {rowstore.Is("service", "service-1"), indexBlock, 1},
		"no such word":         {contains("nowhere"), 0, 0},
		"a short word":         {contains("no"), 3 * indexBlock, 1},
		"not a word":           {rowstore.Expr{Not: &rowstore.Expr{Match: contains("nowhere").Match}}, 3 * indexBlock, 1},
		"a line and a service": {rowstore.Expr{And: []rowstore.Expr{contains("RARE"), rowstore.Is("service", "service-2")}}, indexBlock, 1},
		"one or the other":     {rowstore.Expr{Or: []rowstore.Expr{contains("nowhere"), rowstore.Is("service", "service-0")}}, indexBlock, 1},
	} {
		rows, sources := candidates(t, s, x.e)
		require.Equal(t, x.rows, rows, name)
		require.Equal(t, x.sources, sources, name)
	}
}

// A store of yesterday has files without indexes: they are asked as a whole until theirs are made.
func TestIndexIsMadeWhereItIsMissing(t *testing.T) {
	for name, spoil := range map[string]func(t *testing.T, path string){
		"missing": func(t *testing.T, path string) { require.NoError(t, os.Remove(path)) },
		"cut":     func(t *testing.T, path string) { require.NoError(t, os.Truncate(path, 100)) },
		"damaged": func(t *testing.T, path string) {
			b, err := os.ReadFile(path)
			require.NoError(t, err)
			b[len(b)/2] ^= 1
			require.NoError(t, os.WriteFile(path, b, 0o600))
		},
		"of another file": func(t *testing.T, path string) {
			b, err := os.ReadFile(path)
			require.NoError(t, err)
			b[8]++
			require.NoError(t, os.WriteFile(path, b, 0o600))
		},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			s := indexedStore(t, dir)
			writeIndexed(t, s, indexBlock)
			require.NoError(t, s.Close())
			paths, err := filepath.Glob(filepath.Join(dir, "index", "*"))
			require.NoError(t, err)
			require.Len(t, paths, 1)
			spoil(t, paths[0])
			s = indexedStore(t, dir)
			_, sources := candidates(t, s, contains("nowhere"))
			require.Equal(t, 1, sources, "without its index the file is asked")
			require.NoError(t, s.Settle(t.Context()))
			_, sources = candidates(t, s, contains("nowhere"))
			require.Equal(t, 0, sources)
			rows, err := s.Find(t.Context(), rowstore.Find{Where: contains("rare")})
			require.NoError(t, err)
			require.Len(t, rows, 4)
		})
	}
}

// What is left of a person in an index goes with the file.
func TestIndexGoesWithItsFile(t *testing.T) {
	dir := t.TempDir()
	s := indexedStore(t, dir)
	writeIndexed(t, s, indexBlock)
	before, err := filepath.Glob(filepath.Join(dir, "index", "*"))
	require.NoError(t, err)
	erased, err := s.Erase(t.Context(), rowstore.Is("user", "u-1"), nil)
	require.NoError(t, err)
	require.Equal(t, int64(4), erased.Rows[rowstore.Logs])
	require.NoFileExists(t, before[0])
	require.NoError(t, s.Settle(t.Context()))
	_, sources := candidates(t, s, rowstore.Is("user", "u-1"))
	require.Zero(t, sources)

	// A crash between the two leaves an index without a file.
	stray := filepath.Join(dir, "index", "999")
	require.NoError(t, os.WriteFile(stray, []byte("x"), 0o600))
	require.NoError(t, s.Close())
	indexedStore(t, dir)
	require.NoFileExists(t, stray)
}

func TestFilters(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	f := newIDFilter(10_000)
	var in []uint64
	for range 10_000 {
		in = append(in, traceHash(r.Uint64(), r.Uint64()))
		f.add(in[len(in)-1])
	}
	wrong := 0
	for i := range in {
		require.True(t, lineHas(f.line(in[i]), in[i]))
		if other := traceHash(r.Uint64(), r.Uint64()); lineHas(f.line(other), other) {
			wrong++
		}
	}
	require.Less(t, wrong, 300, "of 10,000 that are not there")

	w := newWordFilter(70)
	var b wordBlock
	b.add("Größe of the KELVIN\u212a")
	w.set(65, &b)
	row := func(row []uint64, place int) bool { return copy(row, w.bits[place*len(row):]) == len(row) }
	for _, part := range []string{"größe", "the kelvin", "vink"} {
		blocks, ok := findWords(part, w.blocks, row)
		require.True(t, ok)
		require.Equal(t, []uint64{0, 1 << 1}, blocks, part)
	}
	blocks, ok := findWords("the delvin", w.blocks, row)
	require.True(t, ok)
	require.Equal(t, []uint64{0, 0}, blocks)
	_, ok = findWords("of", w.blocks, row)
	require.False(t, ok)
}

func TestRowsInSpans(t *testing.T) {
	r := rand.New(rand.NewPCG(2, 2))
	random := func() (spans []span, has [64]bool) {
		for at := int64(r.IntN(5)); at < 60; at += 2 + int64(r.IntN(6)) {
			x := span{at, min(63, at+int64(r.IntN(5)))}
			at = x.to
			spans = append(spans, x)
			for i := x.from; i <= x.to; i++ {
				has[i] = true
			}
		}
		return spans, has
	}
	for range 500 {
		a, inA := random()
		b, inB := random()
		var inBoth, inEither [64]bool
		for _, x := range both(a, b) {
			for i := x.from; i <= x.to; i++ {
				inBoth[i] = true
			}
		}
		for _, x := range either(a, b) {
			for i := x.from; i <= x.to; i++ {
				inEither[i] = true
			}
		}
		for i := range 64 {
			require.Equal(t, inA[i] && inB[i], inBoth[i])
			require.Equal(t, inA[i] || inB[i], inEither[i])
		}
	}
}

// BenchmarkIndex says what making an index costs a row.
func BenchmarkIndex(b *testing.B) {
	dir := os.Getenv("SIGNALBOX_ROWS_KEEP")
	if dir == "" {
		b.Skip("SIGNALBOX_ROWS_KEEP is not set")
	}
	s, err := Open(context.Background(), Options{Dir: filepath.Join(dir, "store")})
	require.NoError(b, err)
	defer func() { require.NoError(b, s.Close()) }()
	f := s.filesNow()[0]
	p, err := s.openShop(context.Background())
	require.NoError(b, err)
	require.NoError(b, p.run(fmt.Sprintf("ATTACH %s AS f%d (READ_ONLY)", quote(f.path), f.ID)))
	for b.Loop() {
		m := &indexMaker{ctx: context.Background(), index: index{rows: f.Rows, services: map[string]span{}}, sorted: true}
		require.NoError(b, m.read(p, f))
		m.finish()
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(f.Rows), "ns/row")
}
