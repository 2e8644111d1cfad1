package access

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"runtime/debug"
	"time"

	"github.com/signalbox/signalbox/internal/fault"
)

// outer does what every answer needs, found or not: id, security headers, deadlines, and 500 for a panic.
func (a *Access) outer(mux *http.ServeMux) http.Handler {
	return http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		id, nonce := secret()[:16], secret()[:32]
		ctx := context.WithValue(context.WithValue(r.Context(), requestIDKey{}, id), nonceKey{}, nonce)
		r = r.WithContext(context.WithValue(ctx, sourceKey{}, a.address(r)))
		w := &watched{ResponseWriter: rw}
		secure(w.Header(), id, nonce)
		// Recorders have no deadlines; a server's connection always does. A stream sets its own for every write.
		_ = http.NewResponseController(rw).SetWriteDeadline(time.Now().Add(writeTimeout))
		defer a.catch(w, r)
		mux.ServeHTTP(w, r)
	})
}

// secure sets the headers that no page of ours goes without; a room may replace Cache-Control.
func secure(h http.Header, id, nonce string) {
	h.Set("X-Request-Id", id)
	h.Set("Content-Security-Policy", "default-src 'self'; style-src 'self' 'nonce-"+nonce+"'; img-src 'self' data:; "+
		"object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("X-Frame-Options", "DENY")
	// no-referrer would turn the Origin of our own forms into "null".
	h.Set("Referrer-Policy", "same-origin")
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Set("Cache-Control", "no-store")
}

// watched remembers whether the answer has begun: a panic after that can only cut the connection.
type watched struct {
	http.ResponseWriter
	begun bool
}

func (w *watched) WriteHeader(code int) {
	w.begun = w.begun || code >= 200
	w.ResponseWriter.WriteHeader(code)
}

func (w *watched) Write(b []byte) (int, error) {
	w.begun = true
	return w.ResponseWriter.Write(b)
}

// Unwrap gives http.ResponseController the connection.
func (w *watched) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// Flush implements http.Flusher for libraries that ask for it by name.
func (w *watched) Flush() {
	w.begun = true
	_ = http.NewResponseController(w.ResponseWriter).Flush() // a connection that cannot flush sends at the end
}

// ReadFrom lets the connection use sendfile.
func (w *watched) ReadFrom(r io.Reader) (int64, error) {
	w.begun = true
	return io.Copy(w.ResponseWriter, r)
}

func (a *Access) catch(w *watched, r *http.Request) {
	p := recover()
	if p == nil {
		return
	}
	if err, ok := p.(error); ok && errors.Is(err, http.ErrAbortHandler) {
		panic(p)
	}
	a.o.Logger.Error("panic while answering", "method", r.Method, "path", r.URL.Path, "request", RequestID(r.Context()), "panic", fmt.Sprint(p), "stack", string(debug.Stack()))
	if w.begun {
		panic(http.ErrAbortHandler)
	}
	problem(w, fault.New(fault.Internal, "panic"))
}
