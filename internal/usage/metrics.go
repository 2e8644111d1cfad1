package usage

import "github.com/prometheus/client_golang/prometheus"

// metrics tells an operator what the bounds cut off.
type metrics struct{}

func (metrics) register(r *Room) error {
	if r.opt.Registerer == nil {
		return nil
	}
	for _, m := range []struct {
		name, help string
		counter    bool
		value      func() float64
	}{
		{"signalbox_usage_people", "People known to the usage room.", false, func() float64 { return float64(len(r.state.number)) }},
		{"signalbox_usage_live_sessions", "Sessions that a late event may still reach, by person and slice.", false, func() float64 { return float64(len(r.state.live.list)) }},
		{"signalbox_usage_error_groups", "Error groups.", false, func() float64 { return float64(len(r.failures.groups)) }},
		{"signalbox_usage_late_events_total", "Events that came over two days late: counted for people, not for sessions.", true, func() float64 { return r.state.late }},
		{"signalbox_usage_people_beyond_total", "Events without a person because there was no room for more people.", true, func() float64 { return r.state.beyond }},
		{"signalbox_usage_apps_beyond_total", "Events counted under everything only, for want of room for more applications.", true, func() float64 { return r.state.appsBeyond }},
		{"signalbox_usage_features_beyond_total", "Uses of features that are not counted one by one.", true, func() float64 { return r.state.featsBeyond }},
		{"signalbox_usage_errors_beyond_total", "Errors of groups that were given up for newer ones.", true, func() float64 { return r.failures.beyond }},
		{"signalbox_usage_spans_hurried_total", "Spans whose caller was looked for early, for want of room.", true, func() float64 { return r.joiner.hurried }},
	} {
		value := func() float64 {
			r.mu.Lock()
			defer r.mu.Unlock()
			return m.value()
		}
		var c prometheus.Collector = prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: m.name, Help: m.help}, value)
		if m.counter {
			c = prometheus.NewCounterFunc(prometheus.CounterOpts{Name: m.name, Help: m.help}, value)
		}
		if err := r.opt.Registerer.Register(c); err != nil {
			return err
		}
	}
	return nil
}
