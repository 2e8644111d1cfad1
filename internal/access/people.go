package access

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"github.com/signalbox/signalbox/internal/fault"
)

// This file is what the API says about people: its types, and methods that ask the context who is there (see From and With)
// and refuse what they may not, whatever route led to them. Times are Unix ms. Errors are fault.Errors: Unauthorized,
// Forbidden, Invalid (names the field), NotFound, Conflict (login taken, last administrator), Limited (wrong passwords),
// Unavailable (the audit record could not be written; nothing was changed).

// GrantText is a grant as people write it.
type GrantText struct {
	Role  Role   `json:"role" doc:"viewer, developer, analyst, owner, auditor or admin"`
	Scope string `json:"scope,omitempty" doc:"label matchers such as agency=\"IRS\", env=~\"prod|test\"; empty for everything"`
}

// User is a person.
type User struct {
	ID                 string      `json:"id"`
	Login              string      `json:"login" doc:"what they sign in with, in lower case"`
	Name               string      `json:"name"`
	State              string      `json:"state" doc:"active or disabled"`
	Origin             string      `json:"origin" doc:"local, or oidc for those whose grants follow the provider"`
	Grants             []GrantText `json:"grants"`
	MustChangePassword bool        `json:"must_change_password"`
	CreatedAt          int64       `json:"created_at"`
	CreatedBy          string      `json:"created_by"`
	SignedInAt         int64       `json:"signed_in_at" doc:"last sign-in; 0 for never"`
}

// UserInput is a user to be made.
type UserInput struct {
	Login  string      `json:"login"`
	Name   string      `json:"name,omitempty"`
	Grants []GrantText `json:"grants"`
	// Password is the first one; empty has one made, which NewUser shows once.
	Password string `json:"password,omitempty"`
	// KeepPassword says that the person has chosen the password themselves, so that it need not be changed at the first
	// sign-in: the first administrator at the first start.
	KeepPassword bool `json:"keep_password,omitempty"`
}

// NewUser is a user just made. Password is the one that was made for them, shown only here; empty if one was given.
type NewUser struct {
	User
	Password string `json:"password,omitempty"`
}

// UserChange says what of a user is to be different; what is left out stays.
type UserChange struct {
	Name   *string      `json:"name,omitempty"`
	State  *string      `json:"state,omitempty" doc:"active or disabled"`
	Grants *[]GrantText `json:"grants,omitempty"`
	Reason string       `json:"reason,omitempty" doc:"for the audit record"`
}

// PasswordChange sets a password. User is empty or one's own id for the own password, which takes the old one.
type PasswordChange struct {
	User string `json:"user,omitempty"`
	Old  string `json:"old,omitempty"`
	New  string `json:"new,omitempty" doc:"for another: empty has one made, which the answer shows once"`
}

// NewPassword is the password that was made for somebody, shown only here; empty if one was given.
type NewPassword struct {
	Password string `json:"password,omitempty"`
}

// Token is an API token. What it opens is Grants within what its owner holds at that moment.
type Token struct {
	ID         string      `json:"id"`
	Name       string      `json:"name"`
	Owner      string      `json:"owner" doc:"id of the user"`
	OwnerLogin string      `json:"owner_login"`
	Hint       string      `json:"hint" doc:"how the secret begins"`
	Grants     []GrantText `json:"grants"`
	Agent      bool        `json:"agent" doc:"an AI agent holds it"`
	PushesAs   string      `json:"pushes_as" doc:"source name that its data is counted under; empty for none"`
	CreatedAt  int64       `json:"created_at"`
	CreatedBy  string      `json:"created_by"`
	ExpiresAt  int64       `json:"expires_at"`
	UsedAt     int64       `json:"used_at" doc:"0 for never"`
	State      string      `json:"state" doc:"active, expired, or dead while the owner is disabled"`
}

// TokenInput is a token to be made. Owner is a user's id or login; empty means oneself, another takes manage_people.
type TokenInput struct {
	Name      string      `json:"name"`
	Owner     string      `json:"owner,omitempty"`
	Grants    []GrantText `json:"grants"`
	Agent     bool        `json:"agent,omitempty"`
	PushesAs  string      `json:"pushes_as,omitempty"`
	ExpiresAt int64       `json:"expires_at" doc:"at most a year away"`
}

// NewToken is a token just made; Secret is shown only here.
type NewToken struct {
	Token
	Secret string `json:"secret"`
}

// Session is a signed-in browser. The admin token's have no user.
type Session struct {
	ID        string `json:"id"`
	User      string `json:"user" doc:"id of the user; empty for the admin token's"`
	Login     string `json:"login"`
	Way       string `json:"way" doc:"password, oidc or link"`
	Address   string `json:"address"`
	Browser   string `json:"browser"`
	CreatedAt int64  `json:"created_at"`
	SeenAt    int64  `json:"seen_at"`
	ExpiresAt int64  `json:"expires_at" doc:"if nothing more is asked"`
	EndsAt    int64  `json:"ends_at" doc:"whatever is asked"`
	Current   bool   `json:"current" doc:"the one that asks"`
}

