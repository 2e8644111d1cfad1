package duckdb

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/signalbox/signalbox/internal/rowstore"
)

// TailRule says which traces are kept for good. Traces are judged when their segment is sealed, some minutes at most after
// they came, with what the segment has of them: the first rule that matches one of a trace's spans decides. It keeps the
// trace if a span failed or is slow, as far as the rule asks; of the other traces it keeps a share, the same ones in every
// segment, whose spans then stand for the others, too (weight). Traces without a rule and spans without a trace are kept.
type TailRule struct {
	Where      rowstore.Expr
	KeepErrors bool
	SlowerThan time.Duration // 0: slowness does not count
	Share      float64       // 0 to 1
}

func (s *Store) tailRules() []TailRule {
	if s.opt.Tail == nil {
		return nil
	}
	return s.opt.Tail()
}

// tailSample judges the spans in stage.rows and returns the select of those that are kept.
func (s *Store) tailSample(ctx context.Context, p *shop, h *hotTable, rules []TailRule) (string, error) {
	var rule, keep, share strings.Builder
	for i, r := range rules {
		cond, err := s.condition(ctx, source{Name: h.name, keys: h.keys}, r.Where)
		if err != nil {
			return "", fmt.Errorf("tail rule %d: %w", i+1, err)
		}
		fmt.Fprintf(&rule, " WHEN %s THEN %d", cond, i)
		fmt.Fprintf(&keep, " WHEN %d THEN (%t AND failed) OR (%d > 0 AND slowest >= %d)", i, r.KeepErrors, r.SlowerThan.Nanoseconds(), r.SlowerThan.Nanoseconds())
		fmt.Fprintf(&share, " WHEN %d THEN %s::DOUBLE", i, quote(strconv.FormatFloat(min(1, max(0, r.Share)), 'g', -1, 64)))
	}
	// The share is taken by the trace id's low half, which is random in W3C's trace context.
	err := p.run("CREATE OR REPLACE TABLE stage.verdict AS WITH ruled AS (SELECT trace_hi, trace_lo, min(CASE" + rule.String() + " END) AS rule, bool_or(status = 2) AS failed, max(duration) AS slowest " +
		"FROM stage.rows WHERE trace_hi <> 0 OR trace_lo <> 0 GROUP BY ALL HAVING rule IS NOT NULL), " +
		"kept AS (SELECT *, CASE rule" + keep.String() + " END AS keep, CASE rule" + share.String() + " END AS share FROM ruled) " +
		"SELECT trace_hi, trace_lo, CASE WHEN keep THEN 1 WHEN trace_lo % 1000000 < share * 1000000 THEN 1 / share ELSE 0 END AS factor FROM kept")
	return "SELECT " + strings.Replace(columnsAll, "weight", "(weight * coalesce(v.factor, 1))::FLOAT AS weight", 1) +
		" FROM stage.rows AS r LEFT JOIN stage.verdict AS v USING (trace_hi, trace_lo) WHERE coalesce(v.factor, 1) > 0", err
}
