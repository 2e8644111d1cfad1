package syslog

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/signalbox/signalbox/internal/fault"
	"github.com/signalbox/signalbox/internal/gate"
)

// queue holds datagrams, by their sender, until the gate has taken them.
type queue struct {
	mu    sync.Mutex
	of    map[string]*messages
	bytes int
	wake  chan struct{}
	over  bool
}

// datagramCost is what a waiting datagram takes besides its bytes.
const datagramCost = 64

// errFull is why a datagram was dropped.
var errFull = fault.New(fault.Limited, "a datagram was dropped, because more came than could be stored").Hint("Send by TCP: then senders wait")

// ServeUDP takes datagrams, one message each, until the context ends. It closes the connection.
func (rc *Receiver) ServeUDP(ctx context.Context, c net.PacketConn) error {
	stop := context.AfterFunc(ctx, func() { _ = c.SetReadDeadline(time.Unix(1, 0)) })
	defer stop()
	if u, ok := c.(*net.UDPConn); ok {
		_ = u.SetReadBuffer(8 << 20) // as much as the system allows
	}
	q := &queue{of: map[string]*messages{}, wake: make(chan struct{}, 1)}
	var running sync.WaitGroup
	running.Go(func() { rc.drain(ctx, q) })
	running.Go(func() { rc.watchKernel(ctx, c.LocalAddr()) })
	err := rc.datagrams(ctx, c, q)
	q.close()
	running.Wait()
	return errors.Join(err, c.Close())
}

func (rc *Receiver) datagrams(ctx context.Context, c net.PacketConn, q *queue) error {
	b := make([]byte, 64<<10)
	for {
		n, from, err := c.ReadFrom(b)
		if n > 0 {
			m := trim(b[:n])
			if len(m) == 0 {
				continue
			}
			host := hostOf(from)
			if !q.put(host, m, rc.o.Message, rc.o.Queue) {
				if g := rc.grant(host); g != nil {
					g.Refuse(gate.Overload, errFull)
				}
			}
			continue
		}
		switch {
		case ctx.Err() != nil || errors.Is(err, net.ErrClosed):
			return nil
		case err != nil && !errors.Is(err, os.ErrDeadlineExceeded):
			rc.o.Logger.Warn("a syslog datagram was not read", "err", err)
			if !pause(ctx, 10*time.Millisecond) {
				return nil
			}
		}
	}
}

// put reports false if there is no room.
func (q *queue) put(host string, m []byte, most, room int) bool {
	q.mu.Lock()
	cost := min(len(m), most) + datagramCost
	if q.bytes+cost > room {
		q.mu.Unlock()
		return false
	}
	q.bytes += cost
	of := q.of[host]
	if of == nil {
		of = &messages{}
		q.of[host] = of
	}
	of.add(m, most)
	q.mu.Unlock()
	select {
	case q.wake <- struct{}{}:
	default:
	}
	return true
}

func (q *queue) close() {
	q.mu.Lock()
	q.over = true
	q.mu.Unlock()
	select {
	case q.wake <- struct{}{}:
	default:
	}
}

// take empties the queue. What was taken still counts as waiting until done is called with its cost.
func (q *queue) take() (of map[string]*messages, over bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	of, q.of = q.of, make(map[string]*messages, len(q.of))
	return of, q.over
}

func (q *queue) done(cost int) {
	q.mu.Lock()
	q.bytes -= cost
	q.mu.Unlock()
}

// drain writes what waits until the queue is closed and empty.
func (rc *Receiver) drain(ctx context.Context, q *queue) {
	d := rc.decoder()
	for range q.wake {
		pause(ctx, rc.o.Flush) // for others to come
		of, over := q.take()
		for host, m := range of {
			cost := len(m.bytes) + len(m.ends)*datagramCost
			n := len(m.ends)
			if err := rc.write(ctx, host, m, d); err != nil {
				rc.o.Logger.Warn("syslog datagrams were dropped at the end, because they could not be stored", "sender", host, "messages", n)
			}
			q.done(cost)
		}
		if over {
			return
		}
	}
}

// watchKernel counts the datagrams that the system dropped because its buffer was full: nobody knows who sent them.
func (rc *Receiver) watchKernel(ctx context.Context, at net.Addr) {
	u, ok := at.(*net.UDPAddr)
	if !ok {
		return
	}
	last := kernelDrops(u.Port)
	for pause(ctx, 5*time.Second) {
		now := kernelDrops(u.Port)
		if n := now - last; n > 0 {
			rc.count.kernel.Add(float64(n))
			if g := rc.grant("datagrams that nobody could read"); g != nil {
				g.Refuse(gate.Overload, fault.New(fault.Limited, "the system dropped %d datagrams before they could be read", n).
					Hint("Send by TCP, or raise net.core.rmem_max"))
			}
			rc.o.Logger.Warn("the system dropped syslog datagrams before they could be read", "datagrams", n)
		}
		last = now
	}
}

// kernelDrops reads the count of a port's dropped datagrams; 0 where the system does not say.
func kernelDrops(port int) (n int64) {
	suffix := fmt.Sprintf(":%04X", port)
	for _, name := range []string{"/proc/net/udp", "/proc/net/udp6"} {
		b, err := os.ReadFile(name)
		if err != nil {
			continue
		}
		for l := range strings.Lines(string(b)) {
			if f := strings.Fields(l); len(f) >= 13 && strings.HasSuffix(f[1], suffix) {
				v, _ := strconv.ParseInt(f[len(f)-1], 10, 64)
				n += v
			}
		}
	}
	return n
}
