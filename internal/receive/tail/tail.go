// Package tail follows log files: lines that are appended become log records, through renaming, truncation and restarts. Lines
// that go on with white space or "Caused by" belong to the record before them, so a stack trace is one row.
//
// A file is known by its device, inode and first bytes, never by its name alone. How far it was read is written to a mark book
// after its rows are durable: a kill -9 loses nothing and may bring the rows of the last moment twice. It refuses to read what
// is not a regular file, and it changes nothing but its mark book.
package tail

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/fsnotify/fsnotify"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/signalbox/signalbox/internal/gate"
	"github.com/signalbox/signalbox/internal/receive/column"
	"github.com/signalbox/signalbox/internal/receive/line"
	"github.com/signalbox/signalbox/internal/rowstore"
)

// Set is files that are written alike.
type Set struct {
	Paths  []string    // absolute, with * for any letters
	Format line.Format // default: line.Auto
	Labels map[string]string
}

// Writer takes rows in; *gate.Grant is one.
type Writer interface {
	WriteRows(ctx context.Context, batches ...*rowstore.Batch) (gate.RowResult, error)
}

// Options are what a follower is built with. Admit, Sets and Book are required; the zero value of the rest means its default.
type Options struct {
	Admit       func(source string) (Writer, error) // the permission to write for one file
	Sets        []Set
	Book        string // file of the marks
	BusinessIDs []string
	Line        int           // bytes of a record that are kept; default 128 KiB
	Files       int           // followed at once; default 2000
	Poll        time.Duration // how often files are looked at where the system does not tell; default 1s
	Settle      time.Duration // how long a record waits for its next line; default 1s
	Now         func() time.Time
	Logger      *slog.Logger
	Registerer  prometheus.Registerer
}

// Follower follows files. One Run at a time.
type Follower struct {
	o       Options
	columns *column.Map
	book    *book
	files   map[identity]*file
	batch   rowstore.Batch
	scratch []byte
	met     bool            // a file was met whose mark is not written down
	refused map[string]bool // files that could not be opened, said once
	count   counters
}

type counters struct {
	files, lag        prometheus.Gauge
	bytes, lost, cuts prometheus.Counter
}

// New returns a follower that has read its marks. A mark book that cannot be read is an error: to begin anew would bring every
// row again.
func New(o Options) (*Follower, error) {
	o.Line = cmp.Or(max(o.Line, 0), 128<<10)
	o.Files = cmp.Or(max(o.Files, 0), 2000)
	o.Poll = cmp.Or(max(o.Poll, 0), time.Second)
	o.Settle = cmp.Or(max(o.Settle, 0), time.Second)
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	b, err := openBook(o.Book)
	if err != nil {
		return nil, err
	}
	t := &Follower{o: o, columns: column.New(o.BusinessIDs), book: b, files: map[identity]*file{}, refused: map[string]bool{}}
	t.count = counters{
		files: prometheus.NewGauge(prometheus.GaugeOpts{Name: "signalbox_tail_files", Help: "Log files that are followed."}),
		lag:   prometheus.NewGauge(prometheus.GaugeOpts{Name: "signalbox_tail_unread_bytes", Help: "Bytes of followed files that are not stored yet."}),
		bytes: prometheus.NewCounter(prometheus.CounterOpts{Name: "signalbox_tail_read_bytes_total", Help: "Bytes of log files whose rows are stored."}),
		lost:  prometheus.NewCounter(prometheus.CounterOpts{Name: "signalbox_tail_lost_files_total", Help: "Files that were gone before they were read to their end."}),
		cuts:  prometheus.NewCounter(prometheus.CounterOpts{Name: "signalbox_tail_cut_records_total", Help: "Records that were longer than what is kept of one."}),
	}
	if o.Registerer != nil {
		o.Registerer.MustRegister(t.count.files, t.count.lag, t.count.bytes, t.count.lost, t.count.cuts)
	}
	return t, nil
}

// saving is how often marks are written down, which bounds what comes twice after a kill.
const saving = 300 * time.Millisecond

