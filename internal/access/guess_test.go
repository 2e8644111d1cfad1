package access_test

import (
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/signalbox/signalbox/internal/access"
	"github.com/signalbox/signalbox/internal/fault"
)

func (w town) try(remote, login, password string, cookies ...*http.Cookie) error {
	r := request(remote + ":1")
	for _, c := range cookies {
		r.AddCookie(c)
	}
	_, _, err := w.Login(r, access.LoginInput{Login: login, Password: password})
	return err
}

func usualCost(o *access.Options) { o.PasswordCost = access.Cost{} }

// TestWrongPasswordTellsNothing: the answer is the same for a wrong password, for nobody and for a disabled person, and so is
// the work.
func TestWrongPasswordTellsNothing(t *testing.T) {
	w := openTown(t, usualCost)
	w.person(t, "ann", grant(access.Admin))
	w.person(t, "off", grant(access.Viewer))
	_, err := w.UpdateUser(start(t), "off", access.UserChange{State: p(access.Disabled)})
	require.NoError(t, err)
	said := map[string]bool{}
	least := map[string]time.Duration{}
	// The least of many tries is the work itself, on a machine that is busy, too.
	for i := 0; i < 4 || i < 100 && !alike(least); i++ {
		w.clock.add(time.Hour) // nobody is slowed for the tries before
		for _, login := range []string{"ann", "off", "nobody-at-all"} {
			at := time.Now()
			err := w.try(fmt.Sprintf("203.0.113.%d", 10+i), login, "a wrong password")
			if took := time.Since(at); least[login] == 0 || took < least[login] {
				least[login] = took
			}
			require.Equal(t, fault.Unauthorized, fault.KindOf(err))
			said[err.Error()] = true
		}
		require.Equal(t, fault.Unauthorized, fault.KindOf(w.try(fmt.Sprintf("203.0.114.%d", 10+i), "off", pass)))
	}
	require.Len(t, said, 1)
	require.True(t, alike(least), "%v", least)
	_, _, err = w.Login(request("203.0.113.1:1"), access.LoginInput{Login: "ann", Password: pass, Secret: "x"})
	require.Equal(t, fault.Invalid, fault.KindOf(err))
	require.Error(t, w.try("203.0.113.1", "ann", ""))
	require.Error(t, w.try("203.0.113.1", "", pass))
}

// alike reports whether none of them is three times another.
func alike(took map[string]time.Duration) bool {
	all := slices.Collect(maps.Values(took))
	return slices.Max(all) < 3*slices.Min(all)
}

func TestGuessingIsSlowedByAddress(t *testing.T) {
	w := openTown(t, nil)
	w.person(t, "ann", grant(access.Admin))
	for i := range 5 {
		require.Equal(t, fault.Unauthorized, fault.KindOf(w.try("203.0.113.1", fmt.Sprint("user", i), "x")))
	}
	require.Equal(t, fault.Limited, fault.KindOf(w.try("203.0.113.1", "user5", "x")))
	err := w.try("203.0.113.1", "ann", pass)
	require.Equal(t, fault.Limited, fault.KindOf(err), "the right one is not looked at while the address waits")
	require.ErrorContains(t, err, "Try again in 1 s")
	require.NoError(t, w.try("203.0.113.2", "ann", pass), "others are not held up")
	w.clock.add(time.Second)
	require.NoError(t, w.try("203.0.113.1", "ann", pass))
}

// TestAStrangerLocksNobodyOut: many addresses guess at one account without a pause. They are slowed, and the owner gets in
// from a new address after one wait, from a known browser at once.
func TestAStrangerLocksNobodyOut(t *testing.T) {
	w := openTown(t, nil)
	w.person(t, "ann", grant(access.Admin))
	c, _ := w.signIn(t, "ann")
	r := httptest.NewRequest("GET", "http://127.0.0.1:9700/", nil)
	r.Header.Set("Accept", "text/html")
	r.AddCookie(c)
	rec := httptest.NewRecorder()
	w.serve.ServeHTTP(rec, r)
	require.Len(t, rec.Result().Cookies(), 1)
	known := rec.Result().Cookies()[0]
	require.True(t, known.HttpOnly)

	looked := 0
	storm := func() {
		for i := range 20 {
			err := w.try(fmt.Sprintf("198.51.100.%d", i), "ann", "guess")
			if fault.KindOf(err) == fault.Unauthorized || strings.Contains(err.Error(), "in 300 s") { // a whole wait has just begun
				looked++
			}
		}
	}
	storm()
	require.Equal(t, 10, looked, "after ten wrong ones from anywhere, new addresses wait")
	err := w.try("203.0.113.50", "ann", pass)
	require.Equal(t, fault.Limited, fault.KindOf(err))
	require.ErrorContains(t, err, "Try again in 30 s")
	require.NoError(t, w.try("203.0.113.51", "ann", pass, known), "a known browser does not wait for strangers")
	storm()
	for range 10 { // the storm goes on
		w.clock.add(3 * time.Second)
		storm()
	}
	require.NoError(t, w.try("203.0.113.50", "ann", pass), "nor does anybody for good")

	// It goes on for a quarter of an hour: each address gets a try in five minutes, once slowed.
	for range 20 {
		w.clock.add(30 * time.Second)
		storm()
	}
	looked = 0
	for range 30 {
		w.clock.add(30 * time.Second)
		storm()
	}
	require.LessOrEqual(t, looked, 20*3)
	require.Positive(t, looked)

	// The mark opens nothing, and is no good for another account or when forged.
	w.person(t, "bob", grant(access.Viewer))
	for range 12 {
		_ = w.try(fmt.Sprintf("192.0.2.%d", looked%250), "bob", "x", known)
		looked++
	}
	require.Equal(t, fault.Limited, fault.KindOf(w.try("203.0.113.60", "bob", pass, known)))
	forged := *known
	forged.Value = strings.Replace(forged.Value, "~", "~0", 1)
	for range 12 {
		_ = w.try(fmt.Sprintf("192.0.2.%d", looked%250), "ann", "x")
		looked++
	}
	require.Equal(t, fault.Limited, fault.KindOf(w.try("203.0.113.61", "ann", pass, &forged)))
	// A thief of the mark is slowed as well, apart from everybody.
	for range 5 {
		require.Equal(t, fault.Unauthorized, fault.KindOf(w.try("203.0.113.62", "ann", "x", known)))
	}
	require.Equal(t, fault.Limited, fault.KindOf(w.try("203.0.113.63", "ann", "x", known)))
	require.Equal(t, fault.Limited, fault.KindOf(w.try("203.0.113.64", "ann", pass, known)))
	require.Equal(t, 200, w.bearer("GET", "/me", w.token).Code)
}

