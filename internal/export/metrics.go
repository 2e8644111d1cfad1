package export

import (
	"fmt"

	"github.com/prometheus/client_golang/prometheus"
)

// metrics are what the room shows of itself.
type metrics struct {
	rows, bytes, failures *prometheus.CounterVec
	running, due, success prometheus.Gauge
}

func newMetrics() metrics {
	counter := func(name, help string, labels ...string) *prometheus.CounterVec {
		return prometheus.NewCounterVec(prometheus.CounterOpts{Name: "signalbox_export_" + name, Help: help}, labels)
	}
	gauge := func(name, help string) prometheus.Gauge {
		return prometheus.NewGauge(prometheus.GaugeOpts{Name: "signalbox_export_" + name, Help: help})
	}
	return metrics{
		rows:     counter("rows_total", "Rows that left the house as Parquet files, by table and by kind: request or schedule.", "table", "kind"),
		bytes:    counter("bytes_total", "Bytes of these files.", "table", "kind"),
		failures: counter("failures_total", "Exports that failed or were cut off, by kind.", "kind"),
		running:  gauge("running", "Exports that are being made."),
		due:      gauge("days_due", "Days of tables that are over and not yet in the pipeline's folder, or changed since."),
		success:  gauge("last_success_timestamp_seconds", "When the scheduled export last found or left nothing to do."),
	}
}

func (m metrics) register(r prometheus.Registerer) error {
	if r == nil {
		return nil
	}
	for _, c := range []prometheus.Collector{m.rows, m.bytes, m.failures, m.running, m.due, m.success} {
		if err := r.Register(c); err != nil {
			return fmt.Errorf("export: %w", err)
		}
	}
	return nil
}
