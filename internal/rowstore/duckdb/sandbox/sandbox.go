package sandbox

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"time"

	"github.com/signalbox/signalbox/internal/fault"
	"github.com/signalbox/signalbox/internal/rowstore"
)

// File is a file with rows that the child may read.
type File struct {
	Path     string
	Parquet  bool              // an extract; else a DuckDB file with the table `rows`
	Promoted map[string]string // attributes that have a column of their own, by key: the column's name quoted for SQL
}

// Store lends rows to the child.
type Store interface {
	// Lend returns the files that have a table's rows of a span of time; rows that are not in a file are written to one in
	// dir. The files stay until they are given back.
	Lend(ctx context.Context, t rowstore.Table, between rowstore.Between, dir string) (files []File, giveBack func(), err error)
}

// Options are what a sandbox is made of.
type Options struct {
	Store   Store
	Command []string // starts the child: a program that calls Child, and its arguments
	Dir     string   // a directory for extracts
	Running int      // how many children there may be at once; default 2
}

// Query is what is asked. Zero values mean the defaults.
type Query struct {
	SQL         string
	From, To    time.Time     // the rows that the tables have; To zero is until now
	MaxRows     int           // of the answer; default 10,000
	Timeout     time.Duration // default 30 s
	MemoryBytes int64         // default 512 MB, at least 64 MB
}

// Result is the answer. Values are JSON: numbers, text, booleans, nil, lists and objects; times are RFC 3339.
type Result struct {
	Columns []string
	Types   []string // DuckDB's names
	Rows    [][]any
	Cut     bool // there were more rows than MaxRows
}

// Sandbox runs queries in child processes.
type Sandbox struct {
	opt    Options
	places chan struct{}
}

// New returns a sandbox; it starts nothing.
func New(opt Options) *Sandbox {
	if opt.Running == 0 {
		opt.Running = 2
	}
	return &Sandbox{opt: opt, places: make(chan struct{}, opt.Running)}
}

const maxAnswer = 64 << 20 // bytes that a child may say

// Run runs a query. Errors of the query are fault.Invalid, those of its limits fault.TooLarge.
func (s *Sandbox) Run(ctx context.Context, q Query) (Result, error) {
	def(&q.MaxRows, 10_000)
	def(&q.Timeout, 30*time.Second)
	def(&q.MemoryBytes, 512<<20)
	q.MemoryBytes = max(q.MemoryBytes, 64<<20)
	ctx, cancel := context.WithTimeoutCause(ctx, q.Timeout, errTime)
	defer cancel()
	select {
	case s.places <- struct{}{}:
		defer func() { <-s.places }()
	case <-ctx.Done():
		return Result{}, fault.New(fault.Limited, "sql: %d queries are running: %w", s.opt.Running, context.Cause(ctx))
	}
	var result Result
	err := s.child(ctx, q, func(c *dialogue) error {
		if err := c.say(job{SQL: q.SQL, Memory: q.MemoryBytes, Seconds: int(q.Timeout/time.Second) + 2}); err != nil {
			return err
		}
		checked, err := c.hear()
		if err != nil {
			return err
		}
		j := job{SQL: q.SQL, MaxRows: q.MaxRows, Memory: q.MemoryBytes, Tables: map[string][]File{}, To: time.Now().UnixMicro()}
		if !q.From.IsZero() {
			j.From = q.From.UnixMicro()
		}
		if !q.To.IsZero() {
			j.To = q.To.UnixMicro()
		}
		dir, err := os.MkdirTemp(s.opt.Dir, "sql-")
		if err != nil {
			return err
		}
		defer os.RemoveAll(dir)
		for _, name := range checked.Tables {
			t, _ := rowstore.ParseTable(name)
			files, giveBack, err := s.opt.Store.Lend(ctx, t, rowstore.Between{From: j.From, To: j.To}, dir)
			if err != nil {
				return err
			}
			defer giveBack()
			j.Tables[name] = files
		}
		if err := c.say(j); err != nil {
			return err
		}
		answer, err := c.hear()
		result = answer.Result
		return err
	})
	return result, err
}

