package access_test

import (
	"crypto"
	"crypto/hmac"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/signalbox/signalbox/internal/access"
	"github.com/signalbox/signalbox/internal/fault"
)

// issuer is a small OIDC provider: discovery, keys, the authorization page (which signs its person in at once), the token
// endpoint with PKCE, and userinfo.
type issuer struct {
	*httptest.Server
	t     *testing.T
	key   *rsa.PrivateKey
	other *rsa.PrivateKey // a key that it does not publish
	clock *clock

	mu     sync.Mutex
	person map[string]any              // claims of who sits at the browser
	info   map[string]any              // answered by userinfo
	bend   func(claims map[string]any) // makes an ID token wrong
	alg    string                      // RS256, none, HS256, stranger (a key of nobody)
	codes  map[string]url.Values       // code to the authorization request
	asked  url.Values                  // the last authorization request
}

const client, clientSecret = "signalbox", "s3cret"

func newIssuer(t *testing.T, c *clock) *issuer {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	require.NoError(t, err)
	other, err := rsa.GenerateKey(rand.Reader, 2048)
	require.NoError(t, err)
	i := &issuer{t: t, key: key, other: other, clock: c, alg: "RS256", codes: map[string]url.Values{}}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /.well-known/openid-configuration", func(w http.ResponseWriter, _ *http.Request) {
		answer(w, map[string]any{
			"issuer": i.URL, "authorization_endpoint": i.URL + "/authorize", "token_endpoint": i.URL + "/token", "jwks_uri": i.URL + "/keys", "userinfo_endpoint": i.URL + "/userinfo",
			"id_token_signing_alg_values_supported": []string{"RS256", "HS256", "none"},
		})
	})
	mux.HandleFunc("GET /keys", func(w http.ResponseWriter, _ *http.Request) {
		answer(w, map[string]any{"keys": []any{map[string]any{
			"kty": "RSA", "alg": "RS256", "use": "sig", "kid": "1", "n": b64(key.N.Bytes()), "e": b64([]byte{1, 0, 1}),
		}}})
	})
	mux.HandleFunc("GET /authorize", i.authorize)
	mux.HandleFunc("POST /token", i.token)
	mux.HandleFunc("GET /userinfo", func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "Bearer access-token" {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		answer(w, i.info)
	})
	i.Server = httptest.NewServer(mux)
	t.Cleanup(i.Close)
	return i
}

func answer(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(v)
}

func b64(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }

func (i *issuer) authorize(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	if q.Get("client_id") != client || q.Get("response_type") != "code" || q.Get("code_challenge_method") != "S256" || len(q.Get("code_challenge")) != 43 ||
		len(q.Get("state")) < 32 || len(q.Get("nonce")) < 32 || !slices.Contains(strings.Fields(q.Get("scope")), "openid") {
		i.t.Errorf("authorization request is wrong: %v", q)
	}
	i.mu.Lock()
	defer i.mu.Unlock()
	code := b64([]byte(q.Get("state")))[:20]
	i.codes[code], i.asked = q, q
	to, _ := url.Parse(q.Get("redirect_uri"))
	to.RawQuery = url.Values{"code": {code}, "state": {q.Get("state")}, "iss": {i.URL}}.Encode()
	http.Redirect(w, r, to.String(), http.StatusSeeOther)
}

func (i *issuer) token(w http.ResponseWriter, r *http.Request) {
	i.mu.Lock()
	defer i.mu.Unlock()
	id, secret, basic := r.BasicAuth()
	if !basic {
		id, secret = r.FormValue("client_id"), r.FormValue("client_secret")
	}
	q, ok := i.codes[r.FormValue("code")]
	delete(i.codes, r.FormValue("code"))
	challenge := sha256.Sum256([]byte(r.FormValue("code_verifier")))
	if !ok || id != client || secret != clientSecret || b64(challenge[:]) != q.Get("code_challenge") || r.FormValue("redirect_uri") != q.Get("redirect_uri") {
		w.WriteHeader(http.StatusBadRequest)
		answer(w, map[string]any{"error": "invalid_grant"})
		return
	}
	now := i.clock.now().Unix()
	claims := map[string]any{"iss": i.URL, "aud": client, "iat": now, "exp": now + 300, "nonce": q.Get("nonce")}
	if q.Get("max_age") == "0" && q.Get("prompt") == "login" {
		claims["auth_time"] = now
	}
	maps.Copy(claims, i.person)
	if i.bend != nil {
		i.bend(claims)
	}
	answer(w, map[string]any{"access_token": "access-token", "token_type": "Bearer", "expires_in": 300, "id_token": i.sign(claims)})
}

