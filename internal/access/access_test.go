package access_test

import (
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/require"

	"github.com/signalbox/signalbox/internal/access"
	"github.com/signalbox/signalbox/internal/fault"
	"github.com/signalbox/signalbox/internal/statestore"
)

// clock is a time that tests move.
type clock struct {
	mu sync.Mutex
	t  time.Time
}

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.t
}

func (c *clock) add(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.t = c.t.Add(d)
}

const envToken = "0123456789abcdef0123456789abcdef"

type house struct {
	*access.Access
	dir   string
	clock *clock
	token string
}

func open(t *testing.T, dir string, change func(*access.Options)) house {
	t.Helper()
	db, err := statestore.Open(filepath.Join(dir, "state.db"), false)
	require.NoError(t, err)
	t.Cleanup(func() { _ = db.Close() })
	c := &clock{t: time.Now().Truncate(time.Second)}
	o := access.Options{DB: db, DataDir: dir, AdminToken: envToken, Listen: []string{"127.0.0.1:9700"}, Now: c.now, Registerer: prometheus.NewRegistry(),
		PasswordCost: access.Cost{Memory: 64, Time: 1, Threads: 1}} // what it costs is tested where it matters
	if change != nil {
		change(&o)
	}
	a, err := access.New(t.Context(), o)
	require.NoError(t, err)
	b, err := os.ReadFile(filepath.Join(dir, access.TokenFile))
	require.NoError(t, err)
	return house{Access: a, dir: dir, clock: c, token: strings.TrimSpace(string(b))}
}

// serve runs the routes on a real server whose client follows no redirect.
func serve(t *testing.T, h house, routes []access.Route) (*httptest.Server, *http.Client) {
	t.Helper()
	handler, err := h.Handler(append(h.Routes(), routes...))
	require.NoError(t, err)
	srv := httptest.NewUnstartedServer(handler)
	srv.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)
	srv.Start()
	t.Cleanup(srv.Close)
	return srv, &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
}

func ok(name string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		p, _ := access.From(r.Context())
		_, _ = io.WriteString(w, name+" "+p.ID)
	})
}

// everyAction is one route for each action and method that rooms use.
func everyAction() []access.Route {
	return []access.Route{
		{Method: "GET", Pattern: "/-/healthy", Action: access.Open, Handler: ok("healthy")},
		{Method: "GET", Pattern: "/api/v1/query", Action: access.ReadSignals, Handler: ok("query")},
		{Method: "POST", Pattern: "/api/v1/query", Action: access.ReadSignals, Handler: ok("query")},
		{Method: "GET", Pattern: "/metrics", Action: access.ReadSignals, Handler: ok("metrics")},
		{Method: "POST", Pattern: "/api/v1/write", Action: access.WriteSignals, Handler: ok("write")},
		{Method: "GET", Pattern: "/api/signalbox/v1/kpis/{name}", Action: access.ReadKPIs, Handler: ok("kpi")},
		{Method: "GET", Pattern: "/api/v2/alerts", Action: access.ReadAlerts, Handler: ok("alerts")},
		{Method: "POST", Pattern: "/api/v2/alerts", Action: access.WriteAlerts, Handler: ok("put alerts")},
		{Method: "POST", Pattern: "/api/v2/silences", Action: access.WriteSilences, Handler: ok("silence")},
		{Method: "DELETE", Pattern: "/api/v2/silence/{id}", Action: access.WriteSilences, Handler: ok("expire")},
		{Method: "", Pattern: "/-/reload", Action: access.Operate, Handler: ok("reload")},
		{Method: "GET", Pattern: "/", Action: access.ReadKPIs, Handler: ok("ui")},
	}
}

func cookieOf(t *testing.T, h house, srv *httptest.Server, c *http.Client) *http.Cookie {
	t.Helper()
	base, err := url.Parse(srv.URL)
	require.NoError(t, err)
	res, err := c.Get(h.SignInURL(base))
	require.NoError(t, err)
	_ = res.Body.Close()
	require.Equal(t, http.StatusSeeOther, res.StatusCode)
	require.Len(t, res.Cookies(), 1)
	return res.Cookies()[0]
}

