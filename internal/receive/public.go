package receive

import (
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strconv"
	"time"

	"github.com/signalbox/signalbox/internal/fault"
	"github.com/signalbox/signalbox/internal/gate"
)

// PublicOptions are what the public door is built with. Gate, Sites and Script are required.
type PublicOptions struct {
	Gate *gate.Gate
	// Sites returns the sites in force; it is asked with every request, so that a reload takes effect at once.
	Sites  func() []Site
	Script http.Handler // serves /sb.js
	// TrustedProxies are the networks of proxies whose X-Forwarded-For is believed.
	TrustedProxies []netip.Prefix
	Business       []string      // as in EventsOptions
	BodyTimeout    time.Duration // default 10s
	// IDs are those of events that were kept; by default a memory of 200,000 that ends with the process. It is not that of
	// Events: strangers must not push out the ids of those who are known.
	IDs    *IDs
	Now    func() time.Time
	Logger *slog.Logger
}

// The bounds of a request at the public door.
const (
	publicBody    = 64 << 10 // bytes, as sent and unpacked
	publicHeaders = 16 << 10
)

// Public is the door for browsers of the open internet. It serves /sb.js and POST /v1/events?site=KEY, and nothing else is
// there. A site's key is public; what protects the house is that such rows carry trust=public, cannot set the labels that
// belong to the site, come from pages of its origins as far as browsers tell the truth, and are bounded in size and rate. The
// sender's address serves for its rate and is forgotten; no cookie is set or read; answers say nothing but their status.
type Public struct {
	o      PublicOptions
	intake *intake
	rates  *rates
}

// NewPublic returns the public door.
func NewPublic(o PublicOptions) *Public {
	if o.BodyTimeout <= 0 {
		o.BodyTimeout = 10 * time.Second
	}
	if o.IDs == nil {
		o.IDs = NewIDs(nil, 200_000)
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	return &Public{o: o, intake: newIntake(o.Business, o.IDs), rates: newRates()}
}

// Server returns an HTTP server for a listener of its own, with the timeouts and bounds that strangers call for.
func (p *Public) Server() *http.Server {
	return &http.Server{Handler: p, ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 20 * time.Second, WriteTimeout: 30 * time.Second,
		IdleTimeout: 30 * time.Second, MaxHeaderBytes: publicHeaders, ErrorLog: slog.NewLogLogger(p.o.Logger.Handler(), slog.LevelDebug)}
}

// ServeHTTP implements http.Handler.
func (p *Public) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'")
	switch r.URL.Path {
	case "/sb.js":
		// Every page may load it, also one that lets in only what agrees to be embedded.
		h.Set("Access-Control-Allow-Origin", "*")
		h.Set("Cross-Origin-Resource-Policy", "cross-origin")
		p.o.Script.ServeHTTP(w, r)
	case "/v1/events":
		h.Set("Cache-Control", "no-store")
		h.Add("Vary", "Origin")
		p.events(w, r)
	default:
		w.WriteHeader(http.StatusNotFound)
	}
}

