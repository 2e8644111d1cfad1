package receive

import (
	"fmt"
	"net/netip"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"github.com/signalbox/signalbox/internal/fault"
	"github.com/signalbox/signalbox/internal/gate"
	"github.com/signalbox/signalbox/internal/rowstore"
)

// PublicConfig is the block `listen_public` of signalbox.yaml.
type PublicConfig struct {
	Listen         string   `yaml:"listen"`          // address and port
	TrustedProxies []string `yaml:"trusted_proxies"` // networks whose X-Forwarded-For is believed
	Sites          []Site   `yaml:"sites"`
}

// Site is a web site whose pages send events.
type Site struct {
	Key     string   `yaml:"key"`     // public: it stands in the pages
	Origins []string `yaml:"origins"` // exactly as browsers say them: https://host or https://host:port
	Service string   `yaml:"service"` // the labels that belong to the server: what a page says of them is not believed
	Env     string   `yaml:"env"`
	Agency  string   `yaml:"agency"`
	Version string   `yaml:"version"`
	Release string   `yaml:"release"`
	// RatePerSecond bounds the events of the site, NetworkRate those of one network (/24 or /48); both add up for ten seconds.
	RatePerSecond float64 `yaml:"rate"`         // default 100
	NetworkRate   float64 `yaml:"network_rate"` // default 20
}

// The rates that hold where a site states none.
const (
	defaultSiteRate    = 100
	defaultNetworkRate = 20
)

var siteKey = regexp.MustCompile(`^[A-Za-z0-9_-]{3,64}$`)

// Validate says what is wrong with the block: key, value and what would be accepted. It fills in the default rates.
func (c *PublicConfig) Validate() error {
	if c.Listen == "" {
		return fault.New(fault.Invalid, "listen_public.listen is missing: want an address such as 0.0.0.0:9701")
	}
	if _, err := c.Proxies(); err != nil {
		return err
	}
	if len(c.Sites) == 0 {
		return fault.New(fault.Invalid, "listen_public.sites is empty: want at least one site with key, origins and service")
	}
	seen := map[string]bool{}
	for i := range c.Sites {
		at, s := fmt.Sprintf("listen_public.sites[%d]", i), &c.Sites[i]
		if err := s.validate(at); err != nil {
			return err
		}
		if seen[s.Key] {
			return fault.New(fault.Invalid, "%s.key %q is taken by another site", at, s.Key)
		}
		seen[s.Key] = true
	}
	return nil
}

// Proxies returns trusted_proxies as networks; a single address is one of itself.
func (c *PublicConfig) Proxies() ([]netip.Prefix, error) {
	var out []netip.Prefix
	for i, text := range c.TrustedProxies {
		n, err := netip.ParsePrefix(text)
		if err != nil {
			a, aerr := netip.ParseAddr(text)
			if aerr != nil {
				return nil, fault.New(fault.Invalid, "listen_public.trusted_proxies[%d] is %q: want a network such as 10.0.0.0/8, or an address", i, text)
			}
			n = netip.PrefixFrom(a, a.BitLen())
		}
		out = append(out, n)
	}
	return out, nil
}

func (s *Site) validate(at string) error {
	if !siteKey.MatchString(s.Key) {
		return fault.New(fault.Invalid, "%s.key is %q: want 3 to 64 letters, digits, - or _", at, s.Key)
	}
	if len(s.Origins) == 0 {
		return fault.New(fault.Invalid, "%s.origins is empty: want the origins of the site's pages, such as https://efile.irs.example", at)
	}
	for i, o := range s.Origins {
		if !ValidOrigin(o) {
			return fault.New(fault.Invalid, "%s.origins[%d] is %q: want scheme, host and port only where it is not the scheme's own, such as https://efile.irs.example; no path, no *", at, i, o)
		}
	}
	if s.Service == "" {
		return fault.New(fault.Invalid, "%s.service is missing: want the name that the site's events get", at)
	}
	if s.RatePerSecond < 0 || s.NetworkRate < 0 {
		return fault.New(fault.Invalid, "%s: rate %g, network_rate %g: want events a second, above 0; leave out for %d and %d", at, s.RatePerSecond, s.NetworkRate, defaultSiteRate, defaultNetworkRate)
	}
	if s.RatePerSecond == 0 {
		s.RatePerSecond = defaultSiteRate
	}
	if s.NetworkRate == 0 {
		s.NetworkRate = defaultNetworkRate
	}
	return nil
}

// ValidOrigin reports whether o is an origin as browsers write them.
func ValidOrigin(o string) bool {
	u, err := url.Parse(o)
	if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Hostname() == "" || o != strings.ToLower(o) || strings.Contains(o, "*") {
		return false
	}
	if u.Scheme == "https" && u.Port() == "443" || u.Scheme == "http" && u.Port() == "80" {
		return false
	}
	return o == u.Scheme+"://"+u.Host
}

func (s *Site) source() string { return "public " + s.Key }

// credential has the gate stamp the labels that belong to the server, whatever the page says of them.
func (s *Site) credential() gate.Credential {
	return gate.Credential{Source: s.source(), Signal: gate.Events, Public: true, Labels: map[string]string{
		"service": s.Service, "env": s.Env, "agency": s.Agency, "version": s.Version, "release": s.Release}}
}

// browsers notes on events what is kept of the user agent, whatever the page said of it.
func browsers(events []event, userAgent string) {
	ours := agent(userAgent)
	for i := range events {
		e := &events[i]
		e.attrs = slices.DeleteFunc(e.attrs, func(a rowstore.Attr) bool {
			return slices.ContainsFunc(ours, func(o rowstore.Attr) bool { return o.Key == a.Key }) || a.Key == "bot"
		})
		e.attrs = append(e.attrs, ours...)
	}
}

// forwarded splits X-Forwarded-For, the nearest hop last.
func forwarded(headers []string) []string {
	var hops []string
	for _, h := range headers {
		for part := range strings.SplitSeq(h, ",") {
			hops = append(hops, strings.TrimSpace(part))
		}
	}
	return hops
}
