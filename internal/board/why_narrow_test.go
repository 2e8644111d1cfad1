package board_test

import (
	"context"
	"encoding/json"
	"testing"
	"time"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/stretchr/testify/require"

	"github.com/signalbox/signalbox/internal/access"
	"github.com/signalbox/signalbox/internal/access/scoped"
	"github.com/signalbox/signalbox/internal/board"
	"github.com/signalbox/signalbox/internal/fault"
	"github.com/signalbox/signalbox/internal/kpi"
	"github.com/signalbox/signalbox/internal/ledger"
)

// through is the story's board as somebody sees it whose scope is one agency.
func (s *story) through(scope string) *board.Board {
	m, err := access.ParseScope(scope)
	require.NoError(s.t, err)
	p := access.Principal{ID: "ana", Kind: access.KindPerson, Grants: []access.Grant{{Role: access.Analyst, Scope: m}}}
	o := board.Options{
		Now: func() time.Time { return s.now }, Statuses: func() []kpi.Status { return s.statuses },
		Status: func(name string) (kpi.Status, bool) {
			if name == s.k.Name {
				return s.statuses[0], true
			}
			return kpi.Status{}, false
		},
		History: s.ledger, Law: s.law, Silences: func(context.Context) ([]board.Silence, error) { return s.silences, nil },
	}
	return board.New(o.Through(scoped.Of(access.With(s.t.Context(), p), access.ReadKPIs)))
}

// Whoever sees one agency learns nothing of another's lights, messages and alerts.
func TestWhyThroughALens(t *testing.T) {
	s := newStory(t, func(k *kpi.KPI) { k.By = []string{"agency"} })
	tell := func(agency, receiver, status, rule string) {
		s.group, s.mem, s.all = labels.FromStrings("agency", agency), kpi.Memory{}, nil
		s.values(minutes(10), 0.5, 0.5, 5, 5, 5, 5)
		s.receipt(ledger.Receipt{At: ago(minutes(5)), Receiver: receiver, Integration: "email[0]", Status: status, Rule: rule, MessageID: "<" + agency + "@sb>"})
	}
	tell("SSA", "ssa-desk", "sent", route)
	tell("IRS", "oncall", "inhibited", `inhibited by {alertname="secret", agency="SSA"}`)
	s.statuses[0].Groups = nil
	for _, a := range []string{"IRS", "SSA"} {
		s.statuses[0].Groups = append(s.statuses[0].Groups, kpi.GroupStatus{Labels: labels.FromStrings("agency", a), Light: kpi.Red})
	}
	irs := s.through(`agency="IRS"`)
	w, err := irs.Why(t.Context(), board.WhyQuestion{KPI: s.k.Name, At: ago(minutes(5))})
	require.NoError(t, err)
	require.Equal(t, "inhibited", w.Answer)
	require.Contains(t, w.Sentence, "inhibited by an alert that is out of your sight")
	raw, err := json.Marshal(w)
	require.NoError(t, err)
	require.NotContains(t, string(raw), "SSA")
	require.NotContains(t, string(raw), "ssa-desk")
	require.NotContains(t, string(raw), "secret")

	_, err = irs.WhyOf(t.Context(), "<SSA@sb>")
	require.Equal(t, fault.NotFound, fault.KindOf(err))
	w, err = irs.Why(t.Context(), board.WhyQuestion{KPI: s.k.Name, Group: map[string]string{"agency": "SSA"}, At: ago(minutes(5))})
	require.NoError(t, err)
	require.Equal(t, "not_judged", w.Answer, "as a group that there is not")
	_, err = s.through(`agency="DHS"`).Why(t.Context(), board.WhyQuestion{KPI: s.k.Name})
	require.Equal(t, fault.NotFound, fault.KindOf(err))

	// The wide board knows both.
	wide := s.why(board.WhyQuestion{At: ago(minutes(5)), Group: map[string]string{"agency": "IRS"}})
	require.Contains(t, wide.Sentence, `alertname="secret"`)
}
