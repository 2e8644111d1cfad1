package govern

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/signalbox/signalbox/internal/access"
	"github.com/signalbox/signalbox/internal/fault"
	"github.com/signalbox/signalbox/internal/policy"
)

// PolicyFilter chooses policies; an empty field chooses all.
type PolicyFilter struct {
	Kind   string
	Owner  string
	State  string // in_force, scheduled, removed, refused; empty: all but removed
	Review string // ok, soon, overdue, none
}

// ProposalFilter chooses proposals; an empty field chooses all.
type ProposalFilter struct {
	State string // one of the states, or "open": draft, tested, approved, scheduled, and emergency changes that wait
	Kind  string
	Name  string
	Mine  bool // that the asker made, edited or voted on
	Limit int  // 100 unless stated, 1000 at most
}

// Exported is one document for a file.
type Exported struct {
	File string `json:"file"`
	Kind string `json:"kind"`
	Name string `json:"name"`
	Text string `json:"text"`
}

// surroundings are what the view of a policy needs beside the policy.
type surroundings struct {
	open     map[policy.Ref][]int64
	reviews  map[policy.Ref]reviewed
	feedback map[string]int
	files    map[policy.Ref]memory
	waiting  map[int64]bool // emergency proposals that wait
}

func (g *Govern) surroundings(ctx context.Context) (s surroundings, err error) {
	q := g.o.DB.SQL()
	if s.open, err = g.book.openChanges(ctx, q); err != nil {
		return s, err
	}
	if s.reviews, err = g.book.reviews(ctx, q); err != nil {
		return s, err
	}
	if s.feedback, err = g.book.openFeedback(ctx, q); err != nil {
		return s, err
	}
	if s.waiting, err = g.book.waiting(ctx, q); err != nil {
		return s, err
	}
	s.files = *g.files.Load()
	return s, nil
}

// Policies lists the policies that the asker may see, ordered by kind and name, without their texts.
func (g *Govern) Policies(ctx context.Context, by PolicyFilter) ([]Policy, error) {
	a, err := askerOf(ctx)
	if err != nil {
		return nil, err
	}
	s, err := g.surroundings(ctx)
	if err != nil {
		return nil, err
	}
	out := []Policy{}
	for ref, l := range g.force.Load().laws {
		if by.Kind != "" && by.Kind != string(ref.Kind) || !g.reads(a, l) {
			continue
		}
		p := g.policy(ref, l, s)
		switch {
		case by.Owner != "" && by.Owner != p.Owner:
		case by.State != "" && by.State != p.State, by.State == "" && p.State == "removed":
		case by.Review != "" && by.Review != p.ReviewState:
		default:
			p.Text = ""
			out = append(out, p)
		}
	}
	slices.SortFunc(out, func(x, y Policy) int {
		return policy.Ref{Kind: policy.Kind(x.Kind), Name: x.Name}.Compare(policy.Ref{Kind: policy.Kind(y.Kind), Name: y.Name})
	})
	return out, nil
}

// Policy returns one policy with its text.
func (g *Govern) Policy(ctx context.Context, kind, name string) (Policy, error) {
	a, err := askerOf(ctx)
	if err != nil {
		return Policy{}, err
	}
	ref, l, err := g.known(a, kind, name)
	if err != nil {
		return Policy{}, err
	}
	s, err := g.surroundings(ctx)
	if err != nil {
		return Policy{}, err
	}
	return g.policy(ref, l, s), nil
}

// Revisions returns the revisions of a policy, newest first.
func (g *Govern) Revisions(ctx context.Context, kind, name string) ([]Revision, error) {
	a, err := askerOf(ctx)
	if err != nil {
		return nil, err
	}
	ref, _, err := g.known(a, kind, name)
	if err != nil {
		return nil, err
	}
	return g.book.revisions(ctx, g.o.DB.SQL(), ref)
}

// known returns a policy that the asker may see. One outside of their scope does not exist for them.
func (g *Govern) known(a asker, kind, name string) (policy.Ref, *law, error) {
	ref := policy.Ref{Kind: policy.Kind(kind), Name: name}
	l := g.force.Load().laws[ref]
	if l == nil || !g.reads(a, l) {
		return ref, nil, fault.New(fault.NotFound, "there is no policy %s", ref)
	}
	return ref, l, nil
}

// reads reports whether the asker may read a policy: by its labels, or because the KPI that it defines is shown to them. What
// they may do with it is asked apart.
func (g *Govern) reads(a asker, l *law) bool {
	return a.may(access.ReadPolicies, l.labels) || l.doc.KPI != nil && a.p.May(access.ReadPolicies) && g.o.Shown != nil && g.o.Shown(a.p, l.doc.Name)
}

