package access

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/signalbox/signalbox/internal/fault"
)

// refusal is a reason for the counter and the error for the person.
type refusal struct {
	reason string
	err    *fault.Error
	wait   time.Duration
}

// decide returns who makes the request if they may. On a sign-in route nobody has to be anybody.
func (a *Access) decide(route Route, r *http.Request) (Principal, *refusal) {
	if !a.hostAllowed(r) {
		return Principal{}, &refusal{reason: "host", err: fault.New(fault.Forbidden, "this server does not answer to the name %q", clip(hostname(r.Host))).
			Hint("Use an address of `listen`, or set external_url in signalbox.yaml to the name that people use")}
	}
	p, no := a.authenticate(r)
	if no != nil && route.Action != SignIn {
		return Principal{}, no
	}
	same, known := a.sameOrigin(r)
	if unsafe(r.Method) || changes(route) {
		// A bearer token is never sent by a browser on its own; a push without a browser says nothing of an origin.
		fine := same || p.Via == ViaBearer || (!known && p.ID == "")
		if !fine {
			return Principal{}, &refusal{reason: "origin", err: fault.New(fault.Forbidden, "a request that changes something must come from a page of this server, not from %q", clip(r.Header.Get("Origin"))).
				Hint("Send an Authorization: Bearer header instead of the cookie")}
		}
	}
	if route.Action == SignIn {
		return p, nil
	}
	if p.ID == "" && (route.Action == WriteSignals || route.Action == WriteAlerts) && fromLoopback(r) {
		p = pusher()
	}
	switch {
	case p.ID == "":
		return p, &refusal{reason: "sign_in", err: fault.New(fault.Unauthorized, "nobody is signed in").
			Hint("Open /login, or send Authorization: Bearer with the token in admin.token of the data directory")}
	case !p.May(route.Action):
		return p, &refusal{reason: "action", err: fault.New(fault.Forbidden, "%s may not %s", p.Name, strings.ReplaceAll(string(route.Action), "_", " "))}
	}
	return p, nil
}

func unsafe(method string) bool {
	return method != http.MethodGet && method != http.MethodHead && method != http.MethodOptions
}

// authenticate returns who the request shows to be: by bearer token, else by cookie, else nobody. A wrong token is refused,
// never passed over: its sender believes it counts.
func (a *Access) authenticate(r *http.Request) (Principal, *refusal) {
	if h := r.Header.Get("Authorization"); h != "" {
		scheme, token, _ := strings.Cut(h, " ")
		if !strings.EqualFold(scheme, "Bearer") {
			return Principal{}, &refusal{reason: "credential", err: fault.New(fault.Unauthorized, "Authorization scheme %q: want Bearer", clip(scheme))}
		}
		ok, wait := a.token(strings.TrimSpace(token), sourceOf(r.RemoteAddr))
		if !ok {
			return Principal{}, wrong(wait)
		}
		return Administrator(ViaBearer), nil
	}
	c, err := r.Cookie(a.cookieName(r))
	if err != nil {
		return Principal{}, nil
	}
	ends, ok, err := a.sessions.check(r.Context(), c.Value)
	if err != nil {
		a.o.Logger.Warn("session's last use not written", "err", err)
	}
	if !ok {
		return Principal{}, nil
	}
	p := Administrator(ViaCookie)
	p.ExpiresAt = ends
	return p, nil
}

// wrong is the answer to a wrong secret.
func wrong(wait time.Duration) *refusal {
	if wait > 0 {
		s := int(wait.Seconds() + 0.999)
		return &refusal{reason: "slowed", wait: wait, err: fault.New(fault.Limited, "too many wrong tokens or codes from your address").Hint("Try again in %d s", s)}
	}
	return &refusal{reason: "credential", err: fault.New(fault.Unauthorized, "the token or code is wrong, was used, or has expired").
		Hint("The token is in the file admin.token of the data directory; a new start prints a new link")}
}

// refuse answers a person with the sign-in page and a program with a problem.
func (a *Access) refuse(w http.ResponseWriter, r *http.Request, route Route, no *refusal) {
	a.refused.WithLabelValues(no.reason).Inc()
	if no.reason != "sign_in" {
		a.o.Logger.Warn("refused", "reason", no.reason, "method", r.Method, "path", r.URL.Path, "remote", r.RemoteAddr, "request", RequestID(r.Context()))
	}
	if no.reason == "sign_in" && r.Method == http.MethodGet && strings.Contains(r.Header.Get("Accept"), "text/html") {
		to := "/login"
		if next := r.URL.RequestURI(); next != "/" {
			to += "?" + url.Values{"next": {next}}.Encode()
		}
		http.Redirect(w, r, to, http.StatusSeeOther)
		return
	}
	if no.wait > 0 {
		w.Header().Set("Retry-After", fmt.Sprint(int(no.wait.Seconds()+0.999)))
	}
	problem(w, no.err)
}

func clip(s string) string {
	if len(s) > 80 {
		return s[:80] + "..."
	}
	return s
}
