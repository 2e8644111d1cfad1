package test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	logspb "go.opentelemetry.io/proto/otlp/logs/v1"
	metricspb "go.opentelemetry.io/proto/otlp/metrics/v1"
	tracepb "go.opentelemetry.io/proto/otlp/trace/v1"
)

const (
	batchRows  = 40  // of each batch
	batchesMax = 190 // of one writer and round: facets list at most 200 values
	people     = 150
)

// writer sends batches of one signal until the server dies, and knows what was acknowledged.
type writer struct {
	table   string // samples for metrics
	service string
	round   string
	acked   []string // batches
	unknown []string // sent, and no answer came
	refused string
	first   chan struct{} // closed with the first answer
}

// run sends batches; send returns the answer to batch number i, whose name is batch.
func (w *writer) run(send func(i int, batch string) reply) {
	for i := 0; i < batchesMax || w.table == "samples"; i++ {
		batch := w.round + "-" + strconv.Itoa(i)
		r := send(i, batch)
		if i == 0 {
			close(w.first)
		}
		switch r.code {
		case http.StatusOK:
			w.acked = append(w.acked, batch)
		case 0:
			w.unknown = append(w.unknown, batch)
			return
		default:
			w.refused = fmt.Sprintf("%d %s", r.code, r.body)
			return
		}
	}
}

// TestKillUnderLoad kills the server while five writers send, starts it again and counts: each acknowledged row is there exactly
// once, one without an answer is there with its whole batch or not at all, events that are sent again count once, and what is
// kept of usage equals a recount from the rows. SIGNALBOX_KILL_ROUNDS sets how often (5).
func TestKillUnderLoad(t *testing.T) {
	rounds, err := strconv.Atoi(os.Getenv("SIGNALBOX_KILL_ROUNDS"))
	if err != nil {
		rounds = 5
	}
	h := openRows(t, "")
	k := &killed{rowsHouse: h, begun: time.Now(), rows: map[string]int{}}
	for round := range rounds {
		k.round(round)
	}
	for table, n := range k.rows {
		if table != "samples" {
			require.Equal(t, n, h.count(table, "env:test"), "%s of all rounds", table)
		}
	}
	t.Logf("%d rounds: %v", rounds, k.rows)
}

// killed is a server that is killed again and again.
type killed struct {
	*rowsHouse
	begun time.Time
	rows  map[string]int // by table: what is there
	clock int64          // Unix ms of the newest sample: each batch has one of its own
	seen  [people]int    // ms ago, of each person's newest event
}

func (k *killed) round(round int) {
	n := strconv.Itoa(round)
	lines, pairs := &writer{table: "logs", service: "lines", round: n}, &writer{table: "spans", service: "pairs", round: n}
	own, segment := &writer{table: "events", service: "own", round: n}, &writer{table: "events", service: "segment", round: n}
	samples := &writer{table: "samples", service: "samples", round: n}
	all := []*writer{lines, pairs, own, segment, samples}
	for _, w := range all {
		w.first = make(chan struct{})
	}
	var wg sync.WaitGroup
	wg.Go(func() { lines.run(func(_ int, batch string) reply { return k.lines(n, batch) }) })
	wg.Go(func() {
		pairs.run(func(i int, batch string) reply { return k.pairs(n, batch, round*1000+i) })
	})
	wg.Go(func() { own.run(func(_ int, batch string) reply { return k.own(n, batch) }) })
	wg.Go(func() { segment.run(func(_ int, batch string) reply { return k.calls(n, batch) }) })
	wg.Go(func() { samples.run(func(i int, _ string) reply { return k.samples(n, i) }) })
	for _, w := range all {
		<-w.first
	}
	time.Sleep(time.Duration(200+rand.IntN(900)) * time.Millisecond) // any moment will do
	k.kill()
	wg.Wait()
	k.again()
	k.retry(own, func(batch string) reply { return k.own(n, batch) })
	k.retry(segment, func(batch string) reply { return k.calls(n, batch) })
	for _, w := range all {
		require.Empty(k.t, w.refused, w.service)
		k.check(w)
	}
	k.recount("own")
	k.recount("segment")
}

