package gate

import (
	"cmp"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/prometheus/model/labels"

	"github.com/signalbox/signalbox/internal/policy"
	"github.com/signalbox/signalbox/internal/rowstore"
)

// Sampler carries out Sampling policies: its methods are what Options.Sample and Options.Interval want. Where several
// policies speak of the same thing, the one that names a source goes before one that does not, then the one with more
// matchers, then the first by name. Events are never sampled.
//
// A trace is kept or left by its id alone, so that all services agree and a smaller share is part of a greater one; the
// first span of it that comes decides which rule counts, the root or a span with a route before others of the batch. What is
// kept stands for what was left: its weight is 1 over the share. A reservoir keeps the first traces of each second with
// weight 1. A policy with a tail rule takes all spans in: the store decides when the trace is whole (see Tail).
type Sampler struct {
	now    func() time.Time
	typeOf func(metric string) policy.MetricType
	rules  atomic.Pointer[[]*samplingRule]

	mu     sync.Mutex
	traces []decided // by the id's low half; nil until a head rule is in force
}

// decided is what became of a trace: how many its rows stand for, 0 if it is left.
type decided struct {
	hi, lo uint64
	weight float32
}

// rememberedTraces is how many decisions are kept; an older trace is decided by its id again, to the same end but for
// reservoirs and routes.
const rememberedTraces = 1 << 15

// samplingRule is a Sampling policy, compiled.
type samplingRule struct {
	source  string
	match   []*labels.Matcher
	fits    func(*rowstore.Row) bool
	metrics map[policy.MetricType]time.Duration
	logs    map[string]float64
	levels  [7]float64 // by level, from 1; below 0: not stated
	head    *headRule
	tail    *policy.TailSampling
}

// headRule is the share of a trace by its route; the last has no route and stands for all others.
type headRule struct{ routes []routeRule }

type routeRule struct {
	route     string
	rate      float64
	reservoir int

	second int64 // of the reservoir; guarded by Sampler.mu
	used   int
}

// NewSampler returns a sampler without policies. TypeOf tells the type of a metric where somebody knows it and is otherwise
// empty; nil means that nobody does, and names tell.
func NewSampler(now func() time.Time, typeOf func(metric string) policy.MetricType) *Sampler {
	if typeOf == nil {
		typeOf = func(string) policy.MetricType { return "" }
	}
	s := &Sampler{now: now, typeOf: typeOf}
	s.rules.Store(&[]*samplingRule{})
	return s
}

