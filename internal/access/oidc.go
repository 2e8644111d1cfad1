package access

import (
	"cmp"
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"

	"github.com/signalbox/signalbox/internal/fault"
)

// OIDC says how people sign in through a provider. They appear as users at their first sign-in, and their grants follow the
// role claim at each.
type OIDC struct {
	Name         string                 // on the button; default "single sign-on"
	Issuer       string                 // as the provider's discovery document has it
	ClientID     string                 // of this server at the provider
	ClientSecret string                 // empty for a public client
	Scopes       []string               // beside openid; default email and profile
	RoleClaim    string                 // a claim or a path to one, such as realm_access.roles; default groups
	Map          map[string][]GrantText // value of the role claim to grants; several values add up
	RedirectURL  string                 // https://this.server/login/oidc/callback
	ClockSkew    time.Duration          // how far the provider's clock may be off; default 1 min, at most 5
	NoRole       string                 // what to tell people to whom no value of the claim gives a grant
	Client       *http.Client           // dials the provider; the house's guarded one
}

const maxSkew = 5 * time.Minute

// Validate reports the first option that is wrong.
func (o OIDC) Validate() error {
	issuer, err := url.Parse(o.Issuer)
	if err != nil || issuer.Host == "" || (issuer.Scheme != "https" && (issuer.Scheme != "http" || !loopbackName(issuer.Hostname()))) || issuer.RawQuery != "" || issuer.Fragment != "" {
		return fault.New(fault.Invalid, "oidc: issuer %q: want the https address in the provider's discovery document", o.Issuer)
	}
	back, err := url.Parse(o.RedirectURL)
	switch {
	case o.ClientID == "":
		return fault.New(fault.Invalid, `oidc: client_id "": want the id that the provider gave this server`)
	case err != nil || back.Host == "" || (back.Scheme != "https" && back.Scheme != "http") || !strings.HasSuffix(back.Path, "/login/oidc/callback"):
		return fault.New(fault.Invalid, "oidc: redirect_url %q: want external_url with /login/oidc/callback", o.RedirectURL)
	case o.Client == nil:
		return fmt.Errorf("oidc: no client")
	case len(o.Map) == 0:
		return fault.New(fault.Invalid, "oidc: map: empty, so nobody would have a role").Hint("Map values of the role claim to grants, such as sre: [{role: analyst}]")
	case o.ClockSkew < 0 || o.ClockSkew > maxSkew:
		return fault.New(fault.Invalid, "oidc: clock_skew %s: want 0s to 5m", o.ClockSkew)
	}
	for value, grants := range o.Map {
		if _, err := parseGrants(grants); err != nil {
			return fault.New(fault.Invalid, "oidc: map: %q: %w", value, err)
		}
	}
	return nil
}

// provider is the sign-on provider. Its discovery document is fetched when first needed and again after a failure, so that
// neither has to wait for the other at start.
type provider struct {
	o    OIDC
	now  func() time.Time
	seal cipher.AEAD // of the flow cookie; made at start, so a restart ends the flows under way

	mu sync.Mutex
	p  *oidc.Provider
}

func newProvider(o OIDC, now func() time.Time) *provider {
	o.Name, o.RoleClaim, o.ClockSkew = cmp.Or(o.Name, "single sign-on"), cmp.Or(o.RoleClaim, "groups"), cmp.Or(o.ClockSkew, time.Minute)
	o.NoRole = cmp.Or(o.NoRole, "your account has no role here. Ask an administrator of signalbox which group gives you one")
	if len(o.Scopes) == 0 {
		o.Scopes = []string{"email", "profile"}
	}
	if !slices.Contains(o.Scopes, oidc.ScopeOpenID) {
		o.Scopes = append([]string{oidc.ScopeOpenID}, o.Scopes...)
	}
	key := make([]byte, 32)
	_, _ = rand.Read(key) // never fails, by its contract
	block, err := aes.NewCipher(key)
	if err != nil {
		panic(err) // 32 bytes are an AES-256 key
	}
	seal, err := cipher.NewGCM(block)
	if err != nil {
		panic(err) // AES has the block size that GCM wants
	}
	return &provider{o: o, now: now, seal: seal}
}

// discover returns the provider's addresses.
func (v *provider) discover(ctx context.Context) (*oidc.Provider, error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.p != nil {
		return v.p, nil
	}
	ctx, cancel := context.WithTimeout(oidc.ClientContext(ctx, v.o.Client), 15*time.Second)
	defer cancel()
	p, err := oidc.NewProvider(ctx, v.o.Issuer)
	if err != nil {
		return nil, fault.New(fault.Unavailable, "%s does not answer: %w", v.o.Name, quiet(err)).Hint("Try again; the admin.token of the data directory always signs in")
	}
	v.p = p
	return p, nil
}

// quietError keeps what a peer answered out of sentences that strangers see.
type quietError struct{ err error }

func quiet(err error) error        { return quietError{err} }
func (quietError) Error() string   { return "see the server's log" }
func (q quietError) Unwrap() error { return q.err }
func cause(err error) (inner string) {
	var q quietError
	if errors.As(err, &q) {
		return q.err.Error()
	}
	return err.Error()
}

func (v *provider) config(p *oidc.Provider) *oauth2.Config {
	return &oauth2.Config{ClientID: v.o.ClientID, ClientSecret: v.o.ClientSecret, Endpoint: p.Endpoint(), RedirectURL: v.o.RedirectURL, Scopes: v.o.Scopes}
}

