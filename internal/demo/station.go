package demo

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/trace"
	"golang.org/x/net/netutil"

	"github.com/signalbox/signalbox/emit"
)

// The services of the portal.
const (
	Intake   = "intake"   // takes filings and answers the taxpayer
	Validate = "validate" // checks schema and identity
	Accept   = "accept"   // refuses duplicates and records acceptance
)

const (
	maxConnections = 1024
	maxBody        = 16 << 10
)

// station is one service: a listener of its own, its instruments, its outgoing calls, and the switch that breaks it.
type station struct {
	name     string
	agency   string
	listener net.Listener
	emitter  *emit.Emitter
	mux      *http.ServeMux
	server   *http.Server
	calls    *http.Client
	log      *slog.Logger             // the operators', not the service's own: that is its voice's
	voices   [2]atomic.Pointer[voice] // healthy, broken

	since atomic.Int64 // Unix ms since when it is broken; 0 = healthy
}

// newStation listens on a free loopback port. ctx ends when the portal closes; requests end with it.
func newStation(ctx context.Context, name, agency string, log *slog.Logger) (*station, error) {
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("listen for the %s service: %w", name, err)
	}
	s := &station{
		name:     name,
		agency:   agency,
		listener: listener,
		// A registry of its own, for emit would add the Go runtime's metrics otherwise, and the three services are one process.
		emitter: emit.New(emit.Options{
			Labels:   map[string]string{"agency": agency, "env": environment, "service": name},
			Registry: prometheus.NewRegistry(),
		}),
		mux: http.NewServeMux(),
		log: log.With("service", name),
	}
	for i := range s.voices {
		s.voices[i].Store(silence())
	}
	s.calls = &http.Client{
		Timeout:   15 * time.Second,
		Transport: emit.Transport(newTransport()),
	}
	s.mux.Handle("GET /metrics", s.emitter.Metrics())
	s.server = &http.Server{
		Handler:           s.emitter.Handler(s.traced(s.mux)),
		BaseContext:       func(net.Listener) context.Context { return ctx },
		ReadHeaderTimeout: 5 * time.Second,
		ReadTimeout:       10 * time.Second,
		WriteTimeout:      30 * time.Second,
		IdleTimeout:       time.Minute,
		MaxHeaderBytes:    maxBody,
		ErrorLog:          slog.NewLogLogger(s.log.Handler(), slog.LevelDebug),
	}
	return s, nil
}

func newTransport() *http.Transport {
	return &http.Transport{
		DialContext:           (&net.Dialer{Timeout: 2 * time.Second}).DialContext,
		MaxIdleConns:          maxConnections,
		MaxIdleConnsPerHost:   maxConnections,
		IdleConnTimeout:       time.Minute,
		ResponseHeaderTimeout: 15 * time.Second,
	}
}

// run serves until close.
func (s *station) run() {
	if err := s.server.Serve(netutil.LimitListener(s.listener, maxConnections)); !errors.Is(err, http.ErrServerClosed) {
		s.log.Error("demo service stopped serving", "err", err)
	}
}

// close ends requests within the bound of ctx and the idle connections to the next service.
func (s *station) close(ctx context.Context) {
	if s.server.Shutdown(ctx) != nil {
		s.server.Close()
	}
	s.listener.Close() // for a station that never ran
	s.calls.CloseIdleConnections()
}

func (s *station) url() string { return "http://" + s.listener.Addr().String() }

func (s *station) address() address { return address{s.name, s.agency, s.listener.Addr().String()} }

func (s *station) broken() bool { return s.since.Load() != 0 }

// voice is how the version of the service speaks that runs now.
func (s *station) voice() *voice {
	if s.broken() {
		return s.voices[1].Load()
	}
	return s.voices[0].Load()
}

// version is the release that runs.
func (s *station) version() string {
	if s.broken() {
		return faulty
	}
	return good
}

// speak gives the service a voice, speakBroken the version of it that is deployed when it is broken.
func (s *station) speak(v *voice)       { s.voices[0].Store(v); s.voices[1].Store(v) }
func (s *station) speakBroken(v *voice) { s.voices[1].Store(v) }

// traced makes a span of each request but scrapes, once there is somebody to send it to.
func (s *station) traced(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		v := s.voice()
		if v.telemetry == nil || r.URL.Path == "/metrics" {
			next.ServeHTTP(w, r)
			return
		}
		v.telemetry.Handler(next).ServeHTTP(w, r)
	})
}

// ask sends a filing on to the service behind and returns its answer. A status of 500 or more is an error.
func (s *station) ask(ctx context.Context, service, target string, f filing) (answer, error) {
	ctx, span := s.voice().start(ctx, "POST", trace.SpanKindClient,
		attribute.String("http.request.method", http.MethodPost), attribute.String("server.address", service), attribute.String("peer.service", service))
	defer span.End()
	a, err := post(ctx, s.calls, target, f)
	if err != nil {
		span.SetAttributes(attribute.String("error.type", "UpstreamError"))
		span.SetStatus(codes.Error, service+" answered with an error")
	}
	return a, err
}

// post sends a filing and reads the answer.
func post(ctx context.Context, client *http.Client, url string, f filing) (answer, error) {
	body, err := json.Marshal(f)
	if err != nil {
		return answer{}, fmt.Errorf("encode filing %d: %w", f.Number, err)
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, url, bytes.NewReader(body))
	if err != nil {
		return answer{}, fmt.Errorf("file with %s: %w", url, err)
	}
	r.Header.Set("Content-Type", "application/json")
	inject(ctx, r.Header)
	resp, err := client.Do(r)
	if err != nil {
		return answer{}, err
	}
	defer resp.Body.Close()
	var a answer
	if err := json.NewDecoder(io.LimitReader(resp.Body, maxBody)).Decode(&a); err != nil {
		return answer{}, fmt.Errorf("read the answer of %s: %w", url, err)
	}
	io.Copy(io.Discard, io.LimitReader(resp.Body, maxBody)) // else the connection is not kept
	if resp.StatusCode >= http.StatusInternalServerError {
		return a, fmt.Errorf("%s answered %s: %s", url, resp.Status, a.Reason)
	}
	return a, nil
}

// inject makes the span of ctx the parent of what is called. Where no spans are made, package emit's transport does it.
func inject(ctx context.Context, header http.Header) {
	if s := trace.SpanContextFromContext(ctx); s.IsValid() {
		header.Set("Traceparent", fmt.Sprintf("00-%s-%s-%02x", s.TraceID(), s.SpanID(), byte(s.TraceFlags())))
	}
}

// read decodes the filing of a request and answers 400 itself if there is none.
func read(w http.ResponseWriter, r *http.Request) (filing, bool) {
	var f filing
	if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxBody)).Decode(&f); err != nil {
		reply(w, http.StatusBadRequest, answer{Status: failed, Reason: "the body is not a filing in JSON"})
		return f, false
	}
	return f, true
}

func reply(w http.ResponseWriter, status int, a answer) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	json.NewEncoder(w).Encode(a)
}
