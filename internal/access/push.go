package access

import (
	"context"
	"net/http"
	"net/url"

	"github.com/signalbox/signalbox/internal/fault"
)

// Push says who sends signals by something else than HTTP, such as gRPC: the bearer token, empty without one, and the
// caller's address as host:port. header is what came with the call: as for a request, what a proxy adds to it says that the
// address proves nothing. The context it returns carries the principal. The error is a fault.Error of the kind Unauthorized or Forbidden; a refusal is
// counted and recorded as that of a request is.
func (a *Access) Push(ctx context.Context, token, remote string, header http.Header) (context.Context, error) {
	if header == nil {
		header = http.Header{}
	}
	r := (&http.Request{Method: http.MethodPost, URL: &url.URL{Path: "/"}, Header: header.Clone(), RemoteAddr: remote}).WithContext(ctx)
	r.Header.Del("Authorization")
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	r.Header.Del("Cookie") // a browser's session sends no signals
	route := Route{Method: r.Method, Pattern: "/", Action: WriteSignals}
	p, no := a.authenticate(r)
	if no == nil && p.ID == "" && fromLoopback(r) {
		p = pusher()
	}
	switch {
	case no != nil:
	case p.ID == "":
		no = &refusal{reason: "sign_in", err: fault.New(fault.Unauthorized, "nobody is signed in").Hint("Send authorization: Bearer with a token in the call's metadata")}
	case !p.May(WriteSignals):
		no = &refusal{reason: "action", err: mayNot(p, WriteSignals)}
	}
	if no != nil {
		a.refused.WithLabelValues(no.reason).Inc()
		if no.reason != "sign_in" {
			a.refusedEvent(ctx, deniedEvent(route, r, p, no))
		}
		return ctx, no.err
	}
	return With(ctx, p), nil
}
