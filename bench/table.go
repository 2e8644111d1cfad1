package main

import (
	"fmt"
	"math"
	"slices"
	"strings"
)

// unit says how a figure is printed.
type unit string

const (
	nanos   unit = "ns"
	seconds unit = "s"
	bytes   unit = "B"
	plain   unit = ""
	cores   unit = "cores"
	percent unit = "%"
)

// none is a figure that does not exist.
var none = math.NaN()

// row is one line of the table. A note has only text.
type row struct {
	section, text                   string
	figure, ours, peer, ratio, goal string
	verdict                         string
}

// table collects figures.
type table struct {
	rows  []row
	short int // goals missed
}

func (t *table) section(name, about string) {
	t.rows = append(t.rows, row{section: name, text: about})
}

// note adds a sentence beneath the figures.
func (t *table) note(format string, args ...any) {
	t.rows = append(t.rows, row{text: fmt.Sprintf(format, args...)})
}

// info adds a figure without a goal.
func (t *table) info(figure string, u unit, ours, peer float64) {
	t.add(figure, u, ours, peer, "", none)
}

// atLeast adds a figure that should be as high as the goal.
func (t *table) atLeast(figure string, u unit, ours, peer, goal float64) {
	t.add(figure, u, ours, peer, ">= "+show(goal, u), ours-goal)
}

// atMost adds a figure with a goal of its own.
func (t *table) atMost(figure string, u unit, ours, peer, goal float64) {
	t.add(figure, u, ours, peer, "<= "+show(goal, u), goal-ours)
}

// times adds a cost that should be so many times lower than the peer's.
func (t *table) times(figure string, u unit, ours, peer, factor float64) {
	t.add(figure, u, ours, peer, fmt.Sprintf(">= %gx", factor), peer/ours-factor)
}

// add adds a row; spare is negative where the goal is missed, and NaN without one.
func (t *table) add(figure string, u unit, ours, peer float64, goal string, spare float64) {
	r := row{figure: figure, ours: show(ours, u), peer: show(peer, u), goal: goal, ratio: "-"}
	if q := peer / ours; !math.IsNaN(q) && !math.IsInf(q, 0) {
		r.ratio = show(q, plain) + "x"
	}
	switch {
	case goal == "":
		r.goal, r.verdict = "-", ""
	case spare >= 0:
		r.verdict = "met"
	case math.IsNaN(spare):
		r.verdict = "not measured"
	default:
		r.verdict = "SHORT"
		t.short++
	}
	t.rows = append(t.rows, r)
}

// String lays the table out. The ratio is the peer's figure over ours: above 1 we are cheaper or faster.
func (t *table) String() string {
	head := row{figure: "figure", ours: "ours", peer: "peer's", ratio: "ratio", goal: "goal", verdict: ""}
	cells := func(r row) []string { return []string{r.figure, r.ours, r.peer, r.ratio, r.goal, r.verdict} }
	width := make([]int, 6)
	for _, r := range append([]row{head}, t.rows...) {
		if r.figure == "" {
			continue
		}
		for i, c := range cells(r) {
			width[i] = max(width[i], len([]rune(c)))
		}
	}
	var b strings.Builder
	line := func(r row) {
		for i, c := range cells(r) {
			pad := strings.Repeat(" ", width[i]-len([]rune(c)))
			if i == 0 || i == 5 {
				b.WriteString(c + pad)
			} else {
				b.WriteString(pad + c)
			}
			b.WriteString("  ")
		}
		b.WriteString("\n")
	}
	line(head)
	for _, r := range t.rows {
		switch {
		case r.section != "":
			fmt.Fprintf(&b, "\n%s: %s\n", r.section, r.text)
		case r.text != "":
			fmt.Fprintf(&b, "  (%s)\n", r.text)
		default:
			line(r)
		}
	}
	if t.short > 0 {
		fmt.Fprintf(&b, "\n%d goals are missed.\n", t.short)
	} else {
		b.WriteString("\nNo goal is missed.\n")
	}
	return b.String()
}

// show prints a figure with three digits and the prefix that suits it.
func show(v float64, u unit) string {
	if math.IsNaN(v) {
		return "-"
	}
	type step struct {
		from float64
		by   float64
		name string
	}
	scale := map[unit][]step{
		nanos:   {{1e9, 1e9, " s"}, {1e6, 1e6, " ms"}, {1e3, 1e3, " µs"}, {0, 1, " ns"}},
		seconds: {{1, 1, " s"}, {1e-3, 1e-3, " ms"}, {0, 1e-6, " µs"}},
		bytes:   {{1e6, 1e6, " MB"}, {1e3, 1e3, " kB"}, {0, 1, " B"}},
		plain:   {{1e6, 1e6, " M"}, {1e4, 1e3, " k"}, {0, 1, ""}},
		cores:   {{0, 1, " cores"}},
		percent: {{0, 1, " %"}},
	}[u]
	for _, s := range scale {
		if math.Abs(v) >= s.from {
			return digits(v/s.by) + s.name
		}
	}
	return digits(v)
}

func digits(v float64) string {
	switch a := math.Abs(v); {
	case a == math.Trunc(a) && a < 1000:
		return fmt.Sprintf("%.0f", v)
	case a >= 100:
		return fmt.Sprintf("%.0f", v)
	case a >= 10:
		return fmt.Sprintf("%.1f", v)
	case a >= 0.1:
		return fmt.Sprintf("%.2f", v)
	default:
		return fmt.Sprintf("%.3g", v)
	}
}

// median returns the middle of v, NaN of nothing.
func median(v []float64) float64 { return quantile(v, 0.5) }

// quantile returns the nearest-rank quantile of v, NaN of nothing.
func quantile(v []float64, q float64) float64 {
	if len(v) == 0 {
		return none
	}
	s := slices.Sorted(slices.Values(v))
	return s[min(len(s)-1, max(0, int(math.Ceil(q*float64(len(s))))-1))]
}
