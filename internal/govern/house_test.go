package govern_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/signalbox/signalbox/internal/access"
	"github.com/signalbox/signalbox/internal/audit"
	"github.com/signalbox/signalbox/internal/govern"
	"github.com/signalbox/signalbox/internal/policy"
	"github.com/signalbox/signalbox/internal/statestore"
)

// house is the room with real stores, machines that only remember what they were handed, and people.
type house struct {
	*govern.Govern
	t       testing.TB
	db      *statestore.DB
	audit   *audit.Log
	dir     string
	clock   atomic.Int64
	machine atomic.Pointer[[]policy.Document]
	swaps   atomic.Int64

	auditFails atomic.Pointer[string] // an action whose record cannot be written; "*" for all
	buildFails atomic.Bool
	o          govern.Options
}

var start = time.Date(2026, 4, 14, 9, 0, 30, 0, time.UTC)

func newHouse(t testing.TB, options ...func(*govern.Options)) *house {
	h := &house{t: t, dir: t.TempDir()}
	h.clock.Store(start.UnixMilli())
	h.open(options...)
	t.Cleanup(func() { _ = h.db.Close() })
	return h
}

func (h *house) now() time.Time { return time.UnixMilli(h.clock.Load()) }

func (h *house) pass(d time.Duration) { h.clock.Add(d.Milliseconds()) }

// open opens the room, as a start of the process would.
func (h *house) open(options ...func(*govern.Options)) {
	var err error
	h.db, err = statestore.Open(filepath.Join(h.dir, "state.db"), false)
	require.NoError(h.t, err)
	h.audit, err = audit.Open(h.t.Context(), audit.Options{DB: h.db, Now: h.now, KeyFile: filepath.Join(h.dir, audit.KeyFile)})
	require.NoError(h.t, err)
	h.o = govern.Options{
		DB: h.db, Now: h.now,
		Audit: func(ctx context.Context, tx *sql.Tx, r audit.Record) error {
			if bad := h.auditFails.Load(); bad != nil && (*bad == "*" || *bad == r.Action) {
				return errors.New("the disk is full")
			}
			return h.audit.Append(ctx, tx, r)
		},
		Swap: h.swap,
	}
	for _, opt := range options {
		opt(&h.o)
	}
	h.Govern, err = govern.New(h.o)
	require.NoError(h.t, err)
}

func (h *house) reopen(options ...func(*govern.Options)) {
	require.NoError(h.t, h.db.Close())
	h.open(options...)
}

func (h *house) swap(ctx context.Context, next []policy.Document, commit func(map[string]int64) error) error {
	if h.buildFails.Load() {
		return errors.New("the window cannot be filled")
	}
	minute := time.Minute.Milliseconds()
	at := (h.clock.Load() + minute - 1) / minute * minute
	effective := map[string]int64{}
	was := map[string]string{}
	if old := h.machine.Load(); old != nil {
		for _, d := range *old {
			was[d.Ref().String()] = d.Hash
		}
	}
	for _, d := range next {
		if d.KPI != nil && was[d.Ref().String()] != d.Hash {
			effective[d.Name] = at
		}
	}
	if err := commit(effective); err != nil {
		return err
	}
	h.machine.Store(&next)
	h.swaps.Add(1)
	return nil
}

// files reads the policy files as app does and hands them over.
func (h *house) sync() {
	h.t.Helper()
	require.NoError(h.t, h.SyncFiles(h.t.Context(), h.read(), true))
}

func (h *house) read() []policy.Document {
	h.t.Helper()
	docs, _ := policy.ReadFiles([]string{"*.yaml"}, h.dir, policy.Limits{})
	return docs
}

func (h *house) write(name, text string) string {
	h.t.Helper()
	path := filepath.Join(h.dir, name)
	require.NoError(h.t, os.WriteFile(path, []byte(text), 0o640))
	return path
}

func (h *house) file(name string) string {
	h.t.Helper()
	b, err := os.ReadFile(filepath.Join(h.dir, name))
	require.NoError(h.t, err)
	return string(b)
}

// as is the context of a person with a role, signed in a minute ago, in a scope.
func (h *house) as(name string, role access.Role, scope ...string) context.Context {
	h.t.Helper()
	g := access.Grant{Role: role}
	if len(scope) > 0 {
		s, err := access.ParseScope(scope[0])
		require.NoError(h.t, err)
		g.Scope = s
	}
	return h.principal(access.Principal{ID: "u-" + name, Name: name, Kind: access.KindPerson, Via: access.ViaCookie, SignedInAt: h.clock.Load() - 60_000, Grants: []access.Grant{g}})
}

