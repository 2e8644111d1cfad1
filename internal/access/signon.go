package access

import (
	"crypto/subtle"
	"database/sql"
	"html/template"
	"net/http"
	"strings"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"

	"github.com/signalbox/signalbox/internal/fault"
)

func (a *Access) flowCookie(r *http.Request, value string, age int) *http.Cookie {
	return &http.Cookie{
		Name: a.cookieNamed(r, CookieName+"-oidc"), Value: value, Path: "/", MaxAge: age, HttpOnly: true, Secure: a.https(r),
		SameSite: http.SameSiteLaxMode, // the provider's answer is a navigation from another site
	}
}

// startOIDC sends the browser to the provider. ?confirm=1 has the person of the session show there again who they are.
func (a *Access) startOIDC(t *template.Template) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		next := local(r.URL.Query().Get("next"))
		p, err := a.oidc.discover(r.Context())
		if err != nil {
			a.o.Logger.Error("sign-on provider not found", "err", cause(err))
			a.say(w, r, t, err, loginPage{Next: next})
			return
		}
		f := flow{State: secret(), Nonce: secret(), Verifier: oauth2.GenerateVerifier(), Next: next, Begun: a.o.Now().UnixMilli()}
		ask := []oauth2.AuthCodeOption{oauth2.S256ChallengeOption(f.Verifier), oidc.Nonce(f.Nonce)}
		if r.URL.Query().Get("confirm") != "" {
			who, ok := From(r.Context())
			if !ok || who.Kind != KindPerson {
				a.say(w, r, t, fault.New(fault.Unauthorized, "nobody is signed in who could confirm anything"), loginPage{Next: next})
				return
			}
			f.Confirm = who.Session
			ask = append(ask, oauth2.SetAuthURLParam("prompt", "login"), oauth2.SetAuthURLParam("max_age", "0"), oauth2.SetAuthURLParam("login_hint", who.Login))
		}
		value, err := a.oidc.sealed(f)
		if err != nil {
			a.say(w, r, t, err, loginPage{Next: next})
			return
		}
		http.SetCookie(w, a.flowCookie(r, value, int(flowLife.Seconds())))
		http.Redirect(w, r, a.oidc.config(p).AuthCodeURL(f.State, ask...), http.StatusSeeOther)
	})
}

// finishOIDC takes the provider's answer.
func (a *Access) finishOIDC(t *template.Template) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		q := r.URL.Query()
		f, ok := flow{}, false
		if c, err := r.Cookie(a.flowCookie(r, "", 0).Name); err == nil {
			f, ok = a.oidc.unsealed(c.Value)
		}
		http.SetCookie(w, a.flowCookie(r, "", -1)) // an answer is taken once
		refuse := func(login string, err error) {
			if !ok {
				f.Next = "/"
			}
			a.o.Logger.Warn("sign-on refused", "remote", a.address(r), "request", RequestID(r.Context()), "err", cause(err))
			a.refused.WithLabelValues("credential").Inc()
			e := Event{Action: "sign_in_failed", ObjectKind: "user", ObjectName: login, Outcome: failed, Reason: fault.Outside(err)}
			a.refusedEvent(withNobody(r.Context()), e.with("reason", "credential").with("way", wayOIDC))
			a.say(w, r, t, err, loginPage{Next: f.Next})
		}
		again := func(why string) error {
			return fault.New(fault.Unauthorized, "%s", why).Hint("Sign in again from this page")
		}
		switch {
		case !ok:
			refuse("", again("this browser began no sign-in, or more than ten minutes ago"))
			return
		case subtle.ConstantTimeCompare([]byte(q.Get("state")), []byte(f.State)) != 1:
			refuse("", again("the answer belongs to another sign-in"))
			return
		case q.Has("iss") && q.Get("iss") != a.oidc.o.Issuer:
			refuse("", again("the answer is another provider's"))
			return
		case q.Get("error") != "":
			refuse("", again(a.oidc.o.Name+" did not sign you in ("+word(q.Get("error"))+")"))
			return
		}
		c, err := a.oidc.exchange(r.Context(), f, q.Get("code"))
		if err != nil {
			refuse("", err)
			return
		}
		if f.Confirm != "" {
			if err := a.confirmOIDC(r, f, c); err != nil {
				refuse("", err)
				return
			}
			http.Redirect(w, r, f.Next, http.StatusSeeOther)
			return
		}
		cookie, p, err := a.signOn(r, c)
		if err != nil {
			refuse(canonicalLogin(c.email), err)
			return
		}
		a.enterPage(w, r, cookie, p, f.Next)
	})
}

// word keeps an error code of the provider readable and harmless.
func word(s string) string {
	return strings.Map(func(r rune) rune {
		if r == '_' || r == '-' || (r >= 'a' && r <= 'z') {
			return r
		}
		return -1
	}, clipTo(s, 40))
}

// proved is the instant at which the provider saw the person, in Unix ms; 0 if it does not say.
func (a *Access) proved(c claims) int64 {
	if c.authTime <= 0 {
		return 0
	}
	return min(c.authTime*1000, a.o.Now().UnixMilli())
}

