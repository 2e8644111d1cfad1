package demo

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"math"
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// openPortal is a portal without load.
func openPortal(t *testing.T) *portal {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	p, err := newPortal(ctx, slog.New(slog.DiscardHandler), newBooks(time.Now(), func() float64 { return 0 }))
	require.NoError(t, err)
	p.run(ctx)
	t.Cleanup(func() {
		cancel()
		http.DefaultClient.CloseIdleConnections()
		p.close(context.WithoutCancel(ctx))
	})
	return p
}

func (p *portal) post(t *testing.T, body []byte, header http.Header) (int, answer) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, p.intake.url()+"/filings", bytes.NewReader(body))
	require.NoError(t, err)
	r.Header = header
	resp, err := http.DefaultClient.Do(r)
	require.NoError(t, err)
	defer resp.Body.Close()
	var a answer
	require.NoError(t, json.NewDecoder(resp.Body).Decode(&a))
	return resp.StatusCode, a
}

func TestTraceGoesThroughAllServices(t *testing.T) {
	p := openPortal(t)
	body, err := json.Marshal(filing{Number: 1000, Form: "1040", TaxYear: taxYear, Taxpayer: "T-1", NameControl: nameControl("T-1"), PriorAGI: priorAGI("T-1")})
	require.NoError(t, err)
	const trace = "0af7651916cd43dd8448eb211c80319c"
	status, a := p.post(t, body, http.Header{"Traceparent": {"00-" + trace + "-b7ad6b7169203331-01"}})
	require.Equal(t, http.StatusCreated, status)
	require.Equal(t, answer{Status: accepted, Receipt: "1040-000000001000"}, a)
	for _, s := range p.stations() {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.url()+"/metrics", nil)
		require.NoError(t, err)
		r.Header.Set("Accept", "application/openmetrics-text; version=1.0.0")
		resp, err := http.DefaultClient.Do(r)
		require.NoError(t, err)
		text, err := io.ReadAll(resp.Body)
		resp.Body.Close()
		require.NoError(t, err)
		require.Contains(t, string(text), `trace_id="`+trace+`"`, s.name)
	}
}

func TestRejections(t *testing.T) {
	p := openPortal(t)
	good := func(number int64) filing {
		return filing{Number: number, Form: "1040", TaxYear: taxYear, Taxpayer: taxpayer(number), NameControl: nameControl(taxpayer(number)), PriorAGI: priorAGI(taxpayer(number))}
	}
	file := func(f filing) (int, answer) {
		body, err := json.Marshal(f)
		require.NoError(t, err)
		return p.post(t, body, nil)
	}
	first := good(50)
	status, a := file(first)
	require.Equal(t, http.StatusCreated, status, a)

	for want, spoil := range map[string]func(*filing){
		reasonSchema:   func(f *filing) { f.TaxYear = 25 },
		reasonIdentity: func(f *filing) { f.NameControl = "ZZZZ" },
		reasonPriorAGI: func(f *filing) { f.PriorAGI++ },
		reasonDuplicate: func(f *filing) {
			f.Taxpayer, f.NameControl, f.PriorAGI = first.Taxpayer, first.NameControl, first.PriorAGI
		},
	} {
		f := good(60)
		spoil(&f)
		status, a := file(f)
		require.Equal(t, http.StatusUnprocessableEntity, status, want)
		require.Equal(t, answer{Status: rejected, Reason: want}, a)
	}
	status, a = file(first)
	require.Equal(t, http.StatusCreated, status, "the same filing sent again is no duplicate: %v", a)

	status, a = p.post(t, []byte("not JSON"), nil)
	require.Equal(t, http.StatusBadRequest, status)
	require.Equal(t, failed, a.Status)
	require.EqualValues(t, 6, p.books.submitted, "what is no filing is not booked")
	require.EqualValues(t, 2, p.books.accepted)
}

