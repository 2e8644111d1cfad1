package govern

import (
	"maps"
	"slices"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"

	"github.com/signalbox/signalbox/internal/access/scoped"
	"github.com/signalbox/signalbox/internal/kpi"
	"github.com/signalbox/signalbox/internal/policy"
)

// law is the newest revision of one policy with its document.
type law struct {
	rev    Revision
	doc    policy.Document // not Good for a removal and for a text that cannot be read any more
	labels labels.Labels   // that scopes are held against
}

// inForce reports whether the policy binds: it was not removed and can be read.
func (l *law) inForce() bool { return l != nil && !l.rev.Removed && l.doc.Good() }

// hash is the content hash of what is in force, empty for nothing.
func (l *law) hash() string {
	if l == nil || l.rev.Removed {
		return ""
	}
	return l.rev.Hash
}

func (l *law) number() int {
	if l == nil {
		return 0
	}
	return l.rev.Number
}

// force is everything that is in force. It is never changed, only replaced.
type force struct {
	laws map[policy.Ref]*law
	docs []policy.Document       // in force and good, ordered by reference
	said map[policy.Finding]bool // what the documents in force say against each other: no proposal is to blame for it
}

func (g *Govern) newForce(revisions []Revision) *force {
	f := &force{laws: make(map[policy.Ref]*law, len(revisions))}
	for _, r := range revisions {
		l := g.read(r)
		f.laws[policy.Ref{Kind: policy.Kind(r.Kind), Name: r.Name}] = l
		if !r.Removed && !l.doc.Good() {
			g.o.Logger.Error("a policy in force cannot be read any more and binds nobody", "policy", r.Kind+"/"+r.Name, "revision", r.Number)
		}
	}
	f.settle(g)
	return f
}

// read makes a law of a revision.
func (g *Govern) read(r Revision) *law {
	l := &law{rev: r}
	if r.Removed {
		return l
	}
	docs, _ := policy.Read(r.Kind+"/"+r.Name, []byte(r.Text), g.o.Limits())
	if len(docs) == 1 {
		l.doc = docs[0]
	}
	l.number2doc()
	return l
}

// number2doc gives the machines the number of the revision that judges, and scopes the labels.
func (l *law) number2doc() {
	if l.doc.KPI != nil {
		k := *l.doc.KPI
		k.Number, k.Source = l.rev.Number, l.rev.Source
		l.doc.KPI = &k
	}
	l.labels = scopeLabels(&l.doc)
}

// with returns what would be in force with changed laws.
func (f *force) with(g *Govern, changed map[policy.Ref]*law) *force {
	next := &force{laws: maps.Clone(f.laws)}
	maps.Copy(next.laws, changed)
	next.settle(g)
	return next
}

// kpi returns a KPI that is in force, or nil.
func (f *force) kpi(name string) *kpi.KPI {
	if l := f.laws[policy.Ref{Kind: policy.KindKPI, Name: name}]; l.inForce() {
		return l.doc.KPI
	}
	return nil
}

func (f *force) settle(g *Govern) {
	refs := slices.SortedFunc(maps.Keys(f.laws), policy.Ref.Compare)
	f.docs = make([]policy.Document, 0, len(refs))
	for _, ref := range refs {
		if l := f.laws[ref]; l.inForce() {
			f.docs = append(f.docs, l.doc)
		}
	}
	f.said = map[policy.Finding]bool{}
	for _, x := range g.cross(f.docs) {
		f.said[x] = true
	}
}

// cross checks documents against each other without marking the given ones.
func (g *Govern) cross(docs []policy.Document) []policy.Finding {
	own := slices.Clone(docs)
	out := policy.Cross(own)
	if g.o.Check != nil {
		out = append(out, g.o.Check(docs)...)
	}
	return out
}

// scopeLabels are the labels that a person's scope is held against: the document's own, and what its selectors demand.
func scopeLabels(d *policy.Document) labels.Labels {
	set := map[string]string{}
	switch {
	case d.KPI != nil:
		set = readLabels(d.KPI.Indicator).Map()
	case d.Route != nil:
		set = demanded(d.Route.Match)
	case d.Sampling != nil:
		set = demanded(d.Sampling.Match)
	case d.Maintenance != nil:
		set = demanded(d.Maintenance.Match)
	}
	maps.Copy(set, d.Labels)
	return labels.FromMap(set)
}

// readLabels are the labels that every selector of an indicator demands to be equal: what only some of them demand says
// nothing of the whole.
func readLabels(in kpi.Indicator) labels.Labels {
	var set map[string]string
	for _, ms := range scoped.Selections(&in) {
		one := demanded(ms)
		if set == nil {
			set = one
			continue
		}
		maps.DeleteFunc(set, func(name, value string) bool { return one[name] != value })
	}
	return labels.FromMap(set)
}

// demanded are the labels that matchers demand to be equal to something.
func demanded(ms []*labels.Matcher) map[string]string {
	set := map[string]string{}
	for _, m := range ms {
		if m.Type == labels.MatchEqual && m.Name != model.MetricNameLabel && m.Value != "" {
			set[m.Name] = m.Value
		}
	}
	return set
}
