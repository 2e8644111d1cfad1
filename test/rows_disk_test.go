package test

import (
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// TestAFullDiskRefusesAndRecovers keeps the data on a file system of half a gigabyte and fills it: slowly, below the room that is
// kept free, and at once, to the last byte. What does not fit is answered with 503 and when to come again, what was
// acknowledged is there, and with room it goes on by itself.
func TestAFullDiskRefusesAndRecovers(t *testing.T) {
	dir := t.TempDir()
	data := filepath.Join(dir, "data")
	require.NoError(t, os.Mkdir(data, 0o755))
	if out, err := exec.CommandContext(t.Context(), "mount", "-t", "tmpfs", "-o", "size=512m", "tmpfs", data).CombinedOutput(); err != nil {
		t.Skipf("a file system of its own takes root: %v %s", err, out)
	}
	t.Cleanup(func() {
		out, err := exec.Command("umount", "-l", data).CombinedOutput()
		require.NoError(t, err, string(out))
	})
	h := openRowsIn(t, dir, "")
	acked := map[string]int{}
	send := func() reply {
		now := time.Now()
		r := post(h.http+"/v1/logs", protobuf, logs("disk", line(now, "one"), line(now, "two")))
		if r.code == http.StatusOK {
			acked["logs"] += 2
		}
		e := post(h.addr+"/v1/events", asJSON, events(map[string]any{"name": "e", "service": "disk"}))
		if e.code == http.StatusOK {
			acked["events"]++
		}
		if e.code != r.code {
			return reply{e.code, e.after, fmt.Sprint("logs said ", r.code, ", events ", e.code, ": ", e.body)}
		}
		return r
	}
	ballast := filepath.Join(data, "ballast")
	for _, leave := range []int64{100 << 20, 0} {
		require.Equal(t, http.StatusOK, send().code)
		fill(t, ballast, leave)
		var last reply
		h.until("what does not fit is refused", func() bool { last = send(); return last.code == http.StatusServiceUnavailable })
		require.NotEmpty(t, last.after, "Retry-After")
		require.Contains(t, last.body, "disk")
		require.Equal(t, acked["logs"], h.count("logs", "service:disk"), "reading goes on")
		require.NotZero(t, h.refused("store"))

		require.NoError(t, os.Remove(ballast))
		h.until("room is noticed", func() bool { return send().code == http.StatusOK })
		for table, n := range acked {
			require.Equal(t, n, h.count(table, "service:disk"), table)
		}
	}
	fill(t, ballast, 0)
	h.until("full again", func() bool { return send().code == http.StatusServiceUnavailable })
	h.kill()
	require.NoError(t, os.Remove(ballast))
	h.again()
	for table, n := range acked {
		require.Equal(t, n, h.count(table, "service:disk"), "%s after kill -9 on a full disk", table)
	}
	h.until("it goes on", func() bool { return send().code == http.StatusOK })
}

// fill writes a file until so many bytes are left on its file system.
func fill(t *testing.T, path string, leave int64) {
	t.Helper()
	f, err := os.Create(path)
	require.NoError(t, err)
	defer f.Close()
	_, err = io.Copy(f, zeroes{})
	require.ErrorContains(t, err, "no space")
	if leave > 0 {
		at, err := f.Seek(0, io.SeekCurrent)
		require.NoError(t, err)
		require.NoError(t, f.Truncate(at-leave))
	}
}
