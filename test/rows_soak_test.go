package test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	logspb "go.opentelemetry.io/proto/otlp/logs/v1"
	tracepb "go.opentelemetry.io/proto/otlp/trace/v1"
)

// load is what comes in all the time: 20,000 rows a second in batches of 500.
var load = []struct {
	table     string
	perSecond int
	send      func(h *rowsHouse, r *rand.Rand) reply
}{
	{"logs", 10_000, (*rowsHouse).soakLogs},
	{"spans", 6_000, (*rowsHouse).soakSpans},
	{"events", 4_000, (*rowsHouse).soakEvents},
}

const soakBatch = 500

// TestSoak sends 20,000 rows a second for SIGNALBOX_SOAK minutes, with a reader beside. All of them are there afterwards, the
// server holds less than 1.5 GB at any time, and after the first quarter it does not grow.
func TestSoak(t *testing.T) {
	minutes, err := strconv.ParseFloat(os.Getenv("SIGNALBOX_SOAK"), 64)
	if err != nil {
		t.Skip("SIGNALBOX_SOAK states no minutes; make soak does")
	}
	h := openRows(t, "")
	s := &soak{acked: map[string]int{}, took: map[string][]time.Duration{}}
	begun := time.Now()
	end := begun.Add(time.Duration(minutes * float64(time.Minute)))
	var wg sync.WaitGroup
	for i, l := range load {
		turns := make(chan time.Time, 4096)
		for n := range 4 {
			wg.Go(func() {
				r := rand.New(rand.NewPCG(uint64(i), uint64(n)))
				for due := range turns {
					s.answer(l.table, l.send(h, r), time.Since(due))
				}
			})
		}
		wg.Go(func() {
			defer close(turns)
			every := time.Second * soakBatch / time.Duration(l.perSecond)
			for due := begun; due.Before(end); due = due.Add(every) {
				time.Sleep(time.Until(due))
				turns <- due // waits for senders that are far behind
			}
		})
	}
	var resident []int
	for time.Now().Before(end) {
		time.Sleep(time.Second)
		resident = append(resident, h.memory(t))
		asked := time.Now()
		h.get("/api/signalbox/v1/logs?q=refused&limit=100", nil)
		s.answer("question", reply{code: http.StatusOK}, time.Since(asked))
		if n := len(resident); n%60 == 0 {
			t.Logf("%d min: %d MB resident, %v rows", n/60, resident[n-1]>>20, s.rows())
		}
	}
	wg.Wait()
	lasted := time.Since(begun)
	s.report(t, h, lasted, resident)
	for table, n := range s.rows() {
		require.Equal(t, n, h.count(table, ""), table)
	}
	require.Zero(t, s.refused, s.why)
	require.Less(t, slices.Max(resident), 1500<<20, "bytes resident")
	if quarter := len(resident) / 4; minutes >= 20 {
		require.Less(t, float64(median(resident[3*quarter:])), 1.15*float64(median(resident[quarter:2*quarter])), "the last quarter against the second")
	}
}

// soak is what the senders were told.
type soak struct {
	mu      sync.Mutex
	acked   map[string]int
	refused int
	why     string
	took    map[string][]time.Duration // from when it was due to its answer
}

func (s *soak) answer(what string, r reply, took time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.took[what] = append(s.took[what], took)
	switch {
	case r.code != http.StatusOK:
		s.refused++
		s.why = fmt.Sprint(r.code, r.body)
	case what != "question":
		s.acked[what] += soakBatch
	}
}

func (s *soak) rows() map[string]int {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := map[string]int{}
	for k, n := range s.acked {
		out[k] = n
	}
	return out
}

func (s *soak) report(t *testing.T, h *rowsHouse, lasted time.Duration, resident []int) {
	total, size := 0, int64(0)
	for _, n := range s.rows() {
		total += n
	}
	for _, path := range h.files() {
		if info, err := os.Stat(filepath.Join(h.data(), path)); err == nil {
			size += info.Size()
		}
	}
	t.Logf("%d rows in %s: %.0f a second; %d batches refused; %d MB on disk, %d bytes a row", total, lasted.Round(time.Second), float64(total)/lasted.Seconds(), s.refused, size>>20, size/int64(max(total, 1)))
	t.Logf("resident: %d MB at most, %d MB in the middle, %d MB at the end", slices.Max(resident)>>20, median(resident)>>20, resident[len(resident)-1]>>20)
	for what, all := range s.took {
		slices.Sort(all)
		t.Logf("%s: %d, median %s, 99 %% within %s, longest %s", what, len(all), all[len(all)/2], all[len(all)*99/100], all[len(all)-1])
	}
}

func median(of []int) int {
	of = slices.Clone(of)
	slices.Sort(of)
	return of[len(of)/2]
}

func (h *rowsHouse) soakLogs(r *rand.Rand) reply {
	records := make([]*logspb.LogRecord, soakBatch)
	now := time.Now()
	for i := range records {
		records[i] = line(now.Add(time.Duration(i)*time.Microsecond), fmt.Sprintf("return %d of office %d was %s", r.IntN(1_000_000), r.IntN(50), []string{"taken in", "stored", "refused"}[r.IntN(100)/49]),
			attr("enduser.id", fmt.Sprint("person ", r.IntN(20_000))), attr("case.id", fmt.Sprint("c-", r.IntN(1_000_000))), attr("pod", fmt.Sprint("intake-", r.IntN(8))), attr("form", "1040"))
	}
	return post(h.http+"/v1/logs", protobuf, logs(fmt.Sprint("intake-", r.IntN(5)), records...))
}

func (h *rowsHouse) soakSpans(r *rand.Rand) reply {
	all := make([]*tracepb.Span, soakBatch)
	now := uint64(time.Now().UnixNano())
	var trace, parent []byte
	for i := range all {
		id := fmt.Appendf(nil, "%08x", r.Uint32())
		if i%5 == 0 {
			trace, parent = fmt.Appendf(nil, "%08x%08x", r.Uint32(), r.Uint32()), nil
		}
		all[i] = &tracepb.Span{Name: "POST /file", TraceId: trace, SpanId: id, ParentSpanId: parent, StartTimeUnixNano: now - uint64(r.IntN(1e9)), EndTimeUnixNano: now, Kind: tracepb.Span_SPAN_KIND_SERVER,
			Attributes: append(attrs("http.route", fmt.Sprint("/file/", r.IntN(20))), attr("http.request.method", "POST"), attr("server.address", "db"))}
		parent = id
	}
	return post(h.http+"/v1/traces", protobuf, spans(fmt.Sprint("intake-", r.IntN(5)), all...))
}

func (h *rowsHouse) soakEvents(r *rand.Rand) reply {
	all := make([]map[string]any, soakBatch)
	for i := range all {
		person := r.IntN(20_000)
		all[i] = map[string]any{"id": fmt.Sprint(r.Uint64()), "name": []string{"page_view", "page_view", "filing_submitted", "filing_accepted"}[r.IntN(4)], "user": fmt.Sprint("person ", person), "session": fmt.Sprint("s ", person),
			"route": fmt.Sprint("/case/", r.IntN(30)), "service": "efile-web", "env": "prod", "agency": "IRS", "properties": map[string]any{"form": "1040", "browser": "Firefox"}}
	}
	raw, err := json.Marshal(map[string]any{"events": all})
	if err != nil {
		return reply{body: err.Error()}
	}
	return post(h.addr+"/v1/events", asJSON, raw)
}
