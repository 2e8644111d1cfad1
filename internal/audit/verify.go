package audit

import (
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/signalbox/signalbox/internal/fault"
)

// VerifyOptions say what is trusted and known from outside.
type VerifyOptions struct {
	Keys     []ed25519.PublicKey // trusted; without one the log's own keys are believed, and Report.KeyGiven is false
	Anchors  []Point             // records that were seen from outside; At does not count
	Indexes  bool                // of a store: compare the columns that searches use with the records as well, and the indexes with those
	Workers  int                 // for a file; 0 means one a processor
	Progress func(records int64)
}

// Kinds of a Break.
const (
	BreakRecord    = "record"    // the record is not what was hashed
	BreakLink      = "link"      // the record was changed and hashed again; the next one was written after another
	BreakMissing   = "missing"   // records are not there
	BreakOrder     = "order"     // a record stands twice or in the wrong place
	BreakDigest    = "digest"    // records, or a digest, are not those that the digest signed
	BreakSignature = "signature" // the signature does not fit
	BreakHour      = "hour"      // an hour has no digest
	BreakTail      = "tail"      // the newest records are not there
	BreakAnchor    = "anchor"    // the record is not the one that was anchored
	BreakKey       = "key"       // a public key is not what its fingerprint says
	BreakFile      = "file"      // the line is not what Export writes
	BreakStore     = "store"     // the database cannot be read, or its indexes hide something
)

// Break is the first thing that is not as it was written.
type Break struct {
	Kind   string `json:"kind"`
	Seq    int64  `json:"seq,omitempty" doc:"The first record concerned"`
	To     int64  `json:"to,omitempty" doc:"The last record concerned, where one among several was changed"`
	At     int64  `json:"at,omitempty" doc:"Unix ms: what the record or digest says about its time"`
	Digest int64  `json:"digest,omitempty" doc:"Number of the digest concerned"`
	Line   int64  `json:"line,omitempty" doc:"Line of the file"`
	What   string `json:"what" doc:"A sentence"`
}

// String says everything in one line.
func (b Break) String() string {
	var where []string
	if b.Line > 0 {
		where = append(where, "line "+strconv.FormatInt(b.Line, 10))
	}
	if b.Seq > 0 {
		where = append(where, "record "+strconv.FormatInt(b.Seq, 10))
	}
	if b.Digest > 0 {
		where = append(where, "digest "+strconv.FormatInt(b.Digest, 10))
	}
	if b.At > 0 {
		where = append(where, instant(b.At))
	}
	return strings.Join(where, ", ") + ": " + b.What
}

func instant(ms int64) string { return time.UnixMilli(ms).UTC().Format("2006-01-02T15:04:05.000Z") }

// Report is what a verification found. Break is nil where everything is as it was written.
type Report struct {
	Good         bool     `json:"good"`
	Complete     bool     `json:"complete" doc:"false for a file that was exported with a filter"`
	Records      int64    `json:"records"`
	FirstSeq     int64    `json:"first_seq"`
	LastSeq      int64    `json:"last_seq"`
	Head         string   `json:"head" doc:"Hash of the last record: compare it with what was anchored"`
	Digests      int64    `json:"digests"`
	EmptyDigests int64    `json:"empty_digests"`
	LateDigests  int64    `json:"late_digests" doc:"Hours at whose end nobody ran"`
	ClockBacks   int64    `json:"clock_backs" doc:"Digests that were written after the clock was set back"`
	From         int64    `json:"from" doc:"Start of the first hour with a digest, Unix ms"`
	To           int64    `json:"to" doc:"End of the last hour with a digest"`
	SignedSeq    int64    `json:"signed_seq" doc:"Up to this record a signature vouches; the rest is chained only"`
	KeyGiven     bool     `json:"key_given" doc:"false: the log's own keys were believed"`
	Keys         []string `json:"keys" doc:"Fingerprints of the keys that signed"`
	Anchors      int      `json:"anchors" doc:"Anchors that were found in the chain"`
	Notes        []string `json:"notes" doc:"What is no break and yet worth knowing"`
	Break        *Break   `json:"break,omitempty"`
}

