package scrape

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/url"
	"sort"
	"strings"
	"syscall"

	promconfig "github.com/prometheus/prometheus/config"

	"github.com/signalbox/signalbox/internal/fault"
)

// subject is what a hint is written about.
type subject struct {
	job   *promconfig.ScrapeConfig
	url   *url.URL
	err   error // nil for a target that is up
	last  counts
	look  look
	kinds kinds
}

// needsLook says whether the reason of a failure can only be seen in the answer itself.
func needsLook(err error) bool {
	h, sure := subject{job: &promconfig.ScrapeConfig{}, url: &url.URL{}, err: err}.failure()
	return err != nil && (h == "" || !sure)
}

// hint is one sentence that says how to mend the target, or "".
func (s subject) hint() string {
	if s.err == nil {
		return s.warning()
	}
	h, _ := s.failure()
	return h
}

// failure returns the hint for a failed scrape; sure is false where a look at the answer may tell more.
func (s subject) failure() (hint string, sure bool) {
	path := s.url.Path
	text := s.err.Error()
	var (
		dns  *net.DNSError
		ua   x509.UnknownAuthorityError
		host x509.HostnameError
		cert x509.CertificateInvalidError
		f    *fault.Error
	)
	has := func(sub string) bool { return strings.Contains(text, sub) }
	switch {
	case errors.As(s.err, &f) && f.Kind != fault.Internal:
		return f.Error(), true
	case errors.Is(s.err, context.DeadlineExceeded) || isTimeout(s.err):
		return fmt.Sprintf("%s did not answer within scrape_timeout (%s): make %s faster, or raise scrape_timeout (it may not exceed scrape_interval)", s.url.Host, s.job.ScrapeTimeout, path), true
	case errors.Is(s.err, syscall.ECONNREFUSED):
		return fmt.Sprintf("nothing listens on %s: start the service, or correct host and port of the target", s.url.Host), true
	case errors.As(s.err, &dns):
		return fmt.Sprintf("the name %q cannot be resolved: correct the target's host name, or the name service of this machine", dns.Name), true
	case errors.Is(s.err, syscall.EHOSTUNREACH), errors.Is(s.err, syscall.ENETUNREACH):
		return fmt.Sprintf("there is no way to %s from here: check the address, the network and the firewall", s.url.Host), true
	case errors.As(s.err, &ua):
		return "the target's certificate is signed by an authority that this machine does not know: name its CA in tls_config.ca_file of the job", true
	case errors.As(s.err, &host):
		return fmt.Sprintf("the target's certificate is made out to another name than %q: set tls_config.server_name of the job", s.url.Hostname()), true
	case errors.As(s.err, &cert):
		return "the target's certificate is not valid (" + cert.Error() + "): renew it", true
	case has("server gave HTTP response to HTTPS client"):
		return "the target speaks http, not https: set scheme: http in the job", true
	case has("malformed HTTP response"), has("first record does not look like a TLS handshake"):
		return "the target does not speak the job's scheme: try scheme: https (or http)", true
	case has("HTTP status 401"):
		return "the target wants a sign-in: set basic_auth or authorization in the job", true
	case has("HTTP status 403"):
		return "the target refuses these credentials (403): check basic_auth or authorization of the job, and the target's own allow list", true
	case has("HTTP status 404"):
		return fmt.Sprintf("there is nothing at %s (404): set metrics_path in the job to where the service shows its metrics", path), true
	case has("HTTP status 400") && s.url.Scheme == "http":
		return "the target does not understand the request (400): if it speaks https, set scheme: https in the job", true
	case has("HTTP status 5"):
		return fmt.Sprintf("the target itself fails at %s (%s): look into the service's own log", path, after(text, "HTTP status ")), true
	case has("HTTP status "):
		return fmt.Sprintf("the target answers %s instead of metrics: check host, port and metrics_path of the job", after(text, "HTTP status ")), true
	case has("body size limit exceeded"):
		return fmt.Sprintf("the answer is larger than body_size_limit (%s unpacked): expose less, or raise body_size_limit in the job", s.job.BodySizeLimit), true
	case has("sample limit exceeded"):
		seen := "more"
		if s.last.scraped > 0 {
			seen = fmt.Sprintf("%d samples, more", s.last.scraped)
		}
		return fmt.Sprintf("the target exposes %s than sample_limit (%d): find the label with too many values and drop it (metric_relabel_configs), or raise sample_limit in the job", seen, s.job.SampleLimit), true
	case has("label_limit exceeded"), has("label_name_length_limit exceeded"), has("label_value_length_limit exceeded"):
		return "a series has too many or too long labels: shorten them in the service, drop them with metric_relabel_configs, or raise the limit in the job", true
	case has("target_limit exceeded"):
		return fmt.Sprintf("discovery found more targets than target_limit (%d): narrow it with relabel_configs, or raise target_limit in the job", s.job.TargetLimit), true
	case has("too old sample"):
		return "the samples carry timestamps that are too old: leave timestamps out of the exposition, or set honor_timestamps: false in the job", true
	}
	return s.answer(text, path), s.look.forError == text
}

