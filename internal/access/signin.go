package access

import (
	"context"
	"database/sql"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/signalbox/signalbox/internal/fault"
)

// LoginInput is how somebody signs in: by login and password, or by a one-time code or admin token as Secret.
type LoginInput struct {
	Login    string `json:"login,omitempty"`
	Password string `json:"password,omitempty"`
	Secret   string `json:"secret,omitempty"`
}

// Login signs in and returns the cookie of a new session and who it is. An earlier session of the same browser ends. It
// never tells whether the login or the password was wrong.
func (a *Access) Login(r *http.Request, in LoginInput) (*http.Cookie, Principal, error) {
	if in.Login == "" && in.Password == "" {
		return a.signInBySecret(r, in.Secret)
	}
	if in.Secret != "" {
		return nil, Principal{}, fault.New(fault.Invalid, "both a password and a code: want login and password, or secret alone")
	}
	return a.signInByPassword(r, in.Login, in.Password)
}

// signInBySecret takes a one-time code or an admin token.
func (a *Access) signInBySecret(r *http.Request, secret string) (*http.Cookie, Principal, error) {
	secret = strings.TrimSpace(secret)
	how := "code"
	if !a.codes.take(secret) {
		how = "token"
		if ok, wait := a.token(secret, sourceOf(a.address(r))); !ok {
			no := wrong(wait)
			a.failedSignIn(r, no, "", how)
			return nil, Principal{}, no.err
		}
	}
	who := Administrator(ViaCookie)
	e := Event{ActorID: who.ID, ActorName: who.Name, ActorKind: who.Kind, Action: "sign_in", ObjectKind: "user", ObjectName: who.Name, Outcome: done, Detail: map[string]string{"way": how}}
	return a.enter(r, nil, nil, session{way: wayLink}, e)
}

func (a *Access) signInByPassword(r *http.Request, login, password string) (*http.Cookie, Principal, error) {
	login = canonicalLogin(clipTo(login, 512))
	who := a.roster.Load().byLogin[login]
	if err := a.checkSecret(r, who, login, password); err != nil {
		return nil, Principal{}, err
	}
	a.changing.Lock()
	defer a.changing.Unlock()
	all := a.roster.Load()
	now := a.o.Now().UnixMilli()
	if who = all.users[who.id]; who == nil || !who.active() {
		return nil, Principal{}, wrongPassword(0).err // in this very moment
	}
	p := *who
	p.signedInAt = now
	return a.enter(r, all.put(&p), &p, session{way: wayPassword, proved: now}, signedIn(&p, wayPassword))
}

func signedIn(p *person, way string) Event {
	return Event{ActorID: p.id, ActorName: p.login, ActorKind: KindPerson, Action: "sign_in", ObjectKind: "user", ObjectName: p.login, Outcome: done, Detail: map[string]string{"way": way}}
}

// checkSecret compares a password of somebody who may not exist, and slows and records what is wrong.
func (a *Access) checkSecret(r *http.Request, who *person, login, password string) error {
	hash, device := "", ""
	if who != nil {
		device = a.knownBrowser(r, who.id)
		if who.active() {
			hash = who.password
		}
	}
	try, wait := a.throttle.try(sourceOf(a.address(r)), login, device)
	no := wrongPassword(wait)
	if wait == 0 {
		ok, old, err := a.hashing.matches(r.Context(), clipTo(password, MaxPassword+1), hash)
		if err != nil {
			return err
		}
		if ok {
			a.throttle.done(try)
			if old {
				a.rehash(r.Context(), who.id, password)
			}
			return nil
		}
		no = wrongPassword(try.earned)
	}
	known := "" // a login that nobody has may be a password in the wrong field
	if who != nil {
		known = who.login
	}
	a.failedSignIn(r, no, known, wayPassword)
	return no.err
}

