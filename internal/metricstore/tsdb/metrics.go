package tsdb

import (
	"strings"
	"sync"

	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"
)

// metrics hands the library's collectors on to the house's registry and takes those of the former life back, because the
// library registers again with each opening.
type metrics struct {
	out prometheus.Registerer // nil = nowhere

	mu    sync.Mutex
	live  []prometheus.Collector
	chunk prometheus.Metric // the gauge of the head's chunks, which the library shows nowhere else
}

// fresh forgets the former life and returns the registerer of the next.
func (m *metrics) fresh() prometheus.Registerer {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, c := range m.live {
		if m.out != nil {
			m.out.Unregister(c)
		}
	}
	m.live, m.chunk = nil, nil
	return m
}

// chunks returns how many chunks the head holds.
func (m *metrics) chunks() int64 {
	m.mu.Lock()
	defer m.mu.Unlock()
	var d dto.Metric
	if m.chunk == nil || m.chunk.Write(&d) != nil {
		return 0
	}
	return int64(d.GetGauge().GetValue())
}

// Register implements prometheus.Registerer.
func (m *metrics) Register(c prometheus.Collector) error {
	if m.out != nil {
		if err := m.out.Register(c); err != nil {
			return err
		}
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.live = append(m.live, c)
	if g, ok := c.(prometheus.Metric); ok && strings.Contains(g.Desc().String(), `"prometheus_tsdb_head_chunks"`) {
		m.chunk = g
	}
	return nil
}

// MustRegister implements prometheus.Registerer.
func (m *metrics) MustRegister(cs ...prometheus.Collector) {
	for _, c := range cs {
		if err := m.Register(c); err != nil {
			panic(err)
		}
	}
}

// Unregister implements prometheus.Registerer.
func (m *metrics) Unregister(c prometheus.Collector) bool {
	return m.out != nil && m.out.Unregister(c)
}
