package kpi

import (
	"slices"

	"github.com/axiomhq/hyperloglog"
)

// maxExactly is how many distinct values are counted exactly.
const maxExactly = 2048

// distinct counts distinct values by their 64-bit hashes: the hashes themselves up to maxExactly, beyond it a HyperLogLog of
// 16,384 registers (standard error 0.81 %). Which of the two it is and what it says depends only on the set of hashes,
// whatever the order of what was added and merged; the library's own sparse form does not promise that.
type distinct struct {
	few  []uint64 // sorted; empty once many is there
	many *hyperloglog.Sketch
}

func (d *distinct) add(h uint64) {
	if d.many != nil {
		d.many.InsertHash(h)
		return
	}
	at, ok := slices.BinarySearch(d.few, h)
	if ok {
		return
	}
	if len(d.few) == maxExactly {
		d.spill()
		d.many.InsertHash(h)
		return
	}
	d.few = slices.Insert(d.few, at, h)
}

func (d *distinct) spill() {
	d.many = hyperloglog.NewNoSparse()
	for _, h := range d.few {
		d.many.InsertHash(h)
	}
	d.few = nil
}

func (d *distinct) merge(o *distinct) {
	if o.many != nil {
		if d.many == nil {
			d.spill()
		}
		_ = d.many.Merge(o.many) // both have the one precision
		return
	}
	for _, h := range o.few {
		d.add(h)
	}
}

func (d *distinct) count() float64 {
	if d.many != nil {
		return float64(d.many.Estimate())
	}
	return float64(len(d.few))
}
