package api_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"math"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/stretchr/testify/require"

	"github.com/signalbox/signalbox/internal/access"
	"github.com/signalbox/signalbox/internal/api"
	"github.com/signalbox/signalbox/internal/audit"
	"github.com/signalbox/signalbox/internal/board"
	"github.com/signalbox/signalbox/internal/fault"
	"github.com/signalbox/signalbox/internal/govern"
	"github.com/signalbox/signalbox/internal/kpi"
	"github.com/signalbox/signalbox/internal/ledger"
	"github.com/signalbox/signalbox/internal/metricstore/tsdb"
	"github.com/signalbox/signalbox/internal/policy"
	"github.com/signalbox/signalbox/internal/statestore"
)

// engine stands for the KPI engine: the live states.
type engine struct {
	mu  sync.Mutex
	sts []kpi.Status
}

func (e *engine) set(sts ...kpi.Status) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.sts = sts
}

func (e *engine) statuses() []kpi.Status {
	e.mu.Lock()
	defer e.mu.Unlock()
	return append([]kpi.Status(nil), e.sts...)
}

func (e *engine) status(name string) (kpi.Status, bool) {
	for _, s := range e.statuses() {
		if s.KPI.Name == name {
			return s, true
		}
	}
	return kpi.Status{}, false
}

// alertRoom stands for the alert room.
type alertRoom struct {
	mu       sync.Mutex
	silences []board.Silence
}

func (a *alertRoom) List(context.Context) (api.AlertsBody, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	return api.AlertsBody{Silences: a.silences}, nil
}

func (a *alertRoom) CreateSilence(_ context.Context, s board.Silence) (string, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	s.ID = "silence-1"
	a.silences = append(a.silences, s)
	return s.ID, nil
}

func (a *alertRoom) Preview(_ context.Context, ms []board.Matcher) ([]board.Alert, error) {
	if ms[0].Value == "efile-error-rate" {
		return []board.Alert{{Fingerprint: "f1"}}, nil
	}
	return nil, nil
}

func (a *alertRoom) ExpireSilence(_ context.Context, id string) error {
	if id != "silence-1" {
		return fault.New(fault.NotFound, "there is no silence %q", id)
	}
	return nil
}

func (a *alertRoom) TestReceiver(_ context.Context, name string) ([]api.TestResult, error) {
	if name != "oncall" {
		return nil, fault.New(fault.NotFound, "no receiver is named %q", name)
	}
	return []api.TestResult{{Integration: "email[0]", Error: "dial tcp: connection refused"}}, nil
}

type demo struct{ broken bool }

func (d *demo) State(context.Context) (api.DemoBody, error) {
	version := map[bool]string{false: "4.1", true: "4.2"}[d.broken]
	return api.DemoBody{Services: []api.DemoService{{Name: "submit", Broken: d.broken, Version: version}}, MailboxURL: "/demo"}, nil
}

func (d *demo) Set(_ context.Context, service string, broken bool) error {
	if service != "submit" {
		return fault.New(fault.NotFound, "the demo has no service %q", service)
	}
	d.broken = broken
	return nil
}

func (d *demo) Mails(context.Context) ([]api.Mail, error) { return nil, nil }

func (d *demo) Mail(_ context.Context, id string) (api.MailBody, error) {
	return api.MailBody{Mail: api.Mail{ID: id, Subject: "[FIRING] efile-error-rate"}, Text: "4.1 %"}, nil
}

// house is the API behind access on a real server, with a real board on a real ledger.
type house struct {
	*api.API
	engine *engine
	alerts *alertRoom
	ledger *ledger.Ledger
	srv    *httptest.Server
	token  string
	log    *bytes.Buffer
}

func newHouse(t *testing.T, change func(*api.Options)) *house {
	t.Helper()
	dir := t.TempDir()
	store, err := tsdb.Open(tsdb.Options{Dir: filepath.Join(dir, "kpi"), ReserveBytes: -1, FloorBytes: -1, Logger: slog.New(slog.DiscardHandler)})
	require.NoError(t, err)
	t.Cleanup(func() { _ = store.Close() })
	db, err := statestore.Open(filepath.Join(dir, "state.db"), false)
	require.NoError(t, err)
	t.Cleanup(func() { _ = db.Close() })
	h := &house{engine: &engine{}, alerts: &alertRoom{}, log: &bytes.Buffer{}}
	h.ledger, err = ledger.Open(t.Context(), ledger.Options{Store: store, State: db, Now: time.Now})
	require.NoError(t, err)
	acc, err := access.New(t.Context(), access.Options{DB: db, DataDir: dir, Listen: []string{"127.0.0.1:9700"}})
	require.NoError(t, err)
	b := board.New(board.Options{Statuses: h.engine.statuses, Status: h.engine.status, History: h.ledger})
	chain, err := audit.Open(t.Context(), audit.Options{DB: db, KeyFile: filepath.Join(dir, audit.KeyFile)})
	require.NoError(t, err)
	law, err := govern.New(govern.Options{DB: db, Audit: chain.Append, Swap: func(_ context.Context, _ []policy.Document, commit func(map[string]int64) error) error {
		return commit(nil)
	}})
	require.NoError(t, err)
	o := api.Options{Audit: chain, Govern: law, Changes: marks{h.ledger}, Pages: sheets{b}, Logger: slog.New(slog.NewTextHandler(h.log, nil)), Board: b, Alerts: h.alerts, People: acc, Demo: &demo{}, Version: "1.2.3",
		Rows: filed(4), Usage: empty{}, Traces: empty{}, Privacy: nobody{}, Exports: shipped{}}
	if change != nil {
		change(&o)
	}
	h.API = api.New(o)
	handler, err := acc.Handler(append(acc.Routes(), h.Routes()...))
	require.NoError(t, err)
	h.srv = httptest.NewServer(handler)
	t.Cleanup(h.srv.Close)
	raw, err := os.ReadFile(filepath.Join(dir, access.TokenFile))
	require.NoError(t, err)
	h.token = strings.TrimSpace(string(raw))
	return h
}

