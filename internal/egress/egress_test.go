package egress_test

import (
	"compress/gzip"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/signalbox/signalbox/internal/egress"
	"github.com/signalbox/signalbox/internal/fault"
)

func TestCheck(t *testing.T) {
	allowed := []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8"), netip.MustParsePrefix("10.1.0.0/16"), netip.MustParsePrefix("0.0.0.0/0"), netip.MustParsePrefix("::/0")}
	for _, tc := range []struct {
		addr  string
		allow []netip.Prefix
		want  string // part of the sentence; empty = may be dialled
	}{
		{"93.184.216.34", nil, ""},
		{"2606:2800:220:1::1", nil, ""},
		{"127.0.0.1", nil, "egress.allow"},
		{"127.0.0.1", allowed[:1], ""},
		{"::1", nil, "egress.allow"},
		{"10.1.2.3", allowed[1:2], ""},
		{"10.2.2.3", allowed[1:2], "egress.allow"},
		{"172.31.255.255", nil, "egress.allow"},
		{"172.32.0.1", nil, ""},
		{"192.168.1.1", nil, "egress.allow"},
		{"100.64.0.1", nil, "egress.allow"},
		{"fd12::1", nil, "egress.allow"},
		{"240.0.0.1", nil, "egress.allow"},
		// Never, whatever the allow list says.
		{"169.254.169.254", allowed, "never"},
		{"169.254.0.1", allowed, "never"},
		{"fe80::1", allowed, "never"},
		{"fe80::1%lo", allowed, "never"},
		{"fd00:ec2::254", allowed, "never"},
		{"100.100.100.200", allowed, "never"},
		{"168.63.129.16", allowed, "never"},
		{"0.0.0.0", allowed, "never"},
		{"::", allowed, "never"},
		{"224.0.0.1", allowed, "never"},
		{"ff02::1", allowed, "never"},
		{"255.255.255.255", allowed, "never"},
		// An IPv4 address inside an IPv6 one is that IPv4 address.
		{"::ffff:169.254.169.254", allowed, "never"},
		{"::ffff:127.0.0.1", nil, "egress.allow"},
		{"::ffff:127.0.0.1", allowed[:1], ""},
		{"::ffff:93.184.216.34", nil, ""},
		{"64:ff9b::a9fe:a9fe", allowed, "never"},
		{"64:ff9b:1::7f00:1", nil, "egress.allow"},
		{"2002:a9fe:a9fe::1", allowed, "never"},
		{"2002:7f00:1::", nil, "egress.allow"},
		{"::7f00:1", nil, "egress.allow"},
		{"::a9fe:a9fe", allowed, "never"},
	} {
		t.Run(tc.addr, func(t *testing.T) {
			err := egress.New(egress.Options{Allow: tc.allow}).Check("name.example", netip.MustParseAddr(tc.addr))
			if tc.want == "" {
				require.NoError(t, err)
				return
			}
			require.ErrorContains(t, err, tc.want)
			require.Equal(t, fault.Forbidden, fault.KindOf(err))
		})
	}
}

func TestParseAllow(t *testing.T) {
	got, err := egress.ParseAllow([]string{"10.0.0.0/8", " 127.0.0.1 ", "fd00::1/64"})
	require.NoError(t, err)
	require.Equal(t, []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("127.0.0.1/32"), netip.MustParsePrefix("fd00::/64")}, got)
	_, err = egress.ParseAllow([]string{"localhost"})
	require.EqualError(t, err, `egress.allow: "localhost" is neither a network (10.0.0.0/8) nor an address (127.0.0.1)`)
}

// names answers look-ups in turn, as a rebinding name server does.
type names struct {
	answers [][]netip.Addr
	asked   atomic.Int32
}

func (n *names) LookupNetIP(context.Context, string, string) ([]netip.Addr, error) {
	i := int(n.asked.Add(1)) - 1
	return n.answers[min(i, len(n.answers)-1)], nil
}

func addrs(s ...string) []netip.Addr {
	var out []netip.Addr
	for _, a := range s {
		out = append(out, netip.MustParseAddr(a))
	}
	return out
}

