package otlp

import (
	"context"
	"errors"
	"io"
	"net"
	"runtime/debug"
	"strings"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	_ "google.golang.org/grpc/encoding/gzip" // every exporter's choice
	"google.golang.org/grpc/keepalive"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/peer"
	"google.golang.org/grpc/status"

	"github.com/signalbox/signalbox/internal/fault"
	"github.com/signalbox/signalbox/internal/gate"
)

// Limits of a gRPC connection.
const (
	streamsOfOne   = 64               // calls of one connection at once
	handshake      = 10 * time.Second // for a connection to say what it is
	idle           = 15 * time.Minute // a connection without calls is closed
	pingAfter      = 2 * time.Minute  // silence after which we ask whether a client is still there
	pingTimeout    = 20 * time.Second
	pingsAtLeast   = 10 * time.Second // apart; a client that asks us more often is sent away
	headerBytes    = 16 << 10
	graceful       = 5 * time.Second // for running calls to end
	collectorOf    = "opentelemetry.proto.collector."
	metricsService = collectorOf + "metrics.v1.MetricsService"
	logsService    = collectorOf + "logs.v1.LogsService"
	traceService   = collectorOf + "trace.v1.TraceService"
)

// NewGRPC returns a server with the three services, customarily at 4317. The options, such as credentials for TLS, come after
// our own. A caller is authenticated, and admitted by the gate, before its message is read.
func (rc *Receiver) NewGRPC(options ...grpc.ServerOption) *grpc.Server {
	own := []grpc.ServerOption{
		grpc.ForceServerCodecV2(codec{}),
		grpc.MaxRecvMsgSize(int(rc.o.BodyBytes)),
		grpc.MaxConcurrentStreams(streamsOfOne),
		grpc.MaxHeaderListSize(headerBytes),
		grpc.ConnectionTimeout(handshake),
		grpc.KeepaliveParams(keepalive.ServerParameters{MaxConnectionIdle: idle, Time: pingAfter, Timeout: pingTimeout}),
		grpc.KeepaliveEnforcementPolicy(keepalive.EnforcementPolicy{MinTime: pingsAtLeast, PermitWithoutStream: true}),
		//lint:ignore SA1019 the way that is not deprecated is a registry of the whole process
		grpc.RPCDecompressor(unpacker{rc.o.BodyBytes}),
	}
	srv := grpc.NewServer(append(own, options...)...)
	for name, s := range map[string]signal{metricsService: metrics, logsService: logs, traceService: traces} {
		srv.RegisterService(&grpc.ServiceDesc{ServiceName: name, HandlerType: (*any)(nil), Streams: []grpc.StreamDesc{{
			// A call with one message each way is the same on the wire as a stream of one; as a stream we are asked before
			// the message is read.
			StreamName: "Export", ClientStreams: true,
			Handler: func(_ any, stream grpc.ServerStream) error { return rc.export(stream, s) },
		}}}, nil)
	}
	return srv
}

// ServeGRPC serves on a listener until ctx ends, then lets running calls end.
func (rc *Receiver) ServeGRPC(ctx context.Context, l net.Listener, options ...grpc.ServerOption) error {
	srv := rc.NewGRPC(options...)
	ended := make(chan error, 1)
	go func() { ended <- srv.Serve(l) }()
	select {
	case err := <-ended:
		return err
	case <-ctx.Done():
	}
	hard := time.AfterFunc(graceful, srv.Stop)
	defer hard.Stop()
	srv.GracefulStop()
	if err := <-ended; err != nil && !errors.Is(err, grpc.ErrServerStopped) {
		return err
	}
	return nil
}

// export answers one call.
func (rc *Receiver) export(stream grpc.ServerStream, s signal) (err error) {
	defer func() { // as net/http does: one call must not end the process
		if p := recover(); p != nil {
			rc.o.Logger.Error("A call ended in a panic", "panic", p, "stack", string(debug.Stack()))
			err = status.Error(codes.Internal, "internal error")
		}
	}()
	ctx := stream.Context()
	remote := ""
	if p, ok := peer.FromContext(ctx); ok {
		remote = p.Addr.String()
	}
	ctx, c, err := rc.o.Authenticate(ctx, bearer(ctx), remote)
	if err != nil {
		return rc.status(err)
	}
	c.Signal = gate.Signal(s)
	grant, err := rc.o.Gate.Admit(ctx, c, -1)
	if err != nil {
		return rc.status(err)
	}
	defer grant.Close()
	b := rc.bodies.Get().(*body)
	if err := rc.receive(stream, b); err != nil {
		refuse(grant, fault.New(fault.Invalid, "the message did not arrive: %w", err))
		return err
	}
	defer rc.release(b)
	if n := int64(len(b.plain)); n > admitted {
		if err := grant.Grow(n - admitted); err != nil {
			return rc.status(err)
		}
	}
	res, err := rc.take(ctx, grant, s, b.plain)
	if err != nil {
		return rc.status(err)
	}
	return stream.SendMsg(&body{plain: res.proto()})
}

// receive reads the call's message in time. After an error the body may still be written to: a call can only be cut off by
// ending it, and the reader ends with it.
func (rc *Receiver) receive(stream grpc.ServerStream, b *body) error {
	read := make(chan error, 1)
	go func() { read <- stream.RecvMsg(b) }()
	t := time.NewTimer(rc.o.BodyTimeout)
	defer t.Stop()
	select {
	case err := <-read:
		if errors.Is(err, io.EOF) {
			return status.Error(codes.InvalidArgument, "the call has no message")
		}
		return err
	case <-t.C:
		return status.Errorf(codes.DeadlineExceeded, "the message did not arrive within %s", rc.o.BodyTimeout)
	}
}

// bearer returns the token of the call, empty without one.
func bearer(ctx context.Context) string {
	for _, v := range metadata.ValueFromIncomingContext(ctx, "authorization") {
		if scheme, token, ok := strings.Cut(v, " "); ok && strings.EqualFold(scheme, "bearer") {
			return strings.TrimSpace(token)
		}
	}
	return ""
}

// status is the error of a call of which nothing was kept.
func (rc *Receiver) status(err error) error {
	_, after := rc.outcome(err)
	return explain(err, after).Err()
}
