package otlp

import (
	"math"
	"slices"

	"github.com/signalbox/signalbox/internal/gate"
)

// Datapoints of a sender that keeps no order are held back until the metric ends and then appended in the order in which
// their series were born: next to each other in memory, which costs half of what going to and fro costs. Datapoints of one
// series stay in the order in which they came. A sender that changed its order, and keeps the new one, is noticed by its
// coming twice the same; its datapoints are appended as they come, so that the gate learns what follows what.

// heldAtOnce bounds how many datapoints are held back.
const heldAtOnce = 1024

// held is one of them.
type held struct {
	hash        uint64 // of metric and attributes
	start, time uint64
	flags       uint64
	v           float64
	attrs       []byte
	whole       []byte // the datapoint, if it has exemplars to read
	ref         gate.Ref
}

// nobody is the rank of a series that is not known.
const nobody = math.MaxUint32

// hold holds the datapoint that was read back.
func (d *points) hold(v float64, whole []byte) error {
	x := &d.point
	d.held = append(d.held, held{hash: x.hash, start: x.start, time: x.time, flags: x.flags, v: v, attrs: x.attrs, whole: whole})
	if len(d.held) < heldAtOnce {
		return nil
	}
	return d.unhold(false)
}

// unhold appends what was held back; last says that the metric ends.
func (d *points) unhold(last bool) error {
	if len(d.held) == 0 {
		return nil
	}
	f := d.rc.known.family(d.metric.hash)
	steady := d.rank(f)
	if last && f != nil {
		f.came(d.order)
	}
	if last {
		d.order = 0
	}
	if !steady {
		slices.Sort(d.ranks)
	}
	for _, k := range d.ranks {
		if err := d.appendHeld(&d.held[uint32(k)]); err != nil {
			return err
		}
	}
	clear(d.held)
	d.held, d.lost = d.held[:0], false
	return nil
}

// rank looks up the series of what is held: ranks are their places, with the places of the datapoints below. It reports
// whether the sender keeps an order.
func (d *points) rank(f *family) (steady bool) {
	d.ranks = d.ranks[:0]
	if f != nil {
		f.mu.Lock()
		defer f.mu.Unlock()
		steady = f.steady
	}
	for i := range d.held {
		h, rank := &d.held[i], uint64(nobody)
		if f != nil {
			if s := f.find(mix(h.hash, plain) | 1); s != nil {
				h.ref, rank = s.ref, uint64(s.rank)
			}
		}
		d.order = mix(d.order, rank+1)
		d.ranks = append(d.ranks, rank<<32|uint64(i))
	}
	return steady
}

// appendHeld appends one datapoint that was held back.
func (d *points) appendHeld(h *held) error {
	d.lost, d.based = false, false
	d.point = point{hash: h.hash, start: h.start, time: h.time, flags: h.flags, attrs: h.attrs, field: 7}
	m := gate.Mark{Hash: mix(h.hash, plain) | 1}
	r, ok := h.ref, h.ref != 0 && d.batch.Again(h.ref, m)
	if !ok {
		r, ok = d.born(m, part{key: plain})
	}
	if ok {
		if err := d.append(r, h.v, h.whole); err != nil {
			return err
		}
	}
	if d.lost {
		d.rejected++
	}
	return nil
}