// TestEveryRoute walks the whole table with every way to come.
func TestEveryRoute(t *testing.T) {
	h := open(t, t.TempDir(), nil)
	routes := everyAction()
	srv, client := serve(t, h, routes)
	cookie := cookieOf(t, h, srv, client)
	bearer := func(r *http.Request) { r.Header.Set("Authorization", "Bearer "+h.token) }
	env := func(r *http.Request) { r.Header.Set("Authorization", "Bearer "+envToken) }
	signedIn := func(r *http.Request) { r.AddCookie(cookie) }
	origin := func(o string) func(*http.Request) { return func(r *http.Request) { r.Header.Set("Origin", o) } }
	ways := []struct {
		name string
		do   []func(*http.Request)
		want func(access.Route) int
	}{
		{"nobody", nil, func(r access.Route) int {
			if r.Action == access.Open || r.Action == access.WriteSignals || r.Action == access.WriteAlerts {
				return 200 // health is open, pushes from loopback need no token
			}
			return 401
		}},
		{"bearer of the file", []func(*http.Request){bearer}, func(access.Route) int { return 200 }},
		{"bearer of the environment", []func(*http.Request){env}, func(access.Route) int { return 200 }},
		{"bearer from another origin", []func(*http.Request){bearer, origin("https://evil.example")}, func(access.Route) int { return 200 }},
		{"wrong bearer", []func(*http.Request){func(r *http.Request) { r.Header.Set("Authorization", "Bearer nope") }}, func(r access.Route) int {
			if r.Action == access.Open {
				return 200
			}
			return 401
		}},
		{"basic", []func(*http.Request){func(r *http.Request) { r.SetBasicAuth("admin", h.token) }}, func(r access.Route) int {
			if r.Action == access.Open {
				return 200
			}
			return 401
		}},
		{"cookie, same origin", []func(*http.Request){signedIn, origin(srv.URL)}, func(access.Route) int { return 200 }},
		{"cookie, wrong origin", []func(*http.Request){signedIn, origin("https://evil.example")}, refusedIfChanging},
		{"cookie, same host and another port", []func(*http.Request){signedIn, origin("http://127.0.0.1:1")}, refusedIfChanging},
		{"cookie, null origin", []func(*http.Request){signedIn, origin("null")}, refusedIfChanging},
		{"cookie, no origin", []func(*http.Request){signedIn}, refusedIfChanging},
		{"cookie, cross-site fetch", []func(*http.Request){signedIn, func(r *http.Request) { r.Header.Set("Sec-Fetch-Site", "cross-site") }}, refusedIfChanging},
		{"a page elsewhere pushes to loopback", []func(*http.Request){origin("https://evil.example")}, func(r access.Route) int {
			switch {
			case r.Action == access.Open:
				return 200
			case changing(r):
				return 403
			}
			return 401
		}},
		{"a dead cookie", []func(*http.Request){func(r *http.Request) { r.AddCookie(&http.Cookie{Name: cookie.Name, Value: "dead"}) }, origin(srv.URL)}, func(r access.Route) int {
			if r.Action == access.Open || r.Action == access.WriteSignals || r.Action == access.WriteAlerts {
				return 200
			}
			return 401
		}},
		{"wrong host", []func(*http.Request){bearer, func(r *http.Request) { r.Host = "rebound.example:9700" }}, func(r access.Route) int {
			if r.Action == access.Open {
				return 200
			}
			return 403
		}},
		{"localhost by name", []func(*http.Request){bearer, func(r *http.Request) { r.Host = "LocalHost:9700" }}, func(access.Route) int { return 200 }},
	}
	for _, forward := range []string{"X-Forwarded-For", "Forwarded", "Via", "X-Real-Ip", "X-Forwarded-Host"} {
		ways = append(ways, struct {
			name string
			do   []func(*http.Request)
			want func(access.Route) int
		}{"loopback behind a proxy: " + forward, []func(*http.Request){func(r *http.Request) { r.Header.Set(forward, "203.0.113.9") }}, func(r access.Route) int {
			if r.Action == access.Open {
				return 200
			}
			return 401
		}})
	}
	for _, w := range ways {
		for _, route := range routes {
			method := route.Method
			if method == "" {
				method = "POST"
			}
			path := strings.NewReplacer("{name}", "x", "{id}", "y").Replace(route.Pattern)
			r, err := http.NewRequestWithContext(t.Context(), method, srv.URL+path, nil)
			require.NoError(t, err)
			for _, f := range w.do {
				f(r)
			}
			res, err := client.Do(r)
			require.NoError(t, err)
			body, _ := io.ReadAll(res.Body)
			_ = res.Body.Close()
			require.Equal(t, w.want(route), res.StatusCode, "%s: %s %s: %s", w.name, method, path, body)
			if res.StatusCode >= 400 {
				require.Equal(t, "application/problem+json", res.Header.Get("Content-Type"))
				var p struct{ Detail string }
				require.NoError(t, json.Unmarshal(body, &p))
				require.Greater(t, len(p.Detail), 20, p.Detail)
				require.NotContains(t, string(body), h.token)
			}
			require.NotEmpty(t, res.Header.Get("X-Request-Id"))
			require.Equal(t, "nosniff", res.Header.Get("X-Content-Type-Options"))
			require.Contains(t, res.Header.Get("Content-Security-Policy"), "frame-ancestors 'none'")
			h.clock.add(11 * time.Minute) // wrong tokens slow the next try; that has its own test
		}
	}
}

