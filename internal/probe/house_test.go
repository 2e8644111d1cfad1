package probe_test

import (
	"context"
	"math"
	"net/netip"
	"sync"
	"testing"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/histogram"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/storage"
	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v2"

	"github.com/signalbox/signalbox/internal/egress"
	"github.com/signalbox/signalbox/internal/probe"
)

// tape is an appendable that keeps what is committed: the newest value of each series.
type tape struct {
	mu     sync.Mutex
	newest map[string]float64 // name{labels}, stale ones are gone
	byName map[string]float64
	rounds int
}

func (p *tape) AppenderV2(context.Context) storage.AppenderV2 {
	return &appender{AppenderV2: nil, tape: p, points: map[string]float64{}, names: map[string]float64{}}
}

type appender struct {
	storage.AppenderV2
	tape          *tape
	points, names map[string]float64
}

func (a *appender) Append(_ storage.SeriesRef, l labels.Labels, _, _ int64, v float64, _ *histogram.Histogram, _ *histogram.FloatHistogram, _ storage.AOptions) (storage.SeriesRef, error) {
	a.points[l.String()] = v
	a.names[l.Get(model.MetricNameLabel)] = v
	return 1, nil
}

func (a *appender) Commit() error {
	a.tape.mu.Lock()
	defer a.tape.mu.Unlock()
	for k, v := range a.points {
		if math.IsNaN(v) {
			delete(a.tape.newest, k)
		} else {
			a.tape.newest[k] = v
		}
	}
	a.tape.byName = a.names
	a.tape.rounds++
	return nil
}

func (a *appender) Rollback() error { return nil }

func configs(t *testing.T, text string) (out []probe.Config) {
	require.NoError(t, yaml.UnmarshalStrict([]byte(text), &out))
	return out
}

// loopback lets tests ask this machine.
func loopback() *egress.Dialer {
	return egress.New(egress.Options{Allow: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8"), netip.MustParsePrefix("::1/128")}})
}

// ask runs the only probe of a configuration once and returns the values by name, and its state.
func ask(t *testing.T, text string, change ...func(*probe.Options)) (*tape, probe.State) {
	to := &tape{newest: map[string]float64{}}
	o := probe.Options{Appendable: to, Egress: loopback(), Probes: configs(t, text)}
	for _, f := range change {
		f(&o)
	}
	p, err := probe.New(o)
	require.NoError(t, err)
	probe.Once(t.Context(), p)
	return to, p.Sources()[0]
}
