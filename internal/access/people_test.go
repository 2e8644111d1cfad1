package access_test

import (
	"context"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/signalbox/signalbox/internal/access"
	"github.com/signalbox/signalbox/internal/fault"
)

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
