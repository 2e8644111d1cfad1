package policy

import (
	"time"
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
