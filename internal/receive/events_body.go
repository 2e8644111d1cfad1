package receive

import (
	"compress/gzip"
	"errors"
	"io"
	"mime"
	"net/http"
	"strings"
	"time"

	"github.com/signalbox/signalbox/internal/fault"
)

// readEvents takes a body of events in and unpacks it: at most limit bytes, as sent and unpacked. Browsers' sendBeacon says
// text/plain, which needs no preflight, so that is JSON as well. The error is a *fault.Error or an *unsupported.
func readEvents(w http.ResponseWriter, r *http.Request, limit int64, timeout time.Duration) ([]byte, error) {
	if ct := r.Header.Get("Content-Type"); ct != "" {
		media, _, err := mime.ParseMediaType(ct)
		if err != nil || media != "application/json" && media != "text/plain" {
			return nil, &unsupported{fault.New(fault.Invalid, "Content-Type %q: want application/json or text/plain", clipped(ct))}
		}
	}
	deadline := http.NewResponseController(w)
	// Not every writer has deadlines (tests); the server's own timeouts hold there.
	_ = deadline.SetReadDeadline(time.Now().Add(timeout))
	defer func() { _ = deadline.SetReadDeadline(time.Time{}) }()
	body, err := readAtMost(r.Body, limit)
	if err != nil {
		return nil, err
	}
	switch enc := r.Header.Get("Content-Encoding"); strings.ToLower(enc) {
	case "", "identity":
		return body, nil
	case "gzip":
		return gunzip(body, limit)
	default:
		return nil, &unsupported{fault.New(fault.Invalid, "Content-Encoding %q: want gzip or none", clipped(enc))}
	}
}

func readAtMost(from io.Reader, limit int64) ([]byte, error) {
	body, err := io.ReadAll(io.LimitReader(from, limit+1))
	if err != nil {
		return nil, cut(err)
	}
	if int64(len(body)) > limit {
		return nil, fault.New(fault.TooLarge, "the body has more than %d bytes", limit)
	}
	return body, nil
}

func gunzip(body []byte, limit int64) ([]byte, error) {
	z, err := gzip.NewReader(strings.NewReader(string(body)))
	if err != nil {
		return nil, fault.New(fault.Invalid, "the body is not gzip: %w", err)
	}
	plain, err := readAtMost(z, limit)
	var f *fault.Error
	switch {
	case err == nil:
		return plain, nil
	case errors.As(err, &f) && f.Kind == fault.TooLarge:
		return nil, fault.New(fault.TooLarge, "the body unpacks to more than %d bytes", limit)
	default:
		return nil, fault.New(fault.Invalid, "the body is not gzip: %w", err)
	}
}

// clipped is a stranger's text, short enough for an answer.
func clipped(s string) string {
	if len(s) > 80 {
		return strings.ToValidUTF8(s[:80], "") + "…"
	}
	return s
}