func (i *issuer) sign(claims map[string]any) string {
	head := map[string]any{"alg": i.alg, "kid": "1"}
	key := i.key
	if i.alg == "stranger" {
		head["alg"], key = "RS256", i.other
	}
	h, _ := json.Marshal(head)
	c, _ := json.Marshal(claims)
	body := b64(h) + "." + b64(c)
	sum := sha256.Sum256([]byte(body))
	switch i.alg {
	case "none":
		return body + "."
	case "HS256": // with what an attacker knows: the public key
		m := hmac.New(sha256.New, i.key.N.Bytes())
		m.Write([]byte(body))
		return body + "." + b64(m.Sum(nil))
	}
	sig, err := rsa.SignPKCS1v15(rand.Reader, key, crypto.SHA256, sum[:])
	require.NoError(i.t, err)
	return body + "." + b64(sig)
}

// browser keeps cookies and follows redirects between our server and the provider by hand.
type browser struct {
	t       *testing.T
	w       town
	cookies map[string]*http.Cookie
}

func (b *browser) get(path string) *httptest.ResponseRecorder {
	b.t.Helper()
	r := httptest.NewRequest("GET", "http://127.0.0.1:9700"+path, nil)
	for _, c := range b.cookies {
		r.AddCookie(c)
	}
	rec := httptest.NewRecorder()
	b.w.serve.ServeHTTP(rec, r)
	for _, c := range rec.Result().Cookies() {
		if b.cookies[c.Name] = c; c.MaxAge < 0 {
			delete(b.cookies, c.Name)
		}
	}
	return rec
}

// leave begins a sign-in and comes back from the provider with the address of the answer.
func (b *browser) leave(path string) (callback string) {
	b.t.Helper()
	rec := b.get(path)
	require.Equal(b.t, 303, rec.Code, rec.Body)
	c := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	res, err := c.Get(rec.Header().Get("Location"))
	require.NoError(b.t, err)
	_, _ = io.Copy(io.Discard, res.Body)
	_ = res.Body.Close()
	u, err := res.Location()
	require.NoError(b.t, err)
	return u.RequestURI()
}

func (b *browser) signIn() *httptest.ResponseRecorder {
	b.t.Helper()
	return b.get(b.leave("/login/oidc?next=%2Fkpi%2Fx"))
}

func openOIDC(t *testing.T) (town, *issuer, *browser) {
	t.Helper()
	c := &clock{t: time.Now().Truncate(time.Second)}
	i := newIssuer(t, c)
	w := openTown(t, func(o *access.Options) {
		o.Now = c.now
		o.OIDC = &access.OIDC{
			Name: "IRS sign-on", Issuer: i.URL, ClientID: client, ClientSecret: clientSecret, RoleClaim: "realm_access.roles", Client: i.Client(),
			RedirectURL: "http://127.0.0.1:9700/login/oidc/callback", NoRole: "ask the service desk for the group signalbox-users.",
			Map: map[string][]access.GrantText{"sre": {{Role: access.Analyst}}, "irs-dev": {{Role: access.Developer, Scope: `agency="IRS"`}}, "boss": {{Role: access.Admin}}},
		}
	})
	w.clock = c
	i.person = map[string]any{"sub": "42", "email": "Bob@IRS.example", "email_verified": true, "name": "Bob", "realm_access": map[string]any{"roles": []string{"offline", "irs-dev"}}}
	return w, i, &browser{t: t, w: w, cookies: map[string]*http.Cookie{}}
}

func roles(rs ...string) map[string]any { return map[string]any{"roles": rs} }