// confirmOIDC notes that the session's person has just shown the provider who they are.
func (a *Access) confirmOIDC(r *http.Request, f flow, c claims) error {
	p, ok := From(r.Context())
	who := a.roster.Load().users[p.ID]
	if !ok || p.Session != f.Confirm || who == nil {
		return fault.New(fault.Unauthorized, "the session that asked to confirm has ended").Hint("Sign in again")
	}
	if who.issuer != a.oidc.o.Issuer || who.subject != c.subject {
		return fault.New(fault.Forbidden, "%s signed in another person than %s", a.oidc.o.Name, who.login).Hint("Sign in there as %s", who.login)
	}
	at := a.proved(c)
	if at == 0 || at < f.Begun-a.oidc.o.ClockSkew.Milliseconds() {
		return fault.New(fault.Forbidden, "%s did not ask again who you are", a.oidc.o.Name).Hint("The provider has to honour prompt=login and max_age, and to send auth_time")
	}
	return a.confirmed(r.Context(), p, at, wayOIDC)
}

// signOn signs a person in whom the provider vouches for: a new one is made, a known one gets what the claim gives today.
func (a *Access) signOn(r *http.Request, c claims) (*http.Cookie, Principal, error) {
	grants, err := a.oidc.grants(c.roles)
	if err != nil {
		return nil, Principal{}, err
	}
	name := a.oidc.o.Name
	a.changing.Lock()
	defer a.changing.Unlock()
	all, now := a.roster.Load(), a.o.Now()
	old := all.bySubject[[2]string{a.oidc.o.Issuer, c.subject}]
	p := person{id: "u_" + secret()[:20], issuer: a.oidc.o.Issuer, subject: c.subject, state: Active, createdAt: now.UnixMilli(), createdBy: name}
	if old != nil {
		p = *old
	}
	if !p.active() {
		return nil, Principal{}, fault.New(fault.Forbidden, "the account %s is disabled", p.login).Hint("Ask an administrator of signalbox")
	}
	if len(grants) == 0 {
		if old != nil {
			if err := a.bereave(r, all, old); err != nil {
				return nil, Principal{}, err
			}
		}
		return nil, Principal{}, fault.New(fault.Forbidden, "%s", strings.TrimSuffix(a.oidc.o.NoRole, "."))
	}
	p.name, p.grants, p.signedInAt = c.name, grants, now.UnixMilli()
	if login := canonicalLogin(c.email); login != p.login && (old == nil || (checkLogin(login) == nil && all.byLogin[login] == nil)) {
		p.login = login // a known person keeps the old login if the new one cannot be had
	}
	if old == nil {
		if err := checkLogin(p.login); err != nil {
			return nil, Principal{}, fault.New(fault.Forbidden, "%s tells neither a verified e-mail address nor a user name to call you by", name).Hint("Ask for the scopes email and profile")
		}
		if all.byLogin[p.login] != nil {
			return nil, Principal{}, fault.New(fault.Conflict, "the login %s belongs to another account here", p.login).
				Hint("An administrator can remove that account; it is never taken over by name")
		}
		if len(all.users) >= maxUsers {
			return nil, Principal{}, fault.New(fault.TooLarge, "there are %d users: want %d at most", len(all.users), maxUsers)
		}
	}
	var events []Event
	by := Event{ActorID: p.id, ActorName: p.login, ActorKind: KindPerson}
	before := []Grant(nil)
	if old == nil {
		events = append(events, Event{Action: "user_create", ObjectKind: "user", ObjectName: p.login, Outcome: done, After: content(p.user()), Detail: map[string]string{"id": p.id, "name": p.name, "origin": "oidc"}})
	} else if before = old.grants; old.login != p.login || old.name != p.name {
		events = append(events, Event{Action: "user_change", ObjectKind: "user", ObjectName: p.login, Outcome: done, Before: content(old.user()), After: content(p.user()), Detail: map[string]string{"was": old.login, "name": p.name}})
	}
	events = append(events, grantEvents(p.login, before, p.grants, "the role claim of "+name)...)
	for i := range events {
		events[i].ActorID, events[i].ActorName, events[i].ActorKind = by.ActorID, by.ActorName, by.ActorKind
	}
	cookie, who, err := a.enter(r, all.put(&p), &p, session{way: wayOIDC, proved: a.proved(c)}, append(events, signedIn(&p, wayOIDC))...)
	if err == nil && grantList(before) != grantList(p.grants) {
		a.live.cutUser(p.id)
	}
	return cookie, who, err
}

// bereave takes the grants of a person whom the claim gives none any more, and ends their sessions. It needs changing.
func (a *Access) bereave(r *http.Request, all *roster, old *person) error {
	p := *old
	p.grants = nil
	gone := a.sessions.find(func(x session) bool { return x.user == p.id })
	events := grantEvents(p.login, old.grants, nil, "the role claim of "+a.oidc.o.Name)
	for i := range events {
		events[i].ActorID, events[i].ActorName, events[i].ActorKind = p.id, p.login, KindPerson
	}
	ctx := withNobody(r.Context())
	err := a.commit(ctx, func(tx *sql.Tx) error {
		if err := a.writeUser(ctx, tx, &p); err != nil {
			return err
		}
		return a.sessions.write(ctx, tx, nil, ids(gone))
	}, events...)
	if err != nil {
		return err
	}
	a.roster.Store(all.put(&p))
	a.sessions.swap(nil, ids(gone))
	a.live.cutUser(p.id)
	return nil
}
