package syslog_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"math/big"
	"net"
	"os/exec"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/signalbox/signalbox/internal/fault"
	"github.com/signalbox/signalbox/internal/receive/syslog"
	"github.com/signalbox/signalbox/internal/rowstore"
)

// The real client, logger of util-linux, over every transport and in both formats: what goes in comes out.
func TestLogger(t *testing.T) {
	logger, err := exec.LookPath("logger")
	if err != nil {
		t.Skip("logger of util-linux is not installed")
	}
	for name, flags := range map[string][]string{
		"udp 3164":        {"-d", "--rfc3164"},
		"udp 5424":        {"-d", "--rfc5424"},
		"tcp 3164":        {"-T", "--rfc3164"},
		"tcp 5424":        {"-T", "--rfc5424"},
		"tcp 5424 octets": {"-T", "--rfc5424", "--octet-count"},
	} {
		t.Run(name, func(t *testing.T) {
			h := build(t)
			addr := ""
			if flags[0] == "-d" {
				addr = h.udp()
			} else {
				addr = h.tcp(nil)
			}
			_, port, _ := net.SplitHostPort(addr)
			n := 500
			if flags[0] == "-d" {
				n = 200 // the system's own buffer holds them all, should nobody read for a while
			}
			var in strings.Builder
			for i := range n {
				fmt.Fprintf(&in, "filing %d accepted\n", i)
			}
			cmd := exec.Command(logger, append(flags, "-n", "127.0.0.1", "-P", port, "-p", "local3.warning", "-t", "intake", "--id=4711")...)
			cmd.Stdin = strings.NewReader(in.String())
			out, err := cmd.CombinedOutput()
			require.NoError(t, err, string(out))
			rows := h.wait(n)
			require.Len(t, rows, n)
			seen := map[string]bool{}
			for _, r := range rows {
				seen[r.Body] = true
				require.Equal(t, []string{"intake", "syslog 127.0.0.1", "local3", "4711", "warn"},
					[]string{r.Service, r.Source, attr(r, "syslog.facility"), attr(r, "process.pid"), rowstore.Level(r.Severity)})
				require.NotEmpty(t, attr(r, "host.name"))
				require.WithinDuration(t, time.Now(), time.UnixMicro(r.Time), time.Minute)
			}
			require.Len(t, seen, n)
			require.True(t, seen["filing 0 accepted"], "%q", rows[0].Body)
		})
	}
}

func TestMessages(t *testing.T) {
	h := build(t)
	c, err := net.Dial("tcp", h.tcp(nil))
	require.NoError(t, err)
	now := time.Now().UTC().Truncate(time.Second)
	for _, m := range []string{
		"<165>1 " + now.Format(time.RFC3339) + ` host.example evntslog 111 ID47 [exampleSDID@32473 iut="3" eventSource="App \"x\""][origin trace_id="4bf92f3577b34da6a3ce929d0e0e4736"] ` + "\ufeffAn event",
		"<34>" + now.Format("Jan _2 15:04:05") + ` mymachine su[77]: @cee: {"msg":"denied","level":"fatal","user_id":"u1","http":{"request":{"method":"GET"}},"status":403,"n":1.50}`,
		"<11>" + now.Format("Jan _2 15:04:05") + ` mymachine app: {"message":"trace_id inside","trace_id":"4bf92f3577b34da6a3ce929d0e0e4736","span_id":"00f067aa0ba902b7"}`,
		"no syslog at all",
		"",
		"<999>1 - - - - - - out of range",
	} {
		_, err = fmt.Fprintf(c, "%s\n", m)
		require.NoError(t, err)
	}
	require.NoError(t, c.Close())
	r := h.wait(5)
	require.Len(t, r, 5)
	require.Equal(t, []string{"evntslog", "An event", "local4", "111", "ID47", "3", `App "x"`, "host.example", "4bf92f3577b34da6a3ce929d0e0e4736"},
		[]string{r[0].Service, r[0].Body, attr(r[0], "syslog.facility"), attr(r[0], "process.pid"), attr(r[0], "syslog.msgid"),
			attr(r[0], "exampleSDID.iut"), attr(r[0], "exampleSDID.eventSource"), attr(r[0], "host.name"), r[0].Trace.String()})
	require.Equal(t, uint8(10), r[0].Severity)
	require.Equal(t, now.UnixMicro(), r[0].Time)
	require.Equal(t, []string{"su", "denied", "u1", "GET", "403", "1.5", "fatal"},
		[]string{r[1].Service, r[1].Body, r[1].User, attr(r[1], "http.request.method"), attr(r[1], "attributes.status"), attr(r[1], "n"), rowstore.Level(r[1].Severity)})
	require.Equal(t, now.UnixMicro(), r[1].Time)
	require.Equal(t, "00f067aa0ba902b7", r[2].Span.String())
	require.Equal(t, []string{"no syslog at all", "true"}, []string{r[3].Body, attr(r[3], "syslog.malformed")})
	require.Equal(t, "true", attr(r[4], "syslog.malformed"))
}

