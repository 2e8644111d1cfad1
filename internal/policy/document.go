package policy

import (
	"fmt"
	"maps"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"

	"github.com/signalbox/signalbox/internal/kpi"
	"github.com/signalbox/signalbox/internal/policy/strict"
)

var (
	nameForm     = regexp.MustCompile(`^[a-z0-9]([a-z0-9._-]{0,98}[a-z0-9])?$`)
	severityForm = regexp.MustCompile(`^[A-Za-z0-9_.-]{1,64}$`)
)

// reader turns one document into its typed spec and reports what is wrong.
type reader struct {
	*strict.Report
	limits Limits
	doc    *Document // its Common is filled first
	k      *kpi.KPI  // of a KPI document
}

func readDocument(root *strict.Value, text string, limits Limits, report *strict.Report) Document {
	d := Document{File: root.File, Line: root.Line, Text: text, root: root}
	before := report.Count(true)
	if root.Form != strict.Map {
		report.Errorf(root, "this is no policy document; it begins with kind:, one of %s", kindWords())
		return d
	}
	kind, ok := readKind(root, report)
	if !ok {
		return d
	}
	d.Kind = kind
	strict.Check(root, documentShape(kind), report)
	r := &reader{Report: report, limits: limits, doc: &d}
	r.common(root)
	set := r.spec(root)
	if report.Count(true) == before {
		set()
		d.Hash = ContentHash(&d)
		if d.KPI != nil {
			d.KPI.Hash = d.Hash
		}
	}
	return d
}

// readKind finds out what a document is. One that is misspelt is reported and read as what was probably meant.
func readKind(root *strict.Value, report *strict.Report) (Kind, bool) {
	v := root.Get("kind")
	words := make([]string, 0, len(Kinds()))
	for _, k := range Kinds() {
		words = append(words, string(k))
	}
	if v == nil || v.Form != strict.Scalar {
		strict.Check(root, strict.Shape{Forms: strict.Map, Keys: []strict.Key{{Name: "kind", Required: true, Shape: strict.Shape{Enum: words}}}, Open: true}, report)
		return "", false
	}
	if slices.Contains(words, v.Text) {
		return Kind(v.Text), true
	}
	near := strict.Nearest(v.Text, words)
	hint := ""
	if near != "" {
		hint = fmt.Sprintf("; did you mean %q?", near)
	}
	report.Errorf(v, "%q: want %s%s", clip(v.Text), kindWords(), hint)
	return Kind(near), near != ""
}

func kindWords() string {
	var words []string
	for _, k := range Kinds() {
		words = append(words, string(k))
	}
	return strings.Join(words[:len(words)-1], ", ") + " or " + words[len(words)-1]
}

// spec reads what a kind alone has and returns what puts it into the document.
func (r *reader) spec(root *strict.Value) func() {
	d := r.doc
	switch d.Kind {
	case KindRoute:
		o := r.route(root)
		return func() { d.Route = o }
	case KindRetention:
		o := r.retention(root)
		return func() { d.Retention = o }
	case KindSampling:
		o := r.sampling(root)
		return func() { d.Sampling = o }
	case KindPrivacy:
		o := r.privacy(root)
		return func() { d.Privacy = o }
	case KindApproval:
		o := r.approval(root)
		return func() { d.Approval = o }
	case KindMaintenance:
		o := r.maintenance(root)
		return func() { d.Maintenance = o }
	case KindBoard:
		o := r.board(root)
		return func() { d.Board = o }
	default:
		k := r.kpi(root)
		return func() { d.KPI = k }
	}
}

func (r *reader) kpi(root *strict.Value) *kpi.KPI {
	c := r.doc.Common
	r.k = &kpi.KPI{
		Name: c.Name, Title: c.Title, Description: c.Description, Owner: c.Owner, Labels: c.Labels,
		Outcome: kpi.Technical, MaxGroups: DefaultMaxGroups, Source: fmt.Sprintf("%s:%d", root.File, root.Line),
	}
	if v := root.Get("outcome"); v.Usable() {
		r.k.Outcome = kpi.Outcome(v.Text)
	}
	r.times(root)
	r.groups(root)
	r.indicator(root.Get("indicator"))
	r.rowRules(root, root.Get("indicator"))
	r.unit(root)
	r.thresholds(root.Get("thresholds"))
	r.objective(root)
	r.page(root)
	r.remarks(root)
	return r.k
}

