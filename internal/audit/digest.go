package audit

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strconv"
	"time"
)

const (
	hour = int64(time.Hour / time.Millisecond)
	// A digest that is written later than this after its hour is marked: the process was down.
	lateAfter = int64(10 * time.Minute / time.Millisecond)
	// Hours that are written in one transaction after a long rest: others want the write lock too.
	mostDigests = 200
)

// Digest says what one hour had. FirstSeq is one after the last record of the digest before; an empty hour has a LastSeq one
// below it. Head is the hash of the record LastSeq, of the chain that far. Times are Unix ms.
type Digest struct {
	Number            int64  `json:"number"` // from 1
	From              int64  `json:"from"`   // the hour, [From, To)
	To                int64  `json:"to"`
	At                int64  `json:"at"` // when it was written
	FirstSeq          int64  `json:"first_seq"`
	LastSeq           int64  `json:"last_seq"`
	Count             int64  `json:"count"`
	Head              string `json:"head"`
	Late              bool   `json:"late,omitempty" doc:"Written long after the hour: the process was down at its end"`
	ClockBack         bool   `json:"clock_back,omitempty" doc:"The hour lies before the end of the digest before: the clock was set back"`
	Previous          string `json:"previous,omitempty" doc:"SHA-256 of the digest before, empty for the first"`
	PreviousSignature string `json:"previous_signature,omitempty"`
	Key               string `json:"key" doc:"Fingerprint of the key that signed"`

	Hash      string `json:"hash,omitempty" doc:"SHA-256 of this digest's canonical JSON"` // set when read; not part of what is hashed
	Signature string `json:"signature,omitempty"`                                          // beside the body
}

// encode returns the canonical JSON.
func (d *Digest) encode() []byte {
	o := openObject(nil)
	o.number("at", d.At)
	o.flag("clock_back", d.ClockBack)
	o.number("count", d.Count)
	o.number("first_seq", d.FirstSeq)
	o.number("from", d.From)
	o.text("head", d.Head)
	o.text("key", d.Key)
	o.number("last_seq", d.LastSeq)
	o.flag("late", d.Late)
	o.number("number", d.Number)
	o.text("previous", d.Previous)
	o.text("previous_signature", d.PreviousSignature)
	o.number("to", d.To)
	return o.close()
}

// digestMessage is the string that is signed: the end of the hour, the number, the hash of the digest's bytes, and the
// signature of the digest before.
func digestMessage(d *Digest, hash sum) []byte {
	return []byte("signalbox audit digest 1\n" + time.UnixMilli(d.To).UTC().Format(time.RFC3339) + "\n" + strconv.FormatInt(d.Number, 10) + "\n" +
		hash.String() + "\n" + d.PreviousSignature + "\n")
}

// decodeDigest reads a digest's body and gives it its hash and signature.
func decodeDigest(body []byte, signature string) (Digest, error) {
	var d Digest
	if err := json.Unmarshal(body, &d); err != nil {
		return Digest{}, fmt.Errorf("audit digest: %w", err)
	}
	d.Hash, d.Signature = sum(sha256.Sum256(body)).String(), signature
	return d, nil
}

// Digests returns digests before a number, the newest first; 0 is from the newest. Limit 0 means 100, at most 10,000.
func (l *Log) Digests(ctx context.Context, before int64, limit int) ([]Digest, error) {
	if before <= 0 {
		before = math.MaxInt64
	}
	rows, err := l.o.DB.SQL().QueryContext(ctx, l.sql["digests"], before, bound(limit))
	if err != nil {
		return nil, fmt.Errorf("audit: read digests: %w", err)
	}
	defer func() { _ = rows.Close() }() // rows.Err below says what went wrong
	out := []Digest{}
	for rows.Next() {
		_, d, err := scanDigest(rows)
		if err != nil {
			return nil, err
		}
		out = append(out, d)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("audit: read digests: %w", err)
	}
	return out, nil
}

func scanDigest(rows interface{ Scan(...any) error }) (body []byte, d Digest, err error) {
	var number int64
	var signature string
	if err := rows.Scan(&number, &body, &signature); err != nil {
		return nil, Digest{}, err
	}
	if d, err = decodeDigest(body, signature); err != nil {
		return nil, Digest{}, fmt.Errorf("%w; digest %d was changed", err, number)
	}
	return body, d, nil
}

func (l *Log) newestDigest(ctx context.Context, q querier) (d Digest, ok bool, err error) {
	_, d, err = scanDigest(q.QueryRowContext(ctx, l.sql["newest digest"]))
	if errors.Is(err, sql.ErrNoRows) {
		return Digest{}, false, nil
	}
	if err != nil {
		return Digest{}, false, fmt.Errorf("audit: read the newest digest: %w", err)
	}
	return d, true, nil
}

