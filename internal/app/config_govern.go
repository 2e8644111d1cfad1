package app

import (
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/signalbox/signalbox/internal/access"
	"github.com/signalbox/signalbox/internal/fault"
	"github.com/signalbox/signalbox/internal/policy/strict"
)

// What applies to sign-ins where signalbox.yaml states nothing.
const (
	DefaultSignInIdle   = 8 * time.Hour
	DefaultSignInLife   = 7 * 24 * time.Hour
	DefaultSignInRecent = 15 * time.Minute
)

// SignIn is sign_in: how people show who they are.
type SignIn struct {
	Idle   time.Duration // a session ends after so long without a request
	Life   time.Duration // and after so long in any case
	Recent time.Duration // how long a sign-in counts as recent for approvals
	OIDC   *OIDC
}

// OIDC is sign_in.oidc: single sign-on.
type OIDC struct {
	Name         string
	Issuer       string
	ClientID     string
	ClientSecret string
	Scopes       []string
	RoleClaim    string
	Roles        []ClaimRole
}

// ClaimRole gives a role to people whose claim has a value.
type ClaimRole struct {
	Value string
	Role  string
	Scope string
}

// Anchor is audit.anchor: where the head of the audit chain is told to.
type Anchor struct {
	Log     bool
	Webhook string
	File    string
}

// governShape is the grammar of what concerns people and the record.
func governShape() []strict.Key {
	text := func(doc, example string) strict.Shape {
		return strict.Shape{Doc: doc, Types: []string{"string"}, Example: example}
	}
	list := func(doc, example string) strict.Shape {
		return strict.Shape{Doc: doc, Forms: strict.List, Example: example, Each: &strict.Shape{Types: []string{"string"}}}
	}
	keys := func(doc string, k ...strict.Key) strict.Shape {
		return strict.Shape{Doc: doc, Forms: strict.Map, Keys: k}
	}
	return []strict.Key{
		{Name: "sign_in", Shape: keys("How people show who they are.",
			strict.Key{Name: "idle", Shape: text("A session ends after so long without a request.", "8h")},
			strict.Key{Name: "life", Shape: text("A session ends after so long in any case.", "7d")},
			strict.Key{Name: "recent", Shape: text("How long a sign-in counts as recent for approving a regulated change, where the Approval states nothing.", "15m")},
			strict.Key{Name: "oidc", Shape: keys("Single sign-on by OpenID Connect.",
				strict.Key{Name: "name", Shape: text("What the button says.", "Agency login")},
				strict.Key{Name: "issuer", Required: true, Shape: text("The provider.", "https://id.irs.example")},
				strict.Key{Name: "client_id", Required: true, Shape: text("Our name there.", "signalbox")},
				strict.Key{Name: "client_secret", Shape: text("Name of an entry under secrets.", "oidc")},
				strict.Key{Name: "scopes", Shape: list("What is asked for; openid, email and profile unless stated.", "[openid, email, groups]")},
				strict.Key{Name: "role_claim", Required: true, Shape: text("The claim that roles are read from.", "groups")},
				strict.Key{Name: "roles", Required: true, Shape: strict.Shape{Doc: "Which value of the claim gives which role.", Forms: strict.List, NonEmpty: true, Example: "[{value: sb-analysts, role: analyst}]", Each: &strict.Shape{
					Forms: strict.Map, Example: "{value: sb-analysts, role: analyst, scope: 'agency=\"IRS\"'}", Keys: []strict.Key{
						{Name: "value", Required: true, Shape: text("Value of the claim.", "sb-analysts")},
						{Name: "role", Required: true, Shape: strict.Shape{Doc: "The role.", Enum: roleNames()}},
						{Name: "scope", Shape: text("Labels that bound it; everything unless stated.", "agency=\"IRS\"")},
					}}}})})},
		{Name: "audit", Shape: keys("The record of who did what.",
			strict.Key{Name: "anchor", Shape: keys("Where the head of the chain is told to each hour, so that a cut tail shows.",
				strict.Key{Name: "log", Shape: strict.Shape{Doc: "The operators' log; on unless stated.", Types: []string{"boolean"}}},
				strict.Key{Name: "webhook", Shape: text("An address that gets it as JSON.", "https://anchor.example/signalbox")},
				strict.Key{Name: "file", Shape: text("A file that it is appended to, on another disk at best.", "/mnt/worm/signalbox.anchor")})})},
		{Name: "changes", Shape: keys("Changes elsewhere that are shown beside KPIs.",
			strict.Key{Name: "cloudtrail", Shape: text("A folder with CloudTrail log files.", "cloudtrail")})},
	}
}

