package duckdb

import (
	"bufio"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/signalbox/signalbox/internal/rowstore"
)

const (
	killRows   = 200 // rows of each table and write in the kill tests
	killWrites = 9   // writes of a job; three make a file
	erasedOne  = 10  // of the rows of a write, those of the person who is erased
)

// TestKillChild is not a test but the process that is killed: it works in SIGNALBOX_KILL_DIR at SIGNALBOX_KILL_JOB and kills
// itself after SIGNALBOX_KILL_STEP. It says on its output which rows were acknowledged.
func TestKillChild(t *testing.T) {
	dir := os.Getenv("SIGNALBOX_KILL_DIR")
	if dir == "" {
		t.Skip("run by the kill tests")
	}
	armed, left := false, 1
	step, n, _ := strings.Cut(os.Getenv("SIGNALBOX_KILL_STEP"), "/")
	if n != "" {
		left, _ = strconv.Atoi(n)
	}
	s, err := open(context.Background(), Options{Dir: dir, FloorBytes: -1, SegmentRows: 2000, MergedRows: 1500, MaxSegments: 1000}, func(what string) {
		if armed && what == step {
			if left--; left == 0 {
				_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
				select {}
			}
		}
	})
	require.NoError(t, err)
	ctx := context.Background()
	merge := func() {
		s.work.Lock()
		require.NoError(t, s.merge(ctx))
		s.work.Unlock()
	}
	switch job := os.Getenv("SIGNALBOX_KILL_JOB"); job {
	case "write":
		go func() { _ = s.Run(ctx) }()
		for i := 0; ; i++ {
			writeKillRows(t, s, i)
			fmt.Println("kept", i)
		}
	default:
		for i := range killWrites {
			writeKillRows(t, s, i)
			if job != "seal" && i < killWrites-1 && i%3 == 2 {
				require.NoError(t, s.sealAll(ctx, true))
			}
		}
		if job == "merge" {
			require.NoError(t, s.sealAll(ctx, true))
		}
		armed = true
		switch job {
		case "seal":
			require.NoError(t, s.sealAll(ctx, true))
		case "merge":
			merge()
		case "erase":
			_, err := s.Erase(ctx, rowstore.Is("user", "person"), nil)
			require.NoError(t, err)
		case "expire":
			_, err := s.Expire(ctx, day0.Add(240*time.Hour), rowstore.Keep{Tables: map[rowstore.Table]time.Duration{rowstore.Spans: time.Hour}})
			require.NoError(t, err)
		}
	}
	fmt.Println("not killed")
	os.Exit(0)
}

// writeKillRows writes a batch of each table; `value` is the number of the write.
func writeKillRows(t *testing.T, s *Store, n int) {
	bs := make([]*rowstore.Batch, 3)
	for _, table := range rowstore.Tables() {
		b := &rowstore.Batch{}
		b.Reset(table)
		for i := range killRows {
			r := b.Add()
			r.Time, r.Service, r.Value = day0.UnixMicro()+int64(i), "intake", float64(n)
			if i < erasedOne {
				r.User = "person"
			}
			b.Attr("k", "v")
		}
		bs[table] = b
	}
	require.NoError(t, s.Write(context.Background(), bs...))
}

func killed(t *testing.T, dir, job, step string, while func(line string) bool) {
	t.Helper()
	c := exec.Command(os.Args[0], "-test.run=^TestKillChild$")
	c.Env = append(os.Environ(), "SIGNALBOX_KILL_DIR="+dir, "SIGNALBOX_KILL_JOB="+job, "SIGNALBOX_KILL_STEP="+step)
	out, err := c.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, c.Start())
	for lines := bufio.NewScanner(out); lines.Scan(); {
		if !while(lines.Text()) {
			_ = c.Process.Kill()
		}
	}
	_ = c.Wait()
	require.Equal(t, syscall.SIGKILL, c.ProcessState.Sys().(syscall.WaitStatus).Signal(), "job %s was killed at %s", job, step)
}

// TestKillAtEachStep kills the process behind each step of what moves rows. Afterwards every row is there once, and what was
// begun can be done again.
func TestKillAtEachStep(t *testing.T) {
	all := killWrites * killRows
	for job, steps := range map[string][]string{
		"seal":   {"rotated", "staged", "written", "written/3", "named", "named/3", "listed", "dropped"},
		"merge":  {"written", "named", "listed", "deleted", "deleted/4", "listed/2"},
		"erase":  {"rotated", "written/4", "named/5", "listed/1", "listed/4", "deleted/1", "deleted/5"},
		"expire": {"listed/2", "deleted", "deleted/2"},
	} {
		if testing.Short() {
			steps = steps[:2]
		}
		for _, step := range steps {
			t.Run(job+"/"+step, func(t *testing.T) {
				dir := t.TempDir()
				killed(t, dir, job, step, func(line string) bool { t.Log(line); return true })
				s := openIn(t, Options{Dir: dir})
				st, err := s.Stat(t.Context())
				require.NoError(t, err)
				require.Empty(t, st.Notes)
				for _, table := range rowstore.Tables() {
					others := numbersOf(t, s, table, "count(*)", "user_id = ''")
					if job == "expire" && table == rowstore.Spans {
						require.LessOrEqual(t, others, float64(all-killWrites*erasedOne))
						continue
					}
					require.EqualValues(t, all-killWrites*erasedOne, others, table)
					if job != "erase" {
						require.EqualValues(t, all, count(t, s, table), table)
					}
					require.LessOrEqual(t, count(t, s, table), all)
				}
				require.NoError(t, s.sealAll(t.Context(), true))
				_, err = s.Erase(t.Context(), rowstore.Is("user", "person"), nil)
				require.NoError(t, err)
				require.Equal(t, all-killWrites*erasedOne, count(t, s, rowstore.Logs))
				st, _ = s.Stat(t.Context())
				require.Len(t, onDisk(t, s, "sealed"), st.Tables[0].Files+st.Tables[1].Files+st.Tables[2].Files, "nothing is left over")
			})
		}
	}
}

// TestKillAnywhere kills the process at any moment while it writes, seals and merges. Every row that was acknowledged is there
// once, and every write is there with all its rows or with none. SIGNALBOX_KILL_ROUNDS sets how often (3).
func TestKillAnywhere(t *testing.T) {
	rounds, err := strconv.Atoi(os.Getenv("SIGNALBOX_KILL_ROUNDS"))
	if err != nil {
		rounds = 3
	}
	for round := range rounds {
		dir, kept := t.TempDir(), -1
		end := time.Now().Add(time.Duration(200+rand.IntN(900)) * time.Millisecond)
		killed(t, dir, "write", "", func(line string) bool {
			if n, ok := strings.CutPrefix(line, "kept "); ok {
				kept, _ = strconv.Atoi(n)
			}
			return time.Now().Before(end)
		})
		s := openIn(t, Options{Dir: dir})
		st, _ := s.Stat(t.Context())
		require.Empty(t, st.Notes)
		for _, table := range rowstore.Tables() {
			n := count(t, s, table)
			require.Zero(t, n%killRows)
			require.GreaterOrEqual(t, n, (kept+1)*killRows)
			require.LessOrEqual(t, n, (kept+2)*killRows, "one write may be there that was not acknowledged")
			require.EqualValues(t, n/killRows*(n/killRows-1)/2*killRows, numbersOf(t, s, table, "sum(value)", "TRUE"), "none is there twice")
		}
		t.Logf("round %d: %d writes", round, kept+1)
	}
}
