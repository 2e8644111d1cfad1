package access_test

import (
	"database/sql"
	"encoding/base64"
	"io"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/crypto/argon2"

	"github.com/signalbox/signalbox/internal/access"
	"github.com/signalbox/signalbox/internal/fault"
	"github.com/signalbox/signalbox/internal/statestore"
)

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