func TestSignOn(t *testing.T) {
	w, i, b := openOIDC(t)
	require.Contains(t, b.get("/login").Body.String(), `Sign in with IRS sign-on`)
	rec := b.signIn()
	require.Equal(t, "/kpi/x", rec.Header().Get("Location"), rec.Body)
	require.Equal(t, []string{"bob@irs.example user_create bob@irs.example done", `bob@irs.example role_grant bob@irs.example done developer {agency="IRS"}`, "bob@irs.example sign_in bob@irs.example done"}, w.chain.take())
	us, err := w.Users(start(t))
	require.NoError(t, err)
	require.Len(t, us, 1)
	require.Equal(t, "oidc", us[0].Origin)
	require.Equal(t, []access.GrantText{grant(access.Developer, `agency="IRS"`)}, us[0].Grants)
	require.Equal(t, 200, b.get("/api/v1/query").Code)
	require.Equal(t, 403, b.get("/audit").Code)
	w.chain.take()

	// Grants follow the claim, for the sessions that are open as well.
	again := &browser{t: t, w: w, cookies: map[string]*http.Cookie{}}
	i.person["realm_access"] = roles("boss", "sre")
	require.Equal(t, 303, again.signIn().Code)
	require.Equal(t, 200, b.get("/audit").Code)
	require.Equal(t, []string{`bob@irs.example role_revoke bob@irs.example done developer {agency="IRS"}`, "bob@irs.example role_grant bob@irs.example done admin",
		"bob@irs.example role_grant bob@irs.example done analyst", "bob@irs.example sign_in bob@irs.example done"}, w.chain.take())
	_, err = w.UpdateUser(start(t), "bob@irs.example", access.UserChange{Grants: &[]access.GrantText{}})
	require.ErrorContains(t, err, "follow the sign-on provider")
	_, err = w.SetPassword(start(t), access.PasswordChange{User: "bob@irs.example"})
	require.Error(t, err)
	_, _, err = w.Login(request("203.0.113.7:1"), access.LoginInput{Login: "bob@irs.example", Password: ""})
	require.Equal(t, fault.Unauthorized, fault.KindOf(err))

	// No mapped role any more: refused with the text, and what was open ends.
	i.person["realm_access"] = roles("offline")
	rec = (&browser{t: t, w: w, cookies: map[string]*http.Cookie{}}).signIn()
	require.Equal(t, 403, rec.Code)
	require.Contains(t, rec.Body.String(), "Ask the service desk for the group signalbox-users.")
	require.Equal(t, 401, b.get("/me").Code)
	require.Equal(t, 401, again.get("/me").Code)

	// Disabled here: the provider's word does not count.
	i.person["realm_access"] = roles("sre")
	require.Equal(t, 303, again.signIn().Code)
	_, err = w.UpdateUser(start(t), "bob@irs.example", access.UserChange{State: p(access.Disabled)})
	require.NoError(t, err)
	require.Contains(t, again.signIn().Body.String(), "The account bob@irs.example is disabled")
}

// TestSignOnTakesNobodyOver: an account is known by issuer and subject, never by a name that somebody chose.
func TestSignOnTakesNobodyOver(t *testing.T) {
	w, i, b := openOIDC(t)
	w.person(t, "ann@irs.example", grant(access.Admin))
	i.person["email"] = "ann@irs.example"
	rec := b.signIn()
	require.Equal(t, 409, rec.Code)
	require.Contains(t, rec.Body.String(), "belongs to another account here")
	i.person["email_verified"] = false
	rec = b.signIn()
	require.Equal(t, 403, rec.Code)
	require.Contains(t, rec.Body.String(), "neither a verified e-mail address nor a user name")
	i.person["preferred_username"] = "bobby"
	require.Equal(t, 303, b.signIn().Code)
	u, err := w.User(start(t), "bobby")
	require.NoError(t, err)
	// Another subject with the same name is another person, and refused.
	i.person["sub"] = "43"
	require.Equal(t, 409, b.signIn().Code)
	// The person is renamed at the provider, first to a name that is taken.
	i.person["sub"], i.person["email_verified"] = "42", true
	require.Equal(t, 303, b.signIn().Code)
	v, err := w.User(start(t), u.ID)
	require.NoError(t, err)
	require.Equal(t, "bobby", v.Login)
	i.person["email"] = "bob.new@irs.example"
	require.Equal(t, 303, b.signIn().Code)
	v, err = w.User(start(t), u.ID)
	require.NoError(t, err)
	require.Equal(t, "bob.new@irs.example", v.Login)
}

