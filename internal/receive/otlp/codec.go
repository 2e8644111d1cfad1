package otlp

import (
	"fmt"
	"io"

	"github.com/klauspost/compress/zstd"
	"google.golang.org/grpc/mem"
)

// codec hands messages over as they are; the type on both ways is *body.
type codec struct{}

// Name is the content type's: the messages are protobuf.
func (codec) Name() string { return "proto" }

func (codec) Marshal(v any) (mem.BufferSlice, error) {
	b, ok := v.(*body)
	if !ok {
		return nil, fmt.Errorf("cannot send a %T", v)
	}
	return mem.BufferSlice{mem.SliceBuffer(b.plain)}, nil
}

func (codec) Unmarshal(data mem.BufferSlice, v any) error {
	b, ok := v.(*body)
	if !ok {
		return fmt.Errorf("cannot receive a %T", v)
	}
	n := data.Len()
	if cap(b.plain) < n {
		b.plain = make([]byte, n)
	}
	b.plain = b.plain[:n]
	data.CopyTo(b.plain)
	return nil
}

// unpacker unpacks zstd, of which gRPC itself knows nothing.
type unpacker struct{ limit int64 }

// Type is the name of the encoding.
func (unpacker) Type() string { return "zstd" }

// Do unpacks one message; of one that is too large it returns a byte more than is allowed, which gRPC refuses.
func (u unpacker) Do(r io.Reader) ([]byte, error) {
	d, err := zstd.NewReader(r, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true), zstd.WithDecoderMaxWindow(8<<20))
	if err != nil {
		return nil, err
	}
	defer d.Close()
	return io.ReadAll(io.LimitReader(d, u.limit+1))
}