// Set puts policies in force. Call Gate.Resample after it: intervals are remembered by series.
func (s *Sampler) Set(policies []*policy.Sampling) error {
	sorted := slices.Clone(policies)
	slices.SortStableFunc(sorted, func(a, b *policy.Sampling) int {
		return cmp.Or(boolOrder(a.Source != "", b.Source != ""), cmp.Compare(len(b.Match), len(a.Match)), cmp.Compare(a.Name, b.Name))
	})
	rules := make([]*samplingRule, 0, len(sorted))
	heads := false
	for _, p := range sorted {
		fits, err := rowstore.OfMatchers(p.Match).Compile()
		if err != nil {
			return err
		}
		r := &samplingRule{source: p.Source, match: p.Match, fits: fits, metrics: p.Metrics, logs: p.Logs}
		for i := range r.levels {
			r.levels[i] = -1
		}
		for i, level := range rowstore.Levels() {
			if share, ok := p.Logs[level]; ok {
				r.levels[i+1] = share
			}
		}
		if p.Traces != nil && p.Traces.Head != nil {
			r.head, r.tail = &headRule{}, p.Traces.Tail
			for _, o := range p.Traces.Head.Routes {
				r.head.routes = append(r.head.routes, routeRule{route: o.Route, rate: o.Rate, reservoir: o.Reservoir})
			}
			r.head.routes = append(r.head.routes, routeRule{rate: p.Traces.Head.Rate, reservoir: p.Traces.Head.Reservoir})
			heads = true
		}
		rules = append(rules, r)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if heads && s.traces == nil {
		s.traces = make([]decided, rememberedTraces)
	}
	clear(s.traces)
	s.rules.Store(&rules)
	return nil
}

func boolOrder(a, b bool) int {
	switch {
	case a == b:
		return 0
	case a:
		return -1
	}
	return 1
}

// Sample leaves out the rows that the policies say and sets the weight of the others.
func (s *Sampler) Sample(source string, b *rowstore.Batch) {
	rules := *s.rules.Load()
	if len(rules) == 0 {
		return
	}
	switch b.Table {
	case rowstore.Logs:
		s.thin(b, func(r *rowstore.Row) float32 { return logWeight(rules, source, r) })
	case rowstore.Spans:
		s.mu.Lock()
		defer s.mu.Unlock()
		if s.traces == nil {
			return
		}
		for i := range b.Rows {
			if r := &b.Rows[i]; r.Parent == 0 || r.Route != "" {
				s.spanWeight(rules, source, r)
			}
		}
		s.thin(b, func(r *rowstore.Row) float32 { return s.spanWeight(rules, source, r) })
	}
}

// thin keeps the rows with a weight above 0.
func (s *Sampler) thin(b *rowstore.Batch, weigh func(*rowstore.Row) float32) {
	kept := 0
	for i := range b.Rows {
		w := weigh(&b.Rows[i])
		if w == 0 {
			continue
		}
		if kept != i {
			b.Rows[kept] = b.Rows[i]
		}
		b.Rows[kept].Weight *= w
		kept++
	}
	clear(b.Rows[kept:])
	b.Rows = b.Rows[:kept]
}

// logWeight is how many records one stands for. Records of a trace go with it where the shares are equal; the others are
// drawn.
func logWeight(rules []*samplingRule, source string, r *rowstore.Row) float32 {
	level := 0
	if r.Severity > 0 {
		level = min(int(r.Severity-1)/4, 5) + 1
	}
	for _, rule := range rules {
		if rule.logs == nil || rule.source != "" && rule.source != source || rule.levels[level] < 0 || !rule.fits(r) {
			continue
		}
		share := rule.levels[level]
		switch {
		case share >= 1:
			return 1
		case r.Trace != (rowstore.TraceID{}):
			if _, lo := r.Trace.Halves(); !chosen(lo, share) {
				return 0
			}
		case rand.Float64() >= share:
			return 0
		}
		return float32(1 / share)
	}
	return 1
}

// chosen says that a trace belongs to a share, by the low half of its id, which is random in W3C's trace context. The row
// stores' tail rules choose in the same way.
func chosen(lo uint64, share float64) bool { return float64(lo%1_000_000) < share*1_000_000 }

// spanWeight is how many spans one stands for. It needs s.mu.
func (s *Sampler) spanWeight(rules []*samplingRule, source string, r *rowstore.Row) float32 {
	hi, lo := r.Trace.Halves()
	if hi|lo == 0 {
		return 1
	}
	for _, rule := range rules {
		if rule.head == nil || rule.source != "" && rule.source != source || !rule.fits(r) {
			continue
		}
		if rule.tail != nil {
			return 1
		}
		d := &s.traces[lo%rememberedTraces]
		if d.hi != hi || d.lo != lo {
			*d = decided{hi, lo, s.decide(rule.head.of(r), lo)}
		}
		return d.weight
	}
	return 1
}

// of returns the rule of a span's route.
func (h *headRule) of(r *rowstore.Row) *routeRule {
	for i := range h.routes {
		if o := &h.routes[i]; o.route == "" || r.Route != "" && routeFits(o.route, r.Route) {
			return o
		}
	}
	return &h.routes[len(h.routes)-1]
}

// routeFits compares a route with a pattern in which * stands for any letters.
func routeFits(pattern, route string) bool {
	head, tail, wild := strings.Cut(pattern, "*")
	if !wild {
		return route == pattern
	}
	if !strings.HasPrefix(route, head) {
		return false
	}
	rest := route[len(head):]
	for {
		part, more, again := strings.Cut(tail, "*")
		if !again {
			return strings.HasSuffix(rest, part)
		}
		i := strings.Index(rest, part)
		if i < 0 {
			return false
		}
		rest, tail = rest[i+len(part):], more
	}
}

// decide says what a new trace stands for. It needs s.mu.
func (s *Sampler) decide(r *routeRule, lo uint64) float32 {
	if r.reservoir > 0 {
		if now := s.now().Unix(); now != r.second {
			r.second, r.used = now, 0
		}
		if r.used < r.reservoir {
			r.used++
			return 1
		}
	}
	if !chosen(lo, r.rate) {
		return 0
	}
	return float32(1 / math.Min(1, r.rate))
}
