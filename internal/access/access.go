// Package access decides who may do what: people, their roles and the scopes of those, API tokens, the sign-in by password,
// through OIDC or by the link of the start, the host allow-list, the origin check and the action that each route asks for.
// It keeps users, tokens and sessions and never looks at what a room answers: a room asks the Principal of its context where
// an action reaches. Each change of people is written together with its audit record, or not at all.
package access

import (
	"cmp"
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"database/sql"
	"encoding/hex"
	"fmt"
	"io/fs"
	"log/slog"
	"net/netip"
	"net/url"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/signalbox/signalbox/internal/fault"
	"github.com/signalbox/signalbox/internal/statestore"
)

// MinToken is the fewest characters of SIGNALBOX_ADMIN_TOKEN.
const MinToken = 32

// Options are what access is made of.
type Options struct {
	Logger     *slog.Logger
	Registerer prometheus.Registerer
	Now        func() time.Time

	DB      *statestore.DB // users, tokens and sessions
	DataDir string         // admin.token is kept here
	// Record appends an event to the audit chain inside the transaction of the change it is about; an error refuses the
	// change. It must not call back into Access. Nil: nothing is recorded, for tests.
	Record func(ctx context.Context, tx *sql.Tx, e Event) error
	// AdminToken is SIGNALBOX_ADMIN_TOKEN: accepted beside the one in the file; empty for none.
	AdminToken string
	Listen     []string // host:port, as configured
	External   *url.URL // external_url; nil if it is not stated
	Hosts      []string // further host names that people may use
	// Proxies are the addresses of proxies whose X-Forwarded-For is believed. Without any, this machine is believed if
	// External names another.
	Proxies []netip.Prefix

	Idle   time.Duration // a person's session ends after this long without a request; default 8 h
	Life   time.Duration // a person's session ends after this long in any case; default 7 d
	Recent time.Duration // for this long after a personal sign-in a person may approve; default 15 min
	OIDC   *OIDC         // sign-on by a provider; nil for none

	PasswordCost Cost // of argon2id; default UsualCost
}

func (o Options) withDefaults() Options {
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	o.PasswordCost = cmp.Or(o.PasswordCost, UsualCost())
	o.Idle = cmp.Or(o.Idle, 8*time.Hour)
	o.Life = cmp.Or(o.Life, 7*24*time.Hour)
	o.Recent = cmp.Or(o.Recent, 15*time.Minute)
	return o
}

// Validate reports the first option that is wrong.
func (o Options) Validate() error {
	switch {
	case o.DB == nil:
		return fmt.Errorf("access: no state database")
	case o.DataDir == "":
		return fmt.Errorf("access: no data directory")
	case o.AdminToken != "" && len(o.AdminToken) < MinToken:
		return fault.New(fault.Invalid, "SIGNALBOX_ADMIN_TOKEN has %d characters: want %d or more", len(o.AdminToken), MinToken).
			Hint("`openssl rand -hex 32` makes one; leave it unset to use only the admin.token file")
	case o.PasswordCost != Cost{} && (o.PasswordCost.Time == 0 || o.PasswordCost.Threads == 0 || o.PasswordCost.Memory > 1<<20):
		return fault.New(fault.Invalid, "argon2id: %+v: want a time and threads above 0 and memory of 1 GiB at most", o.PasswordCost)
	case o.Idle < 0 || o.Life < 0 || o.Recent < 0:
		return fault.New(fault.Invalid, "sessions: idle %s, life %s, recent %s: want durations above zero", o.Idle, o.Life, o.Recent)
	}
	if o.OIDC != nil {
		return o.OIDC.Validate()
	}
	return nil
}

// Access holds the tokens, the sessions and the rules. Its methods may be called from several goroutines at once.
type Access struct {
	o        Options
	hosts    map[string]bool
	file     [32]byte // SHA-256 of the token in admin.token
	env      [32]byte // SHA-256 of SIGNALBOX_ADMIN_TOKEN
	known    [32]byte // key of the cookies that mark browsers
	codes    *codes
	sessions *sessions
	throttle *throttle
	hashing  hashing
	live     live
	repeats  repeats
	oidc     *provider
	sql      map[string]string
	refused  *prometheus.CounterVec

	changing sync.Mutex // held by who changes the roster
	roster   atomic.Pointer[roster]
}

// New reads or writes admin.token, migrates and loads the sessions, and returns the rules ready to use.
func New(ctx context.Context, o Options) (*Access, error) {
	o = o.withDefaults()
	if err := o.Validate(); err != nil {
		return nil, err
	}
	token, err := fileToken(filepath.Join(o.DataDir, TokenFile))
	if err != nil {
		return nil, err
	}
	a := &Access{
		o: o, hosts: allowedHosts(o), file: sha256.Sum256([]byte(token)), env: sha256.Sum256([]byte(o.AdminToken)),
		known: sha256.Sum256([]byte("known browser\x00" + token)), codes: newCodes(o.Now), throttle: newThrottle(o.Now), hashing: newHashing(o.PasswordCost),
		live: live{m: map[uint64]reader{}}, repeats: repeats{m: map[string]*repeat{}}, sql: statestore.Statements(sessionSQL, peopleSQL),
		refused: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "signalbox_access_refused_total",
			Help: "Requests that access refused, by reason: host, origin, credential, sign_in, password, action, slowed.",
		}, []string{"reason"}),
	}
	if o.Registerer != nil {
		if err := o.Registerer.Register(a.refused); err != nil {
			return nil, fmt.Errorf("access: %w", err)
		}
	}
	// A domain word keeps this from being the hash that requests are compared with.
	credential := sha256.Sum256([]byte("session\x00" + token))
	a.sessions = &sessions{
		db: o.DB, now: o.Now, credential: hex.EncodeToString(credential[:8]), idle: o.Idle, life: o.Life, sql: a.sql, m: map[string]session{},
	}
	if err := a.open(ctx); err != nil {
		return nil, err
	}
	if o.OIDC != nil {
		a.oidc = newProvider(*o.OIDC, o.Now)
	}
	return a, nil
}

func (a *Access) open(ctx context.Context) error {
	files, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return err
	}
	if err := a.o.DB.Migrate(ctx, "access", files); err != nil {
		return err
	}
	all, err := readRoster(ctx, a.o.DB.SQL())
	if err != nil {
		return err
	}
	a.roster.Store(all)
	return a.sessions.open(ctx)
}

// token reports whether secret is one of the admin tokens. Comparing hashes takes the same time whatever is sent. The token
// of the file has 256 random bits; only the one that a person chose is worth guessing, so only that one is slowed.
func (a *Access) token(secret string, from source) (ok bool, wait time.Duration) {
	sum := sha256.Sum256([]byte(secret))
	if subtle.ConstantTimeCompare(sum[:], a.file[:]) == 1 {
		return true, 0
	}
	if wait := a.throttle.wait(addressKey(from)); wait > 0 {
		return false, wait
	}
	if a.o.AdminToken != "" && subtle.ConstantTimeCompare(sum[:], a.env[:]) == 1 {
		a.throttle.good(addressKey(from))
		return true, 0
	}
	return false, a.throttle.bad(addressKey(from))
}
