package main

import (
	"errors"
	"fmt"
	"math"
	"time"
)

func (w *world) report(b *bench, s stage, delay, period time.Duration) error {
	ours, peer := w.sides["ours"], w.sides["peer"]
	fromSample := func(h *house, from, to int) (out []float64) {
		for i := from; i < to; i++ {
			if told, ok := h.told[i]; ok {
				out = append(out, told.Sub(h.cross[i]).Seconds())
			}
		}
		return out
	}
	fromClose := func(from, to int) (out []float64) {
		for i := from; i < to; i++ {
			if told, ok := ours.told[i]; ok {
				end := math.Ceil(float64(ours.cross[i].UnixMilli()) / float64(period.Milliseconds()))
				closes := time.UnixMilli(int64(end) * period.Milliseconds()).Add(delay)
				out = append(out, told.Sub(closes).Seconds())
			}
		}
		return out
	}
	fromBreak := func(h *house) (out []float64) {
		for i, told := range h.told {
			out = append(out, told.Sub(w.breaks[i]).Seconds())
		}
		return out
	}
	n := w.services
	for _, h := range []*house{ours, peer} {
		if len(h.told) < n {
			b.table.note("%s: %s told of %d services of %d only; of %s nobody heard", s.name, h.name, len(h.told), n, h.unheard(w))
		}
	}
	if len(ours.told) == 0 {
		return errors.New("ours told nobody")
	}
	o, p := fromSample(ours, 0, n), fromSample(peer, 0, n)
	b.table.info(s.name+": crossing sample to webhook, median", seconds, median(o), median(p))
	b.table.atMost(s.name+": crossing sample to webhook, p99", seconds, quantile(o, 0.99), quantile(p, 0.99), s.fromSample)
	b.table.info(s.name+": service breaks to webhook, median", seconds, median(fromBreak(ours)), median(fromBreak(peer)))
	b.table.info(s.name+": close of the datapoint to webhook, median", seconds, median(fromClose(0, n)), none)
	if s.together == 0 {
		b.table.atMost(s.name+": close of the datapoint to webhook, p99", seconds, quantile(fromClose(0, n), 0.99), none, 0.1)
	} else {
		b.table.atMost(fmt.Sprintf("%s: close to webhook, p99 of %d one by one", s.name, s.apart), seconds, quantile(fromClose(0, s.apart), 0.99), none, 0.1)
		b.table.atMost(fmt.Sprintf("%s: close to webhook, p99 of %d at once", s.name, s.together), seconds, quantile(fromClose(s.apart, n), 0.99), none, 0.1)
	}
	b.table.note("%s: period %s, delay %s", s.name, period, delay)
	return nil
}
