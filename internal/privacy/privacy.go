// Package privacy takes personal data out of rows before they are stored, and answers the requests of the people whose data
// it was.
//
// What it does without any policy:
//   - user: always a pseudonym, keyed for the purpose "analytics";
//   - attributes that hold the address of a client or peer: its network, /24 or /48;
//   - attributes that hold a URL: without query, fragment, user and password; a query alone is dropped; a route has no query;
//   - attributes that are named password, authorization, cookie, api_key and their like, or SSN: dropped;
//   - e-mail addresses, social security and card numbers, tokens and keys in body, detail, name, route, error type and the
//     values of attributes: replaced by [email], [ssn], [card] and [token];
//   - session and business ids that hold one of those: replaced by a pseudonym, so that they still join.
//
// Privacy policies add rules, detectors (phone, ip), lists of allowed attributes, consent and k. Where several cover a
// source, what takes more wins; nothing here is switched off by a policy.
//
// A pseudonym is a keyed hash. The keys lie in a directory of their own, apart from the data: whoever has the data alone can
// neither compute a pseudonym nor find a person by one. A key that was rotated out is destroyed when the last row that it
// served has expired.
//
// The id of a subject who wants to be erased is needed until the search ends, also across a crash. It is kept sealed
// (AES-256-GCM) in the request's record, with a key of that request alone among the keys; that file is destroyed with the
// request's end, so that also a copy of the database from before says nothing. Records, logs, errors and certificates hold
// the request's number and neither id nor pseudonym.
//
// The package decides nothing about who may ask and stores no rows: search, erasure and what others keep of a person come in
// as functions.
package privacy

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/signalbox/signalbox/internal/audit"
	"github.com/signalbox/signalbox/internal/policy"
	"github.com/signalbox/signalbox/internal/rowstore"
	"github.com/signalbox/signalbox/internal/statestore"
)

//go:embed migrations/*.sql
var migrations embed.FS

//go:embed privacy.sql
var privacySQL string

// DB is the state database.
type DB interface {
	Migrate(ctx context.Context, room string, files fs.FS) error
	Tx(ctx context.Context, f func(*sql.Tx) error) error
	SQL() *sql.DB
}

// Audit records what was done, inside the transaction that does it.
type Audit interface {
	Append(ctx context.Context, tx *sql.Tx, r audit.Record) error
}

// Options are what the room is built with. DB, Audit and KeyDir are required.
type Options struct {
	DB         DB
	Audit      Audit
	KeyDir     string // made with mode 0700; back it up apart from the data
	Now        func() time.Time
	Logger     *slog.Logger
	Registerer prometheus.Registerer
	Policies   func() []*policy.Privacy // in force now; nil = none
	// Keep is how long the rows that live longest are kept; 0, and nil, is for ever. A retired key is destroyed after that.
	Keep func() time.Duration

	// Erase and Scan are the row store's. Erase may be called again for the same rows after a crash.
	Erase func(ctx context.Context, match rowstore.Expr, progress func(done, of int)) (rowstore.Erased, error)
	Scan  func(ctx context.Context, q rowstore.Scan, f func([]rowstore.Row) error) error
	// Others keep something of a person by pseudonym.
	Others []Other
	// Left lists the exports that hold rows and have left the house, which no erasure reaches.
	Left func(ctx context.Context) ([]Left, error)
}

// Other is somebody besides the row store who keeps something of a person.
type Other struct {
	Place string // for certificates, such as "the standing numbers of usage"
	// Forget removes people, named by their pseudonyms, and says how many names it knew. It may be called again after a crash.
	Forget func(ctx context.Context, pseudonyms []string) (known int, err error)
}

// Privacy is the room. Redact may be called from several goroutines at once, each with a batch of its own.
type Privacy struct {
	o   Options
	sql map[string]string
	law atomic.Pointer[law]

	mu   sync.Mutex // keys and law change under it
	ring ring

	busy sync.Mutex    // one erasure at a time
	wake chan struct{} // a request waits

	dropped    *prometheus.CounterVec
	findings   *prometheus.CounterVec
	unfinished prometheus.Gauge
}

// New migrates the tables, opens the keys and compiles the policies. An export that a crash ended is marked as failed; an
// erasure goes on in Run.
func New(ctx context.Context, o Options) (*Privacy, error) {
	if o.DB == nil || o.Audit == nil || o.KeyDir == "" {
		return nil, errors.New("privacy: no state database, no audit log or no directory for keys")
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.Policies == nil {
		o.Policies = func() []*policy.Privacy { return nil }
	}
	if o.Keep == nil {
		o.Keep = func() time.Duration { return 0 }
	}
	files, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return nil, err
	}
	if err := o.DB.Migrate(ctx, "privacy", files); err != nil {
		return nil, err
	}
	p := &Privacy{o: o, sql: statestore.Statements(privacySQL), wake: make(chan struct{}, 1)}
	p.dropped = prometheus.NewCounterVec(prometheus.CounterOpts{Name: "signalbox_privacy_dropped_rows_total", Help: "Rows that were dropped, by why: consent that was not given."}, []string{"why"})
	p.findings = prometheus.NewCounterVec(prometheus.CounterOpts{Name: "signalbox_privacy_findings_total", Help: "Pieces of personal data found in texts and taken out, by kind."}, []string{"kind"})
	p.unfinished = prometheus.NewGauge(prometheus.GaugeOpts{Name: "signalbox_privacy_requests_running", Help: "Requests of data subjects that have not ended."})
	if o.Registerer != nil {
		for _, c := range []prometheus.Collector{p.dropped, p.findings, p.unfinished} {
			if err := o.Registerer.Register(c); err != nil {
				return nil, fmt.Errorf("privacy: %w", err)
			}
		}
	}
	if err := p.openKeys(ctx); err != nil {
		return nil, err
	}
	if err := p.Reload(ctx); err != nil {
		return nil, err
	}
	if err := p.interrupted(ctx); err != nil {
		return nil, err
	}
	return p, nil
}

// Run carries out erasures, rotates keys that are due, and destroys those whose rows have expired. It returns when ctx ends.
func (p *Privacy) Run(ctx context.Context) error {
	t := time.NewTicker(time.Minute)
	defer t.Stop()
	for {
		p.work(ctx)
		if err := p.Turn(ctx); err != nil && ctx.Err() == nil {
			p.o.Logger.Error("The keys of pseudonyms could not be looked after", "err", err)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-p.wake:
		case <-t.C:
		}
	}
}
