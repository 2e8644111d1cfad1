// Package promapi serves Prometheus' HTTP API under /api/v1 with Prometheus' own code, so that Grafana, promtool and every
// other client finds what it expects. It reads only: there is no admin, no lifecycle, and remote write belongs to another
// room.
package promapi

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/url"
	"regexp"
	"runtime/debug"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/common/route"
	promconfig "github.com/prometheus/prometheus/config"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/promql/parser"
	"github.com/prometheus/prometheus/storage"
	"github.com/prometheus/prometheus/tsdb"
	"github.com/prometheus/prometheus/tsdb/index"
	v1 "github.com/prometheus/prometheus/web/api/v1"

	"github.com/signalbox/signalbox/internal/access"
)

// Targets is what the scrape room answers for.
type Targets interface {
	v1.TargetRetriever
	v1.ScrapePoolsRetriever
}

// Options of an API.
type Options struct {
	Engine      promql.QueryEngine
	Parser      parser.Parser // the engine's; default: PromQL without experimental functions
	Queryable   storage.SampleAndChunkQueryable
	Exemplars   storage.ExemplarQueryable
	Targets     Targets
	Rules       v1.RulesRetriever
	Config      func() *promconfig.Config // the configuration in force
	Flags       map[string]string         // names and values of the command line, without secrets
	ExternalURL *url.URL

	// Stats describes the newest data: labelName is the label whose values are counted, limit bounds the lists. Without it
	// status/tsdb answers 503.
	Stats     func(labelName string, limit int) (*tsdb.Stats, error)
	Retention string // of samples, for people
	Version   string // of this program
	Revision  string
	Reloaded  func() (at time.Time, ok bool) // when the configuration was last loaded, and whether the last attempt worked

	RemoteRead    bool // serve /api/v1/read
	MaxConcurrent int  // requests answered at once, the others wait; default 20
	Gatherer      prometheus.Gatherer
	Registerer    prometheus.Registerer
	Logger        *slog.Logger
	Now           func() time.Time
}

// API is Prometheus' HTTP API over the house's stores.
type API struct {
	o       Options
	started time.Time
	handler http.Handler
	slots   chan struct{}
}

// Remote read, with Prometheus' own default bounds.
const (
	readSamples    = 5e7
	readConcurrent = 10
	readFrameBytes = 1 << 20
	readBody       = 1 << 20
)

// New returns the API.
func New(o Options) *API {
	if o.Parser == nil {
		o.Parser = parser.NewParser(parser.Options{})
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.Registerer == nil {
		o.Registerer = prometheus.NewRegistry()
	}
	if o.Gatherer == nil {
		o.Gatherer = prometheus.NewRegistry()
	}
	if o.ExternalURL == nil {
		o.ExternalURL = &url.URL{Scheme: "http", Host: "127.0.0.1:9700"}
	}
	if o.Config == nil {
		o.Config = func() *promconfig.Config { return &promconfig.Config{} }
	}
	if o.MaxConcurrent <= 0 {
		o.MaxConcurrent = 20
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	a := &API{o: o, started: o.Now().UTC(), slots: make(chan struct{}, o.MaxConcurrent)}
	api := v1.NewAPI(
		o.Engine, o.Queryable, nil, nil, o.Exemplars,
		func(context.Context) v1.ScrapePoolsRetriever { return o.Targets },
		func(context.Context) v1.TargetRetriever { return shownTargets{o.Targets} },
		func(context.Context) v1.AlertmanagerRetriever { return self{o.ExternalURL} },
		func() promconfig.Config { return shown(o.Config()) },
		o.Flags,
		v1.GlobalURLOptions{ListenAddress: o.ExternalURL.Host, Host: o.ExternalURL.Host, Scheme: o.ExternalURL.Scheme},
		func(f http.HandlerFunc) http.HandlerFunc { return f }, // app answers nothing before it is ready
		stats{o.Stats}, "", false,
		false, 0,
		o.Logger,
		func(context.Context) v1.RulesRetriever { return o.Rules },
		readSamples, readConcurrent, readFrameBytes,
		false, nil,
		a.runtimeInfo,
		&v1.PrometheusVersion{
			// Clients choose what they ask for by this version, so it is that of the API, not ours.
			Version:   apiVersion(),
			Revision:  strings.TrimSpace(o.Version + " " + o.Revision),
			Branch:    "signalbox",
			GoVersion: goVersion(),
		},
		nil, nil,
		o.Gatherer, o.Registerer,
		nil,
		false, nil,
		false, false, false, false,
		0, false, false,
		nil, nil,
		v1.OpenAPIOptions{},
		o.Parser,
	)
	router := route.New()
	api.Register(router)
	a.handler = http.StripPrefix("/api/v1", sameOrigin(router))
	return a
}

// Routes returns what the API serves. POST is reading, too: it carries queries that are too long for a URL.
func (a *API) Routes() []access.Route {
	var out []access.Route
	action := access.ReadSignals
	add := func(pattern string, h http.Handler, methods ...string) {
		for _, m := range methods {
			out = append(out, access.Route{Method: m, Pattern: "/api/v1/" + pattern, Action: action, Handler: h})
		}
	}
	for _, p := range []string{"query", "query_range", "query_exemplars", "labels", "series", "format_query", "parse_query"} {
		add(p, a.queued(a.handler), http.MethodGet, http.MethodPost)
	}
	add("label/{name}/values", a.queued(a.handler), http.MethodGet)
	add("status/buildinfo", a.handler, http.MethodGet) // clients ask it first
	if a.o.RemoteRead {
		add("read", http.MaxBytesHandler(a.queued(a.handler), readBody), http.MethodPost)
	}
	// What has no labels to be bounded by is for people who see everything.
	action = access.ReadServer
	for _, p := range []string{
		"metadata", "rules", "alerts", "alertmanagers", "scrape_pools", "scrape_pools/config",
		"status/config", "status/flags", "status/runtimeinfo", "status/tsdb",
	} {
		add(p, a.handler, http.MethodGet)
	}
	add("targets", masking(a.handler), http.MethodGet)
	add("targets/metadata", a.handler, http.MethodGet)
	return out
}

// sameOrigin takes away the header that would make the library answer pages of other sites.
func sameOrigin(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Origin") != "" {
			r = r.Clone(r.Context())
			r.Header.Del("Origin")
		}
		next.ServeHTTP(w, r)
	})
}