func changing(r access.Route) bool {
	return r.Method != "GET" || r.Action == access.Operate
}

func refusedIfChanging(r access.Route) int {
	if changing(r) && r.Action != access.Open {
		return 403
	}
	return 200
}

func TestSessionOutlivesRestartAndEnds(t *testing.T) {
	dir := t.TempDir()
	h := open(t, dir, nil)
	srv, client := serve(t, h, everyAction())
	cookie := cookieOf(t, h, srv, client)
	require.True(t, cookie.HttpOnly)
	require.Equal(t, http.SameSiteLaxMode, cookie.SameSite)
	require.False(t, cookie.Secure)
	require.Positive(t, cookie.MaxAge)

	get := func(h house) int {
		handler, err := h.Handler(append(h.Routes(), everyAction()...))
		require.NoError(t, err)
		r := httptest.NewRequest("GET", srv.URL+"/api/v1/query", nil)
		r.AddCookie(cookie)
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, r)
		return w.Code
	}
	again := open(t, dir, nil)
	require.Equal(t, 200, get(again), "a restart signs nobody out")
	again.clock.add(8 * 24 * time.Hour)
	require.Equal(t, 401, get(again), "idle for more than seven days")

	late := open(t, dir, nil)
	for range 35 {
		late.clock.add(24 * time.Hour)
		if get(late) == 401 {
			break
		}
	}
	require.InDelta(t, 30, late.clock.now().Sub(h.clock.now()).Hours()/24, 1, "no session lives beyond thirty days")

	require.NoError(t, os.Remove(filepath.Join(dir, access.TokenFile)))
	require.Equal(t, 401, get(open(t, dir, nil)), "a new admin.token ends the sessions of the old one")
}

func TestSignOut(t *testing.T) {
	h := open(t, t.TempDir(), nil)
	srv, client := serve(t, h, everyAction())
	cookie := cookieOf(t, h, srv, client)
	r, _ := http.NewRequestWithContext(t.Context(), "POST", srv.URL+"/logout", nil)
	r.AddCookie(cookie)
	r.Header.Set("Origin", srv.URL)
	res, err := client.Do(r)
	require.NoError(t, err)
	_ = res.Body.Close()
	require.Equal(t, http.StatusSeeOther, res.StatusCode)
	require.Negative(t, res.Cookies()[0].MaxAge)
	r, _ = http.NewRequestWithContext(t.Context(), "GET", srv.URL+"/metrics", nil)
	r.AddCookie(cookie)
	res, err = client.Do(r)
	require.NoError(t, err)
	_ = res.Body.Close()
	require.Equal(t, 401, res.StatusCode)
}

