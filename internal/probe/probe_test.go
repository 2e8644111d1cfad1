package probe_test

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/miekg/dns"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/stretchr/testify/require"
	"google.golang.org/grpc"
	"google.golang.org/grpc/health"
	"google.golang.org/grpc/health/grpc_health_v1"

	"github.com/signalbox/signalbox/internal/egress"
	"github.com/signalbox/signalbox/internal/probe"
)

func TestHTTP(t *testing.T) {
	var host atomic.Value
	var asked atomic.Int64
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		host.Store(r.Host)
		asked.Add(1)
		switch r.URL.Path {
		case "/away":
			http.Redirect(w, r, "http://elsewhere.example/", http.StatusFound)
		case "/slow":
			<-r.Context().Done()
		default:
			_, _ = io.WriteString(w, "all systems go: hunter2")
		}
	}))
	defer s.Close()
	_, port, _ := net.SplitHostPort(s.Listener.Addr().String())
	at := "http://localhost:" + port

	to, st := ask(t, `[{name: web, target: "`+at+`/?token=x", labels: {agency: IRS}, http: {fail_if_body_not_matches_regexp: ["systems go"]}}]`)
	require.Equal(t, []any{1.0, 200.0, "up", "localhost:" + port}, []any{to.byName["probe_success"], to.byName["probe_http_status_code"], st.Health, host.Load()})
	require.Contains(t, to.newest, labels.FromStrings("__name__", "probe_success", "agency", "IRS", "instance", at+"/", "job", "probe", "probe", "web").String())
	require.Contains(t, to.byName, "probe_duration_seconds")

	to, st = ask(t, `[{name: web, target: "`+at+`", http: {fail_if_body_matches_regexp: ["hunter[0-9]"]}}]`)
	require.Equal(t, []any{0.0, 1.0, "down"}, []any{to.byName["probe_success"], to.byName["probe_failed_due_to_regex"], st.Health})
	require.NotContains(t, st.LastError, "hunter2", "bodies are never said")

	asked.Store(0)
	to, st = ask(t, `[{name: web, target: "`+at+`/away"}]`)
	require.Equal(t, []any{0.0, 302.0, int64(1)}, []any{to.byName["probe_success"], to.byName["probe_http_status_code"], asked.Load()})
	require.Contains(t, st.LastError, "302")

	to, _ = ask(t, `[{name: web, target: "`+at+`/slow", timeout: 100ms}]`)
	require.Equal(t, 0.0, to.byName["probe_success"])
	require.Less(t, to.byName["probe_duration_seconds"], 60.0, "it was given up")

	// What egress forbids was not asked: no series, and the reason.
	asked.Store(0)
	to, st = ask(t, `[{name: web, target: "`+at+`"}]`, func(o *probe.Options) { o.Egress = egress.New(egress.Options{}) })
	require.Empty(t, to.newest)
	require.Zero(t, asked.Load())
	require.Equal(t, "down", st.Health)
	require.Contains(t, st.LastError, "egress.allow")
	_, st = ask(t, `[{name: meta, target: "http://169.254.169.254/latest"}]`)
	require.Contains(t, st.LastError, "never dialled")
}

func TestTLS(t *testing.T) {
	s := httptest.NewTLSServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	defer s.Close()
	to, st := ask(t, `[{name: web, target: "`+s.URL+`", http: {tls_config: {insecure_skip_verify: true}}}]`)
	require.Equal(t, []any{1.0, float64(s.Certificate().NotAfter.Unix())}, []any{to.byName["probe_success"], to.byName["probe_ssl_earliest_cert_expiry"]}, st.LastError)
	to, st = ask(t, `[{name: web, target: "`+s.URL+`"}]`)
	require.Equal(t, 0.0, to.byName["probe_success"])
	require.Contains(t, st.LastError, "certificate")
	to, _ = ask(t, `[{name: tcp, prober: tcp, target: "`+strings.TrimPrefix(s.URL, "https://")+`", tcp: {tls: true, tls_config: {insecure_skip_verify: true}}}]`)
	require.Equal(t, []any{1.0, float64(s.Certificate().NotAfter.Unix())}, []any{to.byName["probe_success"], to.byName["probe_ssl_earliest_cert_expiry"]})
}

func TestTCP(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	to, _ := ask(t, `[{name: x, prober: tcp, target: "`+l.Addr().String()+`"}]`)
	require.Equal(t, 1.0, to.byName["probe_success"])
	open, err := net.Dial("tcp", l.Addr().String())
	require.NoError(t, err)
	defer open.Close() // its near end is an address that nobody listens on and nobody can take
	defer l.Close()
	to, st := ask(t, `[{name: x, prober: tcp, target: "`+open.LocalAddr().String()+`"}]`)
	require.Equal(t, 0.0, to.byName["probe_success"])
	require.Contains(t, st.LastError, "refused")
}

