package receive_test

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/storage"
	"github.com/prometheus/prometheus/tsdb/chunkenc"
	"github.com/stretchr/testify/require"

	"github.com/signalbox/signalbox/internal/gate"
	"github.com/signalbox/signalbox/internal/metricstore/tsdb"
	"github.com/signalbox/signalbox/internal/receive"
)

// TestKillChild is not a test but the process that is killed: a receiver over the store in SIGNALBOX_KILL_DIR.
func TestKillChild(t *testing.T) {
	dir := os.Getenv("SIGNALBOX_KILL_DIR")
	if dir == "" {
		t.Skip("run by TestKill")
	}
	s, err := tsdb.Open(tsdb.Options{Dir: dir, FloorBytes: -1, ReserveBytes: 1 << 20})
	require.NoError(t, err)
	go func() { _ = s.Run(context.Background()) }()
	h := receive.New(receive.Options{Gate: gate.New(gate.Options{Store: s, Observers: []gate.Observer{watcher{}}})}).Routes()[0].Handler
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	fmt.Println("listening on", l.Addr())
	t.Fatal(http.Serve(l, h))
}

// TestKill kills the process that takes samples in, at any moment, again and again: every sample that was acknowledged is
// there afterwards. SIGNALBOX_KILL_ROUNDS sets how often (3).
func TestKill(t *testing.T) {
	rounds, err := strconv.Atoi(os.Getenv("SIGNALBOX_KILL_ROUNDS"))
	if err != nil {
		rounds = 3
	}
	dir := t.TempDir()
	start := time.Now().UnixMilli()
	var mu sync.Mutex
	acked := map[string]map[int64]bool{} // series -> timestamps
	clock := start
	for round := range rounds {
		cmd := exec.Command(os.Args[0], "-test.run=^TestKillChild$")
		cmd.Env = append(os.Environ(), "SIGNALBOX_KILL_DIR="+dir)
		out, err := cmd.StdoutPipe()
		require.NoError(t, err)
		require.NoError(t, cmd.Start())
		var addr string
		for lines := bufio.NewScanner(out); addr == "" && lines.Scan(); {
			addr, _ = strings.CutPrefix(lines.Text(), "listening on ")
			if addr == lines.Text() {
				addr = ""
			}
		}
		require.NotEmpty(t, addr, "the child did not start")
		var wg sync.WaitGroup
		for k := range 3 {
			wg.Go(func() {
				for i := 0; ; i++ {
					mu.Lock()
					clock++
					ts := clock
					mu.Unlock()
					var ls []labels.Labels
					for j := range 50 {
						ls = append(ls, metric("m", "sender", strconv.Itoa(k), "i", strconv.Itoa(j)))
					}
					ls = append(ls, metric("born", "sender", strconv.Itoa(k), "round", strconv.Itoa(round), "i", strconv.Itoa(i)))
					var body []byte
					ct := type1
					if i%2 == 0 {
						body = pack(t, v1(ts, ls...))
					} else {
						ct, body = type2, pack(t, v2(ts, ls...))
					}
					r, err := http.NewRequest(http.MethodPost, "http://"+addr+"/api/v1/write", bytes.NewReader(body))
					if err != nil {
						t.Error(err)
						return
					}
					r.Header.Set("Content-Type", ct)
					resp, err := http.DefaultClient.Do(r)
					if err != nil {
						return // killed
					}
					_ = resp.Body.Close()
					if resp.StatusCode != http.StatusNoContent {
						t.Errorf("status %d", resp.StatusCode)
						return
					}
					mu.Lock()
					for _, l := range ls {
						if acked[l.String()] == nil {
							acked[l.String()] = map[int64]bool{}
						}
						acked[l.String()][ts] = true
					}
					mu.Unlock()
				}
			})
		}
		kill := time.NewTimer(time.Duration(50+rand.IntN(300)) * time.Millisecond)
		<-kill.C
		require.NoError(t, cmd.Process.Kill())
		_ = cmd.Wait()
		wg.Wait()
		http.DefaultClient.CloseIdleConnections()

		s, err := tsdb.Open(tsdb.Options{Dir: dir, FloorBytes: -1, ReserveBytes: -1})
		require.NoError(t, err)
		require.NoError(t, s.Writable())
		missing, found := lost(t, s, acked, start)
		require.NoError(t, s.Close())
		require.Empty(t, missing, "round %d: acknowledged, and lost", round)
		t.Logf("round %d: %d acknowledged samples are there", round, found)
	}
}

// lost returns acknowledged samples that the store does not have, at most ten, and how many it has.
func lost(t *testing.T, q storage.Queryable, acked map[string]map[int64]bool, start int64) (missing []string, found int) {
	querier, err := q.Querier(start, start+time.Hour.Milliseconds())
	require.NoError(t, err)
	defer querier.Close()
	have := map[string]map[int64]bool{}
	set := querier.Select(context.Background(), false, nil, labels.MustNewMatcher(labels.MatchRegexp, "__name__", "m|born"))
	for set.Next() {
		ts := map[int64]bool{}
		it := set.At().Iterator(nil)
		for it.Next() != chunkenc.ValNone {
			ts[it.AtT()] = true
		}
		require.NoError(t, it.Err())
		have[set.At().Labels().String()] = ts
	}
	require.NoError(t, set.Err())
	for l, tss := range acked {
		for ts := range tss {
			switch {
			case have[l][ts]:
				found++
			case len(missing) < 10:
				missing = append(missing, fmt.Sprint(l, "@", ts))
			}
		}
	}
	return missing, found
}
