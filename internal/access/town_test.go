package access_test

import (
	"context"
	"database/sql"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/signalbox/signalbox/internal/access"
)

const pass = "correct horse battery"

// chain keeps what access records.
type chain struct {
	mu     sync.Mutex
	events []access.Event
	err    error
}

func (c *chain) record(_ context.Context, tx *sql.Tx, e access.Event) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if tx == nil {
		return errors.New("no transaction")
	}
	if c.err == nil {
		c.events = append(c.events, e)
	}
	return c.err
}

func (c *chain) fail(err error) { c.mu.Lock(); c.err = err; c.mu.Unlock() }

// take returns the records since the last take, shortened.
func (c *chain) take() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	out := []string{}
	for _, e := range c.events {
		line := strings.Join([]string{e.ActorName, e.Action, e.ObjectName, e.Outcome}, " ")
		if g := e.Detail["grant"]; g != "" {
			line += " " + g
		}
		if n := e.Detail["repeated"]; n != "" {
			line += " x" + n
		}
		out = append(out, line)
	}
	c.events = nil
	return out
}

// town is a house with people in it.
type town struct {
	house
	chain *chain
	serve http.Handler
}

func openTown(t *testing.T, change func(*access.Options)) town {
	t.Helper()
	c := &chain{}
	h := open(t, t.TempDir(), func(o *access.Options) {
		o.Record = c.record
		if change != nil {
			change(o)
		}
	})
	handler, err := h.Handler(append(h.Routes(), peopleRoutes()...))
	require.NoError(t, err)
	return town{h, c, handler}
}

func peopleRoutes() []access.Route {
	return append(everyAction(),
		access.Route{Method: "POST", Pattern: "/approve", Action: access.Approve, Handler: ok("approve")},
		access.Route{Method: "GET", Pattern: "/me", Action: access.SignedIn, Handler: ok("me")},
		access.Route{Method: "POST", Pattern: "/own", Action: access.OwnAccount, Handler: ok("own")},
		access.Route{Method: "GET", Pattern: "/audit", Action: access.ReadAudit, Handler: ok("audit")},
		access.Route{Method: "GET", Pattern: "/source", Action: access.ReadKPIs, Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			_, _ = io.WriteString(w, access.Source(r.Context()))
		})},
		access.Route{Method: "GET", Pattern: "/stream", Action: access.ReadKPIs, Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			_, _ = io.WriteString(w, "open\n")
			_ = http.NewResponseController(w).Flush()
			<-r.Context().Done()
		})},
	)
}

// start is the context of the one-time link.
func start(t *testing.T) context.Context {
	return access.With(t.Context(), access.Administrator(access.ViaCookie))
}

func grant(role access.Role, scope ...string) access.GrantText {
	return access.GrantText{Role: role, Scope: strings.Join(scope, "")}
}

// person makes a user who has chosen their own password.
func (w town) person(t *testing.T, login string, grants ...access.GrantText) access.User {
	t.Helper()
	u, err := w.CreateUser(start(t), access.UserInput{Login: login, Name: strings.ToUpper(login[:1]) + login[1:], Grants: grants, Password: pass, KeepPassword: true})
	require.NoError(t, err)
	require.Empty(t, u.Password)
	return u.User
}

// signIn signs a person in and returns their cookie and principal.
func (w town) signIn(t *testing.T, login string) (*http.Cookie, access.Principal) {
	t.Helper()
	c, p, err := w.Login(request("203.0.113.7:999"), access.LoginInput{Login: login, Password: pass})
	require.NoError(t, err)
	return c, p
}

func request(remote string) *http.Request {
	r := httptest.NewRequest("POST", "http://127.0.0.1:9700/login", nil)
	r.RemoteAddr = remote
	return r
}

// do asks with a cookie, from a page of ours.
func (w town) do(method, path string, c *http.Cookie) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, "http://127.0.0.1:9700"+path, nil)
	r.RemoteAddr = "203.0.113.7:999"
	r.Header.Set("Origin", "http://127.0.0.1:9700")
	if c != nil {
		r.AddCookie(c)
	}
	rec := httptest.NewRecorder()
	w.serve.ServeHTTP(rec, r)
	return rec
}

func (w town) bearer(method, path, token string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, "http://127.0.0.1:9700"+path, nil)
	r.RemoteAddr = "203.0.113.8:999"
	r.Header.Set("Authorization", "Bearer "+token)
	rec := httptest.NewRecorder()
	w.serve.ServeHTTP(rec, r)
	return rec
}

func as(t *testing.T, p access.Principal) context.Context { return access.With(t.Context(), p) }

func p[T any](v T) *T { return &v }
