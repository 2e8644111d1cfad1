// Package cloudtrail reads AWS CloudTrail's log files from a folder, as a sync of the trail's bucket leaves them there, and
// makes a change mark of each record that changed something. It keeps which files it has read, so that nothing is read twice
// across restarts, and names the files that it could not read. It talks to nobody but the folder: fetching is not its task.
package cloudtrail

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/signalbox/signalbox/internal/fault"
	"github.com/signalbox/signalbox/internal/ledger"
	"github.com/signalbox/signalbox/internal/statestore"
)

//go:embed migrations/*.sql
var migrations embed.FS

//go:embed file.sql
var fileSQL string

// DB is the state database.
type DB interface {
	Migrate(ctx context.Context, room string, files fs.FS) error
	Tx(ctx context.Context, f func(*sql.Tx) error) error
	SQL() *sql.DB
}

// Options are the reader's dependencies and bounds.
type Options struct {
	DB         DB
	Logger     *slog.Logger
	Registerer prometheus.Registerer
	Now        func() time.Time

	Folder string // with the files, at any depth
	// Sink takes a mark; the same id twice must be one mark. An error makes the file be read again later.
	Sink func(ctx context.Context, m ledger.Mark) error

	Reads    bool          // marks of records that only read, too
	Poll     time.Duration // how often the folder is looked at; default 30 s
	Settle   time.Duration // how long a file must be unchanged before it is read; default 5 s
	MaxBytes int64         // of one file, uncompressed; default 256 MiB
}

// Validate reports the first option that is wrong.
func (o Options) Validate() error {
	switch {
	case o.DB == nil || o.Sink == nil:
		return errors.New("cloudtrail: no state database or nobody takes the marks")
	case o.Folder == "":
		return fault.New(fault.Invalid, "cloudtrail: folder is missing: want the folder with the log files")
	case o.Poll < 0 || o.Settle < 0 || o.MaxBytes < 0:
		return fault.New(fault.Invalid, "cloudtrail: poll %s, settle %s, max bytes %d: want none below 0", o.Poll, o.Settle, o.MaxBytes)
	}
	return nil
}

// Reader reads one folder.
type Reader struct {
	o       Options
	sql     map[string]string
	files   *prometheus.CounterVec
	records *prometheus.CounterVec
	missing bool // the folder could not be read when it was last looked at
}

// New migrates the table and returns the reader.
func New(ctx context.Context, o Options) (*Reader, error) {
	if err := o.Validate(); err != nil {
		return nil, err
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Poll == 0 {
		o.Poll = 30 * time.Second
	}
	if o.Settle == 0 {
		o.Settle = 5 * time.Second
	}
	if o.MaxBytes == 0 {
		o.MaxBytes = 256 << 20
	}
	sub, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return nil, err
	}
	if err := o.DB.Migrate(ctx, "cloudtrail", sub); err != nil {
		return nil, err
	}
	r := &Reader{
		o: o, sql: statestore.Statements(fileSQL),
		files: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "signalbox_cloudtrail_files_total", Help: "CloudTrail log files, by result: read, faulty.",
		}, []string{"result"}),
		records: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "signalbox_cloudtrail_records_total", Help: "CloudTrail records, by result: mark, read_only, faulty.",
		}, []string{"result"}),
	}
	if o.Registerer != nil {
		for _, c := range []prometheus.Collector{r.files, r.records} {
			if err := o.Registerer.Register(c); err != nil {
				return nil, fmt.Errorf("cloudtrail: %w", err)
			}
		}
	}
	return r, nil
}

// Run looks at the folder until ctx ends.
func (r *Reader) Run(ctx context.Context) error {
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-timer.C:
		}
		if err := r.Look(ctx); err != nil && ctx.Err() == nil {
			if !r.missing {
				r.o.Logger.Error("Could not read CloudTrail log files", "folder", r.o.Folder, "err", err)
			}
			r.missing = true
		} else {
			r.missing = false
		}
		timer.Reset(r.o.Poll)
	}
}

