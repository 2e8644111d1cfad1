package access_test

import (
	"context"
	"database/sql"
	"encoding/base64"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/stretchr/testify/require"
	"golang.org/x/crypto/argon2"

	"github.com/signalbox/signalbox/internal/access"
	"github.com/signalbox/signalbox/internal/fault"
	"github.com/signalbox/signalbox/internal/statestore"
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

func TestFirstAdministrator(t *testing.T) {
	w := openTown(t, nil)
	require.False(t, w.HasPeople())
	base, _ := url.Parse("http://127.0.0.1:9700")
	link, _ := url.Parse(w.SignInURL(base))
	rec := w.do("GET", link.RequestURI(), nil)
	require.Equal(t, 303, rec.Code)
	require.Equal(t, []string{"admin sign_in admin done"}, w.chain.take())

	u, err := w.CreateUser(start(t), access.UserInput{Login: " Ann@IRS.example ", Name: "Ann", Grants: []access.GrantText{grant(access.Admin)}, Password: pass, KeepPassword: true})
	require.NoError(t, err)
	require.True(t, w.HasPeople())
	require.Equal(t, "ann@irs.example", u.Login)
	require.Equal(t, []string{"admin user_create ann@irs.example done", "admin role_grant ann@irs.example done admin"}, w.chain.take())
	c, who := w.signIn(t, "ann@irs.example")
	require.Equal(t, access.KindPerson, who.Kind)
	require.Equal(t, u.ID, who.ID)
	require.Equal(t, []string{"ann@irs.example sign_in ann@irs.example done"}, w.chain.take())
	require.Equal(t, 200, w.do("POST", "/approve", c).Code, "a person may approve")
	require.Equal(t, 403, w.do("POST", "/approve", rec.Result().Cookies()[0]).Code, "the link is nobody in particular")
	require.Equal(t, []string{"admin denied POST /approve denied"}, w.chain.take())
	require.Equal(t, 403, w.bearer("POST", "/approve", w.token).Code)
	require.Equal(t, 200, w.bearer("GET", "/audit", w.token).Code, "break glass goes on")
}

func TestUserInputIsChecked(t *testing.T) {
	w := openTown(t, nil)
	w.person(t, "ann@irs.example", grant(access.Admin))
	w.chain.take()
	for want, in := range map[string]access.UserInput{
		`login ""`:                                   {},
		`login "a b"`:                                {Login: "a b"},
		`login "аnn@irs.example"`:                    {Login: "аnn@irs.example"}, // a Cyrillic а
		`login "admin" is the server's own word`:     {Login: "Admin"},
		`login "ann@irs.example" is taken`:           {Login: "ANN@irs.example", Password: pass},
		`role "root": want viewer`:                   {Login: "bob", Grants: []access.GrantText{grant("root")}},
		`scope "agency"`:                             {Login: "bob", Grants: []access.GrantText{grant(access.Viewer, "agency")}},
		`password: too short`:                        {Login: "bob", Password: "short"},
		`password: too few different`:                {Login: "bob", Password: "abababababababab"},
		`password: easily guessed`:                   {Login: "bob@irs.example", Password: "Bob@IRS.example"},
		`password: easily guessed. Want 12`:          {Login: "bob", Password: "Password1234"},
		`password: 257 bytes: want 256 at most`:      {Login: "bob", Password: strings.Repeat("abcdefg", 40)[:257]},
		`grants: 21: want 20`:                        {Login: "bob", Grants: make([]access.GrantText, 21)},
		"name \"two\\nlines\": want 200 characters":  {Login: "bob", Name: "two\nlines"},
		`login "` + strings.Repeat("x", 80) + `..."`: {Login: strings.Repeat("x", 300)},
	} {
		_, err := w.CreateUser(start(t), in)
		require.ErrorContains(t, err, want)
		if in.Password != "" {
			require.NotContains(t, err.Error(), in.Password+`"`)
		}
	}
	require.Empty(t, w.chain.take())

	for _, ctx := range []context.Context{t.Context(), as(t, access.Principal{Kind: access.KindPerson, Grants: []access.Grant{{Role: access.Analyst}}}),
		as(t, access.Principal{Kind: access.KindPerson, Grants: []access.Grant{{Role: access.Admin, Scope: scope(t, `agency="IRS"`)}}}),
		as(t, access.Principal{Kind: access.KindToken, Grants: []access.Grant{{Role: access.Admin}}})} {
		_, err := w.CreateUser(ctx, access.UserInput{Login: "eve", Password: pass})
		require.Contains(t, []fault.Kind{fault.Unauthorized, fault.Forbidden}, fault.KindOf(err))
		_, err = w.UpdateUser(ctx, "ann@irs.example", access.UserChange{})
		require.Error(t, err)
		require.Error(t, w.RemoveUser(ctx, "ann@irs.example"))
		_, err = w.SetPassword(ctx, access.PasswordChange{User: "ann@irs.example", New: pass + "!"})
		require.Error(t, err)
	}
}

func TestPasswordSetByAnotherIsChangedFirst(t *testing.T) {
	w := openTown(t, nil)
	u, err := w.CreateUser(start(t), access.UserInput{Login: "bob", Grants: []access.GrantText{grant(access.Analyst)}})
	require.NoError(t, err)
	require.Len(t, u.Password, 23)
	require.True(t, u.MustChangePassword)
	c, who, err := w.Login(request("203.0.113.7:1"), access.LoginInput{Login: "BOB ", Password: u.Password})
	require.NoError(t, err)
	require.True(t, who.MustChange)
	require.Equal(t, 200, w.do("GET", "/me", c).Code)
	require.Equal(t, 403, w.do("GET", "/api/v2/alerts", c).Code)
	r := httptest.NewRequest("GET", "http://127.0.0.1:9700/kpi/x", nil)
	r.Header.Set("Accept", "text/html")
	r.AddCookie(c)
	rec := httptest.NewRecorder()
	w.serve.ServeHTTP(rec, r)
	require.Equal(t, "/login/password?next=%2Fkpi%2Fx", rec.Header().Get("Location"))
	require.NotContains(t, strings.Join(w.chain.take(), "\n"), "denied", "showing the way is no refused attempt")
	_, err = w.CreateToken(as(t, who), access.TokenInput{Name: "x", Grants: []access.GrantText{grant(access.Viewer)}, ExpiresAt: w.clock.now().Add(time.Hour).UnixMilli()})
	require.ErrorContains(t, err, "set by somebody else")

	post := func(form url.Values) *httptest.ResponseRecorder {
		r := httptest.NewRequest("POST", "http://127.0.0.1:9700/login/password", strings.NewReader(form.Encode()))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header.Set("Origin", "http://127.0.0.1:9700")
		r.AddCookie(c)
		rec := httptest.NewRecorder()
		w.serve.ServeHTTP(rec, r)
		return rec
	}
	other, _, err := w.Login(request("203.0.113.9:1"), access.LoginInput{Login: "bob", Password: u.Password})
	require.NoError(t, err)
	require.Contains(t, post(url.Values{"old": {u.Password}, "new": {pass}, "again": {"x"}}).Body.String(), "The two new passwords are not the same.")
	require.Contains(t, post(url.Values{"old": {"x"}, "new": {pass}, "again": {pass}}).Body.String(), "The password is wrong")
	require.Contains(t, post(url.Values{"old": {u.Password}, "new": {u.Password}, "again": {u.Password}}).Body.String(), "the new one is the old one")
	rec = post(url.Values{"old": {u.Password}, "new": {pass}, "again": {pass}, "next": {"/kpi/x"}})
	require.Equal(t, "/kpi/x", rec.Header().Get("Location"))
	require.Equal(t, 200, w.do("GET", "/api/v2/alerts", c).Code)
	require.Equal(t, 401, w.do("GET", "/me", other).Code, "the other sessions of the old password end")
	_, _, err = w.Login(request("203.0.113.7:1"), access.LoginInput{Login: "bob", Password: u.Password})
	require.Equal(t, fault.Unauthorized, fault.KindOf(err))

	// An administrator's reset ends all sessions.
	n, err := w.SetPassword(start(t), access.PasswordChange{User: "bob"})
	require.NoError(t, err)
	require.NotEmpty(t, n.Password)
	require.Equal(t, 401, w.do("GET", "/me", c).Code)
	require.NotContains(t, strings.Join(w.chain.take(), "\n"), n.Password)
}

func TestLastAdministratorStays(t *testing.T) {
	w := openTown(t, nil)
	ann := w.person(t, "ann", grant(access.Admin))
	w.person(t, "bob", grant(access.Admin, `agency="IRS"`))
	last := func(err error) {
		t.Helper()
		require.Equal(t, fault.Conflict, fault.KindOf(err))
		require.ErrorContains(t, err, "last active administrator")
	}
	_, err := w.UpdateUser(start(t), "ann", access.UserChange{State: p(access.Disabled)})
	last(err)
	_, err = w.UpdateUser(start(t), ann.ID, access.UserChange{Grants: &[]access.GrantText{grant(access.Analyst)}})
	last(err)
	_, err = w.UpdateUser(start(t), ann.ID, access.UserChange{Grants: &[]access.GrantText{grant(access.Admin, `agency="IRS"`)}})
	last(err)
	last(w.RemoveUser(start(t), "ann"))
	w.person(t, "cat", grant(access.Admin))
	require.NoError(t, w.RemoveUser(start(t), "ann"))
	last(w.RemoveUser(start(t), "cat"))
	require.Equal(t, fault.NotFound, fault.KindOf(w.RemoveUser(start(t), "ann")))
}

// TestChangesCountAtOnce: grants and states reach live sessions and streams, not only the next sign-in.
func TestChangesCountAtOnce(t *testing.T) {
	w := openTown(t, nil)
	w.person(t, "ann", grant(access.Admin))
	bob := w.person(t, "bob", grant(access.Analyst))
	c, _ := w.signIn(t, "bob")
	srv := httptest.NewServer(w.serve)
	t.Cleanup(srv.Close)
	stream := func() *http.Response {
		t.Helper()
		r := must(http.NewRequestWithContext(t.Context(), "GET", srv.URL+"/stream", nil))
		r.Host = "127.0.0.1:9700"
		r.AddCookie(c)
		res, err := (&http.Client{Timeout: time.Minute}).Do(r) // a stream that does not end fails the test
		require.NoError(t, err)
		require.Equal(t, 200, res.StatusCode)
		b := make([]byte, 5)
		_, err = io.ReadFull(res.Body, b)
		require.NoError(t, err)
		return res
	}
	ended := func(res *http.Response) {
		t.Helper()
		_, err := io.ReadAll(res.Body) // returns when the stream ends
		require.NoError(t, err)
		_ = res.Body.Close()
	}
	require.Equal(t, 200, w.do("POST", "/api/v2/silences", c).Code)
	s := stream()
	w.chain.take()
	_, err := w.UpdateUser(start(t), "bob", access.UserChange{Grants: &[]access.GrantText{grant(access.Viewer, `agency="IRS"`)}, Reason: "moved"})
	require.NoError(t, err)
	ended(s)
	require.Equal(t, []string{"admin role_revoke bob done analyst", `admin role_grant bob done viewer {agency="IRS"}`}, w.chain.take())
	require.Equal(t, 403, w.do("POST", "/api/v2/silences", c).Code)
	require.Equal(t, 200, w.do("GET", "/api/v2/alerts", c).Code)

	s = stream()
	_, err = w.UpdateUser(start(t), "bob", access.UserChange{State: p(access.Disabled)})
	require.NoError(t, err)
	ended(s)
	require.Equal(t, 401, w.do("GET", "/api/v2/alerts", c).Code)
	_, _, err = w.Login(request("203.0.113.7:1"), access.LoginInput{Login: "bob", Password: pass})
	require.ErrorContains(t, err, "the login or the password is wrong", "nothing tells that the password was right")
	_, err = w.UpdateUser(start(t), "bob", access.UserChange{State: p(access.Active), Name: p("Bob")})
	require.NoError(t, err)
	require.Equal(t, 401, w.do("GET", "/api/v2/alerts", c).Code, "an ended session stays ended")

	c, _ = w.signIn(t, "bob")
	s = stream()
	xs, err := w.Sessions(start(t))
	require.NoError(t, err)
	require.Len(t, xs, 1)
	require.Equal(t, "bob", xs[0].Login)
	require.NoError(t, w.EndSession(start(t), xs[0].ID))
	ended(s)

	c, _ = w.signIn(t, "bob")
	s = stream()
	require.Equal(t, 303, w.do("POST", "/logout", c).Code)
	ended(s)
	c, _ = w.signIn(t, "bob")
	s = stream()
	require.NoError(t, w.RemoveUser(start(t), bob.ID))
	ended(s)
	require.Equal(t, 401, w.do("GET", "/me", c).Code)
}

func TestSessionsOfPeople(t *testing.T) {
	w := openTown(t, nil)
	w.person(t, "ann", grant(access.Admin))
	w.person(t, "bob", grant(access.Viewer))
	c, who := w.signIn(t, "bob")
	require.Equal(t, w.clock.now().Add(8*time.Hour).UnixMilli(), who.ExpiresAt)
	require.Equal(t, w.clock.now().Add(7*24*time.Hour).UnixMilli(), who.EndsAt)
	w.clock.add(7 * time.Hour)
	require.Equal(t, 200, w.do("GET", "/me", c).Code)
	w.clock.add(7 * time.Hour)
	unattended := func(header, value string) int {
		r := httptest.NewRequest("GET", "http://127.0.0.1:9700/me", nil)
		r.Header.Set(header, value)
		r.AddCookie(c)
		rec := httptest.NewRecorder()
		w.serve.ServeHTTP(rec, r)
		return rec.Code
	}
	require.Equal(t, 200, unattended(access.UnattendedHeader, "1"))
	require.Equal(t, 200, unattended("Accept", "text/event-stream"))
	w.clock.add(2 * time.Hour)
	require.Equal(t, 401, w.do("GET", "/me", c).Code, "what the page asks by itself keeps nobody signed in")

	c, _ = w.signIn(t, "bob")
	for range 200 {
		w.clock.add(time.Hour)
		if w.do("GET", "/me", c).Code == 401 {
			break
		}
	}
	c2, _ := w.signIn(t, "bob")
	_, bob := w.signIn(t, "bob")
	ann, _ := w.signIn(t, "ann")
	xs, err := w.Sessions(as(t, bob))
	require.NoError(t, err)
	require.Len(t, xs, 2, "the old one ended after seven days; ann's is hers")
	require.Equal(t, []bool{true, false}, []bool{xs[0].Current || xs[1].Current, xs[0].Current && xs[1].Current})
	require.Equal(t, "203.0.113.7", xs[0].Address)
	for _, x := range xs {
		if !x.Current {
			require.NoError(t, w.EndSession(as(t, bob), x.ID))
		}
	}
	require.Equal(t, 401, w.do("GET", "/me", c2).Code)
	xs, err = w.Sessions(start(t))
	require.NoError(t, err)
	for _, x := range xs {
		if x.Login == "ann" {
			require.Equal(t, fault.NotFound, fault.KindOf(w.EndSession(as(t, bob), x.ID)), "another's session")
		}
	}
	require.Equal(t, 200, w.do("GET", "/me", ann).Code)

	for range 60 {
		w.signIn(t, "bob")
		w.clock.add(time.Second)
	}
	xs, err = w.Sessions(as(t, bob))
	require.NoError(t, err)
	require.Len(t, xs, 50)
}

func TestPeopleOutliveARestart(t *testing.T) {
	dir := t.TempDir()
	w := town{house: open(t, dir, usualCost)}
	u := w.person(t, "ann", grant(access.Admin), grant(access.Owner, `agency="IRS"`))
	c, who := w.signIn(t, "ann")
	tok, err := w.CreateToken(as(t, who), access.TokenInput{Name: "ci", Grants: []access.GrantText{grant(access.Developer, `env="prod"`)}, Agent: true, PushesAs: "ci", ExpiresAt: w.clock.now().Add(time.Hour).UnixMilli()})
	require.NoError(t, err)

	again := town{house: open(t, dir, usualCost), chain: &chain{}}
	again.serve, err = again.Handler(append(again.Routes(), peopleRoutes()...))
	require.NoError(t, err)
	v, err := again.User(start(t), u.ID)
	require.NoError(t, err)
	require.Equal(t, u.Grants, v.Grants)
	require.Equal(t, 200, again.do("POST", "/approve", c).Code)
	require.Equal(t, 200, again.bearer("GET", "/api/v1/query", tok.Secret).Code)
	toks, err := again.Tokens(start(t))
	require.NoError(t, err)
	require.Len(t, toks, 1)
	require.True(t, toks[0].Agent)
	require.NotZero(t, toks[0].UsedAt)

	db, err := statestore.Open(filepath.Join(dir, "state.db"), false)
	require.NoError(t, err)
	t.Cleanup(func() { _ = db.Close() })
	var hash, stored string
	require.NoError(t, db.SQL().QueryRow(`SELECT password FROM access_user`).Scan(&hash))
	require.True(t, strings.HasPrefix(hash, "$argon2id$v=19$m=19456,t=2,p=1$"), hash)
	require.NoError(t, db.SQL().QueryRow(`SELECT hash || hint FROM access_token`).Scan(&stored))
	require.NotContains(t, stored, tok.Secret[10:])

	// Weaker parameters of an earlier version are accepted once and replaced.
	weak := "$argon2id$v=19$m=32,t=1,p=1$c29tZXNhbHRzb21lc2FsdA$" +
		base64.RawStdEncoding.EncodeToString(argon2.IDKey([]byte("an older password"), []byte("somesaltsomesalt"), 1, 32, 1, 32))
	require.NoError(t, db.Tx(t.Context(), func(tx *sql.Tx) error {
		_, err := tx.Exec(`UPDATE access_user SET password = ?`, weak)
		return err
	}))
	old := town{house: open(t, dir, usualCost)}
	_, _, err = old.Login(request("203.0.113.7:1"), access.LoginInput{Login: "ann", Password: "an older password"})
	require.NoError(t, err)
	require.NoError(t, db.SQL().QueryRow(`SELECT password FROM access_user`).Scan(&hash))
	require.Contains(t, hash, "m=19456,t=2,p=1")
	_, _, err = old.Login(request("203.0.113.7:1"), access.LoginInput{Login: "ann", Password: "an older password"})
	require.NoError(t, err)
}

func TestTokens(t *testing.T) {
	w := openTown(t, nil)
	w.person(t, "ann", grant(access.Admin))
	bob := w.person(t, "bob", grant(access.Developer, `agency="IRS"`), grant(access.Analyst, `agency="SSA"`))
	_, ann := w.signIn(t, "ann")
	_, who := w.signIn(t, "bob")
	w.chain.take()
	in := func(grants ...access.GrantText) access.TokenInput {
		return access.TokenInput{Name: "ci", Grants: grants, ExpiresAt: w.clock.now().Add(90 * 24 * time.Hour).UnixMilli(), PushesAs: "ci"}
	}
	for want, try := range map[string]access.TokenInput{
		"cannot be auditor: bob may not read privacy": in(grant(access.Auditor)),
		"cannot be admin":       in(grant(access.Admin)),
		"grants: none":          in(),
		`name ""`:               {Grants: []access.GrantText{grant(access.Viewer)}, ExpiresAt: in().ExpiresAt},
		"expires_at 0":          {Name: "x", Grants: []access.GrantText{grant(access.Viewer)}},
		"expires_at":            {Name: "x", Grants: []access.GrantText{grant(access.Viewer)}, ExpiresAt: w.clock.now().Add(400 * 24 * time.Hour).UnixMilli()},
		"may not manage people": {Name: "x", Owner: "ann", Grants: []access.GrantText{grant(access.Viewer)}, ExpiresAt: in().ExpiresAt},
	} {
		_, err := w.CreateToken(as(t, who), try)
		require.ErrorContains(t, err, want)
	}
	_, err := w.CreateToken(start(t), in(grant(access.Viewer)))
	require.ErrorContains(t, err, "a token belongs to a person")
	require.Empty(t, w.chain.take())

	tok, err := w.CreateToken(as(t, who), in(grant(access.Developer, `env="prod"`)))
	require.NoError(t, err)
	require.True(t, strings.HasPrefix(tok.Secret, "sb_"))
	require.Equal(t, []string{"bob token_create ci done"}, w.chain.take())

	// What it opens: developer, and only what bob is there: developer within IRS; what analyst shares with developer within SSA.
	var got access.Principal
	handler, err := w.Handler([]access.Route{{Method: "GET", Pattern: "/who", Action: access.ReadKPIs, Handler: http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		got, _ = access.From(r.Context())
	})}})
	require.NoError(t, err)
	look := func() int {
		got = access.Principal{}
		r := httptest.NewRequest("GET", "http://127.0.0.1:9700/who", nil)
		r.Header.Set("Authorization", "Bearer "+tok.Secret)
		rec := httptest.NewRecorder()
		handler.ServeHTTP(rec, r)
		return rec.Code
	}
	require.Equal(t, 200, look())
	require.Equal(t, bob.ID, got.ID, "the author is the person")
	require.Equal(t, access.KindToken, got.Kind)
	require.Equal(t, "ci", got.PushesAs)
	require.Equal(t, tok.ID, got.Token)
	for user, want := range map[string]int{tok.Secret: 200, tok.Secret + "x": 401, "admin": 401} { // as clients of analytics services send a write key
		r := httptest.NewRequest("GET", "http://127.0.0.1:9700/who", nil)
		r.SetBasicAuth(user, "")
		rec := httptest.NewRecorder()
		handler.ServeHTTP(rec, r)
		require.Equal(t, want, rec.Code)
	}
	irs, ssa := labels.FromStrings("agency", "IRS", "env", "prod"), labels.FromStrings("agency", "SSA", "env", "prod")
	for a, want := range map[access.Action][3]bool{ // IRS prod, SSA prod, IRS test
		access.ReadSignals:  {true, true, false},
		access.WriteSignals: {false, false, false},
		access.Propose:      {true, true, false},
		access.Approve:      {false, false, false},
		access.Review:       {false, false, false},
		access.Emergency:    {false, false, false},
		access.ManagePeople: {false, false, false},
		access.OwnAccount:   {false, false, false},
		access.ReadServer:   {false, false, false},
	} {
		require.Equal(t, want, [3]bool{got.Covers(a, irs), got.Covers(a, ssa), got.Covers(a, labels.FromStrings("agency", "IRS", "env", "test"))}, a)
	}
	require.Equal(t, 401, w.bearer("GET", "/me", tok.Secret+"x").Code)
	require.Equal(t, 401, w.bearer("GET", "/me", "sb_").Code)

	// The owner's demotion, disablement and return.
	_, err = w.UpdateUser(start(t), "bob", access.UserChange{Grants: &[]access.GrantText{grant(access.Viewer)}})
	require.NoError(t, err)
	require.Equal(t, 200, look())
	require.False(t, got.May(access.ReadSignals))
	_, err = w.UpdateUser(start(t), "bob", access.UserChange{State: p(access.Disabled)})
	require.NoError(t, err)
	require.Equal(t, 401, look())
	_, err = w.UpdateUser(start(t), "bob", access.UserChange{State: p(access.Active)})
	require.NoError(t, err)
	require.Equal(t, 200, look())
	w.clock.add(90 * 24 * time.Hour)
	require.Equal(t, 401, look(), "expired")
	w.clock.add(-time.Hour)
	require.Equal(t, 200, look())

	// Lists and revocation.
	mine, err := w.CreateToken(as(t, ann), in(grant(access.Admin)))
	require.NoError(t, err)
	ts, err := w.Tokens(as(t, who))
	require.NoError(t, err)
	require.Len(t, ts, 1)
	ts, err = w.Tokens(as(t, ann))
	require.NoError(t, err)
	require.Len(t, ts, 2)
	require.Equal(t, fault.NotFound, fault.KindOf(w.RevokeToken(as(t, who), mine.ID)))
	require.NoError(t, w.RevokeToken(as(t, ann), tok.ID))
	require.Equal(t, 401, look())
	require.Equal(t, 403, w.bearer("POST", "/approve", mine.Secret).Code)
	require.Equal(t, 403, w.bearer("POST", "/own", mine.Secret).Code)
	require.Equal(t, 200, w.bearer("POST", "/-/reload", mine.Secret).Code)

	// A token for another, by an administrator, within what the other is.
	_, err = w.CreateToken(start(t), access.TokenInput{Name: "x", Owner: "bob", Grants: []access.GrantText{grant(access.Analyst)}, ExpiresAt: in().ExpiresAt})
	require.ErrorContains(t, err, "a token of bob cannot be analyst")
	_, err = w.CreateToken(start(t), access.TokenInput{Name: "x", Owner: "bob", Grants: []access.GrantText{grant(access.Viewer)}, ExpiresAt: w.clock.now().Add(time.Hour).UnixMilli()})
	require.NoError(t, err)
	w.chain.take()
	require.NoError(t, w.RemoveUser(start(t), "bob"))
	require.Equal(t, []string{"admin user_remove bob done", "admin token_revoke x done"}, w.chain.take())
}

