package gate

import (
	"sort"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/prometheus/model/labels"

	"github.com/signalbox/signalbox/internal/rowstore"
)

// SourceStat is what the gate knows of one source since it started.
type SourceStat struct {
	Source   string           // the credential's name, for targets with their labels' values: "scrape:efile/127.0.0.1:8000"
	Series   int64            // live now
	Accepted int64            // samples
	Rows     map[string]int64 // rows that were stored, by table; never nil
	// Refused counts samples, exemplars, rows or requests by signal and reason; never nil.
	Refused   map[string]map[string]int64
	Private   int64  // rows that privacy took out
	Sampled   int64  // rows that sampling left out
	Thinned   int64  // samples that came before their series' interval was over
	LastError string // the newest refusal's sentence; empty if there was none
	LastAt    int64  // newest sample, row or refusal, Unix milliseconds
}

// source counts for one source.
type source struct {
	name     string
	series   atomic.Int64
	accepted atomic.Int64
	rows     [3]atomic.Int64 // by table
	private  atomic.Int64
	sampled  atomic.Int64
	thinned  atomic.Int64
	refused  refusals
	lastAt   atomic.Int64
	lastErr  atomic.Pointer[string]
	allowed  *allowance // samples; nil without a bound
	rowsDue  *allowance // rows
}

// maxSources bounds the table: beyond it a target counts for its grant's own source.
const maxSources = 20_000

// sources is the table of sources; an index stays valid for ever.
type sources struct {
	all atomic.Pointer[[]*source]

	mu     sync.Mutex
	byName map[string]uint32
}

func (s *sources) init() {
	s.byName = map[string]uint32{}
	s.all.Store(&[]*source{})
}

func (s *sources) at(i uint32) *source { return (*s.all.Load())[i] }

// get returns the index of a named source; ok is false if it is new and the table is full.
func (s *sources) get(name string, limit, rowLimit float64) (i uint32, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if i, ok := s.byName[name]; ok {
		return i, true
	}
	all := *s.all.Load()
	if len(all) >= maxSources {
		return 0, false
	}
	n := &source{name: name}
	if limit > 0 {
		n.allowed = &allowance{perSecond: limit}
	}
	if rowLimit > 0 {
		n.rowsDue = &allowance{perSecond: rowLimit}
	}
	grown := append(all[:len(all):len(all)], n)
	s.all.Store(&grown)
	s.byName[name] = uint32(len(all))
	return uint32(len(all)), true
}

// refuse counts n refusals.
func (s *source) refuse(of Signal, r Reason, n int64, err error, now int64) {
	s.refused.add(of, r, n)
	s.trouble(err, now)
}

// trouble keeps a sentence for people.
func (s *source) trouble(err error, now int64) {
	s.lastAt.Store(now)
	if err != nil {
		msg := err.Error()
		s.lastErr.Store(&msg)
	}
}

// refuseQuietly counts n refusals of samples whose sentence is ready.
func (s *source) refuseQuietly(r *Refusal, n, now int64) {
	s.refused.add(Metrics, r.Reason, n)
	s.lastAt.Store(now)
	if p := s.lastErr.Load(); p != &r.Sentence {
		s.lastErr.Store(&r.Sentence)
	}
}

// Sources returns every source that the gate has met, sorted by name.
func (g *Gate) Sources() []SourceStat {
	all := *g.sources.all.Load()
	out := make([]SourceStat, 0, len(all))
	for _, s := range all {
		st := SourceStat{Source: s.name, Series: s.series.Load(), Accepted: s.accepted.Load(), Rows: map[string]int64{}, Refused: s.refused.counts(),
			Private: s.private.Load(), Sampled: s.sampled.Load(), Thinned: s.thinned.Load(), LastAt: s.lastAt.Load()}
		for _, t := range rowstore.Tables() {
			if n := s.rows[t].Load(); n > 0 {
				st.Rows[t.String()] = n
			}
		}
		if p := s.lastErr.Load(); p != nil {
			st.LastError = *p
		}
		out = append(out, st)
	}
	sort.Slice(out, func(i, j int) bool { return out[i].Source < out[j].Source })
	return out
}

