package receive

import (
	"fmt"
	"strings"

	"github.com/signalbox/signalbox/internal/gate"
)

// counts are what was written.
type counts struct{ samples, histograms, exemplars int }

// request is one body on its way into the gate.
type request struct {
	*buffers
	batch  *gate.Batch
	limits *gate.Limits
	book   *book
	key    key

	written counts
	refusal map[gate.Reason]*refusal
}

// refusal is what the sender hears of one reason.
type refusal struct {
	n     int
	first string // the sentence of the first
}

// accept sorts the outcome of one append: nil and a refusal go on, everything else ends the request.
func (q *request) accept(n *int, err error) error {
	if err == nil {
		*n++
		return nil
	}
	if r, ok := err.(*gate.Refusal); ok {
		q.refuse(r.Reason, 1, r)
		return nil
	}
	return err
}

// refuse counts n refusals.
func (q *request) refuse(r gate.Reason, n int, err error) {
	if n == 0 {
		return
	}
	if q.refusal == nil {
		q.refusal = map[gate.Reason]*refusal{}
	}
	x := q.refusal[r]
	if x == nil {
		x = &refusal{}
		if err != nil {
			x.first = err.Error()
		}
		q.refusal[r] = x
	}
	x.n += n
}

func (q *request) refused() (n int) {
	for _, x := range q.refusal {
		n += x.n
	}
	return n
}

// reasons is the answer's body: counts by reason, and what is wrong in words.
func (q *request) reasons() string {
	var b strings.Builder
	c := q.written
	fmt.Fprintf(&b, "%d refused, %d written:", q.refused(), c.samples+c.histograms+c.exemplars)
	for r := gate.Reason(0); r <= gate.StoreRefused; r++ {
		x := q.refusal[r]
		if x == nil {
			continue
		}
		fmt.Fprintf(&b, " %s %d", r, x.n)
		if x.first != "" {
			fmt.Fprintf(&b, " (%s)", x.first)
		}
		b.WriteByte(';')
	}
	return strings.TrimSuffix(b.String(), ";")
}

// resolve finds or creates the series whose labels are in the builder. Sorted says whether they came in order.
func (q *request) resolve(m gate.Mark, sorted bool, n int) (gate.Ref, bool) {
	if !sorted {
		q.builder.Sort()
	}
	q.builder.Overwrite(&q.l)
	r, err := q.batch.Resolve(q.l, m, n)
	if err != nil {
		q.refuse(err.(*gate.Refusal).Reason, max(1, n), err)
		return 0, false
	}
	return r, true
}

// fits refuses what the labels' own encoding could not hold, before it is built.
func (q *request) fits(count int, name, value string, n int) bool {
	const most = 1 << 20
	switch {
	case q.limits.Labels > 0 && count > q.limits.Labels || count > 10_000:
		q.refuse(gate.LabelCount, max(1, n), q.batch.Refuse(gate.LabelCount, n))
		return false
	case q.limits.LabelNameBytes > 0 && len(name) > q.limits.LabelNameBytes || len(name) > most,
		q.limits.LabelValueBytes > 0 && len(value) > q.limits.LabelValueBytes || len(value) > most:
		q.refuse(gate.LabelLength, max(1, n), q.batch.Refuse(gate.LabelLength, n))
		return false
	}
	return true
}

// contradicts refuses a series whose message cannot be understood although its frame can.
func (q *request) contradicts(n int) {
	q.refuse(gate.Malformed, max(1, n), q.batch.Refuse(gate.Malformed, n))
}
