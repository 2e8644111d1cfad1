package receive_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/signalbox/signalbox/internal/gate"
	"github.com/signalbox/signalbox/internal/receive"
)

// porch is the public door over a real gate.
type porch struct {
	t     testing.TB
	shelf *shelf
	gate  *gate.Gate
	door  *receive.Public
	now   time.Time
}

const (
	firefox = "Mozilla/5.0 (X11; Linux x86_64; rv:132.0) Gecko/20100101 Firefox/132.0"
	origin  = "https://efile.irs.example"
)

func newPorch(t testing.TB) *porch {
	p := &porch{t: t, shelf: &shelf{}, now: eventsNow}
	c := receive.PublicConfig{Listen: "0.0.0.0:9701", TrustedProxies: []string{"10.0.0.0/8"}, Sites: []receive.Site{
		{Key: "efile", Origins: []string{origin, "https://www.irs.example:8443"}, Service: "efile-web", Env: "prod", Agency: "IRS", RatePerSecond: 20, NetworkRate: 5},
		{Key: "other", Origins: []string{"https://other.example"}, Service: "other"},
	}}
	require.NoError(t, c.Validate())
	proxies, err := c.Proxies()
	require.NoError(t, err)
	now := func() time.Time { return p.now }
	p.gate = gate.New(gate.Options{Rows: p.shelf, Now: now})
	p.door = receive.NewPublic(receive.PublicOptions{Gate: p.gate, Now: now, TrustedProxies: proxies, Sites: func() []receive.Site { return c.Sites },
		Script: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "script") })})
	return p
}

func (p *porch) ask(method, target, body string, header ...string) *http.Response {
	r := httptest.NewRequest(method, target, strings.NewReader(body))
	r.RemoteAddr = "203.0.113.9:4711"
	r.Header.Set("Origin", origin)
	r.Header.Set("User-Agent", firefox)
	for i := 0; i+1 < len(header); i += 2 {
		switch {
		case header[i] == "from":
			r.RemoteAddr = header[i+1]
		case header[i+1] == "":
			r.Header.Del(header[i])
		default:
			r.Header.Set(header[i], header[i+1])
		}
	}
	w := httptest.NewRecorder()
	p.door.ServeHTTP(w, r)
	return w.Result()
}

func (p *porch) send(body string, header ...string) int {
	res := p.ask(http.MethodPost, "/v1/events?site=efile", body, header...)
	b, err := io.ReadAll(res.Body)
	require.NoError(p.t, err)
	require.Empty(p.t, b, "a stranger hears a status, nothing else")
	require.Empty(p.t, res.Header.Values("Set-Cookie"))
	return res.StatusCode
}

func TestPublicServesTwoThingsOnly(t *testing.T) {
	p := newPorch(t)
	for path, want := range map[string]int{"/sb.js": 200, "/": 404, "/metrics": 404, "/v1/track": 404, "/v1/events/": 404, "/v1/events/schema": 404,
		"/api/signalbox/v1/login": 404, "/v1/logs": 404, "/-/healthy": 404, "/sb.js/x": 404, "/v1/events": 405} {
		require.Equal(t, want, p.ask(http.MethodGet, path, "").StatusCode, path)
	}
	res := p.ask(http.MethodGet, "/sb.js", "")
	for name, want := range map[string]string{"Access-Control-Allow-Origin": "*", "Cross-Origin-Resource-Policy": "cross-origin", "X-Content-Type-Options": "nosniff"} {
		require.Equal(t, want, res.Header.Get(name))
	}
}

func TestPublicStampsWhatBelongsToTheServer(t *testing.T) {
	p := newPorch(t)
	require.Equal(t, 204, p.send(`{"context": {"service": "payments", "env": "test", "agency": "SSA", "release": "x", "version": "9"}, "events": [
		{"name": "page_view", "route": "/a?b=c", "user": "u", "session": "s", "properties": {"service.name": "payments", "deployment.environment": "test", "source": "rules", "trust": "internal", "bot": "false", "browser": "mine"}}]}`))
	r := p.shelf.rows[0]
	require.Equal(t, []string{"efile-web", "prod", "IRS", "", "", "public efile", "public", "u", "s", "/a"},
		[]string{r.Service, r.Env, r.Agency, r.Version, r.Release, r.Source, r.Trust, r.User, r.Session, r.Route})
	require.Equal(t, attrs("properties.source", "rules", "properties.trust", "internal", "browser", "firefox", "os", "linux", "device", "desktop"), r.Attrs)
}

