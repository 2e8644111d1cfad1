package duckdb_test

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"math"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
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
	b.ReportMetric(float64(stat.Tables[0].Bytes)/float64(n), "store-B/row")
	b.Logf("%d files", stat.Tables[0].Files)

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
		_, err = s.Export(ctx, rowstore.Logs, time.UnixMicro(peerStart+d*peerDay).UTC(), rowstore.Everything, f)
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
		batch.Reset(rowstore.Logs)
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

// path computes something of the rows of one person after the other; fresh tells that a row is the first of one.
type path interface {
	take(rows []rowstore.Row, fresh func(int) bool)
	answer(other path) float64
}

// peerQuery is one question in two languages; both answer with one number.
type peerQuery struct {
	name      string
	ours      func() float64
	theirs    string
	tolerance float64
}

func peerQueries(b *testing.B, s *duckdb.Store, trace rowstore.TraceID) []peerQuery {
	ctx := context.Background()
	all := rowstore.Between{From: peerStart, To: peerStart + peerDays*peerDay}
	day := rowstore.Between{From: peerStart + 10*peerDay, To: peerStart + 11*peerDay}
	timeout := rowstore.Expr{Match: &rowstore.Match{Field: "body", Op: rowstore.Contains, Value: "timeout"}}
	find := func(q rowstore.Find) func() float64 {
		return func() float64 {
			rows, err := s.Find(ctx, q)
			require.NoError(b, err)
			return float64(len(rows))
		}
	}
	count := func(q rowstore.Count, number func(rowstore.Groups) float64) func() float64 {
		q.Top = 100_000
		return func() float64 {
			g, err := s.Count(ctx, q)
			require.NoError(b, err)
			return number(g)
		}
	}
	sum := func(g rowstore.Groups) (t float64) {
		for _, r := range g.Rows {
			t += r.Numbers[0]
		}
		return t
	}
	groups := func(g rowstore.Groups) float64 { return float64(len(g.Rows)) }
	// People's paths are read in two parts side by side, as the usage pages read them.
	perUser := func(start func() path) func() float64 {
		return func() float64 {
			var parts [2]path
			var wait sync.WaitGroup
			for part := range parts {
				each := start()
				wait.Go(func() {
					user := ""
					err := s.Scan(ctx, rowstore.Scan{Between: all, ByUser: true, Part: part, Parts: len(parts), Fields: []string{"user", "name"}}, func(rows []rowstore.Row) error {
						each.take(rows, func(i int) bool {
							if rows[i].User == user {
								return false
							}
							user = strings.Clone(rows[i].User)
							return true
						})
						return nil
					})
					assert.NoError(b, err)
				})
				parts[part] = each
			}
			wait.Wait()
			return parts[0].answer(parts[1])
		}
	}
	in := func(x rowstore.Between) string {
		return fmt.Sprintf("time >= fromUnixTimestamp64Micro(%d) AND time < fromUnixTimestamp64Micro(%d)", x.From, x.To)
	}
	hi, lo := trace.Halves()
	id := fmt.Sprintf("trace_hi = %d AND trace_lo = %d", hi, lo)
	hint := rowstore.Between{From: peerStart + 10*peerDay - 3_600_000_000/2, To: peerStart + 10*peerDay + 3_600_000_000/2}
	// Whole rows, as ours hands them over: inside of a count they would not be read.
	limit := func(where string) string {
		return "SELECT * FROM t WHERE " + where + " ORDER BY time DESC LIMIT 100"
	}
	retention := perUser(retentionOf)
	return []peerQuery{
		{"substring-day-latest", find(rowstore.Find{Between: day, Where: timeout}), limit("body ILIKE '%timeout%' AND " + in(day)), 0},
		{"substring-count", count(rowstore.Count{Between: all, Where: timeout}, sum), "SELECT count() FROM t WHERE body ILIKE '%timeout%'", 0},
		{"latest-service", find(rowstore.Find{Between: all, Where: rowstore.Is("service", "service-7")}), limit("service = 'service-7'"), 0},
		{"per-hour-level", count(rowstore.Count{Between: all, Step: time.Hour, By: []string{"level"}}, groups), "SELECT count() FROM (SELECT toStartOfHour(time) AS h, intDiv(severity - 1, 4) AS l, sum(weight) FROM t GROUP BY h, l)", 0},
		{"p95-5min-service", count(rowstore.Count{Between: all, Step: 5 * time.Minute, Where: rowstore.Is("service", "service-7"), Of: []rowstore.Aggregate{{Kind: "quantile", Field: "duration", Q: 0.95}}}, groups),
			"SELECT count() FROM (SELECT toStartOfFiveMinutes(time) AS h, quantile(0.95)(duration) FROM t WHERE service = 'service-7' GROUP BY h)", 0},
		{"attribute-filter", count(rowstore.Count{Between: all, Where: rowstore.Is("http.response.status_code", "503"), By: []string{"server.address"}}, sum),
			"SELECT sum(c) FROM (SELECT attrs['server.address'] AS a, sum(weight) AS c FROM t WHERE attrs['http.response.status_code'] = '503' GROUP BY a)", 0},
		{"trace", find(rowstore.Find{Between: all, Where: rowstore.Is("trace_id", trace.String())}), limit(id), 0},
		{"trace-hint", find(rowstore.Find{Between: hint, Where: rowstore.Is("trace_id", trace.String())}), limit(id + " AND " + in(hint)), 0},
		{"retention-join", retention, "SELECT count() FROM (SELECT f, d, uniqExact(user_id) FROM (SELECT DISTINCT user_id, toDate(time) AS d FROM t) AS a JOIN (SELECT user_id, min(toDate(time)) AS f FROM t GROUP BY user_id) AS m USING (user_id) GROUP BY f, d)", 0},
		{"retention-array", retention, "SELECT count() FROM (SELECT days[1] AS f, d, count() FROM (SELECT arraySort(groupUniqArray(toDate(time))) AS days FROM t GROUP BY user_id) ARRAY JOIN days AS d GROUP BY f, d)", 0},
		{"funnel", perUser(funnelOf), "SELECT sum(l >= 3) FROM (SELECT windowFunnel(86400)(toDateTime(time), name = 'view', name = 'sign', name = 'pay') AS l FROM t GROUP BY user_id)", 0.05},
		{"sessions", perUser(sessionsOf), "SELECT sum(fresh) FROM (SELECT time - lagInFrame(time, 1, toDateTime64(0, 6)) OVER (PARTITION BY user_id ORDER BY time) > 1800 AS fresh FROM t)", 0.001},
		{"adoption", count(rowstore.Count{Between: all, Step: 24 * time.Hour, By: []string{"release"}, Of: []rowstore.Aggregate{{Kind: "unique", Field: "user"}}}, sum),
			"SELECT sum(u) FROM (SELECT toDate(time) AS d, release, uniqExact(user_id) AS u FROM t GROUP BY d, release)", 0},
		{"daily-actives", count(rowstore.Count{Between: all, Step: 24 * time.Hour, Of: []rowstore.Aggregate{{Kind: "unique", Field: "user"}}}, sum),
			"SELECT sum(u) FROM (SELECT toDate(time) AS d, uniq(user_id) AS u FROM t GROUP BY d)", 0.03},
	}
}