// TestNoRecordNoChange: when the chain cannot be written nothing is changed, in memory or on disk.
func TestNoRecordNoChange(t *testing.T) {
	w := openTown(t, nil)
	w.person(t, "ann", grant(access.Admin))
	w.person(t, "bob", grant(access.Analyst))
	c, who := w.signIn(t, "bob")
	tok, err := w.CreateToken(as(t, who), access.TokenInput{Name: "ci", Grants: []access.GrantText{grant(access.Viewer)}, ExpiresAt: w.clock.now().Add(time.Hour).UnixMilli()})
	require.NoError(t, err)
	w.chain.fail(errors.New("disk full"))
	refused := func(err error) {
		t.Helper()
		require.Equal(t, fault.Unavailable, fault.KindOf(err))
		require.ErrorContains(t, err, "nothing was changed")
	}
	_, err = w.CreateUser(start(t), access.UserInput{Login: "cat", Password: pass})
	refused(err)
	_, err = w.UpdateUser(start(t), "bob", access.UserChange{Grants: &[]access.GrantText{grant(access.Admin)}})
	refused(err)
	refused(w.RemoveUser(start(t), "bob"))
	_, err = w.SetPassword(start(t), access.PasswordChange{User: "bob", New: "another long one"})
	refused(err)
	_, err = w.CreateToken(as(t, who), access.TokenInput{Name: "x", Grants: []access.GrantText{grant(access.Viewer)}, ExpiresAt: w.clock.now().Add(time.Hour).UnixMilli()})
	refused(err)
	refused(w.RevokeToken(as(t, who), tok.ID))
	_, err = w.Confirm(as(t, who), pass)
	refused(err)
	refused(w.EndSession(as(t, who), who.Session))
	_, _, err = w.Login(request("203.0.113.7:1"), access.LoginInput{Login: "bob", Password: pass})
	refused(err)
	_, _, err = w.Login(request("203.0.113.7:1"), access.LoginInput{Secret: w.token})
	refused(err)
	require.Equal(t, 403, w.do("GET", "/audit", c).Code, "a refused attempt is refused all the same")

	w.chain.fail(nil)
	us, err := w.Users(start(t))
	require.NoError(t, err)
	require.Len(t, us, 2)
	require.Equal(t, []access.GrantText{grant(access.Analyst)}, us[1].Grants)
	xs, err := w.Sessions(start(t))
	require.NoError(t, err)
	require.Len(t, xs, 1)
	require.Equal(t, 200, w.bearer("GET", "/api/v2/alerts", tok.Secret).Code)
	w.signIn(t, "bob")
}

