package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/signalbox/signalbox/internal/privacy"
)

// privacyCmd answers the requests of data subjects.
type privacyCmd struct {
	List   privacyListCmd   `cmd:"" default:"withargs" help:"List requests, newest first."`
	Show   privacyShowCmd   `cmd:"" help:"Print a request's certificate."`
	Erase  privacyEraseCmd  `cmd:"" help:"Erase everything that is kept of a person."`
	Export privacyExportCmd `cmd:"" help:"Write everything that is kept of a person as a zip of JSON lines."`
}

type privacyListCmd struct {
	connection
	output
}

// Run lists requests.
func (c *privacyListCmd) Run(w *world) error {
	var raw json.RawMessage
	if err := c.call(w, http.MethodGet, own("/privacy/requests"), nil, &raw); err != nil {
		return err
	}
	var body struct {
		Requests []privacy.Request `json:"requests"`
	}
	if err := json.Unmarshal(raw, &body); err != nil {
		return err
	}
	t := table{{"REQUEST", "KIND", "STATE", "BY", "ASKED", "REASON"}}
	for _, r := range body.Requests {
		t = append(t, []string{fmt.Sprint(r.ID), r.Kind, r.State, r.By.Name, when(r.CreatedAt), r.Reason})
	}
	return c.print(w, t, raw)
}

type privacyShowCmd struct {
	connection
	output
	ID int64 `arg:"" help:"Number of the request."`
}

// privacyRequest is a request with its certificate as text.
type privacyRequest struct {
	privacy.Request
	Text string `json:"text"`
}

// Run prints the certificate.
func (c *privacyShowCmd) Run(w *world) error {
	var r privacyRequest
	var raw json.RawMessage
	if err := c.call(w, http.MethodGet, own(fmt.Sprintf("/privacy/requests/%d", c.ID)), nil, &raw); err != nil {
		return err
	}
	if err := json.Unmarshal(raw, &r); err != nil {
		return err
	}
	if c.Output == "json" {
		return c.print(w, nil, raw)
	}
	if r.Text == "" {
		fmt.Fprintf(w.out, "Request %d is %s: %d of %d parts are done. %s\n", r.ID, r.State, r.PartsDone, r.Parts, r.Failure)
		return nil
	}
	fmt.Fprint(w.out, r.Text)
	return nil
}

// subjectFlags name a person without the command line, which others on this machine can read and a shell remembers.
type subjectFlags struct {
	connection
	Reason string `required:"" help:"Why, such as the number of the person's letter; never the person's id."`
	File   string `help:"File that holds the person's id; without it the id is read from standard input." placeholder:"FILE"`
}

func (c *subjectFlags) subject(w *world) (string, error) {
	in := w.in
	if c.File != "" {
		f, err := os.Open(c.File)
		if err != nil {
			return "", fmt.Errorf("read the person's id: %w", err)
		}
		defer f.Close()
		in = f
	} else {
		fmt.Fprint(w.err, "The id by which the applications know the person: ")
	}
	line, err := bufio.NewReader(io.LimitReader(in, 4096)).ReadString('\n')
	if err != nil && !errors.Is(err, io.EOF) {
		return "", fmt.Errorf("read the person's id: %w", err)
	}
	if line = strings.TrimSpace(line); line == "" {
		return "", usage("the person's id is empty: write it on standard input, or name a file with --file")
	}
	return line, nil
}

type privacyEraseCmd struct {
	subjectFlags
	Wait time.Duration `help:"How long to wait for the end." default:"10m"`
}

// Run asks for the erasure and waits for its certificate.
func (c *privacyEraseCmd) Run(w *world) error {
	subject, err := c.subject(w)
	if err != nil {
		return err
	}
	var r privacyRequest
	if err := c.call(w, http.MethodPost, own("/privacy/erase"), map[string]string{"subject": subject, "reason": c.Reason}, &r); err != nil {
		return err
	}
	fmt.Fprintf(w.err, "\nrequest %d\n", r.ID)
	ctx := w.ctx
	end := time.Now().Add(c.Wait)
	for r.State == privacy.Running {
		if time.Now().After(end) {
			return fmt.Errorf("request %d still runs after %s; `signalbox privacy show %d` tells how far it is", r.ID, c.Wait, r.ID)
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(500 * time.Millisecond):
		}
		if err := c.call(w, http.MethodGet, own(fmt.Sprintf("/privacy/requests/%d", r.ID)), nil, &r); err != nil {
			return err
		}
	}
	if r.State == privacy.Failed {
		return fmt.Errorf("request %d failed: %s", r.ID, r.Failure)
	}
	fmt.Fprint(w.out, r.Text)
	return nil
}

type privacyExportCmd struct {
	subjectFlags
	To string `arg:"" help:"File to write, a zip; it must not exist."`
}

// Run writes the file.
func (c *privacyExportCmd) Run(w *world) error {
	subject, err := c.subject(w)
	if err != nil {
		return err
	}
	body, err := json.Marshal(map[string]string{"subject": subject, "reason": c.Reason})
	if err != nil {
		return err
	}
	resp, err := c.do(w, http.DefaultClient, http.MethodPost, own("/privacy/export"), strings.NewReader(string(body)))
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if resp.StatusCode >= 300 {
		b, err := io.ReadAll(io.LimitReader(resp.Body, 1<<16))
		if err != nil {
			return fmt.Errorf("read the answer of %s: %w", c.Server, err)
		}
		return c.refused(resp, b)
	}
	f, err := os.OpenFile(c.To, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return fmt.Errorf("write the export: %w", err)
	}
	n, err := io.Copy(f, resp.Body)
	if err = errors.Join(err, f.Close()); err != nil {
		return fmt.Errorf("write the export: %w", err)
	}
	fmt.Fprintf(w.err, "\n%d bytes were written to %s\n", n, c.To)
	return nil
}
