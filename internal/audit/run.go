package audit

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"
)

// Run looks at the clock at least this often: somebody may set it.
const lookEvery = time.Minute

// anchorTimeout bounds one attempt: an anchor that hangs must not keep the digests from being written.
const anchorTimeout = time.Minute

// Anchoring is tried again after a wait that doubles between these two.
const (
	firstRetry = time.Minute
	lastRetry  = 15 * time.Minute
)

// Run writes the digests of the hours in which nobody ran, then one every hour, and tells the anchor, until ctx ends.
func (l *Log) Run(ctx context.Context) error {
	var retry time.Duration
	var notBefore time.Time
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-timer.C:
		}
		n, err := l.Seal(ctx)
		if err != nil && ctx.Err() == nil {
			l.o.Logger.Error("Could not write the audit digest", "err", err)
		}
		if n > 0 {
			notBefore = time.Time{}
		}
		if now := l.o.Now(); !now.Before(notBefore) || notBefore.Sub(now) > lastRetry {
			if err := l.anchor(ctx); err != nil && ctx.Err() == nil {
				retry = min(max(2*retry, firstRetry), lastRetry)
				notBefore = now.Add(retry)
				l.anchorFailures.Inc()
				l.o.Logger.Error("Could not anchor the audit log outside", "err", err, "retry", retry)
			} else {
				retry, notBefore = 0, time.Time{}
			}
		}
		now := l.o.Now()
		timer.Reset(min(lookEvery, now.Truncate(time.Hour).Add(time.Hour).Sub(now)+time.Millisecond))
	}
}

// anchor tells the outside about the newest digest if it does not know it. One anchor stands for all digests before it: they
// are chained.
func (l *Log) anchor(ctx context.Context) error {
	if l.o.Anchor == nil {
		return nil
	}
	d, some, err := l.newestDigest(ctx, l.o.DB.SQL())
	if err != nil || !some {
		return err
	}
	number, _, err := l.anchored(ctx)
	if err != nil || number >= d.Number {
		return err
	}
	a := Anchor{At: d.At, Seq: d.LastSeq, Hash: d.Head, Digest: d.Number, From: d.From, To: d.To, Signature: d.Signature, Key: d.Key}
	bounded, cancel := context.WithTimeout(ctx, anchorTimeout)
	defer cancel()
	if err := l.o.Anchor(bounded, a); err != nil {
		return err
	}
	err = l.o.DB.Tx(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, l.sql["put anchored"], d.Number, d.LastSeq, l.o.Now().UnixMilli())
		return err
	})
	if err != nil {
		return fmt.Errorf("audit: note the anchor: %w", err)
	}
	return nil
}

// anchored returns the newest digest, and the newest record, that the outside knows.
func (l *Log) anchored(ctx context.Context) (number, seq int64, err error) {
	err = l.o.DB.SQL().QueryRowContext(ctx, l.sql["anchored"]).Scan(&number, &seq)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, 0, nil
	}
	if err != nil {
		return 0, 0, fmt.Errorf("audit: read the anchor: %w", err)
	}
	return number, seq, nil
}

// unanchored counts the digests that the outside does not know.
func (l *Log) unanchored(ctx context.Context) (int64, error) {
	d, some, err := l.newestDigest(ctx, l.o.DB.SQL())
	if err != nil || !some {
		return 0, err
	}
	number, _, err := l.anchored(ctx)
	return d.Number - number, err
}
