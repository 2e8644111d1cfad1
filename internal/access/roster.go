package access

import (
	"context"
	"crypto/sha256"
	"database/sql"
	_ "embed"
	"encoding/hex"
	"fmt"
	"maps"
	"slices"
	"sync/atomic"

	"github.com/signalbox/signalbox/internal/statestore"
)

//go:embed people.sql
var peopleSQL string

// States of a user.
const (
	Active   = "active"
	Disabled = "disabled"
)

// person is one user as stored. It is never changed in place.
type person struct {
	id, login, name string
	password        string // PHC; empty for those who come through OIDC
	issuer, subject string // of OIDC; empty for local users
	state           string
	mustChange      bool
	createdAt       int64
	createdBy       string
	signedInAt      int64
	grants          []Grant
}

func (p *person) active() bool { return p.state == Active }

// rules reports whether the person is an administrator without bounds who may sign in.
func (p *person) rules() bool {
	return p.active() && slices.ContainsFunc(p.grants, func(g Grant) bool { return g.Role == Admin && len(g.Scope) == 0 })
}

// principal is the person in a request.
func (p *person) principal() Principal {
	name := p.name
	if name == "" {
		name = p.login
	}
	return Principal{ID: p.id, Name: name, Login: p.login, Kind: KindPerson, Via: ViaCookie, Grants: p.grants, MustChange: p.mustChange}
}

// apiToken is one token of a person. It is never changed in place but for used.
type apiToken struct {
	id, hint, name, owner string
	hash                  [sha256.Size]byte
	agent                 bool
	pushesAs              string
	createdAt, expiresAt  int64
	createdBy             string
	used                  *atomic.Int64 // Unix ms; 0 for never
	wrote                 *atomic.Int64 // what of it is in the database
	asked                 []Grant       // as it was made
	grants                []Grant       // asked, within what the owner holds now
}

// roster is everybody at one moment. It is never changed in place: readers take no lock.
type roster struct {
	users     map[string]*person
	byLogin   map[string]*person
	bySubject map[[2]string]*person // issuer and subject
	tokens    map[string]*apiToken
	byHash    map[[sha256.Size]byte]*apiToken
}

// newRoster indexes users and tokens and narrows each token to its owner.
func newRoster(users map[string]*person, tokens map[string]*apiToken) *roster {
	r := &roster{
		users: users, tokens: make(map[string]*apiToken, len(tokens)), byLogin: make(map[string]*person, len(users)),
		bySubject: map[[2]string]*person{}, byHash: make(map[[sha256.Size]byte]*apiToken, len(tokens)),
	}
	for _, p := range users {
		r.byLogin[p.login] = p
		if p.subject != "" {
			r.bySubject[[2]string{p.issuer, p.subject}] = p
		}
	}
	for id, old := range tokens {
		t := *old
		t.grants = nil
		if o := users[t.owner]; o != nil && o.active() {
			t.grants = narrow(t.asked, o.grants)
		}
		r.tokens[id], r.byHash[t.hash] = &t, &t
	}
	return r
}

// narrow returns what asked allows and held allows as well: a token is never more than its owner.
func narrow(asked, held []Grant) []Grant {
	var out []Grant
	for _, a := range asked {
		for _, h := range held {
			scope := h.Scope
			if a.Scope.String() != h.Scope.String() {
				scope = h.Scope.and(a.Scope)
			}
			out = append(out, Grant{Role: a.Role, Scope: scope, within: h.Role})
		}
	}
	return out
}

// put returns a roster with one user replaced or added.
func (r *roster) put(p *person) *roster {
	users := maps.Clone(r.users)
	users[p.id] = p
	return newRoster(users, r.tokens)
}

// drop returns a roster without a user and without their tokens.
func (r *roster) drop(id string) *roster {
	users, tokens := maps.Clone(r.users), maps.Clone(r.tokens)
	delete(users, id)
	maps.DeleteFunc(tokens, func(_ string, t *apiToken) bool { return t.owner == id })
	return newRoster(users, tokens)
}

func (r *roster) putToken(t *apiToken) *roster {
	tokens := maps.Clone(r.tokens)
	tokens[t.id] = t
	return newRoster(r.users, tokens)
}

func (r *roster) dropToken(id string) *roster {
	tokens := maps.Clone(r.tokens)
	delete(tokens, id)
	return newRoster(r.users, tokens)
}

// rulers counts the administrators.
func (r *roster) rulers() int {
	n := 0
	for _, p := range r.users {
		if p.rules() {
			n++
		}
	}
	return n
}

// passwords reports whether anybody signs in with one.
func (r *roster) passwords() bool {
	for _, p := range r.users {
		if p.password != "" {
			return true
		}
	}
	return false
}

