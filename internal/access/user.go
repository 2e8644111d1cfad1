package access

import (
	"context"
	"database/sql"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/signalbox/signalbox/internal/fault"
)

const (
	maxGrants = 20
	maxName   = 200
	maxUsers  = 20_000
)

// find returns the user of an id or a login.
func (r *roster) find(id string) (*person, error) {
	if p := r.users[id]; p != nil {
		return p, nil
	}
	if p := r.byLogin[canonicalLogin(id)]; p != nil {
		return p, nil
	}
	return nil, fault.New(fault.NotFound, "there is no user %q", clip(id)).Hint("`signalbox user list` shows all")
}

func canonicalLogin(s string) string { return strings.ToLower(strings.TrimSpace(s)) }

// loginPattern has no letters beyond ASCII: two that look the same must not be two people.
var loginPattern = regexp.MustCompile(`^[a-z0-9][a-z0-9._%+'@-]{0,252}[a-z0-9]$`)

func checkLogin(login string) error {
	switch {
	case !loginPattern.MatchString(login):
		return fault.New(fault.Invalid, "login %q: want an e-mail address such as ann@irs.example, or a name of letters, digits and . _ - +", clip(login))
	case slices.Contains([]string{"admin", "system", "loopback", "nobody"}, login):
		return fault.New(fault.Invalid, "login %q is the server's own word", login).Hint("Take the person's e-mail address")
	}
	return nil
}

func checkName(what, name string, most int) error {
	if utf8.RuneCountInString(name) > most || !utf8.ValidString(name) || strings.ContainsFunc(name, unicode.IsControl) {
		return fault.New(fault.Invalid, "%s %q: want %d characters at most, on one line", what, clip(name), most)
	}
	return nil
}

// parseGrants reads grants that people wrote.
func parseGrants(in []GrantText) ([]Grant, error) {
	if len(in) > maxGrants {
		return nil, fault.New(fault.Invalid, "grants: %d: want %d at most", len(in), maxGrants)
	}
	var out []Grant
	for _, g := range in {
		if !g.Role.known() {
			return nil, fault.New(fault.Invalid, "role %q: want viewer, developer, analyst, owner, auditor or admin", clip(string(g.Role)))
		}
		scope, err := ParseScope(g.Scope)
		if err != nil {
			return nil, err
		}
		if !slices.ContainsFunc(out, func(o Grant) bool { return o.Role == g.Role && o.Scope.String() == scope.String() }) {
			out = append(out, Grant{Role: g.Role, Scope: scope})
		}
	}
	return out, nil
}

// String returns the grant in words: the role, and its scope in braces.
func (g GrantText) String() string {
	if g.Scope == "" {
		return string(g.Role)
	}
	return string(g.Role) + " {" + g.Scope + "}"
}

func grantList(gs []Grant) string {
	var out []string
	for _, g := range grantTexts(gs) {
		out = append(out, g.String())
	}
	return strings.Join(out, "; ")
}

// grantEvents are the records of what a person was given and lost.
func grantEvents(login string, before, after []Grant, reason string) []Event {
	was, is := grantTexts(before), grantTexts(after)
	var out []Event
	add := func(action string, g GrantText) {
		out = append(out, Event{
			Action: action, ObjectKind: "user", ObjectName: login, Outcome: done, Reason: reason,
			Before: content(was), After: content(is), Detail: map[string]string{"grant": g.String()},
		})
	}
	for _, g := range was {
		if !slices.Contains(is, g) {
			add("role_revoke", g)
		}
	}
	for _, g := range is {
		if !slices.Contains(was, g) {
			add("role_grant", g)
		}
	}
	return out
}

// CreateUser makes a local user. Takes manage_people, which the link of the first start has: so the first administrator
// comes to be.
func (a *Access) CreateUser(ctx context.Context, in UserInput) (NewUser, error) {
	by, err := a.need(ctx, ManagePeople)
	if err != nil {
		return NewUser{}, err
	}
	p := &person{id: "u_" + secret()[:20], login: canonicalLogin(in.Login), name: strings.TrimSpace(in.Name), state: Active, mustChange: !in.KeepPassword, createdAt: a.o.Now().UnixMilli(), createdBy: by.said()}
	if err := checkLogin(p.login); err != nil {
		return NewUser{}, err
	}
	if err := checkName("name", p.name, maxName); err != nil {
		return NewUser{}, err
	}
	if p.grants, err = parseGrants(in.Grants); err != nil {
		return NewUser{}, err
	}
	made := ""
	if in.Password == "" {
		made = initialPassword()
		in.Password, p.mustChange = made, true
	} else if err := checkPassword(in.Password, p.login, p.name); err != nil {
		return NewUser{}, err
	}
	if p.password, err = a.hashing.hash(ctx, in.Password); err != nil {
		return NewUser{}, err
	}
	a.changing.Lock()
	defer a.changing.Unlock()
	all := a.roster.Load()
	switch {
	case all.byLogin[p.login] != nil:
		return NewUser{}, taken(p.login)
	case len(all.users) >= maxUsers:
		return NewUser{}, fault.New(fault.TooLarge, "there are %d users: want %d at most", len(all.users), maxUsers)
	}
	created := Event{Action: "user_create", ObjectKind: "user", ObjectName: p.login, Outcome: done, After: content(p.user()), Detail: map[string]string{"id": p.id, "name": p.name, "origin": "local"}}
	err = a.commit(ctx, func(tx *sql.Tx) error { return a.writeUser(ctx, tx, p) }, append([]Event{created}, grantEvents(p.login, nil, p.grants, "")...)...)
	if err != nil {
		return NewUser{}, err
	}
	a.roster.Store(all.put(p))
	return NewUser{User: p.user(), Password: made}, nil
}

