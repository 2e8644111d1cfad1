package otlp_test

import (
	"bytes"
	"context"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/klauspost/compress/zstd"
	"github.com/stretchr/testify/require"
	collogs "go.opentelemetry.io/proto/otlp/collector/logs/v1"
	coltrace "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"github.com/signalbox/signalbox/internal/fault"
	"github.com/signalbox/signalbox/internal/gate"
	"github.com/signalbox/signalbox/internal/receive/otlp"
	"github.com/signalbox/signalbox/internal/rowstore"
)

func call(t testing.TB, addr string) *grpc.ClientConn {
	c, err := grpc.NewClient(addr, grpc.WithTransportCredentials(insecure.NewCredentials()))
	require.NoError(t, err)
	t.Cleanup(func() { _ = c.Close() })
	return c
}

// retry returns the code of an error and when it says to come again; 0 if it does not.
func retry(t testing.TB, err error) (codes.Code, time.Duration) {
	s, ok := status.FromError(err)
	require.True(t, ok)
	for _, d := range s.Details() {
		if r, ok := d.(*errdetails.RetryInfo); ok {
			return s.Code(), r.RetryDelay.AsDuration()
		}
	}
	return s.Code(), 0
}

func TestGRPCSaysWhatBecameOfACall(t *testing.T) {
	s := open(t)
	c := collogs.NewLogsServiceClient(call(t, s.grpc))
	ctx := context.Background()
	now := record("a")
	now.TimeUnixNano = uint64(time.Now().UnixNano())
	res, err := c.Export(ctx, logsRequest(now))
	require.NoError(t, err)
	require.Nil(t, res.PartialSuccess)
	bad := record("b")
	bad.TimeUnixNano, bad.TraceId = now.TimeUnixNano, []byte{1}
	res, err = c.Export(ctx, logsRequest(now, bad, bad))
	require.NoError(t, err)
	require.EqualValues(t, 2, res.PartialSuccess.RejectedLogRecords)
	require.Len(t, s.rows.of(rowstore.Logs), 2)

	var why error = fault.New(fault.Unavailable, "the disk is full")
	s.rows.fail.Store(&why)
	_, err = c.Export(ctx, logsRequest(now))
	code, after := retry(t, err)
	require.Equal(t, codes.Unavailable, code)
	require.Equal(t, 5*time.Second, after)
	require.ErrorContains(t, err, "the disk is full")
	var busy error = &gate.Busy{After: 3 * time.Second, Err: fault.New(fault.Limited, "too much")}
	s.rows.fail.Store(&busy)
	_, err = c.Export(ctx, logsRequest(now))
	code, after = retry(t, err)
	require.Equal(t, codes.ResourceExhausted, code)
	require.Equal(t, 3*time.Second, after)
	s.rows.fail.Store(nil)

	_, err = c.Export(ctx, logsRequest(record(strings.Repeat("x", 65<<20))))
	code, after = retry(t, err)
	require.Equal(t, codes.ResourceExhausted, code)
	require.Zero(t, after, "it would be too large again")
	_, err = c.Export(ctx, logsRequest(record(strings.Repeat("x", 65<<20))), grpc.UseCompressor("gzip"))
	code, _ = retry(t, err)
	require.Equal(t, codes.ResourceExhausted, code)

	// A log request is no trace request on the wire, but for what both have.
	raw := call(t, s.grpc)
	err = raw.Invoke(ctx, "/opentelemetry.proto.collector.trace.v1.TraceService/Export", &raw2{[]byte("\xff\xff")}, &raw2{}, grpc.ForceCodec(bytesCodec{}))
	code, after = retry(t, err)
	require.Equal(t, codes.InvalidArgument, code)
	require.Zero(t, after)
}

// raw2 and bytesCodec send bytes as they are.
type raw2 struct{ b []byte }

type bytesCodec struct{}