func (p *Public) events(w http.ResponseWriter, r *http.Request) {
	switch r.Method {
	case http.MethodPost:
	case http.MethodOptions:
		p.preflight(w, r)
		return
	default:
		w.Header().Set("Allow", "POST, OPTIONS")
		w.WriteHeader(http.StatusMethodNotAllowed)
		return
	}
	site, err := p.site(r)
	if err != nil {
		p.refuse(w, r, site, gate.Unauthorized, err)
		return
	}
	h := w.Header()
	h.Set("Access-Control-Allow-Origin", r.Header.Get("Origin"))
	h.Set("Access-Control-Expose-Headers", "Retry-After")
	network := p.network(r)
	if wait := p.rates.wait(site, network, p.o.Now()); wait > 0 {
		p.refuse(w, r, site, gate.Rate, &gate.Busy{After: wait, Err: fault.New(fault.Limited, "the site or one of its networks sends more events than its rate")})
		return
	}
	grant, err := p.o.Gate.Admit(r.Context(), site.credential(), size(r))
	if err != nil {
		p.fail(w, err)
		return
	}
	defer grant.Close()
	body, err := readEvents(w, r, publicBody, p.o.BodyTimeout)
	if err != nil {
		grant.Refuse(reasonFor(err), err)
		p.fail(w, err)
		return
	}
	d := p.intake.decoder(p.o.Now())
	d.publicly = true
	if err := d.any(body); err != nil {
		p.rates.spend(site, network, 1, p.o.Now())
		grant.Refuse(reasonFor(err), err)
		p.fail(w, err)
		return
	}
	p.rates.spend(site, network, d.count, p.o.Now())
	browsers(d.events, r.UserAgent())
	out, err := p.intake.keep(r.Context(), grant, site.source(), d)
	if err != nil {
		p.fail(w, err)
		return
	}
	if out.Accepted+out.Duplicates == 0 {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	w.WriteHeader(http.StatusNoContent)
}

// preflight answers a browser that asks before it sends.
func (p *Public) preflight(w http.ResponseWriter, r *http.Request) {
	site, err := p.site(r)
	if err != nil {
		p.refuse(w, r, site, gate.Unauthorized, err)
		return
	}
	h := w.Header()
	h.Set("Access-Control-Allow-Origin", r.Header.Get("Origin"))
	h.Set("Access-Control-Allow-Methods", http.MethodPost)
	h.Set("Access-Control-Allow-Headers", "Content-Type, Content-Encoding")
	h.Set("Access-Control-Max-Age", "7200")
	w.WriteHeader(http.StatusNoContent)
}

// site finds the site of a request by its key and holds the request's origin against it. A known key with a wrong origin
// yields the site and an error.
func (p *Public) site(r *http.Request) (*Site, error) {
	key := r.URL.Query().Get("site")
	sites := p.o.Sites()
	i := slices.IndexFunc(sites, func(s Site) bool { return s.Key == key })
	if key == "" || i < 0 {
		return nil, fault.New(fault.Forbidden, "no site has this key")
	}
	s := &sites[i]
	if origins := r.Header.Values("Origin"); len(origins) != 1 || !slices.Contains(s.Origins, origins[0]) {
		return s, fault.New(fault.Forbidden, "a page of another origin used the key of site %q", s.Key)
	}
	return s, nil
}

// refuse counts a request that is turned away before its body is read, and answers. Unknown keys count for one source.
func (p *Public) refuse(w http.ResponseWriter, r *http.Request, site *Site, reason gate.Reason, err error) {
	c := gate.Credential{Source: "public", Signal: gate.Events, Public: true}
	if site != nil {
		c = site.credential()
	}
	if grant, denied := p.o.Gate.Admit(r.Context(), c, 0); denied == nil {
		grant.Refuse(reason, err)
		grant.Close()
	}
	p.fail(w, err)
}

// fail answers with a status and, where it helps, when to come again: a stranger learns nothing else.
func (p *Public) fail(w http.ResponseWriter, err error) {
	status := failure(w, err)
	if status >= http.StatusInternalServerError {
		p.o.Logger.Error("Public events were not accepted", "err", err)
	}
	w.Header().Set("Content-Length", strconv.Itoa(0))
	w.WriteHeader(status)
}

// network is the network that a request comes from, /24 or /48: the nearest address that is not a trusted proxy's.
func (p *Public) network(r *http.Request) netip.Prefix {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		host = r.RemoteAddr
	}
	at, err := netip.ParseAddr(host)
	if err != nil {
		return netip.Prefix{}
	}
	hops := forwarded(r.Header.Values("X-Forwarded-For"))
	for len(hops) > 0 && p.trusts(at) {
		next, err := netip.ParseAddr(hops[len(hops)-1])
		if err != nil {
			break
		}
		at, hops = next, hops[:len(hops)-1]
	}
	at = at.Unmap().WithZone("")
	bits := 48
	if at.Is4() {
		bits = 24
	}
	network, _ := at.Prefix(bits) // the bits fit the address
	return network
}

func (p *Public) trusts(at netip.Addr) bool {
	at = at.Unmap()
	return slices.ContainsFunc(p.o.TrustedProxies, func(n netip.Prefix) bool { return n.Contains(at) })
}
