package policy

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/signalbox/signalbox/internal/kpi"
)

// Voter is somebody who proposes, edits or votes.
type Voter struct {
	ID    string
	Name  string
	Kind  string // person, token, start, loopback, file, system; only a person approves
	Agent bool   // a program that acts for a person; never approves
	Roles []string
}

func (v Voter) name() string {
	if v.Name != "" {
		return v.Name
	}
	return v.ID
}

// Vote is one person's word on a proposal.
type Vote struct {
	By         Voter // as they stood when they voted
	Approves   bool  // false: rejects
	At         time.Time
	SignedInAt time.Time // when they last proved who they are; zero = unknown, which is too long ago
	Void       bool      // the proposal was edited or rebased since
}

// Void returns the votes as they stand after an edit or a rebase: none counts any more.
func Void(votes []Vote) []Vote {
	out := slices.Clone(votes)
	for i := range out {
		out[i].Void = true
	}
	return out
}

// Circle is who may approve by one Approval: somebody with one of the roles, or one of the users by id or name.
type Circle struct {
	Policy string   `json:"policy"`
	Roles  []string `json:"roles"`
	Users  []string `json:"users"`
}

func (c Circle) holds(v Voter) bool {
	if slices.Contains(c.Users, v.ID) || slices.Contains(c.Users, v.Name) {
		return true
	}
	return slices.ContainsFunc(c.Roles, func(role string) bool { return slices.Contains(v.Roles, role) })
}

// Demand is what must be given before a change may take effect.
type Demand struct {
	Approvals    int           // people who must agree; 0 = applies at once
	Circles      []Circle      // an approval counts from somebody who is in each of them
	Evidence     bool          // a back-test of exactly what is proposed
	FreshFor     time.Duration // how old it may be; 0 = any age
	Regulated    bool          // an author's approval never counts, whatever an Approval says
	AllowAuthor  bool          // an author's approval counts
	RecentSignIn time.Duration // how long before the vote the voter may have signed in; 0 = any time
	Expires      time.Duration // how long the proposal stays open
	Emergency    EmergencyDemand
	Policies     []string // names of the Approvals that ask for it, sorted
}

// EmergencyDemand says who may apply the change before it is approved.
type EmergencyDemand struct {
	Never   bool
	Circles [][]string    // one role of each; none = every role that may make emergency changes
	Expires time.Duration // how long it stands without approval
}

// May reports whether somebody with these roles may.
func (e EmergencyDemand) May(roles []string) bool {
	return !e.Never && !slices.ContainsFunc(e.Circles, func(circle []string) bool {
		return !slices.ContainsFunc(circle, func(role string) bool { return slices.Contains(roles, role) })
	})
}

// Roles are the roles that the Approvals name, for people to read; who counts is Counts' to say.
func (d Demand) Roles() []string { return d.named(func(c Circle) []string { return c.Roles }) }

// Users are the people that the Approvals name.
func (d Demand) Users() []string { return d.named(func(c Circle) []string { return c.Users }) }

