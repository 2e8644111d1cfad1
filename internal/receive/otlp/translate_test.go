package otlp_test

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/otlptranslator"
	"github.com/prometheus/prometheus/config"
	"github.com/prometheus/prometheus/model/histogram"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/storage"
	"github.com/prometheus/prometheus/storage/remote/otlptranslator/prometheusremotewrite"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/pmetric"
	"go.opentelemetry.io/collector/pdata/pmetric/pmetricotlp"

	"github.com/signalbox/signalbox/internal/gate"
	"github.com/signalbox/signalbox/internal/receive/otlp"
)

// ledger writes every sample down as a line.
type ledger struct {
	mu     sync.Mutex
	series []string
	lines  map[string]int
}

func (l *ledger) Born(ls labels.Labels) gate.Watch {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.series = append(l.series, ls.String())
	return gate.Watch(len(l.series))
}

func (l *ledger) Observe(b []gate.Sample) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, s := range b {
		l.note(l.series[s.Watch-1], s.ST, s.T, s.V, s.H, s.FH)
	}
}

func (l *ledger) note(series string, st, t int64, v float64, h *histogram.Histogram, fh *histogram.FloatHistogram) {
	value := fmt.Sprintf("%x", math.Float64bits(v))
	if h != nil {
		value = fmt.Sprintf("%s schema %d zero %d custom %v", h, h.Schema, h.ZeroCount, h.CustomValues)
	} else if fh != nil {
		value = fh.String()
	}
	if l.lines == nil {
		l.lines = map[string]int{}
	}
	l.lines[fmt.Sprintf("%s %d %d %s", series, st, t, value)] = 1
}

func (l *ledger) text() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	var out []string
	for k := range l.lines {
		out = append(out, k)
	}
	slices.Sort(out)
	return out
}

// library is the ledger of what Prometheus' own converter appends.
type library struct {
	storage.AppenderV2
	ledger
}

func (a *library) Append(_ storage.SeriesRef, l labels.Labels, st, t int64, v float64, h *histogram.Histogram, fh *histogram.FloatHistogram, _ storage.AOptions) (storage.SeriesRef, error) {
	a.note(l.String(), st, t, v, h, fh)
	return 1, nil
}

var words = []string{"http.server.duration", "cpu", "system.memory.usage", "a-b_c", "1st", "_hidden", "über", "requests.total", "x", "k__y", "k..y", "queue%size"}