// queued bounds how many queries run at once; one that waits too long for its client is dropped.
func (a *API) queued(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		select {
		case a.slots <- struct{}{}:
			defer func() { <-a.slots }()
			next.ServeHTTP(w, r)
		case <-r.Context().Done():
			w.Header().Set("Content-Type", "application/json")
			w.WriteHeader(http.StatusServiceUnavailable)
			_, _ = w.Write([]byte(`{"status":"error","errorType":"timeout","error":"too many queries at once: the query waited for its turn until the client gave up"}`))
		}
	})
}

// self names the house as the only Alertmanager.
type self struct{ external *url.URL }

func (s self) Alertmanagers() []*url.URL { return []*url.URL{s.external.JoinPath("/api/v2/alerts")} }

func (self) DroppedAlertmanagers() []*url.URL { return nil }

// stats answers for the newest data and refuses everything that changes it.
type stats struct {
	of func(labelName string, limit int) (*tsdb.Stats, error)
}

var errReadOnly = errors.New("the Prometheus API of Signalbox only reads")

func (s stats) Stats(labelName string, limit int) (*tsdb.Stats, error) {
	if s.of == nil {
		return nil, tsdb.ErrNotReady
	}
	st, err := s.of(labelName, limit)
	if err == nil && st.IndexPostingStats == nil {
		st.IndexPostingStats = &index.PostingsStats{}
	}
	return st, err
}

func (stats) CleanTombstones() error { return errReadOnly }

func (stats) Delete(context.Context, int64, int64, ...*labels.Matcher) error { return errReadOnly }

func (stats) Snapshot(string, bool) error { return errReadOnly }

func (stats) WALReplayStatus() (tsdb.WALReplayStatus, error) { return tsdb.WALReplayStatus{}, nil }

func (stats) BlockMetas() ([]tsdb.BlockMeta, error) { return nil, tsdb.ErrNotReady }

// apiVersion turns the library's module version, v0.315.0, into the release that it is, 3.15.0.
func apiVersion() string {
	const known = "3.15.0"
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return known
	}
	for _, d := range info.Deps {
		if d.Path == "github.com/prometheus/prometheus" {
			if v, ok := releaseOf(d.Version); ok {
				return v
			}
		}
	}
	return known
}

var module = regexp.MustCompile(`^v0\.(\d)(\d\d)\.(\d+)`)

func releaseOf(version string) (string, bool) {
	m := module.FindStringSubmatch(version)
	if m == nil {
		return "", false
	}
	minor := strings.TrimPrefix(m[2], "0")
	return m[1] + "." + minor + "." + m[3], true
}

func goVersion() string {
	if info, ok := debug.ReadBuildInfo(); ok {
		return info.GoVersion
	}
	return ""
}