func TestDialChecksAfterResolution(t *testing.T) {
	for name, answer := range map[string][]netip.Addr{
		"metadata behind a name":           addrs("169.254.169.254"),
		"mapped metadata behind a name":    addrs("::ffff:169.254.169.254"),
		"one good and one forbidden":       addrs("93.184.216.34", "127.0.0.1"),
		"loopback behind an innocent name": addrs("127.0.0.1"),
	} {
		t.Run(name, func(t *testing.T) {
			d := egress.New(egress.Options{Resolver: &names{answers: [][]netip.Addr{answer}}})
			_, err := d.DialContext(t.Context(), "tcp", "innocent.example:80")
			require.Equal(t, fault.Forbidden, fault.KindOf(err), "%v", err)
		})
	}
}

// The address that was checked is the address that is dialled: the name is asked once, so there is no second answer to trust.
func TestDialUsesTheCheckedAddress(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer l.Close()
	_, port, _ := net.SplitHostPort(l.Addr().String())
	r := &names{answers: [][]netip.Addr{addrs("127.0.0.1"), addrs("169.254.169.254")}}
	d := egress.New(egress.Options{Allow: []netip.Prefix{netip.MustParsePrefix("127.0.0.1/32")}, Resolver: r})
	c, err := d.DialContext(t.Context(), "tcp", "rebind.example:"+port)
	require.NoError(t, err)
	require.Equal(t, l.Addr().String(), c.RemoteAddr().String())
	require.NoError(t, c.Close())
	require.EqualValues(t, 1, r.asked.Load())
	_, err = d.DialContext(t.Context(), "tcp", "rebind.example:"+port)
	require.ErrorContains(t, err, "never dialled")
}

func TestDialRefusesOtherNetworks(t *testing.T) {
	_, err := egress.New(egress.Options{}).DialContext(t.Context(), "unix", "/run/docker.sock")
	require.Equal(t, fault.Forbidden, fault.KindOf(err))
}

func loopback() *egress.Dialer {
	return egress.New(egress.Options{Allow: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}})
}

func TestHTTPClientRedirects(t *testing.T) {
	other := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "other") }))
	defer other.Close()
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/here":
			http.Redirect(w, r, "/end", http.StatusFound)
		case "/away":
			http.Redirect(w, r, other.URL, http.StatusFound)
		case "/round":
			http.Redirect(w, r, "/round", http.StatusFound)
		default:
			_, _ = io.WriteString(w, "end")
		}
	}))
	defer srv.Close()
	c := loopback().HTTPClient(egress.ClientOptions{})

	resp, err := c.Get(srv.URL + "/here")
	require.NoError(t, err)
	body, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	require.NoError(t, resp.Body.Close())
	require.Equal(t, "end", string(body))

	_, err = c.Get(srv.URL + "/away")
	require.ErrorContains(t, err, "redirects to another host are not followed")
	_, err = c.Get(srv.URL + "/round")
	require.ErrorContains(t, err, "more than 3 times")

	_, err = egress.New(egress.Options{}).HTTPClient(egress.ClientOptions{}).Get(srv.URL)
	require.ErrorContains(t, err, "egress.allow does not name it")
}

func TestHTTPClientBoundsBodies(t *testing.T) {
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/bomb":
			w.Header().Set("Content-Encoding", "gzip")
			gz := gzip.NewWriter(w)
			_, _ = gz.Write(make([]byte, 10<<20))
			_ = gz.Close()
		default:
			_, _ = io.WriteString(w, strings.Repeat("x", 100))
		}
	}))
	defer srv.Close()
	get := func(limit int64, path string) (string, error) {
		resp, err := loopback().HTTPClient(egress.ClientOptions{MaxBody: limit}).Get(srv.URL + path)
		require.NoError(t, err)
		defer resp.Body.Close()
		b, err := io.ReadAll(resp.Body)
		return string(b), err
	}
	b, err := get(100, "/")
	require.NoError(t, err)
	require.Len(t, b, 100)
	b, err = get(99, "/")
	require.Equal(t, fault.TooLarge, fault.KindOf(err))
	require.Len(t, b, 99)
	_, err = get(1<<20, "/bomb")
	require.Equal(t, fault.TooLarge, fault.KindOf(err))
}

func TestHTTPClientTimesOut(t *testing.T) {
	stop := make(chan struct{})
	srv := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-stop }))
	defer srv.Close()
	defer close(stop)
	_, err := loopback().HTTPClient(egress.ClientOptions{Timeout: 50 * time.Millisecond}).Get(srv.URL)
	var ne net.Error
	require.True(t, errors.As(err, &ne) && ne.Timeout(), "%v", err)
}
