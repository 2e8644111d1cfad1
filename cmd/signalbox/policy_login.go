package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"strings"
	"time"

	"golang.org/x/term"
)

// personal is a connection as a program by token, or as a person: approving takes a person.
type personal struct {
	connection
	Login string `help:"Sign in as NAME for this one command; the password is asked for, or read from standard input." placeholder:"NAME"`

	client *http.Client // with the person's session, once signed in
}

// ask is call, as the person if --login names one.
func (c *personal) ask(w *world, method, path string, in, out any) error {
	if c.Login == "" {
		return c.call(w, method, path, in, out)
	}
	if c.client == nil {
		if err := c.signIn(w); err != nil {
			return err
		}
	}
	return c.send(w, method, path, in, out)
}

// signIn begins a session with name and password.
func (c *personal) signIn(w *world) error {
	if u, err := url.Parse(c.Server); err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Host == "" {
		return usage("--server %q: want an address such as http://127.0.0.1:9700", c.Server)
	} else if u.Scheme == "http" && !c.local() {
		return usage("--login with --server %q: a password is not sent in the clear; want an https:// address", c.Server)
	}
	password, err := readPassword(w, fmt.Sprintf("Password of %s at %s: ", c.Login, c.Server))
	if err != nil {
		return err
	}
	jar, err := cookiejar.New(nil)
	if err != nil {
		return err
	}
	c.client = &http.Client{Timeout: 2 * time.Minute, Jar: jar, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	return c.send(w, http.MethodPost, own("/login"), map[string]string{"login": c.Login, "password": password}, nil)
}

// leave ends the session again; it was for one command. One that cannot be ended ends by itself.
func (c *personal) leave(w *world) {
	if c.client != nil {
		_ = c.send(w, http.MethodPost, own("/logout"), nil, nil)
	}
}

// send sends a request with the session's cookie, from the server's own address as a page would.
func (c *personal) send(w *world, method, path string, in, out any) error {
	var body io.Reader
	if in != nil {
		b, err := json.Marshal(in)
		if err != nil {
			return err
		}
		body = bytes.NewReader(b)
	}
	base := strings.TrimRight(c.Server, "/")
	req, err := http.NewRequestWithContext(w.ctx, method, base+path, body)
	if err != nil {
		return err
	}
	if in != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	req.Header.Set("Origin", req.URL.Scheme+"://"+req.URL.Host)
	resp, err := c.client.Do(req)
	if err != nil {
		return fmt.Errorf("ask %s: %w", c.Server, err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer))
	if err != nil {
		return fmt.Errorf("read the answer of %s: %w", c.Server, err)
	}
	if resp.StatusCode >= 300 {
		if resp.StatusCode == http.StatusUnauthorized {
			resp.StatusCode = http.StatusForbidden // a token is no way out here
		}
		return c.refused(resp, b)
	}
	if out == nil || len(b) == 0 {
		return nil
	}
	if err := json.Unmarshal(b, out); err != nil {
		return fmt.Errorf("%s%s answered something else than JSON: %w", c.Server, path, err)
	}
	return nil
}

// readPassword reads a password from the terminal without showing it, or a line from standard input.
func readPassword(w *world, prompt string) (string, error) {
	if f, ok := w.in.(*os.File); ok && term.IsTerminal(int(f.Fd())) {
		fmt.Fprint(w.err, prompt)
		b, err := term.ReadPassword(int(f.Fd()))
		fmt.Fprintln(w.err)
		return string(b), err
	}
	line, err := bufio.NewReader(io.LimitReader(w.in, 4096)).ReadString('\n')
	if err != nil && !errors.Is(err, io.EOF) {
		return "", err
	}
	if line = strings.TrimRight(line, "\r\n"); line == "" {
		return "", usage("--login: want the password on the terminal or as a line of standard input")
	}
	return line, nil
}