// need returns who asks if they may do the action.
func (a *Access) need(ctx context.Context, act Action) (Principal, error) {
	p, ok := From(ctx)
	switch {
	case !ok:
		return p, fault.New(fault.Unauthorized, "nobody is signed in")
	case !p.May(act):
		return p, mayNot(p, act)
	}
	return p, nil
}

// HasPeople reports whether there is any user: without, the link of the start leads to making the first administrator.
func (a *Access) HasPeople() bool { return len(a.roster.Load().users) > 0 }

// Users lists all users by login. Takes read_people.
func (a *Access) Users(ctx context.Context) ([]User, error) {
	if _, err := a.need(ctx, ReadPeople); err != nil {
		return nil, err
	}
	out := []User{}
	for _, p := range a.roster.Load().users {
		out = append(out, p.user())
	}
	slices.SortFunc(out, func(a, b User) int { return strings.Compare(a.Login, b.Login) })
	return out, nil
}

// User returns one user by id or login. Takes read_people, or being that user.
func (a *Access) User(ctx context.Context, id string) (User, error) {
	p, err := a.need(ctx, ReadPeople)
	if err != nil && (p.Kind != KindPerson || (p.ID != id && p.Login != id)) {
		return User{}, err
	}
	who, err := a.roster.Load().find(id)
	if err != nil {
		return User{}, err
	}
	return who.user(), nil
}

// Sessions lists the own sessions, newest first; with read_people everybody's. Takes own_account.
func (a *Access) Sessions(ctx context.Context) ([]Session, error) {
	p, err := a.need(ctx, OwnAccount)
	if err != nil {
		return nil, err
	}
	users := a.roster.Load().users
	out := []Session{}
	for _, x := range a.sessions.find(func(x session) bool { return p.May(ReadPeople) || p.owns(x) }) {
		idle, hard := a.sessions.ends(x)
		s := Session{
			ID: x.public(), User: x.user, Login: "admin", Way: x.way, Address: x.address, Browser: x.browser,
			CreatedAt: x.created, SeenAt: x.seen, ExpiresAt: idle, EndsAt: hard, Current: x.public() == p.Session,
		}
		if who := users[x.user]; who != nil {
			s.Login = who.login
		}
		out = append(out, s)
	}
	return out, nil
}

// owns reports whether a session is the principal's own.
func (p Principal) owns(x session) bool {
	return (p.Kind == KindPerson && x.user == p.ID) || (p.Kind == KindStart && x.user == "")
}

// Tokens lists the own tokens, oldest first; with read_people everybody's. Takes own_account.
func (a *Access) Tokens(ctx context.Context) ([]Token, error) {
	p, err := a.need(ctx, OwnAccount)
	if err != nil {
		return nil, err
	}
	all := a.roster.Load()
	out := []Token{}
	for _, t := range all.tokens {
		if t.owner == p.ID || p.May(ReadPeople) {
			out = append(out, a.tokenView(all, t))
		}
	}
	slices.SortFunc(out, func(a, b Token) int {
		return cmp.Or(cmp.Compare(a.CreatedAt, b.CreatedAt), strings.Compare(a.ID, b.ID))
	})
	return out, nil
}

// Recent refuses a principal whose last personal sign-in is too long ago for what asks for one, such as an approval.
func (a *Access) Recent(p Principal) error {
	if p.Kind == KindPerson && p.SignedInAt > 0 && a.o.Now().UnixMilli()-p.SignedInAt <= a.o.Recent.Milliseconds() {
		return nil
	}
	if p.Kind != KindPerson {
		return fault.New(fault.Forbidden, "this takes a person who signed in with their own name, not %s", p.Name)
	}
	return fault.New(fault.Forbidden, "the last personal sign-in of %s is more than %s ago", p.Name, a.o.Recent).
		Hint("Confirm that it is you: with your password by POST /api/signalbox/v1/confirm, or at /login/oidc?confirm=1 if you sign in through a provider")
}

// user is what is told of a person.
func (p *person) user() User {
	u := User{
		ID: p.id, Login: p.login, Name: p.name, State: p.state, Origin: "local", Grants: grantTexts(p.grants), MustChangePassword: p.mustChange,
		CreatedAt: p.createdAt, CreatedBy: p.createdBy, SignedInAt: p.signedInAt,
	}
	if p.subject != "" {
		u.Origin = "oidc"
	}
	return u
}

func grantTexts(gs []Grant) []GrantText {
	out := make([]GrantText, len(gs))
	for i, g := range gs {
		out[i] = GrantText{g.Role, g.Scope.String()}
	}
	return out
}