func TestRefusalsAreCounted(t *testing.T) {
	w := openTown(t, nil)
	w.person(t, "ann", grant(access.Admin))
	w.person(t, "bob", grant(access.Viewer))
	c, _ := w.signIn(t, "bob")
	w.chain.take()
	for range 30 {
		require.Equal(t, 403, w.do("GET", "/audit", c).Code)
	}
	require.Equal(t, 403, w.do("POST", "/-/reload", c).Code)
	require.Equal(t, []string{"bob denied GET /audit denied", "bob denied /-/reload denied"}, dropMethod(w.chain.take()))
	w.clock.add(time.Minute)
	require.Equal(t, 403, w.do("GET", "/audit", c).Code)
	require.Equal(t, []string{"bob denied GET /audit denied x29", "bob denied GET /audit denied"}, w.chain.take())
	require.Equal(t, 403, w.do("GET", "/audit", c).Code)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	require.NoError(t, w.Run(ctx))
	require.Equal(t, []string{"bob denied GET /audit denied x1"}, w.chain.take(), "what is left is recorded at the end")

	// Strangers: a wrong token is one, showing the sign-in page is none.
	require.Equal(t, 401, w.do("GET", "/audit", nil).Code)
	require.Empty(t, w.chain.take())
	require.Equal(t, 401, w.bearer("GET", "/audit", "nonsense").Code)
	require.Equal(t, 401, w.bearer("GET", "/audit", "sb_nonsense").Code)
	require.Equal(t, []string{" denied GET /audit denied"}, w.chain.take())
	_, _, err := w.Login(request("203.0.113.7:1"), access.LoginInput{Login: "hunter2 in the wrong field", Password: "x"})
	require.Error(t, err)
	_, _, err = w.Login(request("203.0.113.7:1"), access.LoginInput{Login: "bob", Password: "x"})
	require.Error(t, err)
	require.Equal(t, []string{" sign_in_failed  failed", " sign_in_failed bob failed"}, w.chain.take(), "what was typed as a login may be a password")
}