func (g *Govern) policy(ref policy.Ref, l *law, s surroundings) Policy {
	r, d := l.rev, l.doc
	p := Policy{
		Kind: r.Kind, Name: r.Name, Title: l.title(), Description: d.Description, Owner: d.Owner, Labels: d.Labels, Regulated: d.Regulated,
		Revision: r.Number, State: "in_force", Hash: r.Hash, Text: g.textOf(ref, l), EffectiveFrom: r.EffectiveFrom, Author: r.Author,
		Approvers: list(r.Approvers), Reason: r.Reason, Proposal: r.Proposal, Emergency: r.Proposal != 0 && s.waiting[r.Proposal],
		FileState: "none", Proposals: list(s.open[ref]),
	}
	if p.Labels == nil {
		p.Labels = map[string]string{}
	}
	switch {
	case r.Removed:
		p.State = "removed"
	case !d.Good():
		p.State = "refused"
	case r.EffectiveFrom > g.now():
		p.State = "scheduled"
	}
	if p.State != "removed" && d.Good() {
		p.Sentence = policy.Describe(&d)
	}
	if ref.Kind == policy.KindKPI {
		p.Feedback = s.feedback[ref.Name]
	}
	if m, ok := s.files[ref]; ok && m.File != "" {
		p.File, p.FileState = m.File, fileState(m, l, len(p.Proposals) > 0)
	}
	rv := g.reviewOf(ref, l, s)
	p.ReviewedAt, p.ReviewDue, p.ReviewState = rv.ReviewedAt, rv.DueAt, rv.State
	if p.ReviewDue == 0 {
		p.ReviewState = "none"
	}
	return p
}

// fileState compares a file as it was last seen with what is in force.
func fileState(m memory, l *law, waits bool) string {
	switch {
	case m.Hash == l.hash():
		return "same"
	case waits && !m.Behind:
		return "ahead"
	}
	return "behind"
}

// Export returns the documents in force that the asker may see, of some kinds or of all, byte for byte as the files read.
func (g *Govern) Export(ctx context.Context, kinds []string) ([]Exported, error) {
	a, err := askerOf(ctx)
	if err != nil {
		return nil, err
	}
	for _, k := range kinds {
		if !slices.Contains(policy.Kinds(), policy.Kind(k)) {
			return nil, fault.New(fault.Invalid, "kind %q: want one of %v", k, policy.Kinds())
		}
	}
	cur, files, out := g.force.Load(), *g.files.Load(), []Exported{}
	for i := range cur.docs {
		ref := cur.docs[i].Ref()
		l := cur.laws[ref]
		if len(kinds) > 0 && !slices.Contains(kinds, string(ref.Kind)) || !a.may(access.ReadPolicies, l.labels) {
			continue
		}
		file := files[ref].File
		if file == "" {
			file = ref.Name + ".yaml"
		}
		out = append(out, Exported{File: file, Kind: string(ref.Kind), Name: ref.Name, Text: g.textOf(ref, l)})
	}
	return out, nil
}

// Check says what a text would be, before anybody proposes it.
func (g *Govern) Check(ctx context.Context, texts []Text) (Checked, error) {
	a, err := askerOf(ctx)
	if err != nil {
		return Checked{}, err
	}
	if len(texts) > maxDocuments {
		return Checked{}, fault.New(fault.Invalid, "documents: %d are too many: want %d at most", len(texts), maxDocuments)
	}
	ws, _, findings := g.wishes(texts, g.force.Load())
	for i := range ws {
		if ws[i].old != nil && !a.may(access.ReadPolicies, ws[i].old.labels) {
			return Checked{}, fault.New(fault.Forbidden, "%s lies outside of your scope", ws[i].ref())
		}
	}
	c := Checked{Findings: list(findings), Changes: []Change{}}
	for _, w := range ws {
		c.Changes = append(c.Changes, w.shown())
	}
	f := &filed{Proposal: Proposal{Author: a.Who}}
	c.Need = g.stand(f, ws, g.now(), false).Need
	return c, nil
}

// shown is the change as people read it.
func (w wish) shown() Change {
	c := w.Change
	c.Diff = diffOf(c.Before, c.After)
	c.Sentences = list(sentencesOf(w))
	c.Judges = judges(w)
	return c
}

// snapshot reads from one state of the books: what one transaction wrote is seen whole or not at all.
func (g *Govern) snapshot(ctx context.Context, read func(querier) error) error {
	tx, err := g.o.DB.SQL().BeginTx(ctx, nil)
	if err != nil {
		return fmt.Errorf("read the books: %w", err)
	}
	defer func() { _ = tx.Rollback() }() // it wrote nothing
	return read(tx)
}

// visible returns a proposal that the asker may see.
func (g *Govern) visible(ctx context.Context, a asker, id int64) (*filed, error) {
	var f *filed
	err := g.snapshot(ctx, func(q querier) (err error) {
		f, err = g.book.proposal(ctx, q, id)
		return err
	})
	if err != nil {
		return nil, err
	}
	if !g.sees(a, f) {
		return nil, fault.New(fault.NotFound, "there is no proposal %d", id)
	}
	return f, nil
}

