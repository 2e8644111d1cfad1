package policy

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/prometheus/prometheus/model/labels"

	"github.com/signalbox/signalbox/internal/kpi"
	"github.com/signalbox/signalbox/internal/policy/strict"
)

// Approval says who must approve which change. Where several match, the most demanding wins, field by field; where none
// matches, a change applies at once.
type Approval struct {
	Name         string
	For          ApprovalFor
	When         Condition
	Approvals    int      // people who must agree; 0 = applies at once
	Roles        []string // an approver has one of these, or is one of Users; both empty = any person who may approve
	Users        []string
	Evidence     bool          // a back-test of exactly what is proposed
	FreshFor     time.Duration // how old the evidence may be; 0 = any age
	Regulated    bool          // the author never approves, whatever else is stated
	AllowAuthor  bool          // an author's own approval counts
	RecentSignIn time.Duration // how long ago an approver may have signed in; 0 = any time
	Expires      time.Duration // how long a proposal stays open
	Emergency    Emergency
}

// ApprovalFor says which documents an Approval covers; every stated part must fit. The empty value covers all.
type ApprovalFor struct {
	Kinds   []Kind
	Match   []*labels.Matcher // over the document's labels
	Owners  []string
	Outcome kpi.Outcome // of a KPI
}

// When says how large a change must be.
type When string

// The conditions.
const (
	AnyChange   When = "any_change"
	BeforeAfter When = "before_after"
	Size        When = "size"
)

// Condition says which changes of a covered document an Approval asks for.
type Condition struct {
	When     When
	Field    string  // before_after and size: the path of a key, such as thresholds.red; one with keys below it stands for all of them
	From, To *Bound  // before_after: nil = any value
	MoreThan float64 // size: relative to the earlier value, 0.1 = 10 %
}

// Bound is what a value must be before or after a change.
type Bound struct {
	Compare *kpi.Comparison // nil = Is
	Is      string          // the value itself
	Text    string          // as written
}

// Emergency says who may apply a change before it is approved, and for how long it stands without approval.
type Emergency struct {
	Never   bool
	Roles   []string // empty = any role that may make emergency changes
	Expires time.Duration
}

// What applies where an Approval states nothing.
const (
	DefaultApprovals        = 1 // and the author: two people
	DefaultFreshFor         = 24 * time.Hour
	DefaultExpires          = 14 * 24 * time.Hour
	DefaultEmergencyExpires = 24 * time.Hour
)

// Roles returns the ids of the roles that a document can name.
func Roles() []string { return []string{"viewer", "developer", "analyst", "owner", "auditor", "admin"} }

// approvers are the roles that may approve at all; emergencies, those that may change in an emergency.
func approvers() []string   { return []string{"analyst", "owner", "admin"} }
func emergencies() []string { return []string{"analyst", "admin"} }

func approvalKeys() []strict.Key {
	var kinds []string
	for _, k := range Kinds() {
		kinds = append(kinds, string(k))
	}
	field := text("Path of the key, such as thresholds.red; one with keys below it stands for all of them.", "thresholds.red")
	bound := func(when string) strict.Shape {
		return strict.Shape{Doc: "What it is " + when + " the change: a value, or a comparison such as \"> 3%\"; any unless stated.", Types: []string{"string", "number", "boolean"}, Example: `"<= 3%"`}
	}
	roles := func(doc, example string, words []string) strict.Shape {
		return strict.Shape{Doc: doc, Forms: strict.List, NonEmpty: true, Example: example, Each: &strict.Shape{Enum: words}}
	}
	return []strict.Key{
		{Name: "for", Shape: strict.Shape{Doc: "Which policies it is about; all unless stated. What is stated must all fit, before or after the change.", NonEmpty: true, Example: "{kinds: [KPI], outcome: business}", Keys: []strict.Key{
			{Name: "kinds", Shape: strict.Shape{Doc: "Kinds of policies.", Forms: strict.List, NonEmpty: true, Example: "[KPI]", Each: &strict.Shape{Enum: kinds}}},
			{Name: "match", Shape: matchShape("Labels that the policy must have.")},
			{Name: "owners", Shape: list("Owners of the policies.", "[oncall@irs.example]", "oncall@irs.example")},
			{Name: "outcome", Shape: word("Outcome of the KPIs.", "technical", "business")},
		}}},
		{Name: "when", Shape: strict.Shape{Doc: "How large a change must be; any_change unless stated. A value that was not there before counts as a change.", Enum: []string{string(AnyChange)}, Example: "any_change", Keys: []strict.Key{
			{Name: "before_after", Shape: strict.Shape{Doc: "The value before and after.", Example: `{field: thresholds.red, to: "> 3%"}`, Keys: []strict.Key{
				{Name: "field", Required: true, Shape: field}, {Name: "from", Shape: bound("before")}, {Name: "to", Shape: bound("after")},
			}}},
			{Name: "size", Shape: strict.Shape{Doc: "How much the value changes, of what it was.", Example: "{field: thresholds.red, more_than: 10%}", Keys: []strict.Key{
				{Name: "field", Required: true, Shape: field}, {Name: "more_than", Required: true, Shape: number("Share of the earlier value.", "10%")},
			}}},
		}}},
		{Name: "approvals", Shape: whole("How many people must agree; 1 unless stated, 0 applies at once.", "1")},
		{Name: "roles", Shape: roles("An approver has one of these roles, or is one of users; any person who may approve unless stated.", "[analyst, owner]", approvers())},
		{Name: "users", Shape: list("People who may approve besides those with a role, by name or id.", "[anna]", "anna")},
		{Name: "evidence", Shape: word("required: a back-test of exactly what is proposed; optional unless stated.", "required", "optional")},
		{Name: "fresh_for", Shape: text("How old the back-test may be; 24h unless stated.", "24h")},
		{Name: "allow_author", Shape: flag("true: an author's own approval counts; not where it is regulated.")},
		{Name: "recent_sign_in", Shape: text("How long ago an approver may have signed in; any time unless stated.", "15m")},
		{Name: "expires", Shape: text("How long a proposal stays open; 14d unless stated.", "14d")},
		{Name: "emergency", Shape: strict.Shape{Doc: "Who may apply a change before it is approved; analysts and administrators unless stated.", Enum: []string{"never"}, Example: "{roles: [analyst], expires: 24h}", NonEmpty: true, Keys: []strict.Key{
			{Name: "roles", Shape: roles("Roles that may.", "[analyst]", emergencies())},
			{Name: "expires", Shape: text("How long it stands without approval; 24h unless stated, which is the longest.", "24h")},
		}}},
	}
}

