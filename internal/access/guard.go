package access

import (
	"errors"
	"io"
	"net/http"
	"time"
)

// Bounds of bodies by what the request wants. Samples are bounded by the gate, which sees their true size; the figure here
// only keeps a body from never ending.
const (
	maxBody      = 1 << 20
	maxQueryBody = 4 << 20
	maxAlertBody = 16 << 20
	maxPushBody  = 256 << 20
	bodyTimeout  = 60 * time.Second
	writeTimeout = 5 * time.Minute
)

func bodyBound(act Action) int64 {
	switch act {
	case WriteSignals:
		return maxPushBody
	case WriteAlerts:
		return maxAlertBody
	case ReadSignals:
		return maxQueryBody
	}
	return maxBody
}

// guard decides whether a request reaches the route's handler.
func (a *Access) guard(route Route) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if route.Action != Open {
			p, err := a.decide(route, r)
			if err != nil {
				a.refuse(w, r, route, p, err)
				return
			}
			if p.ID != "" {
				r = r.WithContext(With(r.Context(), p))
			}
			if p.ID != "" && route.Action != SignIn && r.Method == http.MethodGet {
				a.remember(w, r, p)
				ctx, leave := a.live.enter(r.Context(), p, a.o.Now())
				defer leave()
				r = r.WithContext(ctx)
			}
		}
		if r.Body != nil && r.Body != http.NoBody {
			rc := http.NewResponseController(w)
			_ = rc.SetReadDeadline(time.Now().Add(bodyTimeout)) // see outer
			r.Body = &timedBody{ReadCloser: http.MaxBytesReader(w, r.Body, bodyBound(route.Action)), rc: rc}
		}
		route.Handler.ServeHTTP(w, r)
	})
}

// timedBody lifts the read deadline at the body's end: past it the server reads on to notice a client that leaves, and an
// expired deadline would look like one.
type timedBody struct {
	io.ReadCloser
	rc *http.ResponseController
}

func (b *timedBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	if errors.Is(err, io.EOF) {
		_ = b.rc.SetReadDeadline(time.Time{}) // see outer
	}
	return n, err
}
