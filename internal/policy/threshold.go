package policy

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/signalbox/signalbox/internal/kpi"
	"github.com/signalbox/signalbox/internal/policy/strict"
)

// maxPoints bounds N, K and the evaluation range: a day of minutes.
const maxPoints = 1440

var (
	comparisonForm = regexp.MustCompile(`^(>=|<=|>|<)\s*(\S.*)$`)
	outsideForm    = regexp.MustCompile(`^outside\s+(\S+?)\s*\.\.\s*(\S+)$`)
	mOfNForm       = regexp.MustCompile(`^([0-9]{1,6})(?:\s+of\s+([0-9]{1,6}))?$`)
)

func (r *reader) thresholds(v *strict.Value) {
	t := &r.k.Thresholds
	t.Missing, t.ForRed, t.ForYellow = kpi.TreatMissing, kpi.MofN{M: 1, N: 1}, kpi.MofN{M: 1, N: 1}
	if !v.Usable() {
		return
	}
	t.Yellow, t.Red = r.comparison(v.Get("yellow")), r.comparison(v.Get("red"))
	if !v.Has("yellow") && !v.Has("red") {
		r.Errorf(v, "has neither yellow nor red; want at least one, such as red: \"> 3%%\"")
	}
	if t.Yellow != nil && t.Red != nil && !within(*t.Red, *t.Yellow) {
		r.Errorf(v.Get("red"), "red %q does not lie at or beyond yellow %q; whatever is red must be yellow too", t.Red.Text, t.Yellow.Text)
	}
	r.binds(v)
	if m := v.Get("missing"); m.Usable() {
		t.Missing = kpi.Treatment(m.Text)
	}
	if m := v.Get("min_count"); m.Usable() {
		x, n, err := strict.Quantity(m.Text)
		switch {
		case err != nil || n != strict.Plain || x < 0:
			r.Errorf(m, "%q: want a number of events, 0 or more, such as 20", m.Text)
		case r.k.Indicator.Kind != "" && !hasTotal(r.k.Indicator.Kind):
			r.Errorf(m, "%q has no effect with %s, which counts no events", m.Text, r.k.Indicator.Kind)
		}
		t.MinCount = x
	}
	if m := v.Get("range"); m.Usable() {
		n, ok := m.Integer()
		if least := max(t.ForRed.N, t.ForYellow.N); !ok || n < least || n > maxPoints {
			r.Errorf(m, "%q: want a whole number of datapoints from N (%d) to %d", m.Text, least, maxPoints)
		}
		t.Range = n
	}
}

func (r *reader) binds(v *strict.Value) {
	t := &r.k.Thresholds
	if f := v.Get("for"); f.Usable() {
		if f.Form == strict.Map {
			r.mOfN(f.Get("red"), &t.ForRed)
			r.mOfN(f.Get("yellow"), &t.ForYellow)
			if !f.Has("red") && !f.Has("yellow") {
				r.Errorf(f, "has neither red nor yellow; want such as {red: 2 of 3, yellow: 1}")
			}
		} else {
			r.mOfN(f, &t.ForRed)
		}
		for _, band := range []string{"red", "yellow"} {
			if f.Has(band) && !v.Has(band) {
				r.Errorf(f.Key(band), "there is no band %s in thresholds", band)
			}
		}
		if f.Form != strict.Map && !v.Has("red") {
			r.Errorf(f, "%q binds red, and there is no red; write for: {yellow: %s}", f.Text, f.Text)
		}
	}
	r.mOfN(v.Get("recover"), &t.Recover)
}

func (r *reader) mOfN(v *strict.Value, into *kpi.MofN) {
	if !v.Usable() {
		return
	}
	m := mOfNForm.FindStringSubmatch(strings.TrimSpace(v.Text))
	if m == nil {
		r.Errorf(v, "%q: want a number of datapoints such as 3, or M of N such as 2 of 3", clip(v.Text))
		return
	}
	a, _ := strconv.Atoi(m[1]) // at most six digits
	b := a
	if m[2] != "" {
		b, _ = strconv.Atoi(m[2])
	}
	if a < 1 || a > b || b > maxPoints {
		r.Errorf(v, "%q: want M of N with 1 <= M <= N <= %d", v.Text, maxPoints)
		return
	}
	*into = kpi.MofN{M: a, N: b}
}

