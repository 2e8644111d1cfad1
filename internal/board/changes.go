package board

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"github.com/signalbox/signalbox/internal/kpi"
	"github.com/signalbox/signalbox/internal/ledger"
)

const (
	changesBack = 7 * dayMS
	mostChanges = 10
)

// changesOf is a KPI's revisions as read when its number was rev.
type changesOf struct {
	rev  int
	list []ledger.Revision
}

// recent lists the policy changes of the last week, newest first. A first revision is a beginning, not a change.
func (b *Board) recent(ctx context.Context, s *scene) []Change {
	out := []Change{}
	for i, st := range s.sts {
		if st.Revision < 2 {
			continue
		}
		for _, r := range b.revisions(ctx, st) {
			if r.Number > 1 && r.EffectiveFrom > s.now-changesBack {
				out = append(out, Change{Letter: "P", Word: "Policy", At: r.EffectiveFrom, KPI: st.KPI.Name, Title: s.views[i].Title,
					Detail: fmt.Sprintf("revision %d in force, from %s", r.Number, r.Source)})
			}
		}
	}
	slices.SortStableFunc(out, func(x, y Change) int { return cmp.Compare(y.At, x.At) })
	return out[:min(len(out), mostChanges)]
}

func (b *Board) revisions(ctx context.Context, st *kpi.Status) []ledger.Revision {
	b.mu.Lock()
	c, ok := b.changes[st.KPI.Name]
	b.mu.Unlock()
	if ok && c.rev == st.Revision {
		return c.list
	}
	list, err := b.o.History.Revisions(ctx, st.KPI.Name)
	if err != nil {
		b.o.Logger.Error("board: revisions", "kpi", st.KPI.Name, "err", err)
		return nil
	}
	b.mu.Lock()
	b.changes[st.KPI.Name] = changesOf{st.Revision, list}
	b.mu.Unlock()
	return list
}
