package scrape

import (
	"bufio"
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/big"
	"mime"
	"net"
	"net/http"
	"sync"
	"time"

	config_util "github.com/prometheus/common/config"
	promconfig "github.com/prometheus/prometheus/config"
)

// relay decodes a /metrics that answers one quoted JSON string. The scrape manager offers no place for a round tripper of
// one's own, only for a dialer, so the jobs that ask for the decoding dial into this process: the request comes in over a
// pipe, goes out with the job's own client (its credentials, its certificates, its redirects), and the answer goes back
// decoded. No address is listened on. TLS inside the pipe keeps https targets' URLs as they are; the real verification
// happens on the way out.
type relay struct {
	conns chan net.Conn
	done  chan struct{}
	srv   *http.Server
	tls   *tls.Config

	mu   sync.RWMutex
	jobs map[string]relayJob
	errs map[string]error // by URL: why the last request out failed
}

type relayJob struct {
	client *http.Client
	limit  int64 // bytes of an answer
}

// jobHeader names the job of a request inside the pipe; it does not leave the process.
const jobHeader = "X-Signalbox-Job"

func newRelay(logger *slog.Logger) (*relay, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("make the relay's key: %w", err)
	}
	der, err := x509.CreateCertificate(rand.Reader, &x509.Certificate{SerialNumber: big.NewInt(1)}, &x509.Certificate{SerialNumber: big.NewInt(1)}, &key.PublicKey, key)
	if err != nil {
		return nil, fmt.Errorf("make the relay's certificate: %w", err)
	}
	r := &relay{
		conns: make(chan net.Conn),
		done:  make(chan struct{}),
		tls:   &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}, MinVersion: tls.VersionTLS13, NextProtos: []string{"http/1.1"}},
		jobs:  map[string]relayJob{},
		errs:  map[string]error{},
	}
	r.srv = &http.Server{Handler: r, ReadHeaderTimeout: 10 * time.Second, ErrorLog: slog.NewLogLogger(logger.Handler(), slog.LevelDebug)}
	return r, nil
}

// apply sets the jobs and returns cfg with their clients pointing into the pipe.
func (r *relay) apply(cfg *promconfig.Config) (*promconfig.Config, error) {
	jobs := make(map[string]relayJob, len(cfg.ScrapeConfigs))
	out := *cfg
	out.ScrapeConfigs = make([]*promconfig.ScrapeConfig, len(cfg.ScrapeConfigs))
	for i, job := range cfg.ScrapeConfigs {
		client, err := config_util.NewClientFromConfig(job.HTTPClientConfig, job.JobName)
		if err != nil {
			return nil, fmt.Errorf("job %q: %w", job.JobName, err)
		}
		jobs[job.JobName] = relayJob{client: client, limit: int64(job.BodySizeLimit)}
		c := *job
		c.HTTPClientConfig = config_util.HTTPClientConfig{
			TLSConfig:   config_util.TLSConfig{InsecureSkipVerify: true},
			HTTPHeaders: &config_util.Headers{Headers: map[string]config_util.Header{jobHeader: {Values: []string{job.JobName}}}},
		}
		out.ScrapeConfigs[i] = &c
	}
	r.mu.Lock()
	old := r.jobs
	r.jobs, r.errs = jobs, map[string]error{}
	r.mu.Unlock()
	for _, j := range old {
		j.client.CloseIdleConnections()
	}
	return &out, nil
}

// lastError returns why the last request to a relayed target failed on its way out; the scrape manager only sees that its
// pipe was closed.
func (r *relay) lastError(job, url string) error {
	r.mu.RLock()
	defer r.mu.RUnlock()
	if _, ok := r.jobs[job]; !ok {
		return nil
	}
	return r.errs[url]
}

// dial opens a pipe into the relay.
func (r *relay) dial(context.Context, string, string) (net.Conn, error) {
	near, far := net.Pipe()
	go func() {
		// The first byte tells whether the target is scraped by http or https.
		buf := bufio.NewReader(far)
		first, err := buf.Peek(1)
		if err != nil {
			_ = far.Close()
			return
		}
		var conn net.Conn = peeked{Conn: far, r: buf}
		if first[0] == 0x16 {
			conn = tls.Server(conn, r.tls)
		}
		select {
		case r.conns <- conn:
		case <-r.done:
			_ = far.Close()
		}
	}()
	return near, nil
}

