package app

import (
	"net"
	"path/filepath"
	"slices"
	"time"

	"github.com/prometheus/prometheus/model/labels"

	"github.com/signalbox/signalbox/internal/policy/strict"
	"github.com/signalbox/signalbox/internal/receive"
	"github.com/signalbox/signalbox/internal/rowstore"
)

// What applies to rows where signalbox.yaml states nothing.
const (
	DefaultOTLPGRPC = "127.0.0.1:4317"
	DefaultOTLPHTTP = "127.0.0.1:4318"

	DefaultLogsRetention   = 30 * 24 * time.Hour
	DefaultSpansRetention  = 14 * 24 * time.Hour
	DefaultEventsRetention = 25 * 31 * 24 * time.Hour
)

// off switches a listener off.
const off = "off"

// Door is one listener of a receiver.
type Door struct {
	Listen string // host:port; empty = off
	Stated bool   // by the file or the environment: then a port that is taken is an error, else a warning
}

// Rows is what brings logs, spans and events in, and how long they are kept.
type Rows struct {
	Retention   map[rowstore.Table]time.Duration
	GRPC, HTTP  Door     // OTLP
	BusinessIDs []string // attributes that hold a case's, payment's or release's id; nil = the usual ones
	Promote     []string // resource attributes that become labels of OTLP metrics
	CORS        []string // origins whose pages may send OTLP
	Syslog      Syslog
	Files       []LogFiles
	Public      *receive.PublicConfig // nil = off
}

// Syslog is where syslog messages come in.
type Syslog struct {
	UDP, TCP, TLS     Door
	CertFile, KeyFile string
	Labels            map[string]string // service, env, agency
}

// LogFiles is a set of files that are followed.
type LogFiles struct {
	Paths  []string // absolute, with * for any letters
	Format string   // text, json or logfmt; auto = looked at
	Labels map[string]string
}

func rowsShape() []strict.Key {
	text := func(doc, example string) strict.Shape {
		return strict.Shape{Doc: doc, Types: []string{"string"}, Example: example}
	}
	list := func(doc, example string) strict.Shape {
		return strict.Shape{Doc: doc, Forms: strict.List, Example: example, Each: &strict.Shape{Types: []string{"string"}}}
	}
	labels := []strict.Key{
		{Name: "service", Shape: text("Service that the rows are from.", "intake")},
		{Name: "env", Shape: text("Environment.", "prod")},
		{Name: "agency", Shape: text("Agency.", "IRS")},
	}
	return []strict.Key{
		{Name: "privacy", Shape: strict.Shape{Doc: "Pseudonyms of people.", Keys: []strict.Key{
			{Name: "keys", Shape: text("Directory of their keys; privacy-keys in the data directory unless stated.", "/var/lib/signalbox-keys")},
		}}},
		{Name: "otlp", Shape: strict.Shape{Doc: "Where OpenTelemetry comes in.", Keys: []strict.Key{
			{Name: "grpc", Shape: text("Address of OTLP over gRPC, or off.", DefaultOTLPGRPC)},
			{Name: "http", Shape: text("Address of OTLP over HTTP, or off; the main port takes it, too.", DefaultOTLPHTTP)},
			{Name: "business_ids", Shape: list("Attributes that hold the id of a case or payment; the usual ones unless stated.", "[filing.id, payment.id]")},
			{Name: "cors_origins", Shape: list("Exact origins of pages that may send OTLP to otlp.http and the main port; none unless stated.", "[https://app.irs.example]")},
			{Name: "promote_resource_attributes", Shape: list("Resource attributes that become labels of metrics.", "[agency, deployment.environment.name]")},
		}}},
		{Name: "syslog", Shape: strict.Shape{Doc: "Where syslog messages come in, RFC 5424 and 3164; off unless stated.", Keys: append([]strict.Key{
			{Name: "udp", Shape: text("Address for datagrams.", "127.0.0.1:5514")},
			{Name: "tcp", Shape: text("Address for streams.", "127.0.0.1:5514")},
			{Name: "tls", Shape: text("Address for encrypted streams.", "0.0.0.0:6514")},
			{Name: "cert_file", Shape: text("Certificate of tls.", "tls.crt")},
			{Name: "key_file", Shape: text("Its key.", "tls.key")},
		}, labels...)}},
		{Name: "log_files", Shape: strict.Shape{Doc: "Log files that are followed.", Forms: strict.List, Example: "[{paths: [/var/log/intake/*.log], service: intake}]", Each: &strict.Shape{
			Example: "{paths: [/var/log/intake/*.log], service: intake}", Keys: append([]strict.Key{
				{Name: "paths", Required: true, Shape: list("Names of files, with * for any letters.", "[/var/log/intake/*.log]")},
				{Name: "format", Shape: strict.Shape{Doc: "How a line is written; auto unless stated.", Enum: []string{"auto", "text", "json", "logfmt"}}},
			}, labels...)}}},
		{Name: "listen_public", Shape: strict.Shape{Doc: "A listener for browsers of the public: /sb.js and /v1/events, nothing else. Off unless stated.", Keys: []strict.Key{
			{Name: "listen", Required: true, Shape: text("Its address.", "0.0.0.0:9701")},
			{Name: "trusted_proxies", Shape: list("Networks of proxies whose X-Forwarded-For is believed.", "[10.0.0.0/8]")},
			{Name: "sites", Required: true, Shape: strict.Shape{Doc: "The sites whose pages may send.", Forms: strict.List, NonEmpty: true, Example: "[{key: pub_efile, origins: [https://efile.irs.example], service: efile-web}]", Each: &strict.Shape{
				Example: "{key: pub_efile, origins: [https://efile.irs.example], service: efile-web}", Keys: append([]strict.Key{
					{Name: "key", Required: true, Shape: text("The site's public key, as it stands in its pages.", "pub_efile")},
					{Name: "origins", Required: true, Shape: list("Exact origins of its pages.", "[https://efile.irs.example]")},
					{Name: "version", Shape: text("Version.", "4.2.0")},
					{Name: "release", Shape: text("Release.", "2026.4")},
					{Name: "rate", Shape: strict.Shape{Doc: "Events a second of the site; 100 unless stated.", Types: []string{"number"}, Example: "100"}},
					{Name: "network_rate", Shape: strict.Shape{Doc: "Events a second of one network of its visitors; 20 unless stated.", Types: []string{"number"}, Example: "20"}},
				}, labels...)}}},
		}}},
	}
}

