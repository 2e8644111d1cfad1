package policy

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/signalbox/signalbox/internal/kpi"
	"github.com/signalbox/signalbox/internal/policy/strict"
)

// Kind is the kind of a policy document, as written in it.
type Kind string

// The kinds.
const (
	KindKPI         Kind = "KPI"         // an indicator with thresholds and an owner
	KindRoute       Kind = "Route"       // who is told about what
	KindRetention   Kind = "Retention"   // how long something is kept
	KindSampling    Kind = "Sampling"    // how much of a signal is taken
	KindPrivacy     Kind = "Privacy"     // what is taken out of signals before they are stored
	KindApproval    Kind = "Approval"    // who must approve which change
	KindMaintenance Kind = "Maintenance" // when nobody is paged, and why
	KindBoard       Kind = "Board"       // chosen KPIs, queries and text on one page
)

// Kinds returns all kinds in the order in which people read them.
func Kinds() []Kind {
	return []Kind{KindKPI, KindRoute, KindRetention, KindSampling, KindPrivacy, KindApproval, KindMaintenance, KindBoard}
}

// Ref names one policy.
type Ref struct {
	Kind Kind   `json:"kind"`
	Name string `json:"name"`
}

// String returns Kind/name, such as KPI/efile-error-rate.
func (r Ref) String() string { return string(r.Kind) + "/" + r.Name }

// Compare orders references by kind, in the order of Kinds, then by name.
func (r Ref) Compare(o Ref) int {
	if a, b := slices.Index(Kinds(), r.Kind), slices.Index(Kinds(), o.Kind); a != b {
		return a - b
	}
	return strings.Compare(r.Name, o.Name)
}

// ParseRef reads what Ref.String wrote.
func ParseRef(text string) (Ref, error) {
	kind, name, ok := strings.Cut(text, "/")
	if !ok || !slices.Contains(Kinds(), Kind(kind)) || !nameForm.MatchString(name) {
		return Ref{}, fmt.Errorf("%q names no policy; want Kind/name such as KPI/efile-error-rate", clip(text))
	}
	return Ref{Kind(kind), name}, nil
}

// Common is what every kind of document states.
type Common struct {
	Kind        Kind              `json:"kind"`
	Name        string            `json:"name"`  // as far as it could be read; empty if not
	Title       string            `json:"title"` // the name unless stated
	Description string            `json:"description"`
	Owner       string            `json:"owner"`
	Labels      map[string]string `json:"labels"`
	Regulated   bool              `json:"regulated"`    // a change needs another person's approval, always
	ReviewEvery time.Duration     `json:"review_every"` // 0 = never
}

// Document is one policy document that was read. The pointer of its kind is set, unless the document has errors.
type Document struct {
	Common
	File string // where it stands; empty for a text that comes from nowhere
	Line int    // of its first key, from 1
	Text string // its own bytes with comments, from its --- to the next
	Hash string // content hash, hex; comments and the order of keys do not count; empty if it has errors

	KPI         *kpi.KPI
	Route       *Route
	Retention   *Retention
	Sampling    *Sampling
	Privacy     *Privacy
	Approval    *Approval
	Maintenance *Maintenance
	Board       *Board

	root *strict.Value
}

// Ref names the document's policy.
func (d *Document) Ref() Ref { return Ref{d.Kind, d.Name} }

// Good reports whether the document was read without an error.
func (d *Document) Good() bool { return d.Hash != "" }

// Spec is the document's typed content, one of *kpi.KPI, *Route, *Retention, *Sampling, *Privacy, *Approval, *Maintenance
// and *Board; nil if the document has errors.
func (d *Document) Spec() any {
	switch {
	case d.KPI != nil:
		return d.KPI
	case d.Route != nil:
		return d.Route
	case d.Retention != nil:
		return d.Retention
	case d.Sampling != nil:
		return d.Sampling
	case d.Privacy != nil:
		return d.Privacy
	case d.Approval != nil:
		return d.Approval
	case d.Maintenance != nil:
		return d.Maintenance
	case d.Board != nil:
		return d.Board
	}
	return nil
}