func (r *reader) approval(root *strict.Value) *Approval {
	o := &Approval{
		Name: r.doc.Name, Regulated: r.doc.Regulated, Approvals: DefaultApprovals, Expires: DefaultExpires,
		AllowAuthor: r.flag(root, "allow_author"), Roles: r.texts(root.Get("roles")), Users: r.texts(root.Get("users")),
	}
	o.For = r.approvalFor(root.Get("for"))
	o.When = r.condition(root.Get("when"), o.For.Kinds)
	if v := root.Get("approvals"); v.Usable() {
		o.Approvals = r.number(v, 0, 20)
		switch {
		case o.Approvals > 0:
		case o.Regulated:
			r.Errorf(v, "%q cannot be regulated: true, which asks for another person; want at least 1", v.Text)
		case root.Has("roles") || root.Has("users"):
			r.Errorf(v, "%q applies a change at once, and roles or users say who approves; want at least 1, or leave them out", v.Text)
		}
	}
	if n := len(o.Users); len(o.Roles) == 0 && n > 0 && n < o.Approvals {
		r.Errorf(root.Get("users"), "%s can never give %s; name more people, or roles", plural(n, "person"), plural(o.Approvals, "approval"))
	}
	if o.Regulated && o.AllowAuthor {
		r.Errorf(root.Key("allow_author"), "cannot stand beside regulated: true; where it is regulated, nobody approves what they wrote")
	}
	if v := root.Get("evidence"); v.Usable() {
		o.Evidence = v.Text == "required"
	}
	if d, v := r.duration(root, "fresh_for"); v != nil {
		switch {
		case !o.Evidence:
			r.Errorf(v, "%q has no effect without evidence: required", v.Text)
		case d < time.Minute:
			r.Errorf(v, "%q: want at least 1m", v.Text)
		}
		o.FreshFor = d
	} else if o.Evidence {
		o.FreshFor = DefaultFreshFor
	}
	if d, v := r.duration(root, "recent_sign_in"); v != nil {
		if d < time.Minute {
			r.Errorf(v, "%q: want at least 1m, so that there is time to read what one approves", v.Text)
		}
		o.RecentSignIn = d
	}
	if d, v := r.duration(root, "expires"); v != nil {
		if d < time.Hour {
			r.Errorf(v, "%q: want at least 1h", v.Text)
		}
		o.Expires = d
	}
	o.Emergency = r.emergency(root.Get("emergency"))
	return o
}

func (r *reader) approvalFor(v *strict.Value) ApprovalFor {
	f := ApprovalFor{}
	if !v.Usable() {
		return f
	}
	for _, k := range r.texts(v.Get("kinds")) {
		f.Kinds = append(f.Kinds, Kind(k))
	}
	f.Match, f.Owners = r.matchers(v.Get("match")), r.texts(v.Get("owners"))
	if at := v.Get("outcome"); at.Usable() {
		f.Outcome = kpi.Outcome(at.Text)
		if len(f.Kinds) > 0 && !slices.Contains(f.Kinds, KindKPI) {
			r.Errorf(at, "%q: only a KPI has an outcome, and kinds has no KPI", at.Text)
		}
	}
	return f
}

func (r *reader) emergency(v *strict.Value) Emergency {
	e := Emergency{Expires: DefaultEmergencyExpires}
	if !v.Usable() {
		return e
	}
	if v.Form == strict.Scalar {
		return Emergency{Never: true}
	}
	e.Roles = r.texts(v.Get("roles"))
	if d, at := r.duration(v, "expires"); at != nil {
		if d < time.Minute || d > DefaultEmergencyExpires {
			r.Errorf(at, "%q: want 1m to 24h", at.Text)
		}
		e.Expires = d
	}
	return e
}