func (r *reader) text(v *strict.Value) string {
	if !v.Usable() {
		return ""
	}
	return strings.TrimSpace(v.Text)
}

// common reads what every kind has.
func (r *reader) common(root *strict.Value) {
	c := &r.doc.Common
	if v := root.Get("name"); v.Usable() {
		c.Name = v.Text
		if !nameForm.MatchString(v.Text) {
			r.Errorf(v, "%q: want lower-case letters, digits, '-', '_' and '.', at most 100, beginning and ending with a letter or digit, such as efile-error-rate", clip(v.Text))
		}
	}
	c.Title, c.Description, c.Owner = r.text(root.Get("title")), r.text(root.Get("description")), r.text(root.Get("owner"))
	if c.Title == "" {
		c.Title = c.Name
	}
	for _, key := range []string{"title", "owner"} {
		if v := root.Get(key); v.Usable() && (strings.Contains(strings.TrimSpace(v.Text), "\n") || len(v.Text) > 200) {
			r.Errorf(v, "want one line of at most 200 characters")
		}
	}
	c.Regulated = r.flag(root, "regulated")
	c.ReviewEvery = DefaultReviewEvery
	if d, v := r.duration(root, "review_every"); v != nil {
		if d != 0 && d < 24*time.Hour {
			r.Errorf(v, "%q: want at least 1d, or 0 for never", v.Text)
		}
		c.ReviewEvery = d
	}
	c.Labels = map[string]string{}
	if v := root.Get("labels"); v.Usable() {
		for _, p := range v.Keys {
			name := p.Key.Text
			switch {
			case !p.Value.Usable():
			case name == "" || !utf8.ValidString(name):
				r.Errorf(p.Key, "%q is no label name", name)
			case name == "kpi" || name == "alertname" || name == "severity" || strings.HasPrefix(name, "__"):
				r.Errorf(p.Key, "the label is set by Signalbox itself; choose another name than kpi, alertname, severity and __*")
			default:
				c.Labels[name] = p.Value.Text
			}
		}
	}
}

// flag reads true or false; false where it is not stated.
func (r *reader) flag(v *strict.Value, key string) bool {
	at := v.Get(key)
	if !at.Usable() {
		return false
	}
	b, _ := at.Bool() // its shape refused everything else
	return b
}

func (r *reader) duration(root *strict.Value, key string) (time.Duration, *strict.Value) {
	v := root.Get(key)
	if !v.Usable() {
		return 0, nil
	}
	d, err := strict.Duration(v.Text)
	if err != nil {
		r.Errorf(v, "%v", err)
		return 0, nil
	}
	return d, v
}

func (r *reader) times(root *strict.Value) {
	const day = 24 * time.Hour
	k := r.k
	k.Period = DefaultPeriod
	if d, v := r.duration(root, "period"); v != nil {
		switch {
		case d < time.Second || d > day:
			r.Errorf(v, "%q: want 1s to 1d", v.Text)
		case day%d != 0:
			r.Errorf(v, "%q does not divide a day; near it are %s", v.Text, divisors(d))
		default:
			k.Period = d
		}
	}
	k.Window = k.Period
	if d, v := r.duration(root, "window"); v != nil {
		switch {
		case d < k.Period || d%k.Period != 0:
			r.Errorf(v, "%q is not a multiple of the period %s", v.Text, Span(k.Period))
		case d > 366*day:
			r.Errorf(v, "%q: want at most 366d", v.Text)
		case r.limits.Samples > 0 && d > r.limits.Samples:
			r.Errorf(v, "%q is longer than samples are kept (%s); want a shorter window or a longer storage.metrics.retention", v.Text, Span(r.limits.Samples))
		default:
			k.Window = d
		}
	}
	if d, v := r.duration(root, "delay"); v != nil {
		if d > day {
			r.Errorf(v, "%q: want 0s to 1d", v.Text)
		}
		k.Delay = &d
	}
	if d, v := r.duration(root, "interval"); v != nil {
		if d <= 0 || d > k.Period {
			r.Errorf(v, "%q: want more than 0s and at most the period %s, or periods without a sample would be grey", v.Text, Span(k.Period))
		}
		k.Interval = d
	}
	k.RestateFor = min(DefaultRestateFor, r.limits.outOfOrder())
	if d, v := r.duration(root, "restate_for"); v != nil {
		if limit := r.limits.outOfOrder(); d > limit {
			r.Errorf(v, "%q is longer than the store accepts late samples (%s); want 0s to %s", v.Text, Span(limit), Span(limit))
		}
		k.RestateFor = d
	}
	if v := root.Get("zone"); v.Usable() {
		r.zone(root, v)
	}
	if v := root.Get("min_coverage"); v.Usable() {
		q, n, err := strict.Quantity(v.Text)
		if err != nil || (n != strict.Plain && n != strict.Percent) || q < 0 || q > 1 {
			r.Errorf(v, "%q: want a share from 0 to 1, such as 0.8 or 80%%", v.Text)
		}
		k.MinCoverage = q
	}
}

