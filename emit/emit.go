// Package emit gives a Go HTTP service the signals that Signalbox judges.
//
//	e := emit.New(emit.Options{Labels: map[string]string{"agency": "IRS", "env": "prod"}})
//	mux.Handle("GET /metrics", e.Metrics())
//	http.ListenAndServe("127.0.0.1:8000", e.Handler(mux))
//
// Every request is timed, counted by method, route and code, and given a W3C trace id that is the exemplar of its
// duration, appears in log lines through [LogHandler] and is passed on by [Transport].
//
//	http_requests_total{method,route,code}              requests that have ended
//	http_request_duration_seconds{method,route,code}    classic and native (schema 3) histogram
//	http_errors_total{method,route,type}                type is 4xx, 5xx, panic, abort or canceled; one per request
//	http_requests_in_flight                             requests being handled now
//	http_request_size_bytes{method,route}               body bytes in, classic and native histogram
//	http_response_size_bytes{method,route}              body bytes out, classic and native histogram
//	app_build_info{version,revision,goversion}          always 1
//	emit_requests_overflow_total                        requests whose labels were folded into route="other"
//	emit_events_sent_total                              events of [Track] that were accepted
//	emit_events_dropped_total{reason}                   events that were not delivered
//
// The package keeps numbers in memory until they are scraped. It starts no goroutine, opens no connection but for the
// events of [Emitter.Run], and refuses to put anything a client can choose (path, unknown method, header) into a label.
// Traces and logs over OTLP are the sub-package otel's.
package emit

import (
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// Emitter holds the numbers of one service. It is made by [New] and safe for concurrent use.
type Emitter struct {
	clock      clock
	registry   *prometheus.Registry
	registerer prometheus.Registerer
	table      *table
	inFlight   inFlight
	untraced   bool
	events     *sender // nil: events go nowhere
}

// New returns an Emitter that has registered its metrics and started nothing.
//
// Options are written by the programmer, so a mistake in them panics at start, with the sentence that
// [Options.Validate] returns; so does a second Emitter on one registry.
func New(o Options) *Emitter {
	if err := o.Validate(); err != nil {
		panic(err)
	}
	o = o.withDefaults()
	e := &Emitter{clock: clock{base: time.Now()}, registry: o.Registry, untraced: o.Untraced}
	own := e.registry == nil
	if own {
		e.registry = prometheus.NewRegistry()
	}
	e.registerer = prometheus.WrapRegistererWith(o.Labels, e.registry)
	if own {
		e.registerer.MustRegister(
			collectors.NewGoCollector(),
			collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
		)
	}
	e.table = newTable(o.MaxCombinations, newLayout(nanoseconds, o.Buckets), newLayout(bytes, sizeBuckets), &e.clock)
	e.registerer.MustRegister(&collector{emitter: e}, buildInfo(o.Version))
	e.events = newSender(o, e.registerer)
	return e
}

// Registerer is where an application adds its own metrics; they carry the constant labels too.
func (e *Emitter) Registerer() prometheus.Registerer { return e.registerer }

// Metrics serves the scrape: Prometheus text, OpenMetrics (with exemplars) or protobuf (with exemplars, native
// histograms and start timestamps), as the scraper's Accept header asks. A scrape is not the service's work, so inside
// [Emitter.Handler] it is neither counted nor timed; a KPI over a quiet service would otherwise judge its own scraper.
func (e *Emitter) Metrics() http.Handler {
	next := promhttp.HandlerFor(e.registry, promhttp.HandlerOpts{EnableOpenMetrics: true})
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if x := exchangeAround(r.Context(), w); x != nil && x.emitter == e && !x.uncounted {
			x.uncounted = true
			e.inFlight.add(x.trace.shard(), -1)
		}
		next.ServeHTTP(w, r)
	})
}

// clock reads the monotonic time only, which costs half of time.Now; a wall time is base plus a reading.
type clock struct{ base time.Time }

// now is the time since base.
func (c *clock) now() time.Duration { return time.Since(c.base) }

// wall is the instant of a reading of now.
func (c *clock) wall(d time.Duration) time.Time { return c.base.Add(d) }
