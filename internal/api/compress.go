package api

import (
	"net/http"
	"net/netip"
	"strings"

	"github.com/klauspost/compress/gzip"
)

// worthPacking is the size under which an answer fits a packet or two anyway.
const worthPacking = 4096

// packed compresses a large JSON answer that crosses a network. huma writes a body in one piece, so its size is known at
// the first Write. A client on this machine, or a proxy that compresses by itself, gets it plain.
type packed struct {
	http.ResponseWriter
	r    *http.Request
	gz   *gzip.Writer
	code int
	sent bool
}

func (w *packed) WriteHeader(code int) {
	if code == http.StatusUnprocessableEntity {
		code = http.StatusBadRequest // a validation failure is 400 like every other wrong request of the house
	}
	w.code = code
}

func (w *packed) begin(size int) {
	if w.sent {
		return
	}
	w.sent = true
	if w.code == 0 {
		w.code = http.StatusOK
	}
	h := w.Header()
	if size >= worthPacking && h.Get("Content-Encoding") == "" && strings.HasPrefix(h.Get("Content-Type"), "application/json") && far(w.r) {
		h.Set("Content-Encoding", "gzip")
		h.Add("Vary", "Accept-Encoding")
		h.Del("Content-Length")
		w.gz, _ = gzip.NewWriterLevel(w.ResponseWriter, gzip.BestSpeed) // the level is a valid one
	}
	w.ResponseWriter.WriteHeader(w.code)
}

func (w *packed) Write(b []byte) (int, error) {
	w.begin(len(b))
	if w.gz != nil {
		return w.gz.Write(b)
	}
	return w.ResponseWriter.Write(b)
}

// FlushError sends what there is; the stream, which is never packed, uses it after every event.
func (w *packed) FlushError() error {
	w.begin(0)
	return http.NewResponseController(w.ResponseWriter).Flush()
}

// Unwrap gives http.ResponseController the connection's deadlines.
func (w *packed) Unwrap() http.ResponseWriter { return w.ResponseWriter }

func (w *packed) finish() error {
	if w.gz != nil {
		return w.gz.Close()
	}
	if w.code != 0 {
		w.begin(0)
	}
	return nil
}

func far(r *http.Request) bool {
	ap, err := netip.ParseAddrPort(r.RemoteAddr)
	return err == nil && !ap.Addr().Unmap().IsLoopback() && strings.Contains(r.Header.Get("Accept-Encoding"), "gzip")
}
