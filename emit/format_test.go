package emit_test

import (
	"io"
	"net/http"
	"testing"
	"time"

	dto "github.com/prometheus/client_model/go"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/signalbox/signalbox/emit"
)

// nativeTotal is the number of observations in a native histogram's buckets.
func nativeTotal(h *dto.Histogram) uint64 {
	total, count, i := int64(h.GetZeroCount()), int64(0), 0
	for _, s := range h.GetPositiveSpan() {
		for range s.GetLength() {
			count += h.GetPositiveDelta()[i]
			total += count
			i++
		}
	}
	return uint64(total)
}

func TestProtobufCarriesNativeHistogramExemplarAndStart(t *testing.T) {
	before := time.Now().Add(-time.Second)
	e := emit.New(emit.Options{})
	var trace emit.Trace
	server := serve(t, e.Handler(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		if trace == (emit.Trace{}) {
			trace, _ = emit.TraceFrom(r.Context())
		}
	})))
	for range 20 {
		do(t, server, "GET", "/", nil)
	}
	got := scrape(t, e, acceptProtobuf)
	h := got.find("http_request_duration_seconds", "code", "200").GetHistogram()
	require.EqualValues(t, 20, h.GetSampleCount())
	assert.EqualValues(t, 3, h.GetSchema())
	assert.EqualValues(t, 20, nativeTotal(h))
	assert.Positive(t, h.GetSampleSum())
	for _, created := range []time.Time{
		h.GetCreatedTimestamp().AsTime(),
		got.find("http_requests_total").GetCounter().GetCreatedTimestamp().AsTime(),
		got.find("http_errors_total").GetCounter().GetCreatedTimestamp().AsTime(),
		got.find("http_response_size_bytes").GetHistogram().GetCreatedTimestamp().AsTime(),
		got.find("emit_requests_overflow_total").GetCounter().GetCreatedTimestamp().AsTime(),
	} {
		assert.WithinRange(t, created, before, time.Now().Add(time.Second))
	}
	ids := map[string]string{}
	for _, x := range h.GetExemplars() {
		for _, l := range x.GetLabel() {
			ids[l.GetName()+" "+l.GetValue()] = ""
		}
		assert.WithinRange(t, x.GetTimestamp().AsTime(), before, time.Now().Add(time.Second))
	}
	assert.Contains(t, ids, "trace_id "+trace.TraceID())
	assert.Contains(t, ids, "span_id "+trace.SpanID())
}

func TestOpenMetricsCarriesExemplars(t *testing.T) {
	e := emit.New(emit.Options{})
	server := serve(t, e.Handler(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {})))
	do(t, server, "GET", "/", nil)
	header, body := fetch(t, e, acceptOpenMetrics)
	text, err := io.ReadAll(body)
	require.NoError(t, err)
	assert.Contains(t, header.Get("Content-Type"), "application/openmetrics-text")
	assert.Regexp(t, `http_request_duration_seconds_bucket\{.*\} 1 # \{span_id="[0-9a-f]{16}",trace_id="[0-9a-f]{32}"\}`, string(text))
	assert.Contains(t, string(text), "\n# EOF\n")
}