// Whatever the period and the hour, a healthy portal stays inside its thresholds and a broken one outside: the draws are
// even enough for windows of 125 filings, the least that 5 s bring.
func TestDrawsKeepWithinThresholds(t *testing.T) {
	const window = 125
	share := func(from int64, hit func(int64) bool) float64 {
		n := 0
		for i := from; i < from+window; i++ {
			if hit(i) {
				n++
			}
		}
		return float64(n) / window
	}
	for from := int64(0); from < 20_000; from += 7 {
		require.LessOrEqual(t, share(from, func(n int64) bool { return drawn(n, mishapEvery, "mishap") }), 0.01)
		require.LessOrEqual(t, share(from, func(n int64) bool { return drawn(n, slowEvery, "slow") }), 0.01)
		require.GreaterOrEqual(t, share(from, func(n int64) bool { return !drawn(n, mistakeEvery, "mistake") }), 0.96)
		require.GreaterOrEqual(t, share(from, func(n int64) bool { return drawn(n, gainsEvery, "capital gains") }), 0.08)
		require.GreaterOrEqual(t, share(from, func(n int64) bool { return drawn(n, brokenValidateEvery, "broken validate") }), 0.2)
		require.GreaterOrEqual(t, share(from, func(n int64) bool { return drawn(n, brokenAcceptEvery, "broken accept") }), 0.2)
	}
	for _, service := range []string{Intake, Validate, Accept} {
		n := 0
		for i := range int64(100 * mishapEvery) {
			if mishap(filing{Number: i}, service) {
				n++
			}
		}
		require.InDelta(t, 33, n, 18, "%s has its share of the mishaps", service)
	}
}

func TestDeadlineDay(t *testing.T) {
	begin := time.UnixMilli(1_700_000_000_000)
	d := day{start: begin, from: 15, length: 24 * time.Minute, base: 30, peak: 60}
	at := func(hour float64) float64 {
		return d.rate(begin.Add(time.Duration((hour - 15) * float64(time.Minute))))
	}
	require.InDelta(t, 15, d.hour(begin), 1e-9)
	require.InDelta(t, 1, d.hour(begin.Add(10*time.Minute)), 1e-9)
	require.InDelta(t, 60, at(21.5), 0.1)
	for hour := 15.0; hour < 21; hour++ {
		require.Less(t, at(hour), at(hour+1), "rising towards the evening from %v", hour)
	}
	for hour := 15.0; hour < 39; hour += 0.01 {
		require.GreaterOrEqual(t, at(hour), 30.0)
		require.LessOrEqual(t, at(hour), 60.0)
		require.Less(t, math.Abs(at(hour+0.01)-at(hour)), 0.1, "no jump at %v", hour)
	}
}

func TestLatencyIsUnderTwoSecondsWhileHealthy(t *testing.T) {
	p := latency{150 * time.Millisecond, 0.55, 1200 * time.Millisecond}
	var sum time.Duration
	for range 10_000 {
		d := p.draw()
		require.LessOrEqual(t, d, p.most)
		sum += d
	}
	require.InDelta(t, 174, (sum / 10_000).Milliseconds(), 15, "the mean of a log-normal is median e^(σ²/2)")
}

func TestMailboxKeepsTheNewest(t *testing.T) {
	dir := t.TempDir()
	now := time.UnixMilli(1_700_000_000_000)
	b, err := openMailbox(dir, func() time.Time { return now }, nil, slog.New(slog.DiscardHandler))
	require.NoError(t, err)
	for i := range keptMails + 10 {
		require.NoError(t, b.deliver([]string{"oncall@irs.example"}, fmt.Appendf(nil, "Subject: %d\r\n\r\n", i)))
	}
	list := b.list()
	require.Len(t, list, keptMails)
	require.Equal(t, "209", list[0].Subject)
	require.Equal(t, "10", list[keptMails-1].Subject)
	kept, err := filepath.Glob(filepath.Join(dir, "*.eml"))
	require.NoError(t, err)
	require.Len(t, kept, keptMails)

	b.close()
	require.ErrorIs(t, b.deliver(nil, []byte("Subject: late\r\n\r\n")), errMailboxClosed)
	require.NoError(t, os.RemoveAll(dir))
	require.NoError(t, os.Mkdir(dir, 0o700))
	again, err := openMailbox(dir, time.Now, nil, slog.New(slog.DiscardHandler))
	require.NoError(t, err)
	require.NoError(t, os.RemoveAll(dir))
	require.ErrorContains(t, again.deliver(nil, []byte("Subject: lost\r\n\r\n")), "keep a mail")
	require.Empty(t, again.list(), "what is not in a file was not kept")
}