// errBroken ends a walk at the first break.
var errBroken = errors.New("the chain is broken")

// Verify reads the whole live store and names the first record that is not what was written.
func (l *Log) Verify(ctx context.Context, o VerifyOptions) (Report, error) {
	return verifyStore(ctx, store{l.o.DB.SQL(), l.sql}, o, l.o.Now().UnixMilli())
}

// verifyStore verifies a store; now is 0 where nobody has to be running.
func verifyStore(ctx context.Context, s store, o VerifyOptions, now int64) (Report, error) {
	keys, err := readKeys(ctx, s.q, s.sql)
	if err != nil {
		return Report{}, err
	}
	c := newChecker(o, true)
	if b := c.trust(keys); b != nil {
		return c.broken(b), nil
	}
	reach, err := s.reach(ctx)
	if err != nil {
		return Report{}, err
	}
	err = s.walk(ctx, reach, c.stored, func(d storedDigest) error { return c.must(c.digest(d.body, d.signature)) })
	switch {
	case errors.Is(err, errBroken):
		return c.report, nil
	case ctx.Err() != nil:
		return Report{}, ctx.Err()
	case err != nil: // a store that cannot be read in its middle is a break as well
		return c.broken(&Break{Kind: BreakStore, Seq: c.seq + 1, What: "the store cannot be read from here on: " + err.Error()}), nil
	}
	if b := c.newestHour(now); b != nil {
		return c.broken(b), nil
	}
	if b := c.tail(); b != nil {
		return c.broken(b), nil
	}
	if o.Indexes {
		b, err := s.indexes(ctx, reach.head.Seq)
		if err != nil {
			return Report{}, err
		}
		if b != nil {
			return c.broken(b), nil
		}
	}
	if left := c.seq - c.report.SignedSeq; left > 0 {
		c.note("The newest %d records are chained, but the digest of their hour is not written yet", left)
	}
	return c.good(), nil
}

// stored checks one row.
func (c *checker) stored(r stored) error {
	prev, ok1 := parseSum(r.prev)
	hash, ok2 := parseSum(r.hash)
	switch {
	case r.seq <= 0:
		return c.must(&Break{Kind: BreakOrder, At: c.timeOf(r.body), What: fmt.Sprintf("it stands under the number %d: somebody moved it, or put it there", r.seq)})
	case r.seq > c.seq+1:
		return c.must(c.gap(r.seq))
	}
	if !ok1 || !ok2 {
		return c.must(&Break{Kind: BreakRecord, Seq: r.seq, At: c.timeOf(r.body), What: "its hash, or the hash of the record before, is not a hash any more"})
	}
	if b := c.record(prev, hash, r.body); b != nil {
		return c.must(b)
	}
	if c.seq != r.seq {
		return c.must(&Break{Kind: BreakRecord, Seq: r.seq, At: c.at, What: fmt.Sprintf("it stands under the number %d, but was written as %d", r.seq, c.seq)})
	}
	return nil
}

// must ends the walk at a break.
func (c *checker) must(b *Break) error {
	if b == nil {
		return nil
	}
	c.broken(b)
	return errBroken
}

// ParseAnchor reads SEQ:HASH.
func ParseAnchor(text string) (Point, error) {
	number, hash, ok := strings.Cut(text, ":")
	seq, err := strconv.ParseInt(number, 10, 64)
	if _, isHash := parseSum(hash); !ok || err != nil || seq < 0 || !isHash {
		return Point{}, fault.New(fault.Invalid, "anchor %q: want SEQ:HASH, the number of a record and its hash of 64 hexadecimal digits", text).
			Hint("The anchor's mail, webhook or log line has both")
	}
	return Point{Seq: seq, Hash: hash}, nil
}