// flow is one sign-in under way. It travels sealed in a cookie of the browser that began it: who brings the answer must be
// who asked.
type flow struct {
	State, Nonce, Verifier string
	Next                   string
	Begun                  int64  // Unix ms
	Confirm                string // public id of the session whose person confirms; empty for a sign-in
}

const flowLife = 10 * time.Minute

func (v *provider) sealed(f flow) (string, error) {
	b, err := json.Marshal(f)
	if err != nil {
		return "", err
	}
	nonce := make([]byte, v.seal.NonceSize())
	_, _ = rand.Read(nonce) // never fails, by its contract
	return base64.RawURLEncoding.EncodeToString(v.seal.Seal(nonce, nonce, b, nil)), nil
}

func (v *provider) unsealed(s string) (f flow, ok bool) {
	b, err := base64.RawURLEncoding.DecodeString(s)
	if n := v.seal.NonceSize(); err == nil && len(b) > n {
		if b, err = v.seal.Open(nil, b[:n], b[n:], nil); err == nil {
			err = json.Unmarshal(b, &f)
		}
		return f, err == nil && v.now().Sub(time.UnixMilli(f.Begun)) < flowLife
	}
	return f, false
}

// claims are what the provider says about a person.
type claims struct {
	subject  string
	email    string // only if the provider does not say that it is unverified
	name     string
	authTime int64 // Unix s; 0 for unknown
	roles    []string
}

// exchange turns the code into claims and checks everything that the standards ask for: signature, issuer, audience,
// authorised party, times and nonce.
func (v *provider) exchange(ctx context.Context, f flow, code string) (claims, error) {
	p, err := v.discover(ctx)
	if err != nil {
		return claims{}, err
	}
	ctx, cancel := context.WithTimeout(oidc.ClientContext(ctx, v.o.Client), 30*time.Second)
	defer cancel()
	no := func(what string, err error) error {
		return fault.New(fault.Unauthorized, "%s: %s: %w", v.o.Name, what, quiet(err)).Hint("Sign in again")
	}
	token, err := v.config(p).Exchange(ctx, code, oauth2.VerifierOption(f.Verifier))
	if err != nil {
		return claims{}, no("the code was not taken", err)
	}
	raw, _ := token.Extra("id_token").(string)
	now := v.now()
	// The library allows for no skew at the end of a token; it is given an earlier now.
	id, err := p.Verifier(&oidc.Config{ClientID: v.o.ClientID, Now: func() time.Time { return now.Add(-v.o.ClockSkew) }}).Verify(ctx, raw)
	if err != nil {
		return claims{}, no("the identity is not acceptable", err)
	}
	all := map[string]any{}
	if err := id.Claims(&all); err != nil {
		return claims{}, no("the identity cannot be read", err)
	}
	azp, _ := all["azp"].(string)
	switch {
	case subtle.ConstantTimeCompare([]byte(id.Nonce), []byte(f.Nonce)) != 1:
		return claims{}, no("the identity is not acceptable", errors.New("nonce is another"))
	case id.Subject == "":
		return claims{}, no("the identity is not acceptable", errors.New("no sub"))
	case (len(id.Audience) > 1 || azp != "") && azp != v.o.ClientID:
		return claims{}, no("the identity is not acceptable", fmt.Errorf("azp is %q", azp))
	case id.IssuedAt.After(now.Add(v.o.ClockSkew)):
		return claims{}, no("the identity is not acceptable", errors.New("issued in the future: is a clock wrong?"))
	}
	if claim(all, v.o.RoleClaim) == nil && p.UserInfoEndpoint() != "" {
		info, err := p.UserInfo(ctx, oauth2.StaticTokenSource(token))
		if err != nil {
			return claims{}, no("the user's details are not to be had", err)
		}
		if info.Subject != id.Subject {
			return claims{}, no("the user's details are another's", errors.New("sub of userinfo is another"))
		}
		more := map[string]any{}
		if err := info.Claims(&more); err != nil {
			return claims{}, no("the user's details cannot be read", err)
		}
		for k, x := range more {
			if _, has := all[k]; !has {
				all[k] = x
			}
		}
	}
	c := claims{subject: id.Subject, name: cmp.Or(text(all["name"]), text(all["preferred_username"])), roles: texts(claim(all, v.o.RoleClaim))}
	if t, ok := all["auth_time"].(float64); ok {
		c.authTime = int64(t)
	}
	if verified, said := all["email_verified"]; !said || verified == true || verified == "true" {
		c.email = text(all["email"])
	}
	if c.email == "" {
		c.email = text(all["preferred_username"])
	}
	return c, nil
}

// claim returns a claim by its name, or else by the path that its dots make.
func claim(all map[string]any, name string) any {
	if x, ok := all[name]; ok {
		return x
	}
	var at any = all
	for _, part := range strings.Split(name, ".") {
		m, ok := at.(map[string]any)
		if !ok {
			return nil
		}
		at = m[part]
	}
	return at
}

func text(x any) string {
	s, _ := x.(string)
	return strings.TrimSpace(printable(clipTo(s, 256)))
}

// texts reads a claim that is a word or a list of words.
func texts(x any) []string {
	switch x := x.(type) {
	case string:
		return []string{x}
	case []any:
		var out []string
		for _, e := range x {
			if s, ok := e.(string); ok {
				out = append(out, s)
			}
		}
		return out
	}
	return nil
}

// grants are what the values of the role claim give.
func (v *provider) grants(values []string) ([]Grant, error) {
	var said []GrantText
	for _, value := range slices.Sorted(slices.Values(values)) {
		said = append(said, v.o.Map[value]...)
	}
	if len(said) > maxGrants {
		said = said[:maxGrants]
	}
	return parseGrants(said)
}