// retry sends what got no answer again, as clients do, and the newest batch that did: by their ids events count once.
func (k *killed) retry(w *writer, send func(batch string) reply) {
	k.t.Helper()
	for _, batch := range append(w.unknown, w.acked[len(w.acked)-1]) {
		r := send(batch)
		require.Equal(k.t, http.StatusOK, r.code, "%s", r.body)
	}
	w.acked, w.unknown = append(w.acked, w.unknown...), nil
}

func (k *killed) lines(round, batch string) reply {
	records := make([]*logspb.LogRecord, batchRows)
	for i := range records {
		records[i] = line(time.Now(), fmt.Sprintf("return %d was taken in", i), attr("round", round), attr("batch", batch), attr("n", strconv.Itoa(i)))
	}
	return post(k.http+"/v1/logs", protobuf, logs("lines", records...))
}

func (k *killed) pairs(round, batch string, number int) reply {
	all := make([]*tracepb.Span, batchRows)
	id := func(n int) []byte { return fmt.Appendf(nil, "%08d", n) }
	for i := range all {
		now := time.Now()
		all[i] = &tracepb.Span{Name: "POST /file", TraceId: append(id(1), id(number)...), SpanId: id(i + 1), StartTimeUnixNano: uint64(now.Add(-time.Second).UnixNano()),
			EndTimeUnixNano: uint64(now.UnixNano()), Attributes: append(attrs("batch", batch), attr("round", round), attr("n", strconv.Itoa(i)))}
		if i > 0 {
			all[i].ParentSpanId = id(i)
		}
	}
	return post(k.addr+"/v1/traces", protobuf, spans("pairs", all...))
}

// own sends events of people who come and go over the last twenty hours, each in order of time.
func (k *killed) own(round, batch string) reply {
	all := make([]map[string]any, batchRows)
	for i := range all {
		p := rand.IntN(people)
		k.seen[p] += rand.IntN(50 * 60_000) // up to 50 minutes later than before: some begin a session
		at := k.begun.Add(-20*time.Hour + time.Duration(k.seen[p]%(19*3_600_000))*time.Millisecond)
		all[i] = map[string]any{"id": fmt.Sprint("own ", batch, "/", i), "name": "page_view", "user": fmt.Sprintf("person %d", p), "time": at.UnixMilli(), "service": "own", "env": "test", "agency": "IRS",
			"properties": map[string]any{"round": round, "batch": batch, "n": i}}
	}
	return post(k.addr+"/v1/events", asJSON, events(all...))
}

func (k *killed) calls(round, batch string) reply {
	all := make([]map[string]any, batchRows)
	for i := range all {
		all[i] = map[string]any{"type": "track", "messageId": fmt.Sprint("segment ", batch, "/", i), "event": "filed", "userId": fmt.Sprintf("person %d", rand.IntN(people)),
			"timestamp": time.Now().UTC().Format(time.RFC3339Nano), "properties": map[string]any{"round": round, "batch": batch, "n": i, "env": "test"}, "context": map[string]any{"app": map[string]any{"name": "segment"}}}
	}
	raw, err := json.Marshal(map[string]any{"batch": all})
	if err != nil {
		return reply{body: err.Error()}
	}
	return post(k.addr+"/v1/batch", asJSON, raw)
}

// samples sends one sample of each of batchRows series, at a time that no other has. Nobody else moves the clock.
func (k *killed) samples(round string, number int) reply {
	for time.Now().UnixMilli() <= k.clock {
		time.Sleep(100 * time.Microsecond) // a sample ahead of its time is not found yet
	}
	k.clock = time.Now().UnixMilli()
	at := uint64(k.clock) * 1e6
	gauge := &metricspb.Gauge{}
	for i := range batchRows {
		gauge.DataPoints = append(gauge.DataPoints, &metricspb.NumberDataPoint{TimeUnixNano: at, Attributes: append(attrs("round", round), attr("n", strconv.Itoa(i))), Value: &metricspb.NumberDataPoint_AsInt{AsInt: int64(number)}})
	}
	return post(k.http+"/v1/metrics", protobuf, message(&metricspb.MetricsData{ResourceMetrics: []*metricspb.ResourceMetrics{{Resource: from("samples"), ScopeMetrics: []*metricspb.ScopeMetrics{{
		Metrics: []*metricspb.Metric{{Name: "taken", Data: &metricspb.Metric_Gauge{Gauge: gauge}}}}}}}}))
}