// ownersTokens lists a person's tokens, oldest first.
func (r *roster) ownersTokens(owner string) []*apiToken {
	var out []*apiToken
	for _, t := range r.tokens {
		if t.owner == owner {
			out = append(out, t)
		}
	}
	slices.SortFunc(out, func(a, b *apiToken) int { return int(a.createdAt - b.createdAt) })
	return out
}

// readRoster reads everybody from the database.
func readRoster(ctx context.Context, db *sql.DB) (*roster, error) {
	stmt := statestore.Statements(peopleSQL)
	grants := map[string][]Grant{}
	err := each(ctx, db, stmt["grants"], func(rows *sql.Rows) error {
		var holder, role, text string
		if err := rows.Scan(&holder, &role, &text); err != nil {
			return err
		}
		scope, err := ParseScope(text)
		if err != nil {
			// Passing it over could widen a grant; to be without people is the lesser evil, and the file can be mended.
			return fmt.Errorf("grant of %s: %w", holder, err)
		}
		grants[holder] = append(grants[holder], Grant{Role: Role(role), Scope: scope})
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read grants: %w", err)
	}
	users := map[string]*person{}
	err = each(ctx, db, stmt["users"], func(rows *sql.Rows) error {
		var p person
		if err := rows.Scan(&p.id, &p.login, &p.name, &p.password, &p.issuer, &p.subject, &p.state, &p.mustChange, &p.createdAt, &p.createdBy, &p.signedInAt); err != nil {
			return err
		}
		p.grants = grants[p.id]
		users[p.id] = &p
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read users: %w", err)
	}
	tokens := map[string]*apiToken{}
	err = each(ctx, db, stmt["tokens"], func(rows *sql.Rows) error {
		t := apiToken{used: &atomic.Int64{}, wrote: &atomic.Int64{}}
		var hash string
		var used int64
		if err := rows.Scan(&t.id, &hash, &t.hint, &t.name, &t.owner, &t.agent, &t.pushesAs, &t.createdAt, &t.createdBy, &t.expiresAt, &used); err != nil {
			return err
		}
		if n, err := hex.Decode(t.hash[:], []byte(hash)); err != nil || n != len(t.hash) {
			return fmt.Errorf("token %s: hash is not SHA-256", t.id)
		}
		t.used.Store(used)
		t.wrote.Store(used)
		t.asked = grants[t.id]
		tokens[t.id] = &t
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read tokens: %w", err)
	}
	return newRoster(users, tokens), nil
}

// each runs f for every row of a query.
func each(ctx context.Context, db *sql.DB, query string, f func(*sql.Rows) error) error {
	rows, err := db.QueryContext(ctx, query)
	if err != nil {
		return err
	}
	defer func() { _ = rows.Close() }() // rows.Err says what went wrong
	for rows.Next() {
		if err := f(rows); err != nil {
			return err
		}
	}
	return rows.Err()
}

// writeUser and its neighbours write one thing inside a transaction.
func (a *Access) writeUser(ctx context.Context, tx *sql.Tx, p *person) error {
	_, err := tx.ExecContext(ctx, a.sql["put user"], p.id, p.login, p.name, p.password, p.issuer, p.subject, p.state, p.mustChange, p.createdAt, p.createdBy, p.signedInAt)
	if err != nil {
		return fmt.Errorf("write user %s: %w", p.id, err)
	}
	return a.writeGrants(ctx, tx, p.id, p.grants)
}

func (a *Access) writeGrants(ctx context.Context, tx *sql.Tx, holder string, grants []Grant) error {
	if _, err := tx.ExecContext(ctx, a.sql["delete grants"], holder); err != nil {
		return fmt.Errorf("write grants of %s: %w", holder, err)
	}
	for i, g := range grants {
		if _, err := tx.ExecContext(ctx, a.sql["put grant"], holder, i, string(g.Role), g.Scope.String()); err != nil {
			return fmt.Errorf("write grants of %s: %w", holder, err)
		}
	}
	return nil
}

func (a *Access) writeToken(ctx context.Context, tx *sql.Tx, t *apiToken) error {
	_, err := tx.ExecContext(ctx, a.sql["put token"], t.id, hex.EncodeToString(t.hash[:]), t.hint, t.name, t.owner, t.agent, t.pushesAs, t.createdAt, t.createdBy, t.expiresAt, t.used.Load())
	if err != nil {
		return fmt.Errorf("write token %s: %w", t.id, err)
	}
	return a.writeGrants(ctx, tx, t.id, t.asked)
}

func (a *Access) deleteToken(ctx context.Context, tx *sql.Tx, id string) error {
	if err := a.writeGrants(ctx, tx, id, nil); err != nil {
		return err
	}
	if _, err := tx.ExecContext(ctx, a.sql["delete token"], id); err != nil {
		return fmt.Errorf("delete token %s: %w", id, err)
	}
	return nil
}