// target names the source of a series for a grant that tells targets apart.
func target(grant string, by []string, l labels.Labels) string {
	var b strings.Builder
	b.WriteString(grant)
	for i, n := range by {
		if i == 0 {
			b.WriteByte(':')
		} else {
			b.WriteByte('/')
		}
		b.WriteString(l.Get(n))
	}
	return b.String()
}

var (
	acceptedDesc = prometheus.NewDesc("signalbox_gate_accepted_samples_total", "Samples that were stored, by source.", []string{"source"}, nil)
	refusedDesc  = prometheus.NewDesc("signalbox_gate_refused_total", "Samples, exemplars, rows and requests that were refused, by source, signal and reason.", []string{"source", "signal", "reason"}, nil)
	rowsDesc     = prometheus.NewDesc("signalbox_gate_accepted_rows_total", "Rows that were stored, by source and table.", []string{"source", "table"}, nil)
	droppedDesc  = prometheus.NewDesc("signalbox_gate_dropped_rows_total", "Rows that were taken in and not stored, by source and what took them out: privacy or sampling.", []string{"source", "by"}, nil)
	thinnedDesc  = prometheus.NewDesc("signalbox_gate_sampled_out_samples_total", "Samples that came before the interval of their series was over, by source.", []string{"source"}, nil)
	seriesDesc   = prometheus.NewDesc("signalbox_gate_series", "Live series, by source.", []string{"source"}, nil)
	inFlightDesc = prometheus.NewDesc("signalbox_gate_in_flight_bytes", "Bytes of bodies that are being taken in.", nil, nil)
)

// Describe implements prometheus.Collector.
func (g *Gate) Describe(c chan<- *prometheus.Desc) {
	c <- acceptedDesc
	c <- refusedDesc
	c <- rowsDesc
	c <- droppedDesc
	c <- thinnedDesc
	c <- seriesDesc
	c <- inFlightDesc
}

// Collect implements prometheus.Collector.
func (g *Gate) Collect(c chan<- prometheus.Metric) {
	c <- prometheus.MustNewConstMetric(inFlightDesc, prometheus.GaugeValue, float64(g.inFlight.Load()))
	for _, s := range g.Sources() {
		c <- prometheus.MustNewConstMetric(acceptedDesc, prometheus.CounterValue, float64(s.Accepted), s.Source)
		c <- prometheus.MustNewConstMetric(seriesDesc, prometheus.GaugeValue, float64(s.Series), s.Source)
		for t, n := range s.Rows {
			c <- prometheus.MustNewConstMetric(rowsDesc, prometheus.CounterValue, float64(n), s.Source, t)
		}
		if s.Private > 0 {
			c <- prometheus.MustNewConstMetric(droppedDesc, prometheus.CounterValue, float64(s.Private), s.Source, "privacy")
		}
		if s.Sampled > 0 {
			c <- prometheus.MustNewConstMetric(droppedDesc, prometheus.CounterValue, float64(s.Sampled), s.Source, "sampling")
		}
		if s.Thinned > 0 {
			c <- prometheus.MustNewConstMetric(thinnedDesc, prometheus.CounterValue, float64(s.Thinned), s.Source)
		}
		for signal, by := range s.Refused {
			for r, n := range by {
				c <- prometheus.MustNewConstMetric(refusedDesc, prometheus.CounterValue, float64(n), s.Source, signal, r)
			}
		}
	}
}

// allowance is a token bucket that may run into debt: how much a body holds is known only when it was read.
type allowance struct {
	perSecond float64

	mu     sync.Mutex
	tokens float64
	at     time.Time
}

// burst is for how many seconds a silent source's allowance adds up.
const burst = 10

// fill adds what has accrued. It needs the lock.
func (a *allowance) fill(now time.Time) {
	if d := now.Sub(a.at).Seconds(); d > 0 || a.at.IsZero() {
		a.tokens = min(a.tokens+d*a.perSecond, burst*a.perSecond)
		a.at = now
	}
}

// debt returns how long the source has to wait until it may send again; a nil allowance has no bound.
func (a *allowance) debt(now time.Time) time.Duration {
	if a == nil {
		return 0
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.fill(now)
	if a.tokens >= 0 {
		return 0
	}
	return time.Duration(-a.tokens / a.perSecond * float64(time.Second))
}

// spend takes n samples off, into debt if need be.
func (a *allowance) spend(n int64, now time.Time) {
	if a == nil {
		return
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.fill(now)
	a.tokens -= float64(n)
}
