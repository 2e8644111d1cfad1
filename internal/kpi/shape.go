package kpi

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
)

// Shape identifies what makes a KPI's datapoints: indicator, period, window, groups and the stated interval. Two revisions
// of one shape make the same datapoints and differ only in how these are judged, so that one's past can be judged anew by
// the other.
func (k *KPI) Shape() string {
	i := &k.Indicator
	number := func(v float64) string { return strconv.FormatFloat(v, 'g', -1, 64) }
	parts := []string{k.Period.String(), k.Window.String(), k.Interval.String(), i.Text(), number(i.Below), number(i.Q), number(i.T), i.Over, i.Across}
	for _, name := range slices.Sorted(maps.Keys(i.Inputs)) {
		parts = append(parts, name+"="+i.Inputs[name])
	}
	parts = append(parts, "by")
	parts = append(parts, k.By...)
	sum := sha256.Sum256([]byte(strings.Join(parts, "\xff")))
	return hex.EncodeToString(sum[:8])
}

// What a datapoint without data says of itself.
const (
	nothingArrived = "nothing arrived in the window"
	onlyGaps       = "only increases across a gap arrived, and they cannot be placed in time"
	NotObserved    = "signalbox was down or refused data during the period"
	NoAnswer       = "the query returned no value"
)

// Explain says why a missing datapoint has no value, for one that was kept without its sentence; empty where the sentence
// named what only the moment knew.
func (k *KPI) Explain(p Point) string {
	i := &k.Indicator
	switch p.Missing {
	case NoData:
		return nothingArrived
	case Gap:
		return onlyGaps
	case Unobserved:
		return NotObserved
	case QueryFailed:
		return NoAnswer
	case NeverSeen:
		if i.Good != nil && !math.IsNaN(p.Value) { // a share was computed, and only the good side is unknown
			return unmatchedGood(i.Good)
		}
		for _, s := range []*Selector{i.Total, i.Of, i.Sum, i.Count, i.Histogram} {
			if s != nil {
				return unmatched(s.Text)
			}
		}
	}
	return ""
}

func unmatched(selector string) string { return fmt.Sprintf("nothing has matched %s yet", selector) }

func unmatchedGood(s *Selector) string {
	return fmt.Sprintf("nothing has matched the good side %s yet", s.Text)
}
