package emit_test

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/signalbox/signalbox/emit"
)

// sink is a response writer that costs nothing and has the optional interfaces of net/http's own.
type sink struct{ header http.Header }

func (s *sink) Header() http.Header                          { return s.header }
func (s *sink) Write(p []byte) (int, error)                  { return len(p), nil }
func (s *sink) WriteHeader(int)                              {}
func (s *sink) Flush()                                       {}
func (s *sink) Hijack() (net.Conn, *bufio.ReadWriter, error) { return nil, nil, http.ErrNotSupported }
func (s *sink) ReadFrom(r io.Reader) (int64, error)          { return io.Copy(io.Discard, r) }

// promhttpHandler is what one would write with client_golang: in-flight, duration and count.
func promhttpHandler(next http.Handler) http.Handler {
	inFlight := prometheus.NewGauge(prometheus.GaugeOpts{Name: "in_flight"})
	total := prometheus.NewCounterVec(prometheus.CounterOpts{Name: "total"}, []string{"method", "code"})
	duration := prometheus.NewHistogramVec(prometheus.HistogramOpts{
		Name: "seconds", Buckets: prometheus.DefBuckets, NativeHistogramBucketFactor: 1.1,
	}, []string{"method", "code"})
	return promhttp.InstrumentHandlerInFlight(inFlight,
		promhttp.InstrumentHandlerDuration(duration, promhttp.InstrumentHandlerCounter(total, next)))
}

// BenchmarkHandler is the cost of a request through a ServeMux, bare and wrapped: the difference to bare is what the
// wrapping adds. emit is everything: counters, sizes, native histogram, trace, exemplars; emit-untraced leaves out the last
// two, as promhttp does.
func BenchmarkHandler(b *testing.B) {
	mux := http.NewServeMux()
	ok := []byte("ok")
	mux.HandleFunc("GET /forms/{id}", func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(ok) })
	plain := httptest.NewRequest("GET", "/forms/1040", nil)
	traced := httptest.NewRequest("GET", "/forms/1040", nil)
	traced.Header.Set("traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")

	for _, c := range []struct {
		name    string
		handler http.Handler
		request *http.Request
	}{
		{"bare", mux, plain},
		{"emit", emit.New(emit.Options{}).Handler(mux), plain},
		{"emit-traceparent", emit.New(emit.Options{}).Handler(mux), traced},
		{"emit-untraced", emit.New(emit.Options{Untraced: true}).Handler(mux), plain},
		{"promhttp", promhttpHandler(mux), plain},
	} {
		b.Run(c.name, func(b *testing.B) {
			w := &sink{header: http.Header{}}
			b.ReportAllocs()
			for b.Loop() {
				c.handler.ServeHTTP(w, c.request)
			}
		})
		b.Run(c.name+"-parallel", func(b *testing.B) {
			b.ReportAllocs()
			b.RunParallel(func(pb *testing.PB) {
				w, r := &sink{header: http.Header{}}, c.request.Clone(b.Context())
				for pb.Next() {
					c.handler.ServeHTTP(w, r)
				}
			})
		})
	}
}
