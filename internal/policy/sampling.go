package policy

import (
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/prometheus/prometheus/model/labels"

	"github.com/signalbox/signalbox/internal/policy/strict"
)

// MetricType is a type of metric that a Sampling can set an interval for.
type MetricType string

// The metric types.
const (
	Counter   MetricType = "counter"
	GaugeType MetricType = "gauge"
	Histogram MetricType = "histogram"
	Summary   MetricType = "summary"
	Untyped   MetricType = "unknown"
)

// Sampling says how much of a source's signals is taken.
type Sampling struct {
	Name    string
	Source  string            // name of the source; empty = any
	Match   []*labels.Matcher // over the signal's labels; all must hold
	Metrics map[MetricType]time.Duration
	Scrape  []ScrapeInterval
	Traces  *TraceSampling
	Logs    map[string]float64 // level -> share kept, 0 to 1; levels that are not stated are kept whole
}

// ScrapeInterval sets how often a scrape job is scraped.
type ScrapeInterval struct {
	Job      string
	Interval time.Duration
}

// TraceSampling says which traces are kept: decided at the first span (head), or once the trace is whole (tail).
type TraceSampling struct {
	Head *HeadSampling
	Tail *TailSampling
}

// HeadSampling keeps Reservoir traces a second and Rate of those beyond; the first route that fits sets its own.
type HeadSampling struct {
	Rate      float64 // 0 to 1
	Reservoir int     // traces a second that are always kept
	Routes    []RouteSampling
}

// RouteSampling is the head sampling of requests to a path.
type RouteSampling struct {
	Route     string // path; * stands for any letters
	Rate      float64
	Reservoir int
}

// TailSampling keeps what head sampling would lose.
type TailSampling struct {
	Errors     bool
	SlowerThan time.Duration // 0 = no trace is kept for being slow
}

// MetricTypes returns all metric types.
func MetricTypes() []MetricType { return []MetricType{Counter, GaugeType, Histogram, Summary, Untyped} }

// LogLevels returns the levels that a Sampling can keep a share of, most talkative first.
func LogLevels() []string { return []string{"trace", "debug", "info", "warn", "error", "fatal"} }

func samplingKeys() []strict.Key {
	var types, levels []strict.Key
	for _, t := range MetricTypes() {
		types = append(types, strict.Key{Name: string(t), Shape: text("How often samples of this type are taken.", "30s")})
	}
	for _, l := range LogLevels() {
		levels = append(levels, strict.Key{Name: l, Shape: number("Share of the records of this level that is kept.", "10%")})
	}
	rate := number("Share of the traces that is kept.", "10%")
	reservoir := whole("Traces a second that are always kept, before the share counts; 0 unless stated.", "1")
	return []strict.Key{
		{Name: "source", Shape: text("Name of the source that this is about.", "efile")},
		{Name: "match", Shape: matchShape("Labels or attributes that the signal must have.")},
		{Name: "metrics", Shape: strict.Shape{Doc: "How often metrics are taken.", Example: "{interval: {gauge: 30s}}", Keys: []strict.Key{
			{Name: "interval", Required: true, Shape: strict.Shape{Doc: "Interval by type of metric.", NonEmpty: true, Example: "{counter: 15s, gauge: 30s}", Keys: types}},
		}}},
		{Name: "scrape", Shape: strict.Shape{Doc: "How often a scrape job is scraped.", Forms: strict.List, NonEmpty: true, Example: "{job: efile, interval: 30s}", Each: scrapeShape(), Keys: scrapeShape().Keys}},
		{Name: "traces", Shape: strict.Shape{Doc: "Which traces are kept.", NonEmpty: true, Example: "{head: {rate: 10%}}", Keys: []strict.Key{
			{Name: "head", Shape: strict.Shape{Doc: "Decided at the first span.", Example: "{rate: 10%, reservoir: 1}", Keys: []strict.Key{
				{Name: "rate", Required: true, Shape: rate}, {Name: "reservoir", Shape: reservoir},
				{Name: "routes", Shape: strict.Shape{Doc: "Paths with a share of their own; the first that fits counts.", Forms: strict.List, NonEmpty: true, Example: "[{route: /health, rate: 0%}]", Each: &strict.Shape{Example: "{route: /health, rate: 0%}", Keys: []strict.Key{
					{Name: "route", Required: true, Shape: text("Path; * stands for any letters.", "/api/*")}, {Name: "rate", Required: true, Shape: rate}, {Name: "reservoir", Shape: reservoir},
				}}}},
			}}},
			{Name: "tail", Shape: strict.Shape{Doc: "Decided once the trace is whole: what is kept besides.", NonEmpty: true, Example: "{errors: true, slower_than: 2s}", Keys: []strict.Key{
				{Name: "errors", Shape: flag("true: traces with an error are kept.")}, {Name: "slower_than", Shape: text("Traces that took longer are kept.", "2s")},
			}}},
		}}},
		{Name: "logs", Shape: strict.Shape{Doc: "Share of the log records that is kept, by level; levels that are not stated are kept whole.", NonEmpty: true, Example: "{debug: 1%, info: 10%}", Keys: levels}},
	}
}

