package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/signalbox/signalbox/internal/fault"
)

// connection says which server a command talks to and as whom.
type connection struct {
	Server string `help:"Address of the running signalbox." default:"http://127.0.0.1:9700" env:"SIGNALBOX_SERVER" placeholder:"URL"`
	Token  string `help:"Bearer token; without it the admin.token of the data directory is read." env:"SIGNALBOX_ADMIN_TOKEN" placeholder:"TOKEN"`
	Data   string `help:"Data directory to read admin.token from." default:"./signalbox-data" env:"SIGNALBOX_DATA" placeholder:"DIR"`
}

// maxAnswer bounds what is read of an answer.
const maxAnswer = 256 << 20

// own returns a path of our own API.
func own(path string) string { return "/api/signalbox/v1" + path }

func esc(s string) string { return url.PathEscape(s) }

// token finds the bearer token: the flag; for a server on this machine also the data directory, or a demo that runs for
// us. A token that was found on the disk is never sent to another machine.
func (c *connection) token() string {
	if c.Token != "" || !c.local() {
		return c.Token
	}
	if b, err := os.ReadFile(filepath.Join(c.Data, "admin.token")); err == nil {
		return strings.TrimSpace(string(b))
	}
	demos, _ := filepath.Glob(filepath.Join(os.TempDir(), "signalbox-demo-*", "data", "admin.token"))
	slices.SortFunc(demos, func(a, b string) int {
		x, errX := os.Stat(a)
		y, errY := os.Stat(b)
		if errX != nil || errY != nil {
			return 0
		}
		return y.ModTime().Compare(x.ModTime())
	})
	for _, d := range demos {
		if b, err := os.ReadFile(d); err == nil {
			return strings.TrimSpace(string(b))
		}
	}
	return ""
}

// local reports whether the server is on this machine.
func (c *connection) local() bool {
	u, err := url.Parse(c.Server)
	if err != nil {
		return false
	}
	if u.Hostname() == "localhost" {
		return true
	}
	a, err := netip.ParseAddr(u.Hostname())
	return err == nil && a.Unmap().IsLoopback()
}

// call sends a request with a JSON body, if any, and decodes the JSON answer into out, if any.
func (c *connection) call(w *world, method, path string, in, out any) error {
	var body io.Reader
	if in != nil {
		b, err := json.Marshal(in)
		if err != nil {
			return err
		}
		body = bytes.NewReader(b)
	}
	resp, err := c.do(w, &http.Client{Timeout: 2 * time.Minute}, method, path, body)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer))
	if err != nil {
		return fmt.Errorf("read the answer of %s: %w", c.Server, err)
	}
	if resp.StatusCode >= 300 {
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

// do sends a request as whoever the flags say. The caller closes the answer's body.
func (c *connection) do(w *world, client *http.Client, method, path string, body io.Reader, header ...string) (*http.Response, error) {
	if u, err := url.Parse(c.Server); err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Host == "" {
		return nil, usage("--server %q: want an address such as http://127.0.0.1:9700", c.Server)
	}
	req, err := http.NewRequestWithContext(w.ctx, method, strings.TrimRight(c.Server, "/")+path, body)
	if err != nil {
		return nil, err
	}
	for i := 0; i+1 < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	if t := c.token(); t != "" {
		req.Header.Set("Authorization", "Bearer "+t)
	}
	resp, err := client.Do(req)
	if err != nil {
		var op *net.OpError
		if errors.As(err, &op) {
			return nil, fault.New(fault.Unavailable, "no signalbox answers at %s: %v", c.Server, op.Err).Hint("Start one with `signalbox serve` or `signalbox demo`, or name another with --server")
		}
		return nil, fmt.Errorf("ask %s: %w", c.Server, err)
	}
	return resp, nil
}

// stream asks for an answer of any length, without a limit of time. The caller closes its body.
func (c *connection) stream(w *world, path, accept string) (*http.Response, error) {
	resp, err := c.do(w, http.DefaultClient, http.MethodGet, path, nil, "Accept", accept)
	if err != nil {
		return nil, err
	}
	if resp.StatusCode >= 300 {
		defer resp.Body.Close()
		b, err := io.ReadAll(io.LimitReader(resp.Body, 1<<16))
		if err != nil {
			return nil, fmt.Errorf("read the answer of %s: %w", c.Server, err)
		}
		return nil, c.refused(resp, b)
	}
	return resp, nil
}

// refused turns an error answer into a sentence: a problem's detail, Prometheus' error, or the status.
func (c *connection) refused(resp *http.Response, body []byte) error {
	var p struct {
		Detail string `json:"detail"`
		Error  string `json:"error"`
	}
	_ = json.Unmarshal(body, &p)
	sentence := p.Detail
	if sentence == "" {
		sentence = p.Error
	}
	if sentence == "" {
		sentence = strings.TrimSpace(string(body))
	}
	if sentence == "" || len(sentence) > 2000 {
		sentence = resp.Status
	}
	f := fault.New(fault.Invalid, "%s", sentence)
	if resp.StatusCode == http.StatusUnauthorized {
		if !c.local() {
			return f.Hint("Give --token or SIGNALBOX_ADMIN_TOKEN; the token of this machine's data directory is sent to this machine only")
		}
		return f.Hint("Give --token, or --data with the directory that holds admin.token")
	}
	return f
}