func TestCodeWorksOnceWithinTheHour(t *testing.T) {
	h := open(t, t.TempDir(), nil)
	srv, client := serve(t, h, nil)
	base, _ := url.Parse(srv.URL)
	get := func(u string, header ...string) *http.Response {
		r, _ := http.NewRequestWithContext(t.Context(), "GET", u, nil)
		if len(header) == 2 {
			r.Header.Set(header[0], header[1])
		}
		res, err := client.Do(r)
		require.NoError(t, err)
		_ = res.Body.Close()
		return res
	}
	link := h.SignInURL(base)
	require.Equal(t, 503, get(link, "Sec-Purpose", "prefetch;prerender").StatusCode, "looking ahead does not use it up")
	require.Equal(t, 303, get(link).StatusCode)
	require.Equal(t, 401, get(link).StatusCode)
	old := h.SignInURL(base)
	h.clock.add(61 * time.Minute)
	require.Equal(t, 401, get(old).StatusCode)
	first := h.SignInURL(base)
	for range 100 {
		h.SignInURL(base)
	}
	require.Equal(t, 401, get(first).StatusCode, "the oldest of too many codes is gone")
}

func TestLoginPage(t *testing.T) {
	h := open(t, t.TempDir(), nil)
	srv, client := serve(t, h, everyAction())
	res, err := client.Do(must(http.NewRequestWithContext(t.Context(), "GET", srv.URL+"/kpi/x?from=1", nil)))
	require.NoError(t, err)
	_ = res.Body.Close()
	require.Equal(t, 401, res.StatusCode, "a program gets a problem")
	r := must(http.NewRequestWithContext(t.Context(), "GET", srv.URL+"/kpi/x?from=1", nil))
	r.Header.Set("Accept", "text/html,*/*")
	res, err = client.Do(r)
	require.NoError(t, err)
	_ = res.Body.Close()
	require.Equal(t, "/login?next=%2Fkpi%2Fx%3Ffrom%3D1", res.Header.Get("Location"), "a person gets the page")

	res, err = client.Get(srv.URL + "/login?next=%2Fkpi%2Fx%3Ffrom%3D1")
	require.NoError(t, err)
	page, err := io.ReadAll(res.Body)
	_ = res.Body.Close()
	require.NoError(t, err)
	require.Less(t, len(page), 30_000)
	require.NotContains(t, string(page), "<script")
	require.Contains(t, string(page), `value="/kpi/x?from=1"`)
	_, nonce, _ := strings.Cut(res.Header.Get("Content-Security-Policy"), "'nonce-")
	nonce, _, _ = strings.Cut(nonce, "'")
	require.Contains(t, string(page), `<style nonce="`+nonce+`">`)

	for _, c := range []struct {
		secret, next, location string
		status                 int
	}{
		{h.token, "/kpi/x?from=1", "/kpi/x?from=1", 303},
		{" " + envToken + "\n", "/", "/", 303},
		{h.token, "//evil.example/", "/", 303},
		{h.token, "https://evil.example/", "/", 303},
		{h.token, `/\evil.example`, "/", 303},
		{"wrong", "/", "", 401},
	} {
		r := must(http.NewRequestWithContext(t.Context(), "POST", srv.URL+"/login", strings.NewReader(url.Values{"secret": {c.secret}, "next": {c.next}}.Encode())))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header.Set("Origin", srv.URL)
		res, err := client.Do(r)
		require.NoError(t, err)
		page, _ := io.ReadAll(res.Body)
		_ = res.Body.Close()
		require.Equal(t, c.status, res.StatusCode)
		require.Equal(t, c.location, res.Header.Get("Location"))
		if c.status == 401 {
			require.Contains(t, string(page), `role="alert"`)
		}
	}
	// Signing a person in to somebody else's account from another page is refused.
	r = must(http.NewRequestWithContext(t.Context(), "POST", srv.URL+"/login", strings.NewReader("secret="+h.token)))
	r.Header.Set("Origin", "https://evil.example")
	res, err = client.Do(r)
	require.NoError(t, err)
	_ = res.Body.Close()
	require.Equal(t, 403, res.StatusCode)
}

func must(r *http.Request, err error) *http.Request {
	if err != nil {
		panic(err)
	}
	return r
}

