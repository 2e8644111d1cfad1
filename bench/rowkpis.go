package main

import (
	std "bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// A fleet of rows: services of a few agencies, each with as many KPIs as a team keeps for one, over its spans, its log lines
// and what people did. A request carries the rows of one service, 8 of 20 requests logs, 8 spans and 4 twice 500 events.
const (
	rowFleetServices = 50
	rowFleetRate     = 20_000 // rows a second
	eventsPerRequest = 500
)

var (
	rowAgencies = []string{"IRS", "SSA", "VA", "USCIS", "OPM"}
	rowEvents   = []string{"page_view", "page_view", "page_view", "filing_submitted", "filing_accepted", "filing_accepted", "filing_rejected", "survey", "web_vital", "login"}
)

// rowKPIs are the KPIs of one service. $s is the service, $a its agency; a threshold that is never crossed follows.
var rowKPIs = [][2]string{
	{`ratio: {bad: 'spans{service="$s",kind="server",status="error"}', total: 'spans{service="$s",kind="server"}'}`, "> 99%"},
	{`ratio: {bad: 'spans{service="$s",route="/file/1040",status="error"}', total: 'spans{service="$s",route="/file/1040"}'}`, "> 99%"},
	{`share_below: {of: 'spans{service="$s",route="/pay"}', value: duration, below: 2s}`, "< 1%"},
	{`quantile: {of: 'spans{service="$s",kind="server"}', value: duration, q: 0.95}`, "> 60s"},
	{`quantile: {of: 'spans{service="$s",route="/refund"}', value: duration, q: 0.99}`, "> 60s"},
	{`apdex: {of: 'spans{service="$s",kind="server"}', value: duration, t: 500ms}`, "< 0.01"},
	{`rate: 'spans{service="$s",kind="server"}'`, "> 1000000"}, // by route
	{`mean: {of: 'spans{service="$s",route="/login"}', value: duration}`, "> 60s"},
	{`rate: 'logs{service="$s",level=~"error|fatal"}'`, "> 1000000"},
	{`ratio: {bad: 'logs{service="$s",level="error"}', total: 'logs{service="$s"}'}`, "> 99%"},
	{`rate: 'logs{service="$s",route="/pay",level="error"}'`, "> 1000000"},
	{`unique: {of: 'logs{service="$s"}', value: k8s.pod.name}`, "> 1000000"},
	{`ratio: {bad: 'logs{service="$s",route="/refund",http_response_status_code="503"}', total: 'logs{service="$s",route="/refund"}'}`, "> 99%"},
	{`mean: {of: 'logs{service="$s",route="/login"}', value: thread.id}`, "> 1000000"},
	{`ratio: {good: 'events{service="$s",name="filing_accepted"}', total: 'events{service="$s",name=~"filing_accepted|filing_rejected"}'}`, "< 1%"},
	{`rate: 'events{agency="$a",service="$s",name="filing_submitted"}'`, "> 1000000"},
	{`unique: {of: 'events{service="$s"}', value: user}`, "> 1000000"},
	{`mean: {of: 'events{service="$s",name="survey"}', value: value}`, "> 1000000"},
	{`quantile: {of: 'events{service="$s",name="web_vital"}', value: value, q: 0.75}`, "> 1000000"},
	{`share_below: {of: 'events{service="$s",name="filing_accepted"}', value: duration, below: 30s}`, "< 1%"},
}

// agencyKPI stands in place of the first service's KPI of people in each agency.
const agencyKPI = `unique: {of: 'events{agency="$a"}', value: user}`

func rowFleetService(i int) string { return "svc-" + strconv.Itoa(i%rowFleetServices) }

func rowFleetAgency(i int) string { return rowAgencies[i%rowFleetServices%len(rowAgencies)] }

// rowPolicies are the KPIs of all services.
func rowPolicies(period time.Duration) []string {
	var docs []string
	for i := range rowFleetServices {
		for no, k := range rowKPIs {
			in, by := k[0], ""
			switch {
			case no == 6:
				by = "by: [route]\n"
			case no == 16 && i < len(rowAgencies):
				in = agencyKPI
			}
			in = strings.NewReplacer("$s", rowFleetService(i), "$a", rowFleetAgency(i)).Replace(in)
			docs = append(docs, fmt.Sprintf("kind: KPI\nname: row-%d-%d\nowner: bench@irs.example\nindicator:\n  %s\n%speriod: %s\nthresholds: {red: %q, for: 3}\n", i, no, in, by, period, k[1]))
		}
	}
	return files(docs)
}

// rowsRequest is one request of the fleet, and how many rows it has.
type rowsRequest struct {
	path, contentType string
	body              []byte
	rows              int
}

// rowFleetSecond makes the requests of one second, with rows of the second before now.
func rowFleetSecond(no int, now time.Time) (out []rowsRequest, err error) {
	for i := range rowFleetRate / rowsPerRequest {
		at := no*rowFleetRate/rowsPerRequest + i
		if i%5 == 4 {
			for half := range rowsPerRequest / eventsPerRequest {
				body, err := eventsBody(2*at+half, now)
				if err != nil {
					return nil, err
				}
				out = append(out, rowsRequest{"/v1/events", "application/json", body, eventsPerRequest})
			}
			continue
		}
		signal := []string{"logs", "traces"}[i%2]
		rows := wideRows(at*rowsPerRequest, rowsPerRequest)
		for k := range rows {
			rows[k].service, rows[k].agency = rowFleetService(at), rowFleetAgency(at)
			rows[k].at = now.Add(-time.Duration(k) * time.Millisecond)
		}
		body, err := rowsBody(signal, rows)
		if err != nil {
			return nil, err
		}
		out = append(out, rowsRequest{"/v1/" + signal, "application/x-protobuf", body, rowsPerRequest})
	}
	return out, nil
}

// eventsBody encodes events of one service as its batches come; 20,000 people use all of them.
func eventsBody(no int, now time.Time) ([]byte, error) {
	type event struct {
		ID       string  `json:"id"`
		Name     string  `json:"name"`
		Time     int64   `json:"time"`
		User     string  `json:"user"`
		Session  string  `json:"session"`
		Route    string  `json:"route"`
		Value    float64 `json:"value,omitempty"`
		Duration float64 `json:"duration,omitempty"`
	}
	var batch struct {
		Events  []event           `json:"events"`
		Context map[string]string `json:"context"`
	}
	batch.Context = map[string]string{"service": rowFleetService(no), "agency": rowFleetAgency(no), "env": "prod"}
	rnd := rand.New(rand.NewPCG(uint64(no), 8))
	for i := range eventsPerRequest {
		who := strconv.Itoa(rnd.IntN(20_000))
		e := event{ID: strconv.Itoa(no) + "-" + strconv.Itoa(i), Name: rowEvents[rnd.IntN(len(rowEvents))], Time: now.Add(-time.Duration(i) * time.Millisecond).UnixMilli(),
			User: "person-" + who, Session: "session-" + who, Route: rowRoutes[rnd.IntN(len(rowRoutes))]}
		switch e.Name {
		case "survey":
			e.Value = float64(1 + rnd.IntN(5))
		case "web_vital":
			e.Value = rnd.ExpFloat64()
		case "filing_accepted":
			e.Duration = 10 * rnd.ExpFloat64()
		}
		batch.Events = append(batch.Events, e)
	}
	return json.Marshal(batch)
}

// sendRequest sends a request of rows, again where the server is busy.
func (p *process) sendRequest(ctx context.Context, r rowsRequest) error {
	if r.contentType != "application/json" {
		return p.otlp(ctx, r.path, r.body)
	}
	for {
		req, err := http.NewRequestWithContext(ctx, http.MethodPost, p.url(r.path), std.NewReader(r.body))
		if err != nil {
			return err
		}
		req.Header.Set("Content-Type", r.contentType)
		req.Header.Set("Authorization", "Bearer "+p.token)
		res, err := client.Do(req)
		if err != nil {
			return err
		}
		busy := res.StatusCode == http.StatusTooManyRequests || res.StatusCode == http.StatusServiceUnavailable
		if _, err := body(res, p.name+r.path); err == nil || !busy {
			return err
		}
		if err := rest(ctx, time.Second); err != nil {
			return err
		}
	}
}

// measureRowKPIs sends the same rows to two of our servers, one with 1,000 KPIs over rows and one with none: what it costs
// more is what the KPIs cost, the tap, closing, judging and writing their series.
func measureRowKPIs(ctx context.Context, b *bench) error {
	period, span := pick(b, time.Minute, 10*time.Second), pick(b, 180, 30)
	bare, err := b.startSignalbox(ctx, setup{})
	if err != nil {
		return err
	}
	defer bare.stop()
	full, err := b.startSignalbox(ctx, setup{policies: rowPolicies(period)})
	if err != nil {
		return err
	}
	defer full.stop()
	n := float64(rowFleetServices * len(rowKPIs))
	servers := []*process{bare, full}
	second, sent := 0, 0
	ticker := newPace(time.Second)
	send := func() error {
		requests, err := rowFleetSecond(second, time.Now())
		if err != nil {
			return err
		}
		for i, r := range requests {
			for k := range servers {
				if err := servers[(second+i+k)%2].sendRequest(ctx, r); err != nil {
					return err
				}
			}
			sent += r.rows
		}
		second++
		return ticker.next(ctx)
	}
	// Every KPI gets its first light, with a decision record in the state database; this is not counted.
	for closed := 0.0; closed < 2*n; {
		if float64(second) > 5*period.Seconds()+20 {
			return fmt.Errorf("%.0f datapoints of %.0f KPIs were closed in %d s", closed, n, second)
		}
		if err := send(); err != nil {
			return err
		}
		if closed, err = full.metric(ctx, "signalbox_evaluate_datapoints_total", ""); err != nil {
			return err
		}
	}
	type state struct{ bare, full, tap, rows, closing, closed, moves float64 }
	look := func() (s state, err error) {
		if err := errors.Join(bare.settle(ctx), full.settle(ctx)); err != nil {
			return s, err
		}
		for name, to := range map[string]*float64{"tap_seconds": &s.tap, "rows": &s.rows, "closing_seconds": &s.closing, "datapoints": &s.closed, "transitions": &s.moves} {
			if *to, err = full.metric(ctx, "signalbox_evaluate_"+name+"_total", ""); err != nil && !errors.Is(err, errNoMetric) {
				return s, err
			}
		}
		s.bare, s.full = bare.cpu().Seconds(), full.cpu().Seconds()
		return s, nil
	}
	before, err := look()
	if err != nil {
		return err
	}
	first, start := sent, time.Now()
	for until := second + span; second < until; {
		if err := send(); err != nil {
			return err
		}
	}
	took := time.Since(start)
	after, err := look()
	if err != nil {
		return err
	}
	rows, ingest := float64(sent-first), after.bare-before.bare
	cost := after.full - before.full - ingest
	b.table.info("CPU a row, no KPIs", nanos, ingest/rows*1e9, none)
	b.table.info("CPU a row, 1,000 KPIs", nanos, (ingest+cost)/rows*1e9, none)
	b.table.atMost("what the KPIs cost, of the CPU of ingest", percent, 100*cost/ingest, none, 10)
	b.table.info("the tap alone (engine's own clock), of the CPU of ingest", percent, 100*(after.tap-before.tap)/ingest, none)
	b.table.info("the tap alone (engine's own clock), a row", nanos, (after.tap-before.tap)/rows*1e9, none)
	b.table.info("closing, judging and writing (engine's own clock), each", nanos, (after.closing-before.closing)/(after.closed-before.closed)*1e9, none)
	with, err := full.liveHeap(ctx)
	if err != nil {
		return err
	}
	without, err := bare.liveHeap(ctx)
	if err != nil {
		return err
	}
	b.table.info("live heap a KPI", bytes, (with-without)/n, none)
	b.table.note("%.0f rows a second in the mean, each counted by %.1f sides; %.0f datapoints were closed and %.0f lights changed in %.0f s",
		rows/took.Seconds(), (after.rows-before.rows)/rows, after.closed-before.closed, after.moves-before.moves, took.Seconds())
	return nil
}
