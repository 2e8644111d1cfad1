// Package audit is the house's record of who did what: a hash chain in the state database, signed every hour.
//
// A record is stored as the exact bytes of its canonical JSON (sorted keys, no spaces, empty fields left out), and its hash
// is SHA-256 over the hash of the record before and those bytes. Append joins the caller's transaction and reads the newest
// record in it: no record, no change, and two writers never fork the chain. Every hour, also when nothing happened, a digest
// says which records the hour had and is signed with Ed25519; a missing hour is evidence. An anchor outside learns the
// newest hash, so that a cut tail shows. Verify reads a store, or an exported file with nothing but the public key, and
// names the first record that is not what was written.
//
// The package prevents nothing: who can write the database can change it, but not unnoticed. It keeps no secrets: values
// whose name says that they are one are struck out before they are hashed.
package audit

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"embed"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"strings"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/signalbox/signalbox/internal/fault"
)

//go:embed migrations/*.sql
var migrations embed.FS

//go:embed audit.sql
var auditSQL string

// KeyFile is the name of the private key in the data directory.
const KeyFile = "audit.key"

// DB is the state database.
type DB interface {
	Migrate(ctx context.Context, room string, files fs.FS) error
	Tx(ctx context.Context, f func(*sql.Tx) error) error
	SQL() *sql.DB
}

// Anchor is what the world outside is told: the newest record that a digest covers, and the digest's signature. Whoever
// keeps Seq and Hash can prove later that nothing up to there was cut or changed.
type Anchor struct {
	At        int64  `json:"at"` // Unix ms, when the digest was written
	Seq       int64  `json:"seq"`
	Hash      string `json:"hash"`   // of the record Seq
	Digest    int64  `json:"digest"` // number of the digest
	From      int64  `json:"from"`   // the digest's hour, Unix ms
	To        int64  `json:"to"`
	Signature string `json:"signature"` // of the digest
	Key       string `json:"key"`       // fingerprint of the key that signed
}

// Options are the log's dependencies.
type Options struct {
	DB         DB
	Logger     *slog.Logger
	Now        func() time.Time
	KeyFile    string // private key, made if it is not there; the public key lies beside it as audit.pub
	Registerer prometheus.Registerer
	// Anchor tells the world outside, after each digest. An error is counted and tried again; nil anchors nothing.
	Anchor func(context.Context, Anchor) error
}

// Log is the chain. Its methods may be called from several goroutines at once.
type Log struct {
	o   Options
	sql map[string]string

	mu  sync.RWMutex
	key signer

	failures       prometheus.Counter
	anchorFailures prometheus.Counter
}

// Open migrates the tables and reads or makes the key.
func Open(ctx context.Context, o Options) (*Log, error) {
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.DB == nil || o.KeyFile == "" {
		return nil, errors.New("audit: no state database or no key file")
	}
	files, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return nil, err
	}
	if err := o.DB.Migrate(ctx, "audit", files); err != nil {
		return nil, err
	}
	l := &Log{o: o, sql: statements(auditSQL)}
	if err := l.measure(); err != nil {
		return nil, err
	}
	if err := l.openKey(ctx); err != nil {
		return nil, err
	}
	return l, nil
}

// statements splits a file of "-- name: x" statements, as statestore.Statements does for the rooms that stand above it.
func statements(file string) map[string]string {
	m := map[string]string{}
	for _, part := range strings.Split(file, "-- name: ")[1:] {
		name, body, _ := strings.Cut(part, "\n")
		m[strings.TrimSpace(name)] = strings.TrimSuffix(strings.TrimSpace(body), ";")
	}
	return m
}

// sum is a SHA-256.
type sum [sha256.Size]byte

func (s sum) String() string { return hex.EncodeToString(s[:]) }

// link is the hash of a record with that body after the record with that hash.
func link(prev sum, body []byte) sum {
	h := sha256.New()
	_, _ = h.Write(prev[:])
	_, _ = h.Write(body)
	var s sum
	h.Sum(s[:0])
	return s
}