type peeked struct {
	net.Conn
	r *bufio.Reader
}

func (p peeked) Read(b []byte) (int, error) { return p.r.Read(b) }

// Accept, Close and Addr make the relay the listener of its own server.
func (r *relay) Accept() (net.Conn, error) {
	select {
	case c := <-r.conns:
		return c, nil
	case <-r.done:
		return nil, net.ErrClosed
	}
}

// Close implements net.Listener.
func (r *relay) Close() error { return nil }

// Addr implements net.Listener.
func (r *relay) Addr() net.Addr { return &net.UnixAddr{Name: "scrape relay", Net: "pipe"} }

// run serves until ctx ends.
func (r *relay) run(ctx context.Context) error {
	stop := context.AfterFunc(ctx, func() {
		close(r.done)
		_ = r.srv.Close()
	})
	defer stop()
	if err := r.srv.Serve(r); err != nil && !errors.Is(err, http.ErrServerClosed) && ctx.Err() == nil {
		return fmt.Errorf("scrape relay: %w", err)
	}
	return nil
}

// ServeHTTP passes one scrape on and its answer back.
func (r *relay) ServeHTTP(w http.ResponseWriter, in *http.Request) {
	url := *in.URL
	url.Scheme, url.Host = "http", in.Host
	if in.TLS != nil {
		url.Scheme = "https"
	}
	r.mu.RLock()
	job, ok := r.jobs[in.Header.Get(jobHeader)]
	r.mu.RUnlock()
	if !ok {
		http.Error(w, "no such job", http.StatusNotFound)
		return
	}
	resp, body, err := fetch(in, job, url.String())
	r.mu.Lock()
	if err != nil && in.Context().Err() == nil {
		r.errs[url.String()] = err
	} else {
		delete(r.errs, url.String())
	}
	r.mu.Unlock()
	if err != nil {
		panic(http.ErrAbortHandler) // closes the pipe; the reason is kept in errs
	}
	if resp.StatusCode == http.StatusOK && isJSON(resp.Header.Get("Content-Type")) {
		if text, ok := decodeString(body); ok {
			body = text
			resp.Header.Set("Content-Type", textType(text))
		}
	}
	if ct := resp.Header.Get("Content-Type"); ct != "" {
		w.Header().Set("Content-Type", ct)
	} else {
		w.Header()["Content-Type"] = nil // no guessing on the target's behalf
	}
	if ce := resp.Header.Get("Content-Encoding"); ce != "" {
		w.Header().Set("Content-Encoding", ce)
	}
	w.WriteHeader(resp.StatusCode)
	_, _ = w.Write(body) // the reader is in this process; if it hangs up, it has its reason
}

// fetch gets the target's answer, at most limit+1 bytes of it: one byte over is what makes the scrape manager say that the
// body is too large.
func fetch(in *http.Request, job relayJob, url string) (*http.Response, []byte, error) {
	out, err := http.NewRequestWithContext(in.Context(), http.MethodGet, url, http.NoBody)
	if err != nil {
		return nil, nil, err
	}
	for k, v := range in.Header {
		switch k {
		case jobHeader, "Accept-Encoding", "Connection":
		default:
			out.Header[k] = v
		}
	}
	resp, err := job.client.Do(out)
	if err != nil {
		return nil, nil, err
	}
	body, err := io.ReadAll(io.LimitReader(resp.Body, job.limit+1))
	return resp, body, errors.Join(err, resp.Body.Close())
}

func isJSON(contentType string) bool {
	t, _, err := mime.ParseMediaType(contentType)
	return err == nil && t == "application/json"
}

// decodeString returns the text of a body that is one JSON string.
func decodeString(body []byte) ([]byte, bool) {
	if b := bytes.TrimSpace(body); len(b) == 0 || b[0] != '"' {
		return nil, false
	}
	var s string
	if err := json.Unmarshal(body, &s); err != nil {
		return nil, false
	}
	return []byte(s), true
}

// textType tells OpenMetrics, which ends with its own mark, from the Prometheus text format.
func textType(text []byte) string {
	if bytes.HasSuffix(bytes.TrimRight(text, "\n"), []byte("# EOF")) {
		return "application/openmetrics-text; version=1.0.0; charset=utf-8"
	}
	return "text/plain; version=0.0.4; charset=utf-8"
}