// Check says why SQL would not be run; nil if it would be. It is parsed in a child process, because hostile text can keep a
// parser busy for minutes. Errors are fault.Invalid.
func (s *Sandbox) Check(ctx context.Context, text string) error {
	q := Query{Timeout: 5 * time.Second, MemoryBytes: 256 << 20}
	ctx, cancel := context.WithTimeoutCause(ctx, q.Timeout, errTime)
	defer cancel()
	return s.child(ctx, q, func(c *dialogue) error {
		if err := c.say(job{SQL: text, Memory: q.MemoryBytes, Seconds: 7}); err != nil {
			return err
		}
		_, err := c.hear()
		return err
	})
}

func def[T comparable](v *T, to T) {
	var zero T
	if *v == zero {
		*v = to
	}
}

var errTime = errors.New("its time is over")

// dialogue is what is said to the child and heard from it, a line of JSON each.
type dialogue struct {
	in  io.Writer
	out *json.Decoder
}

func (d *dialogue) say(j job) error { return json.NewEncoder(d.in).Encode(j) }

func (d *dialogue) hear() (reply, error) {
	var r reply
	if err := d.out.Decode(&r); err != nil {
		return r, err
	}
	if r.Error != "" {
		return r, refused(r)
	}
	return r, nil
}

// child starts the child, talks to it, and kills it when that is over or ctx ends.
func (s *Sandbox) child(ctx context.Context, q Query, talk func(*dialogue) error) error {
	ctx, kill := context.WithCancel(ctx)
	defer kill()
	c := exec.CommandContext(ctx, s.opt.Command[0], s.opt.Command[1:]...)
	c.Env = []string{"GOMAXPROCS=1", "GOTRACEBACK=none", "TZ=UTC"}
	c.Dir = os.TempDir()
	c.WaitDelay = time.Second
	attributes(c)
	in, err := c.StdinPipe() // the child ends when this is closed
	if err != nil {
		return err
	}
	out, err := c.StdoutPipe()
	if err != nil {
		return err
	}
	var complaint limited
	c.Stderr = &complaint
	if err := c.Start(); err != nil {
		return fmt.Errorf("start the process for SQL: %w", err)
	}
	bound := &io.LimitedReader{R: out, N: maxAnswer}
	d := &dialogue{in: in, out: json.NewDecoder(bound)}
	d.out.UseNumber()
	err = talk(d)
	ended := ctx.Err()
	kill()
	_ = in.Close()
	waitErr := c.Wait()
	var known *fault.Error
	switch {
	case err == nil || errors.As(err, &known):
		return err
	case ended != nil:
		return said(ctx, q, ended)
	case bound.N == 0:
		return fault.New(fault.TooLarge, "sql: the answer has more than %d MB", maxAnswer>>20).Hint("Group the rows, or name the columns that are needed")
	case errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF):
		// It died without a word: the kernel refused memory, or DuckDB crashed.
		return &fault.Error{Kind: fault.TooLarge, Err: errors.Join(err, waitErr, errors.New(complaint.String())),
			Sentence: fmt.Sprintf("sql: the query needs more than the %d MB of memory it may use, or broke DuckDB", q.MemoryBytes>>20),
			WayOut:   "Ask for a shorter time range, group by fewer columns, or make lists shorter"}
	}
	return fmt.Errorf("talk to the process for SQL: %w", errors.Join(err, waitErr))
}

func refused(r reply) error {
	if r.Memory {
		return &fault.Error{Kind: fault.TooLarge, Err: errors.New(r.Error), Sentence: "sql: the query needs more memory than it may use",
			WayOut: "Ask for a shorter time range, group by fewer columns, or make lists shorter"}
	}
	return fault.New(fault.Invalid, "sql: %s", r.Error)
}

func said(ctx context.Context, q Query, err error) error {
	if errors.Is(context.Cause(ctx), errTime) || errors.Is(ctx.Err(), context.DeadlineExceeded) {
		return &fault.Error{Kind: fault.TooLarge, Err: err, Sentence: fmt.Sprintf("sql: the query took longer than the %s it may take", q.Timeout),
			WayOut: "Ask for a shorter time range"}
	}
	return err
}

// limited keeps the beginning of what a child complains of.
type limited struct{ bytes.Buffer }

func (l *limited) Write(p []byte) (int, error) {
	if room := 4096 - l.Len(); room > 0 {
		l.Buffer.Write(p[:min(room, len(p))])
	}
	return len(p), nil
}
