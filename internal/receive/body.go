package receive

import (
	"errors"
	"io"
	"net/http"
	"os"
	"sync"

	"github.com/klauspost/compress/snappy"
	"github.com/prometheus/prometheus/model/labels"

	"github.com/signalbox/signalbox/internal/fault"
	"github.com/signalbox/signalbox/internal/gate"
)

// buffers are what one request needs; they are used again by the next.
type buffers struct {
	body, plain []byte
	symbols     []string
	hashes      []uint64 // of the symbols
	raw, rest   []byte
	builder     labels.ScratchBuilder
	l           labels.Labels
}

// pool keeps buffers between requests.
type pool struct{ p sync.Pool }

// keepBytes is the largest buffer that is kept.
const keepBytes = 4 << 20

func (p *pool) get() *buffers {
	if b, ok := p.p.Get().(*buffers); ok {
		return b
	}
	return &buffers{builder: labels.NewScratchBuilder(16)}
}

func (p *pool) put(b *buffers) {
	if cap(b.body) > keepBytes || cap(b.plain) > keepBytes || cap(b.symbols) > keepBytes/16 {
		return
	}
	clear(b.symbols[:cap(b.symbols)]) // they point into plain
	b.builder.Reset()
	p.p.Put(b)
}

// read takes the body in, within the limit, whether its length was announced or not.
func (b *buffers) read(r *http.Request, l gate.Limits) error {
	limit := l.BodyBytes
	if limit <= 0 {
		limit = 1 << 40
	}
	b.body = b.body[:0]
	if n := r.ContentLength; n > 0 && n <= limit {
		if int64(cap(b.body)) < n {
			b.body = make([]byte, 0, n)
		}
		b.body = b.body[:n]
		if _, err := io.ReadFull(r.Body, b.body); err != nil {
			return cut(err)
		}
		return nil
	}
	if cap(b.body) == 0 {
		b.body = make([]byte, 0, 64<<10)
	}
	for {
		if len(b.body) == cap(b.body) {
			b.body = append(b.body, 0)[:len(b.body)]
		}
		n, err := r.Body.Read(b.body[len(b.body):min(int64(cap(b.body)), limit+1)])
		b.body = b.body[:len(b.body)+n]
		if int64(len(b.body)) > limit {
			return fault.New(fault.TooLarge, "the body has more than %d bytes", limit)
		}
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return cut(err)
		}
	}
}

// cut names a body that did not arrive whole. It is the sender's connection that failed: nobody is there to read a status,
// but who is should send again.
func cut(err error) error {
	var big *http.MaxBytesError
	switch {
	case errors.As(err, &big):
		return fault.New(fault.TooLarge, "the body has more than %d bytes", big.Limit)
	case errors.Is(err, os.ErrDeadlineExceeded):
		return fault.New(fault.Unavailable, "the body did not arrive in time: %w", err)
	}
	return fault.New(fault.Unavailable, "the body did not arrive whole: %w", err)
}

// unpack decompresses the body. The length it will have is read from its head, and admitted, before anything is allocated.
func (b *buffers) unpack(grant *gate.Grant, l gate.Limits) error {
	n, err := snappy.DecodedLen(b.body)
	if err != nil {
		return fault.New(fault.Invalid, "the body is not in snappy's block format: %w", err)
	}
	if l.DecodedBytes > 0 && int64(n) > l.DecodedBytes {
		return fault.New(fault.TooLarge, "the body unpacks to %d bytes; at most %d are accepted", n, l.DecodedBytes)
	}
	// Snappy's densest element makes 64 bytes of three: a head that says more lies, and would cost an allocation.
	if n > 22*len(b.body)+64 {
		return fault.New(fault.Invalid, "the body is not in snappy's block format: %d bytes cannot unpack to %d", len(b.body), n)
	}
	if err := grant.Grow(int64(n)); err != nil {
		return err
	}
	if b.plain, err = snappy.Decode(b.plain[:cap(b.plain)], b.body); err != nil {
		b.plain = b.plain[:0]
		return fault.New(fault.Invalid, "the body is not in snappy's block format: %w", err)
	}
	return nil
}
