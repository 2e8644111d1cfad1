package emit

import (
	"context"
	"net/http"
)

// Inject sets traceparent, tracestate and baggage on an outgoing call's header, so that the called service continues
// the trace of the request that ctx belongs to. Outside a request it changes nothing.
//
// Baggage goes to whoever is called, as W3C Baggage demands; delete the header for parties that must not see it.
func Inject(ctx context.Context, header http.Header) {
	x := exchangeFrom(ctx)
	if x == nil {
		return
	}
	header.Set("Traceparent", x.trace.Traceparent())
	var came extra
	if x.extra != nil {
		came.state, came.baggage = x.extra.state, x.extra.baggage
	}
	set(header, "Tracestate", tracestate(came.state))
	set(header, "Baggage", baggage(came.baggage))
}

// set makes value the only one, or removes the key: a stale tracestate must not travel with our traceparent.
func set(header http.Header, key, value string) {
	if value == "" {
		header.Del(key)
		return
	}
	header.Set(key, value)
}

// Transport is a RoundTripper that calls [Inject] for each request made with a context of a request being handled. A
// request that has a traceparent already is left alone. A nil base means http.DefaultTransport.
func Transport(base http.RoundTripper) http.RoundTripper {
	if base == nil {
		base = http.DefaultTransport
	}
	return transport{base}
}

type transport struct{ base http.RoundTripper }

func (t transport) RoundTrip(r *http.Request) (*http.Response, error) {
	if exchangeFrom(r.Context()) == nil || len(r.Header["Traceparent"]) > 0 {
		return t.base.RoundTrip(r)
	}
	// A RoundTripper must not change the request it is given.
	traced := r.WithContext(r.Context())
	traced.Header = r.Header.Clone()
	if traced.Header == nil {
		traced.Header = http.Header{}
	}
	Inject(r.Context(), traced.Header)
	return t.base.RoundTrip(traced)
}