func TestFraming(t *testing.T) {
	h := build(t, func(o *syslog.Options) {
		o.Message = 100
		o.Labels = map[string]string{"service": "edge", "env": "prod"}
	})
	c, err := net.Dial("tcp", h.tcp(nil))
	require.NoError(t, err)
	msg := func(s string) string { return "<14>1 - - a - - - " + s }
	counted := func(s string) string { return fmt.Sprintf("%d %s", len(s), s) }
	stream := counted(msg("one\nof two lines")) + counted(msg("two")) + msg("three") + "\n" + "17 lines of text\n" + counted(msg(strings.Repeat("x", 5000))) + msg("four") + "\n" +
		msg(strings.Repeat("y", 5000)) + "\n" + msg("five")
	for i := 0; i < len(stream); i += 7 { // in small pieces
		_, err = c.Write([]byte(stream[i:min(i+7, len(stream))]))
		require.NoError(t, err)
	}
	require.NoError(t, c.Close())
	var got []string
	for _, r := range h.wait(8) {
		got = append(got, r.Body[:min(len(r.Body), 16)]+" "+attr(r, "syslog.truncated"))
		require.Equal(t, "prod", r.Env)
		require.Equal(t, "edge", r.Service)
	}
	require.Equal(t, []string{"one\nof two lines ", "two ", "three ", "17 lines of text ", "xxxxxxxxxxxxxxxx true", "four ", "yyyyyyyyyyyyyyyy true", "five "}, got)
}

func TestTLS(t *testing.T) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	tmpl := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour), DNSNames: []string{"localhost"}}
	der, err := x509.CreateCertificate(rand.Reader, tmpl, tmpl, key.Public(), key)
	require.NoError(t, err)
	h := build(t)
	addr := h.tcp(func(l net.Listener) net.Listener {
		return tls.NewListener(l, &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}})
	})
	pool := x509.NewCertPool()
	cert, err := x509.ParseCertificate(der)
	require.NoError(t, err)
	pool.AddCert(cert)
	c, err := tls.Dial("tcp", addr, &tls.Config{RootCAs: pool, ServerName: "localhost"})
	require.NoError(t, err)
	for i := range 3 { // with a wait between, so that reading times out in the middle of a session
		_, err = fmt.Fprintf(c, "<14>1 - - a - - - m%d\n", i)
		require.NoError(t, err)
		h.wait(i + 1)
	}
	require.NoError(t, c.Close())
	require.Equal(t, "m2", h.rows.all()[2].Body)
}

// While the store takes nothing, a stream waits and loses nothing.
func TestStreamWaits(t *testing.T) {
	h := build(t)
	away := error(fault.New(fault.Unavailable, "the store is away"))
	h.rows.fail.Store(&away)
	c, err := net.Dial("tcp", h.tcp(nil))
	require.NoError(t, err)
	const n = 5000
	sent := make(chan error, 1)
	go func() {
		for i := range n {
			if _, err := fmt.Fprintf(c, "<14>1 - - a - - - %d\n", i); err != nil {
				sent <- err
				return
			}
		}
		sent <- c.Close()
	}()
	h.tried("syslog 127.0.0.1")
	require.Zero(t, h.rows.count())
	h.rows.fail.Store(nil)
	require.NoError(t, <-sent)
	require.Len(t, h.wait(n), n)
	require.Zero(t, h.refused("syslog 127.0.0.1"), "what came in at last was never refused")
}