func TestGuessingIsSlowed(t *testing.T) {
	h := open(t, t.TempDir(), nil)
	handler, err := h.Handler(append(h.Routes(), everyAction()...))
	require.NoError(t, err)
	try := func(token, remote string) *httptest.ResponseRecorder {
		r := httptest.NewRequest("GET", "http://127.0.0.1:9700/metrics", nil)
		r.RemoteAddr = remote
		r.Header.Set("Authorization", "Bearer "+token)
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, r)
		return w
	}
	for range 5 {
		require.Equal(t, 401, try("wrong", "203.0.113.1:1").Code)
	}
	w := try("wrong", "203.0.113.1:2")
	require.Equal(t, 429, w.Code)
	require.Equal(t, "1", w.Header().Get("Retry-After"))
	require.Equal(t, 429, try(envToken, "203.0.113.1:3").Code, "the guess that is right is not looked at while it waits")
	require.Equal(t, 200, try(h.token, "203.0.113.1:3").Code, "256 random bits cannot be guessed, so nobody can lock their holder out")
	require.Equal(t, 200, try(envToken, "203.0.113.2:3").Code, "others are not held up")
	h.clock.add(time.Second)
	require.Equal(t, "2", try("wrong", "203.0.113.1:4").Header().Get("Retry-After"))
	for range 30 {
		h.clock.add(5 * time.Minute)
		w = try("wrong", "203.0.113.1:5")
	}
	require.Equal(t, "300", w.Header().Get("Retry-After"), "never longer than five minutes")
	h.clock.add(5 * time.Minute)
	require.Equal(t, 200, try(envToken, "203.0.113.1:6").Code)
	require.Equal(t, 401, try("wrong", "203.0.113.1:7").Code, "a right one wipes the slate")

	// One person may hold a whole IPv6 /64.
	for range 5 {
		try("wrong", "[2001:db8::1]:1")
	}
	require.Equal(t, 429, try("wrong", "[2001:db8::2]:1").Code)
	require.Equal(t, 401, try("wrong", "[2001:db8:0:1::1]:1").Code)
}

func TestTokenFile(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, access.TokenFile)
	first := open(t, dir, nil).token
	info, err := os.Stat(file)
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o600), info.Mode().Perm())
	require.Len(t, first, 64)
	require.Equal(t, first, open(t, dir, nil).token, "programs that hold it go on working")
	require.NoError(t, os.Chmod(file, 0o644))
	second := open(t, dir, nil).token
	require.NotEqual(t, first, second, "a file that others could read is replaced")
	require.NoError(t, os.WriteFile(file, []byte("short\n"), 0o600))
	require.Len(t, open(t, dir, nil).token, 64)
}

func TestEnvironmentTokenTooShort(t *testing.T) {
	err := access.Options{DB: &statestore.DB{}, DataDir: "x", AdminToken: "abc"}.Validate()
	require.Equal(t, fault.Invalid, fault.KindOf(err))
	require.ErrorContains(t, err, "SIGNALBOX_ADMIN_TOKEN has 3 characters: want 32 or more")
	require.NotContains(t, err.Error(), "abc")
}

func TestCheckListen(t *testing.T) {
	for _, c := range []struct {
		listen   string
		tls      bool
		external string
		ok       bool
	}{
		{"127.0.0.1:9700", false, "", true},
		{"[::1]:9700", false, "", true},
		{"localhost:9700", false, "", true},
		{"127.8.9.1:9700", false, "", true},
		{"0.0.0.0:9700", false, "", false},
		{":9700", false, "", false},
		{"[::]:9700", false, "", false},
		{"192.168.1.4:9700", false, "", false},
		{"box.example:9700", false, "", false},
		{":9700", true, "", true},
		{":9700", false, "https://signalbox.example", true},
		{":9700", false, "http://127.0.0.1:9700", false},
		{":9700", false, "http://localhost:9700", false},
		{"9700", false, "", false},
	} {
		var u *url.URL
		if c.external != "" {
			u, _ = url.Parse(c.external)
		}
		err := access.CheckListen(c.listen, c.tls, u)
		require.Equal(t, c.ok, err == nil, "%+v: %v", c, err)
		if err != nil {
			require.Equal(t, fault.Invalid, fault.KindOf(err))
			require.ErrorContains(t, err, c.listen)
		}
	}
}