func TestDNS(t *testing.T) {
	c, err := net.ListenPacket("udp", "127.0.0.1:0")
	require.NoError(t, err)
	s := &dns.Server{PacketConn: c, Handler: dns.HandlerFunc(func(w dns.ResponseWriter, m *dns.Msg) {
		a := new(dns.Msg)
		a.SetReply(m)
		rr, _ := dns.NewRR(m.Question[0].Name + " 60 IN A 192.0.2.1")
		a.Answer = append(a.Answer, rr)
		_ = w.WriteMsg(a)
	})}
	go func() { _ = s.ActivateAndServe() }()
	defer func() { _ = s.Shutdown() }()
	to, st := ask(t, `[{name: x, prober: dns, target: "`+c.LocalAddr().String()+`", dns: {query_name: irs.example, query_type: A}}]`)
	require.Equal(t, []any{1.0, 1.0}, []any{to.byName["probe_success"], to.byName["probe_dns_answer_rrs"]}, st.LastError)
	to, _ = ask(t, `[{name: x, prober: dns, target: "`+c.LocalAddr().String()+`", dns: {query_name: irs.example, query_type: A, validate_answer_rrs: {fail_if_matches_regexp: ["192[.]0[.]2"]}}}]`)
	require.Equal(t, 0.0, to.byName["probe_success"])
}

func TestICMP(t *testing.T) {
	to, st := ask(t, `[{name: x, prober: icmp, target: 127.0.0.1}]`)
	if strings.Contains(st.LastError, "not permitted") || strings.Contains(st.LastError, "denied") {
		t.Skip("this user may send no echo requests")
	}
	require.Equal(t, 1.0, to.byName["probe_success"], st.LastError)
}

func TestGRPC(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	s := grpc.NewServer()
	h := health.NewServer()
	grpc_health_v1.RegisterHealthServer(s, h)
	go func() { _ = s.Serve(l) }()
	defer s.Stop()
	config := fmt.Sprintf(`[{name: x, prober: grpc, target: "%s", grpc: {service: intake}}]`, l.Addr())
	h.SetServingStatus("intake", grpc_health_v1.HealthCheckResponse_SERVING)
	to, st := ask(t, config)
	require.Equal(t, []any{1.0, 0.0}, []any{to.byName["probe_success"], to.byName["probe_grpc_status_code"]}, st.LastError)
	h.SetServingStatus("intake", grpc_health_v1.HealthCheckResponse_NOT_SERVING)
	to, st = ask(t, config)
	require.Equal(t, 0.0, to.byName["probe_success"])
	require.Contains(t, st.LastError, "NOT_SERVING")
	to, _ = ask(t, fmt.Sprintf(`[{name: x, prober: grpc, target: "%s", grpc: {service: other}}]`, l.Addr()))
	require.Equal(t, 5.0, to.byName["probe_grpc_status_code"])
}

func TestBadConfigs(t *testing.T) {
	for text, want := range map[string]string{
		`[{target: "http://a"}]`:                                         "wants a name",
		`[{name: a}]`:                                                    "target is missing",
		`[{name: a, target: "a:1"}]`:                                     "prober is missing",
		`[{name: a, target: "a:1", prober: ftp}]`:                        `prober "ftp"`,
		`[{name: a, target: "a", prober: tcp}]`:                          "want host:port",
		`[{name: a, target: "http://a", interval: 100ms}]`:               "want 1s to 1h",
		`[{name: a, target: "http://a", timeout: 1m}]`:                   "at most the interval",
		`[{name: a, target: "http://a", labels: {job: x}}]`:              `label "job"`,
		`[{name: a, target: "http://a", http: {proxy_url: "http://p"}}]`: "past egress.allow",
		`[{name: a, target: "a:1", prober: tcp, tcp: {query_response: [{expect: x, labels: [{name: y, value: z}]}]}}]`: "what the target answers",
		`[{name: a, target: "1.1.1.1", prober: dns}]`:                                                                  "query_name",
		`[{name: a, postgres: {}}]`:                 "dsn_secret",
		`[{name: a, postgres: {dsn_secret: none}}]`: `secrets has no "none"`,
	} {
		_, err := probe.New(probe.Options{Probes: configs(t, text), Egress: loopback()})
		require.ErrorContains(t, err, want, text)
	}
}

func TestIntervals(t *testing.T) {
	p, err := probe.New(probe.Options{Egress: loopback(), Probes: configs(t, `[{name: a, target: "http://a", interval: 10s}]`)})
	require.NoError(t, err)
	d, ok := p.IntervalOf(labels.FromStrings("job", "probe", "probe", "a"))
	require.True(t, ok)
	require.Equal(t, 10*time.Second, d)
	_, ok = p.IntervalOf(labels.FromStrings("job", "x", "probe", "a"))
	require.False(t, ok)
}