func (r *reader) zone(root, v *strict.Value) {
	calendar := false
	if w := root.Get("objective").Get("window"); w.Usable() {
		calendar = slices.Contains(calendars(), w.Text)
	}
	if _, err := time.LoadLocation(v.Text); err != nil || v.Text == "Local" {
		r.Errorf(v, "%q is no time zone; want a name of the IANA list such as America/New_York or UTC", v.Text)
	} else if !calendar {
		// Datapoints of a day are cut in UTC: a zone that moved nothing would be a promise nobody keeps.
		r.Errorf(v, "%q has no effect: it needs an objective over a calendar month, week or quarter; datapoints of 1d end at midnight UTC", v.Text)
	}
	r.k.Zone = v.Text
}

// divisors names the nearest periods below and above d that divide a day.
func divisors(d time.Duration) string {
	day := 24 * time.Hour
	var below, above time.Duration
	for n := time.Duration(1); n <= 86400; n++ {
		p := n * time.Second
		if day%p != 0 {
			continue
		}
		if p < d {
			below = p
		} else if above == 0 {
			above = p
		}
	}
	return Span(below) + " and " + Span(above)
}

func (r *reader) groups(root *strict.Value) {
	k := r.k
	if v := root.Get("by"); v.Usable() {
		for _, item := range v.Items {
			name := item.Text
			switch {
			case !item.Usable():
			case slices.Contains([]string{"kpi", "alertname", "severity", "le", "quantile"}, name) || strings.HasPrefix(name, "__"):
				r.Errorf(item, "%q is reserved; kpi, alertname, severity, le, quantile and __* cannot be groups", name)
			case slices.Contains(k.By, name):
				r.Errorf(item, "%q stands twice", name)
			case k.Labels[name] != "":
				r.Errorf(item, "%q is also a key of labels; an alert can carry one of the two", name)
			default:
				k.By = append(k.By, name)
			}
		}
	}
	if v := root.Get("max_groups"); v.Usable() {
		n, ok := v.Integer()
		if !ok || n < 1 || n > 1_000_000 {
			r.Errorf(v, "%q: want a whole number from 1 to 1000000", v.Text)
		}
		if !root.Has("by") {
			r.Errorf(v, "%q has no effect without by", v.Text)
		}
		k.MaxGroups = n
	}
	v := root.Get("expect")
	if !v.Usable() {
		return
	}
	if !root.Has("by") {
		r.Errorf(v, "has no effect without by")
		return
	}
	for _, item := range v.Items {
		if g, ok := r.group(item); ok {
			if slices.ContainsFunc(k.Expect, func(o labels.Labels) bool { return labels.Equal(o, g) }) {
				r.Errorf(item, "the group stands twice")
			}
			k.Expect = append(k.Expect, g)
		}
	}
	if len(k.Expect) > k.MaxGroups {
		r.Errorf(v, "%d groups are expected, max_groups is %d", len(k.Expect), k.MaxGroups)
	}
}

func (r *reader) group(item *strict.Value) (labels.Labels, bool) {
	if !item.Usable() {
		return labels.EmptyLabels(), false
	}
	set := map[string]string{}
	for _, p := range item.Keys {
		if !p.Value.Usable() {
			return labels.EmptyLabels(), false
		}
		set[p.Key.Text] = p.Value.Text
	}
	if want, have := slices.Sorted(slices.Values(r.k.By)), slices.Sorted(maps.Keys(set)); !slices.Equal(want, have) {
		r.Errorf(item, "the group has the labels %s; want exactly those of by: %s", strings.Join(have, ", "), strings.Join(want, ", "))
		return labels.EmptyLabels(), false
	}
	return labels.FromMap(set), true
}

