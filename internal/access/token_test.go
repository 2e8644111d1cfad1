package access_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/stretchr/testify/require"

	"github.com/signalbox/signalbox/internal/access"
	"github.com/signalbox/signalbox/internal/fault"
)

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
