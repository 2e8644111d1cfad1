package kpi

import (
	"encoding/json"
	"math"
	"strconv"
)

// number prints a count or value for a sentence: whole numbers whole, others with four significant digits.
func number(v float64) string {
	if v == math.Trunc(v) && math.Abs(v) < 1e15 {
		return strconv.FormatFloat(v, 'f', -1, 64)
	}
	return strconv.FormatFloat(v, 'g', 4, 64)
}

func percent(v float64) string { return strconv.FormatFloat(v*100, 'g', 4, 64) + " %" }

// finite returns nil for a number that JSON cannot carry.
func finite(v float64) *float64 {
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return nil
	}
	return &v
}

func orNaN(v *float64) float64 {
	if v == nil {
		return math.NaN()
	}
	return *v
}

// pointJSON is a Point on the wire: what does not exist is null.
type pointJSON struct {
	End      int64         `json:"end"`
	Value    *float64      `json:"value"`
	Upper    *float64      `json:"upper,omitempty"`
	Good     *float64      `json:"good,omitempty"`
	Total    *float64      `json:"total,omitempty"`
	Coverage float64       `json:"coverage"`
	Missing  MissingReason `json:"missing,omitempty"`
	Detail   string        `json:"detail,omitempty"`
}

// MarshalJSON writes numbers that do not exist as null.
func (p Point) MarshalJSON() ([]byte, error) {
	return json.Marshal(pointJSON{p.End, finite(p.Value), finite(p.Upper), finite(p.Good), finite(p.Total), p.Coverage, p.Missing, p.Detail})
}

// UnmarshalJSON reads what MarshalJSON wrote; null becomes NaN.
func (p *Point) UnmarshalJSON(b []byte) error {
	var j pointJSON
	if err := json.Unmarshal(b, &j); err != nil {
		return err
	}
	*p = Point{j.End, orNaN(j.Value), orNaN(j.Upper), orNaN(j.Good), orNaN(j.Total), j.Coverage, j.Missing, j.Detail}
	return nil
}

// burnJSON is a Burn on the wire: windows as text, rates without data as null.
type burnJSON struct {
	Severity  string   `json:"severity"`
	Long      string   `json:"long"`
	Short     string   `json:"short"`
	Factor    float64  `json:"factor"`
	LongRate  *float64 `json:"long_rate"`
	ShortRate *float64 `json:"short_rate"`
	Burning   bool     `json:"burning"`
}

// MarshalJSON writes the windows as durations in words and rates without data as null.
func (b Burn) MarshalJSON() ([]byte, error) {
	return json.Marshal(burnJSON{b.Severity, span(b.Long), span(b.Short), b.Factor, finite(b.LongRate), finite(b.ShortRate), b.Burning})
}

// UnmarshalJSON reads what MarshalJSON wrote.
func (b *Burn) UnmarshalJSON(raw []byte) error {
	var j burnJSON
	if err := json.Unmarshal(raw, &j); err != nil {
		return err
	}
	long, err := parseSpan(j.Long)
	if err != nil {
		return err
	}
	short, err := parseSpan(j.Short)
	if err != nil {
		return err
	}
	*b = Burn{j.Severity, long, short, j.Factor, orNaN(j.LongRate), orNaN(j.ShortRate), j.Burning}
	return nil
}
