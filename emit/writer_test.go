package emit_test

import (
	"bufio"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/signalbox/signalbox/emit"
)

type (
	plain      struct{ http.ResponseWriter }
	canFlush   struct{}
	canHijack  struct{}
	canReadAll struct{}
	canPush    struct{}
)

var errMark = errors.New("the writer inside was asked")

func (canFlush) Flush()                                        {}
func (canFlush) FlushError() error                             { return errMark }
func (canHijack) Hijack() (net.Conn, *bufio.ReadWriter, error) { return nil, nil, errMark }
func (canReadAll) ReadFrom(io.Reader) (int64, error)           { return 7, errMark }
func (canPush) Push(string, *http.PushOptions) error           { return errMark }

// TestOptionalInterfacesAreExactlyThoseInside tries all 16 combinations: a handler must find each interface that the
// server offers, and none that it does not.
func TestOptionalInterfacesAreExactlyThoseInside(t *testing.T) {
	p := plain{httptest.NewRecorder()}
	type (
		f = canFlush
		h = canHijack
		r = canReadAll
		u = canPush
	)
	for _, inner := range []http.ResponseWriter{
		p,
		struct {
			plain
			f
		}{p, f{}},
		struct {
			plain
			h
		}{p, h{}},
		struct {
			plain
			r
		}{p, r{}},
		struct {
			plain
			u
		}{p, u{}},
		struct {
			plain
			f
			h
		}{p, f{}, h{}},
		struct {
			plain
			f
			r
		}{p, f{}, r{}},
		struct {
			plain
			f
			u
		}{p, f{}, u{}},
		struct {
			plain
			h
			r
		}{p, h{}, r{}},
		struct {
			plain
			h
			u
		}{p, h{}, u{}},
		struct {
			plain
			r
			u
		}{p, r{}, u{}},
		struct {
			plain
			f
			h
			r
		}{p, f{}, h{}, r{}},
		struct {
			plain
			f
			h
			u
		}{p, f{}, h{}, u{}},
		struct {
			plain
			f
			r
			u
		}{p, f{}, r{}, u{}},
		struct {
			plain
			h
			r
			u
		}{p, h{}, r{}, u{}},
		struct {
			plain
			f
			h
			r
			u
		}{p, f{}, h{}, r{}, u{}},
	} {
		var got http.ResponseWriter
		emit.New(emit.Options{}).Handler(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			got = w
			if f, ok := w.(interface{ FlushError() error }); ok {
				assert.ErrorIs(t, f.FlushError(), errMark)
			}
			if h, ok := w.(http.Hijacker); ok {
				_, _, err := h.Hijack()
				assert.ErrorIs(t, err, errMark)
			}
			if r, ok := w.(io.ReaderFrom); ok {
				n, err := r.ReadFrom(nil)
				assert.EqualValues(t, 7, n)
				assert.ErrorIs(t, err, errMark)
			}
			if p, ok := w.(http.Pusher); ok {
				assert.ErrorIs(t, p.Push("/x", nil), errMark)
			}
		})).ServeHTTP(inner, httptest.NewRequest("GET", "/", nil))
		assert.Equal(t, has[http.Flusher](inner), has[http.Flusher](got), "Flusher of %T", inner)
		assert.Equal(t, has[http.Hijacker](inner), has[http.Hijacker](got), "Hijacker of %T", inner)
		assert.Equal(t, has[io.ReaderFrom](inner), has[io.ReaderFrom](got), "ReaderFrom of %T", inner)
		assert.Equal(t, has[http.Pusher](inner), has[http.Pusher](got), "Pusher of %T", inner)
		assert.Equal(t, inner, got.(interface{ Unwrap() http.ResponseWriter }).Unwrap())
	}
}

func has[T any](w http.ResponseWriter) bool {
	_, ok := w.(T)
	return ok
}

func TestStreamingHijackingAndCopyingWorkThrough(t *testing.T) {
	mux := http.NewServeMux()
	mux.HandleFunc("/stream", func(w http.ResponseWriter, r *http.Request) {
		c := http.NewResponseController(w)
		assert.NoError(t, c.SetWriteDeadline(time.Now().Add(time.Minute)))
		_, _ = io.WriteString(w, "first ")
		assert.NoError(t, c.Flush())
		w.WriteHeader(http.StatusTeapot) // too late: net/http ignores it, and so do the counters
		n, err := io.Copy(w, io.LimitReader(strings.NewReader("second and more"), 6))
		assert.EqualValues(t, 6, n)
		assert.NoError(t, err)
	})
	mux.HandleFunc("/upgrade", func(w http.ResponseWriter, _ *http.Request) {
		conn, _, err := w.(http.Hijacker).Hijack()
		if assert.NoError(t, err) {
			_, _ = io.WriteString(conn, "HTTP/1.1 101 Switching Protocols\r\n\r\n")
			_ = conn.Close()
		}
	})
	e := emit.New(emit.Options{})
	h, ended := e.Handler(mux), make(chan struct{}, 2)
	server := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h.ServeHTTP(w, r)
		ended <- struct{}{}
	}))

	response, err := server.Client().Get(server.URL + "/stream")
	require.NoError(t, err)
	body, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	_ = response.Body.Close()
	assert.Equal(t, "first second", string(body))

	conn, err := net.Dial("tcp", server.Listener.Addr().String())
	require.NoError(t, err)
	_, _ = io.WriteString(conn, "GET /upgrade HTTP/1.1\r\nHost: x\r\n\r\n")
	_, err = io.ReadAll(conn)
	require.NoError(t, err)
	<-ended
	<-ended

	got := scrape(t, e, acceptText)
	assert.Equal(t, 1.0, got.counter("http_requests_total", "route", "/stream", "code", "200"))
	assert.Equal(t, 12.0, got.find("http_response_size_bytes", "route", "/stream").GetHistogram().GetSampleSum())
	assert.Equal(t, -1.0, got.counter("http_requests_total", "code", "418"))
	assert.Equal(t, 1.0, got.counter("http_requests_total", "route", "/upgrade", "code", "101"))
}

func TestHijackedConnectionsAreTimedToTheHandover(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := emit.New(emit.Options{})
		inner := struct {
			plain
			handsOver
		}{plain{httptest.NewRecorder()}, handsOver{}}
		e.Handler(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			time.Sleep(time.Second)
			_, _, _ = w.(http.Hijacker).Hijack()
			time.Sleep(time.Hour) // the life of the connection
		})).ServeHTTP(inner, httptest.NewRequest("GET", "/", nil))
		recorder := httptest.NewRecorder()
		e.Metrics().ServeHTTP(recorder, httptest.NewRequest("GET", "/metrics", nil))
		assert.Contains(t, recorder.Body.String(), `http_request_duration_seconds_sum{code="101",method="GET",route="unmatched"} 1`+"\n")
	})
}

type handsOver struct{}

func (handsOver) Hijack() (net.Conn, *bufio.ReadWriter, error) { return nil, nil, nil }

func TestTemporaryFilesOfAFormAreSeenByTheServer(t *testing.T) {
	r := httptest.NewRequest("POST", "/", strings.NewReader("--x\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n1\r\n--x--\r\n"))
	r.Header.Set("Content-Type", "multipart/form-data; boundary=x")
	emit.New(emit.Options{}).Handler(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		assert.NoError(t, r.ParseMultipartForm(1))
	})).ServeHTTP(httptest.NewRecorder(), r)
	assert.NotNil(t, r.MultipartForm, "net/http removes the files of the request it made")
}
