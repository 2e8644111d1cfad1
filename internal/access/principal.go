package access

import (
	"context"
	"slices"

	"github.com/prometheus/prometheus/model/labels"
)

// Via says how a request showed who it is.
type Via string

// The ways.
const (
	ViaCookie   Via = "cookie"
	ViaBearer   Via = "bearer"
	ViaLoopback Via = "loopback" // a push from this machine, without a token
)

// Grant trusts its holder with a role within a scope.
type Grant struct {
	Role  Role
	Scope Scope // empty: everywhere
	// within narrows a token's role by the one of its owner: both have to have the action. Empty: no narrower.
	within Role
}

// has reports whether the grant's role, and the one that narrows it, has the action of the rule.
func (g Grant) has(r Rule) bool {
	return slices.Contains(r.Roles, g.Role) && (g.within == "" || slices.Contains(r.Roles, g.within)) && (!r.Whole || len(g.Scope) == 0)
}

// Principal is who makes a request. A token's principal has the id of its owner, so that the author of a proposal is the
// person whether they wrote it in the page or by a program.
type Principal struct {
	ID         string // of the user; "admin" for the start's; empty for nobody
	Name       string
	Kind       Kind
	Via        Via
	Agent      bool  // a token that an AI agent holds
	ExpiresAt  int64 // end of the session if nothing more is asked, or of the token; Unix ms, 0 for the admin token
	EndsAt     int64 // end of the session whatever is asked; Unix ms, 0 where ExpiresAt is all there is
	SignedInAt int64 // when the person last showed a password or came back from the provider; Unix ms, 0 for none
	Grants     []Grant

	Login      string // of the user; empty for others
	Token      string // id of the API token; empty without one
	PushesAs   string // source name that a token's data is counted under; empty for none
	Session    string // id of the session, as Sessions lists it; empty without one
	MustChange bool   // the password was set by another: nothing but the own account until it is changed
}

// Administrator is the one who holds the admin token or a session made with it: break glass. They may do everything but
// approve, which takes a person.
func Administrator(via Via) Principal {
	return Principal{ID: "admin", Name: "admin", Kind: KindStart, Via: via, Grants: []Grant{{Role: Admin}}}
}

// System is the house itself at work, for what it does without anybody asking; name says which part of it.
func System(name string) Principal {
	return Principal{ID: "system", Name: name, Kind: KindSystem, Grants: []Grant{{Role: Admin}}}
}

// pusher is a program on this machine that sends samples or alerts.
func pusher() Principal {
	return Principal{ID: "loopback", Name: "this machine", Kind: KindLoopback, Via: ViaLoopback}
}

// May reports whether the principal may do a, through any grant.
func (p Principal) May(a Action) bool {
	scopes, whole := p.Scopes(a)
	return whole || len(scopes) > 0
}

// Scopes returns where the principal may do a: inside any one of the scopes, or everywhere if whole. Neither means nowhere.
func (p Principal) Scopes(a Action) (scopes []Scope, whole bool) {
	switch p.Kind {
	case KindLoopback:
		return nil, a == WriteSignals || a == WriteAlerts
	case KindSystem:
		return nil, a != Approve
	}
	r := rule(a)
	if !slices.Contains(r.Kinds, p.Kind) {
		return nil, false
	}
	for _, g := range p.Grants {
		if !g.has(r) {
			continue
		}
		if len(g.Scope) == 0 {
			return nil, true
		}
		scopes = append(scopes, g.Scope)
	}
	return scopes, false
}

// everywhere reports whether the principal may do a without bounds.
func (p Principal) everywhere(a Action) bool {
	_, whole := p.Scopes(a)
	return whole
}

// Covers reports whether the principal may do a on what carries the labels l.
func (p Principal) Covers(a Action, l labels.Labels) bool {
	scopes, whole := p.Scopes(a)
	return whole || slices.ContainsFunc(scopes, func(s Scope) bool { return s.Matches(l) })
}

type principalKey struct{}
type requestIDKey struct{}
type nonceKey struct{}
type sourceKey struct{}

// With returns a context that carries p: for the house's own work and for tests.
func With(ctx context.Context, p Principal) context.Context {
	return context.WithValue(ctx, principalKey{}, p)
}

// withNobody is for a sign-in: who was signed in before says nothing about who does it.
func withNobody(ctx context.Context) context.Context { return With(ctx, Principal{}) }

// From returns who makes the request; false on the routes that are open.
func From(ctx context.Context) (Principal, bool) {
	p, ok := ctx.Value(principalKey{}).(Principal)
	return p, ok && p.Kind != ""
}

// Source returns the address that the request came from; empty outside a request.
func Source(ctx context.Context) string {
	s, _ := ctx.Value(sourceKey{}).(string)
	return s
}

// RequestID returns the request's id as it is in the log and in the X-Request-Id header of the answer.
func RequestID(ctx context.Context) string {
	s, _ := ctx.Value(requestIDKey{}).(string)
	return s
}

// StyleNonce returns the nonce that the answer's Content-Security-Policy lets style elements carry.
func StyleNonce(ctx context.Context) string {
	s, _ := ctx.Value(nonceKey{}).(string)
	return s
}

// CookieName is the session cookie's name before the port that it is told apart by: browsers share cookies between ports.
const CookieName = "signalbox"
