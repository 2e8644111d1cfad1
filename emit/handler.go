package emit

import (
	"context"
	"io"
	"net/http"
	"sync/atomic"
	"time"
)

// Handler wraps a service so that every request is timed, counted and traced.
//
// It goes straight around the router. The route label is [http.Request.Pattern], which ServeMux fills in on the
// request it is given; a wrapper in between that copies the request (http.TimeoutHandler, anything that calls
// WithContext) hides it, and then the router goes into [Routes]. Other routers name the route with [SetRoute].
//
// A panic is counted and raised again, so that an outer handler or net/http sees it.
func (e *Emitter) Handler(next http.Handler) http.Handler {
	return &middleware{emitter: e, next: next}
}

type middleware struct {
	emitter *Emitter
	next    http.Handler
	capable capable
}

// exchange is one request and its answer. It is the request's context as well as the response writer that the handler
// is given, because each would otherwise be an allocation of its own; what few requests need is in extra. It is not
// reused: goroutines that outlive the request may hold its context, and a handler that wrongly writes after it has
// returned must not reach the answer of another request.
type exchange struct {
	context.Context
	inner     http.ResponseWriter
	emitter   *Emitter
	extra     *extra
	route     atomic.Pointer[string]
	start     time.Duration // clock reading
	written   int64         // body bytes
	trace     Trace
	status    uint16 // final status, 0 until known
	hijacked  bool
	uncounted bool
}

// tracedExchange has room for the request that the handler is given: a copy whose context is the exchange.
type tracedExchange struct {
	exchange
	request http.Request
}

// extra is what most exchanges do without.
type extra struct {
	state      []string // tracestate as it came
	baggage    []string // baggage as it came
	body       body
	hijackedAt time.Duration // clock reading
}

// more is the extra of x, made on first use.
func (x *exchange) more() *extra {
	if x.extra == nil {
		x.extra = new(extra)
	}
	return x.extra
}

type exchangeKey struct{}

// Value adds the exchange itself to the values of the request's context.
func (x *exchange) Value(key any) any {
	if _, ok := key.(exchangeKey); ok {
		return x
	}
	return x.Context.Value(key)
}

// exchangeFrom is the innermost exchange around ctx, or nil.
func exchangeFrom(ctx context.Context) *exchange {
	x, _ := ctx.Value(exchangeKey{}).(*exchange)
	return x
}

// exchangeAround is the exchange that ctx or the writer belongs to, or nil. Without tracing only the writer knows.
func exchangeAround(ctx context.Context, w http.ResponseWriter) *exchange {
	if x := exchangeFrom(ctx); x != nil {
		return x
	}
	for {
		switch v := w.(type) {
		case interface{ self() *exchange }:
			return v.self()
		case interface{ Unwrap() http.ResponseWriter }:
			w = v.Unwrap()
		default:
			return nil
		}
	}
}

// body counts what is read of a body whose length was not announced.
type body struct {
	io.ReadCloser
	read atomic.Int64 // a handler may leave a goroutine reading
}

func (b *body) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	b.read.Add(int64(n))
	return n, err
}

func (m *middleware) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	e := m.emitter
	var x *exchange
	inner := r
	if e.untraced {
		x = &exchange{Context: r.Context(), emitter: e, inner: w}
		x.trace.Span = newSpan() // for the choice of a shard
		if r.ContentLength < 0 {
			inner = r.WithContext(r.Context()) // the caller's body must stay its own
		}
	} else {
		traced := &tracedExchange{exchange: exchange{Context: r.Context(), emitter: e, inner: w}}
		x, inner = &traced.exchange, &traced.request
		x.join(r.Header)
		// WithContext's own copy stays on the stack, because it is copied on into the exchange: one allocation less.
		traced.request = *r.WithContext(x)
	}
	if r.ContentLength < 0 {
		counted := &x.more().body
		counted.ReadCloser = r.Body
		inner.Body = counted
	}
	e.inFlight.add(x.trace.shard(), 1)
	x.start = e.clock.now()

	completed := false
	defer func() {
		if completed {
			return
		}
		// Here after a panic, or after runtime.Goexit, for which recover gives nil and which goes on by itself.
		value := recover()
		end := panicked
		if value == http.ErrAbortHandler {
			end = aborted
		}
		x.finish(r, inner, end)
		if value != nil {
			panic(value)
		}
	}()
	m.next.ServeHTTP(x.as(m.capable.of(w)), inner)
	completed = true
	x.finish(r, inner, returned)
}

// finish counts the exchange. Outer is the request as it came, inner the copy that the handler was given.
func (x *exchange) finish(outer, inner *http.Request, end ending) {
	// The server removes the temporary files of the form it can see, and outer wrappers read the pattern.
	if outer.MultipartForm == nil {
		outer.MultipartForm = inner.MultipartForm
	}
	outer.Pattern = inner.Pattern
	if x.uncounted {
		return
	}
	e, shard := x.emitter, x.trace.shard()
	now := e.clock.now()
	e.inFlight.add(shard, -1)

	took := now - x.start
	if x.hijacked {
		took = x.extra.hijackedAt - x.start // what follows is the connection's life, not an answer's duration
	}
	canceled := (x.status == 0 || end == aborted) && x.Context.Err() == context.Canceled
	code, kind := outcome(end, int(x.status), x.hijacked, canceled)
	endpoint, child := e.table.find(x.pattern(inner, code), inner.Method, code)

	cell := child.duration.observe(shard, int64(took))
	slot := &child.duration.exemplars[e.table.durations.bucket[cell]]
	if !e.untraced && slot.due(now) {
		slot.last.Store(&exemplar{trace: x.trace, value: took.Seconds(), at: e.clock.wall(now)})
	}
	received := outer.ContentLength
	if received < 0 {
		received = x.extra.body.read.Load()
	}
	endpoint.requestSize.observe(shard, received)
	endpoint.responseSize.observe(shard, x.written)
	if kind != noError {
		endpoint.errors[kind].Add(1)
	}
}

// pattern is what names the route: what was set, else what ServeMux matched, else nothing.
func (x *exchange) pattern(r *http.Request, code int) string {
	if set := x.route.Load(); set != nil {
		return *set
	}
	// For a CONNECT that it redirects, ServeMux gives the raw path as pattern (net/http findHandler).
	if r.Method == http.MethodConnect && code == http.StatusTemporaryRedirect {
		return ""
	}
	return r.Pattern
}

// SetRoute names the route of the request that ctx belongs to, for routers that do not fill in http.Request.Pattern.
// Give the template ("/users/{id}"), never the path. The last call before the handler returns wins; outside a request,
// and in an untraced one, whose context is not ours, it does nothing.
func SetRoute(ctx context.Context, route string) {
	if x := exchangeFrom(ctx); x != nil {
		x.route.Store(&route)
	}
}

// Status is what the request that ctx belongs to was answered with so far: 0 while nothing was, and outside a request.
func Status(ctx context.Context) int {
	if x := exchangeFrom(ctx); x != nil {
		return int(x.status)
	}
	return 0
}

// Routes wraps a ServeMux whose request is a copy of the one that [Emitter.Handler] was given, and carries the matched
// pattern back.
func Routes(mux http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer func() {
			if x := exchangeAround(r.Context(), w); x != nil && r.Pattern != "" {
				x.route.Store(&r.Pattern)
			}
		}()
		mux.ServeHTTP(w, r)
	})
}
