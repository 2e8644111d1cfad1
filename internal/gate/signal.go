package gate

import (
	"sync/atomic"

	"github.com/signalbox/signalbox/internal/rowstore"
)

// Signal is what a sender brings.
type Signal uint8

// The signals.
const (
	Metrics Signal = iota
	Logs
	Spans
	Events
	signals
)

// SignalOf returns the signal that a table keeps.
func SignalOf(t rowstore.Table) Signal { return Logs + Signal(t) }

// String returns the name used in counters and answers.
func (s Signal) String() string {
	if s == Metrics {
		return "metrics"
	}
	return rowstore.Table(s - Logs).String()
}

// refusals counts refusals by signal and reason. Most sources bring one signal, so the counts of a signal come with its first.
type refusals [signals]atomic.Pointer[[reasons]atomic.Int64]

func (r *refusals) add(s Signal, why Reason, n int64) {
	of := r[s%signals].Load()
	if of == nil {
		r[s%signals].CompareAndSwap(nil, new([reasons]atomic.Int64))
		of = r[s%signals].Load()
	}
	of[why].Add(n)
}

// counts returns what was refused, by signal and reason; never nil.
func (r *refusals) counts() map[string]map[string]int64 {
	out := map[string]map[string]int64{}
	for s := range signals {
		of := r[s].Load()
		if of == nil {
			continue
		}
		by := map[string]int64{}
		for why := range of {
			if n := of[why].Load(); n > 0 {
				by[Reason(why).String()] = n
			}
		}
		if len(by) > 0 {
			out[s.String()] = by
		}
	}
	return out
}
