package api

import (
	"context"
	"net/http"

	"github.com/signalbox/signalbox/internal/access"
	"github.com/signalbox/signalbox/internal/fault"
)

// People is what the API asks of the access room; *access.Access answers it. Who asks is in the context.
type People interface {
	HasPeople() bool
	Login(r *http.Request, in access.LoginInput) (*http.Cookie, access.Principal, error)
	SignOut(r *http.Request) (*http.Cookie, error)
	Confirm(ctx context.Context, password string) (access.Principal, error)
	Users(ctx context.Context) ([]access.User, error)
	User(ctx context.Context, id string) (access.User, error)
	CreateUser(ctx context.Context, in access.UserInput) (access.NewUser, error)
	UpdateUser(ctx context.Context, id string, in access.UserChange) (access.User, error)
	RemoveUser(ctx context.Context, id string) error
	SetPassword(ctx context.Context, in access.PasswordChange) (access.NewPassword, error)
	Tokens(ctx context.Context) ([]access.Token, error)
	CreateToken(ctx context.Context, in access.TokenInput) (access.NewToken, error)
	RevokeToken(ctx context.Context, id string) error
	Sessions(ctx context.Context) ([]access.Session, error)
	EndSession(ctx context.Context, id string) error
}

// MeBody says who is signed in and what they may do.
type MeBody struct {
	ID         string             `json:"id"`
	Login      string             `json:"login"`
	Name       string             `json:"name"`
	Kind       string             `json:"kind" enum:"person,token,start,loopback,system"`
	Via        string             `json:"via" enum:"cookie,bearer,loopback"`
	Agent      bool               `json:"agent"`
	ExpiresAt  int64              `json:"expires_at" doc:"End of the session if nothing more is asked, or of the token; 0 for the start token"`
	EndsAt     int64              `json:"ends_at" doc:"End of the session whatever is asked"`
	SignedInAt int64              `json:"signed_in_at" doc:"When the person last proved to be there; approving asks for a recent one"`
	MustChange bool               `json:"must_change" doc:"The password was set by another and has to be changed first"`
	First      bool               `json:"first" doc:"There are no people yet: the first administrator has to be made"`
	Actions    []string           `json:"actions"`
	Grants     []access.GrantText `json:"grants"`
	Provider   string             `json:"provider" doc:"Name of the single sign-on; empty for none"`
}

// UsersBody lists people.
type UsersBody struct {
	Users []access.User `json:"users"`
}

// RolesBody is the one matrix of roles and actions.
type RolesBody struct {
	Roles   []RoleBody    `json:"roles"`
	Actions []access.Rule `json:"actions"`
}

// RoleBody is one role.
type RoleBody struct {
	ID    access.Role `json:"id"`
	Title string      `json:"title"`
}

// TokensBody lists API tokens.
type TokensBody struct {
	Tokens []access.Token `json:"tokens"`
}

// SessionsBody lists signed-in browsers.
type SessionsBody struct {
	Sessions []access.Session `json:"sessions"`
}

// ConfirmInput is a password, to show that the person of the session is there.
type ConfirmInput struct {
	Password string `json:"password" maxLength:"1024" format:"password"`
}

type userPath struct {
	ID string `path:"id" maxLength:"256" doc:"Id or login"`
}

// UserBodyInput is a change of one user.
type UserBodyInput struct {
	ID   string `path:"id" maxLength:"256" doc:"Id or login"`
	Body access.UserChange
}

