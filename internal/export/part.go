package export

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"

	"github.com/signalbox/signalbox/internal/audit"
	"github.com/signalbox/signalbox/internal/fault"
	"github.com/signalbox/signalbox/internal/rowstore"
)

// Manifest stands beside the part of a day as _manifest.json once the part is complete. A reader that goes by it never sees
// a part twice; readers of Parquet folders skip names that begin with an underscore.
type Manifest struct {
	Table     string `json:"table"`
	Day       string `json:"day"`
	File      string `json:"file"` // name in the same folder
	Rows      int64  `json:"rows"`
	Bytes     int64  `json:"bytes"`
	SHA256    string `json:"sha256"`
	WrittenAt int64  `json:"written_at"` // Unix ms
	Export    int64  `json:"export"`     // number in the book
}

// manifestName is the file of the Manifest.
const manifestName = "_manifest.json"

// write writes one day: the part under a name that no reader takes, synced, renamed, named by the manifest, entered in the
// book, and only then the parts before it removed. A crash between any two steps is settled by recover and sweep.
func (x *Exporter) write(ctx context.Context, p *Plan, d due) (err error) {
	x.metrics.running.Inc()
	defer x.metrics.running.Dec()
	by := audit.Actor{ID: "export", Name: "export", Kind: "system"}
	now := x.o.Now().UTC()
	e := Entry{Kind: KindSchedule, Table: d.table.String(), Day: d.day, To: p.Dir, By: by}
	e, err = x.begin(ctx, e, func(id int64) string {
		return filepath.Join(d.table.String(), "day="+d.day, fmt.Sprintf("part-%s-%d.parquet", now.Format("20060102T150405Z"), id))
	}, nil)
	if err != nil {
		return err
	}
	before, err := x.place(ctx, &e, d)
	if err != nil {
		if err = destinationFault(p.Dir, err); ctx.Err() != nil {
			err = stopped()
		}
		x.discard(e)
		return errors.Join(err, x.fail(ctx, e, err, nil))
	}
	r := audit.Record{Actor: by, Action: "export_rows", Outcome: audit.Done, Detail: e.detail()}
	r.Detail["rows"], r.Detail["file"], r.Detail["sha256"] = fmt.Sprint(e.Rows), e.File, e.SHA256
	if err := x.settle(ctx, e, &r); err != nil {
		return err
	}
	x.metrics.rows.WithLabelValues(e.Table, e.Kind).Add(float64(e.Rows))
	x.metrics.bytes.WithLabelValues(e.Table, e.Kind).Add(float64(e.Bytes))
	if before != "" && before != filepath.Base(e.path()) {
		// A part of an earlier life of this folder, which the book may not know.
		if err := os.Remove(filepath.Join(filepath.Dir(e.path()), before)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return destinationFault(p.Dir, err)
		}
	}
	return x.sweep(ctx, p.Dir)
}

// settle enters in the book that a part stands in the folder.
func (x *Exporter) settle(ctx context.Context, e Entry, r *audit.Record) error {
	e.State, e.EndedAt = Done, x.o.Now().UnixMilli()
	return x.change(ctx, e, r, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, x.sql["replace others"], e.To, e.Table, e.Day, e.ID)
		return err
	})
}

