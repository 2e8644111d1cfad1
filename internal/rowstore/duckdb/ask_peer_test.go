package duckdb_test

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/signalbox/signalbox/internal/rowstore"
	"github.com/signalbox/signalbox/internal/rowstore/duckdb"
)

const (
	peerStart = 1_788_220_800_000_000 // 2026-09-01
	peerDays  = 30
	peerDay   = 86_400_000_000
)

// peer is a ClickHouse engine behind a line of JSON for each question: bench/rowspeer/rows.mjs.
type peer struct {
	in  io.WriteCloser
	out *bufio.Scanner
}

func (p *peer) ask(b *testing.B, sql string, cache bool) (answer float64, ms float64) {
	line, err := json.Marshal(map[string]any{"sql": sql, "cache": cache, "rows": strings.HasPrefix(sql, "SELECT * ")})
	require.NoError(b, err)
	_, err = p.in.Write(append(line, '\n'))
	require.NoError(b, err)
	require.True(b, p.out.Scan(), "the peer ended")
	var r struct {
		MS     float64
		Answer string
		Error  string
	}
	require.NoError(b, json.Unmarshal(p.out.Bytes(), &r))
	require.Empty(b, r.Error, sql)
	answer, err = strconv.ParseFloat(strings.TrimSpace(r.Answer), 64)
	require.NoError(b, err, sql)
	return answer, r.MS
}

// BenchmarkPeer asks the store and a ClickHouse engine the same questions in turn. It needs SIGNALBOX_CHDB, the directory
// with rows.mjs and the engine's package; bench/rows.go sets it.
func BenchmarkPeer(b *testing.B) {
	dir := os.Getenv("SIGNALBOX_CHDB")
	if dir == "" {
		b.Skip("SIGNALBOX_CHDB is not set")
	}
	n, err := strconv.Atoi(os.Getenv("SIGNALBOX_ROWS"))
	if err != nil {
		n = 100_000
	}
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(2)) // as many threads as the peer has
	ctx := context.Background()
	work := os.Getenv("SIGNALBOX_ROWS_KEEP") // a directory whose rows are used again; empty: they are made anew
	if work == "" {
		work = b.TempDir()
	}
	s, err := duckdb.Open(ctx, duckdb.Options{Dir: filepath.Join(work, "store")})
	require.NoError(b, err)
	defer func() { require.NoError(b, s.Close()) }()
	trace := peerRows(b, s, n, work)
	stat, err := s.Stat(ctx)
	require.NoError(b, err)
	b.ReportMetric(float64(stat.Tables[rowstore.Events].Bytes)/float64(n), "store-B/row")
	b.Logf("%d files", stat.Tables[rowstore.Events].Files)

	c := exec.Command("node", filepath.Join(dir, "rows.mjs"), work)
	c.Dir, c.Stderr = dir, os.Stderr
	in, err := c.StdinPipe()
	require.NoError(b, err)
	out, err := c.StdoutPipe()
	require.NoError(b, err)
	require.NoError(b, c.Start())
	defer func() { _ = in.Close(); _ = c.Wait() }()
	p := &peer{in: in, out: bufio.NewScanner(out)}
	total, _ := p.ask(b, "SELECT count() FROM t", false)
	require.Equal(b, float64(n), total)

	times := 7
	if n > 2_000_000 {
		times = 3
	}
	only := os.Getenv("SIGNALBOX_QUERY")
	for _, q := range peerQueries(b, s, trace) {
		if only != "" && !strings.Contains(q.name, only) {
			continue
		}
		// Without what either remembers of the last time, and with it.
		var ours, again, plain, cached []float64
		for range times {
			s.Forget()
			for _, took := range []*[]float64{&ours, &again} {
				at := time.Now()
				mine := q.ours()
				*took = append(*took, float64(time.Since(at).Microseconds())/1000)
				theirs, ms := p.ask(b, q.theirs, took == &again)
				if took == &again {
					cached = append(cached, ms)
				} else {
					plain = append(plain, ms)
				}
				require.InDelta(b, theirs, mine, 1e-9+q.tolerance*math.Abs(theirs), q.name)
			}
		}
		for _, v := range [][]float64{ours, again, plain, cached} {
			slices.Sort(v)
		}
		b.ReportMetric(ours[times/2], q.name+":ours")
		b.ReportMetric(again[times/2], q.name+":again")
		b.ReportMetric(plain[times/2], q.name+":peer")
		b.ReportMetric(cached[times/2], q.name+":cached")
		fmt.Fprintf(os.Stderr, "%-22s ours %8.1f again %8.1f  peer %8.1f cached %8.1f  ratio %.2f, again %.2f\n", q.name, ours[times/2], again[times/2], plain[times/2], cached[times/2], ours[times/2]/plain[times/2], again[times/2]/cached[times/2])
	}
}