// retention counts pairs of a person's first day and another of theirs.
type retention struct {
	seen        map[[2]int64]bool
	first, last int64
}

func retentionOf() path { return &retention{seen: map[[2]int64]bool{}} }

func (p *retention) take(rows []rowstore.Row, fresh func(int) bool) {
	for i := range rows {
		d := rows[i].Time / peerDay
		if fresh(i) {
			p.first, p.last = d, -1
		}
		if d != p.last {
			p.last = d
			p.seen[[2]int64{p.first, d}] = true
		}
	}
}

func (p *retention) answer(other path) float64 {
	maps.Copy(p.seen, other.(*retention).seen)
	return float64(len(p.seen))
}

// funnel counts the people who went through three steps within a day.
type funnel struct {
	begun, signed int64 // when the newest run of steps so far began
	done          bool
	n             float64
}

func funnelOf() path { return &funnel{} }

func (p *funnel) take(rows []rowstore.Row, fresh func(int) bool) {
	for i := range rows {
		if fresh(i) {
			p.begun, p.signed, p.done = 0, 0, false
		}
		switch at := rows[i].Time; rows[i].Name {
		case "view":
			p.begun = at
		case "sign":
			if p.begun > 0 && at-p.begun <= peerDay {
				p.signed = p.begun
			}
		case "pay":
			if p.signed > 0 && at-p.signed <= peerDay && !p.done {
				p.done = true
				p.n++
			}
		}
	}
}

func (p *funnel) answer(other path) float64 { return p.n + other.(*funnel).n }

// sessions counts visits, which a gap of 30 minutes ends.
type sessions struct {
	last int64
	n    float64
}

func sessionsOf() path { return &sessions{} }

func (p *sessions) take(rows []rowstore.Row, fresh func(int) bool) {
	for i := range rows {
		if fresh(i) || rows[i].Time-p.last > 1_800_000_000 {
			p.n++
		}
		p.last = rows[i].Time
	}
}

func (p *sessions) answer(other path) float64 { return p.n + other.(*sessions).n }
