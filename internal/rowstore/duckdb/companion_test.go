package duckdb

import (
	"bufio"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/signalbox/signalbox/internal/rowstore"
)

// residentUnder returns the bytes of the files of a directory that count as this program's memory.
func residentUnder(t *testing.T, dir string) (bytes int) {
	f, err := os.Open("/proc/self/smaps")
	if err != nil {
		t.Skip("the system does not tell what of a mapped file counts")
	}
	defer f.Close()
	within := false
	for lines := bufio.NewScanner(f); lines.Scan(); {
		line := lines.Text()
		switch first, _, _ := strings.Cut(line, " "); {
		case !strings.HasSuffix(first, ":"): // the line of a mapping, those that say what it is follow
			within = strings.Contains(line, dir+"/")
		case within && first == "Rss:":
			var kb int
			_, err := fmt.Sscanf(line, "Rss: %d kB", &kb)
			require.NoError(t, err)
			bytes += kb << 10
		}
	}
	return bytes
}

// touch reads a byte of each page.
func touch(b []byte) (sum int) {
	for i := 0; i < len(b); i += 4096 {
		sum += int(b[i])
	}
	return sum
}

// TestMappedFilesCountAsMemoryWhileTheyAreRead reads a file in two places at once.
func TestMappedFilesCountAsMemoryWhileTheyAreRead(t *testing.T) {
	const size = 4 << 20
	path := filepath.Join(t.TempDir(), "x")
	require.NoError(t, os.WriteFile(path, make([]byte, size), 0o600))
	m, err := mapFile(path, size)
	require.NoError(t, err)
	m.take()
	m.take()
	require.Zero(t, touch(m.all))
	m.give()
	require.Equal(t, size, residentUnder(t, filepath.Dir(path)))
	m.give()
	require.Zero(t, residentUnder(t, filepath.Dir(path)))
	require.NoError(t, m.close())
	_, err = mapFile(path, size+1)
	require.Error(t, err)
}

// TestNothingOfIndexesAndPathsStaysInMemory asks questions of each kind that read them.
func TestNothingOfIndexesAndPathsStaysInMemory(t *testing.T) {
	dir := t.TempDir()
	s := indexedStore(t, dir)
	writeIndexed(t, s, indexBlock)
	b := &rowstore.Batch{Table: rowstore.Events}
	for i := range 100 {
		r := b.Add()
		r.Time, r.Name, r.User = indexStart+int64(i), "view", fmt.Sprint("u-", i%5)
	}
	require.NoError(t, s.Write(t.Context(), b))
	require.NoError(t, s.Settle(t.Context()))
	candidates(t, s, rowstore.Any(contains("rare"), rowstore.Is("user", "u-7"), contains("nowhere")))
	candidates(t, s, rowstore.Is("trace_id", rowstore.TraceIDOf(2, 2).String()))
	read := 0
	require.NoError(t, s.Scan(t.Context(), rowstore.Scan{Table: rowstore.Events, ByUser: true, Fields: []string{"user", "name"}}, func(rows []rowstore.Row) error {
		read += len(rows)
		return nil
	}))
	require.Equal(t, 100, read)
	files := s.filesNow()
	require.Len(t, files, 2)
	for _, f := range files {
		require.True(t, f.index.there())
		require.Equal(t, f.Table == rowstore.Events, f.paths.there())
	}
	require.Zero(t, residentUnder(t, filepath.Join(dir, "index")))
	require.Zero(t, residentUnder(t, filepath.Join(dir, "paths")))
}

// An index that cannot be read any more says nothing.
func TestAnIndexThatCannotBeReadSaysNothing(t *testing.T) {
	s := indexedStore(t, t.TempDir())
	writeIndexed(t, s, indexBlock)
	_, sources := candidates(t, s, contains("nowhere"))
	require.Zero(t, sources)
	require.NoError(t, os.Truncate(s.filesNow()[0].index.path, indexHeader))
	for _, e := range []rowstore.Expr{contains("nowhere"), rowstore.Is("user", "u-7")} {
		_, sources = candidates(t, s, e)
		require.Equal(t, 1, sources)
	}
}