func dropMethod(lines []string) []string {
	for i := range lines {
		lines[i] = strings.Replace(lines[i], "POST /-/reload", "/-/reload", 1)
	}
	return lines
}

func TestConfirm(t *testing.T) {
	w := openTown(t, nil)
	w.person(t, "ann", grant(access.Admin))
	c, who := w.signIn(t, "ann")
	require.NoError(t, w.Recent(who))
	w.clock.add(15*time.Minute + time.Second)
	err := w.Recent(who)
	require.Equal(t, fault.Forbidden, fault.KindOf(err))
	require.ErrorContains(t, err, "more than 15m0s ago")
	require.ErrorContains(t, w.Recent(access.Administrator(access.ViaCookie)), "takes a person")
	require.Error(t, w.Recent(access.Principal{Kind: access.KindToken, SignedInAt: w.clock.now().UnixMilli()}))

	_, err = w.Confirm(as(t, who), "wrong")
	require.Equal(t, fault.Forbidden, fault.KindOf(err))
	who, err = w.Confirm(as(t, who), pass)
	require.NoError(t, err)
	require.NoError(t, w.Recent(who))
	var got access.Principal
	handler, err := w.Handler([]access.Route{{Method: "GET", Pattern: "/who", Action: access.ReadKPIs, Handler: http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		got, _ = access.From(r.Context())
	})}})
	require.NoError(t, err)
	r := httptest.NewRequest("GET", "http://127.0.0.1:9700/who", nil)
	r.AddCookie(c)
	handler.ServeHTTP(httptest.NewRecorder(), r)
	require.Equal(t, w.clock.now().UnixMilli(), got.SignedInAt, "the next request knows")

	// Who took a session over cannot guess on.
	for range 5 {
		_, err = w.Confirm(as(t, who), "wrong")
		require.Error(t, err)
	}
	_, err = w.Confirm(as(t, who), "wrong")
	require.Equal(t, fault.Limited, fault.KindOf(err))
	_, err = w.Confirm(as(t, who), pass)
	require.Equal(t, fault.Limited, fault.KindOf(err))
	w.signIn(t, "ann")
	_, err = w.Confirm(start(t), pass)
	require.Equal(t, fault.Forbidden, fault.KindOf(err))
}