// randomMetrics makes a request of all kinds of metrics. Each datapoint has an attribute of its own, so that none collide.
func randomMetrics(r *rand.Rand) pmetric.Metrics {
	md := pmetric.NewMetrics()
	word := func() string { return words[r.IntN(len(words))] }
	at := func() pcommon.Timestamp {
		return pcommon.NewTimestampFromTime(base.Add(-time.Duration(r.Int64N(int64(20 * time.Minute)))))
	}
	id := 0
	fill := func(m pcommon.Map) {
		for range r.IntN(4) {
			k := word()
			switch r.IntN(6) {
			case 0:
				m.PutInt(k, r.Int64())
			case 1:
				m.PutDouble(k, r.NormFloat64()*1e-7)
			case 2:
				m.PutBool(k, r.IntN(2) == 0)
			case 3:
				s := m.PutEmptySlice(k)
				s.AppendEmpty().SetStr("q\"<\u2028")
				s.AppendEmpty().SetDouble(1e22)
			case 4:
				x := m.PutEmptyMap(k)
				x.PutStr("z", "1")
				x.PutEmptyBytes("a").FromRaw([]byte{1, 2, 3})
			default:
				m.PutStr(k, word())
			}
		}
	}
	own := func(m pcommon.Map) {
		fill(m)
		id++
		m.PutInt("id", int64(id))
	}
	for range 1 + r.IntN(3) {
		rm := md.ResourceMetrics().AppendEmpty()
		fill(rm.Resource().Attributes())
		if r.IntN(4) > 0 {
			rm.Resource().Attributes().PutStr("service.name", fmt.Sprint("svc", r.IntN(1e6)))
		}
		if r.IntN(2) > 0 {
			rm.Resource().Attributes().PutStr("service.namespace", "ns")
			rm.Resource().Attributes().PutStr("service.instance.id", fmt.Sprint("i", r.IntN(1e6)))
			rm.Resource().Attributes().PutStr("host.name", "h")
		}
		for range 1 + r.IntN(2) {
			sm := rm.ScopeMetrics().AppendEmpty()
			if r.IntN(2) == 0 {
				sm.Scope().SetName("scope")
				sm.Scope().SetVersion("v1")
				sm.SetSchemaUrl([]string{"", "https://schema.example/1"}[r.IntN(2)])
				fill(sm.Scope().Attributes())
			}
			for range r.IntN(6) {
				m := sm.Metrics().AppendEmpty()
				m.SetName(word())
				m.SetUnit([]string{"", "1", "s", "By", "By/s", "{req}", "%", "ms", "km/h"}[r.IntN(9)])
				m.SetDescription("help")
				number := func(p pmetric.NumberDataPoint) {
					own(p.Attributes())
					p.SetTimestamp(at())
					if r.IntN(2) == 0 {
						p.SetStartTimestamp(p.Timestamp() - 1e12)
					}
					switch r.IntN(8) {
					case 0:
						p.SetFlags(pmetric.DefaultDataPointFlags.WithNoRecordedValue(true))
					case 1: // no value
					case 2, 3:
						p.SetIntValue(r.Int64())
					default:
						p.SetDoubleValue(r.NormFloat64())
					}
				}
				switch r.IntN(5) {
				case 0:
					m.SetEmptyGauge()
					for range r.IntN(4) {
						number(m.Gauge().DataPoints().AppendEmpty())
					}
				case 1:
					m.SetEmptySum().SetAggregationTemporality(pmetric.AggregationTemporalityCumulative)
					m.Sum().SetIsMonotonic(r.IntN(2) == 0)
					for range r.IntN(4) {
						number(m.Sum().DataPoints().AppendEmpty())
					}
				case 2:
					m.SetEmptyHistogram().SetAggregationTemporality(pmetric.AggregationTemporalityCumulative)
					for range r.IntN(4) {
						p := m.Histogram().DataPoints().AppendEmpty()
						own(p.Attributes())
						p.SetTimestamp(at())
						p.SetStartTimestamp(p.Timestamp() - 1e12)
						var n uint64
						bounds := []float64{0.005, 0.1, 1, 2.5, 1000}[:r.IntN(6)]
						for range len(bounds) + 1 {
							c := uint64(r.IntN(5))
							p.BucketCounts().Append(c)
							n += c
						}
						p.ExplicitBounds().FromRaw(bounds)
						p.SetCount(n)
						if r.IntN(3) > 0 {
							p.SetSum(r.Float64())
						}
						if r.IntN(8) == 0 {
							p.SetFlags(pmetric.DefaultDataPointFlags.WithNoRecordedValue(true))
						}
					}
				case 3:
					m.SetEmptyExponentialHistogram().SetAggregationTemporality(pmetric.AggregationTemporalityCumulative)
					for range r.IntN(4) {
						p := m.ExponentialHistogram().DataPoints().AppendEmpty()
						own(p.Attributes())
						p.SetTimestamp(at())
						p.SetScale(int32(r.IntN(16) - 4))
						p.SetZeroCount(uint64(r.IntN(3)))
						n := p.ZeroCount()
						for _, b := range []pmetric.ExponentialHistogramDataPointBuckets{p.Positive(), p.Negative()} {
							b.SetOffset(int32(r.IntN(60) - 30))
							for range r.IntN(30) {
								c := uint64(0)
								if r.IntN(3) == 0 {
									c = uint64(r.IntN(100))
								}
								b.BucketCounts().Append(c)
								n += c
							}
						}
						p.SetCount(n)
						if n > 0 {
							p.SetSum(r.NormFloat64())
						}
					}
				case 4:
					m.SetEmptySummary()
					for range r.IntN(4) {
						p := m.Summary().DataPoints().AppendEmpty()
						own(p.Attributes())
						p.SetTimestamp(at())
						p.SetCount(uint64(r.IntN(100)))
						p.SetSum(r.Float64())
						for _, q := range []float64{0, 0.5, 0.999, 1}[:r.IntN(5)] {
							v := p.QuantileValues().AppendEmpty()
							v.SetQuantile(q)
							v.SetValue(r.Float64())
						}
					}
				}
			}
		}
	}
	return md
}