// check compares what a writer was told with what is there.
func (k *killed) check(w *writer) {
	k.t.Helper()
	require.NotEmpty(k.t, w.acked, "%s: the load began before the end", w.service)
	have := k.batches(w)
	for _, batch := range w.acked {
		require.Equal(k.t, batchRows, have[batch], "rows of the acknowledged batch %s", batch)
	}
	for _, batch := range w.unknown {
		if n := have[batch]; n != 0 {
			require.Equal(k.t, batchRows, n, "rows of batch %s, which nobody acknowledged: all or none", batch)
		}
	}
	total := 0
	for batch, n := range have {
		total += n
		require.Contains(k.t, append(w.acked, w.unknown...), batch, "nobody sent that")
	}
	k.rows[w.table] += total
	k.t.Logf("%s %s: %d batches acknowledged, %d unknown, %d rows there", w.service, w.round, len(w.acked), len(w.unknown), total)
}

// batches counts what is there by batch.
func (k *killed) batches(w *writer) map[string]int {
	k.t.Helper()
	have := map[string]int{}
	if w.table == "samples" {
		var a struct {
			Data struct {
				Result []struct{ Values [][2]any }
			}
		}
		require.Equal(k.t, http.StatusOK, k.get("/api/v1/query?query="+url.QueryEscape(fmt.Sprintf(`taken{job="%s",round="%s"}[2h]`, w.service, w.round)), &a))
		for _, series := range a.Data.Result {
			for _, v := range series.Values {
				have[fmt.Sprint(w.round, "-", v[1])]++
			}
		}
		return have
	}
	var a struct {
		Facets []struct {
			More   bool
			Values []struct {
				Value string
				Count float64
			}
		}
	}
	from, to := k.begun.Add(-24*time.Hour).UnixMilli(), time.Now().Add(time.Hour).UnixMilli()
	path := fmt.Sprintf("/api/signalbox/v1/%s/facets?from=%d&to=%d&field=batch&top=200&q=%s", w.table, from, to, url.QueryEscape("service:"+w.service+" round:"+w.round))
	require.Equal(k.t, http.StatusOK, k.get(path, &a), path)
	require.False(k.t, a.Facets[0].More)
	for _, v := range a.Facets[0].Values {
		have[v.Value] = int(v.Count)
	}
	return have
}

// sessions is what the API says of sessions.
type sessions struct {
	Standing bool
	Total    struct{ Sessions, People, Actions, Bounces int }
}

// recount compares the standing numbers of a service with its rows.
func (k *killed) recount(service string) {
	k.t.Helper()
	from, to := k.begun.Add(-24*time.Hour).UnixMilli(), time.Now().Add(time.Hour).UnixMilli()
	ask := func(path string, into any) {
		path = fmt.Sprintf("/api/signalbox/v1/usage/%s&service=%s&from=%d&to=%d", path, service, from, to)
		require.Equal(k.t, http.StatusOK, k.get(path, into), path)
	}
	var kept, counted sessions
	ask("sessions?period=day", &kept)
	ask("sessions?period=day&q="+url.QueryEscape("env:test"), &counted)
	require.True(k.t, kept.Standing)
	require.False(k.t, counted.Standing)
	require.NotZero(k.t, counted.Total.Sessions)
	require.Equal(k.t, counted.Total, kept.Total, "sessions of %s: counted from the rows, and kept", service)

	var actives struct {
		Points []struct{ People, Events int }
	}
	ask("actives?period=day", &actives)
	seen := 0
	for _, p := range actives.Points {
		seen += p.Events
	}
	require.Equal(k.t, counted.Total.Actions, seen, "events of %s", service)
	require.Equal(k.t, k.count("events", "service:"+service), seen)
}