// failedSignIn counts, logs and records a sign-in that was refused.
func (a *Access) failedSignIn(r *http.Request, no *refusal, login, way string) {
	a.refused.WithLabelValues(no.reason).Inc()
	a.o.Logger.Warn("sign-in refused", "remote", a.address(r), "reason", no.reason, "request", RequestID(r.Context()))
	e := Event{Action: "sign_in_failed", ObjectKind: "user", ObjectName: login, Outcome: failed, Reason: no.err.Sentence}
	a.refusedEvent(withNobody(r.Context()), e.with("reason", no.reason).with("way", way))
}

// wrongPassword is the answer to a wrong login or password: the two are not told apart.
func wrongPassword(wait time.Duration) *refusal {
	if wait > 0 {
		return &refusal{reason: "slowed", wait: wait, err: fault.New(fault.Limited, "too many wrong passwords").Hint("Try again in %d s", int(wait.Seconds()+0.999))}
	}
	return &refusal{reason: "credential", err: fault.New(fault.Unauthorized, "the login or the password is wrong").
		Hint("An administrator can set a new password; the admin.token of the data directory always signs in")}
}

// rehash keeps the password with today's parameters. What fails changes nothing but the time of the next try.
func (a *Access) rehash(ctx context.Context, id, password string) {
	hash, err := a.hashing.hash(ctx, password)
	if err == nil {
		a.changing.Lock()
		defer a.changing.Unlock()
		all := a.roster.Load()
		if who := all.users[id]; who != nil {
			p := *who
			p.password = hash
			if err = a.o.DB.Tx(ctx, func(tx *sql.Tx) error { return a.writeUser(ctx, tx, &p) }); err == nil {
				a.roster.Store(all.put(&p))
			}
		}
	}
	if err != nil {
		a.o.Logger.Warn("password not kept with new parameters", "err", err)
	}
}

// enter makes a session, together with what the sign-in changes of people, and returns its cookie. With a person it needs
// changing; without one, next and p are nil.
func (a *Access) enter(r *http.Request, next *roster, p *person, x session, events ...Event) (*http.Cookie, Principal, error) {
	ctx := withNobody(r.Context())
	if p != nil {
		x.user = p.id
	}
	x.address, x.browser = clip(a.address(r)), clipTo(printable(r.UserAgent()), 200)
	value, x, gone := a.sessions.begin(x)
	if c, err := r.Cookie(a.cookieName(r)); err == nil {
		gone = append(gone, sessionID(c.Value))
	}
	err := a.commit(ctx, func(tx *sql.Tx) error {
		if p != nil {
			if err := a.writeUser(ctx, tx, p); err != nil {
				return err
			}
		}
		return a.sessions.write(ctx, tx, &x, gone)
	}, events...)
	if err != nil {
		return nil, Principal{}, err
	}
	if next != nil {
		a.roster.Store(next)
	}
	a.sessions.swap(&x, gone)
	who, _ := a.bySession(x)
	a.o.Logger.Info("signed in", "user", who.said(), "way", x.way, "remote", x.address)
	return a.cookie(r, value, time.UnixMilli(who.EndsAt)), who, nil
}

// SignOut ends the session of the request, if any, and returns the cookie that clears the browser's.
func (a *Access) SignOut(r *http.Request) (*http.Cookie, error) {
	if c, err := r.Cookie(a.cookieName(r)); err == nil {
		id := sessionID(c.Value)
		for _, x := range a.sessions.find(func(x session) bool { return x.id == id }) {
			if err := a.endSession(r.Context(), x); err != nil {
				return nil, err
			}
		}
	}
	c := a.cookie(r, "", time.Unix(0, 0))
	c.MaxAge = -1
	return c, nil
}