func (bytesCodec) Name() string                       { return "proto" }
func (bytesCodec) Marshal(v any) ([]byte, error)      { return v.(*raw2).b, nil }
func (bytesCodec) Unmarshal(data []byte, v any) error { v.(*raw2).b = bytes.Clone(data); return nil }

// zstdClient is the other end of our decompressor.
type zstdClient struct{}

func (zstdClient) Do(w io.Writer, p []byte) error {
	e, err := zstd.NewWriter(w)
	if err != nil {
		return err
	}
	if _, err := e.Write(p); err != nil {
		return err
	}
	return e.Close()
}
func (zstdClient) Type() string { return "zstd" }

func TestGRPCUnderstandsZstd(t *testing.T) {
	s := open(t)
	//lint:ignore SA1019 the way that is not deprecated is a registry of the whole process
	c, err := grpc.NewClient(s.grpc, grpc.WithTransportCredentials(insecure.NewCredentials()), grpc.WithCompressor(zstdClient{}))
	require.NoError(t, err)
	defer c.Close()
	sp := span(1)
	sp.StartTimeUnixNano = uint64(time.Now().UnixNano())
	sp.EndTimeUnixNano = sp.StartTimeUnixNano + 5
	_, err = coltrace.NewTraceServiceClient(c).Export(context.Background(), spansRequest(sp))
	require.NoError(t, err)
	require.Len(t, s.rows.of(rowstore.Spans), 1)
	_, err = collogs.NewLogsServiceClient(c).Export(context.Background(), logsRequest(record(strings.Repeat("x", 65<<20))))
	require.Equal(t, codes.ResourceExhausted, status.Code(err))
}

func TestGRPCAsksWhoCalls(t *testing.T) {
	s := open(t, func(o *otlp.Options) {
		o.Authenticate = func(ctx context.Context, token, remote string) (context.Context, gate.Credential, error) {
			require.Contains(t, remote, "127.0.0.1:")
			switch token {
			case "good":
				return ctx, gate.Credential{Source: "push intake"}, nil
			case "boom":
				panic("our own mistake")
			case "weak":
				return ctx, gate.Credential{}, fault.New(fault.Forbidden, "the token may not write")
			}
			return ctx, gate.Credential{}, fault.New(fault.Unauthorized, "no token")
		}
	})
	c := collogs.NewLogsServiceClient(call(t, s.grpc))
	with := func(v string) context.Context {
		return metadata.AppendToOutgoingContext(context.Background(), "authorization", v)
	}
	for v, want := range map[string]codes.Code{"Bearer good": codes.OK, "bearer good": codes.OK, "Bearer weak": codes.PermissionDenied, "Bearer boom": codes.Internal, "Bearer x": codes.Unauthenticated, "": codes.Unauthenticated, "Basic good": codes.Unauthenticated} {
		_, err := c.Export(with(v), logsRequest())
		require.Equal(t, want, status.Code(err), v)
	}
}

func TestGRPCEndsACallWhoseMessageDoesNotCome(t *testing.T) {
	s := open(t, func(o *otlp.Options) { o.BodyTimeout = 50 * time.Millisecond })
	stream, err := call(t, s.grpc).NewStream(context.Background(), &grpc.StreamDesc{ClientStreams: true}, "/opentelemetry.proto.collector.logs.v1.LogsService/Export")
	require.NoError(t, err)
	require.Equal(t, codes.DeadlineExceeded, status.Code(stream.RecvMsg(&collogs.ExportLogsServiceResponse{})))
	empty, err := call(t, open(t).grpc).NewStream(context.Background(), &grpc.StreamDesc{ClientStreams: true}, "/opentelemetry.proto.collector.logs.v1.LogsService/Export")
	require.NoError(t, err)
	require.NoError(t, empty.CloseSend())
	require.Equal(t, codes.InvalidArgument, status.Code(empty.RecvMsg(&collogs.ExportLogsServiceResponse{})))
}