// TestMetricsAreTranslatedAsPrometheusDoes compares what reaches the store with what Prometheus' own converter makes of the
// same random requests, sent twice: the second time the series are known.
func TestMetricsAreTranslatedAsPrometheusDoes(t *testing.T) {
	for _, c := range []struct {
		name   string
		change func(*config.OTLPConfig)
		rounds int
	}{
		{"defaults", func(*config.OTLPConfig) {}, 300},
		{"no suffixes", func(c *config.OTLPConfig) { c.TranslationStrategy = otlptranslator.UnderscoreEscapingWithoutSuffixes }, 60},
		{"no translation", func(c *config.OTLPConfig) { c.TranslationStrategy = otlptranslator.NoTranslation }, 60},
		{"promote", func(c *config.OTLPConfig) {
			c.PromoteResourceAttributes = []string{"host.name", "cpu", "a-b_c"}
			c.PromoteScopeMetadata = true
			c.KeepIdentifyingResourceAttributes = true
			c.LabelNamePreserveMultipleUnderscores = false
		}, 100},
		{"promote all, custom buckets", func(c *config.OTLPConfig) {
			c.PromoteAllResourceAttributes = true
			c.IgnoreResourceAttributes = []string{"cpu"}
			c.ConvertHistogramsToNHCB = true
		}, 100},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := rand.New(rand.NewPCG(1, uint64(len(c.name))))
			cfg := config.DefaultOTLPConfig
			c.change(&cfg)
			got := &ledger{}
			h := build(t, gate.Limits{}, func(o *otlp.Options) {
				o.Metrics = &cfg
				g := gate.New(gate.Options{Store: storeOf(t), Observers: []gate.Observer{got}, Now: o.Now})
				o.Gate = g
			})
			lines := 0
			for round := range c.rounds {
				md := randomMetrics(r)
				want := &library{}
				_, err := prometheusremotewrite.NewPrometheusConverter(want).FromMetrics(context.Background(), md, prometheusremotewrite.Settings{
					AddMetricSuffixes: cfg.TranslationStrategy.ShouldAddSuffixes(), AllowUTF8: !cfg.TranslationStrategy.ShouldEscape(),
					PromoteResourceAttributes:         prometheusremotewrite.NewPromoteResourceAttributes(cfg),
					KeepIdentifyingResourceAttributes: cfg.KeepIdentifyingResourceAttributes, ConvertHistogramsToNHCB: cfg.ConvertHistogramsToNHCB,
					PromoteScopeMetadata: cfg.PromoteScopeMetadata, LabelNameUnderscoreSanitization: cfg.LabelNameUnderscoreSanitization,
					LabelNamePreserveMultipleUnderscores: cfg.LabelNamePreserveMultipleUnderscores,
				})
				require.NoError(t, err)
				body, err := pmetricotlp.NewExportRequestFromMetrics(md).MarshalProto()
				require.NoError(t, err)
				js, err := pmetricotlp.NewExportRequestFromMetrics(md).MarshalJSON()
				require.NoError(t, err)
				bodies := []struct {
					contentType string
					body        []byte
				}{{protobuf, body}, {jsonType, js}}
				if round%2 == 1 {
					slices.Reverse(bodies)
				}
				got.lines = nil
				for _, b := range bodies { // what comes again is no duplicate, whatever it comes as
					w := h.post("/v1/metrics", b.contentType, "", b.body)
					require.Equal(t, 200, w.Code, w.Body)
					require.Empty(t, strings.TrimPrefix(w.Body.String(), "{}"))
					require.Equal(t, strings.Join(want.text(), "\n"), strings.Join(got.text(), "\n"))
				}
				lines += len(got.lines)
			}
			require.Greater(t, lines, 10*c.rounds)
		})
	}
}

func pcommonTime(t time.Time) pcommon.Timestamp { return pcommon.NewTimestampFromTime(t) }