// comparison reads one threshold.
func (r *reader) comparison(v *strict.Value) *kpi.Comparison {
	if !v.Usable() {
		return nil
	}
	text := strings.TrimSpace(v.Text)
	c := &kpi.Comparison{Text: text}
	if m := comparisonForm.FindStringSubmatch(text); m != nil {
		c.Op = kpi.Op(m[1])
		x, ok := r.quantity(v, m[2])
		c.A = x
		if !ok {
			return nil
		}
		return c
	}
	if m := outsideForm.FindStringSubmatch(text); m != nil {
		c.Op = kpi.OutsideOf
		a, okA := r.quantity(v, m[1])
		if !okA {
			return nil
		}
		b, okB := r.quantity(v, m[2])
		if !okB {
			return nil
		}
		if a >= b {
			r.Errorf(v, "%q: the lower edge stands first and must be below the upper, such as outside 1..5", text)
			return nil
		}
		c.A, c.B = a, b
		return c
	}
	hint := ""
	switch {
	case strings.HasPrefix(text, "=>"):
		hint = "; did you mean >=?"
	case strings.HasPrefix(text, "=<"):
		hint = "; did you mean <=?"
	case strings.HasPrefix(text, "≥"):
		hint = "; write >="
	case strings.HasPrefix(text, "≤"):
		hint = "; write <="
	case text != "" && strings.ContainsRune("0123456789.", rune(text[0])):
		hint = fmt.Sprintf("; did you mean \"> %s\"?", text)
	}
	r.Errorf(v, "%q is no comparison; want > >= < <= with a value, or outside a..b, such as \"> 3%%\"%s", clip(text), hint)
	return nil
}

// quantity reads a value of a comparison and refuses a notation that does not fit the unit.
func (r *reader) quantity(v *strict.Value, text string) (float64, bool) {
	x, n, err := strict.Quantity(text)
	if err != nil {
		r.Errorf(v, "%v", err)
		return 0, false
	}
	k := r.k
	if k.Unit == "" && n != strict.Plain {
		k.Unit = map[strict.Notation]string{strict.Percent: "percent", strict.Span: "seconds", strict.Bytes: "bytes"}[n]
	}
	fits := map[strict.Notation][]string{strict.Percent: {"percent", "ratio"}, strict.Span: {"seconds"}, strict.Bytes: {"bytes"}}[n]
	switch {
	case n != strict.Plain && !slices.Contains(fits, k.Unit):
		r.Errorf(v, "%q is a %s, the unit is %s; want %s", text, n, k.Unit, notationOf(k.Unit))
		return 0, false
	case share(k.Indicator.Kind) && (x < 0 || x > 1):
		r.Errorf(v, "%q lies outside 0 to 1, where every value of %s lies; want a share such as 3%% or 0.03", text, k.Indicator.Kind)
		return 0, false
	case n == strict.Plain && k.Unit == "percent" && (x > 1 || x < -1):
		r.Errorf(v, "%q would be %s %%; want the percent sign, such as %s%%, or a share such as 0.03", text, strconv.FormatFloat(x*100, 'f', -1, 64), text)
		return 0, false
	}
	return x, true
}

func notationOf(unit string) string {
	switch unit {
	case "percent", "ratio":
		return "a share such as 3% or 0.03"
	case "seconds":
		return "a time such as 2s or 500ms"
	case "bytes":
		return "a size such as 5MB or 5MiB"
	default:
		return "a plain number"
	}
}

// within reports whether every value that breaches red breaches yellow.
func within(red, yellow kpi.Comparison) bool {
	up := func(c kpi.Comparison) bool { return c.Op == kpi.Above || c.Op == kpi.AtLeast }
	down := func(c kpi.Comparison) bool { return c.Op == kpi.Below || c.Op == kpi.AtMost }
	switch {
	case up(red) && up(yellow):
		return red.A > yellow.A || (red.A == yellow.A && !(red.Op == kpi.AtLeast && yellow.Op == kpi.Above))
	case down(red) && down(yellow):
		return red.A < yellow.A || (red.A == yellow.A && !(red.Op == kpi.AtMost && yellow.Op == kpi.Below))
	case yellow.Op != kpi.OutsideOf:
		return false
	case up(red):
		return red.A > yellow.B || (red.A == yellow.B && red.Op == kpi.Above)
	case down(red):
		return red.A < yellow.A || (red.A == yellow.A && red.Op == kpi.Below)
	default:
		return red.A <= yellow.A && red.B >= yellow.B
	}
}
