package emit

import (
	"context"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"math/rand/v2"
	"net/http"
)

// Trace is a place in a distributed trace: W3C Trace Context's trace-id, parent-id and trace-flags. In a request it is
// this service's own span; its parent was the caller's.
type Trace struct {
	ID    [16]byte
	Span  [8]byte
	Flags byte // FlagSampled and FlagRandom; other bits are not passed on
}

// The flags that W3C Trace Context level 2 defines.
const (
	FlagSampled byte = 1 << iota // the caller may have recorded the trace
	FlagRandom                   // the trace id is random
)

// ErrTraceparent is returned for a traceparent that must be ignored.
var ErrTraceparent = errors.New("emit: malformed traceparent")

// TraceFrom is the trace of the request that ctx belongs to; false outside [Emitter.Handler].
func TraceFrom(ctx context.Context) (Trace, bool) {
	if x := exchangeFrom(ctx); x != nil {
		return x.trace, true
	}
	return Trace{}, false
}

// Recorded says that somebody records the trace of the request that ctx belongs to, so that services which are called from now
// on record their part as well. It is for whoever wraps the handler, before the handler runs.
func Recorded(ctx context.Context) {
	if x := exchangeFrom(ctx); x != nil {
		x.trace.Flags |= FlagSampled
	}
}

// TraceID is the trace id in 32 lower-case hexadecimal digits.
func (t Trace) TraceID() string { return hex.EncodeToString(t.ID[:]) }

// SpanID is the span id in 16 lower-case hexadecimal digits.
func (t Trace) SpanID() string { return hex.EncodeToString(t.Span[:]) }

// Traceparent is the header value that makes this span the parent of what is called, always in version 00.
func (t Trace) Traceparent() string {
	b := make([]byte, 0, traceparentLength)
	b = append(b, "00-"...)
	b = hex.AppendEncode(b, t.ID[:])
	b = append(b, '-')
	b = hex.AppendEncode(b, t.Span[:])
	b = append(b, '-')
	return string(hex.AppendEncode(b, []byte{t.Flags}))
}

const traceparentLength = len("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")

// ParseTraceparent reads a traceparent header value. Of a version above 00 it reads the fields of version 00 and
// accepts what follows them after a dash. The error is [ErrTraceparent].
//
// Source: W3C Trace Context, section 3.2 (traceparent header).
func ParseTraceparent(s string) (Trace, error) {
	var t Trace
	var version, flags [1]byte
	if len(s) < traceparentLength || s[2] != '-' || s[35] != '-' || s[52] != '-' {
		return Trace{}, ErrTraceparent
	}
	if !unhex(version[:], s[:2]) || !unhex(t.ID[:], s[3:35]) || !unhex(t.Span[:], s[36:52]) || !unhex(flags[:], s[53:55]) {
		return Trace{}, ErrTraceparent
	}
	if t.ID == [16]byte{} || t.Span == [8]byte{} || version[0] == 0xff {
		return Trace{}, ErrTraceparent
	}
	if len(s) > traceparentLength && (version[0] == 0 || s[traceparentLength] != '-') {
		return Trace{}, ErrTraceparent
	}
	t.Flags = flags[0] & (FlagSampled | FlagRandom)
	return t, nil
}

// digits are the values of hexadecimal digits. The specification allows lower case only, which encoding/hex does not
// insist on.
var digits = func() (table [256]byte) {
	for i := range table {
		table[i] = 0xff
	}
	for i, c := range []byte("0123456789abcdef") {
		table[c] = byte(i)
	}
	return table
}()

// unhex decodes len(dst) bytes and reports whether all digits were good.
func unhex(dst []byte, src string) bool {
	var bad byte
	for i := range dst {
		high, low := digits[src[2*i]], digits[src[2*i+1]]
		dst[i] = high<<4 | low
		bad |= high | low
	}
	return bad < 16
}

// join continues the caller's trace with a span of our own, or starts one. Tracestate belongs to the traceparent and
// falls with it; baggage stands alone.
func (x *exchange) join(header http.Header) {
	// Read by canonical key: Get would canonicalise each time, and two traceparents are none.
	parents := header["Traceparent"]
	err := ErrTraceparent
	if len(parents) == 1 {
		x.trace, err = ParseTraceparent(parents[0])
	}
	if err != nil {
		x.trace.Flags = FlagRandom
		binary.BigEndian.PutUint64(x.trace.ID[:8], nonZero())
		binary.BigEndian.PutUint64(x.trace.ID[8:], rand.Uint64())
	} else if state := header["Tracestate"]; state != nil {
		x.more().state = state
	}
	x.trace.Span = newSpan()
	if baggage := header["Baggage"]; baggage != nil {
		x.more().baggage = baggage
	}
}

func newSpan() (s [8]byte) {
	binary.BigEndian.PutUint64(s[:], nonZero())
	return s
}

// shard spreads requests over counters by random bits that were paid for already.
func (t *Trace) shard() uint64 { return uint64(t.Span[7]) }

// nonZero is a random number that is valid as (half of) an id: all zeros is not.
func nonZero() uint64 {
	v := rand.Uint64()
	for v == 0 {
		v = rand.Uint64()
	}
	return v
}
