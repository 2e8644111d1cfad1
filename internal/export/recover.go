package export

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/signalbox/signalbox/internal/audit"
	"github.com/signalbox/signalbox/internal/fault"
)

// recover settles what a crash left behind. A request that was on its way may have left in part. A scheduled part that its
// manifest names with the right size is complete and is taken over; anything else of it is removed and the day is due again.
func (x *Exporter) recover(ctx context.Context) error {
	open, err := x.entries(ctx, "unfinished")
	if err != nil {
		return err
	}
	for _, e := range open {
		switch {
		case e.State == Leaving:
			e.State, e.Error, e.EndedAt = Cut, stopped().Error(), x.o.Now().UnixMilli()
			err = x.change(ctx, e, nil)
		case e.Kind == KindSchedule:
			err = x.recoverPart(ctx, e)
		default:
			err = x.fail(ctx, e, stopped(), nil)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func stopped() *fault.Error {
	return fault.New(fault.Unavailable, "signalbox was stopped before the export was complete")
}

func (x *Exporter) recoverPart(ctx context.Context, e Entry) error {
	m, err := readManifest(filepath.Dir(e.path()))
	if err == nil && m.File == filepath.Base(e.path()) && m.Export == e.ID {
		if info, err := os.Stat(e.path()); err == nil && info.Size() == m.Bytes {
			e.Rows, e.Bytes, e.SHA256 = m.Rows, m.Bytes, m.SHA256
			r := audit.Record{Actor: e.By, Action: "export_rows", Outcome: audit.Done, Detail: e.detail()}
			return x.settle(ctx, e, &r)
		}
	}
	x.discard(e)
	return x.fail(ctx, e, stopped(), nil)
}

// sweep removes parts in whose place a newer one stands.
func (x *Exporter) sweep(ctx context.Context, dir string) error {
	old, err := x.entries(ctx, "replaced", dir)
	if err != nil {
		return err
	}
	for _, e := range old {
		if err := os.Remove(e.path()); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return destinationFault(dir, err)
		}
		if err := x.exec(ctx, "removed", e.ID); err != nil {
			return err
		}
	}
	return nil
}
