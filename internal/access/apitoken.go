package access

import (
	"cmp"
	"context"
	"crypto/sha256"
	"database/sql"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/signalbox/signalbox/internal/fault"
)

// TokenPrefix begins every API token, so that scanners of leaked secrets know one.
const TokenPrefix = "sb_"

const (
	maxTokenLife = 366 * 24 * time.Hour
	maxTokens    = 50 // of one owner
)

// never are the actions that no token has whatever its owner may.
func never(r Rule) bool { return !slices.Contains(r.Kinds, KindToken) }

// CreateToken makes a token for its owner. Its grants may not reach beyond what the owner holds; whatever it was made with,
// it is never more than its owner at each use, and never approves, applies an emergency change or manages people. Takes
// own_account; another's takes manage_people.
func (a *Access) CreateToken(ctx context.Context, in TokenInput) (NewToken, error) {
	by, err := a.need(ctx, OwnAccount)
	if err != nil {
		return NewToken{}, err
	}
	if by.MustChange {
		return NewToken{}, fault.New(fault.Forbidden, "the password of %s was set by somebody else", by.Name).Hint("Choose your own first, at /login/password")
	}
	now := a.o.Now()
	in.Name, in.PushesAs = strings.TrimSpace(in.Name), strings.TrimSpace(in.PushesAs)
	if in.Name == "" {
		return NewToken{}, fault.New(fault.Invalid, `name "": want a word for what the token is for, such as deploy-pipeline`)
	}
	if err := checkName("name", in.Name, 100); err != nil {
		return NewToken{}, err
	}
	if err := checkName("pushes_as", in.PushesAs, 100); err != nil {
		return NewToken{}, err
	}
	end := time.UnixMilli(in.ExpiresAt)
	if !end.After(now) || end.Sub(now) > maxTokenLife {
		return NewToken{}, fault.New(fault.Invalid, "expires_at %d: want a time from now to a year from now, in Unix milliseconds; now is %d", in.ExpiresAt, now.UnixMilli())
	}
	asked, err := parseGrants(in.Grants)
	if err != nil {
		return NewToken{}, err
	}
	if len(asked) == 0 {
		return NewToken{}, fault.New(fault.Invalid, "grants: none: want at least one role, such as viewer")
	}
	a.changing.Lock()
	defer a.changing.Unlock()
	all := a.roster.Load()
	if in.Owner == "" {
		in.Owner = by.ID
		if by.Kind != KindPerson {
			return NewToken{}, fault.New(fault.Invalid, "owner: none: a token belongs to a person, and %s is none", by.Name).Hint("Name a user's login as owner")
		}
	}
	owner, err := all.find(in.Owner)
	if owner == nil || owner.id != by.ID {
		if _, err := a.need(ctx, ManagePeople); err != nil {
			return NewToken{}, err
		}
	}
	if err != nil {
		return NewToken{}, err
	}
	if !owner.active() {
		return NewToken{}, fault.New(fault.Conflict, "%s is disabled, so a token of theirs would open nothing", owner.login)
	}
	if err := within(asked, owner); err != nil {
		return NewToken{}, err
	}
	if len(all.ownersTokens(owner.id)) >= maxTokens {
		return NewToken{}, fault.New(fault.TooLarge, "%s has %d tokens", owner.login, maxTokens).Hint("Revoke one that is not used any more")
	}
	value := TokenPrefix + secret()
	t := &apiToken{
		id: "t_" + secret()[:20], hint: value[:len(TokenPrefix)+4], name: in.Name, owner: owner.id, hash: sha256.Sum256([]byte(value)), agent: in.Agent, pushesAs: in.PushesAs,
		createdAt: now.UnixMilli(), expiresAt: in.ExpiresAt, createdBy: by.said(), used: &atomic.Int64{}, wrote: &atomic.Int64{}, asked: asked,
	}
	next := all.putToken(t)
	view := a.tokenView(next, t)
	e := Event{Action: "token_create", ObjectKind: "token", ObjectName: t.name, Outcome: done, After: content(view), Detail: map[string]string{
		"id": t.id, "owner": owner.login, "grants": grantList(asked), "expires": end.UTC().Format(time.RFC3339),
	}}
	if t.agent {
		e = e.with("agent", "yes")
	}
	if err := a.commit(ctx, func(tx *sql.Tx) error { return a.writeToken(ctx, tx, t) }, e); err != nil {
		return NewToken{}, err
	}
	a.roster.Store(next)
	return NewToken{Token: view, Secret: value}, nil
}

// within refuses grants with an action that the owner does not have at all. Where their scopes part, each use decides.
func within(asked []Grant, owner *person) error {
	for _, g := range asked {
		for _, r := range matrix {
			if never(r) || !slices.Contains(r.Roles, g.Role) || slices.ContainsFunc(owner.grants, func(h Grant) bool { return slices.Contains(r.Roles, h.Role) }) {
				continue
			}
			return fault.New(fault.Forbidden, "a token of %s cannot be %s: %s may not %s", owner.login, g.Role, owner.login, strings.ReplaceAll(string(r.Action), "_", " ")).
				Hint("A token is never more than its owner, who holds: %s", cmp.Or(grantList(owner.grants), "nothing"))
		}
	}
	return nil
}

// RevokeToken ends a token for good: an own one, or with manage_people anybody's. Takes own_account.
func (a *Access) RevokeToken(ctx context.Context, id string) error {
	p, err := a.need(ctx, OwnAccount)
	if err != nil {
		return err
	}
	a.changing.Lock()
	defer a.changing.Unlock()
	all := a.roster.Load()
	t := all.tokens[id]
	if t == nil || (t.owner != p.ID && !p.May(ManagePeople)) {
		return fault.New(fault.NotFound, "there is no token %q", clip(id)).Hint("`signalbox token list` shows yours")
	}
	login := ""
	if o := all.users[t.owner]; o != nil {
		login = o.login
	}
	if err := a.commit(ctx, func(tx *sql.Tx) error { return a.deleteToken(ctx, tx, t.id) }, revoked(t, login, "")); err != nil {
		return err
	}
	a.roster.Store(all.dropToken(t.id))
	a.live.cut(func(r reader) bool { return r.token == t.id })
	return nil
}

func revoked(t *apiToken, owner, reason string) Event {
	return Event{Action: "token_revoke", ObjectKind: "token", ObjectName: t.name, Outcome: done, Reason: reason, Detail: map[string]string{"id": t.id, "owner": owner}}
}

func (a *Access) tokenView(all *roster, t *apiToken) Token {
	v := Token{
		ID: t.id, Name: t.name, Owner: t.owner, Hint: t.hint, Grants: grantTexts(t.asked), Agent: t.agent, PushesAs: t.pushesAs,
		CreatedAt: t.createdAt, CreatedBy: t.createdBy, ExpiresAt: t.expiresAt, UsedAt: t.used.Load(), State: "active",
	}
	o := all.users[t.owner]
	if o != nil {
		v.OwnerLogin = o.login
	}
	switch {
	case t.expiresAt <= a.o.Now().UnixMilli():
		v.State = "expired"
	case o == nil || !o.active():
		v.State = "dead"
	}
	return v
}
