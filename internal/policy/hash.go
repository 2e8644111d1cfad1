package policy

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/prometheus/prometheus/model/labels"

	"github.com/signalbox/signalbox/internal/kpi"
)

// canonicalVersion changes when the canonical form does, and with it every hash.
const canonicalVersion = "signalbox/kpi/1"

// Hash is the content hash of a KPI: SHA-256 over its canonical form, hex. Two documents that mean the same (order of
// keys, comments, quotes, 60s for 1m, 0.03 for 3%, order of matchers) have the same hash; where it stands does not count.
func Hash(k *kpi.KPI) string { return hashOf(Canonical(k)) }

func hashOf(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}

// Canonical returns the canonical form of a KPI: JSON with sorted keys, base units, milliseconds, defaults filled in.
func Canonical(k *kpi.KPI) []byte { return encode(canonicalKPI(k)) }

func canonicalKPI(k *kpi.KPI) map[string]any {
	type object = map[string]any
	ms := func(d time.Duration) int64 { return d.Milliseconds() }
	selector := func(s *kpi.Selector) any {
		if s == nil {
			return nil
		}
		return selectorKey(s)
	}
	comparison := func(c *kpi.Comparison) any {
		if c == nil {
			return nil
		}
		return []any{string(c.Op), c.A, c.B}
	}
	in := k.Indicator
	doc := object{
		"version": canonicalVersion, "name": k.Name, "title": k.Title, "description": k.Description,
		"outcome": k.Outcome, "owner": k.Owner, "unit": k.Unit, "labels": k.Labels,
		"indicator": object{
			"kind": in.Kind, "good": selector(in.Good), "bad": selector(in.Bad), "total": selector(in.Total), "of": selector(in.Of),
			"sum": selector(in.Sum), "count": selector(in.Count), "histogram": selector(in.Histogram), "below": in.Below, "q": in.Q,
			"t": in.T, "over": in.Over, "across": in.Across, "expr": in.Expr, "inputs": in.Inputs, "promql": in.PromQL,
		},
		"by": k.By, "expect": groupStrings(k.Expect), "max_groups": k.MaxGroups,
		"period": ms(k.Period), "window": ms(k.Window), "interval": ms(k.Interval), "zone": k.Zone,
		"min_coverage": k.MinCoverage, "restate_for": ms(k.RestateFor),
		"thresholds": object{
			"yellow": comparison(k.Thresholds.Yellow), "red": comparison(k.Thresholds.Red),
			"for_yellow": k.Thresholds.ForYellow, "for_red": k.Thresholds.ForRed, "recover": k.Thresholds.Recover,
			"missing": k.Thresholds.Missing, "min_count": k.Thresholds.MinCount, "range": k.Thresholds.Range,
		},
	}
	if in.Value != "" || in.First != nil || in.Then != nil || in.On != "" || in.Within != 0 || in.SQL != "" { // where nothing is stated the form, and with it old hashes, stay
		doc["rows"] = object{"value": in.Value, "first": selector(in.First), "then": selector(in.Then), "on": in.On, "within": ms(in.Within), "sql": in.SQL}
	}
	if k.Delay != nil {
		doc["delay"] = ms(*k.Delay)
	}
	if o := k.Objective; o != nil {
		doc["objective"] = object{"target": o.Target, "window": ms(o.Window), "calendar": o.Calendar}
	}
	if p := k.Page; p != nil {
		doc["page"] = object{"severity": p.Severity, "runbook": p.Runbook, "no_data": p.NoData}
	}
	return doc
}

// ContentHash is the content hash of a document: of a KPI as Hash makes it, with what every kind states besides where it is
// stated, so that a KPI keeps the hash that it had before documents could say more.
func ContentHash(d *Document) string { return hashOf(canonical(d)) }

func canonical(d *Document) []byte {
	if d.KPI != nil {
		doc := canonicalKPI(d.KPI)
		if d.Regulated {
			doc["regulated"] = true
		}
		if d.ReviewEvery != DefaultReviewEvery {
			doc["review_every"] = d.ReviewEvery.Milliseconds()
		}
		return encode(doc)
	}
	fields := map[string]any{}
	for _, f := range d.Fields() {
		fields[f.Path] = f.Value
	}
	return encode(map[string]any{"version": "signalbox/policy/1", "kind": d.Kind, "name": d.Name, "fields": fields})
}

func encode(doc map[string]any) []byte {
	b, err := json.Marshal(doc)
	if err != nil {
		panic("policy: a document holds a number that JSON cannot carry: " + err.Error()) // the reader refuses NaN and infinities
	}
	return b
}

// selectorKey is a selector without its notation: the matchers in a fixed order.
func selectorKey(s *kpi.Selector) string {
	out := make([]string, 0, len(s.Matchers))
	for _, m := range s.Matchers {
		out = append(out, m.String())
	}
	slices.Sort(out)
	return strings.Join(out, ",")
}

// groupStrings prints expected groups in a fixed order.
func groupStrings(groups []labels.Labels) []string {
	out := map[string]bool{}
	for _, g := range groups {
		out[g.String()] = true
	}
	return slices.Sorted(maps.Keys(out))
}
