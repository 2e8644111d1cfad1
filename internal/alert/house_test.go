package alert_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-message"
	_ "github.com/emersion/go-message/charset"
	"github.com/emersion/go-message/mail"
	"github.com/emersion/go-smtp"
	"github.com/prometheus/alertmanager/config"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/stretchr/testify/require"

	"github.com/signalbox/signalbox/internal/alert"
	"github.com/signalbox/signalbox/internal/kpi"
	"github.com/signalbox/signalbox/internal/ledger"
	"github.com/signalbox/signalbox/internal/statestore"
)

// patience is how long a test waits for what must come.
const patience = time.Minute

// house is a running alert room over a state database.
type house struct {
	*alert.Alert
	t    testing.TB
	db   *statestore.DB
	reg  *prometheus.Registry
	stop func() // ends Run and closes the database; may be called twice

	mu       sync.Mutex
	receipts []ledger.Receipt
	calls    int           // how often a receipt was left, also again
	more     chan struct{} // a receipt was left
}

// build reads an alerting block as app does: a group_wait that is left out is nothing.
func build(t testing.TB, yaml string) *config.Config {
	t.Helper()
	c, err := config.Load(yaml)
	require.NoError(t, err)
	if c.Route.GroupWait == nil {
		zero := model.Duration(0)
		c.Route.GroupWait = &zero
	}
	return c
}

// open builds a room over the state database in dir, without running it.
func open(t testing.TB, dir, yaml string) *house {
	t.Helper()
	db, err := statestore.Open(filepath.Join(dir, "state.db"), false)
	require.NoError(t, err)
	h := &house{t: t, db: db, reg: prometheus.NewRegistry(), more: make(chan struct{}, 1)}
	h.Alert, err = alert.New(t.Context(), alert.Options{
		Config: build(t, yaml), State: db, Registerer: h.reg, Logger: slog.New(slog.NewTextHandler(testLog{t}, &slog.HandlerOptions{Level: slog.LevelWarn})),
		ExternalURL: &url.URL{Scheme: "https", Host: "kpi.irs.example"},
		Receipt: func(_ context.Context, r ledger.Receipt) {
			h.mu.Lock()
			defer h.mu.Unlock()
			h.calls++
			// As in the ledger, the same id again replaces.
			h.receipts = append(slices.DeleteFunc(h.receipts, func(x ledger.Receipt) bool { return x.ID == r.ID }), r)
			select {
			case h.more <- struct{}{}:
			default:
			}
		},
	})
	require.NoError(t, err)
	h.stop = sync.OnceFunc(func() { require.NoError(t, db.Close()) })
	return h
}

// run opens a room and runs it until stop or the test's end.
func run(t testing.TB, dir, yaml string) *house {
	t.Helper()
	h := open(t, dir, yaml)
	h.run()
	return h
}

func (h *house) run() {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- h.Run(ctx) }()
	h.stop = sync.OnceFunc(func() {
		cancel()
		require.NoError(h.t, <-done)
		require.NoError(h.t, h.db.Close())
	})
	h.t.Cleanup(h.stop)
}

// left returns the receipts of a status, oldest first.
func (h *house) left(status string) []ledger.Receipt {
	h.mu.Lock()
	defer h.mu.Unlock()
	var out []ledger.Receipt
	for _, r := range h.receipts {
		if r.Status == status {
			out = append(out, r)
		}
	}
	return out
}

// wrote returns how often a receipt was left.
func (h *house) wrote() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.calls
}

// await waits until n receipts of a status were left.
func (h *house) await(status string, n int) []ledger.Receipt {
	h.t.Helper()
	limit := time.After(patience)
	for {
		if rs := h.left(status); len(rs) >= n {
			return rs
		}
		select {
		case <-h.more:
		case <-limit:
			h.t.Fatalf("%d receipts %q came, want %d", len(h.left(status)), status, n)
		}
	}
}

func (h *house) signal(signals ...kpi.PageSignal) {
	h.t.Helper()
	require.NoError(h.t, h.Signal(h.t.Context(), signals))
}

// testLog is a writer for a logger that is quiet after the test.
type testLog struct{ t testing.TB }

func (l testLog) Write(b []byte) (int, error) {
	if testing.Verbose() && l.t.Context().Err() == nil {
		l.t.Logf("%s", bytes.TrimSpace(b))
	}
	return len(b), nil
}

// errorRate is a KPI that pages.
func errorRate() *kpi.KPI {
	return &kpi.KPI{
		Name: "efile-error-rate", Title: "1040 e-file error rate", Owner: "oncall@irs.example", Unit: "percent", Labels: map[string]string{"team": "efile"},
		By: []string{"service"}, Period: time.Minute,
		Thresholds: kpi.Thresholds{Red: &kpi.Comparison{Op: kpi.Above, A: 0.03, Text: "> 3%"}, Yellow: &kpi.Comparison{Op: kpi.Above, A: 0.01, Text: "> 1%"}},
		Page:       &kpi.Page{Severity: "page", Runbook: "https://runbooks.irs.example/efile-errors"},
	}
}

// red says that a service breaches since then.
func red(k *kpi.KPI, service string, value float64, since time.Time) kpi.PageSignal {
	return kpi.PageSignal{
		KPI: k, Revision: 3, Group: labels.FromStrings("service", service), Firing: true, Since: since.UnixMilli(), At: since.UnixMilli(),
		Last: kpi.Point{End: since.UnixMilli(), Value: value, Coverage: 1}, Cause: "threshold", Threshold: "> 3%",
		Summary: "1040 e-file error rate is " + kpi.Show("percent", value).String(), Why: "3 datapoints in a row above 3 %", Decision: "lx2-" + service,
	}
}