func (h *house) principal(p access.Principal) context.Context {
	return access.With(h.t.Context(), p)
}

func (h *house) ana() context.Context  { return h.as("ana", access.Analyst) }
func (h *house) otto() context.Context { return h.as("otto", access.Owner) }

// records returns the audit records of an action, oldest first.
func (h *house) records(action string) []audit.Record {
	h.t.Helper()
	rs, err := h.audit.Find(h.t.Context(), audit.Filter{Action: action, Limit: 1000})
	require.NoError(h.t, err)
	for i, j := 0, len(rs)-1; i < j; i, j = i+1, j-1 {
		rs[i], rs[j] = rs[j], rs[i]
	}
	return rs
}

// kpiDoc is a KPI document; red is the threshold and extra further lines.
func kpiDoc(name, red, extra string) string {
	return fmt.Sprintf(`# %s is watched by the e-file team
kind: KPI
name: %s
title: Error rate of %s   # as the board says it
owner: oncall@irs.example
unit: percent
indicator:
  ratio: {bad: 'http_requests_total{job="%s",agency="IRS",code=~"5.."}', total: 'http_requests_total{job="%s",agency="IRS"}'}
period: 1m
thresholds:
  yellow: "> 1%%"
  red: "%s"
  for: 3
page: {runbook: "https://runbooks.irs.example/x"}
%s`, name, name, name, name, name, red, extra)
}

const twoPeople = `kind: Approval
name: two-people
for: {kinds: [KPI]}
approvals: 1
roles: [analyst, owner]
regulated: true
`

func draft(reason string, texts ...string) govern.Draft {
	d := govern.Draft{Reason: reason}
	for _, t := range texts {
		d.Documents = append(d.Documents, govern.Text{Text: t})
	}
	return d
}

func TestAChangeIsLawAtOnceWhereNobodyHasToApprove(t *testing.T) {
	h := newHouse(t)
	p, err := h.Propose(h.ana(), draft("e-file errors wake people", kpiDoc("efile", "> 3%", "")), "page")
	require.NoError(t, err)
	require.Equal(t, "applied", p.State)
	docs := h.InForce()
	require.Len(t, docs, 1)
	require.Equal(t, 1, docs[0].KPI.Number)
	require.Equal(t, docs, *h.machine.Load())

	p, err = h.Propose(h.ana(), draft("3 % is too lax", kpiDoc("efile", "> 2.5%", "")), "api")
	require.NoError(t, err)
	require.Equal(t, "applied", p.State)
	got, err := h.Policy(h.ana(), "KPI", "efile")
	require.NoError(t, err)
	require.Equal(t, 2, got.Revision)
	require.Equal(t, "3 % is too lax", got.Reason)
	require.Equal(t, "ana", got.Author.Name)
	require.Equal(t, time.Date(2026, 4, 14, 9, 1, 0, 0, time.UTC).UnixMilli(), got.EffectiveFrom)
	require.Contains(t, got.Text, "> 2.5%")
	rs, err := h.Revisions(h.ana(), "KPI", "efile")
	require.NoError(t, err)
	require.Len(t, rs, 2)

	applied := h.records("apply")
	require.Len(t, applied, 2)
	require.Equal(t, rs[1].Hash, applied[1].Before)
	require.Equal(t, rs[0].Hash, applied[1].After)

	h.reopen()
	require.Equal(t, 2, h.InForce()[0].KPI.Number, "what is in force survives a restart")
}

func TestFirstFilesAreLawAndLaterOnesAreProposals(t *testing.T) {
	h := newHouse(t)
	h.write("efile.yaml", kpiDoc("efile", "> 3%", ""))
	h.sync()
	require.Len(t, h.InForce(), 1)
	require.Len(t, h.records("apply"), 1)
	require.Contains(t, h.records("apply")[0].Detail, "first_load")
	h.sync()
	require.Len(t, h.records("apply"), 1, "the same files change nothing")

	h.write("efile.yaml", kpiDoc("efile", "> 2%", ""))
	h.sync()
	ps, err := h.Proposals(h.ana(), govern.ProposalFilter{})
	require.NoError(t, err)
	require.Len(t, ps, 1)
	require.Equal(t, "applied", ps[0].State)
	require.Equal(t, "file", ps[0].Origin)
	require.Equal(t, "file", ps[0].Author.Kind)
	require.Equal(t, filepath.Join(h.dir, "efile.yaml"), ps[0].Author.Name)
	require.Equal(t, 2, h.InForce()[0].KPI.Number)
}