func roleNames() []string {
	var out []string
	for _, r := range access.Roles() {
		out = append(out, string(r))
	}
	return out
}

// govern reads what concerns people and the record.
func (l *loader) govern() {
	root, cfg := l.root, l.cfg
	s := root.Get("sign_in")
	cfg.SignIn = SignIn{
		Idle:   l.duration(s, "idle", DefaultSignInIdle, time.Minute, 366*24*time.Hour),
		Life:   l.duration(s, "life", DefaultSignInLife, time.Minute, 366*24*time.Hour),
		Recent: l.duration(s, "recent", DefaultSignInRecent, time.Minute, 24*time.Hour),
	}
	if o := s.Get("oidc"); o.Usable() {
		cfg.SignIn.OIDC = l.oidc(o)
	}
	a := root.Get("audit").Get("anchor")
	cfg.Anchor.Log = true
	if v := a.Get("log"); v.Usable() {
		cfg.Anchor.Log, _ = v.Bool()
	}
	if v := a.Get("webhook"); v.Usable() {
		cfg.Anchor.Webhook = v.Text
		l.address1(v)
	}
	if v := a.Get("file"); v.Usable() {
		cfg.Anchor.File = l.join(v.Text)
	}
	if v := root.Get("changes").Get("cloudtrail"); v.Usable() {
		cfg.CloudTrail = l.join(v.Text)
		if info, err := os.Stat(cfg.CloudTrail); err != nil || !info.IsDir() {
			l.report.Errorf(v, "%q is no folder; want one that holds CloudTrail's .json and .json.gz files", v.Text)
		}
	}
}

// address1 wants an address that can be asked over HTTP.
func (l *loader) address1(v *strict.Value) {
	if u, err := url.Parse(v.Text); err != nil || (u.Scheme != "https" && u.Scheme != "http") || u.Host == "" {
		l.report.Errorf(v, "%q: want an address that begins with https:// or http://", redactURL(v.Text))
	}
}

func (l *loader) oidc(v *strict.Value) *OIDC {
	text := func(key string) string {
		if x := v.Get(key); x.Usable() {
			return x.Text
		}
		return ""
	}
	o := &OIDC{Name: text("name"), Issuer: text("issuer"), ClientID: text("client_id"), RoleClaim: text("role_claim"), Scopes: []string{"openid", "email", "profile"}}
	if o.Name == "" {
		o.Name = "single sign-on"
	}
	if x := v.Get("issuer"); x.Usable() {
		l.address1(x)
		if u, err := url.Parse(x.Text); err == nil && u.Scheme == "http" && !loopback(u.Hostname()) {
			l.report.Errorf(x, "%q: want https://, or what people sign in with crosses the network in clear", x.Text)
		}
	}
	if x := v.Get("client_secret"); x.Usable() {
		secret, ok := l.cfg.Secrets[x.Text]
		if !ok {
			l.report.Errorf(x, "there is no entry %q under secrets; the secret itself does not stand here", clipped(x.Text))
		}
		o.ClientSecret = secret
	}
	if x := v.Get("scopes"); x.Usable() {
		o.Scopes = nil
		for _, item := range x.Items {
			if item.Usable() {
				o.Scopes = append(o.Scopes, item.Text)
			}
		}
	}
	if x := v.Get("roles"); x.Usable() {
		for _, item := range x.Items {
			value, role, scope := item.Get("value"), item.Get("role"), item.Get("scope")
			r := ClaimRole{}
			if value.Usable() {
				r.Value = value.Text
			}
			if role.Usable() {
				r.Role = role.Text
			}
			if scope.Usable() {
				r.Scope = scope.Text
				if _, err := access.ParseScope(scope.Text); err != nil {
					l.report.Errorf(scope, "%s", fault.Outside(err))
				}
			}
			o.Roles = append(o.Roles, r)
		}
	}
	return o
}

// clipped shortens what may be a secret that was put in the wrong place.
func clipped(s string) string {
	if len(s) > 12 {
		return strings.TrimSpace(s[:4]) + "..."
	}
	return s
}