// TestForgedIdentities: each is one way to be somebody else, and none is.
func TestForgedIdentities(t *testing.T) {
	for name, c := range map[string]struct {
		alg  string
		bend func(map[string]any)
		ok   bool
	}{
		"as it should be":               {ok: true},
		"wrong nonce":                   {bend: func(m map[string]any) { m["nonce"] = strings.Repeat("0", 64) }},
		"no nonce":                      {bend: func(m map[string]any) { delete(m, "nonce") }},
		"for another client":            {bend: func(m map[string]any) { m["aud"] = "other" }},
		"for two, ours not authorised":  {bend: func(m map[string]any) { m["aud"] = []string{client, "other"} }},
		"for two, authorised for other": {bend: func(m map[string]any) { m["aud"], m["azp"] = []string{client, "other"}, "other" }},
		"for two, authorised for us":    {ok: true, bend: func(m map[string]any) { m["aud"], m["azp"] = []string{client, "other"}, client }},
		"of another issuer":             {bend: func(m map[string]any) { m["iss"] = "https://evil.example" }},
		"expired":                       {bend: func(m map[string]any) { m["exp"] = m["iat"].(int64) - 61 }},
		"expired within the skew":       {ok: true, bend: func(m map[string]any) { m["exp"] = m["iat"].(int64) - 59 }},
		"from the future":               {bend: func(m map[string]any) { m["iat"] = m["iat"].(int64) + 61 }},
		"from the future, within skew":  {ok: true, bend: func(m map[string]any) { m["iat"] = m["iat"].(int64) + 59 }},
		"not yet valid":                 {bend: func(m map[string]any) { m["nbf"] = m["iat"].(int64) + 600 }},
		"of nobody":                     {bend: func(m map[string]any) { m["sub"] = "" }},
		"not signed":                    {alg: "none"},
		"signed with the public key":    {alg: "HS256"},
		"signed with another's key":     {alg: "stranger"},
		"without expiry":                {bend: func(m map[string]any) { delete(m, "exp") }},
	} {
		t.Run(name, func(t *testing.T) {
			w, i, b := openOIDC(t)
			i.bend = c.bend
			if c.alg != "" {
				i.alg = c.alg
			}
			rec := b.signIn()
			if c.ok {
				require.Equal(t, 303, rec.Code, rec.Body)
				require.Equal(t, 200, b.get("/me").Code)
				return
			}
			require.Equal(t, 401, rec.Code, rec.Body)
			require.NotContains(t, rec.Body.String(), "oidc:", "what went wrong stands in the log")
			require.Equal(t, 401, b.get("/me").Code)
			require.False(t, w.HasPeople())
			require.Equal(t, []string{" sign_in_failed  failed"}, w.chain.take())
		})
	}
}

// TestAnswersOfOtherFlows: an answer counts once, for the browser that asked, within ten minutes.
func TestAnswersOfOtherFlows(t *testing.T) {
	w, i, b := openOIDC(t)
	refused := func(rec *httptest.ResponseRecorder, sentence string) {
		t.Helper()
		require.Equal(t, 401, rec.Code)
		require.Contains(t, rec.Body.String(), sentence)
		require.Equal(t, 401, b.get("/me").Code)
	}
	mine := b.leave("/login/oidc")
	refused((&browser{t: t, w: w, cookies: map[string]*http.Cookie{}}).get(mine), "This browser began no sign-in")
	attacker := &browser{t: t, w: w, cookies: map[string]*http.Cookie{}}
	theirs := attacker.leave("/login/oidc")
	b.leave("/login/oidc")
	refused(b.get(theirs), "The answer belongs to another sign-in")
	refused(b.get(theirs), "This browser began no sign-in")

	mine = b.leave("/login/oidc")
	flow := b.cookies["signalbox-oidc-9700"]
	require.True(t, flow.HttpOnly)
	require.LessOrEqual(t, flow.MaxAge, 600)
	require.Equal(t, http.SameSiteLaxMode, flow.SameSite)
	b.cookies[flow.Name] = &http.Cookie{Name: flow.Name, Value: flow.Value[:len(flow.Value)-4] + "AAAA"}
	refused(b.get(mine), "This browser began no sign-in")

	mine = b.leave("/login/oidc")
	refused(b.get(strings.Replace(mine, url.QueryEscape(i.URL), url.QueryEscape("https://evil.example"), 1)), "The answer is another provider")
	mine = b.leave("/login/oidc")
	state := must(http.NewRequest("GET", mine, nil)).URL.Query().Get("state")
	refused(b.get("/login/oidc/callback?error=access_denied%3Cscript%3E&error_description=call+0900&state="+state), "IRS sign-on did not sign you in (access_deniedscript)")
	mine = b.leave("/login/oidc")
	w.clock.add(10 * time.Minute)
	refused(b.get(mine), "more than ten minutes ago")
	mine = b.leave("/login/oidc")
	i.mu.Lock()
	for _, q := range i.codes {
		q.Set("code_challenge", strings.Repeat("0", 43))
	}
	i.mu.Unlock()
	refused(b.get(mine), "the code was not taken") // the verifier does not fit

	mine = b.leave("/login/oidc?next=https%3A%2F%2Fevil.example")
	require.Equal(t, "/", b.get(mine).Header().Get("Location"))
}