// What a full queue cannot hold is counted: in = stored + refused.
func TestDatagramsAreCounted(t *testing.T) {
	h := build(t, func(o *syslog.Options) { o.Queue = 20_000; o.Flush = time.Millisecond })
	away := error(fault.New(fault.Unavailable, "the store is away"))
	h.rows.fail.Store(&away)
	c, err := net.Dial("udp", h.udp())
	require.NoError(t, err)
	// The first one is taken and fails; then the queue fills.
	_, err = c.Write([]byte("<14>first"))
	require.NoError(t, err)
	h.tried("syslog 127.0.0.1")
	// A datagram in its place: 25 bytes and what it costs.
	room := (20_000 - len("<14>first") - 64) / (25 + 64)
	overload := func() int64 {
		for _, s := range h.gate.Sources() {
			if s.Source == "syslog 127.0.0.1" {
				return s.Refused["logs"]["overload"]
			}
		}
		return 0
	}
	// Not all at once: what the system's own buffer cannot hold is counted elsewhere.
	n := 0
	for range 4 {
		for range 250 {
			_, err = c.Write([]byte("<14>1 - - a - - - message"))
			require.NoError(t, err)
			n++
		}
		require.Eventually(t, func() bool { return overload() == int64(n-room) }, time.Minute, time.Millisecond, "%d", overload())
	}
	h.rows.fail.Store(nil)
	require.Len(t, h.wait(room+1), room+1)
	require.Equal(t, int64(n-room), h.refused("syslog 127.0.0.1"), "in = stored + refused")
}

// TestGivenUpCountsOnce ends while the store takes nothing: what waited is refused, each message once, however often it was tried.
func TestGivenUpCountsOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := build(t)
		away := error(fault.New(fault.Unavailable, "the store is away"))
		h.rows.fail.Store(&away)
		ctx, stop := context.WithCancel(t.Context())
		near, far := net.Pipe()
		h.done.Go(func() { _ = h.rc.ServeTCP(ctx, &single{conn: far, over: ctx.Done()}) })
		for range 3 {
			_, err := near.Write([]byte("<14>1 - - a - - - m\n"))
			require.NoError(t, err)
		}
		time.Sleep(10 * time.Second) // of the bubble: ten tries
		require.Zero(t, h.refused("syslog pipe"))
		stop()
		_ = near.Close()
		h.done.Wait()
		require.Equal(t, int64(3), h.refused("syslog pipe"))
	})
}

// single is a listener with one connection.
type single struct {
	conn net.Conn
	over <-chan struct{}
}

func (s *single) Accept() (net.Conn, error) {
	if c := s.conn; c != nil {
		s.conn = nil
		return c, nil
	}
	<-s.over
	return nil, net.ErrClosed
}
func (s *single) Close() error   { return nil }
func (s *single) Addr() net.Addr { return &net.TCPAddr{} }

func TestConnectionsAreBounded(t *testing.T) {
	h := build(t, func(o *syslog.Options) { o.Connections = 2 })
	addr := h.tcp(nil)
	dial := func() net.Conn {
		c, err := net.Dial("tcp", addr)
		require.NoError(t, err)
		t.Cleanup(func() { _ = c.Close() })
		return c
	}
	write := func(c net.Conn, s string) { _, err := c.Write([]byte(s)); require.NoError(t, err) }
	a, b := dial(), dial()
	write(a, "<14>a\n")
	write(b, "<14>b\n")
	h.wait(2)
	_, err := dial().Read(make([]byte, 1))
	require.Error(t, err, "a third connection is closed")
	require.NoError(t, a.Close())
	require.Eventually(t, func() bool { // its place is free as soon as its end was noticed
		_, _ = dial().Write([]byte("<14>c\n"))
		return h.rows.count() > 2
	}, time.Minute, 10*time.Millisecond)
}

// A sender that says nothing for too long is given up.
func TestSilentConnectionsEnd(t *testing.T) {
	h := build(t, func(o *syslog.Options) { o.Idle = 50 * time.Millisecond })
	c, err := net.Dial("tcp", h.tcp(nil))
	require.NoError(t, err)
	defer c.Close()
	require.NoError(t, c.SetReadDeadline(time.Now().Add(time.Minute)))
	_, err = c.Read(make([]byte, 1))
	require.ErrorIs(t, err, io.EOF)
}
