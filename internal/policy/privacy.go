package policy

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/signalbox/signalbox/internal/policy/strict"
)

// Action is what a Privacy document does to an attribute or a finding of a detector.
type Action string

// The actions.
const (
	Drop         Action = "drop"         // the attribute, or the text found, is taken out
	Mask         Action = "mask"         // each character becomes *, but for the last few
	Truncate     Action = "truncate"     // cut after a length
	Generalise   Action = "generalise"   // made coarser: an address to its network, a time to its hour, a number to its step
	Pseudonymise Action = "pseudonymise" // replaced by a keyed hash
)

// Detector finds personal data in text.
type Detector string

// The detectors.
const (
	DetectEmail Detector = "email"
	DetectSSN   Detector = "ssn"
	DetectCard  Detector = "card"
	DetectPhone Detector = "phone"
	DetectIP    Detector = "ip"
	DetectToken Detector = "token"
)

// Privacy says what is taken out of a source's signals before they are stored, and what may be shown of small groups.
type Privacy struct {
	Name      string
	Purpose   string // what the data is kept for
	Source    string // name of the source; empty = any
	Rules     []AttributeRule
	Detectors map[Detector]Action // drop, mask or pseudonymise
	AllowList []string            // attributes that are kept; nil = all that no rule takes
	K         int                 // groups of fewer people are not shown; 0 = no minimum
	Consent   bool                // only events of people who consented are kept
}

// AttributeRule is what is done to one attribute.
type AttributeRule struct {
	Attribute string
	Action    Action
	KeepLast  int           // mask: characters that stay readable
	Length    int           // truncate: characters that stay
	To        string        // generalise: /24, hour, day, month, year, or a step such as 10
	Rotate    time.Duration // pseudonymise: how long one key is used; 0 = always
}

// Detectors returns all detectors.
func Detectors() []Detector {
	return []Detector{DetectEmail, DetectSSN, DetectCard, DetectPhone, DetectIP, DetectToken}
}

func (d Detector) words() string {
	return map[Detector]string{
		DetectEmail: "e-mail addresses", DetectSSN: "social security numbers", DetectCard: "card numbers",
		DetectPhone: "telephone numbers", DetectIP: "internet addresses", DetectToken: "tokens and keys",
	}[d]
}

func privacyKeys() []strict.Key {
	var detectors []strict.Key
	for _, d := range Detectors() {
		detectors = append(detectors, strict.Key{Name: string(d), Shape: word("What is done to "+d.words()+" that stand in any text.", string(Drop), string(Mask), string(Pseudonymise))})
	}
	return []strict.Key{
		{Name: "purpose", Required: true, Shape: text("What the data is kept for.", "Finding out why filings fail.")},
		{Name: "source", Shape: text("Name of the source that this is about; all unless stated.", "web")},
		{Name: "rules", Shape: strict.Shape{Doc: "What is done to single attributes.", Forms: strict.List, NonEmpty: true, Example: "[{attribute: user.email, action: drop}]", Each: &strict.Shape{Example: "{attribute: user.email, action: drop}", Keys: []strict.Key{
			{Name: "attribute", Required: true, Shape: text("Name of the attribute, label or property.", "user.email")},
			{Name: "action", Required: true, Shape: word("What is done.", string(Drop), string(Mask), string(Truncate), string(Generalise), string(Pseudonymise))},
			{Name: "keep_last", Shape: whole("mask: how many characters at the end stay readable; 0 unless stated.", "4")},
			{Name: "length", Shape: whole("truncate: how many characters stay.", "64")},
			{Name: "to", Shape: strict.Shape{Doc: "generalise: a network such as /24, one of hour, day, month, year, or a step such as 10.", Types: []string{"string", "number"}, Example: "/24"}},
			{Name: "rotate", Shape: text("pseudonymise: how long one key is used, so that people cannot be followed for longer; always unless stated.", "30d")},
		}}}},
		{Name: "detectors", Shape: strict.Shape{Doc: "What is done to personal data found in texts.", NonEmpty: true, Example: "{email: mask, ssn: drop}", Keys: detectors}},
		{Name: "allow_list", Shape: list("The only attributes that are kept; all unless stated.", "[http.method, http.status_code]", "http.method")},
		{Name: "k", Shape: whole("Groups of fewer people are not shown; 0, the default, is no minimum.", "10")},
		{Name: "consent", Shape: word("required: only what people consented to is kept; not_required unless stated.", "required", "not_required")},
	}
}

func (r *reader) privacy(root *strict.Value) *Privacy {
	o := &Privacy{Name: r.doc.Name, Purpose: r.text(root.Get("purpose")), Source: r.text(root.Get("source"))}
	if !root.Has("rules") && !root.Has("detectors") && !root.Has("allow_list") && !root.Has("k") && !root.Has("consent") {
		r.Errorf(root.Key("name"), "%q protects nothing; want at least one of rules, detectors, allow_list, k and consent", clip(o.Name))
	}
	if v := root.Get("rules"); v.Usable() {
		for _, item := range v.Items {
			if at := item.Get("attribute"); at.Usable() {
				rule := r.attributeRule(item)
				if slices.ContainsFunc(o.Rules, func(other AttributeRule) bool { return other.Attribute == rule.Attribute }) {
					r.Errorf(at, "%q stands twice; one rule says all that is done to an attribute", clip(at.Text))
				}
				o.Rules = append(o.Rules, rule)
			}
		}
	}
	if v := root.Get("detectors"); v.Usable() {
		o.Detectors = map[Detector]Action{}
		for _, d := range Detectors() {
			if at := v.Get(string(d)); at.Usable() {
				o.Detectors[d] = Action(at.Text)
			}
		}
	}
	o.AllowList = r.texts(root.Get("allow_list"))
	for _, rule := range o.Rules {
		if o.AllowList != nil && !slices.Contains(o.AllowList, rule.Attribute) {
			r.Warnf(root.Key("allow_list"), "%q has a rule and is not in the list: it is dropped whatever the rule says", clip(rule.Attribute))
		}
	}
	o.K = r.number(root.Get("k"), 0, 100_000)
	if v := root.Get("consent"); v.Usable() {
		o.Consent = v.Text == "required"
	}
	return o
}

