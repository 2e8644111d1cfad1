package access

import (
	"context"
	"slices"
)

// Via says how a request showed who it is.
type Via string

// The ways.
const (
	ViaCookie   Via = "cookie"
	ViaBearer   Via = "bearer"
	ViaLoopback Via = "loopback" // a push from this machine, without a token
)

// Principal is who makes a request.
type Principal struct {
	ID        string
	Name      string
	Via       Via
	ExpiresAt int64 // end of the session, Unix ms; 0 for a token
	actions   []Action
}

// Administrator is the one who holds the admin token or a session made with it.
func Administrator(via Via) Principal {
	return Principal{ID: "admin", Name: "admin", Via: via, actions: Actions()}
}

// pusher is a program on this machine that sends samples or alerts.
func pusher() Principal {
	return Principal{ID: "loopback", Name: "this machine", Via: ViaLoopback, actions: []Action{WriteSignals, WriteAlerts}}
}

// May reports whether the principal may do a.
func (p Principal) May(a Action) bool { return slices.Contains(p.actions, a) }

// Actions lists every action that needs a sign-in.
func Actions() []Action {
	return []Action{ReadSignals, WriteSignals, ReadKPIs, ReadAlerts, WriteAlerts, WriteSilences, Operate}
}

type principalKey struct{}
type requestIDKey struct{}
type nonceKey struct{}

// From returns who makes the request; false on the routes that are open.
func From(ctx context.Context) (Principal, bool) {
	p, ok := ctx.Value(principalKey{}).(Principal)
	return p, ok
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