func taken(login string) error {
	return fault.New(fault.Conflict, "login %q is taken", login).Hint("`signalbox user list` shows all")
}

// said is how a principal is named in what they made.
func (p Principal) said() string {
	if p.Login != "" {
		return p.Login
	}
	return p.Name
}

// UpdateUser changes a user's name, state or grants. Sessions and streams of the user go on with the new grants at once, and
// end if the user is disabled. The last active administrator stays one. Grants of people who come through OIDC follow the
// provider and are not changed here. Takes manage_people.
func (a *Access) UpdateUser(ctx context.Context, id string, in UserChange) (User, error) {
	if _, err := a.need(ctx, ManagePeople); err != nil {
		return User{}, err
	}
	if err := checkName("reason", in.Reason, 1000); err != nil {
		return User{}, err
	}
	a.changing.Lock()
	defer a.changing.Unlock()
	all := a.roster.Load()
	old, err := all.find(id)
	if err != nil {
		return User{}, err
	}
	p := *old
	if in.Name != nil {
		p.name = strings.TrimSpace(*in.Name)
		if err := checkName("name", p.name, maxName); err != nil {
			return User{}, err
		}
	}
	if in.State != nil {
		if p.state = *in.State; p.state != Active && p.state != Disabled {
			return User{}, fault.New(fault.Invalid, "state %q: want active or disabled", clip(p.state))
		}
	}
	if in.Grants != nil {
		if p.grants, err = parseGrants(*in.Grants); err != nil {
			return User{}, err
		}
		if p.subject != "" && grantList(p.grants) != grantList(old.grants) {
			return User{}, fault.New(fault.Conflict, "the grants of %s follow the sign-on provider", p.login).Hint("Change the person's groups there; they count from the next sign-in on")
		}
	}
	next := all.put(&p)
	if err := stillRuled(all, next); err != nil {
		return User{}, err
	}
	var events []Event
	if p.name != old.name || p.state != old.state {
		e := Event{Action: "user_change", ObjectKind: "user", ObjectName: p.login, Outcome: done, Reason: in.Reason, Before: content(old.user()), After: content(p.user())}
		if p.state != old.state {
			e = e.with("state", p.state)
		}
		if p.name != old.name {
			e = e.with("name", p.name)
		}
		events = append(events, e)
	}
	events = append(events, grantEvents(p.login, old.grants, p.grants, in.Reason)...)
	if len(events) == 0 {
		return p.user(), nil
	}
	var gone []session
	if !p.active() {
		gone = a.sessions.find(func(x session) bool { return x.user == p.id })
	}
	err = a.commit(ctx, func(tx *sql.Tx) error {
		if err := a.writeUser(ctx, tx, &p); err != nil {
			return err
		}
		return a.sessions.write(ctx, tx, nil, ids(gone))
	}, events...)
	if err != nil {
		return User{}, err
	}
	a.roster.Store(next)
	a.sessions.swap(nil, ids(gone))
	a.live.cutUser(p.id)
	return p.user(), nil
}

// stillRuled refuses a change that takes the last active administrator away.
func stillRuled(before, after *roster) error {
	if before.rulers() > 0 && after.rulers() == 0 {
		return fault.New(fault.Conflict, "this is the last active administrator").Hint("Make another person administrator, without a scope, first")
	}
	return nil
}