func (d Demand) named(of func(Circle) []string) []string {
	out := []string{}
	for _, c := range d.Circles {
		out = append(out, of(c)...)
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// Demands says what a change needs under the approvals that are in force before it. Every Approval that covers the policy as
// it was or as it would be counts, so that a change cannot step out of what guards it; an Approval guards itself too. Of
// several, the most demanding wins, field by field. Where none asks, the change applies at once, unless the policy is
// regulated: then one other person must agree.
func Demands(inForce []*Approval, c Change) Demand { return demands(inForce, c).settled() }

func demands(inForce []*Approval, c Change) Demand {
	var asked []*Approval
	for _, a := range inForce {
		self := c.Before != nil && c.Before.Approval != nil && a.Name == c.Before.Name
		if self || ((a.Covers(c.Before) || a.Covers(c.After)) && a.When.holds(c.Before, c.After)) {
			asked = append(asked, a)
		}
	}
	var d Demand
	for _, a := range asked {
		d = d.with(a)
	}
	if (c.Before != nil && c.Before.Regulated) || (c.After != nil && c.After.Regulated) {
		d = d.regulated()
	}
	return d
}

// settled fills in what applies where no Approval says anything.
func (d Demand) settled() Demand {
	if d.Expires == 0 {
		d.Expires = DefaultExpires
	}
	if d.Emergency.Expires == 0 {
		d.Emergency.Expires = DefaultEmergencyExpires
	}
	return d
}

// DemandsOf says what several changes need that take effect together: the most demanding of each.
func DemandsOf(inForce []*Approval, changes []Change) Demand {
	var d Demand
	for _, c := range changes {
		d = d.and(demands(inForce, c))
	}
	return d.settled()
}

func (d Demand) with(a *Approval) Demand {
	other := Demand{
		Approvals: a.Approvals, Evidence: a.Evidence, FreshFor: a.FreshFor, AllowAuthor: a.AllowAuthor, RecentSignIn: a.RecentSignIn, Expires: a.Expires,
		Emergency: EmergencyDemand{Never: a.Emergency.Never, Expires: a.Emergency.Expires}, Policies: []string{a.Name},
	}
	if len(a.Roles) > 0 || len(a.Users) > 0 {
		other.Circles = []Circle{{a.Name, a.Roles, a.Users}}
	}
	if len(a.Emergency.Roles) > 0 {
		other.Emergency.Circles = [][]string{a.Emergency.Roles}
	}
	if a.Regulated {
		other = other.regulated()
	}
	return d.and(other)
}

func (d Demand) regulated() Demand {
	d.Regulated, d.AllowAuthor = true, false
	d.Approvals = max(d.Approvals, 1)
	return d
}

// and is the most demanding of two, field by field. AllowAuthor is asked for, not forbidden, by one that needs no approval.
func (d Demand) and(o Demand) Demand {
	out := Demand{
		Approvals: max(d.Approvals, o.Approvals), Evidence: d.Evidence || o.Evidence, Regulated: d.Regulated || o.Regulated,
		AllowAuthor: (d.AllowAuthor || d.Approvals == 0) && (o.AllowAuthor || o.Approvals == 0) && (d.AllowAuthor || o.AllowAuthor),
		FreshFor:    shortest(d.FreshFor, o.FreshFor), RecentSignIn: shortest(d.RecentSignIn, o.RecentSignIn), Expires: shortest(d.Expires, o.Expires),
		Emergency: EmergencyDemand{Never: d.Emergency.Never || o.Emergency.Never, Expires: shortest(d.Emergency.Expires, o.Emergency.Expires)},
	}
	for _, c := range slices.Concat(d.Circles, o.Circles) {
		if !slices.ContainsFunc(out.Circles, func(x Circle) bool { return x.Policy == c.Policy }) {
			out.Circles = append(out.Circles, c)
		}
	}
	for _, c := range slices.Concat(d.Emergency.Circles, o.Emergency.Circles) {
		if !slices.ContainsFunc(out.Emergency.Circles, func(x []string) bool { return slices.Equal(x, c) }) {
			out.Emergency.Circles = append(out.Emergency.Circles, c)
		}
	}
	out.Policies = slices.Concat(d.Policies, o.Policies)
	slices.Sort(out.Policies)
	out.Policies = slices.Compact(out.Policies)
	return out
}

// shortest is the shorter of two durations of which 0 means none is stated.
func shortest(a, b time.Duration) time.Duration {
	if a == 0 || (b != 0 && b < a) {
		return b
	}
	return a
}

// Counts reports whether an approval counts, and if not, why. authors is everybody who wrote or edited the proposal, by id,
// and every person for whom a token or an agent did.
func (d Demand) Counts(v Vote, authors []string) (ok bool, why string) {
	switch name := v.By.name(); {
	case v.By.Agent:
		return false, name + " is an agent; agents may propose, never approve"
	case v.By.Kind == "token":
		return false, name + " is a token; tokens may propose, never approve"
	case v.By.Kind == "start":
		return false, "the administrator's token of the first start is no person; sign in as somebody"
	case v.By.Kind != "person":
		return false, name + " is no person; only a person approves"
	case v.By.ID == "":
		return false, "nobody knows who approved"
	case v.Void:
		return false, "the proposal changed after " + name + " approved it"
	case slices.Contains(authors, v.By.ID) && d.Regulated:
		return false, name + " wrote a part of it, and it is regulated: nobody approves what they wrote"
	case slices.Contains(authors, v.By.ID) && !d.AllowAuthor:
		return false, name + " wrote a part of it; another person must approve"
	case d.RecentSignIn > 0 && v.At.Sub(v.SignedInAt) > d.RecentSignIn:
		return false, name + " had not signed in within " + spanWords(d.RecentSignIn) + " before approving"
	}
	for _, c := range d.Circles {
		if !c.holds(v.By) {
			return false, fmt.Sprintf("%s is not %s, as the approval policy %s asks", v.By.name(), whoWords(c.Roles, c.Users), c.Policy)
		}
	}
	return true, ""
}

// Met reports whether the approvals are enough at an instant, and says why or why not. authors is as in Counts. Votes from after now do not count; one person counts once, by their newest word.
func (d Demand) Met(votes []Vote, authors []string, now time.Time) (ok bool, why string) {
	newest := map[string]Vote{}
	var order []string
	for _, v := range votes {
		old, known := newest[v.By.ID]
		if v.At.After(now) || (known && v.At.Before(old.At)) {
			continue
		}
		if !known {
			order = append(order, v.By.ID)
		}
		newest[v.By.ID] = v
	}
	var given, not []string
	for _, id := range order {
		v := newest[id]
		if !v.Approves {
			if !v.Void && v.By.Kind == "person" && !v.By.Agent {
				return false, v.By.name() + " rejected it"
			}
			continue
		}
		if counts, because := d.Counts(v, authors); counts {
			given = append(given, v.By.name())
		} else {
			not = append(not, because)
		}
	}
	switch {
	case d.Approvals == 0:
		return true, "no approval is asked for; it applies at once"
	case len(given) >= d.Approvals:
		return true, "approved by " + joinWords(given)
	}
	why = "needs " + d.more(len(given))
	if len(given) > 0 {
		why += "; approved by " + joinWords(given)
	}
	if len(not) > 0 {
		why += "; does not count: " + strings.Join(not, "; ")
	}
	return false, why
}

// more says how many approvals are missing, and from whom.
func (d Demand) more(given int) string {
	n := d.Approvals - given
	s := plural(n, "approval")
	if given > 0 {
		s = kpi.Count(float64(n)) + " more " + strings.TrimPrefix(s, kpi.Count(float64(n))+" ")
	}
	var who []string
	for _, c := range d.Circles {
		who = append(who, whoWords(c.Roles, c.Users))
	}
	if len(who) > 0 {
		s += " by " + strings.Join(who, " who is also ")
	}
	return s
}

// Sentence says what is demanded: "Needs 2 approvals by an owner or an analyst and a back-test no older than 24 h; nobody
// approves what they wrote."
func (d Demand) Sentence() string {
	if d.Approvals == 0 && !d.Evidence {
		return "Applies at once: no approval is asked for."
	}
	var parts []string
	if d.Approvals > 0 {
		parts = append(parts, d.more(0))
	}
	if d.Evidence {
		t := "a back-test of exactly this"
		if d.FreshFor > 0 {
			t += ", no older than " + spanWords(d.FreshFor)
		}
		parts = append(parts, t)
	}
	s := "Needs " + joinWords(parts)
	switch {
	case d.Regulated:
		s += "; nobody approves what they wrote"
	case d.AllowAuthor:
		s += "; an author may approve"
	}
	return s + "."
}

// Evidence is a stored back-test: of the proposal with this hash, finished at an instant.
type Evidence struct {
	Hash string
	At   time.Time
}

// Tested reports whether the evidence is good for the proposal with this hash at an instant, and if not, why.
func (d Demand) Tested(e *Evidence, hash string, now time.Time) (ok bool, why string) {
	switch {
	case !d.Evidence:
		return true, ""
	case e == nil:
		return false, "it has not been back-tested"
	case e.Hash != hash:
		return false, "the back-test is of another text; test it again"
	case d.FreshFor > 0 && now.Sub(e.At) > d.FreshFor:
		return false, "the back-test is older than " + spanWords(d.FreshFor) + "; test it again"
	}
	return true, ""
}

// ProposalHash stands for the texts and bases of a proposal: evidence and approvals are for one hash. Text that means the
// same has the same hash, so that a comment does not void an approval; a base that moved has another.
func ProposalHash(changes []Change, base map[Ref]int) string {
	lines := make([]string, 0, len(changes))
	for _, c := range changes {
		hash := "removed"
		if c.After != nil {
			hash = c.After.Hash
		}
		lines = append(lines, fmt.Sprintf("%s\n%d\n%s\n", c.Ref(), base[c.Ref()], hash))
	}
	slices.Sort(lines)
	return hashOf([]byte(strings.Join(lines, "")))
}
