package emit_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"testing"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
	"github.com/stretchr/testify/require"

	"github.com/signalbox/signalbox/emit"
)

const (
	acceptText        = "text/plain;version=0.0.4"
	acceptOpenMetrics = "application/openmetrics-text;version=1.0.0"
	acceptProtobuf    = "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited"
)

// families is a scrape, by metric name.
type families map[string]*dto.MetricFamily

// scrape reads e's metrics over a real connection, as text or protobuf.
func scrape(t testing.TB, e *emit.Emitter, accept string) families {
	t.Helper()
	header, body := fetch(t, e, accept)
	parsed := families{}
	if accept == acceptText {
		parser := expfmt.NewTextParser(model.UTF8Validation)
		got, err := parser.TextToMetricFamilies(body)
		require.NoError(t, err)
		return got
	}
	decoder := expfmt.NewDecoder(body, expfmt.ResponseFormat(header))
	for {
		var f dto.MetricFamily
		err := decoder.Decode(&f)
		if err == io.EOF {
			return parsed
		}
		require.NoError(t, err)
		parsed[f.GetName()] = &f
	}
}

func fetch(t testing.TB, e *emit.Emitter, accept string) (http.Header, io.Reader) {
	t.Helper()
	server := httptest.NewServer(e.Metrics())
	t.Cleanup(server.Close)
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, server.URL, nil)
	require.NoError(t, err)
	request.Header.Set("Accept", accept)
	response, err := server.Client().Do(request)
	require.NoError(t, err)
	t.Cleanup(func() { _ = response.Body.Close() })
	require.Equal(t, http.StatusOK, response.StatusCode)
	return response.Header, response.Body
}

// find is the metric of a family that has these labels (name, value, ...), or nil.
func (f families) find(name string, labels ...string) *dto.Metric {
	for _, m := range f[name].GetMetric() {
		have := map[string]string{}
		for _, l := range m.GetLabel() {
			have[l.GetName()] = l.GetValue()
		}
		matches := true
		for i := 0; i < len(labels); i += 2 {
			matches = matches && have[labels[i]] == labels[i+1]
		}
		if matches {
			return m
		}
	}
	return nil
}

// counter is the value of a counter, -1 if it is not there.
func (f families) counter(name string, labels ...string) float64 {
	m := f.find(name, labels...)
	if m == nil {
		return -1
	}
	return m.GetCounter().GetValue()
}

// values are all values of one label in a family.
func (f families) values(name, label string) map[string]bool {
	all := map[string]bool{}
	for _, m := range f[name].GetMetric() {
		for _, l := range m.GetLabel() {
			if l.GetName() == label {
				all[l.GetValue()] = true
			}
		}
	}
	return all
}