// rows reads what brings rows in.
func (l *loader) rows() {
	c, root := &l.cfg.Rows, l.root
	c.Retention = map[rowstore.Table]time.Duration{
		rowstore.Logs: DefaultLogsRetention, rowstore.Spans: DefaultSpansRetention, rowstore.Events: DefaultEventsRetention,
	}
	keep := root.Get("storage").Get("rows").Get("retention")
	for _, t := range rowstore.Tables() {
		c.Retention[t] = l.duration(keep, t.String(), c.Retention[t], 24*time.Hour, 0)
	}
	l.cfg.PrivacyKeys = filepath.Join(l.cfg.Data, "privacy-keys")
	if v := root.Get("privacy").Get("keys"); v.Usable() {
		l.cfg.PrivacyKeys = l.join(v.Text)
	}
	otlp := root.Get("otlp")
	c.GRPC = l.door(otlp, "grpc", "SIGNALBOX_OTLP_GRPC", DefaultOTLPGRPC)
	c.HTTP = l.door(otlp, "http", "SIGNALBOX_OTLP_HTTP", DefaultOTLPHTTP)
	c.BusinessIDs = texts(otlp.Get("business_ids"))
	c.Promote = texts(otlp.Get("promote_resource_attributes"))
	for _, x := range otlp.Get("cors_origins").List() {
		switch {
		case !x.Usable():
		case x.Text == "*":
			l.report.Errorf(x, `"*" would have any page that somebody visits write into this server; want the exact origins of your pages, such as https://app.irs.example`)
		case !receive.ValidOrigin(x.Text):
			l.report.Errorf(x, "%q: want scheme, host and port only where it is not the scheme's own, such as https://app.irs.example; no path, no *", x.Text)
		default:
			c.CORS = append(c.CORS, x.Text)
		}
	}
	l.syslog(root.Get("syslog"))
	if v := root.Get("log_files"); v.Usable() {
		for _, item := range v.List() {
			if item.Usable() {
				c.Files = append(c.Files, l.logFiles(item))
			}
		}
	}
	if v := root.Get("listen_public"); v.Usable() {
		l.public(v)
	}
}

// door reads an address by rank: environment, file, default. Empty as a default means off.
func (l *loader) door(parent *strict.Value, key, env, fallback string) Door {
	d := Door{Listen: fallback}
	at := parent.Get(key)
	if v := l.env[env]; env != "" && v != "" {
		d, at = Door{v, true}, &strict.Value{Path: env}
	} else if at.Usable() {
		d = Door{at.Text, true}
	}
	if d.Listen == off || d.Listen == "" {
		return Door{}
	}
	host, port, err := net.SplitHostPort(d.Listen)
	if err != nil || !validPort(port) {
		l.report.Errorf(at, "%q: want host:port, such as %s, or off", d.Listen, DefaultOTLPHTTP)
		return Door{}
	}
	if env != "" && !loopback(host) && l.cfg.WebConfigFile == "" && !l.cfg.ExternalStated {
		l.report.Errorf(at, "%q can be reached from other machines without encryption, and tokens would cross the network in clear; add tls: {config_file: web.yml}, or state external_url: https://... if a proxy in front speaks TLS", d.Listen)
	}
	return d
}