// place puts the part and its manifest in the folder and returns the name of the part that the manifest named before.
func (x *Exporter) place(ctx context.Context, e *Entry, d due) (before string, err error) {
	if info, err := os.Stat(e.To); err != nil || !info.IsDir() {
		return "", fault.New(fault.Unavailable, "the folder %s of export.parquet.dir does not exist", e.To).Hint("Make it, or mount what it stands for")
	}
	dir := filepath.Dir(e.path())
	if err := makeDirs(e.To, dir); err != nil {
		return "", err
	}
	f, err := os.OpenFile(temporary(e.path()), os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o640)
	if err != nil {
		return "", err
	}
	sum := newTally(f)
	sum.told = func(n int64) {
		x.note(func(s *Status) {
			if s.Running != nil {
				s.Running.Bytes = n
			}
		})
	}
	e.Rows, err = x.o.Rows.Export(ctx, d.table, d.at, rowstore.Expr{}, sum)
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return "", err
	}
	e.Bytes, e.SHA256 = sum.bytes, sum.hex()
	if old, err := readManifest(dir); err == nil {
		before = old.File
	}
	if err := os.Rename(temporary(e.path()), e.path()); err != nil {
		return "", err
	}
	if err := syncDir(dir); err != nil {
		return "", err
	}
	return before, writeManifest(dir, Manifest{
		Table: e.Table, Day: e.Day, File: filepath.Base(e.path()), Rows: e.Rows, Bytes: e.Bytes, SHA256: e.SHA256, WrittenAt: x.o.Now().UnixMilli(), Export: e.ID,
	})
}

// discard removes what a part that failed left behind, unless the manifest already names it: then the next part of the day
// takes its place.
func (x *Exporter) discard(e Entry) {
	paths := []string{temporary(e.path())}
	if m, err := readManifest(filepath.Dir(e.path())); err != nil || m.File != filepath.Base(e.path()) {
		paths = append(paths, e.path())
	}
	for _, path := range paths {
		if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) && !errors.Is(err, syscall.ENOTDIR) {
			x.o.Logger.Warn("What an unfinished export left behind could not be removed", "file", path, "err", err)
		}
	}
}

// path is where the part of a scheduled entry stands.
func (e Entry) path() string { return filepath.Join(e.To, e.File) }

// temporary is a part's name until it is complete.
func temporary(path string) string {
	return filepath.Join(filepath.Dir(path), "."+filepath.Base(path)+".tmp")
}

// makeDirs makes the folders between root, which exists, and dir, and makes them durable.
func makeDirs(root, dir string) error {
	if _, err := os.Stat(dir); err == nil || dir == root {
		return nil
	}
	up := filepath.Dir(dir)
	if err := makeDirs(root, up); err != nil {
		return err
	}
	if err := os.Mkdir(dir, 0o750); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	return syncDir(up)
}

func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

func readManifest(dir string) (m Manifest, err error) {
	text, err := os.ReadFile(filepath.Join(dir, manifestName))
	if err != nil {
		return m, err
	}
	if err := json.Unmarshal(text, &m); err != nil {
		return m, fmt.Errorf("%s in %s: %w", manifestName, dir, err)
	}
	if m.File != filepath.Base(m.File) {
		return m, fmt.Errorf("%s in %s names %q, which is no file beside it", manifestName, dir, m.File)
	}
	return m, nil
}

func writeManifest(dir string, m Manifest) error {
	text, err := json.MarshalIndent(m, "", "  ")
	if err != nil {
		return err
	}
	path := filepath.Join(dir, manifestName)
	f, err := os.OpenFile(temporary(path), os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o640)
	if err != nil {
		return err
	}
	_, err = f.Write(append(text, '\n'))
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return err
	}
	if err := os.Rename(f.Name(), path); err != nil {
		return err
	}
	return syncDir(dir)
}

// destinationFault says what is wrong with the folder in words.
func destinationFault(dir string, err error) error {
	var f *fault.Error
	switch {
	case errors.As(err, &f):
		return err
	case noSpace(err):
		return fault.New(fault.Unavailable, "there is no room in %s of export.parquet.dir: %w", dir, err).Hint("Free space; the day is tried again")
	case errors.Is(err, fs.ErrPermission), errors.Is(err, syscall.EROFS):
		return fault.New(fault.Unavailable, "the folder %s of export.parquet.dir cannot be written: %w", dir, err).Hint("Let the account that runs signalbox write there; the day is tried again")
	case errors.As(err, new(*fs.PathError)), errors.As(err, new(*os.LinkError)):
		return fault.New(fault.Unavailable, "the folder %s of export.parquet.dir: %w", dir, err)
	}
	return err
}
