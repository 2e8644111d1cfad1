package access

import (
	"crypto/sha256"
	"database/sql"
	"fmt"
	"net/http"
	"net/url"
	"slices"
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
		return p, no
	} else if no != nil {
		p = Principal{} // p was who the record is about
	}
	same, known := a.sameOrigin(r)
	if unsafe(r.Method) || changes(route) {
		// A bearer token is never sent by a browser on its own; a push without a browser says nothing of an origin.
		fine := same || p.Via == ViaBearer || (!known && p.ID == "")
		if !fine {
			return p, &refusal{reason: "origin", err: fault.New(fault.Forbidden, "a request that changes something must come from a page of this server, not from %q", clip(r.Header.Get("Origin"))).
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
			Hint("Open /login, or send Authorization: Bearer with a token; the first one is in admin.token of the data directory")}
	case route.Action == SignedIn:
		return p, nil
	case p.MustChange && route.Action != OwnAccount:
		return p, &refusal{reason: "password", err: fault.New(fault.Forbidden, "the password of %s was set by somebody else", p.Name).
			Hint("Open /login/password and choose your own; until then nothing else is open")}
	case !p.May(route.Action):
		return p, &refusal{reason: "action", err: mayNot(p, route.Action)}
	case route.Whole && !p.everywhere(route.Action):
		return p, &refusal{reason: "action", err: fault.New(fault.Forbidden, "%s sees only a part, and what is asked for cannot be bounded", p.Name).
			Hint("It takes a role without a scope; an administrator can grant it")}
	}
	return p, nil
}

// mayNot says why a principal may not do an action, and who may.
func mayNot(p Principal, a Action) *fault.Error {
	r := rule(a)
	err := fault.New(fault.Forbidden, "%s may not %s", p.Name, strings.ReplaceAll(string(a), "_", " "))
	var roles []string
	for _, role := range r.Roles {
		roles = append(roles, string(role))
	}
	who := strings.Join(roles, ", ")
	switch {
	case !slices.Contains(r.Kinds, p.Kind) && len(r.Kinds) == 1 && r.Kinds[0] == KindPerson:
		return err.Hint("It takes a person who signed in with their own name and is one of: %s", who)
	case !slices.Contains(r.Kinds, p.Kind) && p.Kind == KindToken:
		return err.Hint("No token may; sign in with your own name")
	case !slices.Contains(r.Kinds, p.Kind) && p.Kind == KindPerson:
		return err.Hint("Make a token for the program that does it")
	case r.Whole && slices.ContainsFunc(p.Grants, func(g Grant) bool { return slices.Contains(r.Roles, g.Role) }):
		return err.Hint("It cannot be bounded, so it takes a role without a scope: %s", who)
	}
	return err.Hint("It takes one of the roles %s; an administrator can grant it", who)
}

func unsafe(method string) bool {
	return method != http.MethodGet && method != http.MethodHead && method != http.MethodOptions
}

// authenticate returns who the request shows to be: by bearer token, else by cookie, else nobody. A wrong token is refused,
// never passed over: its sender believes it counts.
func (a *Access) authenticate(r *http.Request) (Principal, *refusal) {
	if h := r.Header.Get("Authorization"); h != "" {
		scheme, token, _ := strings.Cut(h, " ")
		if name, _, ok := r.BasicAuth(); ok && strings.HasPrefix(name, TokenPrefix) {
			// Clients of analytics services send their write key as a user name. This server never asks a browser for one, so no
			// browser sends it by itself.
			scheme, token = "Bearer", name
		}
		if !strings.EqualFold(scheme, "Bearer") {
			return Principal{}, &refusal{reason: "credential", err: fault.New(fault.Unauthorized, "Authorization scheme %q: want Bearer, or Basic with an API token as the user name", clip(scheme))}
		}
		token = strings.TrimSpace(token)
		if strings.HasPrefix(token, TokenPrefix) {
			return a.byToken(r, token)
		}
		ok, wait := a.token(token, sourceOf(a.address(r)))
		if !ok {
			return Principal{}, wrong(wait)
		}
		return Administrator(ViaBearer), nil
	}
	c, err := r.Cookie(a.cookieName(r))
	if err != nil {
		return Principal{}, nil
	}
	x, ok, err := a.sessions.check(r.Context(), c.Value, attended(r))
	if err != nil {
		a.o.Logger.Warn("session's last use not written", "err", err)
	}
	if !ok {
		return Principal{}, nil
	}
	p, _ := a.bySession(x)
	return p, nil
}