func scrapeShape() *strict.Shape {
	return &strict.Shape{Example: "{job: efile, interval: 30s}", Keys: []strict.Key{
		{Name: "job", Required: true, Shape: text("Name of a scrape job.", "efile")}, {Name: "interval", Required: true, Shape: text("How often.", "30s")},
	}}
}

func (r *reader) sampling(root *strict.Value) *Sampling {
	o := &Sampling{Name: r.doc.Name, Source: r.text(root.Get("source")), Match: r.matchers(root.Get("match"))}
	if !root.Has("metrics") && !root.Has("scrape") && !root.Has("traces") && !root.Has("logs") {
		r.Errorf(root.Key("name"), "%q says nothing about any signal; want at least one of metrics, scrape, traces and logs", clip(o.Name))
	}
	if v := root.Get("metrics").Get("interval"); v.Usable() {
		o.Metrics = map[MetricType]time.Duration{}
		for _, t := range MetricTypes() {
			if d, at := r.interval(v, string(t)); at != nil {
				o.Metrics[t] = d
			}
		}
	}
	o.Scrape = r.scrapes(root.Get("scrape"))
	if v := root.Get("traces"); v.Usable() {
		o.Traces = &TraceSampling{Head: r.head(v.Get("head")), Tail: r.tail(v.Get("tail"))}
		if o.Traces.Tail != nil && !v.Has("head") {
			r.Warnf(v.Get("tail"), "every trace is kept anyway, since no head says which share of the others is; add head: {rate: 10%%}")
		}
	}
	if v := root.Get("logs"); v.Usable() {
		o.Logs = map[string]float64{}
		for _, level := range LogLevels() {
			if at := v.Get(level); at.Usable() {
				o.Logs[level] = r.fraction(at)
			}
		}
		if s, ok := o.Logs["error"]; ok && s < 1 {
			r.Warnf(v.Get("error"), "%s of the errors are lost; a KPI over logs counts only what is kept", shareWords(1-s))
		}
	}
	return o
}

func (r *reader) interval(v *strict.Value, key string) (time.Duration, *strict.Value) {
	d, at := r.duration(v, key)
	if at != nil && (d < time.Second || d > time.Hour) {
		r.Errorf(at, "%q: want 1s to 1h", at.Text)
	}
	return d, at
}

func (r *reader) scrapes(v *strict.Value) []ScrapeInterval {
	if !v.Usable() {
		return nil
	}
	items := v.Items
	if v.Form == strict.Map {
		items = []*strict.Value{v}
	}
	var out []ScrapeInterval
	for _, item := range items {
		job := item.Get("job")
		d, _ := r.interval(item, "interval")
		if !job.Usable() {
			continue
		}
		names := make([]string, 0, len(r.limits.Jobs))
		for _, j := range r.limits.Jobs {
			names = append(names, j.Name)
		}
		switch {
		case len(names) > 0 && !slices.Contains(names, job.Text):
			r.Errorf(job, "there is no scrape job %q%s", clip(job.Text), near(job.Text, names))
		case slices.ContainsFunc(out, func(s ScrapeInterval) bool { return s.Job == job.Text }):
			r.Errorf(job, "%q stands twice", clip(job.Text))
		}
		out = append(out, ScrapeInterval{job.Text, d})
	}
	return out
}

func (r *reader) head(v *strict.Value) *HeadSampling {
	if !v.Usable() {
		return nil
	}
	h := &HeadSampling{Rate: r.fraction(v.Get("rate")), Reservoir: r.number(v.Get("reservoir"), 0, 100_000)}
	if at := v.Get("routes"); at.Usable() {
		for _, item := range at.Items {
			route := item.Get("route")
			if !route.Usable() {
				continue
			}
			if !strings.HasPrefix(route.Text, "/") {
				r.Errorf(route, "%q: want a path such as /health or /api/*", clip(route.Text))
			}
			if slices.ContainsFunc(h.Routes, func(o RouteSampling) bool { return o.Route == route.Text }) {
				r.Errorf(route, "%q stands twice; the first counts", clip(route.Text))
			}
			h.Routes = append(h.Routes, RouteSampling{route.Text, r.fraction(item.Get("rate")), r.number(item.Get("reservoir"), 0, 100_000)})
		}
	}
	return h
}

