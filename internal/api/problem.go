package api

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"github.com/signalbox/signalbox/internal/access"
	"github.com/signalbox/signalbox/internal/fault"
)

// toProblem turns an error into a problem.
func (a *API) toProblem(ctx context.Context, err error) error {
	problem := huma.NewError(a.problem(ctx, err))
	if fault.KindOf(err) == fault.Limited {
		return huma.ErrorWithHeaders(problem, http.Header{"Retry-After": {"5"}})
	}
	return problem
}

// problem returns status and sentence of an error. What is no fault.Error is "internal error" outside; the log has the rest.
func (a *API) problem(ctx context.Context, err error) (status int, detail string) {
	if errors.Is(err, context.Canceled) && ctx.Err() != nil {
		return 499, "the client went away"
	}
	if errors.Is(err, context.DeadlineExceeded) {
		return http.StatusServiceUnavailable, "the answer took too long. Ask for a shorter time range"
	}
	kind := fault.KindOf(err)
	if kind == fault.Internal {
		a.o.Logger.Error("request failed", "path", request(ctx).URL.Path, "request", access.RequestID(ctx), "err", err)
	}
	return fault.Status(kind), fault.Outside(err)
}

// broken ends an answer that is a file: what fails before its first byte is a problem; after that the connection is cut, so that
// half a file never looks whole.
func (a *API) broken(ctx context.Context, w http.ResponseWriter, begun bool, err error) {
	status, detail := a.problem(ctx, err)
	if begun {
		panic(http.ErrAbortHandler)
	}
	writeProblem(w, status, detail)
}

// sayProblem makes huma's validation errors sentences: the key, the value, and what would be accepted.
func sayProblem(_ huma.Context, _ string, v any) (any, error) {
	p, ok := v.(*huma.ErrorModel)
	if !ok || len(p.Errors) == 0 {
		return v, nil
	}
	said := make([]string, 0, len(p.Errors))
	for _, e := range p.Errors {
		key := e.Location
		for _, in := range []string{"query.", "path.", "body."} {
			key = strings.TrimPrefix(key, in)
		}
		value := ""
		switch x := e.Value.(type) {
		case nil:
		case string:
			if !secretKey(key) {
				value = fmt.Sprintf(" %q", clip(x))
			}
		case float64, bool, int, int64:
			value = fmt.Sprintf(" %v", x)
		}
		said = append(said, strings.TrimSpace(key+value)+": "+e.Message)
	}
	q := *p
	// The library's own list repeats what was sent: a whole body with a password in it, where one key is wrong.
	q.Errors = nil
	q.Detail = strings.Join(said, "; ")
	if q.Status == http.StatusUnprocessableEntity {
		q.Status, q.Title = http.StatusBadRequest, http.StatusText(http.StatusBadRequest)
	}
	return &q, nil
}

// secretKey reports whether a key holds what must not be said back.
func secretKey(key string) bool {
	for _, s := range []string{"password", "secret", "old", "new", "token", "subject"} {
		if strings.Contains(strings.ToLower(key), s) {
			return true
		}
	}
	return false
}

func clip(s string) string {
	if len(s) > 80 {
		return s[:80] + "..."
	}
	return s
}

// answer wraps every operation.
func answer(h http.HandlerFunc) http.Handler {
	return http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		w := &packed{ResponseWriter: rw, r: r}
		h(w, r)
		_ = w.finish() // a client that went away is its own matter
	})
}

type requestKey struct{}

// carryRequest gives the handlers the plain request: sign-in needs its address and its cookies.
func carryRequest(ctx huma.Context, next func(huma.Context)) {
	r, _ := humago.Unwrap(ctx)
	next(huma.WithValue(ctx, requestKey{}, r))
}

func request(ctx context.Context) *http.Request {
	r, _ := ctx.Value(requestKey{}).(*http.Request)
	return r
}