func TestPublicFlagsRobotsAndForgetsUserAgents(t *testing.T) {
	p := newPorch(t)
	for ua, want := range map[string]string{
		"Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)":                                  "bot",
		"Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) HeadlessChrome/130.0 Safari/537.36": "bot",
		"curl/8.5.0":                "bot",
		"Ann Smith's own browser 1": "",
		"Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.0 Mobile/15E148 Safari/604.1": "",
	} {
		require.Equal(t, 204, p.send(`{"name": "a"}`, "User-Agent", ua, "from", fmt.Sprintf("203.0.%d.9:1", len(ua))))
		r := p.shelf.rows[len(p.shelf.rows)-1]
		bot, _ := r.Attribute("bot")
		require.Equal(t, want != "", bot == "true", ua)
		for _, a := range r.Attrs {
			require.NotContains(t, a.Value, "Ann")
			require.NotContains(t, a.Value, "Mozilla")
		}
	}
	browser, _ := p.shelf.rows[0].Attribute("os")
	require.NotContains(t, browser, "/")
}

func TestPublicTurnsAway(t *testing.T) {
	p := newPorch(t)
	for name, c := range map[string]struct {
		target, body string
		header       []string
		want         int
	}{
		"no key":            {"/v1/events", `{"name":"a"}`, nil, 403},
		"unknown key":       {"/v1/events?site=nobody", `{"name":"a"}`, nil, 403},
		"no origin":         {"/v1/events?site=efile", `{"name":"a"}`, []string{"Origin", ""}, 403},
		"null origin":       {"/v1/events?site=efile", `{"name":"a"}`, []string{"Origin", "null"}, 403},
		"another site's":    {"/v1/events?site=efile", `{"name":"a"}`, []string{"Origin", "https://other.example"}, 403},
		"a subdomain":       {"/v1/events?site=efile", `{"name":"a"}`, []string{"Origin", "https://x.efile.irs.example"}, 403},
		"a longer host":     {"/v1/events?site=efile", `{"name":"a"}`, []string{"Origin", "https://efile.irs.example.evil.example"}, 403},
		"another scheme":    {"/v1/events?site=efile", `{"name":"a"}`, []string{"Origin", "http://efile.irs.example"}, 403},
		"another port":      {"/v1/events?site=efile", `{"name":"a"}`, []string{"Origin", "https://efile.irs.example:444"}, 403},
		"other case":        {"/v1/events?site=efile", `{"name":"a"}`, []string{"Origin", "https://EFILE.irs.example"}, 403},
		"second origin":     {"/v1/events?site=efile", `{"name":"a"}`, []string{"Origin", "https://www.irs.example:8443"}, 204},
		"65 kB":             {"/v1/events?site=efile", strings.Repeat(" ", 64<<10) + `{"name":"a"}`, nil, 413},
		"broken":            {"/v1/events?site=efile", `{"name":`, nil, 400},
		"nothing good":      {"/v1/events?site=efile", `{"events":[{"name":""}]}`, nil, 400},
		"Segment's":         {"/v1/events?site=efile", `{"batch":[{"type":"track","event":"a","userId":"u"}]}`, nil, 400},
		"form":              {"/v1/events?site=efile", `name=a`, []string{"Content-Type", "application/x-www-form-urlencoded"}, 415},
		"partly good":       {"/v1/events?site=efile", `{"events":[{"name":"a"},{"name":""}]}`, nil, 204},
		"sendBeacon's text": {"/v1/events?site=efile", `{"name":"a"}`, []string{"Content-Type", "text/plain;charset=UTF-8"}, 204},
	} {
		p.now = p.now.Add(time.Minute) // rates are another matter
		res := p.ask(http.MethodPost, c.target, c.body, c.header...)
		require.Equal(t, c.want, res.StatusCode, name)
		if c.want == 403 {
			require.Empty(t, res.Header.Get("Access-Control-Allow-Origin"), name)
		}
		b, _ := io.ReadAll(res.Body)
		require.Empty(t, b, name)
	}
	require.Len(t, p.shelf.rows, 3)
	refused := map[string]map[string]int64{}
	for _, s := range p.gate.Sources() {
		refused[s.Source] = s.Refused["events"]
	}
	require.EqualValues(t, 2, refused["public"]["unauthorized"], "unknown keys count for one source")
	require.EqualValues(t, 8, refused["public efile"]["unauthorized"])
	require.EqualValues(t, 1, refused["public efile"]["body_too_large"])
}