// over says that it recovered.
func over(s kpi.PageSignal, value float64) kpi.PageSignal {
	s.Firing, s.Resolved, s.Last.Value = false, "recovered", value
	s.Summary, s.Why = "1040 e-file error rate is "+kpi.Show("percent", value).String(), "The newest datapoint is real and no band alarms"
	return s
}

// sink is an SMTP server that keeps mails.
type sink struct {
	addr string
	stop func()
	came chan struct{}

	mu     sync.Mutex
	mails  []letter
	answer func(raw []byte) error // before a mail is kept; an error refuses it
}

// letter is a mail as it arrived.
type letter struct {
	Subject, ID, Text, HTML string
	Date                    time.Time
	Raw                     []byte
	Err                     error // it could not be read
}

// sinkAt serves on an address, 127.0.0.1:0 for any.
func sinkAt(t testing.TB, addr string) *sink {
	t.Helper()
	l, err := net.Listen("tcp", addr)
	require.NoError(t, err)
	s := &sink{addr: l.Addr().String(), came: make(chan struct{}, 1)}
	server := smtp.NewServer(s)
	server.ReadTimeout, server.WriteTimeout = patience, patience
	server.ErrorLog = quiet{}
	done := make(chan error, 1)
	go func() { done <- server.Serve(l) }()
	s.stop = sync.OnceFunc(func() { _ = server.Close(); _ = l.Close(); <-done }) // Close may come before Serve knows its listener
	t.Cleanup(s.stop)
	return s
}

type quiet struct{}

func (quiet) Printf(string, ...any) {}
func (quiet) Println(...any)        {}

// NewSession implements smtp.Backend.
func (s *sink) NewSession(*smtp.Conn) (smtp.Session, error) { return (*visit)(s), nil }

type visit sink

func (v *visit) Mail(string, *smtp.MailOptions) error { return nil }
func (v *visit) Rcpt(string, *smtp.RcptOptions) error { return nil }
func (v *visit) Reset()                               {}
func (v *visit) Logout() error                        { return nil }

func (v *visit) Data(r io.Reader) error {
	raw, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	v.mu.Lock()
	answer := v.answer
	v.mu.Unlock()
	if answer != nil {
		if err := answer(raw); err != nil {
			return err
		}
	}
	v.mu.Lock()
	v.mails = append(v.mails, readLetter(raw))
	v.mu.Unlock()
	select {
	case v.came <- struct{}{}:
	default:
	}
	return nil
}

func (s *sink) reply(f func(raw []byte) error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.answer = f
}

func (s *sink) all() []letter {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.mails)
}

// await waits until n mails came.
func (s *sink) await(t testing.TB, n int) []letter {
	t.Helper()
	limit := time.After(patience)
	for {
		if ms := s.all(); len(ms) >= n {
			return ms
		}
		select {
		case <-s.came:
		case <-limit:
			t.Fatalf("%d mails came, want %d", len(s.all()), n)
		}
	}
}

func subjects(ms []letter) []string {
	out := []string{}
	for _, m := range ms {
		out = append(out, m.Subject)
	}
	return out
}

func readLetter(raw []byte) letter {
	l := letter{Raw: raw}
	r, err := mail.CreateReader(bytes.NewReader(raw))
	if err != nil {
		l.Err = err
		return l
	}
	defer func() { _ = r.Close() }()
	if l.Subject, l.Err = r.Header.Subject(); l.Err != nil {
		return l
	}
	if l.ID, l.Err = r.Header.MessageID(); l.Err != nil {
		return l
	}
	if l.Date, l.Err = r.Header.Date(); l.Err != nil {
		return l
	}
	for {
		p, err := r.NextPart()
		if errors.Is(err, io.EOF) {
			return l
		}
		if err != nil {
			l.Err = err
			return l
		}
		body, err := io.ReadAll(p.Body)
		if err != nil {
			l.Err = err
			return l
		}
		kind, params, err := p.Header.(interface {
			ContentType() (string, map[string]string, error)
		}).ContentType()
		if err != nil || !strings.EqualFold(params["charset"], "utf-8") {
			l.Err = errors.Join(err, message.UnknownCharsetError{})
			return l
		}
		switch kind {
		case "text/plain":
			l.Text = string(body)
		case "text/html":
			l.HTML = string(body)
		}
	}
}

// mailTo is a configuration with one receiver: mail to a sink.
func mailTo(addr, route string) string {
	return "global: {smtp_smarthost: '" + addr + "', smtp_from: noreply@irs.example, smtp_require_tls: false}\n" +
		"route: {receiver: oncall, " + route + "}\n" +
		"receivers: [{name: oncall, email_configs: [{to: oncall@irs.example, send_resolved: true}]}]\n"
}

// hook is a webhook that keeps what it was sent.
type hook struct {
	*httptest.Server
	came chan hooked
}

type hooked struct {
	Status string `json:"status"`
	Alerts []struct {
		Status      string            `json:"status"`
		Labels      map[string]string `json:"labels"`
		Annotations map[string]string `json:"annotations"`
	} `json:"alerts"`
}

func hookServer(t testing.TB) *hook {
	t.Helper()
	h := &hook{came: make(chan hooked, 10_000)}
	h.Server = httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		var b hooked
		if err := json.NewDecoder(r.Body).Decode(&b); err != nil {
			t.Error(err)
		}
		h.came <- b
	}))
	t.Cleanup(h.Close)
	return h
}

func (h *hook) next(t testing.TB) hooked {
	t.Helper()
	select {
	case b := <-h.came:
		return b
	case <-time.After(patience):
		t.Fatal("nothing came to the webhook")
		return hooked{}
	}
}

func hookTo(url, route string) string {
	return "route: {receiver: hook, " + route + "}\nreceivers: [{name: hook, webhook_configs: [{url: '" + url + "'}]}]\n"
}