// RemoveUser removes a user with their tokens and sessions. What they did stays in the audit chain. Takes manage_people.
func (a *Access) RemoveUser(ctx context.Context, id string) error {
	if _, err := a.need(ctx, ManagePeople); err != nil {
		return err
	}
	a.changing.Lock()
	defer a.changing.Unlock()
	all := a.roster.Load()
	old, err := all.find(id)
	if err != nil {
		return err
	}
	next := all.drop(old.id)
	if err := stillRuled(all, next); err != nil {
		return err
	}
	events := []Event{{Action: "user_remove", ObjectKind: "user", ObjectName: old.login, Outcome: done, Before: content(old.user()), Detail: map[string]string{"id": old.id, "grants": grantList(old.grants)}}}
	tokens := all.ownersTokens(old.id)
	for _, t := range tokens {
		events = append(events, revoked(t, old.login, "the owner was removed"))
	}
	gone := a.sessions.find(func(x session) bool { return x.user == old.id })
	err = a.commit(ctx, func(tx *sql.Tx) error {
		for _, t := range tokens {
			if err := a.deleteToken(ctx, tx, t.id); err != nil {
				return err
			}
		}
		if err := a.writeGrants(ctx, tx, old.id, nil); err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, a.sql["delete user"], old.id); err != nil {
			return fmt.Errorf("delete user %s: %w", old.id, err)
		}
		return a.sessions.write(ctx, tx, nil, ids(gone))
	}, events...)
	if err != nil {
		return err
	}
	a.roster.Store(next)
	a.sessions.swap(nil, ids(gone))
	a.live.cutUser(old.id)
	return nil
}

// SetPassword sets the own password, which takes the old one and ends the own other sessions, or another's, which takes
// manage_people, ends all of their sessions and has them choose their own at the next sign-in.
func (a *Access) SetPassword(ctx context.Context, in PasswordChange) (NewPassword, error) {
	by, err := a.need(ctx, OwnAccount)
	if err != nil {
		return NewPassword{}, err
	}
	if in.User == "" {
		in.User = by.ID
	}
	all := a.roster.Load()
	who, err := all.find(in.User)
	if err != nil && in.User == by.ID && by.Kind == KindStart {
		return NewPassword{}, fault.New(fault.Invalid, "the admin token has no password: name a user")
	}
	if own := err == nil && who.id == by.ID; !own {
		if _, err := a.need(ctx, ManagePeople); err != nil {
			return NewPassword{}, err
		}
	}
	if err != nil {
		return NewPassword{}, err
	}
	if who.subject != "" {
		return NewPassword{}, fault.New(fault.Conflict, "%s signs in through a provider and has no password here", who.login)
	}
	own := who.id == by.ID
	if own {
		if err := a.prove(ctx, by, who, in.Old); err != nil {
			return NewPassword{}, err
		}
		if in.New == in.Old {
			return NewPassword{}, fault.New(fault.Invalid, "password: the new one is the old one").Hint("Choose another")
		}
	}
	made := ""
	if in.New == "" && !own {
		made = initialPassword()
		in.New = made
	} else if err := checkPassword(in.New, who.login, who.name); err != nil {
		return NewPassword{}, err
	}
	hash, err := a.hashing.hash(ctx, in.New)
	if err != nil {
		return NewPassword{}, err
	}
	a.changing.Lock()
	defer a.changing.Unlock()
	all = a.roster.Load()
	if who, err = all.find(who.id); err != nil {
		return NewPassword{}, err
	}
	p := *who
	p.password, p.mustChange = hash, !own
	gone := a.sessions.find(func(x session) bool { return x.user == p.id && (!own || x.public() != by.Session) })
	e := Event{Action: "user_change", ObjectKind: "user", ObjectName: p.login, Outcome: done, Detail: map[string]string{"changed": "own password"}}
	if !own {
		e.Detail = map[string]string{"changed": "password set by another"}
	}
	err = a.commit(ctx, func(tx *sql.Tx) error {
		if err := a.writeUser(ctx, tx, &p); err != nil {
			return err
		}
		return a.sessions.write(ctx, tx, nil, ids(gone))
	}, e)
	if err != nil {
		return NewPassword{}, err
	}
	a.roster.Store(all.put(&p))
	a.sessions.swap(nil, ids(gone))
	a.live.cutSessions(gone)
	return NewPassword{made}, nil
}

// EndSession ends a session: an own one, or with manage_people anybody's. Takes own_account.
func (a *Access) EndSession(ctx context.Context, id string) error {
	p, err := a.need(ctx, OwnAccount)
	if err != nil {
		return err
	}
	xs := a.sessions.find(func(x session) bool { return x.public() == id && (p.owns(x) || p.May(ManagePeople)) })
	if len(xs) == 0 {
		return fault.New(fault.NotFound, "there is no session %q", clip(id))
	}
	return a.endSession(ctx, xs[0])
}

func (a *Access) endSession(ctx context.Context, x session) error {
	login := "admin"
	if who := a.roster.Load().users[x.user]; who != nil {
		login = who.login
	}
	e := Event{Action: "sign_out", ObjectKind: "session", ObjectName: login, Outcome: done, Detail: map[string]string{"session": x.public()}}
	if err := a.commit(ctx, func(tx *sql.Tx) error { return a.sessions.write(ctx, tx, nil, []string{x.id}) }, e); err != nil {
		return err
	}
	a.sessions.swap(nil, []string{x.id})
	a.live.cutSessions([]session{x})
	return nil
}