// do asks with the administrator's token and returns status and body.
func (h *house) do(t *testing.T, method, path, body string) (int, string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, h.srv.URL+path, strings.NewReader(body))
	require.NoError(t, err)
	r.Header.Set("Authorization", "Bearer "+h.token)
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	res, err := h.srv.Client().Do(r)
	require.NoError(t, err)
	defer func() { _ = res.Body.Close() }()
	b, err := io.ReadAll(res.Body)
	require.NoError(t, err)
	if res.StatusCode >= 400 {
		require.Equal(t, "application/problem+json", res.Header.Get("Content-Type"), "%s %s: %s", method, path, b)
	} else {
		require.True(t, json.Valid(b), "%s", b)
	}
	return res.StatusCode, string(b)
}

func (h *house) get(t *testing.T, path string) (int, string) {
	t.Helper()
	return h.do(t, "GET", api.Prefix+path, "")
}

// problem returns the sentence of a problem.
func problem(t *testing.T, body string) string {
	t.Helper()
	var p struct {
		Detail string
		Status int
	}
	require.NoError(t, json.Unmarshal([]byte(body), &p), body)
	return p.Detail
}

func errorRate() *kpi.KPI {
	return &kpi.KPI{
		Name: "efile-error-rate", Title: "E-file error rate", Outcome: kpi.Technical, Owner: "oncall@irs.example", Unit: "percent", Period: time.Minute, Window: time.Minute,
		Indicator:  kpi.Indicator{Kind: kpi.Ratio, Bad: &kpi.Selector{Text: "errors_total"}, Total: &kpi.Selector{Text: "requests_total"}},
		Thresholds: kpi.Thresholds{Red: &kpi.Comparison{Op: kpi.Above, A: 0.03, Text: "> 3%"}, ForRed: kpi.MofN{M: 3, N: 3}},
	}
}

func point(end int64, bad, total float64) kpi.Point {
	return kpi.Point{End: end, Value: bad / total, Upper: math.NaN(), Good: total - bad, Total: total, Coverage: 1}
}

func gone(end int64, why kpi.MissingReason, detail string) kpi.Point {
	nan := math.NaN()
	return kpi.Point{End: end, Value: nan, Upper: nan, Good: nan, Total: nan, Missing: why, Detail: detail}
}

func status(l kpi.Light, p kpi.Point) kpi.Status {
	return kpi.Status{KPI: errorRate(), Revision: 1, Light: l, Since: p.End, Last: p, Delay: 5 * time.Second, Groups: []kpi.GroupStatus{{Labels: labels.EmptyLabels(), Light: l, Last: p}}}
}

// marks are the ledger's, as the house would serve them.
type marks struct{ l *ledger.Ledger }

func (m marks) Marks(ctx context.Context, f ledger.MarkFilter) ([]ledger.Mark, error) {
	return m.l.Marks(ctx, f)
}

func (m marks) AddMark(ctx context.Context, x ledger.Mark) (ledger.Mark, error) {
	kept, _, err := m.l.AddMark(ctx, x)
	return kept, err
}

// sheets are boards of one document.
type sheets struct{ b *board.Board }

const sheet = "kind: Board\nname: %s\ntitle: Filing season\nowner: a@irs.example\npanels:\n  - {text: '# Hello <script>alert(1)</script>'}\n  - {promql: [{expr: 'up'}], title: Up}\n"

func (s sheets) docs() []policy.Document {
	docs, _ := policy.Read("", []byte(fmt.Sprintf(sheet, "efile-error-rate")), policy.Limits{})
	return docs
}

func (s sheets) Boards(context.Context) ([]board.BoardSummary, error) {
	return board.Boards(s.docs(), nil), nil
}

func (s sheets) BoardPage(ctx context.Context, name string, vars map[string]string) (board.BoardPage, error) {
	return s.b.BoardPage(ctx, s.docs(), name, vars, func(context.Context, string) ([]string, error) { return nil, nil })
}
