package privacy

import (
	"cmp"
	"context"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/signalbox/signalbox/internal/policy"
	"github.com/signalbox/signalbox/internal/rowstore"
)

// law is the policies in force, compiled. It never changes; Reload swaps it.
type law struct {
	policies []*policy.Privacy
	purposes map[string]time.Duration // of pseudonyms, with how long one key is used; 0 = for ever
	named    map[string]*plan         // by source, where a policy names one
	rest     *plan
}

func (l *law) of(source string) *plan {
	if p, ok := l.named[source]; ok {
		return p
	}
	return l.rest
}

// act is what is done to a value.
type act uint8

const (
	truncate act = iota + 1 // ranked: of two rules for one attribute the greater wins
	round                   // to a step
	instant                 // to the hour, day, month or year
	network                 // an address, or several, to its network
	link                    // a URL without query, fragment, user and password
	mask
	pseudonym
	drop
)

// rule is an AttributeRule, ready to be applied.
type rule struct {
	act      act
	length   int // truncate, mask: characters that stay
	step     float64
	to       string // hour, day, month, year
	v4, v6   int    // bits of the network
	purpose  int    // index of plan.purposes
	isSecret bool
}

// column is a text column of a row that a rule names.
type column struct {
	of func(*rowstore.Row) *string
	*rule
}

// plan is what is done to the rows of one source.
type plan struct {
	consent bool
	rules   map[string]*rule // by normal name
	allow   []map[string]bool
	user    *rule
	columns []column
	detect  [len(detectors)]detection
	fewest  int // digits below which no detector of digits looks
	seek    uint8

	purposes []string
	ring     ring
	workers  sync.Pool

	mu        sync.Mutex
	known     atomic.Pointer[map[string]known] // by name as sent
	resources sync.Map                         // *rowstore.Resource -> *rowstore.Resource
	kept      atomic.Int64                     // in resources
}

// detection is what is done to findings of a kind; act 0 is nothing.
type detection struct {
	act     act
	purpose int
	found   prometheus.Counter
}

// normal is the name by which attributes are compared: case does not count, and neither does which of . _ - stands between
// the parts.
func normal(name string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '_' || r == '-' || r == '/':
			return '.'
		case 'A' <= r && r <= 'Z':
			return r | 0x20
		}
		return r
	}, name)
}

// Reload compiles the policies in force and makes the keys that they need. On an error what was in force stays.
func (p *Privacy) Reload(ctx context.Context) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.reload(ctx)
}

// reload needs p.mu.
func (p *Privacy) reload(ctx context.Context) error {
	policies := slices.Clone(p.o.Policies())
	slices.SortFunc(policies, func(a, b *policy.Privacy) int { return cmp.Compare(a.Name, b.Name) })
	l := &law{policies: policies, purposes: map[string]time.Duration{analytics: 0}, named: map[string]*plan{}}
	for _, o := range policies {
		for _, r := range o.Rules {
			if r.Action == policy.Pseudonymise {
				l.purpose(o.Purpose, r.Rotate)
			}
		}
		for _, a := range o.Detectors {
			if a == policy.Pseudonymise {
				l.purpose(o.Purpose, 0)
			}
		}
	}
	for purpose := range l.purposes {
		if _, ok := p.ring.current(purpose); !ok {
			if err := p.makeKey(ctx, purpose); err != nil {
				return err
			}
		}
	}
	l.rest = p.compile("", policies)
	for _, o := range policies {
		if o.Source != "" && l.named[o.Source] == nil {
			l.named[o.Source] = p.compile(o.Source, policies)
		}
	}
	p.law.Store(l)
	return nil
}

// purpose notes that pseudonyms are made for it; the shortest rotation counts.
func (l *law) purpose(name string, rotate time.Duration) {
	if have := l.purposes[name]; rotate > 0 && (have == 0 || rotate < have) {
		l.purposes[name] = rotate
	} else if have == 0 {
		l.purposes[name] = 0
	}
}

