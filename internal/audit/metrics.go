package audit

import (
	"context"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// measure makes the metrics. What the chain holds is asked of the store when somebody scrapes: a counter beside the
// transaction would count records that were rolled back.
func (l *Log) measure() error {
	l.failures = prometheus.NewCounter(prometheus.CounterOpts{
		Name: "signalbox_audit_failures_total",
		Help: "Audit records and digests that could not be written; the change that a record was for was refused.",
	})
	l.anchorFailures = prometheus.NewCounter(prometheus.CounterOpts{
		Name: "signalbox_audit_anchor_failures_total",
		Help: "Failed attempts to tell the anchor outside.",
	})
	if l.o.Registerer == nil {
		return nil
	}
	var lastHead, lastWaiting atomic.Int64
	newest := func() float64 {
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		if h, err := l.head(ctx, l.o.DB.SQL()); err == nil {
			lastHead.Store(h.seq)
		}
		return float64(lastHead.Load())
	}
	for _, c := range []prometheus.Collector{
		l.failures, l.anchorFailures,
		prometheus.NewCounterFunc(prometheus.CounterOpts{Name: "signalbox_audit_records_total", Help: "Audit records in the chain."}, newest),
		prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: "signalbox_audit_head_seq", Help: "Number of the newest audit record."}, newest),
		prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: "signalbox_audit_unanchored", Help: "Audit digests that no anchor outside has accepted yet."}, func() float64 {
			ctx, cancel := context.WithTimeout(context.Background(), time.Second)
			defer cancel()
			if n, err := l.unanchored(ctx); err == nil {
				lastWaiting.Store(n)
			}
			return float64(lastWaiting.Load())
		}),
	} {
		if err := l.o.Registerer.Register(c); err != nil {
			return fmt.Errorf("audit: %w", err)
		}
	}
	return nil
}