func TestPublicPreflight(t *testing.T) {
	p := newPorch(t)
	res := p.ask(http.MethodOptions, "/v1/events?site=efile", "", "Access-Control-Request-Method", "POST")
	require.Equal(t, 204, res.StatusCode)
	for name, want := range map[string]string{"Access-Control-Allow-Origin": origin, "Access-Control-Allow-Methods": "POST",
		"Access-Control-Allow-Headers": "Content-Type, Content-Encoding", "Access-Control-Max-Age": "7200", "Vary": "Origin",
		"Access-Control-Allow-Credentials": ""} {
		require.Equal(t, want, res.Header.Get(name), name)
	}
	res = p.ask(http.MethodOptions, "/v1/events?site=other", "")
	require.Equal(t, 403, res.StatusCode)
	require.Empty(t, res.Header.Get("Access-Control-Allow-Origin"))
}

func TestPublicRates(t *testing.T) {
	p := newPorch(t)
	ten := `{"events": [` + strings.TrimSuffix(strings.Repeat(`{"name":"a"},`, 10), ",") + `]}`
	from := func(network int) (sent int) {
		for range 100 {
			if p.send(ten, "from", fmt.Sprintf("203.0.%d.%d:1", network, sent+1)) != 204 {
				return sent
			}
			sent++
		}
		return sent
	}
	require.Equal(t, 5, from(1), "ten seconds' worth of a network: 50 events, from any address in it")
	require.Equal(t, 0, from(1))
	require.Equal(t, 5, from(2), "another network has its own")
	require.Equal(t, 5, from(3))
	require.Equal(t, 5, from(4))
	require.Equal(t, 0, from(5), "200 events are ten seconds' worth of the site")
	res := p.ask(http.MethodPost, "/v1/events?site=efile", ten)
	require.Equal(t, 429, res.StatusCode)
	require.Equal(t, "1", res.Header.Get("Retry-After"))
	require.Equal(t, "Retry-After", res.Header.Get("Access-Control-Expose-Headers"))
	p.now = p.now.Add(2 * time.Second)
	require.Equal(t, 1, from(1), "ten events came back, and the 11th is owed")
	require.NotZero(t, p.gate.Sources()[0].Refused["events"]["rate"])
}

func TestPublicNetworks(t *testing.T) {
	full := `{"events": [` + strings.TrimSuffix(strings.Repeat(`{"name":"a"},`, 50), ",") + `]}`
	for _, c := range []struct {
		first, firstFor, second, secondFor string
		same                               bool
	}{
		{"203.0.113.9:1", "", "203.0.113.200:1", "", true},
		{"203.0.113.9:1", "", "203.0.114.9:1", "", false},
		{"[2001:db8:1:2::1]:1", "", "[2001:db8:1:ffff::1]:1", "", true},
		{"[2001:db8:1:2::1]:1", "", "[2001:db8:2:2::1]:1", "", false},
		{"[::ffff:203.0.113.9]:1", "", "203.0.113.10:1", "", true},
		{"203.0.113.9:1", "1.2.3.4", "203.0.113.9:1", "5.6.7.8", true},              // no proxy of ours: not believed
		{"10.0.0.1:1", "1.2.3.4", "10.0.0.1:1", "5.6.7.8", false},                   // ours
		{"10.0.0.1:1", "9.9.9.9, 1.2.3.4, 10.0.0.2", "10.0.0.1:1", "1.2.3.5", true}, // the nearest that is not ours
	} {
		p := newPorch(t)
		require.Equal(t, 204, p.send(full, "from", c.first, "X-Forwarded-For", c.firstFor))
		want := 204
		if c.same {
			want = 429
		}
		require.Equal(t, want, p.send(full, "from", c.second, "X-Forwarded-For", c.secondFor), c)
	}
}

func TestPublicRetryCountsOnce(t *testing.T) {
	p := newPorch(t)
	for range 2 {
		require.Equal(t, 204, p.send(`{"events": [{"id": "1", "name": "a"}, {"id": "2", "name": "a"}]}`))
	}
	require.Len(t, p.shelf.rows, 2)
}

