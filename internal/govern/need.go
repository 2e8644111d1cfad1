package govern

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/signalbox/signalbox/internal/kpi"
	"github.com/signalbox/signalbox/internal/policy"
)

// Defaults where no Approval says otherwise.
const (
	defaultExpires   = 14 * 24 * time.Hour
	defaultEmergency = 24 * time.Hour
	defaultSignIn    = 15 * time.Minute // how recent an approver's personal sign-in must be
)

// standing is what a proposal asks for and what it has.
type standing struct {
	demand demand
	Need
	votes   []Vote
	current bool // the evidence is of the proposal as it stands
}

// stand counts the votes and weighs the evidence of a proposal.
func (g *Govern) stand(f *filed, ws []wish, now int64, stale bool) standing {
	d := g.demandOf(ws, g.force.Load())
	s := standing{demand: d, Need: Need{
		Approvals: d.Approvals, Roles: list(d.Roles), Users: list(d.Users), Evidence: d.Evidence && slices.ContainsFunc(ws, judges), FreshMS: d.Fresh.Milliseconds(),
		Regulated: d.Regulated, Policies: list(d.Policies),
	}}
	counted := map[string]bool{}
	for _, b := range f.ballots {
		v := b.Vote
		v.Why = g.discount(f, b, d)
		if v.Why == "" && v.Verdict == "approve" && counted[v.Who.ID] {
			v.Why = "the same person approved before"
		}
		v.Counts = v.Why == ""
		if v.Counts && v.Verdict == "approve" {
			counted[v.Who.ID] = true
			s.Given++
		}
		s.votes = append(s.votes, v)
	}
	e := f.Proposal.Evidence
	s.current = e != nil && e.State == "done" && e.Hash == f.Hash && !stale && (d.Fresh == 0 || now-e.At <= d.Fresh.Milliseconds())
	s.Met = s.Given >= s.Approvals && (!s.Need.Evidence || s.current)
	s.Sentence = s.say()
	return s
}

// discount says why a vote does not count; empty if it does.
func (g *Govern) discount(f *filed, b ballot, d demand) string {
	switch {
	case b.Hash != f.Hash:
		return "the proposal was changed after this vote"
	case b.Verdict == "approve" && wrote(f, b.Who) && (d.Regulated || !d.AllowAuthor):
		return "an author's own approval does not count"
	case b.Verdict == "approve" && !d.fits(b.Who, b.roles):
		return "the voter is none of those who are asked"
	}
	return ""
}

// wrote reports whether w had a hand in the text.
func wrote(f *filed, w Who) bool {
	return f.Author.ID == w.ID || slices.ContainsFunc(f.Editors, func(e Who) bool { return e.ID == w.ID })
}

// fits reports whether somebody with these roles is asked.
func (d demand) fits(w Who, roles []string) bool {
	if len(d.Roles)+len(d.Users) == 0 {
		return true
	}
	if slices.Contains(d.Users, w.ID) || slices.Contains(d.Users, w.Name) {
		return true
	}
	return slices.ContainsFunc(roles, func(r string) bool { return slices.Contains(d.Roles, r) })
}

// say is the need in words.
func (s *standing) say() string {
	var parts []string
	if n := s.Approvals - s.Given; n > 0 {
		word := "approval"
		if n > 1 {
			word = "approvals"
		}
		more := ""
		if s.Given > 0 {
			more = "more "
		}
		by := ""
		if who := append(slices.Clone(s.Roles), s.Users...); len(who) > 0 {
			by = " by " + strings.Join(who, " or ")
		}
		parts = append(parts, fmt.Sprintf("%d %s%s%s", n, more, word, by))
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

// judges reports whether a change can be back-tested: a KPI of which not only words change.
func judges(w wish) bool {
	var a, b *kpi.KPI
	if w.old != nil && w.old.inForce() {
		a = w.old.doc.KPI
	}
	if w.new != nil {
		b = w.new.KPI
	}
	switch {
	case a == nil && b == nil:
		return false
	case a == nil || b == nil:
		return true
	}
	return policy.Hash(wordless(a)) != policy.Hash(wordless(b))
}

// wordless is the KPI without what only people read.
func wordless(k *kpi.KPI) *kpi.KPI {
	c := *k
	c.Title, c.Description, c.Owner, c.Unit, c.Labels = "", "", "", "", nil
	return &c
}

func list[T any](l []T) []T {
	if l == nil {
		return []T{}
	}
	return l
}
