// Package access decides who may do what: the sign-in, the host allow-list, the origin check and the action that each
// route asks for. It keeps tokens and sessions and never looks at what a room answers.
package access

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"fmt"
	"log/slog"
	"net/url"
	"path/filepath"
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

	DB      *statestore.DB // sessions
	DataDir string         // admin.token is kept here
	// AdminToken is SIGNALBOX_ADMIN_TOKEN: accepted beside the one in the file; empty for none.
	AdminToken string
	Listen     []string // host:port, as configured
	External   *url.URL // external_url; nil if it is not stated
	Hosts      []string // further host names that people may use
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
	}
	return nil
}

// Access holds the tokens, the sessions and the rules. Its methods may be called from several goroutines at once.
type Access struct {
	o        Options
	hosts    map[string]bool
	file     [32]byte // SHA-256 of the token in admin.token
	env      [32]byte // SHA-256 of SIGNALBOX_ADMIN_TOKEN
	codes    *codes
	sessions *sessions
	throttle *throttle
	refused  *prometheus.CounterVec
}

// New reads or writes admin.token, migrates and loads the sessions, and returns the rules ready to use.
func New(ctx context.Context, o Options) (*Access, error) {
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if err := o.Validate(); err != nil {
		return nil, err
	}
	token, err := fileToken(filepath.Join(o.DataDir, TokenFile))
	if err != nil {
		return nil, err
	}
	a := &Access{
		o: o, hosts: allowedHosts(o), file: sha256.Sum256([]byte(token)), env: sha256.Sum256([]byte(o.AdminToken)),
		codes: newCodes(o.Now), throttle: newThrottle(o.Now),
		refused: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "signalbox_access_refused_total",
			Help: "Requests that access refused, by reason: host, origin, credential, sign_in, action, slowed.",
		}, []string{"reason"}),
	}
	if o.Registerer != nil {
		if err := o.Registerer.Register(a.refused); err != nil {
			return nil, fmt.Errorf("access: %w", err)
		}
	}
	// A domain word keeps this from being the hash that requests are compared with.
	credential := sha256.Sum256([]byte("session\x00" + token))
	a.sessions, err = openSessions(ctx, o.DB, o.Now, hex.EncodeToString(credential[:8]))
	return a, err
}

// token reports whether secret is one of the admin tokens. Comparing hashes takes the same time whatever is sent. The token
// of the file has 256 random bits; only the one that a person chose is worth guessing, so only that one is slowed.
func (a *Access) token(secret string, from source) (ok bool, wait time.Duration) {
	sum := sha256.Sum256([]byte(secret))
	if subtle.ConstantTimeCompare(sum[:], a.file[:]) == 1 {
		return true, 0
	}
	if wait := a.throttle.wait(from); wait > 0 {
		return false, wait
	}
	if a.o.AdminToken != "" && subtle.ConstantTimeCompare(sum[:], a.env[:]) == 1 {
		a.throttle.good(from)
		return true, 0
	}
	return false, a.throttle.bad(from)
}
