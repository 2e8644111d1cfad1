package main

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/signalbox/signalbox/internal/fault"
)

type exportRowsCmd struct {
	connection
	Table  string `required:"" enum:"logs,spans,events" help:"logs, spans or events."`
	Day    string `required:"" help:"The day, in UTC." placeholder:"YYYY-MM-DD"`
	Search string `short:"q" help:"Only the rows that a search finds, such as service:intake level:error." placeholder:"SEARCH"`
	File   string `arg:"" help:"File to write, Parquet."`
}

// Help says what an export leaves behind.
func (*exportRowsCmd) Help() string {
	return "The audit chain records who took which rows, and certificates of erasures list the file from then on: nothing that has left can be erased."
}

// Run writes the file. It appears under its name when it is whole.
func (c *exportRowsCmd) Run(w *world) error {
	q := url.Values{"day": {c.Day}}
	if c.Search != "" {
		q.Set("q", c.Search)
	}
	resp, err := c.stream(w, own("/"+c.Table+"/export?"+q.Encode()), "application/vnd.apache.parquet")
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	n, err := c.save(w, resp)
	if err != nil {
		return err
	}
	fmt.Fprintf(w.err, "wrote %s: %s rows, %d bytes\n", c.File, resp.Header.Get("X-Signalbox-Rows"), n)
	return nil
}

// save writes beside the file, compares the digest that the server sent ahead, and renames.
func (c *exportRowsCmd) save(w *world, resp *http.Response) (n int64, err error) {
	f, err := os.CreateTemp(filepath.Dir(c.File), "."+filepath.Base(c.File)+".*") // mode 0600
	if err != nil {
		return 0, fault.New(fault.Invalid, "%s cannot be written: %w", c.File, err)
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.Remove(f.Name()))
		}
	}()
	sum := sha256.New()
	n, err = io.Copy(io.MultiWriter(f, sum, &progress{to: w, of: resp.ContentLength}), resp.Body)
	if err != nil {
		err = fault.New(fault.Unavailable, "the file broke off after %d of %d bytes: %w", n, resp.ContentLength, err).Hint("Try again; the server's list of exports says what left")
	}
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return n, err
	}
	if want := resp.Header.Get("X-Signalbox-SHA256"); want != "" && want != hex.EncodeToString(sum.Sum(nil)) {
		return n, fault.New(fault.Unavailable, "the file arrived with another SHA-256 than it was sent with").Hint("Try again")
	}
	return n, os.Rename(f.Name(), c.File)
}

// progress says how far a download is, on a terminal that can overwrite a line, now and then.
type progress struct {
	to   *world
	of   int64
	have int64
	told time.Time
}

// Write implements io.Writer.
func (p *progress) Write(b []byte) (int, error) {
	p.have += int64(len(b))
	if now := time.Now(); p.of > 0 && now.Sub(p.told) >= time.Second {
		if !p.told.IsZero() {
			fmt.Fprintf(p.to.err, "%d of %d MB, %d %%\n", p.have>>20, p.of>>20, p.have*100/p.of)
		}
		p.told = now
	}
	return len(b), nil
}

type exportDaysCmd struct {
	connection
	From   string   `required:"" help:"First day, in UTC." placeholder:"YYYY-MM-DD"`
	To     string   `help:"Last day; the first one without." placeholder:"YYYY-MM-DD"`
	Tables []string `help:"logs, spans, events; those of the schedule without." placeholder:"TABLE"`
	Again  bool     `help:"Write days again that did not change."`
}

// Run asks for the days.
func (c *exportDaysCmd) Run(w *world) error {
	if c.To == "" {
		c.To = c.From
	}
	in := map[string]any{"from": c.From, "to": c.To, "again": c.Again}
	if len(c.Tables) > 0 {
		in["tables"] = c.Tables
	}
	var s exportSchedule
	if err := c.call(w, http.MethodPost, own("/exports"), in, &s); err != nil {
		return err
	}
	fmt.Fprintf(w.out, "%s to %s will be written to %s; `signalbox export list` says how far it is\n", c.From, c.To, s.Dir)
	return nil
}

type exportListCmd struct {
	connection
	output
	Limit int `help:"How many." default:"50"`
}

// exportSchedule is what the list says of the schedule.
type exportSchedule struct {
	Dir       string   `json:"dir"`
	Tables    []string `json:"tables"`
	NextAt    int64    `json:"next_at"`
	LastAt    int64    `json:"last_at"`
	Due       int      `json:"due"`
	LastError string   `json:"last_error"`
	Running   *struct {
		Table string `json:"table"`
		Day   string `json:"day"`
		Bytes int64  `json:"bytes"`
		Done  int    `json:"done"`
		Of    int    `json:"of"`
	} `json:"running"`
}

// text says how the schedule is doing.
func (s exportSchedule) text() string {
	if s.Dir == "" {
		return "Nothing is exported by schedule.\n"
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%s go to %s. ", strings.Join(s.Tables, ", "), s.Dir)
	switch {
	case s.Running != nil:
		fmt.Fprintf(&b, "%s of %s is being written, %d of %d, %d bytes so far.\n", s.Running.Table, s.Running.Day, s.Running.Done+1, s.Running.Of, s.Running.Bytes)
	default:
		fmt.Fprintf(&b, "All was there %s, next look %s, %d days due.\n", when(s.LastAt), when(s.NextAt), s.Due)
	}
	if s.LastError != "" {
		fmt.Fprintf(&b, "The newest attempt failed: %s\n", s.LastError)
	}
	return b.String()
}

// Run lists exports.
func (c *exportListCmd) Run(w *world) error {
	var raw json.RawMessage
	if err := c.call(w, http.MethodGet, own(fmt.Sprintf("/exports?limit=%d", c.Limit)), nil, &raw); err != nil {
		return err
	}
	var body struct {
		Schedule exportSchedule `json:"schedule"`
		Exports  []struct {
			ID                                  int64
			Table, Day, Search, To, File, State string
			Rows, Bytes                         int64
			Error                               string
			BeganAt                             int64 `json:"began_at"`
		} `json:"exports"`
	}
	if err := json.Unmarshal(raw, &body); err != nil {
		return fmt.Errorf("the list of exports: %w", err)
	}
	t := table{{"EXPORT", "STATE", "TABLE", "DAY", "ROWS", "BYTES", "BEGAN", "TO", "WHAT"}}
	for _, e := range body.Exports {
		what := e.Search
		if e.Error != "" {
			what = e.Error
		}
		t = append(t, []string{fmt.Sprint(e.ID), e.State, e.Table, e.Day, fmt.Sprint(e.Rows), fmt.Sprint(e.Bytes), when(e.BeganAt), e.To, what})
	}
	if c.Output != "json" {
		fmt.Fprint(w.err, body.Schedule.text())
	}
	return c.print(w, t, raw)
}