// TestTriesAtOnceAreAllCounted: no more are looked at than one after another.
func TestTriesAtOnceAreAllCounted(t *testing.T) {
	w := openTown(t, nil)
	w.person(t, "ann", grant(access.Admin))
	var looked atomic.Int64
	var all sync.WaitGroup
	for i := range 40 {
		all.Go(func() {
			if fault.KindOf(w.try("203.0.113.1", "ann", fmt.Sprint("guess", i))) == fault.Unauthorized {
				looked.Add(1)
			}
		})
	}
	all.Wait()
	require.LessOrEqual(t, looked.Load(), int64(6))
}

func TestSourceBehindAProxy(t *testing.T) {
	for _, c := range []struct {
		external, proxies, remote, forwarded, want string
	}{
		{"", "", "127.0.0.1:1", "203.0.113.9", "127.0.0.1"},
		{"http://127.0.0.1:9700", "", "127.0.0.1:1", "203.0.113.9", "127.0.0.1"},
		{"https://box.example", "", "127.0.0.1:1", "203.0.113.9", "203.0.113.9"},
		{"https://box.example", "", "127.0.0.1:1", "10.9.9.9, 203.0.113.9", "203.0.113.9"},
		{"https://box.example", "", "198.51.100.1:1", "203.0.113.9", "198.51.100.1"},
		{"https://box.example", "", "127.0.0.1:1", "", "127.0.0.1"},
		{"https://box.example", "", "127.0.0.1:1", "not an address", "127.0.0.1"},
		{"https://box.example", "10.0.0.0/8", "10.1.1.1:1", "1.2.3.4, 203.0.113.9, 10.2.2.2", "203.0.113.9"},
		{"https://box.example", "10.0.0.0/8", "127.0.0.1:1", "203.0.113.9", "127.0.0.1"},
		{"https://box.example", "", "[::1]:1", "2001:db8::1", "2001:db8::1"},
	} {
		w := openTown(t, func(o *access.Options) {
			o.Listen = []string{":9700"}
			if c.external != "" {
				o.External, _ = url.Parse(c.external)
			}
			if c.proxies != "" {
				o.Proxies = []netip.Prefix{netip.MustParsePrefix(c.proxies)}
			}
		})
		r := httptest.NewRequest("GET", "http://127.0.0.1:9700/source", nil)
		r.RemoteAddr = c.remote
		r.Header.Set("Authorization", "Bearer "+w.token)
		if c.forwarded != "" {
			r.Header.Set("X-Forwarded-For", c.forwarded)
		}
		rec := httptest.NewRecorder()
		w.serve.ServeHTTP(rec, r)
		require.Equal(t, c.want, rec.Body.String(), "%+v", c)
	}
}

func TestSignInPageHasBothWays(t *testing.T) {
	w := openTown(t, nil)
	page := func(form url.Values) *httptest.ResponseRecorder {
		r := httptest.NewRequest("GET", "http://127.0.0.1:9700/login", nil)
		if form != nil {
			r = httptest.NewRequest("POST", "http://127.0.0.1:9700/login", strings.NewReader(form.Encode()))
			r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			r.Header.Set("Origin", "http://127.0.0.1:9700")
		}
		rec := httptest.NewRecorder()
		w.serve.ServeHTTP(rec, r)
		return rec
	}
	require.NotContains(t, page(nil).Body.String(), `name="password"`, "nobody has a password yet")
	w.person(t, "ann", grant(access.Admin))
	body := page(nil).Body.String()
	require.Contains(t, body, `name="password"`)
	require.Contains(t, body, `name="secret"`)
	require.NotContains(t, body, "<script")
	require.NotContains(t, body, "Sign in with single")
	bad := page(url.Values{"login": {`ann"><script>`}, "password": {"x"}})
	require.Equal(t, 401, bad.Code)
	require.Contains(t, bad.Body.String(), `value="ann&#34;&gt;&lt;script&gt;"`)
	require.Contains(t, bad.Body.String(), "The login or the password is wrong.")
	require.NotContains(t, bad.Body.String(), "<details open")
	require.Contains(t, page(url.Values{"secret": {"x"}}).Body.String(), "<details open")
	good := page(url.Values{"login": {"ann"}, "password": {pass}, "next": {"/kpi/x"}})
	require.Equal(t, 303, good.Code)
	require.Equal(t, "/kpi/x", good.Header().Get("Location"))
}
