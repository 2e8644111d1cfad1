package govern

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/signalbox/signalbox/internal/policy"
)

// How recent an approver's personal sign-in must be where no Approval states it: approving is a signature, and a session that
// somebody left open at noon is none.
const (
	signInRegulated = 15 * time.Minute
	signInOtherwise = 12 * time.Hour
)

// standing is what a proposal asks for and what it has.
type standing struct {
	demand policy.Demand
	Need
	votes   []Vote
	current bool // the evidence is of the proposal as it stands
}

// demandOf asks the Approval policies in force, never those that the proposal would bring: a change of an Approval passes
// under the old one.
func (g *Govern) demandOf(ws []wish) policy.Demand {
	changes := make([]policy.Change, 0, len(ws))
	for i := range ws {
		if c := ws[i].change(); c.Before != nil || c.After != nil {
			changes = append(changes, c)
		}
	}
	d := policy.DemandsOf(policy.Approvals(g.force.Load().docs), changes)
	switch {
	case d.RecentSignIn > 0:
	case d.Regulated:
		d.RecentSignIn = g.o.recent()
	default:
		d.RecentSignIn = signInOtherwise
	}
	return d
}

// stand counts the votes and weighs the evidence of a proposal.
func (g *Govern) stand(f *filed, ws []wish, now int64, stale bool) standing {
	d := g.demandOf(ws)
	s := standing{demand: d, Need: Need{
		Approvals: d.Approvals, Roles: list(d.Roles()), Users: list(d.Users()), Evidence: d.Evidence && slices.ContainsFunc(ws, judges),
		FreshMS: d.FreshFor.Milliseconds(), Regulated: d.Regulated, Policies: list(d.Policies),
	}}
	authors := authorsOf(f)
	counted := map[string]bool{}
	for _, b := range f.ballots {
		v := b.Vote
		switch {
		case b.Hash != f.Hash:
			v.Why = "the proposal was changed after this vote"
		case v.Verdict == "approve" && counted[v.Who.ID]:
			v.Why = "the same person approved before"
		case v.Verdict == "approve":
			_, v.Why = d.Counts(b.word(), authors)
		}
		if v.Counts = v.Why == ""; v.Counts && v.Verdict == "approve" {
			counted[v.Who.ID] = true
			s.Given++
		}
		s.votes = append(s.votes, v)
	}
	e := f.Proposal.Evidence
	s.current = e != nil && e.State == "done" && e.Hash == f.Hash && !stale && (d.FreshFor == 0 || now-e.At <= d.FreshFor.Milliseconds())
	s.Met = s.Given >= s.Approvals && (!s.Need.Evidence || s.current)
	s.Sentence = s.say()
	return s
}

// word is the vote as policy weighs it.
func (b ballot) word() policy.Vote {
	v := policy.Vote{
		By:       policy.Voter{ID: b.Who.ID, Name: b.Who.Name, Kind: b.Who.Kind, Agent: b.agent, Roles: b.roles},
		Approves: b.Verdict == "approve", At: time.UnixMilli(b.At),
	}
	if b.signedIn > 0 {
		v.SignedInAt = time.UnixMilli(b.signedIn)
	}
	return v
}

// authorsOf are the ids of everybody who had a hand in the text.
func authorsOf(f *filed) []string {
	out := []string{f.Author.ID}
	for _, e := range f.Editors {
		out = append(out, e.ID)
	}
	return out
}

// wrote reports whether w had a hand in the text.
func wrote(f *filed, w Who) bool { return slices.Contains(authorsOf(f), w.ID) }

// say is the need in words.
func (s *standing) say() string {
	var parts []string
	if n := s.Approvals - s.Given; n > 0 {
		word := "approval"
		if s.Given > 0 {
			word = "more approval"
		}
		if n > 1 {
			word += "s"
		}
		by := ""
		if len(s.demand.Circles) > 0 {
			circles := make([]string, len(s.demand.Circles))
			for i, c := range s.demand.Circles {
				circles[i] = strings.Join(slices.Concat(c.Roles, c.Users), " or ")
			}
			by = " by " + strings.Join(circles, ", who is also ")
		}
		parts = append(parts, fmt.Sprintf("%d %s%s", n, word, by))
	}
	if s.Need.Evidence && !s.current {
		parts = append(parts, "a back-test of exactly this text")
	}
	switch {
	case len(parts) > 0:
		return "Needs " + strings.Join(parts, " and ")
	case s.Approvals == 0 && !s.Need.Evidence:
		return "Nobody has to approve it"
	}
	return "Has everything that is asked for"
}

func list[T any](l []T) []T {
	if l == nil {
		return []T{}
	}
	return l
}