// Seal writes the digests of all hours that have ended and have none, and returns how many. Run does it every hour.
func (l *Log) Seal(ctx context.Context) (int, error) {
	total := 0
	for {
		n, err := l.seal(ctx)
		total += n
		if err != nil {
			l.failures.Inc()
			return total, err
		}
		if n < mostDigests {
			return total, nil
		}
	}
}

// seal writes at most mostDigests digests in one transaction. The write lock keeps records from being added meanwhile.
func (l *Log) seal(ctx context.Context) (n int, err error) {
	l.mu.RLock()
	defer l.mu.RUnlock()
	err = l.o.DB.Tx(ctx, func(tx *sql.Tx) error {
		n = 0
		now := l.o.Now().UnixMilli()
		end := now - now%hour // of the newest hour that has ended
		last, some, err := l.newestDigest(ctx, tx)
		if err != nil {
			return err
		}
		clockBack := false
		switch {
		case !some:
			if last.To, err = l.birth(ctx, tx, end); err != nil {
				return err
			}
		case last.To > end+hour: // the clock had been ahead by more than this hour
			last.To, clockBack = end-hour, true
		}
		if last.To >= end {
			return nil
		}
		book, err := l.unsealed(ctx, tx, last, clockBack)
		if err != nil {
			return err
		}
		for ; last.To < end && n < mostDigests; n++ {
			seq, head := book.until(last.To + hour)
			d := Digest{
				Number: last.Number + 1, From: last.To, To: last.To + hour, At: now, FirstSeq: last.LastSeq + 1, LastSeq: seq, Count: seq - last.LastSeq,
				Head: head, Late: now-last.To-hour > lateAfter, ClockBack: clockBack, Previous: last.Hash, PreviousSignature: last.Signature, Key: l.key.fingerprint,
			}
			clockBack = false
			body := d.encode()
			hash := sum(sha256.Sum256(body))
			d.Hash, d.Signature = hash.String(), l.key.sign(digestMessage(&d, hash))
			if _, err := tx.ExecContext(ctx, l.sql["insert digest"], d.Number, string(body), d.Signature); err != nil {
				return fmt.Errorf("audit: write digest %d: %w", d.Number, err)
			}
			last = d
		}
		return nil
	})
	return n, err
}

// birth is the start of the first hour: that in which the log got its first key, which is before its first record.
func (l *Log) birth(ctx context.Context, q querier, end int64) (int64, error) {
	keys, err := readKeys(ctx, q, l.sql)
	if err != nil || len(keys) == 0 {
		return end, err
	}
	at := keys[0].CreatedAt
	if at <= 0 || at > end {
		return end, nil
	}
	return max(at-at%hour, end-20*365*24*hour), nil // a clock that began in 1970 makes no half million digests
}

// book is what the records since the newest digest come to.
type book struct {
	all  bool // every hour takes everything there is: times say nothing
	ends []bookEntry
}

// bookEntry is the newest record of an hour.
type bookEntry struct {
	at, seq int64 // at is the start of the hour
	hash    string
}

// unsealed reads the records since the newest digest in one pass.
func (l *Log) unsealed(ctx context.Context, q querier, last Digest, clockBack bool) (book, error) {
	b := book{all: clockBack, ends: []bookEntry{{at: math.MinInt64, seq: last.LastSeq, hash: last.Head}}}
	if last.Number == 0 {
		b.ends[0].hash = sum{}.String()
	}
	rows, err := q.QueryContext(ctx, l.sql["after"], last.LastSeq)
	if err != nil {
		return book{}, fmt.Errorf("audit: read records for a digest: %w", err)
	}
	defer func() { _ = rows.Close() }() // rows.Err below says what went wrong
	for rows.Next() {
		var e bookEntry
		var body []byte
		if err := rows.Scan(&e.seq, &e.hash, &body); err != nil {
			return book{}, fmt.Errorf("audit: read records for a digest: %w", err)
		}
		at, _ := timeOf(body)
		e.at = at - at%hour
		// A record of an earlier hour takes everything before it along: the order of the chain is the order that counts.
		for len(b.ends) > 1 && b.ends[len(b.ends)-1].at >= e.at {
			b.ends = b.ends[:len(b.ends)-1]
		}
		b.ends = append(b.ends, e)
	}
	if err := rows.Err(); err != nil {
		return book{}, fmt.Errorf("audit: read records for a digest: %w", err)
	}
	return b, nil
}

// until returns the newest record that an hour ending at to takes.
func (b book) until(to int64) (seq int64, hash string) {
	newest := b.ends[0]
	for _, e := range b.ends {
		if b.all || e.at < to {
			newest = e
		}
	}
	return newest.seq, newest.hash
}
