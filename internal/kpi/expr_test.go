package kpi_test

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/signalbox/signalbox/internal/kpi"
)

func TestFormula(t *testing.T) {
	values := map[string]float64{"a": 6, "b": 4, "zero": 0, "gone": math.NaN()}
	nan := math.NaN()
	for _, c := range []struct {
		text   string
		inputs []string
		want   float64
	}{
		{"a / b", []string{"a", "b"}, 1.5},
		{"b - a", []string{"b", "a"}, -2},
		{"a - b - 1", []string{"a", "b"}, 1},
		{"2 * (a + b) % 7", []string{"a", "b"}, 6},
		{"-a ^ 2", []string{"a"}, -36},
		{"+a", []string{"a"}, 6},
		{"2 ^ 3 ^ 2 + 0 * a", []string{"a"}, 512},
		{"1 - a / (a + b)", []string{"a", "b"}, 0.4},
		{"a / zero", []string{"a", "zero"}, nan},
		{"zero / zero", []string{"zero"}, nan},
		{"1 / (a / zero)", []string{"a", "zero"}, nan},
		{"a % zero", []string{"a", "zero"}, nan},
		{"gone ^ 0", []string{"gone"}, nan},
		{"1 ^ gone", []string{"gone"}, nan},
		{"gone * 0", []string{"gone"}, nan},
		{"a * 1e308 * 1e10", []string{"a"}, nan},
		{"(0 - a) ^ 0.5", []string{"a"}, nan},
	} {
		inputs := map[string]string{}
		for _, n := range c.inputs {
			inputs[n] = "kpi-" + n
		}
		f, err := kpi.ParseFormula(c.text, inputs)
		require.NoError(t, err, c.text)
		require.Equal(t, c.inputs, f.Inputs(), "in the order of first use")
		got := f.Value(func(n string) float64 { return values[n] })
		if math.IsNaN(c.want) {
			require.True(t, math.IsNaN(got), "%s = %v", c.text, got)
		} else {
			require.InDelta(t, c.want, got, 1e-12, c.text)
		}
	}
}

func TestFormulaRefusesWhatIsNotArithmetic(t *testing.T) {
	for text, says := range map[string]string{
		"a / c":                 `name "c" is not an input`,
		"a":                     `input "b" is not used`,
		"a > b":                 `operator ">": want + - * / % or ^`,
		"a and b":               `operator "and"`,
		"a / on(pod) b":         "want no matching modifier",
		"a / ignoring(pod) b":   "want no matching modifier",
		"a * on() group_left b": "want no matching modifier",
		"sum(a) / b":            "want arithmetic over inputs",
		"rate(a[5m]) / b":       "want arithmetic over inputs",
		`a{pod="x"} / b`:        "want the plain name of an input",
		"a offset 5m / b":       "want the plain name of an input",
		"a @ 10 / b":            "want the plain name of an input",
		`"a" / b`:               "binary expression must contain only scalar and instant vector types",
		"a / ":                  "unexpected end of input",
		"":                      "no expression found",
	} {
		_, err := kpi.ParseFormula(text, map[string]string{"a": "x", "b": "y"})
		require.ErrorContains(t, err, says, text)
		require.ErrorContains(t, err, `expr "`)
	}
}
