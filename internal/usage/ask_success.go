package usage

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"github.com/signalbox/signalbox/internal/fault"
	"github.com/signalbox/signalbox/internal/rowstore"
)

const maxTransactions = 2_000_000

type transaction struct {
	start, end       int64
	trace            rowstore.TraceID
	ended, failed    bool
	early            int64 // an end before any start, of the same instant perhaps
	earlyFailed, any bool
}

// Success answers how many transactions that began in the range came to their end in time. A transaction is the rows of one
// business id from its first start in the range to the first end or failure after it.
func (r *Room) Success(ctx context.Context, q SuccessQuestion) (Success, error) {
	period, err := q.Period.valid()
	if err != nil {
		return Success{}, err
	}
	now := r.opt.Now()
	from, to, err := q.between(now)
	if err != nil {
		return Success{}, err
	}
	if q.Within < 0 {
		return Success{}, fault.New(fault.Invalid, "within %v: want seconds above 0", q.Within)
	}
	within := int64(cmp.Or(q.Within, 30) * 1e6)
	fail, any := q.Fail, rowstore.Any(q.Start, q.End, q.Fail)
	if fail.IsEverything() {
		fail, any = rowstore.Any(), rowstore.Any(q.Start, q.End)
	}
	tests, err := compiled([]rowstore.Expr{q.Start, q.End, fail}, "event")
	if err != nil {
		return Success{}, err
	}
	scan := rowstore.Scan{Table: q.Table, Between: rowstore.Between{From: from, To: to + max(within, 3_600_000_000)},
		Where:  rowstore.All(q.Where, rowstore.Expr{Match: &rowstore.Match{Field: "business_id", Op: rowstore.Exists}}, any),
		Fields: needs([]rowstore.Expr{q.Where, q.Start, q.End, q.Fail}, "business_id", "trace_id")}
	done, err := r.admit(ctx)
	if err != nil {
		return Success{}, err
	}
	defer done()
	all := map[string]*transaction{}
	err = r.opt.Rows.Scan(ctx, scan, func(rows []rowstore.Row) error {
		for i := range rows {
			row := &rows[i]
			starts, ends, fails := tests[0](row), tests[1](row), tests[2](row)
			t := all[row.Business]
			if t == nil {
				if len(all) == maxTransactions {
					return fault.New(fault.TooLarge, "the range holds more than %d transactions", maxTransactions).Hint("Take a shorter range or a narrower filter.")
				}
				t = &transaction{}
				all[strings.Clone(row.Business)] = t
			}
			t.see(row, starts && row.Time < to, ends, fails)
		}
		return ctx.Err()
	})
	if err != nil {
		return Success{}, err
	}
	return tell(all, period, from, to, within, now.UnixMicro()), nil
}

func (t *transaction) see(r *rowstore.Row, starts, ends, fails bool) {
	if t.start == 0 {
		if starts {
			t.start, t.trace = r.Time, r.Trace
			if t.any && t.early == r.Time { // the end stood before the start of the same instant
				t.ended, t.end, t.failed = true, r.Time, t.earlyFailed
			}
		} else if ends || fails {
			t.any, t.early, t.earlyFailed = true, r.Time, fails && !ends
		}
		return
	}
	if !t.ended && (ends || fails) {
		t.ended, t.end, t.failed = true, r.Time, fails && !ends
	}
}

// tell counts transactions.
func tell(all map[string]*transaction, period Period, from, to, within, now int64) Success {
	out := Success{Points: []SuccessPoint{}, Examples: []SuccessSample{}, Notes: notes(nil)}
	var starts []int32
	for at := period.start(dayOf(from)); at <= dayOf(to-1); at = period.next(at) {
		starts = append(starts, at)
		out.Points = append(out.Points, SuccessPoint{At: millisOf(at), Complete: millisOf(period.next(at))*1000+within <= now})
	}
	var took []float64
	for id, t := range all {
		if t.start == 0 {
			continue
		}
		out.Started++
		p := &out.Points[periodAt(starts, dayOf(t.start))]
		p.Started++
		outcome := ""
		seconds := float64(t.end-t.start) / 1e6
		if t.ended && !t.failed {
			took = append(took, seconds)
		}
		switch {
		case t.failed:
			out.Failed++
			outcome = "failed"
		case t.ended && t.end-t.start <= within:
			out.Succeeded++
			p.Succeeded++
		case t.ended:
			out.Late++
			outcome = "late"
		case t.start+within > now:
			out.Open++
			p.Open++
		default:
			out.Missing++
			outcome = "missing"
		}
		if outcome != "" {
			s := SuccessSample{Business: id, At: t.start / 1000, Outcome: outcome, Trace: t.trace.String()}
			if t.ended {
				s.Seconds = &seconds
			}
			out.Examples = append(out.Examples, s)
		}
	}
	for i := range out.Points {
		p := &out.Points[i]
		p.Share = share(float64(p.Succeeded), float64(p.Started-p.Open))
	}
	slices.SortFunc(out.Examples, func(a, b SuccessSample) int {
		return cmp.Or(cmp.Compare(b.At, a.At), cmp.Compare(a.Business, b.Business))
	})
	out.Examples = slices.Clip(out.Examples[:min(20, len(out.Examples))])
	out.Share = share(float64(out.Succeeded), float64(out.Started-out.Open))
	out.Median, out.P90, out.P99 = nearest(took, 0.5), nearest(took, 0.9), nearest(took, 0.99)
	return out
}
