package egress

import (
	"crypto/tls"
	"io"
	"net/http"
	"time"

	"github.com/signalbox/signalbox/internal/fault"
)

// ClientOptions of an outgoing HTTP client. The zero value is safe.
type ClientOptions struct {
	Timeout      time.Duration // for the whole exchange; default 15s
	MaxBody      int64         // bytes of an answer that are read before it is an error; default 1 MiB
	MaxRedirects int           // redirects within one host; default 3
	TLS          *tls.Config
}

// HTTPClient returns a client that dials through d only (no proxy from the environment), follows redirects within the same
// scheme, host and port only, and ends a body that is larger than MaxBody with an error.
func (d *Dialer) HTTPClient(o ClientOptions) *http.Client {
	if o.Timeout <= 0 {
		o.Timeout = 15 * time.Second
	}
	if o.MaxBody <= 0 {
		o.MaxBody = 1 << 20
	}
	if o.MaxRedirects <= 0 {
		o.MaxRedirects = 3
	}
	return &http.Client{
		Timeout: o.Timeout,
		Transport: bounded{max: o.MaxBody, next: &http.Transport{
			DialContext:            d.DialContext,
			TLSClientConfig:        o.TLS,
			TLSHandshakeTimeout:    10 * time.Second,
			ResponseHeaderTimeout:  o.Timeout,
			MaxResponseHeaderBytes: 64 << 10,
			IdleConnTimeout:        30 * time.Second,
			MaxIdleConnsPerHost:    2,
			ForceAttemptHTTP2:      true,
		}},
		CheckRedirect: func(req *http.Request, via []*http.Request) error {
			if len(via) > o.MaxRedirects {
				return fault.New(fault.Unavailable, "%s redirects more than %d times", via[0].URL.Host, o.MaxRedirects)
			}
			first := via[0].URL
			if req.URL.Scheme != first.Scheme || req.URL.Host != first.Host {
				return fault.New(fault.Forbidden, "%s://%s redirects to %s://%s; redirects to another host are not followed",
					first.Scheme, first.Host, req.URL.Scheme, req.URL.Host).Hint("Name the final address instead")
			}
			return nil
		},
	}
}

type bounded struct {
	max  int64
	next http.RoundTripper
}

func (b bounded) RoundTrip(r *http.Request) (*http.Response, error) {
	resp, err := b.next.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	resp.Body = &boundedBody{ReadCloser: resp.Body, left: b.max, max: b.max, host: r.URL.Host}
	return resp, nil
}

// boundedBody counts what comes out of the transport, after it has unpacked gzip, so a bomb ends here as well.
type boundedBody struct {
	io.ReadCloser
	left, max int64
	host      string
}

func (b *boundedBody) Read(p []byte) (int, error) {
	if b.left < 0 {
		return 0, b.tooLarge()
	}
	if int64(len(p)) > b.left+1 {
		p = p[:b.left+1]
	}
	n, err := b.ReadCloser.Read(p)
	b.left -= int64(n)
	if b.left < 0 {
		return n - 1, b.tooLarge()
	}
	return n, err
}

func (b *boundedBody) tooLarge() error {
	return fault.New(fault.TooLarge, "the answer of %s is larger than %d bytes", b.host, b.max)
}