// sees reports whether everything that a proposal touches lies within the asker's scope.
func (g *Govern) sees(a asker, f *filed) bool {
	return a.whole(access.ReadPolicies) || a.may(access.ReadPolicies, scopes(g.asWas(f.Changes))...)
}

// check is whether the asker may do something with a proposal now.
func (g *Govern) check(ctx context.Context, a asker, f *filed, action string) error {
	now := g.now()
	no := g.may(a, g.matterOf(f, now), action, now)
	switch {
	case no == nil:
		return nil
	case no.Kind == fault.Forbidden:
		return g.denied(ctx, a, action, onProposal(f.ID), no)
	}
	return no
}

// Proposal returns one proposal with everything that can be said of it.
func (g *Govern) Proposal(ctx context.Context, id int64) (Proposal, error) {
	a, err := askerOf(ctx)
	if err != nil {
		return Proposal{}, err
	}
	return g.shown(ctx, a, id)
}

// Proposals lists proposals that the asker may see, newest first. Texts and diffs are left out of the list.
func (g *Govern) Proposals(ctx context.Context, by ProposalFilter) ([]Proposal, error) {
	a, err := askerOf(ctx)
	if err != nil {
		return nil, err
	}
	limit := 100
	if by.Limit > 0 {
		limit = min(by.Limit, 1000)
	}
	now := g.now()
	out := []Proposal{}
	err = g.snapshot(ctx, func(q querier) (err error) {
		out, err = g.proposals(ctx, q, a, by, limit, now)
		return err
	})
	return out, err
}

func (g *Govern) proposals(ctx context.Context, q querier, a asker, by ProposalFilter, limit int, now int64) ([]Proposal, error) {
	all, err := g.book.proposals(ctx, q, by.State, 100000)
	if err != nil {
		return nil, err
	}
	out := []Proposal{}
	for _, f := range all {
		if err := g.book.attach(ctx, q, f); err != nil {
			return nil, err
		}
		touches := slices.ContainsFunc(f.Changes, func(c Change) bool {
			return (by.Kind == "" || by.Kind == c.Kind) && (by.Name == "" || by.Name == c.Name)
		})
		mine := wrote(f, a.Who) || slices.ContainsFunc(f.ballots, func(b ballot) bool { return a.is(b.Who) })
		if !touches || by.Mine && !mine || !g.sees(a, f) {
			continue
		}
		out = append(out, g.show(a, f, now, false))
		if len(out) == limit {
			break
		}
	}
	return out, nil
}

func (g *Govern) shown(ctx context.Context, a asker, id int64) (Proposal, error) {
	f, err := g.visible(ctx, a, id)
	if err != nil {
		return Proposal{}, err
	}
	return g.show(a, f, g.now(), true), nil
}

// show fills in what is derived for an asker.
func (g *Govern) show(a asker, f *filed, now int64, whole bool) Proposal {
	m := g.matterOf(f, now)
	p := f.Proposal
	p.Stale, p.StaleWhy = m.stale != "", m.stale
	p.Need, p.Findings = m.Need, list(m.findings)
	p.Editors, p.Votes, p.Feedback = list(p.Editors), list(m.votes), list(p.Feedback)
	read := map[policy.Ref]wish{}
	for _, w := range m.ws {
		read[w.ref()] = w
	}
	p.Changes = make([]Change, len(f.Changes))
	for i, c := range f.Changes {
		w := read[c.ref()]
		w.Change = c
		if whole {
			p.Changes[i] = w.shown()
			continue
		}
		c.Sentences, c.Judges, c.Diff, c.Before, c.After = list(sentencesOf(w)), judges(w), []DiffLine{}, "", ""
		p.Changes[i] = c
	}
	if e := f.Proposal.Evidence; e != nil {
		e := *e
		e.Current = m.current
		if e.State == "running" {
			e.Progress = g.jobs.progress(e.ID)
		}
		p.Evidence = &e
	}
	p.May, p.MayNo = []string{}, map[string]string{}
	for _, act := range actions {
		if no := g.may(a, m, act, now); no != nil {
			p.MayNo[act] = upper(no.Error())
		} else {
			p.May = append(p.May, act)
		}
	}
	return p
}

func upper(s string) string {
	if s == "" {
		return s
	}
	return strings.ToUpper(s[:1]) + s[1:]
}

// byTime orders reviews by urgency.
func byTime(x, y Review) int {
	order := []string{"emergency", "overdue", "soon", "ok"}
	return cmp.Or(cmp.Compare(slices.Index(order, x.State), slices.Index(order, y.State)), cmp.Compare(x.DueAt, y.DueAt), cmp.Compare(x.Name, y.Name))
}