// Run follows the files until the context ends; then it writes what is complete and its marks.
func (t *Follower) Run(ctx context.Context) error {
	events := t.watch(ctx)
	tick := time.NewTicker(t.o.Poll)
	defer tick.Stop()
	defer func() {
		for _, f := range t.files {
			_ = f.f.Close()
		}
	}()
	looked, saved := time.Time{}, time.Now()
	for ctx.Err() == nil {
		if now := time.Now(); now.Sub(looked) >= t.o.Poll {
			t.look()
			looked = now
			if t.met { // known, it is found again though it be renamed while we are away
				t.met = false
				t.save()
			}
		}
		more := false
		for _, f := range t.ordered() {
			again, err := t.read(ctx, f)
			if err != nil {
				t.wait(ctx, err)
				break
			}
			more = more || again
		}
		if time.Since(saved) >= saving || ctx.Err() != nil {
			t.save()
			saved = time.Now()
		}
		if more {
			continue
		}
		select {
		case <-ctx.Done():
		case <-tick.C:
		case <-events:
		}
	}
	t.save()
	return nil
}

// wait lets the gate come to itself.
func (t *Follower) wait(ctx context.Context, err error) {
	wait := time.Second
	var busy *gate.Busy
	if errors.As(err, &busy) {
		wait = min(max(busy.After, 10*time.Millisecond), 10*time.Second)
	}
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
	}
}

func (t *Follower) save() {
	if err := t.book.save(); err != nil {
		t.o.Logger.Error("how far files were read could not be written down", "err", err)
	}
}

// ordered lists the files, those that are gone first: they are the older ones of their name.
func (t *Follower) ordered() []*file {
	out := make([]*file, 0, len(t.files))
	lag := int64(0)
	for _, f := range t.files {
		out = append(out, f)
		lag += max(0, f.size-f.offset)
	}
	t.count.files.Set(float64(len(out)))
	t.count.lag.Set(float64(lag))
	slices.SortFunc(out, func(a, b *file) int {
		if a.gone != b.gone {
			if a.gone {
				return -1
			}
			return 1
		}
		return cmp.Compare(a.path, b.path)
	})
	return out
}

// watch tells when something happens in the files' directories. Where the system cannot tell, the poll finds it.
func (t *Follower) watch(ctx context.Context) <-chan struct{} {
	out := make(chan struct{}, 1)
	w, err := fsnotify.NewWatcher()
	if err != nil {
		t.o.Logger.Warn("the system does not tell about files that change; they are looked at", "every", t.o.Poll.String(), "err", err)
		return out
	}
	for _, s := range t.o.Sets {
		for _, p := range s.Paths {
			dirs, _ := filepath.Glob(filepath.Dir(p)) // a bad pattern was refused by the configuration
			for _, d := range dirs {
				_ = w.Add(d) // what cannot be watched is polled
			}
		}
	}
	go func() {
		defer func() { _ = w.Close() }()
		for {
			select {
			case <-ctx.Done():
				return
			case _, ok := <-w.Errors:
				if !ok {
					return
				}
			case e, ok := <-w.Events:
				if !ok {
					return
				}
				if e.Op == fsnotify.Chmod {
					continue
				}
				// More is on its way; one look for all of it.
				select {
				case <-ctx.Done():
					return
				case <-time.After(50 * time.Millisecond):
				}
				for drained := false; !drained; {
					select {
					case <-w.Events:
					default:
						drained = true
					}
				}
				select {
				case out <- struct{}{}:
				default:
				}
			}
		}
	}()
	return out
}

// problem says once that a file cannot be read.
func (t *Follower) problem(path string, err error) {
	if !t.refused[path] {
		t.refused[path] = true
		t.o.Logger.Warn("a log file is not read", "file", path, "err", err)
	}
}

// source names a file for people.
func source(path string) string { return "file " + path }

// resource is what the rows of one file share.
func resource(path string) *rowstore.Resource {
	host, _ := os.Hostname() // without a name the attribute is left out
	r := &rowstore.Resource{}
	if host != "" {
		r.Attrs = append(r.Attrs, rowstore.Attr{Key: "host.name", Value: host})
	}
	r.Attrs = append(r.Attrs, rowstore.Attr{Key: "log.file.path", Value: path})
	r.JSON = object(r.Attrs)
	return r
}