// answer reads the reason from what the target answered.
func (s subject) answer(text, path string) string {
	l := s.look
	unsupported := strings.Contains(text, "unsupported Content-Type") || strings.Contains(text, "non-compliant")
	switch {
	case l.isJSONString():
		return path + " answers a JSON string, not text: return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST) instead"
	case l.isHTML(), unsupported && strings.Contains(text, `"text/html`):
		return fmt.Sprintf("%s answers a web page, not metrics: set metrics_path in the job to where the service shows its metrics", path)
	case l.isJSON(), unsupported && strings.Contains(text, "json"):
		return fmt.Sprintf("%s answers JSON, not the Prometheus text format: expose metrics with a Prometheus client library, or put an exporter between", path)
	case len(l.head) > 0 && l.isBinary():
		return fmt.Sprintf("%s answers bytes that are no text: check host, port and metrics_path of the job", path)
	case unsupported:
		return fmt.Sprintf("%s answers without a Content-Type that is known: let the service send \"text/plain; version=0.0.4\", or set fallback_scrape_protocol: PrometheusText0.0.4 in the job", path)
	case strings.Contains(text, "gzip:"), strings.Contains(text, "flate:"):
		return "the answer says that it is gzip and is not: mend the service or the proxy before it, or set enable_compression: false in the job"
	case strings.Contains(text, "EOF"), strings.Contains(text, "connection reset"), strings.Contains(text, "data does not end with # EOF"), strings.Contains(text, "unexpected end of input"):
		return "the answer ends before its end: the service or a proxy before it breaks the connection off"
	case strings.Contains(text, "invalid metric type"), strings.Contains(text, "expected"), strings.Contains(text, "parsing"), strings.Contains(text, "strconv"), strings.Contains(text, "invalid"), strings.Contains(text, "is not a valid"):
		return fmt.Sprintf("%s answers text that is not in the Prometheus format: mend the line that the error names, or use a Prometheus client library", path)
	}
	return ""
}

// warning returns the hint for a target that is up and yet loses samples or misleads.
func (s subject) warning() string {
	switch c := s.last; {
	case len(s.kinds.turned) > 0:
		var names []string
		for name, typ := range s.kinds.turned {
			names = append(names, fmt.Sprintf("%s (now a %s)", name, typ))
		}
		sort.Strings(names)
		return fmt.Sprintf("a counter has changed its type: %s; its increases cannot be trusted any more, give the new metric a new name", strings.Join(names[:min(3, len(names))], ", "))
	case c.up && c.scraped == 0:
		return fmt.Sprintf("%s answers without a single sample: check that it is the path of the metrics, and that the service has registered some", s.url.Path)
	case c.repeated > 0:
		return fmt.Sprintf("%d samples repeat a series that stands in the same answer before (same name, same labels) and were left out: make the labels differ, or expose it once", c.repeated)
	case c.outOfBound > 0:
		return fmt.Sprintf("%d samples carry timestamps that are too old or in the future and were left out: leave timestamps out of the exposition, or set honor_timestamps: false in the job", c.outOfBound)
	case c.outOfOrder > 0:
		return fmt.Sprintf("%d samples are older than what is stored or repeat a timestamp with another value and were left out: two targets may write the same series, give each its own instance label", c.outOfOrder)
	default:
		return ""
	}
}

func isTimeout(err error) bool {
	var ne net.Error
	return errors.As(err, &ne) && ne.Timeout()
}

func after(s, sep string) string {
	_, out, _ := strings.Cut(s, sep)
	return out
}