// registerPeople describes what concerns people, roles, tokens and sessions.
func (a *API) registerPeople(m *table) {
	p := a.o.People
	if p == nil {
		m.absent = "people"
		defer func() { m.absent = "" }()
	}
	add(a, m, "login", http.MethodPost, "/login", access.SignIn, "Sign in with name and password, a one-time code or a token", func(ctx context.Context, in *bodyInput[access.LoginInput]) (*cookieOut[MeBody], error) {
		c, who, err := p.Login(request(ctx), in.Body)
		if err != nil {
			return nil, err
		}
		return &cookieOut[MeBody]{SetCookie: *c, Body: a.meOf(who)}, nil
	})
	add(a, m, "logout", http.MethodPost, "/logout", access.SignIn, "End the session", func(ctx context.Context, _ *struct{}) (*cookieOut[Empty], error) {
		c, err := p.SignOut(request(ctx))
		if err != nil {
			return nil, err
		}
		return &cookieOut[Empty]{SetCookie: *c}, nil
	})
	add(a, m, "me", http.MethodGet, "/me", access.SignedIn, "Who is signed in", func(ctx context.Context, _ *struct{}) (*out[MeBody], error) {
		who, ok := access.From(ctx)
		if !ok {
			return nil, fault.New(fault.Unauthorized, "nobody is signed in")
		}
		return &out[MeBody]{a.meOf(who)}, nil
	})
	add(a, m, "confirm", http.MethodPost, "/confirm", access.OwnAccount, "Prove to be there, which approving asks for", func(ctx context.Context, in *bodyInput[ConfirmInput]) (*out[MeBody], error) {
		who, err := p.Confirm(ctx, in.Body.Password)
		if err != nil {
			return nil, err
		}
		return &out[MeBody]{a.meOf(who)}, nil
	})
	add(a, m, "set-password", http.MethodPost, "/password", access.OwnAccount, "Change a password", func(ctx context.Context, in *bodyInput[access.PasswordChange]) (*out[access.NewPassword], error) {
		n, err := p.SetPassword(ctx, in.Body)
		return &out[access.NewPassword]{n}, err
	})
	add(a, m, "roles", http.MethodGet, "/roles", access.SignedIn, "Which role may do what", func(context.Context, *struct{}) (*out[RolesBody], error) {
		b := RolesBody{Actions: access.Matrix()}
		for _, r := range access.Roles() {
			b.Roles = append(b.Roles, RoleBody{r, r.Title()})
		}
		return &out[RolesBody]{b}, nil
	})

	add(a, m, "users", http.MethodGet, "/users", access.ReadPeople, "All people", func(ctx context.Context, _ *struct{}) (*out[UsersBody], error) {
		us, err := p.Users(ctx)
		return &out[UsersBody]{UsersBody{list(us)}}, err
	})
	add(a, m, "create-user", http.MethodPost, "/users", access.ManagePeople, "Make a user", func(ctx context.Context, in *bodyInput[access.UserInput]) (*out[access.NewUser], error) {
		u, err := p.CreateUser(ctx, in.Body)
		return &out[access.NewUser]{u}, err
	})
	add(a, m, "user", http.MethodGet, "/users/{id}", access.OwnAccount, "One person: oneself, or anybody for who may read people", func(ctx context.Context, in *userPath) (*out[access.User], error) {
		u, err := p.User(ctx, in.ID)
		return &out[access.User]{u}, err
	})
	add(a, m, "update-user", http.MethodPut, "/users/{id}", access.ManagePeople, "Rename, disable or grant roles", func(ctx context.Context, in *UserBodyInput) (*out[access.User], error) {
		u, err := p.UpdateUser(ctx, in.ID, in.Body)
		return &out[access.User]{u}, err
	})
	add(a, m, "remove-user", http.MethodDelete, "/users/{id}", access.ManagePeople, "Remove a user", func(ctx context.Context, in *userPath) (*out[Empty], error) {
		return &out[Empty]{}, p.RemoveUser(ctx, in.ID)
	})

	add(a, m, "tokens", http.MethodGet, "/tokens", access.OwnAccount, "Own API tokens; everybody's for who may read people", func(ctx context.Context, _ *struct{}) (*out[TokensBody], error) {
		ts, err := p.Tokens(ctx)
		return &out[TokensBody]{TokensBody{list(ts)}}, err
	})
	add(a, m, "create-token", http.MethodPost, "/tokens", access.OwnAccount, "Make an API token; its secret is shown once", func(ctx context.Context, in *bodyInput[access.TokenInput]) (*out[access.NewToken], error) {
		t, err := p.CreateToken(ctx, in.Body)
		return &out[access.NewToken]{t}, err
	})
	add(a, m, "revoke-token", http.MethodDelete, "/tokens/{id}", access.OwnAccount, "End an API token", func(ctx context.Context, in *idInput) (*out[Empty], error) {
		return &out[Empty]{}, p.RevokeToken(ctx, in.ID)
	})
	add(a, m, "sessions", http.MethodGet, "/sessions", access.OwnAccount, "Own sessions; everybody's for who may read people", func(ctx context.Context, _ *struct{}) (*out[SessionsBody], error) {
		ss, err := p.Sessions(ctx)
		return &out[SessionsBody]{SessionsBody{list(ss)}}, err
	})
	add(a, m, "end-session", http.MethodDelete, "/sessions/{id}", access.OwnAccount, "End a session", func(ctx context.Context, in *idInput) (*out[Empty], error) {
		return &out[Empty]{}, p.EndSession(ctx, in.ID)
	})
}

func (a *API) meOf(p access.Principal) MeBody {
	b := MeBody{
		ID: p.ID, Login: p.Login, Name: p.Name, Kind: string(p.Kind), Via: string(p.Via), Agent: p.Agent, ExpiresAt: p.ExpiresAt, EndsAt: p.EndsAt,
		SignedInAt: p.SignedInAt, MustChange: p.MustChange, Actions: []string{}, Grants: []access.GrantText{}, Provider: a.o.Provider,
		First: a.o.People != nil && !a.o.People.HasPeople(),
	}
	for _, act := range access.Actions() {
		if p.May(act) {
			b.Actions = append(b.Actions, string(act))
		}
	}
	for _, g := range p.Grants {
		b.Grants = append(b.Grants, access.GrantText{Role: g.Role, Scope: g.Scope.String()})
	}
	return b
}