// Confirm notes that the person of the session is there right now, by their password; it returns the principal with the new
// SignedInAt. Those who sign in through a provider confirm at /login/oidc?confirm=1 instead.
func (a *Access) Confirm(ctx context.Context, password string) (Principal, error) {
	p, err := a.need(ctx, OwnAccount)
	if err != nil {
		return p, err
	}
	who := a.roster.Load().users[p.ID]
	if p.Kind != KindPerson || who == nil {
		return p, fault.New(fault.Forbidden, "%s is no person who could confirm anything", p.Name).Hint("Sign in with your own name")
	}
	if who.subject != "" {
		return p, fault.New(fault.Conflict, "%s signs in through a provider and has no password here", who.login).Hint("Open /login/oidc?confirm=1")
	}
	if err := a.prove(ctx, p, who, password); err != nil {
		return p, err
	}
	if err := a.confirmed(ctx, p, a.o.Now().UnixMilli(), wayPassword); err != nil {
		return p, err
	}
	p.SignedInAt = a.o.Now().UnixMilli()
	return p, nil
}

// prove compares the password of somebody who is signed in. Wrong ones are counted by session: who took a session over must
// not guess on.
func (a *Access) prove(ctx context.Context, p Principal, who *person, password string) error {
	try, wait := a.throttle.try(source{}, who.login, "session "+p.Session)
	no := wrongPassword(wait)
	if wait == 0 {
		ok, _, err := a.hashing.matches(ctx, clipTo(password, MaxPassword+1), who.password)
		if err != nil {
			return err
		}
		if ok {
			a.throttle.done(try)
			return nil
		}
		if no = wrongPassword(try.earned); try.earned == 0 {
			// Not Unauthorized: a page would take that for the end of the session.
			no.err = fault.New(fault.Forbidden, "the password is wrong").Hint("Enter the one that you sign in with")
		}
	}
	a.refused.WithLabelValues(no.reason).Inc()
	e := Event{Action: "sign_in_failed", ObjectKind: "user", ObjectName: who.login, Outcome: failed, Reason: no.err.Sentence}
	a.refusedEvent(ctx, e.with("reason", no.reason).with("way", "confirm"))
	return no.err
}

// confirmed notes the instant at which the person of a session was there.
func (a *Access) confirmed(ctx context.Context, p Principal, at int64, way string) error {
	xs := a.sessions.find(func(x session) bool { return x.public() == p.Session && x.user == p.ID })
	if len(xs) == 0 {
		return fault.New(fault.Unauthorized, "the session has ended").Hint("Sign in again")
	}
	x := xs[0]
	x.proved = at
	e := Event{Action: "sign_in", ObjectKind: "session", ObjectName: p.said(), Outcome: done, Detail: map[string]string{"way": way, "confirm": "yes"}}
	if err := a.commit(ctx, func(tx *sql.Tx) error { return a.sessions.write(ctx, tx, &x, nil) }, e); err != nil {
		return err
	}
	a.sessions.swap(&x, nil)
	return nil
}

// cookieName tells servers on several ports of one host apart, which share their cookies.
func (a *Access) cookieName(r *http.Request) string { return a.cookieNamed(r, CookieName) }

func (a *Access) cookieNamed(r *http.Request, name string) string {
	if _, port, err := net.SplitHostPort(r.Host); err == nil && port != "" {
		name += "-" + port
	}
	if a.https(r) {
		return "__Host-" + name
	}
	return name
}

// cookie is Lax, not Strict: a link in a mail is followed from another site, and Strict would show the sign-in page to a
// person who is signed in. What changes something is guarded by the origin check besides.
func (a *Access) cookie(r *http.Request, value string, ends time.Time) *http.Cookie {
	return &http.Cookie{
		Name: a.cookieName(r), Value: value, Path: "/", Expires: ends, MaxAge: int(ends.Sub(a.o.Now()).Seconds()),
		HttpOnly: true, Secure: a.https(r), SameSite: http.SameSiteLaxMode,
	}
}

func clipTo(s string, n int) string {
	if len(s) > n {
		return strings.ToValidUTF8(s[:n], "")
	}
	return s
}

// printable drops what a log or a table should not be sent.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f || r == '\uFFFD' {
			return -1
		}
		return r
	}, s)
}
