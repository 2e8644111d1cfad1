package evaluate

import (
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"
)

// metrics are the engine's own.
type metrics struct {
	kpis        prometheus.Gauge
	watched     prometheus.Counter
	closed      prometheus.Counter
	closing     prometheus.Counter
	transitions *prometheus.CounterVec
	overLimit   *prometheus.CounterVec
	replays     prometheus.Counter
	restated    prometheus.Counter
	unwritten   prometheus.Counter
	rowsCounted prometheus.Counter
	rowsLate    prometheus.Counter
	tap         prometheus.Counter
}

func newMetrics(r prometheus.Registerer) metrics {
	f := promauto.With(r)
	counter := func(name, help string) prometheus.Counter {
		return f.NewCounter(prometheus.CounterOpts{Name: "signalbox_evaluate_" + name, Help: help})
	}
	return metrics{
		kpis:        f.NewGauge(prometheus.GaugeOpts{Name: "signalbox_evaluate_kpis", Help: "KPIs in force."}),
		watched:     counter("watched_series_total", "Series matched to at least one KPI when they were born, or after a reload."),
		closed:      counter("datapoints_total", "Datapoints closed."),
		closing:     counter("closing_seconds_total", "Time spent closing, judging and writing datapoints."),
		transitions: f.NewCounterVec(prometheus.CounterOpts{Name: "signalbox_evaluate_transitions_total", Help: "Changes of a group's light, by the light it took."}, []string{"to"}),
		overLimit:   f.NewCounterVec(prometheus.CounterOpts{Name: "signalbox_evaluate_group_limit_reached_total", Help: "KPIs that reached max_groups."}, []string{"kpi"}),
		replays:     counter("replays_total", "Replays from the store because data came late."),
		restated:    counter("restatements_total", "Datapoints said anew because data came late."),
		rowsCounted: counter("rows_total", "Rows counted, once for each side of a KPI that selects them."),
		rowsLate:    counter("rows_refused_total", "Rows that came too late, or from too far ahead, for a KPI that selects them."),
		tap:         counter("tap_seconds_total", "Time spent finding the KPIs that rows feed and counting the rows."),
		unwritten:   counter("write_failures_total", "Rounds whose datapoints or decisions could not be written at once."),
	}
}