// parseSum reads 64 lower-case hexadecimal digits; there is one way only to write a hash, so that no byte of a file can
// change unnoticed.
func parseSum[T string | []byte](text T) (s sum, ok bool) {
	if len(text) != 2*len(s) {
		return s, false
	}
	bad := byte(0)
	for i := range s {
		a, b := nibbles[text[2*i]], nibbles[text[2*i+1]]
		bad |= a | b
		s[i] = a<<4 | b&15
	}
	return s, bad < 16
}

// nibbles are the values of the hexadecimal digits, 255 for every other byte.
var nibbles = func() (t [256]byte) {
	for i := range t {
		t[i] = 255
	}
	for i := range hexDigits {
		t[hexDigits[i]] = byte(i)
	}
	return t
}()

// Point is one record of the chain: the newest one is the head.
type Point struct {
	Seq  int64  `json:"seq"`
	At   int64  `json:"at"` // Unix ms
	Hash string `json:"hash"`
}

// head reads the newest record; the zero head is that of an empty chain.
type head struct {
	seq, at int64
	hash    sum
}

func (h head) point() Point { return Point{Seq: h.seq, At: h.at, Hash: h.hash.String()} }

// querier is a *sql.Tx or a *sql.DB.
type querier interface {
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
}

func (l *Log) head(ctx context.Context, q querier) (head, error) {
	var h head
	var hash string
	var body []byte
	err := q.QueryRowContext(ctx, l.sql["head"]).Scan(&h.seq, &hash, &body)
	if errors.Is(err, sql.ErrNoRows) {
		return head{}, nil
	}
	if err != nil {
		return head{}, fmt.Errorf("audit: read the newest record: %w", err)
	}
	var ok bool
	if h.hash, ok = parseSum(hash); !ok {
		return head{}, fault.New(fault.Internal, "the newest audit record %d has the hash %.80q, which is none", h.seq, hash).
			Hint("Somebody changed the audit log; `signalbox audit verify` says where")
	}
	h.at, _ = timeOf(body) // a changed body is what Verify reports
	return h, nil
}

// Head returns the newest record's place, the zero Point if there is none.
func (l *Log) Head(ctx context.Context) (Point, error) {
	h, err := l.head(ctx, l.o.DB.SQL())
	if err != nil || h.seq == 0 {
		return Point{}, err
	}
	return h.point(), nil
}

// Append adds a record inside the caller's transaction; the caller must not go on when it fails. Seq, At and ClockBack are
// set here: they count in the order of the chain. The transaction must be one of Options.DB's: those hold the write lock from
// their start, so that the head cannot move meanwhile, and the key of seq refuses a second record of one number in any case.
func (l *Log) Append(ctx context.Context, tx *sql.Tx, r Record) error {
	if err := l.append(ctx, tx, r); err != nil {
		l.failures.Inc()
		return err
	}
	return nil
}

func (l *Log) append(ctx context.Context, tx *sql.Tx, r Record) error {
	if err := r.validate(); err != nil {
		return err
	}
	h, err := l.head(ctx, tx)
	if err != nil {
		return err
	}
	r = r.clean()
	r.Seq, r.At, r.ClockBack = h.seq+1, l.o.Now().UnixMilli(), 0
	if r.At < h.at {
		r.ClockBack = h.at - r.At
	}
	body := r.encode(nil)
	if _, err := tx.ExecContext(ctx, l.sql["insert"], r.Seq, h.hash.String(), link(h.hash, body).String(), string(body)); err != nil {
		return fmt.Errorf("audit: write record %d: %w", r.Seq, err)
	}
	return nil
}

// Write adds a record in a transaction of its own. It must not be called inside another.
func (l *Log) Write(ctx context.Context, r Record) error {
	appended := false
	err := l.o.DB.Tx(ctx, func(tx *sql.Tx) error {
		appended = true
		return l.Append(ctx, tx, r)
	})
	if err != nil && !appended {
		l.failures.Inc()
	}
	return err
}
