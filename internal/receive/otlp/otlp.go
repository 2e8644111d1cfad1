// Package otlp takes in OpenTelemetry's protocol: metrics, logs and traces, over HTTP (protobuf and JSON) and gRPC, plain or
// compressed. Log records and spans are read from the wire straight into a batch of rows, without an object for a message and
// without an allocation for a row; datapoints become samples in Prometheus' documented way, and those of a series that the
// gate knows are recognised by a hash of their bytes, so that its labels are never built again. JSON is rewritten as protobuf
// first, so that there is one reading of each message.
//
// It keeps resources it has understood, references of series it has seen, and the running totals of delta sums. It refuses
// to know stores and KPIs: what it read goes through the gate and is answered for after the gate's commit only.
package otlp

import (
	"context"
	"hash/maphash"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/prometheus/prometheus/config"
	"github.com/prometheus/prometheus/model/metadata"

	"github.com/signalbox/signalbox/internal/access"
	"github.com/signalbox/signalbox/internal/gate"
	"github.com/signalbox/signalbox/internal/receive/column"
	"github.com/signalbox/signalbox/internal/rowstore"
)

// Options are what a receiver is built with. Gate is required; the zero value of the rest means its default.
type Options struct {
	Gate *gate.Gate
	// Credential says who pushes by HTTP; the default names the sender by its address.
	Credential func(*http.Request) gate.Credential
	// Authenticate says who calls by gRPC: the bearer token (empty without one) and the address. Its error is a fault.Error.
	// The default names the sender by its address.
	Authenticate func(ctx context.Context, bearerToken, remoteAddr string) (context.Context, gate.Credential, error)
	// Metadata is told what senders say of a metric family; nil for nobody. It must be quick.
	Metadata func(family string, m metadata.Metadata)

	BusinessIDs []string           // attributes that fill business_id; column.DefaultBusinessIDs
	Metrics     *config.OTLPConfig // how names and resources become labels: Prometheus' own options and defaults

	BodyBytes   int64         // of a body, decompressed; 64 MiB
	BodyTimeout time.Duration // for a body to arrive; 30s
	DetailBytes int           // of a span's events and links; 32 KiB
	Records     int           // log records or spans of one request; 200,000
	Datapoints  int           // of one request; 1,000,000
	Series      int           // that are remembered by their bytes; 2,000,000
	Deltas      int           // series of delta temporality whose total is kept; 500,000
	Now         func() time.Time
	Logger      *slog.Logger
}

// Receiver serves OTLP. It is safe for use by many requests at once.
type Receiver struct {
	o       Options
	limits  gate.Limits
	origins *cache[*origin]
	targets *cache[*target]
	schemas schemas
	naming  naming
	known   *known
	deltas  *deltas
	seed    maphash.Seed

	bodies  sync.Pool // *body
	rows    sync.Pool // *rows
	metrics sync.Pool // *points
}

// New returns a receiver.
func New(o Options) *Receiver {
	if o.Credential == nil {
		o.Credential = func(r *http.Request) gate.Credential { return byAddress(r.RemoteAddr) }
	}
	if o.Authenticate == nil {
		o.Authenticate = func(ctx context.Context, _, remote string) (context.Context, gate.Credential, error) {
			return ctx, byAddress(remote), nil
		}
	}
	if o.Metrics == nil {
		c := config.DefaultOTLPConfig
		o.Metrics = &c
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	atLeast(&o.BodyBytes, 64<<20)
	atLeast(&o.BodyTimeout, 30*time.Second)
	atLeast(&o.DetailBytes, 32<<10)
	atLeast(&o.Records, 200_000)
	atLeast(&o.Datapoints, 1_000_000)
	atLeast(&o.Series, 2_000_000)
	atLeast(&o.Deltas, 500_000)
	columns := column.New(o.BusinessIDs)
	rc := &Receiver{
		o: o, limits: o.Gate.Limits(), origins: newOrigins(columns), schemas: newSchemas(), naming: newNaming(o.Metrics),
		known: newKnown(o.Series), deltas: newDeltas(o.Deltas), seed: maphash.MakeSeed(),
	}
	rc.targets = newCache(rc.naming.target)
	rc.bodies.New = func() any { return new(body) }
	rc.rows.New = func() any {
		return &rows{fill: column.NewFiller(columns), origins: rc.origins, most: o.Records, detail: o.DetailBytes}
	}
	rc.metrics.New = func() any { return newPoints(rc) }
	return rc
}

// atLeast sets a default.
func atLeast[T int | int64 | time.Duration](v *T, d T) {
	if *v <= 0 {
		*v = d
	}
}

func byAddress(remote string) gate.Credential {
	host, _, err := net.SplitHostPort(remote)
	if err != nil {
		host = remote
	}
	return gate.Credential{Source: "push " + host}
}

// signal is one of the three kinds of requests.
type signal uint8

const (
	metrics signal = iota
	logs
	traces
)

func (s signal) table() rowstore.Table {
	if s == traces {
		return rowstore.Spans
	}
	return rowstore.Logs
}

// rejected names the counter of a partial success in JSON; in protobuf it is field 1 for all signals.
func (s signal) rejected() string {
	return [...]string{"rejectedDataPoints", "rejectedLogRecords", "rejectedSpans"}[s]
}

// Routes returns what the room serves on the main listener.
func (rc *Receiver) Routes() []access.Route {
	route := func(pattern string, s signal) access.Route {
		return access.Route{Method: http.MethodPost, Pattern: pattern, Action: access.WriteSignals,
			Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { rc.serve(w, r, s) })}
	}
	return []access.Route{
		route("/v1/metrics", metrics), route("/v1/logs", logs), route("/v1/traces", traces),
		route("/api/v1/otlp/v1/metrics", metrics),
	}
}

// Handler serves the three paths of OTLP/HTTP for a listener of their own, customarily 4318. Who may write is up to
// Options.Credential and the gate.
func (rc *Receiver) Handler() http.Handler {
	mux := http.NewServeMux()
	for _, r := range rc.Routes()[:3] {
		mux.Handle(r.Method+" "+r.Pattern, r.Handler)
	}
	return mux
}