func TestBehindAProxyThatEndsTLS(t *testing.T) {
	u, _ := url.Parse("https://signalbox.example")
	h := open(t, t.TempDir(), func(o *access.Options) { o.External = u; o.Listen = []string{":9700"} })
	handler, err := h.Handler(append(h.Routes(), everyAction()...))
	require.NoError(t, err)
	r := httptest.NewRequest("POST", "http://signalbox.example/login", strings.NewReader("secret="+h.token))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Origin", "https://signalbox.example")
	r.Header.Set("X-Forwarded-For", "203.0.113.4")
	w := httptest.NewRecorder()
	handler.ServeHTTP(w, r)
	require.Equal(t, 303, w.Code, w.Body)
	c := w.Result().Cookies()[0]
	require.True(t, c.Secure)
	require.Equal(t, "__Host-signalbox", c.Name)
}

func TestTableIsRefused(t *testing.T) {
	h := open(t, t.TempDir(), nil)
	for want, routes := range map[string][]access.Route{
		`route "GET /a" is mounted twice`: {
			{Method: "GET", Pattern: "/a", Action: access.Open, Handler: ok("")},
			{Method: "GET", Pattern: "/a", Action: access.ReadKPIs, Handler: ok("")},
		},
		`conflicts with pattern`: {
			{Method: "GET", Pattern: "/{x}/a", Action: access.Open, Handler: ok("")},
			{Method: "GET", Pattern: "/a/{x}", Action: access.Open, Handler: ok("")},
		},
		`route "GET /login" is mounted twice`: {{Method: "GET", Pattern: "/login", Action: access.Open, Handler: ok("")}},
		`no action "fly"`:                     {{Method: "GET", Pattern: "/a", Action: "fly", Handler: ok("")}},
		`no handler`:                          {{Method: "GET", Pattern: "/a", Action: access.Open}},
		`a GET must not`:                      {{Method: "GET", Pattern: "/a", Action: access.Operate, Handler: ok("")}},
	} {
		_, err := h.Handler(append(h.Routes(), routes...))
		require.ErrorContains(t, err, want)
	}
}

func TestPanicAndBodyBound(t *testing.T) {
	var log strings.Builder
	h := open(t, t.TempDir(), func(o *access.Options) { o.Logger = slog.New(slog.NewTextHandler(&log, nil)) })
	srv, client := serve(t, h, []access.Route{
		{Method: "GET", Pattern: "/early", Action: access.Open, Handler: http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic("boom") })},
		{Method: "GET", Pattern: "/late", Action: access.Open, Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			_, _ = io.WriteString(w, "half")
			_ = http.NewResponseController(w).Flush()
			panic("boom")
		})},
		{Method: "POST", Pattern: "/echo", Action: access.Operate, Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			n, err := io.Copy(io.Discard, r.Body)
			if err != nil {
				w.WriteHeader(http.StatusRequestEntityTooLarge)
				return
			}
			_ = json.NewEncoder(w).Encode(n)
		})},
	})
	res, err := client.Get(srv.URL + "/early")
	require.NoError(t, err)
	body, _ := io.ReadAll(res.Body)
	_ = res.Body.Close()
	require.Equal(t, 500, res.StatusCode)
	require.Contains(t, string(body), "internal error")
	require.NotContains(t, string(body), "boom")
	require.Contains(t, log.String(), "boom")
	require.Contains(t, log.String(), res.Header.Get("X-Request-Id"))
	res, err = client.Get(srv.URL + "/late")
	require.NoError(t, err)
	_, err = io.ReadAll(res.Body)
	_ = res.Body.Close()
	require.Error(t, err, "an answer that broke off must not look whole")

	for size, want := range map[int]int{1 << 20: 200, 1<<20 + 1: 413} {
		r := must(http.NewRequestWithContext(context.Background(), "POST", srv.URL+"/echo", strings.NewReader(strings.Repeat("x", size))))
		r.Header.Set("Authorization", "Bearer "+h.token)
		res, err := client.Do(r)
		require.NoError(t, err)
		_ = res.Body.Close()
		require.Equal(t, want, res.StatusCode)
	}
}
