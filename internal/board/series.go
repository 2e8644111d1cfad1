package board

import (
	"context"
	"fmt"
	"math"
	"time"

	"github.com/prometheus/prometheus/model/labels"

	"github.com/signalbox/signalbox/internal/fault"
	"github.com/signalbox/signalbox/internal/kpi"
	"github.com/signalbox/signalbox/internal/ledger"
)

// mostRecords bounds the transitions and receipts beside a chart.
const mostRecords = 200

// Series returns the history of one KPI or group with its transitions and receipts.
func (b *Board) Series(ctx context.Context, name string, q SeriesQuery) (Series, error) {
	st, err := b.status(name)
	if err != nil {
		return Series{}, err
	}
	k := st.KPI
	group := labels.FromMap(q.Group)
	if err := knows(k, q.Group); err != nil {
		return Series{}, err
	}
	points, err := b.o.History.Points(ctx, name, group, q.From, q.To, q.Max)
	if err != nil {
		return Series{}, err
	}
	lights, err := b.o.History.Lights(ctx, name, group, q.From, q.To, 0)
	if err != nil {
		return Series{}, err
	}
	n := len(points)
	s := Series{
		From: q.From, To: q.To, Group: group.Map(), Thresholds: thresholds(k), Transitions: []Decision{}, Receipts: []Receipt{},
		T: make(Instants, n), Value: make(Numbers, n), Upper: make(Numbers, n), Good: make(Numbers, n), Total: make(Numbers, n),
		Light: make([]string, n), Missing: make([]string, n), Display: make([]string, n),
	}
	size, at, light := math.NaN(), 0, ""
	for i, p := range points {
		for at < len(lights) && lights[at].T <= p.End {
			light = lights[at].Light.String()
			at++
		}
		v := p.Value
		if !p.Real() {
			v = math.NaN()
		}
		s.T[i], s.Value[i], s.Upper[i], s.Good[i], s.Total[i] = p.End, v, p.Upper, p.Good, p.Total
		s.Light[i], s.Missing[i], s.Display[i] = light, string(p.Missing), text(k, v)
		if !math.IsNaN(v) && !(math.Abs(v) <= size) {
			size = math.Abs(v)
		}
	}
	s.Axis = axis(k, size)
	s.Sentence = b.chartSentence(k, &s)
	f := ledger.Filter{KPI: name, From: q.From, To: q.To, Limit: mostRecords}
	ts, err := b.o.History.Transitions(ctx, f)
	if err != nil {
		return Series{}, err
	}
	for i := range ts {
		if len(q.Group) == 0 || labels.Equal(ts[i].Group, group) {
			d := b.decision(&ts[i], nil)
			d.Range = []DecisionPoint{} // the evidence is one click away and would be most of the answer
			s.Transitions = append(s.Transitions, d)
		}
	}
	rs, err := b.o.History.Receipts(ctx, f)
	if err != nil {
		return Series{}, err
	}
	for i := range rs {
		if len(q.Group) == 0 || labels.Equal(rs[i].Group, group) {
			s.Receipts = append(s.Receipts, receipt(&rs[i]))
		}
	}
	return s, nil
}

// knows refuses a group whose labels are not the KPI's by.
func knows(k *kpi.KPI, group map[string]string) error {
	if group == nil {
		return nil
	}
	ok := len(group) == len(k.By)
	for _, name := range k.By {
		if _, has := group[name]; !has {
			ok = false
		}
	}
	if ok {
		return nil
	}
	if len(k.By) == 0 {
		return fault.New(fault.Invalid, "group {%s}: KPI %q has no groups; leave it out", labelsText(group), k.Name)
	}
	return fault.New(fault.Invalid, "group {%s}: want exactly the labels %q of KPI %q", labelsText(group), k.By, k.Name)
}

// chartSentence is what a chart shows, in words.
func (b *Board) chartSentence(k *kpi.KPI, s *Series) string {
	lo, hi, now, red, missing, judged := math.NaN(), math.NaN(), math.NaN(), 0, 0, 0
	for i, v := range s.Value {
		if math.IsNaN(v) {
			missing++
			continue
		}
		judged++
		if !(v >= lo) {
			lo = v
		}
		if !(v <= hi) {
			hi = v
		}
		now = v
		if s.Light[i] == kpi.Red.String() {
			red++
		}
	}
	over := title(k) + " over " + about(time.Duration(s.To-s.From)*time.Millisecond)
	if judged == 0 {
		return sentence(over + ": no data")
	}
	out := fmt.Sprintf("%s: between %s and %s, last %s", over, text(k, lo), text(k, hi), text(k, now))
	if p := promise(k); p != "" {
		out += ", promise " + p
	}
	if red > 0 {
		out += fmt.Sprintf(". Breached at %s", plural(red, "datapoint"))
	}
	if missing > 0 {
		out += fmt.Sprintf(". %s without data", capital(plural(missing, "datapoint")))
	}
	return sentence(out)
}
