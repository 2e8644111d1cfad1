package app

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"github.com/signalbox/signalbox/internal/access"
	"github.com/signalbox/signalbox/internal/audit"
	"github.com/signalbox/signalbox/internal/egress"
	"github.com/signalbox/signalbox/internal/govern"
	"github.com/signalbox/signalbox/internal/kpi"
	"github.com/signalbox/signalbox/internal/policy"
)

// openAudit opens the record of who did what: before everything that writes into it.
func (h *house) openAudit(ctx context.Context, cfg *Config) (err error) {
	h.audit, err = audit.Open(ctx, audit.Options{
		DB: h.state, Logger: h.log.With("room", "audit"), Now: time.Now, KeyFile: filepath.Join(cfg.Data, audit.KeyFile), Registerer: h.reg,
		Anchor: h.anchor,
	})
	return err
}

// anchor tells the world outside how the chain ends, so that a cut tail shows.
func (h *house) anchor(ctx context.Context, a audit.Anchor) error {
	cfg := h.cfg.Load()
	body, err := json.Marshal(a)
	if err != nil {
		return err
	}
	if cfg.Anchor.Log {
		h.log.Info("the audit chain's head", "seq", a.Seq, "hash", a.Hash, "digest", a.Digest, "signature", a.Signature, "key", a.Key)
	}
	var errs []error
	if cfg.Anchor.File != "" {
		errs = append(errs, appendLine(cfg.Anchor.File, body))
	}
	if cfg.Anchor.Webhook != "" {
		errs = append(errs, post(ctx, dialer(cfg).HTTPClient(egress.ClientOptions{}), cfg.Anchor.Webhook, body))
	}
	return errors.Join(errs...)
}

func appendLine(file string, line []byte) error {
	f, err := os.OpenFile(file, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
	if err != nil {
		return fmt.Errorf("anchor: %w", err)
	}
	_, err = f.Write(append(line, '\n'))
	return errors.Join(err, f.Sync(), f.Close())
}

// dialer is the one way out for what policies and people ask for.
func dialer(cfg *Config) *egress.Dialer { return egress.New(egress.Options{Allow: cfg.EgressAllow}) }

// post sends JSON and wants an answer of the 200s. What is answered is not looked at.
func post(ctx context.Context, client *http.Client, url string, body []byte) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, url, bytes.NewReader(body))
	if err != nil {
		return fmt.Errorf("anchor: %w", err)
	}
	req.Header.Set("Content-Type", "application/json")
	resp, err := client.Do(req)
	if err != nil {
		return fmt.Errorf("anchor: %w", err)
	}
	if resp.StatusCode/100 != 2 {
		err = fmt.Errorf("anchor: %s answered %s", req.URL.Redacted(), resp.Status)
	}
	return errors.Join(err, resp.Body.Close())
}

// oidc is the configured single sign-on as access wants it; nil for none.
func (c *Config) oidc() *access.OIDC {
	o := c.SignIn.OIDC
	if o == nil {
		return nil
	}
	out := &access.OIDC{
		Name: o.Name, Issuer: o.Issuer, ClientID: o.ClientID, ClientSecret: o.ClientSecret, Scopes: o.Scopes, RoleClaim: o.RoleClaim,
		RedirectURL: c.ExternalURL.JoinPath("/login/oidc/callback").String(), Map: map[string][]access.GrantText{},
		Client: dialer(c).HTTPClient(egress.ClientOptions{}),
	}
	for _, r := range o.Roles {
		out.Map[r.Value] = append(out.Map[r.Value], access.GrantText{Role: access.Role(r.Role), Scope: r.Scope})
	}
	return out
}

// provider is what the single sign-on is called; empty for none.
func (c *Config) provider() string {
	if c.SignIn.OIDC == nil {
		return ""
	}
	return c.SignIn.OIDC.Name
}

// openGovern opens the room that keeps policies, with what was in force when the house was last open.
func (h *house) openGovern(ctx context.Context) (err error) {
	h.govern, err = govern.New(govern.Options{
		DB: h.state, Now: time.Now, Logger: h.log.With("room", "govern"), Registerer: h.reg,
		Audit: h.audit.Append, Limits: func() policy.Limits { return h.cfg.Load().limits() },
		Shown: func(p access.Principal, name string) bool {
			_, ok := h.boardOf(access.With(ctx, p)).Status(name)
			return ok
		},
		Swap: h.swap, Recent: h.cfg.Load().SignIn.Recent, BackTest: h.backTest, Changed: h.lawMoved,
		Numbers: func(kind, name, hash string) int { return h.knownNumber(ctx, kind, name, hash) },
		NewFile: func(ref policy.Ref) string { return h.cfg.Load().newFile(ref) },
	})
	if err != nil {
		return err
	}
	law := h.govern.InForce()
	h.inForce.Store(&law)
	return nil
}

// knownNumber is the number that the ledger of an earlier version gave a KPI's content, or the one after its newest; 0 for
// a KPI that it does not know.
func (h *house) knownNumber(ctx context.Context, kind, name, hash string) int {
	if kind != string(policy.KindKPI) {
		return 0
	}
	n, _, err := h.ledger.NumberOf(ctx, &kpi.KPI{Name: name, Hash: hash})
	if err != nil {
		h.log.Error("the ledger could not say which revision a KPI has", "kpi", name, "err", err)
		return 0
	}
	return n
}
