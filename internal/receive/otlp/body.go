package otlp

import (
	"bytes"
	"compress/zlib"
	"errors"
	"io"
	"net/http"
	"os"
	"strings"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/snappy"
	"github.com/klauspost/compress/zstd"

	"github.com/signalbox/signalbox/internal/fault"
)

// body is the memory of one request: what came in, and the readers that unpack it. It is used again by the next.
type body struct {
	plain []byte
	proto []byte // what JSON was rewritten as
	gzip  *gzip.Reader
	zstd  *zstd.Decoder
}

// keepBytes is the largest memory that is kept.
const keepBytes = 8 << 20

func (rc *Receiver) release(b *body) {
	if cap(b.plain) <= keepBytes && cap(b.proto) <= keepBytes {
		rc.bodies.Put(b)
	}
}

// growth asks for so many more bytes than were admitted.
type growth func(int64) error

// read takes a whole body in, unpacked, within the limit.
func (b *body) read(r *http.Request, limit int64, grow growth) error {
	in, err := b.unpacked(r.Body, r.Header.Get("Content-Encoding"), limit)
	if err != nil {
		return err
	}
	return b.fill(in, limit, grow)
}

// unpacked returns a reader of what the encoding hides.
func (b *body) unpacked(in io.Reader, encoding string, limit int64) (io.Reader, error) {
	var err error
	switch strings.ToLower(strings.TrimSpace(encoding)) {
	case "", "identity":
		return in, nil
	case "gzip", "x-gzip":
		if b.gzip == nil {
			b.gzip = new(gzip.Reader)
		}
		err = b.gzip.Reset(in)
		in = b.gzip
	case "zstd":
		if b.zstd == nil {
			b.zstd, err = zstd.NewReader(in, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true),
				zstd.WithDecoderMaxWindow(8<<20), zstd.WithDecoderMaxMemory(uint64(limit)+1))
		} else {
			err = b.zstd.Reset(in)
		}
		in = b.zstd
	case "deflate", "zlib":
		in, err = zlib.NewReader(in)
	case "snappy":
		return b.snappy(in, limit)
	case "x-snappy-framed":
		in = snappy.NewReader(in)
	default:
		return nil, &unsupported{fault.New(fault.Invalid, "Content-Encoding %q: want gzip, zstd, deflate, snappy or none", encoding)}
	}
	if err != nil {
		return nil, cut(err, "the body is not in the encoding "+encoding)
	}
	return in, nil
}

// snappy unpacks the block format, which tells its length ahead.
func (b *body) snappy(in io.Reader, limit int64) (io.Reader, error) {
	packed, err := io.ReadAll(io.LimitReader(in, limit+1))
	if err != nil {
		return nil, cut(err, "the body did not arrive whole")
	}
	n, err := snappy.DecodedLen(packed)
	switch {
	case err != nil || n > 22*len(packed)+64: // its densest element makes 64 bytes of three
		return nil, fault.New(fault.Invalid, "the body is not in snappy's block format")
	case int64(n) > limit:
		return nil, tooLarge(limit)
	}
	plain, err := snappy.Decode(nil, packed)
	if err != nil {
		return nil, fault.New(fault.Invalid, "the body is not in snappy's block format: %w", err)
	}
	return bytes.NewReader(plain), nil
}

func tooLarge(limit int64) error {
	return fault.New(fault.TooLarge, "the body has more than %d bytes, unpacked", limit).Hint("Send smaller batches")
}

// admitted is how many bytes a request may bring without asking.
const admitted = 1 << 20

// fill reads until the end. More than what was admitted is asked for as it is needed, and never more than twice as much as
// there is.
func (b *body) fill(in io.Reader, limit int64, grow growth) error {
	if cap(b.plain) == 0 {
		b.plain = make([]byte, 0, 64<<10)
	}
	b.plain = b.plain[:0]
	asked := int64(admitted)
	for {
		if len(b.plain) == cap(b.plain) {
			b.plain = append(b.plain, 0)[:len(b.plain)]
		}
		if n := int64(cap(b.plain)); n > asked && len(b.plain) > admitted/2 {
			if err := grow(n - asked); err != nil {
				return err
			}
			asked = n
		}
		n, err := in.Read(b.plain[len(b.plain):min(int64(cap(b.plain)), limit+1)])
		b.plain = b.plain[:len(b.plain)+n]
		if int64(len(b.plain)) > limit {
			return tooLarge(limit)
		}
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return cut(err, "the body did not arrive whole")
		}
	}
}

// unsupported is an error of the headers: another type or encoding would be understood.
type unsupported struct{ err *fault.Error }

func (u *unsupported) Error() string { return u.err.Error() }
func (u *unsupported) Unwrap() error { return u.err }

// cut names a body that cannot be read: damaged, too late, or not whole.
func cut(err error, what string) error {
	var big *http.MaxBytesError
	switch {
	case errors.As(err, &big):
		return tooLarge(big.Limit)
	case errors.Is(err, zstd.ErrDecoderSizeExceeded), errors.Is(err, zstd.ErrWindowSizeExceeded):
		return fault.New(fault.TooLarge, "the body unpacks to more than is accepted: %w", err)
	case errors.Is(err, os.ErrDeadlineExceeded):
		return fault.New(fault.Unavailable, "the body did not arrive in time: %w", err)
	}
	return fault.New(fault.Invalid, "%s: %w", what, err)
}
