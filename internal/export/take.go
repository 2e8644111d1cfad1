package export

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"syscall"
	"time"

	"github.com/signalbox/signalbox/internal/audit"
	"github.com/signalbox/signalbox/internal/fault"
	"github.com/signalbox/signalbox/internal/rowstore"
)

// Asked is what somebody wants to take along: a day of a table, or the rows of it that a search finds.
type Asked struct {
	Table  rowstore.Table
	Day    time.Time
	Search string // as it was written
	Where  rowstore.Expr
	Who    audit.Record // its actor, source and request
}

// Take makes a Parquet file and hands it to send with its line of the book. That somebody asked is on record before the
// rows are read, and that they leave is in the book before send is called. The error of send means that a part of the file
// may have left.
func (x *Exporter) Take(ctx context.Context, a Asked, send func(e Entry, file io.Reader) error) error {
	select {
	case x.slots <- struct{}{}:
		defer func() { <-x.slots }()
	default:
		return fault.New(fault.Limited, "%d exports are being made already", mostRequests).Hint("Try again when one of them is done")
	}
	x.metrics.running.Inc()
	defer x.metrics.running.Dec()
	to := a.Who.Actor.Name
	if to == "" {
		to = a.Who.Actor.ID
	}
	if a.Who.Source != "" {
		to += " at " + a.Who.Source
	}
	e := Entry{Kind: KindRequest, Table: a.Table.String(), Day: a.Day.UTC().Format(time.DateOnly), Search: a.Search, To: to, By: a.Who.Actor}
	r := a.Who
	r.Action, r.Outcome, r.Detail = "export_rows", audit.Done, e.detail()
	e, err := x.begin(ctx, e, func(int64) string { return e.Table + "-" + e.Day + ".parquet" }, &r)
	if err != nil {
		return err
	}
	f, err := os.OpenFile(filepath.Join(x.o.Spool, strconv.FormatInt(e.ID, 10)+".parquet"), os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return errors.Join(fmt.Errorf("export %d: %w", e.ID, err), x.fail(ctx, e, err, &r))
	}
	defer func() { _, _ = f.Close(), os.Remove(f.Name()) }() // New empties the folder
	sum := newTally(f)
	e.Rows, err = x.o.Rows.Export(ctx, a.Table, a.Day, a.Where, sum)
	if err == nil {
		_, err = f.Seek(0, io.SeekStart)
	}
	if err != nil {
		if err = spoolFault(x.o.Spool, err); ctx.Err() != nil {
			err = fault.New(fault.Unavailable, "who asked went away before the file was made: %w", err)
		}
		return errors.Join(err, x.fail(ctx, e, err, &r))
	}
	e.Bytes, e.SHA256, e.State = sum.bytes, sum.hex(), Leaving
	if err := x.change(ctx, e, nil); err != nil {
		return errors.Join(err, x.fail(ctx, e, err, &r))
	}
	err = send(e, f)
	e.State, e.EndedAt = Done, x.o.Now().UnixMilli()
	if err != nil {
		x.metrics.failures.WithLabelValues(e.Kind).Inc()
		e.State, e.Error = Cut, "the connection broke before the end of the file"
	}
	x.metrics.rows.WithLabelValues(e.Table, e.Kind).Add(float64(e.Rows))
	x.metrics.bytes.WithLabelValues(e.Table, e.Kind).Add(float64(e.Bytes))
	return errors.Join(err, x.change(context.WithoutCancel(ctx), e, nil))
}

func spoolFault(dir string, err error) error {
	if noSpace(err) {
		return fault.New(fault.Unavailable, "there is no room in %s to make the file: %w", dir, err).Hint("Free space, or ask for less with a search")
	}
	return err
}

func noSpace(err error) bool {
	return errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT)
}

// tally writes on and counts and hashes what it writes.
type tally struct {
	to    io.Writer
	sum   hash.Hash
	bytes int64
	told  func(bytes int64)
}

func newTally(w io.Writer) *tally { return &tally{to: w, sum: sha256.New()} }

// Write implements io.Writer.
func (t *tally) Write(b []byte) (int, error) {
	n, err := t.to.Write(b)
	t.bytes += int64(n)
	_, _ = t.sum.Write(b[:n]) // a hash takes everything
	if t.told != nil {
		t.told(t.bytes)
	}
	return n, err
}

func (t *tally) hex() string { return hex.EncodeToString(t.sum.Sum(nil)) }
