package board

import (
	"context"
	"math"

	"github.com/signalbox/signalbox/internal/kpi"
	"github.com/signalbox/signalbox/internal/ledger"
)

// Decisions returns decision records, newest first, with who was told.
func (b *Board) Decisions(ctx context.Context, f DecisionFilter) ([]Decision, error) {
	lf := ledger.Filter{KPI: f.KPI, From: f.From, To: f.To, Limit: f.Limit}
	ts, err := b.o.History.Transitions(ctx, lf)
	if err != nil {
		return nil, err
	}
	if len(ts) == 0 {
		return []Decision{}, nil
	}
	// One query for all receipts since the oldest record; a record with more than its share is read in full by its id.
	rs, err := b.o.History.Receipts(ctx, ledger.Filter{KPI: f.KPI, From: ts[len(ts)-1].At, Limit: 10_000})
	if err != nil {
		return nil, err
	}
	of := map[string][]ledger.Receipt{}
	for _, r := range rs {
		if r.Decision != "" {
			of[r.Decision] = append(of[r.Decision], r)
		}
	}
	out := make([]Decision, 0, len(ts))
	for i := range ts {
		out = append(out, b.decision(&ts[i], of[ts[i].ID]))
	}
	return out, nil
}

// Decision returns one decision record, or fault.NotFound.
func (b *Board) Decision(ctx context.Context, id string) (Decision, error) {
	t, err := b.o.History.Transition(ctx, id)
	if err != nil {
		return Decision{}, err
	}
	rs, err := b.o.History.Receipts(ctx, ledger.Filter{Decision: id, Limit: 1000})
	if err != nil {
		return Decision{}, err
	}
	return b.decision(&t, rs), nil
}

func (b *Board) decision(t *kpi.Transition, rs []ledger.Receipt) Decision {
	d := Decision{
		ID: t.ID, KPI: t.KPI, Title: t.KPI, Revision: t.Revision, Group: t.Group.Map(),
		From: t.From.String(), FromWord: t.From.Word(), To: t.To.String(), ToWord: t.To.Word(),
		End: t.End, At: t.At, Cause: t.Cause, Sentence: t.Sentence, Red: band(&t.Verdict.Red), Yellow: band(&t.Verdict.Yellow),
		Range: make([]DecisionPoint, 0, len(t.Verdict.Range)), Budget: budget(t.Verdict.Budget), Receipts: make([]Receipt, 0, len(rs)),
	}
	// A KPI that is gone keeps its records; only its unit and title are lost.
	k := &kpi.KPI{Name: t.KPI}
	if st, ok := b.o.Status(t.KPI); ok {
		k = st.KPI
		d.Title = title(k)
	}
	for _, p := range t.Verdict.Range {
		v := p.Value
		if !p.Real() {
			v = math.NaN()
		}
		d.Range = append(d.Range, DecisionPoint{
			End: p.End, Value: Number(v), Good: Number(p.Good), Total: Number(p.Total), Coverage: Number(p.Coverage),
			Missing: string(p.Missing), Detail: p.Detail, Display: text(k, v), Band: bandOf(k, p),
		})
	}
	for i := range rs {
		d.Receipts = append(d.Receipts, receipt(&rs[i]))
	}
	return d
}

func band(v *kpi.BandVerdict) Band {
	return Band{Before: v.Before.String(), After: v.After.String(), Rule: v.Rule, Breaching: v.Breaching, Real: v.Real, Filled: v.Filled, Treatment: v.Treatment, Note: v.Note}
}

func bandOf(k *kpi.KPI, p kpi.Point) string {
	switch {
	case !p.Real():
		return "missing"
	case k.Thresholds.Red != nil && k.Thresholds.Red.Holds(p.Value):
		return "red"
	case k.Thresholds.Yellow != nil && k.Thresholds.Yellow.Holds(p.Value):
		return "yellow"
	}
	return "none"
}

func receipt(r *ledger.Receipt) Receipt {
	return Receipt{
		ID: r.ID, At: r.At, KPI: r.KPI, Group: r.Group.Map(), Receiver: r.Receiver, Integration: r.Integration, Status: r.Status, Error: r.Err,
		Attempt: r.Attempt, Firing: r.Firing, Decision: r.Decision, Rule: r.Rule, MessageID: r.MessageID,
	}
}

// Receipts turns the ledger's receipts into what the page shows; never nil.
func Receipts(rs []ledger.Receipt) []Receipt {
	out := make([]Receipt, 0, len(rs))
	for i := range rs {
		out = append(out, receipt(&rs[i]))
	}
	return out
}
