package main

import (
	"fmt"
	"net/http"
	"time"

	"github.com/prometheus/common/model"

	"github.com/signalbox/signalbox/internal/access"
)

// tokenCmd shows and changes API tokens.
type tokenCmd struct {
	List   tokenListCmd   `cmd:"" default:"withargs" help:"List tokens."`
	Create tokenCreateCmd `cmd:"" help:"Make a token; its secret is shown once."`
	Revoke tokenRevokeCmd `cmd:"" help:"End a token for good."`
}

type tokenListCmd struct {
	connection
	output
}

// Run lists tokens.
func (c *tokenListCmd) Run(w *world) error {
	var v struct {
		Tokens []access.Token `json:"tokens"`
	}
	if err := c.call(w, http.MethodGet, own("/tokens"), nil, &v); err != nil {
		return err
	}
	t := table{{"ID", "NAME", "OWNER", "GRANTS", "STATE", "EXPIRES", "USED"}}
	for _, x := range v.Tokens {
		name := x.Name
		if x.Agent {
			name += " (agent)"
		}
		t = append(t, []string{x.ID, name, x.OwnerLogin, grantText(x.Grants), x.State, when(x.ExpiresAt), when(x.UsedAt)})
	}
	return c.print(w, t, v.Tokens)
}

type tokenCreateCmd struct {
	connection
	roleFlags
	Name     string `arg:"" help:"What it is for, such as deploy-pipeline."`
	Owner    string `help:"Login of the person it belongs to; it is never more than they are." required:"" placeholder:"LOGIN"`
	For      string `help:"How long: 30d, 12w, 1y at most." default:"90d" placeholder:"DURATION"`
	Agent    bool   `help:"An AI agent holds it."`
	PushesAs string `help:"Source name that its data is counted under." placeholder:"NAME"`
}

// Run makes a token and prints its secret on the first line.
func (c *tokenCreateCmd) Run(w *world) error {
	d, err := model.ParseDuration(c.For)
	if err != nil || d <= 0 {
		return usage("--for %q: want a duration such as 30d, 12w or 1y", c.For)
	}
	grants, err := c.grants()
	if err != nil {
		return err
	}
	if len(grants) == 0 {
		return usage("--role: none: want at least one, such as viewer")
	}
	var t access.NewToken
	in := access.TokenInput{Name: c.Name, Owner: c.Owner, Grants: grants, Agent: c.Agent, PushesAs: c.PushesAs, ExpiresAt: time.Now().Add(time.Duration(d)).UnixMilli()}
	if err := c.call(w, http.MethodPost, own("/tokens"), in, &t); err != nil {
		return err
	}
	fmt.Fprintf(w.out, "%s\n%s of %s until %s; the secret above is shown only now\n", t.Secret, t.ID, t.OwnerLogin, when(t.ExpiresAt))
	return nil
}

type tokenRevokeCmd struct {
	connection
	ID string `arg:"" help:"Id of the token, as in the list."`
}

// Run ends a token.
func (c *tokenRevokeCmd) Run(w *world) error {
	if err := c.call(w, http.MethodDelete, own("/tokens/"+esc(c.ID)), nil, nil); err != nil {
		return err
	}
	fmt.Fprintln(w.out, "revoked", c.ID)
	return nil
}