// compile makes the plan of a source. It needs p.mu.
func (p *Privacy) compile(source string, policies []*policy.Privacy) *plan {
	pl := &plan{rules: map[string]*rule{}, purposes: []string{analytics}, ring: slices.Clone(p.ring), user: &rule{act: pseudonym}}
	pl.known.Store(&map[string]known{})
	asked := map[policy.Detector]detection{}
	for _, o := range policies {
		if o.Source != "" && o.Source != source {
			continue
		}
		pl.consent = pl.consent || o.Consent
		if o.AllowList != nil {
			set := map[string]bool{}
			for _, name := range o.AllowList {
				set[normal(name)] = true
			}
			pl.allow = append(pl.allow, set)
		}
		for _, a := range o.Rules {
			r := pl.rule(a, o.Purpose)
			if name := normal(a.Attribute); pl.rules[name] == nil || pl.rules[name].act < r.act {
				pl.rules[name] = r
			}
		}
		for d, a := range o.Detectors {
			r := pl.rule(policy.AttributeRule{Action: a}, o.Purpose)
			if asked[d].act < r.act {
				asked[d] = detection{act: r.act, purpose: r.purpose}
			}
		}
	}
	for i, d := range detectors {
		det, ok := asked[d.kind]
		if !ok && d.kind != policy.DetectPhone && d.kind != policy.DetectIP {
			det = detection{act: drop}
		}
		det.found = p.findings.WithLabelValues(string(d.kind))
		pl.detect[i] = det
	}
	pl.fewest, pl.seek = 9, isAt|isKey
	if asked[policy.DetectPhone].act != 0 {
		pl.fewest = 8
	}
	if asked[policy.DetectIP].act != 0 {
		pl.seek |= isDot
	}
	for _, name := range [...]string{"user", "user.id", "enduser.id"} {
		if r := pl.rules[name]; r != nil && (r.act == pseudonym || r.act == drop) {
			pl.user = r
		}
	}
	for _, c := range textColumns {
		for _, name := range c.names {
			if r := pl.rules[name]; r != nil {
				pl.columns = append(pl.columns, column{c.of, r})
			}
		}
	}
	pl.workers.New = func() any { return newWorker(pl) }
	return pl
}

// textColumns are the columns that a rule may name.
var textColumns = [...]struct {
	names []string
	of    func(*rowstore.Row) *string
}{
	{[]string{"session", "session.id"}, func(r *rowstore.Row) *string { return &r.Session }},
	{[]string{"business.id"}, func(r *rowstore.Row) *string { return &r.Business }},
	{[]string{"name"}, func(r *rowstore.Row) *string { return &r.Name }},
	{[]string{"route", "http.route"}, func(r *rowstore.Row) *string { return &r.Route }},
	{[]string{"error.type"}, func(r *rowstore.Row) *string { return &r.ErrorType }},
	{[]string{"body"}, func(r *rowstore.Row) *string { return &r.Body }},
	{[]string{"detail"}, func(r *rowstore.Row) *string { return &r.Detail }},
	{[]string{"agency"}, func(r *rowstore.Row) *string { return &r.Agency }},
}

// rule makes a policy's rule ready.
func (pl *plan) rule(a policy.AttributeRule, purpose string) *rule {
	switch a.Action {
	case policy.Mask:
		return &rule{act: mask, length: a.KeepLast}
	case policy.Truncate:
		return &rule{act: truncate, length: a.Length}
	case policy.Pseudonymise:
		i := slices.Index(pl.purposes, purpose)
		if i < 0 {
			i = len(pl.purposes)
			pl.purposes = append(pl.purposes, purpose)
		}
		return &rule{act: pseudonym, purpose: i}
	case policy.Generalise:
		if bits, ok := strings.CutPrefix(a.To, "/"); ok {
			n, err := strconv.Atoi(bits)
			switch {
			case err != nil:
			case n <= 32:
				return &rule{act: network, v4: n, v6: netV6}
			default:
				return &rule{act: network, v4: netV4, v6: n}
			}
		}
		if step, err := strconv.ParseFloat(a.To, 64); err == nil && step > 0 {
			return &rule{act: round, step: step}
		}
		return &rule{act: instant, to: a.To}
	}
	return &rule{act: drop}
}

// K returns the smallest group of people that may be shown of rows of these sources: the strictest of all policies that cover
// one of them; of no source, the strictest of all. 0 is no minimum.
func (p *Privacy) K(sources ...string) int {
	k := 0
	for _, o := range p.law.Load().policies {
		if o.Source == "" || len(sources) == 0 || slices.Contains(sources, o.Source) {
			k = max(k, o.K)
		}
	}
	return k
}
