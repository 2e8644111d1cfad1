package duckdb

import (
	"github.com/prometheus/client_golang/prometheus"

	"github.com/signalbox/signalbox/internal/rowstore"
)

// metrics are the store's own.
type metrics struct {
	rows    [3]prometheus.Counter
	commits prometheus.Histogram
	failed  prometheus.Counter
	sealed  prometheus.Histogram
	merged  prometheus.Counter
	store   *Store
}

func newMetrics(s *Store) *metrics {
	m := &metrics{
		commits: prometheus.NewHistogram(prometheus.HistogramOpts{Name: "signalbox_rows_commit_seconds", Help: "Time that a group commit of rows took.",
			Buckets: []float64{.001, .002, .005, .01, .02, .05, .1, .2, .5, 1, 2, 5}}),
		failed: prometheus.NewCounter(prometheus.CounterOpts{Name: "signalbox_rows_commit_failures_total", Help: "Group commits of rows that failed."}),
		sealed: prometheus.NewHistogram(prometheus.HistogramOpts{Name: "signalbox_rows_seal_seconds", Help: "Time that sealing a segment of rows took.",
			Buckets: []float64{.05, .1, .2, .5, 1, 2, 5, 10, 30}}),
		merged: prometheus.NewCounter(prometheus.CounterOpts{Name: "signalbox_rows_merges_total", Help: "Merges of sealed files of rows."}),
		store:  s,
	}
	for _, t := range rowstore.Tables() {
		m.rows[t] = prometheus.NewCounter(prometheus.CounterOpts{Name: "signalbox_rows_written_total", Help: "Rows that were kept.",
			ConstLabels: prometheus.Labels{"table": t.String()}})
	}
	return m
}

func (m *metrics) collectors() []prometheus.Collector {
	return []prometheus.Collector{m.rows[0], m.rows[1], m.rows[2], m.commits, m.failed, m.sealed, m.merged, m}
}

func (m *metrics) register(r prometheus.Registerer) error {
	if r == nil {
		return nil
	}
	for _, c := range m.collectors() {
		if err := r.Register(c); err != nil {
			return err
		}
	}
	return nil
}

func (m *metrics) unregister(r prometheus.Registerer) {
	if r == nil {
		return
	}
	for _, c := range m.collectors() {
		r.Unregister(c)
	}
}

var (
	storedRows  = prometheus.NewDesc("signalbox_rows_stored", "Rows that are kept.", []string{"table"}, nil)
	storedBytes = prometheus.NewDesc("signalbox_rows_stored_bytes", "Bytes of sealed rows on disk.", []string{"table"}, nil)
	storedFiles = prometheus.NewDesc("signalbox_rows_files", "Sealed files of rows.", []string{"table"}, nil)
	hotSegments = prometheus.NewDesc("signalbox_rows_segments_waiting", "Segments of rows that wait to be sealed.", nil, nil)
	hotBytes    = prometheus.NewDesc("signalbox_rows_hot_bytes", "Bytes of the log of rows that are not sealed.", nil, nil)
	notesFound  = prometheus.NewDesc("signalbox_rows_damages", "Damages found in the files of rows since the start.", nil, nil)
)

// Describe implements prometheus.Collector.
func (m *metrics) Describe(c chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{storedRows, storedBytes, storedFiles, hotSegments, hotBytes, notesFound} {
		c <- d
	}
}

// Collect implements prometheus.Collector.
func (m *metrics) Collect(c chan<- prometheus.Metric) {
	st, hot := m.store.stat()
	gauge := func(d *prometheus.Desc, v int64, labels ...string) {
		c <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, float64(v), labels...)
	}
	for _, t := range st.Tables {
		gauge(storedRows, t.Rows, t.Table.String())
		gauge(storedBytes, t.Bytes, t.Table.String())
		gauge(storedFiles, int64(t.Files), t.Table.String())
	}
	gauge(hotSegments, m.store.waiting.Load())
	gauge(hotBytes, hot)
	gauge(notesFound, int64(len(st.Notes)))
}