func (r *reader) page(root *strict.Value) {
	v := root.Get("page")
	if !v.Usable() {
		return
	}
	p := &kpi.Page{Severity: DefaultSeverity}
	r.k.Page = p
	if s := v.Get("severity"); s.Usable() {
		p.Severity = s.Text
		if !severityForm.MatchString(s.Text) {
			r.Errorf(s, "%q: want one word, such as page or ticket", clip(s.Text))
		}
	}
	if s := v.Get("runbook"); s.Usable() {
		p.Runbook = s.Text
		if u, err := url.Parse(s.Text); err != nil || (u.Scheme != "https" && u.Scheme != "http") || u.Host == "" {
			r.Errorf(s, "%q: want an address that begins with https:// or http://", clip(s.Text))
		}
	} else if !v.Has("runbook") {
		r.Errorf(root.Key("page"), "a KPI that pages needs a runbook; add runbook: https://... so that the person who is woken knows what to do")
	}
	if s := v.Get("no_data"); s.Usable() {
		n, ok := s.Integer()
		if !ok || n < 0 || n > 100_000 {
			r.Errorf(s, "%q: want a whole number of datapoints, 0 for never", s.Text)
		}
		p.NoData = n
		r.k.Thresholds.NoDataPages = n
	}
	if red := root.Get("thresholds"); !red.Has("red") && !root.Has("objective") && p.NoData == 0 && v.Usable() {
		r.Errorf(root.Key("page"), "nothing can page: there is no thresholds.red, no objective and no page.no_data")
	}
}

// remarks are the warnings that need more than one key.
func (r *reader) remarks(root *strict.Value) {
	k := r.k
	if k.Indicator.Kind == "" {
		return
	}
	for _, s := range k.Indicator.Selectors() {
		if k.Indicator.Kind != kpi.Freshness && !slices.ContainsFunc(s.Matchers, func(m *labels.Matcher) bool { return m.Name == model.MetricNameLabel }) {
			r.Warnf(root.Key("indicator"), "%s names no metric; every metric of the series that match is mixed into one number", show(s.Text))
		}
	}
	if k.Objective != nil && k.Page != nil && hasTotal(k.Indicator.Kind) && k.Thresholds.MinCount == 0 {
		r.Warnf(root.Key("objective"), "without thresholds.min_count a single bad event in a quiet hour can burn the budget fast enough to page; state the smallest total that is worth waking someone for")
	}
	if t := root.Get("thresholds"); k.Thresholds.Missing == kpi.TreatBreaching && k.Thresholds.ForRed.M == k.Thresholds.ForRed.N && k.Thresholds.Red != nil {
		n := k.Thresholds.ForRed.N
		r.Warnf(t.Key("missing"), "%d of %d alarms on silence alone only when no good point is left in the range (%d datapoints)", n, n, max(k.Thresholds.Range, n+2))
	}
	r.scrapeIntervals(root)
}

// Span prints a duration as people write it: 1m, 90s, 1h30m, 30d.
func Span(d time.Duration) string {
	if d == 0 {
		return "0s"
	}
	var b strings.Builder
	for _, u := range []struct {
		d    time.Duration
		name string
	}{{24 * time.Hour, "d"}, {time.Hour, "h"}, {time.Minute, "m"}, {time.Second, "s"}, {time.Millisecond, "ms"}} {
		if n := d / u.d; n > 0 {
			fmt.Fprintf(&b, "%d%s", n, u.name)
			d -= n * u.d
		}
	}
	return b.String()
}

// show quotes a text for a message; PromQL's own quotes stay readable in it.
func show(s string) string {
	s = clip(s)
	if strings.Contains(s, `"`) && !strings.Contains(s, "'") && !strings.Contains(s, "\n") {
		return "'" + s + "'"
	}
	return strconv.Quote(s)
}

func clip(s string) string {
	if r := []rune(s); len(r) > 80 {
		return string(r[:80]) + "…"
	}
	return s
}
