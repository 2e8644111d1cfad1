package app

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/signalbox/signalbox/internal/access"
	"github.com/signalbox/signalbox/internal/access/scoped"
	"github.com/signalbox/signalbox/internal/api"
	"github.com/signalbox/signalbox/internal/evaluate"
	"github.com/signalbox/signalbox/internal/fault"
	"github.com/signalbox/signalbox/internal/govern"
	"github.com/signalbox/signalbox/internal/kpi"
	"github.com/signalbox/signalbox/internal/kpi/backtest"
	"github.com/signalbox/signalbox/internal/policy"
	"github.com/signalbox/signalbox/internal/policy/strict"
)

// previewBack is how much of the past a preview judges: enough to see the light move, little enough to answer at once.
const previewBack = 3 * time.Hour

// backTest is govern's question to the KPI engine: what would both definitions have done.
func (h *house) backTest(ctx context.Context, now, proposed *kpi.KPI, from, to int64, progress func(float64)) (json.RawMessage, string, error) {
	c, err := h.engine.Backtest(ctx, evaluate.Backtest{Now: now, Proposed: proposed, From: from, To: to, Progress: func(done, total int64) {
		if total > 0 {
			progress(float64(done) / float64(total))
		}
	}})
	if err != nil {
		return nil, "", err
	}
	raw, err := json.Marshal(c)
	return raw, c.Sentence, err
}

// backtestChanges tests changes that nobody has proposed.
func (h *house) backtestChanges(ctx context.Context, changes []govern.Change, days int) ([]backtest.Comparison, string, error) {
	to := time.Now()
	from := to.Add(-time.Duration(days) * 24 * time.Hour)
	out, sentences := []backtest.Comparison{}, []string{}
	for _, c := range changes {
		if c.Kind != string(policy.KindKPI) || !c.Judges && c.Action == "change" {
			continue
		}
		before, after := h.kpiOf(c.Before), h.kpiOf(c.After)
		if before == nil && after == nil {
			continue
		}
		for _, k := range []*kpi.KPI{before, after} {
			if k != nil && !h.mayTry(ctx, k) {
				return nil, "", outOfSight(c.Name)
			}
		}
		x, err := h.engine.Backtest(ctx, evaluate.Backtest{Now: before, Proposed: after, From: from.UnixMilli(), To: to.UnixMilli()})
		if err != nil {
			return nil, "", fmt.Errorf("back-test of %s: %w", c.Name, err)
		}
		out, sentences = append(out, *x), append(sentences, x.Sentence)
	}
	return out, strings.Join(sentences, " "), nil
}

// kpiOf is the KPI of a document's text; nil if there is none that can be read.
func (h *house) kpiOf(text string) *kpi.KPI {
	if text == "" {
		return nil
	}
	docs, _ := policy.Read("", []byte(text), h.cfg.Load().limits())
	for _, d := range docs {
		if d.KPI != nil {
			return d.KPI
		}
	}
	return nil
}

// mayTry reports whether the asker may see all that a definition reads: trying one out must not tell them more.
func (h *house) mayTry(ctx context.Context, k *kpi.KPI) bool {
	return scoped.Of(ctx, access.ReadSignals).KPI(k, func(name string) *kpi.KPI {
		st, _ := h.engine.Status(name)
		return st.KPI
	}).Whole
}

func outOfSight(name string) error {
	return fault.New(fault.Forbidden, "%s reads more than you may see, so it cannot be tried out for you", name).
		Hint("Bound every selector to your scope, such as agency=\"IRS\"")
}

// preview judges the last hours by the KPIs of a text, for an editor: nothing is kept.
func (h *house) preview(ctx context.Context, text string) ([]api.Preview, error) {
	docs, findings := policy.Read("", []byte(text), h.cfg.Load().limits())
	if strict.Failed(findings) {
		return nil, nil
	}
	var out []api.Preview
	to := time.Now().UnixMilli()
	for _, k := range policy.KPIs(docs) {
		from := to - max(previewBack, 30*k.Period).Milliseconds()
		p := api.Preview{KPI: k.Name, From: from, To: to, Light: kpi.Grey.String(), Spans: []backtest.Span{}}
		if !h.mayTry(ctx, k) {
			return nil, outOfSight(k.Name)
		}
		r, err := h.engine.Rehearse(ctx, evaluate.Rehearsal{KPI: k, From: from, To: to})
		switch {
		case ctx.Err() != nil:
			return nil, ctx.Err()
		case err != nil:
			p.Error = err.Error()
		default:
			p.From, p.To, p.Spans = r.From, r.To, slices.Clone(r.Spans)
			if n := len(r.Spans); n > 0 {
				p.Light = r.Spans[n-1].Light
			}
			p.Sentence = r.Limited
		}
		for _, l := range []kpi.Light{kpi.Green, kpi.Yellow, kpi.Red, kpi.Grey} {
			if l.String() == p.Light {
				p.Word = l.Word()
			}
		}
		out = append(out, p)
	}
	return out, nil
}
