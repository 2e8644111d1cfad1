package govern

import (
	"context"

	"github.com/signalbox/signalbox/internal/access"
	"github.com/signalbox/signalbox/internal/access/scoped"
	"github.com/signalbox/signalbox/internal/audit"
	"github.com/signalbox/signalbox/internal/fault"
	"github.com/signalbox/signalbox/internal/policy"
)

// covered refuses, and notes, what lies outside of what the asker may do.
func (g *Govern) covered(ctx context.Context, a asker, word string, act access.Action, ws []wish) error {
	if a.may(act) {
		bad := ""
		for i := range ws {
			w := &ws[i]
			if !a.may(act, w.scope()...) || !a.whole(act) && !g.within(a, act, w) {
				bad = w.ref().String()
				break
			}
		}
		if bad == "" {
			return nil
		}
		ref, _ := policy.ParseRef(bad)
		return g.denied(ctx, a, word, onPolicy(ref), fault.New(fault.Forbidden, "%s may not %s a change of %s: its labels, or what it reads, lie outside of your scope", a.Name, word, bad))
	}
	object := audit.Object{Kind: "proposal"}
	if len(ws) > 0 {
		object = onPolicy(ws[0].ref())
	}
	return g.denied(ctx, a, word, object, fault.New(fault.Forbidden, "%s may not %s a change of a policy", a.Name, word))
}

// within reports whether what a changed KPI reads lies within a bounded asker's scope, by the rule by which they would see it as
// a whole: labels that an author writes into a document must not open what the series behind it belong to.
func (g *Govern) within(a asker, act access.Action, w *wish) bool {
	if w.new == nil || w.new.KPI == nil {
		return true
	}
	k := w.new.KPI
	if w.old.inForce() && w.old.doc.KPI != nil && w.old.doc.KPI.Indicator.Text() == k.Indicator.Text() {
		return true
	}
	f := g.force.Load()
	return scoped.For(a.p, act).KPI(k, f.kpi).Whole
}