var networkForm = regexp.MustCompile(`^/([0-9]{1,3})$`)

func (r *reader) attributeRule(item *strict.Value) AttributeRule {
	rule := AttributeRule{Attribute: r.text(item.Get("attribute"))}
	if v := item.Get("action"); v.Usable() {
		rule.Action = Action(v.Text)
	}
	for key, action := range map[string]Action{"keep_last": Mask, "length": Truncate, "to": Generalise, "rotate": Pseudonymise} {
		if item.Has(key) && rule.Action != "" && rule.Action != action {
			r.Errorf(item.Key(key), "has no effect with the action %s; it belongs to %s", rule.Action, action)
		}
	}
	rule.KeepLast = r.number(item.Get("keep_last"), 0, 16)
	switch rule.Action {
	case Truncate:
		if !item.Has("length") {
			r.Errorf(item, "truncate needs a length; add length: 64")
		}
		rule.Length = r.number(item.Get("length"), 0, 1_000_000)
	case Generalise:
		if !item.Has("to") {
			r.Errorf(item, "generalise needs to: a network such as /24, one of hour, day, month, year, or a step such as 10")
		}
		rule.To = r.coarser(item.Get("to"))
	case Pseudonymise:
		if d, v := r.duration(item, "rotate"); v != nil {
			if d < time.Hour {
				r.Errorf(v, "%q: want at least 1h, or leave the key out for always", v.Text)
			}
			rule.Rotate = d
		}
	}
	return rule
}

func (r *reader) coarser(v *strict.Value) string {
	if !v.Usable() {
		return ""
	}
	if m := networkForm.FindStringSubmatch(v.Text); m != nil {
		if n, err := strconv.Atoi(m[1]); err == nil && n >= 1 && n <= 64 {
			return v.Text
		}
	}
	if slices.Contains([]string{"hour", "day", "month", "year"}, v.Text) {
		return v.Text
	}
	if x, n, err := strict.Quantity(v.Text); err == nil && n == strict.Plain && x > 0 {
		return strconv.FormatFloat(x, 'g', -1, 64)
	}
	r.Errorf(v, "%q: want a network from /1 to /64 such as /24, one of hour, day, month, year, or a step above 0 such as 10", clip(v.Text))
	return ""
}

func (a AttributeRule) words() string {
	switch a.Action {
	case Mask:
		if a.KeepLast > 0 {
			return "masked but for the last " + count(a.KeepLast)
		}
		return "masked"
	case Truncate:
		return "cut after " + plural(a.Length, "character")
	case Generalise:
		switch {
		case strings.HasPrefix(a.To, "/"):
			return "made coarser, to its network " + a.To
		case slices.Contains([]string{"hour", "day", "month", "year"}, a.To):
			return "made coarser, to its " + a.To
		default:
			return "made coarser, in steps of " + a.To
		}
	case Pseudonymise:
		if a.Rotate > 0 {
			return "replaced by a pseudonym that changes every " + spanWords(a.Rotate)
		}
		return "replaced by a pseudonym"
	default:
		return "dropped"
	}
}

func actionWords(a Action) string { return AttributeRule{Action: a}.words() }

func (o *Privacy) fields() []Field {
	fs := []Field{textField("purpose", "the purpose", o.Purpose), textField("source", "the source", o.Source)}
	for _, rule := range o.Rules {
		w := rule.words()
		fs = append(fs, Field{Path: "rules." + rule.Attribute, Say: rule.Attribute + " is " + w, Words: w, Gone: rule.Attribute + " is kept as it is",
			Value: []any{string(rule.Action), rule.KeepLast, rule.Length, rule.To, rule.Rotate.Milliseconds()}})
	}
	for _, d := range Detectors() {
		if a, ok := o.Detectors[d]; ok {
			fs = append(fs, Field{Path: "detectors." + string(d), Say: d.words() + " in texts are " + actionWords(a), Words: actionWords(a), Gone: d.words() + " in texts are kept", Value: string(a)})
		}
	}
	fs = append(fs, listField("allow_list", "the attributes that are kept", o.AllowList, "all attributes are kept that no rule takes"))
	if o.K > 0 {
		fs = append(fs, Field{Path: "k", Say: "groups of fewer than " + plural(o.K, "person") + " are not shown", Words: count(o.K), Gone: "groups of any size are shown", Value: float64(o.K)})
	}
	return append(fs, flagField("consent", o.Consent, "only what people consented to is kept", "consent is not asked for"))
}

func (o *Privacy) describe(Common) string {
	var parts []string
	for _, rule := range o.Rules {
		parts = append(parts, rule.Attribute+" is "+rule.words())
	}
	for _, d := range Detectors() {
		if a, ok := o.Detectors[d]; ok {
			parts = append(parts, d.words()+" are "+actionWords(a))
		}
	}
	if o.AllowList != nil {
		parts = append(parts, "only "+joinWords(o.AllowList)+" are kept")
	}
	if o.K > 0 {
		parts = append(parts, "groups of fewer than "+plural(o.K, "person")+" are not shown")
	}
	if o.Consent {
		parts = append(parts, "only what people consented to is kept")
	}
	return sentence("in signals"+from(o.Source, nil)+", "+joinWords(parts)) + " " + sentence("Purpose: "+strings.TrimSuffix(o.Purpose, "."))
}
