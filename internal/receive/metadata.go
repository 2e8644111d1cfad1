package receive

import (
	"maps"
	"strings"
	"sync"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/metadata"
	"github.com/prometheus/prometheus/prompb"
	writev2 "github.com/prometheus/prometheus/prompb/io/prometheus/write/v2"

	"github.com/signalbox/signalbox/internal/receive/wire"
)

// book keeps what senders say of their metrics, by the name of the metric family. In memory only, and bounded: senders tell
// it again and again.
type book struct {
	mu sync.RWMutex
	m  map[string]metadata.Metadata
}

const (
	bookEntries = 20_000
	bookText    = 4096 // bytes of a help text
)

// types are the numbers that both protocols use.
var types = [...]model.MetricType{
	model.MetricTypeUnknown, model.MetricTypeCounter, model.MetricTypeGauge, model.MetricTypeHistogram,
	model.MetricTypeGaugeHistogram, model.MetricTypeSummary, model.MetricTypeInfo, model.MetricTypeStateset,
}

// Metadata returns what senders said of their metrics: type, unit and help by metric family.
func (rc *Receiver) Metadata() map[string]metadata.Metadata {
	rc.metadata.mu.RLock()
	defer rc.metadata.mu.RUnlock()
	return maps.Clone(rc.metadata.m)
}

// Learn takes in what another door was told of a metric.
func (rc *Receiver) Learn(family string, m metadata.Metadata) {
	rc.metadata.keep(family, m)
}

// TypeOf returns what senders said that a metric is; false where nobody did.
func (rc *Receiver) TypeOf(family string) (model.MetricType, bool) {
	rc.metadata.mu.RLock()
	defer rc.metadata.mu.RUnlock()
	m, ok := rc.metadata.m[family]
	return m.Type, ok
}

func (b *book) put(family string, kind int32, unit, help string) {
	if kind >= 0 && int(kind) < len(types) {
		b.keep(family, metadata.Metadata{Type: types[kind], Unit: unit, Help: help})
	}
}

func (b *book) keep(family string, m metadata.Metadata) {
	if family == "" || len(family) > bookText || len(m.Help) > bookText || len(m.Unit) > bookText {
		return
	}
	b.mu.RLock()
	old, ok := b.m[family]
	full := len(b.m) >= bookEntries
	b.mu.RUnlock()
	if ok && old == m || !ok && full {
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.m == nil {
		b.m = map[string]metadata.Metadata{}
	}
	m.Unit, m.Help = strings.Clone(m.Unit), strings.Clone(m.Help)
	b.m[strings.Clone(family)] = m
}

// read1 reads a MetricMetadata message and says whether it is one.
func (b *book) read1(v []byte) bool {
	var m prompb.MetricMetadata
	if m.Unmarshal(v) != nil {
		return false
	}
	b.put(m.MetricFamilyName, int32(m.Type), m.Unit, m.Help)
	return true
}

// isMetadata says whether v is a Metadata message of 2.0: type = 1, help_ref = 3, unit_ref = 4.
func isMetadata(v []byte) bool {
	for p := 0; p < len(v); {
		n, kind, next := wire.Field(v, p)
		if next < 0 || kind != wire.Varint && (n == 1 || n == 3 || n == 4) {
			return false
		}
		if p = wire.Skip(v, next, kind); p < 0 {
			return false
		}
	}
	return true
}

// read2 reads the metadata of a series (field 5) that was not expected; those of known series are read when they change
// their place.
func (b *book) read2(rest []byte, symbols []string, l labels.Labels) {
	for p := 0; p < len(rest); {
		n, kind, next := wire.Field(rest, p)
		if next < 0 {
			return
		}
		if n != 5 || kind != wire.Length {
			if p = wire.Skip(rest, next, kind); p < 0 {
				return
			}
			continue
		}
		v, end := wire.Chunk(rest, next)
		if end < 0 {
			return
		}
		p = end
		var m writev2.Metadata
		if m.Unmarshal(v) != nil || int(m.HelpRef) >= len(symbols) || int(m.UnitRef) >= len(symbols) {
			continue
		}
		if m.Type == writev2.Metadata_METRIC_TYPE_UNSPECIFIED && m.HelpRef == 0 && m.UnitRef == 0 {
			continue
		}
		b.put(family(l.Get(model.MetricNameLabel), m.Type), int32(m.Type), symbols[m.UnitRef], symbols[m.HelpRef])
	}
}

// family takes the suffix off the name of a histogram's or summary's series.
func family(name string, t writev2.Metadata_MetricType) string {
	switch t {
	case writev2.Metadata_METRIC_TYPE_HISTOGRAM, writev2.Metadata_METRIC_TYPE_GAUGEHISTOGRAM, writev2.Metadata_METRIC_TYPE_SUMMARY:
		for _, s := range [...]string{"_bucket", "_count", "_sum"} {
			if f, ok := strings.CutSuffix(name, s); ok {
				return f
			}
		}
	}
	return name
}
