package gate

import (
	"strings"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"

	"github.com/signalbox/signalbox/internal/policy"
)

// Interval says how far apart samples of a pushed series are kept, 0 for as they come, and whether its values add up, so that
// a fall is a reset. Native says that its samples are native histograms.
func (s *Sampler) Interval(source string, l labels.Labels, native bool) (every time.Duration, cumulative bool) {
	var t policy.MetricType
	for _, r := range *s.rules.Load() {
		if r.metrics == nil || r.source != "" && r.source != source || !all(r.match, l) {
			continue
		}
		if t == "" {
			t = s.seriesType(l, native)
		}
		if d, ok := r.metrics[t]; ok {
			name := l.Get(model.MetricNameLabel)
			return d, t == policy.Counter || t == policy.Histogram || strings.HasSuffix(name, "_count") || strings.HasSuffix(name, "_sum")
		}
	}
	return 0, false
}

func all(ms []*labels.Matcher, l labels.Labels) bool {
	for _, m := range ms {
		if !m.Matches(l.Get(m.Name)) {
			return false
		}
	}
	return true
}

// seriesType is the type of the metric that a series belongs to: as somebody knows it, else as its labels and name say.
func (s *Sampler) seriesType(l labels.Labels, native bool) policy.MetricType {
	name := l.Get(model.MetricNameLabel)
	if t := s.typeOf(name); t != "" {
		return t
	}
	family := name
	for _, suffix := range [...]string{"_bucket", "_count", "_sum"} {
		if f, ok := strings.CutSuffix(name, suffix); ok {
			if t := s.typeOf(f); t == policy.Histogram || t == policy.Summary {
				return t
			}
			family = f
		}
	}
	switch {
	case native || l.Has(labels.BucketLabel) || family != name:
		return policy.Histogram
	case l.Has("quantile"):
		return policy.Summary
	case strings.HasSuffix(name, "_total"):
		return policy.Counter
	}
	return policy.Untyped
}