func TestPublicConfig(t *testing.T) {
	good := func() *receive.PublicConfig {
		return &receive.PublicConfig{Listen: ":9701", Sites: []receive.Site{{Key: "efile", Origins: []string{origin}, Service: "efile-web"}}}
	}
	c := good()
	require.NoError(t, c.Validate())
	require.Equal(t, []float64{100, 20}, []float64{c.Sites[0].RatePerSecond, c.Sites[0].NetworkRate})
	for want, spoil := range map[string]func(*receive.PublicConfig){
		"listen_public.listen is missing":                                func(c *receive.PublicConfig) { c.Listen = "" },
		"listen_public.sites is empty":                                   func(c *receive.PublicConfig) { c.Sites = nil },
		`listen_public.sites[0].key is "a b"`:                            func(c *receive.PublicConfig) { c.Sites[0].Key = "a b" },
		`listen_public.sites[1].key "efile" is taken`:                    func(c *receive.PublicConfig) { c.Sites = append(c.Sites, c.Sites[0]) },
		"listen_public.sites[0].origins is empty":                        func(c *receive.PublicConfig) { c.Sites[0].Origins = nil },
		`listen_public.sites[0].origins[0] is "*"`:                       func(c *receive.PublicConfig) { c.Sites[0].Origins[0] = "*" },
		`listen_public.sites[0].origins[0] is "https://*.irs.example"`:   func(c *receive.PublicConfig) { c.Sites[0].Origins[0] = "https://*.irs.example" },
		`listen_public.sites[0].origins[0] is "https://irs.example/"`:    func(c *receive.PublicConfig) { c.Sites[0].Origins[0] = "https://irs.example/" },
		`listen_public.sites[0].origins[0] is "https://irs.example:443"`: func(c *receive.PublicConfig) { c.Sites[0].Origins[0] = "https://irs.example:443" },
		`listen_public.sites[0].origins[0] is "https://IRS.example"`:     func(c *receive.PublicConfig) { c.Sites[0].Origins[0] = "https://IRS.example" },
		`listen_public.sites[0].origins[0] is "irs.example"`:             func(c *receive.PublicConfig) { c.Sites[0].Origins[0] = "irs.example" },
		"listen_public.sites[0].service is missing":                      func(c *receive.PublicConfig) { c.Sites[0].Service = "" },
		"listen_public.sites[0]: rate -1":                                func(c *receive.PublicConfig) { c.Sites[0].RatePerSecond = -1 },
		`listen_public.trusted_proxies[0] is "nearby"`:                   func(c *receive.PublicConfig) { c.TrustedProxies = []string{"nearby"} },
	} {
		c := good()
		spoil(c)
		require.ErrorContains(t, c.Validate(), want)
	}
}

// The door on a real listener: a slow body is cut, other senders are not held up.
func TestPublicServer(t *testing.T) {
	p := newPorch(t)
	s := httptest.NewUnstartedServer(nil)
	s.Config = p.door.Server()
	s.Start()
	defer s.Close()
	r, err := http.NewRequest(http.MethodPost, s.URL+"/v1/events?site=efile", strings.NewReader(`{"name": "a"}`))
	require.NoError(t, err)
	r.Header.Set("Origin", origin)
	res, err := s.Client().Do(r)
	require.NoError(t, err)
	require.NoError(t, res.Body.Close())
	require.Equal(t, 204, res.StatusCode)
	require.NotZero(t, s.Config.ReadHeaderTimeout)
}

func FuzzPublic(f *testing.F) {
	f.Add(`{"events": [{"name": "a"}]}`, "efile", origin, firefox, "1.2.3.4")
	f.Add(`{"batch": []}`, "other", "null", "Mozilla/5.0 (+http://x", "a, b")
	f.Fuzz(func(t *testing.T, body, key, from, agent, forwarded string) {
		p := newPorch(t)
		r := httptest.NewRequest(http.MethodPost, "/v1/events", strings.NewReader(body))
		r.URL.RawQuery = "site=" + key
		r.RemoteAddr = "10.0.0.1:1"
		r.Header.Set("Origin", from)
		r.Header.Set("User-Agent", agent)
		r.Header.Set("X-Forwarded-For", forwarded)
		w := httptest.NewRecorder()
		p.door.ServeHTTP(w, r)
		require.Contains(t, []int{204, 400, 403, 413, 429}, w.Code)
		for _, row := range p.shelf.rows {
			require.Contains(t, []string{"efile-web", "other"}, row.Service)
			require.Equal(t, "public", row.Trust)
		}
	})
}