// peerRows fills and settles the store, exports its rows for the peer, and returns a trace id among them. Where work has all
// that, it only settles.
func peerRows(b *testing.B, s *duckdb.Store, n int, work string) rowstore.TraceID {
	ctx := context.Background()
	note := filepath.Join(work, fmt.Sprintf("trace-%d", n))
	known, err := os.ReadFile(note)
	trace, ok := rowstore.TraceOf(string(known))
	if err != nil || !ok {
		trace = fillPeerRows(b, s, n)
	}
	at := time.Now()
	require.NoError(b, s.Settle(ctx))
	b.Logf("sealed and merged in %s", time.Since(at))
	if ok {
		return trace
	}
	for d := range int64(peerDays) {
		f, err := os.Create(filepath.Join(work, fmt.Sprintf("%02d.parquet", d)))
		require.NoError(b, err)
		_, err = s.Export(ctx, rowstore.Events, time.UnixMicro(peerStart+d*peerDay).UTC(), rowstore.Everything, f)
		require.NoError(b, err)
		require.NoError(b, f.Close())
	}
	require.NoError(b, os.WriteFile(note, []byte(trace.String()), 0o600))
	return trace
}

// fillPeerRows writes n rows of 30 days and returns a trace id among them.
func fillPeerRows(b *testing.B, s *duckdb.Store, n int) rowstore.TraceID {
	r := rand.New(rand.NewPCG(1, 1))
	var trace rowstore.TraceID
	batch := &rowstore.Batch{}
	words := strings.Fields("request handled order payment filing accepted rejected upload retry cache database connection pool worker queue schedule validate return schema signature")
	for i := 0; i < n; {
		batch.Reset(rowstore.Events)
		for k := 0; k < 20_000 && i < n; k, i = k+1, i+1 {
			row := batch.Add()
			row.Time = peerStart + int64(float64(i)/float64(n)*peerDays*peerDay) + int64(r.IntN(1000))
			row.Received = row.Time
			row.Service = "service-" + strconv.Itoa(min(r.IntN(20), r.IntN(20)))
			row.Severity = []uint8{9, 9, 9, 9, 9, 5, 13, 17}[r.IntN(8)]
			row.Trace, row.Span = rowstore.TraceIDOf(r.Uint64(), r.Uint64()), rowstore.SpanID(r.Uint64())
			if i == n/3 {
				trace = row.Trace
			}
			row.Name = []string{"view", "start", "attach", "sign", "submit", "pay"}[r.IntN(6)]
			row.Release = "flag-" + strconv.Itoa(r.IntN(5))
			row.Duration = int64(math.Exp(r.NormFloat64()+3) * 1e6)
			row.User = "u" + strconv.Itoa(r.IntN(max(100, n/200)))
			row.Session = "s" + strconv.Itoa(r.IntN(n/20))
			body := batchText(r, words)
			if r.IntN(20_000) == 0 {
				body = strings.Replace(body, " ", " Timeout ", 1)
			}
			row.Body = body
			batch.Attr("http.request.method", []string{"GET", "GET", "POST", "PUT"}[r.IntN(4)])
			batch.Attr("http.response.status_code", []string{"200", "200", "200", "404", "500", "503"}[r.IntN(6)])
			batch.Attr("server.address", "10.0.0."+strconv.Itoa(r.IntN(50)))
			batch.Attr("user_agent.name", []string{"Chrome", "Firefox", "Safari"}[r.IntN(3)])
			batch.Attr("k8s.pod.name", "pod-"+strconv.Itoa(r.IntN(200)))
			batch.Attr("request.id", fmt.Sprintf("%016x", r.Uint64()))
			batch.Attr("region", []string{"us-east-1", "us-west-2"}[r.IntN(2)])
			batch.Attr("tenant", "t"+strconv.Itoa(r.IntN(1000)))
		}
		require.NoError(b, s.Write(context.Background(), batch))
		if i%1_000_000 == 0 {
			require.NoError(b, s.Settle(context.Background()))
		}
	}
	return trace
}

func batchText(r *rand.Rand, words []string) string {
	var t strings.Builder
	for t.Len() < 90 {
		t.WriteString(words[r.IntN(len(words))])
		t.WriteByte(' ')
	}
	fmt.Fprintf(&t, "id=%016x", r.Uint64())
	return t.String()
}