func (l *loader) syslog(v *strict.Value) {
	if !v.Usable() {
		return
	}
	s := &l.cfg.Rows.Syslog
	s.UDP, s.TCP, s.TLS = l.door(v, "udp", "", ""), l.door(v, "tcp", "", ""), l.door(v, "tls", "", "")
	s.Labels = labelsOf(v)
	for key, to := range map[string]*string{"cert_file": &s.CertFile, "key_file": &s.KeyFile} {
		x := v.Get(key)
		switch {
		case x.Usable() && s.TLS.Listen == "":
			l.report.Errorf(x, "belongs to tls, which is not stated")
		case x.Usable():
			*to = l.join(x.Text)
		case s.TLS.Listen != "":
			l.report.Errorf(v.Key("tls"), "wants cert_file and key_file beside it")
		}
	}
}

func (l *loader) logFiles(v *strict.Value) LogFiles {
	f := LogFiles{Format: "auto", Labels: labelsOf(v)}
	if x := v.Get("format"); x.Usable() {
		f.Format = x.Text
	}
	for _, x := range v.Get("paths").List() {
		if !x.Usable() {
			continue
		}
		if _, err := filepath.Match(x.Text, ""); err != nil {
			l.report.Errorf(x, "%q: %v; want a file name, with * for any letters", x.Text, err)
		}
		f.Paths = append(f.Paths, l.join(x.Text))
	}
	return f
}

func (l *loader) public(v *strict.Value) {
	p := &receive.PublicConfig{TrustedProxies: texts(v.Get("trusted_proxies"))}
	text := func(of *strict.Value, key string) string {
		if x := of.Get(key); x.Usable() {
			return x.Text
		}
		return ""
	}
	rate := func(of *strict.Value, key string) float64 {
		x := of.Get(key)
		if !x.Usable() {
			return 0
		}
		n, _, err := strict.Quantity(x.Text)
		if err != nil || n <= 0 || n > 100_000 {
			l.report.Errorf(x, "%q: want events a second above 0 and up to 100000", x.Text)
		}
		return n
	}
	p.Listen = text(v, "listen")
	if x := v.Get("listen"); x.Usable() {
		if _, port, err := net.SplitHostPort(x.Text); err != nil || !validPort(port) {
			l.report.Errorf(x, "%q: want host:port, such as 0.0.0.0:9701", x.Text)
		}
	}
	for _, item := range v.Get("sites").List() {
		if item.Usable() {
			p.Sites = append(p.Sites, receive.Site{
				Key: text(item, "key"), Origins: texts(item.Get("origins")), Service: text(item, "service"), Env: text(item, "env"), Agency: text(item, "agency"),
				Version: text(item, "version"), Release: text(item, "release"), RatePerSecond: rate(item, "rate"), NetworkRate: rate(item, "network_rate"),
			})
		}
	}
	if err := p.Validate(); err != nil {
		l.report.Errorf(v, "%v", err)
	}
	l.cfg.Rows.Public = p
}

// labelsOf reads the labels that a source stamps on its rows.
func labelsOf(v *strict.Value) map[string]string {
	out := map[string]string{}
	for _, name := range []string{"service", "env", "agency"} {
		if x := v.Get(name); x.Usable() {
			out[name] = x.Text
		}
	}
	return out
}

// texts reads a list of words; nil where it is not stated.
func texts(v *strict.Value) []string {
	var out []string
	for _, x := range v.List() {
		if x.Usable() {
			out = append(out, x.Text)
		}
	}
	return out
}

// strangersPage warns of KPIs that page by what a public site alone sends: whoever has its key, which stands in its pages, can
// make up events. Policies that say trust="public" are warned of wherever they come from.
func (l *loader) strangersPage() {
	if l.cfg.Rows.Public == nil {
		return
	}
	sites := map[string]string{}
	for _, s := range l.cfg.Rows.Public.Sites {
		sites[s.Service] = s.Key
	}
	for i := range l.cfg.Documents {
		d := &l.cfg.Documents[i]
		if d.KPI == nil || d.KPI.Page == nil {
			continue
		}
		key := ""
		for _, s := range d.KPI.Indicator.Selectors() {
			at := slices.IndexFunc(s.Matchers, func(m *labels.Matcher) bool {
				return s.Table() == rowstore.Events.String() && m.Name == "service" && m.Type == labels.MatchEqual && sites[m.Value] != ""
			})
			if at < 0 {
				key = ""
				break
			}
			key = sites[s.Matchers[at].Value]
		}
		if key != "" {
			l.report.Add(warn(d, "page", "%q counts only what the public site %s sends, so a stranger who makes up events can page someone; take page out, or make it from a KPI of your own services too", d.Name, key))
		}
	}
}