// TestConfirmThroughTheProvider: approving asks for a recent personal sign-in; an old session of the provider is none.
func TestConfirmThroughTheProvider(t *testing.T) {
	w, i, b := openOIDC(t)
	require.Equal(t, 303, b.signIn().Code)
	var who access.Principal
	handler, err := w.Handler(append(w.Routes(), access.Route{Method: "GET", Pattern: "/who", Action: access.SignedIn, Handler: http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		who, _ = access.From(r.Context())
	})}))
	require.NoError(t, err)
	b.w.serve = handler
	b.get("/who")
	require.Zero(t, who.SignedInAt, "the provider did not say when it saw the person")
	require.Error(t, w.Recent(who))
	_, err = w.Confirm(as(t, who), pass)
	require.ErrorContains(t, err, "/login/oidc?confirm=1")

	mine := b.leave("/login/oidc?confirm=1&next=%2Fproposals%2F7")
	require.Equal(t, "login", i.asked.Get("prompt"))
	require.Equal(t, "0", i.asked.Get("max_age"))
	require.Equal(t, "/proposals/7", b.get(mine).Header().Get("Location"))
	b.get("/who")
	require.NoError(t, w.Recent(who))
	w.clock.add(16 * time.Minute)
	require.Error(t, w.Recent(who))

	i.bend = func(m map[string]any) { m["auth_time"] = m["iat"].(int64) - 600 }
	rec := b.get(b.leave("/login/oidc?confirm=1"))
	require.Equal(t, 403, rec.Code)
	require.Contains(t, rec.Body.String(), "did not ask again who you are")
	i.bend = func(m map[string]any) { delete(m, "auth_time") }
	require.Equal(t, 403, b.get(b.leave("/login/oidc?confirm=1")).Code)
	i.bend = func(m map[string]any) { m["auth_time"] = m["iat"].(int64) + 3600 }
	require.Equal(t, 303, b.get(b.leave("/login/oidc?confirm=1")).Code)
	b.get("/who")
	require.Equal(t, w.clock.now().UnixMilli(), who.SignedInAt, "never in the future")
	w.clock.add(16 * time.Minute)
	i.bend = func(m map[string]any) { m["sub"] = "43" }
	rec = b.get(b.leave("/login/oidc?confirm=1"))
	require.Contains(t, rec.Body.String(), "signed in another person than bob@irs.example")
	b.get("/who")
	require.Error(t, w.Recent(who))
	require.Equal(t, 401, (&browser{t: t, w: w, cookies: map[string]*http.Cookie{}}).get("/login/oidc?confirm=1").Code)
}

func TestRolesFromUserinfo(t *testing.T) {
	_, i, b := openOIDC(t)
	delete(i.person, "realm_access")
	i.info = map[string]any{"sub": "42", "realm_access": roles("sre"), "name": "Mallory"}
	require.Equal(t, 303, b.signIn().Code)
	require.Equal(t, 200, b.get("/me").Code)
	i.info["sub"] = "43"
	require.Contains(t, b.signIn().Body.String(), "the user&#39;s details are another&#39;s")
}

func TestProviderThatIsAway(t *testing.T) {
	w, i, b := openOIDC(t)
	addr := i.Listener.Addr().String()
	i.Close()
	rec := b.get("/login/oidc")
	require.Equal(t, 503, rec.Code)
	require.Contains(t, rec.Body.String(), "IRS sign-on does not answer")
	require.NotContains(t, rec.Body.String(), addr)
	require.Contains(t, rec.Body.String(), `name="secret"`, "the other ways are open")
	require.Equal(t, 200, w.bearer("GET", "/me", w.token).Code)
}

func TestOIDCOptions(t *testing.T) {
	good := access.OIDC{Issuer: "https://id.example", ClientID: "x", RedirectURL: "https://box.example/login/oidc/callback", Client: http.DefaultClient, Map: map[string][]access.GrantText{"a": {{Role: access.Viewer}}}}
	require.NoError(t, good.Validate())
	for want, change := range map[string]func(*access.OIDC){
		"issuer":       func(o *access.OIDC) { o.Issuer = "http://id.example" },
		"client_id":    func(o *access.OIDC) { o.ClientID = "" },
		"redirect_url": func(o *access.OIDC) { o.RedirectURL = "https://box.example/" },
		"map: empty":   func(o *access.OIDC) { o.Map = nil },
		`"a": role`:    func(o *access.OIDC) { o.Map = map[string][]access.GrantText{"a": {{Role: "root"}}} },
		"clock_skew":   func(o *access.OIDC) { o.ClockSkew = time.Hour },
		"no client":    func(o *access.OIDC) { o.Client = nil },
	} {
		o := good
		change(&o)
		require.ErrorContains(t, o.Validate(), want)
	}
}