// Covers reports whether a document is one that the Approval is about.
func (o *Approval) Covers(d *Document) bool {
	f := o.For
	switch {
	case d == nil:
		return false
	case len(f.Kinds) > 0 && !slices.Contains(f.Kinds, d.Kind):
		return false
	case len(f.Owners) > 0 && !slices.Contains(f.Owners, d.Owner):
		return false
	case f.Outcome != "" && (d.KPI == nil || d.KPI.Outcome != f.Outcome):
		return false
	}
	return matchesAll(f.Match, func(name string) string { return d.Labels[name] })
}

func (o *Approval) fields() []Field {
	kinds := make([]string, 0, len(o.For.Kinds))
	for _, k := range o.For.Kinds {
		kinds = append(kinds, string(k))
	}
	fs := []Field{listField("for.kinds", "the kinds that it is about", kinds, "it is about all kinds")}
	fs = append(fs, matchFields("for.", o.For.Match)...)
	fs = append(fs,
		listField("for.owners", "the owners that it is about", o.For.Owners, "it is about all owners"),
		textField("for.outcome", "the outcome that it is about", string(o.For.Outcome)),
		Field{Path: "when", Say: "asks for approval " + o.When.words(), Words: o.When.words(), Value: o.When.value()},
		Field{Path: "approvals", Say: "needs " + approvalWords(o.Approvals), Words: approvalWords(o.Approvals), Value: float64(o.Approvals)},
		listField("roles", "the roles that may approve", o.Roles, "no role is named"), listField("users", "the people who may approve", o.Users, "nobody is named"),
		flagField("evidence", o.Evidence, "needs a back-test", "needs no back-test"))
	if o.FreshFor > 0 {
		fs = append(fs, spanField("fresh_for", "the longest that a back-test counts", o.FreshFor))
	}
	fs = append(fs, flagField("allow_author", o.AllowAuthor, "an author's own approval counts", "an author's own approval does not count"))
	if o.RecentSignIn > 0 {
		fs = append(fs, spanField("recent_sign_in", "the longest since an approver signed in", o.RecentSignIn))
	}
	fs = append(fs, spanField("expires", "the time for which a proposal stays open", o.Expires))
	e := o.Emergency
	if e.Never {
		fs = append(fs, Field{Path: "emergency", Say: "emergency changes are not accepted", Words: "never", Gone: "emergency changes are accepted", Value: "never"})
	}
	fs = append(fs, listField("emergency.roles", "the roles that may make emergency changes", e.Roles, "every role that has the right may make emergency changes"))
	if e.Expires > 0 {
		f := spanField("emergency.expires", "the time for which an emergency change stands without approval", e.Expires)
		f.Gone = "no emergency change stands without approval"
		fs = append(fs, f)
	}
	return fs
}

func approvalWords(n int) string {
	if n == 0 {
		return "no approval"
	}
	return plural(n, "approval")
}

// matter is what an Approval is about, in words.
func (o *Approval) matter() string {
	f := o.For
	var kinds []string
	for _, k := range f.Kinds {
		kinds = append(kinds, plural2(string(k)))
	}
	s := "every policy"
	if len(kinds) > 0 {
		s = joinWords(kinds)
	}
	if f.Outcome != "" {
		s = string(f.Outcome) + " " + strings.Replace(s, "every policy", "KPIs", 1)
	}
	if len(f.Owners) > 0 {
		s += " of " + joinOr(f.Owners)
	}
	if len(f.Match) > 0 {
		s += " with " + matchWords(f.Match)
	}
	return s
}

func plural2(kind string) string {
	if kind == string(KindRetention) || kind == string(KindSampling) || kind == string(KindPrivacy) || kind == string(KindMaintenance) {
		return kind + " policies"
	}
	return kind + "s"
}

func (o *Approval) describe(Common) string {
	s := "A change of " + o.matter() + ", " + strings.TrimSuffix(o.When.words(), " the change") + ", "
	if o.Approvals == 0 {
		s += "applies at once"
	} else {
		s += "needs " + approvalWords(o.Approvals)
		if who := whoWords(o.Roles, o.Users); who != "" {
			s += " by " + who
		}
	}
	if o.Evidence {
		s += " and a back-test no older than " + spanWords(o.FreshFor)
	}
	if o.Regulated {
		return s + "; nobody approves what they wrote."
	}
	if o.AllowAuthor && o.Approvals > 0 {
		return s + "; an author may approve."
	}
	return s + "."
}

// whoWords says who may approve: somebody with a role, or one of some people.
func whoWords(roles, users []string) string {
	var parts []string
	for _, r := range roles {
		parts = append(parts, article(r))
	}
	return joinOr(append(parts, users...))
}

func article(role string) string {
	if role == "admin" {
		role = "administrator"
	}
	return fmt.Sprintf("%s %s", map[bool]string{true: "an", false: "a"}[strings.ContainsRune("aeiou", rune(role[0]))], role)
}
