package syslog

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"os"
	"sync"
	"time"
)

// ServeTCP takes messages from connections until the context ends; for encryption hand in a listener of crypto/tls. It closes
// the listener and returns after all connections are done.
func (rc *Receiver) ServeTCP(ctx context.Context, l net.Listener) error {
	stop := context.AfterFunc(ctx, func() { _ = l.Close() })
	defer stop()
	var running sync.WaitGroup
	defer running.Wait()
	for {
		c, err := l.Accept()
		if err != nil {
			if ctx.Err() != nil || errors.Is(err, net.ErrClosed) {
				return nil
			}
			var ne net.Error
			if errors.As(err, &ne) && ne.Timeout() {
				continue
			}
			rc.o.Logger.Warn("a syslog connection was not accepted", "err", err) // such as: too many open files
			if !pause(ctx, 100*time.Millisecond) {
				return nil
			}
			continue
		}
		select {
		case rc.places <- struct{}{}:
		default:
			rc.count.refused.Inc()
			_ = c.Close()
			continue
		}
		running.Go(func() {
			rc.count.connections.Inc()
			defer func() {
				_ = c.Close()
				rc.count.connections.Dec()
				<-rc.places
			}()
			rc.connection(ctx, c)
		})
	}
}

func pause(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// connection reads one connection to its end.
func (rc *Receiver) connection(ctx context.Context, c net.Conn) {
	// What has come is written before the connection is left, so reading ends, and not the connection.
	stop := context.AfterFunc(ctx, func() { _ = c.SetReadDeadline(time.Unix(1, 0)) })
	defer stop()
	host := hostOf(c.RemoteAddr())
	if t, ok := c.(*tls.Conn); ok {
		hs, cancel := context.WithTimeout(ctx, 10*time.Second)
		err := t.HandshakeContext(hs)
		cancel()
		if err != nil {
			rc.o.Logger.Debug("a syslog sender did not speak TLS", "sender", host, "err", err)
			return
		}
	}
	var (
		waiting messages
		frames  = framer{most: rc.o.Message}
		d       = rc.decoder()
		chunk   = make([]byte, 64<<10)
		flushAt time.Time
	)
	for {
		deadline := time.Now().Add(rc.o.Idle)
		if len(waiting.ends) > 0 {
			deadline = flushAt
		}
		_ = c.SetReadDeadline(deadline)
		if ctx.Err() != nil { // between the two
			_ = c.SetReadDeadline(time.Unix(1, 0))
		}
		n, err := c.Read(chunk)
		if n > 0 {
			if len(waiting.ends) == 0 {
				flushAt = time.Now().Add(rc.o.Flush)
			}
			frames.feed(chunk[:n], &waiting)
		}
		over := err != nil && (!errors.Is(err, os.ErrDeadlineExceeded) || ctx.Err() != nil || len(waiting.ends) == 0)
		if over {
			frames.end(&waiting)
		}
		if over || waiting.full() || err != nil || len(waiting.ends) > 0 && !time.Now().Before(flushAt) {
			if rc.write(ctx, host, &waiting, d) != nil {
				return
			}
		}
		if over {
			return
		}
	}
}
