package emit

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"reflect"
	"sync/atomic"
)

// The methods of an exchange that are a response writer see what a handler answers. The handler is given it in one of
// the types below, so that it finds exactly the optional interfaces of the writer inside: a type assertion to
// http.Hijacker must fail where hijacking would.

func (x *exchange) Header() http.Header { return x.inner.Header() }

// Unwrap is for http.ResponseController: deadlines and full duplex.
func (x *exchange) Unwrap() http.ResponseWriter { return x.inner }

func (x *exchange) self() *exchange { return x }

// WriteHeader notes the first final status. Informational ones (103 and the like) may come before it; 101 is final.
func (x *exchange) WriteHeader(code int) {
	if x.status == 0 && (200 <= code && code <= 999 || code == http.StatusSwitchingProtocols) {
		x.status = uint16(code)
	}
	x.inner.WriteHeader(code)
}

func (x *exchange) Write(p []byte) (int, error) {
	x.implyOK()
	n, err := x.inner.Write(p)
	x.written += int64(n)
	return n, err
}

// WriteString saves the copy that io.WriteString would make; every writer can do it one way or the other.
func (x *exchange) WriteString(s string) (int, error) {
	x.implyOK()
	n, err := io.WriteString(x.inner, s)
	x.written += int64(n)
	return n, err
}

// implyOK is net/http's rule that a body without a status has status 200.
func (x *exchange) implyOK() {
	if x.status == 0 {
		x.status = http.StatusOK
	}
}

func (x *exchange) flush() error {
	x.implyOK()
	if f, ok := x.inner.(interface{ FlushError() error }); ok {
		return f.FlushError()
	}
	x.inner.(http.Flusher).Flush()
	return nil
}

func (x *exchange) hijack() (net.Conn, *bufio.ReadWriter, error) {
	conn, buffer, err := x.inner.(http.Hijacker).Hijack()
	if err == nil && !x.hijacked {
		x.hijacked, x.more().hijackedAt = true, x.emitter.clock.now()
	}
	return conn, buffer, err
}

func (x *exchange) readFrom(r io.Reader) (int64, error) {
	x.implyOK()
	n, err := x.inner.(io.ReaderFrom).ReadFrom(r)
	x.written += n
	return n, err
}

func (x *exchange) push(target string, o *http.PushOptions) error {
	return x.inner.(http.Pusher).Push(target, o)
}

// Each type below holds one pointer, so that turning it into an interface does not allocate, and adds one method to
// what it embeds: F is http.Flusher, H http.Hijacker, R io.ReaderFrom, P http.Pusher.
type (
	wF    struct{ *exchange }
	wH    struct{ *exchange }
	wR    struct{ *exchange }
	wP    struct{ *exchange }
	wFH   struct{ wF }
	wFR   struct{ wF }
	wFP   struct{ wF }
	wHR   struct{ wH }
	wHP   struct{ wH }
	wRP   struct{ wR }
	wFHR  struct{ wFH }
	wFHP  struct{ wFH }
	wFRP  struct{ wFR }
	wHRP  struct{ wHR }
	wFHRP struct{ wFHR }
)

func (w wF) Flush()            { _ = w.flush() }
func (w wF) FlushError() error { return w.flush() }

func (w wH) Hijack() (net.Conn, *bufio.ReadWriter, error)  { return w.hijack() }
func (w wFH) Hijack() (net.Conn, *bufio.ReadWriter, error) { return w.hijack() }

func (w wR) ReadFrom(src io.Reader) (int64, error)   { return w.readFrom(src) }
func (w wFR) ReadFrom(src io.Reader) (int64, error)  { return w.readFrom(src) }
func (w wHR) ReadFrom(src io.Reader) (int64, error)  { return w.readFrom(src) }
func (w wFHR) ReadFrom(src io.Reader) (int64, error) { return w.readFrom(src) }

func (w wP) Push(target string, o *http.PushOptions) error    { return w.push(target, o) }
func (w wFP) Push(target string, o *http.PushOptions) error   { return w.push(target, o) }
func (w wHP) Push(target string, o *http.PushOptions) error   { return w.push(target, o) }
func (w wRP) Push(target string, o *http.PushOptions) error   { return w.push(target, o) }
func (w wFHP) Push(target string, o *http.PushOptions) error  { return w.push(target, o) }
func (w wFRP) Push(target string, o *http.PushOptions) error  { return w.push(target, o) }
func (w wHRP) Push(target string, o *http.PushOptions) error  { return w.push(target, o) }
func (w wFHRP) Push(target string, o *http.PushOptions) error { return w.push(target, o) }

// capability is a set of optional interfaces.
type capability uint8

const (
	flushes capability = 1 << iota
	hijacks
	readsFrom
	pushes
)

// capabilities are the optional interfaces of w. The deprecated http.CloseNotifier is left out: the request's context
// says the same.
func capabilities(w http.ResponseWriter) (c capability) {
	if _, ok := w.(http.Flusher); ok {
		c |= flushes
	}
	if _, ok := w.(http.Hijacker); ok {
		c |= hijacks
	}
	if _, ok := w.(io.ReaderFrom); ok {
		c |= readsFrom
	}
	if _, ok := w.(http.Pusher); ok {
		c |= pushes
	}
	return c
}

// capable remembers the capabilities of the first type of writer it sees: a server has one or two, and asking for four
// interfaces costs more than a comparison.
type capable struct{ first atomic.Pointer[capableType] }

type capableType struct {
	is  reflect.Type
	can capability
}

func (c *capable) of(w http.ResponseWriter) capability {
	is, first := reflect.TypeOf(w), c.first.Load()
	if first != nil && first.is == is {
		return first.can
	}
	can := capabilities(w)
	if first == nil {
		c.first.CompareAndSwap(nil, &capableType{is: is, can: can})
	}
	return can
}

// as is the exchange as a writer with exactly these optional interfaces.
func (x *exchange) as(c capability) http.ResponseWriter {
	switch c {
	case flushes:
		return wF{x}
	case hijacks:
		return wH{x}
	case readsFrom:
		return wR{x}
	case pushes:
		return wP{x}
	case flushes | hijacks:
		return wFH{wF{x}}
	case flushes | readsFrom:
		return wFR{wF{x}}
	case flushes | pushes:
		return wFP{wF{x}}
	case hijacks | readsFrom:
		return wHR{wH{x}}
	case hijacks | pushes:
		return wHP{wH{x}}
	case readsFrom | pushes:
		return wRP{wR{x}}
	case flushes | hijacks | readsFrom:
		return wFHR{wFH{wF{x}}}
	case flushes | hijacks | pushes:
		return wFHP{wFH{wF{x}}}
	case flushes | readsFrom | pushes:
		return wFRP{wFR{wF{x}}}
	case hijacks | readsFrom | pushes:
		return wHRP{wHR{wH{x}}}
	case flushes | hijacks | readsFrom | pushes:
		return wFHRP{wFHR{wFH{wF{x}}}}
	}
	return x
}