func (r *reader) tail(v *strict.Value) *TailSampling {
	if !v.Usable() {
		return nil
	}
	t := &TailSampling{Errors: r.flag(v, "errors")}
	if d, at := r.duration(v, "slower_than"); at != nil {
		if d <= 0 || d > time.Hour {
			r.Errorf(at, "%q: want more than 0s and at most 1h", at.Text)
		}
		t.SlowerThan = d
	}
	if !t.Errors && t.SlowerThan == 0 {
		r.Errorf(v, "keeps nothing; want errors: true or slower_than: 2s, or leave the key out")
	}
	return t
}

func (o *Sampling) fields() []Field {
	fs := append([]Field{textField("source", "the source", o.Source)}, matchFields("", o.Match)...)
	for _, t := range MetricTypes() {
		if d, ok := o.Metrics[t]; ok {
			w := "every " + spanWords(d)
			fs = append(fs, Field{Path: "metrics.interval." + string(t), Say: "takes " + metricWord(t) + " " + w, Words: w, Gone: metricWord(t) + " are taken as they come", Value: d.Seconds()})
		}
	}
	for _, s := range o.Scrape {
		w := "every " + spanWords(s.Interval)
		fs = append(fs, Field{Path: "scrape." + s.Job, Say: "scrapes the job " + s.Job + " " + w, Words: w, Gone: "the job " + s.Job + " is scraped as its configuration says", Value: s.Interval.Seconds()})
	}
	if o.Traces != nil && o.Traces.Head != nil {
		h := o.Traces.Head
		fs = append(fs, headFields("traces.head", "traces", h.Rate, h.Reservoir)...)
		var order []string
		for _, t := range h.Routes {
			fs = append(fs, headFields("traces.head.routes."+t.Route, "traces of "+t.Route, t.Rate, t.Reservoir)...)
			order = append(order, t.Route)
		}
		fs = append(fs, orderField("traces.head.routes", "the order in which paths are tried", order))
	}
	if o.Traces != nil && o.Traces.Tail != nil {
		t := o.Traces.Tail
		fs = append(fs, flagField("traces.tail.errors", t.Errors, "keeps traces with an error", "traces with an error are not kept for that"))
		if t.SlowerThan > 0 {
			fs = append(fs, Field{Path: "traces.tail.slower_than", Say: "keeps traces slower than " + spanWords(t.SlowerThan), Words: spanWords(t.SlowerThan), Gone: "slow traces are not kept for that", Value: t.SlowerThan.Seconds()})
		}
	}
	for _, level := range LogLevels() {
		if s, ok := o.Logs[level]; ok {
			w := shareWords(s)
			fs = append(fs, Field{Path: "logs." + level, Say: "keeps " + w + " of " + level + " records", Words: w, Gone: level + " records are all kept", Value: s})
		}
	}
	return fs
}

func headFields(path, what string, rate float64, reservoir int) []Field {
	w := shareWords(rate)
	return []Field{
		{Path: path + ".rate", Say: "keeps " + w + " of " + what, Words: w, Gone: what + " have no share of their own", Value: rate},
		{Path: path + ".reservoir", Say: "always keeps " + count(reservoir) + " " + what + " a second", Words: count(reservoir), Gone: "no " + what + " are kept always", Value: float64(reservoir)},
	}
}

func metricWord(t MetricType) string {
	if t == Untyped {
		return "metrics without a type"
	}
	if t == Summary {
		return "summaries"
	}
	return string(t) + "s"
}

func (o *Sampling) describe(Common) string {
	var parts []string
	for _, t := range MetricTypes() {
		if d, ok := o.Metrics[t]; ok {
			parts = append(parts, metricWord(t)+" every "+spanWords(d))
		}
	}
	for _, s := range o.Scrape {
		parts = append(parts, "the job "+s.Job+" every "+spanWords(s.Interval))
	}
	if o.Traces != nil && o.Traces.Head != nil {
		parts = append(parts, shareWords(o.Traces.Head.Rate)+" of traces")
	}
	if o.Traces != nil && o.Traces.Tail != nil {
		if o.Traces.Tail.Errors {
			parts = append(parts, "every trace with an error")
		}
		if o.Traces.Tail.SlowerThan > 0 {
			parts = append(parts, "every trace slower than "+spanWords(o.Traces.Tail.SlowerThan))
		}
	}
	for _, level := range slices.Sorted(maps.Keys(o.Logs)) {
		parts = append(parts, shareWords(o.Logs[level])+" of "+level+" records")
	}
	return "Takes " + joinWords(parts) + from(o.Source, o.Match) + "."
}