// UnattendedHeader is sent by a page that asks by itself: such a request does not put a session's idle end off. Event streams
// never do: browsers open them again without anybody there.
const UnattendedHeader = "Signalbox-Unattended"

func attended(r *http.Request) bool {
	return r.Header.Get(UnattendedHeader) == "" && r.Header.Get("Accept") != "text/event-stream"
}

// bySession returns who a session belongs to; false if they are gone or disabled.
func (a *Access) bySession(x session) (Principal, bool) {
	p := Administrator(ViaCookie)
	if x.user != "" {
		who := a.roster.Load().users[x.user]
		if who == nil || !who.active() {
			return Principal{}, false
		}
		p = who.principal()
		p.SignedInAt = x.proved
	}
	p.ExpiresAt, p.EndsAt = a.sessions.ends(x)
	p.Session = x.public()
	return p, true
}

// byToken returns the owner of an API token, as far as the token goes. Nothing is slowed: 256 random bits cannot be guessed.
func (a *Access) byToken(r *http.Request, secret string) (Principal, *refusal) {
	now := a.o.Now().UnixMilli()
	all := a.roster.Load()
	t := all.byHash[sha256.Sum256([]byte(secret))]
	dead := func(why string) *refusal {
		return &refusal{reason: "credential", err: fault.New(fault.Unauthorized, "%s", why).Hint("Make a new one in the page or with `signalbox token create`")}
	}
	if t == nil {
		return Principal{}, dead("the token is wrong or was revoked")
	}
	owner := all.users[t.owner]
	p := Principal{ID: t.owner, Name: t.name, Kind: KindToken, Via: ViaBearer, Agent: t.agent, ExpiresAt: t.expiresAt, Grants: t.grants, Token: t.id, PushesAs: t.pushesAs}
	if owner != nil {
		p.Name, p.Login = owner.principal().Name+" (token "+t.name+")", owner.login
	}
	switch {
	case t.expiresAt <= now:
		return p, dead("the token has expired")
	case owner == nil || !owner.active():
		return p, dead("the token's owner is disabled")
	}
	t.used.Store(now)
	if wrote := t.wrote.Load(); now-wrote >= seenEvery.Milliseconds() && t.wrote.CompareAndSwap(wrote, now) {
		err := a.o.DB.Tx(r.Context(), func(tx *sql.Tx) error {
			_, err := tx.ExecContext(r.Context(), a.sql["token used"], now, t.id)
			return err
		})
		if err != nil {
			a.o.Logger.Warn("token's last use not written", "err", err)
		}
	}
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
func (a *Access) refuse(w http.ResponseWriter, r *http.Request, route Route, p Principal, no *refusal) {
	a.refused.WithLabelValues(no.reason).Inc()
	if no.reason != "sign_in" && no.reason != "password" { // these two only show the way
		a.o.Logger.Warn("refused", "reason", no.reason, "method", r.Method, "path", r.URL.Path, "remote", r.RemoteAddr, "request", RequestID(r.Context()))
		a.refusedEvent(r.Context(), deniedEvent(route, r, p, no))
	}
	if (no.reason == "sign_in" || no.reason == "password") && r.Method == http.MethodGet && strings.Contains(r.Header.Get("Accept"), "text/html") {
		to := "/login"
		if no.reason == "password" {
			to = "/login/password"
		}
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