// Look reads every file in the folder that is new. A file that is wrong is noted and does not keep the others from being
// read; an error is about the folder, the database or the sink.
func (r *Reader) Look(ctx context.Context) error {
	root, err := os.OpenRoot(r.o.Folder) // no link leads out of the folder
	if err != nil {
		return fault.New(fault.Unavailable, "the folder %s cannot be read: %w", r.o.Folder, err).Hint("Make it, or correct the folder in the configuration")
	}
	defer func() { _ = root.Close() }()
	return fs.WalkDir(root.FS(), ".", func(path string, d fs.DirEntry, err error) error {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err != nil {
			if path == "." {
				return err
			}
			r.o.Logger.Warn("Could not read a folder of CloudTrail log files", "path", path, "err", err)
			return fs.SkipDir
		}
		if d.IsDir() && (strings.HasPrefix(d.Name(), "CloudTrail-Digest") || strings.HasPrefix(d.Name(), "CloudTrail-Insight") || path != "." && strings.HasPrefix(d.Name(), ".")) {
			return fs.SkipDir
		}
		if !d.Type().IsRegular() || strings.HasPrefix(d.Name(), ".") || !(strings.HasSuffix(path, ".json") || strings.HasSuffix(path, ".json.gz")) {
			return nil
		}
		info, err := d.Info()
		if errors.Is(err, fs.ErrNotExist) { // it went meanwhile
			return nil
		}
		if err != nil {
			return err
		}
		return r.file(ctx, root, path, info)
	})
}

// file reads a file that is new and has settled, and notes it.
func (r *Reader) file(ctx context.Context, root *os.Root, path string, info fs.FileInfo) error {
	var size, modified int64
	err := r.o.DB.SQL().QueryRowContext(ctx, r.sql["known"], path).Scan(&size, &modified)
	switch {
	case err == nil && size == info.Size() && modified == info.ModTime().UnixNano():
		return nil
	case err != nil && !errors.Is(err, sql.ErrNoRows):
		return fmt.Errorf("cloudtrail: %w", err)
	}
	now := r.o.Now()
	// A time ahead of ours says nothing about whether somebody still writes.
	if age := now.Sub(info.ModTime()); age >= 0 && age < r.o.Settle {
		return nil
	}
	f, err := root.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	var n counts
	problem := ""
	if err != nil {
		problem = "it cannot be opened: " + err.Error()
	} else {
		n, err = r.read(ctx, f, strings.HasSuffix(path, ".gz"))
		_ = f.Close() // it was only read
		var bad *faulty
		if err != nil && !errors.As(err, &bad) {
			return fmt.Errorf("cloudtrail: %s: %w", path, err)
		}
		if bad != nil {
			problem = bad.Error()
		}
	}
	result := "read"
	if problem != "" {
		result = "faulty"
		r.o.Logger.Warn("A CloudTrail log file is not as it should be", "path", path, "problem", problem, "records", n.records)
	}
	err = r.o.DB.Tx(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, r.sql["put"], path, info.Size(), info.ModTime().UnixNano(), now.UnixMilli(), n.records, n.marks, problem)
		return err
	})
	if err != nil {
		return fmt.Errorf("cloudtrail: note %s: %w", path, err)
	}
	r.files.WithLabelValues(result).Inc()
	r.records.WithLabelValues("mark").Add(float64(n.marks))
	r.records.WithLabelValues("read_only").Add(float64(n.readOnly))
	r.records.WithLabelValues("faulty").Add(float64(n.faulty))
	return nil
}

// File is what became of one file.
type File struct {
	Path    string `json:"path"`
	Size    int64  `json:"size"`
	ReadAt  int64  `json:"read_at"` // Unix ms
	Records int64  `json:"records"`
	Marks   int64  `json:"marks"`
	Problem string `json:"problem,omitempty"`
}

// Files returns what became of the files, the newest first; limit 0 means 100, at most 1000.
func (r *Reader) Files(ctx context.Context, limit int) ([]File, error) {
	if limit <= 0 {
		limit = 100
	}
	rows, err := r.o.DB.SQL().QueryContext(ctx, r.sql["newest"], min(limit, 1000))
	if err != nil {
		return nil, fmt.Errorf("cloudtrail: files: %w", err)
	}
	defer func() { _ = rows.Close() }() // rows.Err below says what went wrong
	out := []File{}
	for rows.Next() {
		var f File
		if err := rows.Scan(&f.Path, &f.Size, &f.ReadAt, &f.Records, &f.Marks, &f.Problem); err != nil {
			return nil, fmt.Errorf("cloudtrail: files: %w", err)
		}
		out = append(out, f)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("cloudtrail: files: %w", err)
	}
	return out, nil
}
