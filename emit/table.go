package emit

import (
	"maps"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"
	"unicode/utf8"
)

const (
	routeUnmatched = "unmatched"
	labelOther     = "other"
)

// methods are the method label's values; a client can send any word, so all others share the last one.
var methods = [...]string{
	http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete,
	http.MethodConnect, http.MethodOptions, http.MethodTrace, labelOther,
}

// methodIndex is the place of a method in methods.
func methodIndex(method string) int {
	switch method {
	case http.MethodGet:
		return 0
	case http.MethodHead:
		return 1
	case http.MethodPost:
		return 2
	case http.MethodPut:
		return 3
	case http.MethodPatch:
		return 4
	case http.MethodDelete:
		return 5
	case http.MethodConnect:
		return 6
	case http.MethodOptions:
		return 7
	case http.MethodTrace:
		return 8
	}
	return len(methods) - 1
}

// routeLabel is the label of a ServeMux pattern ("[METHOD ][HOST]/[PATH]"): the pattern without its method, which has
// a label of its own. The same route then has the same name from every framework.
func routeLabel(pattern string) string {
	if i := strings.IndexAny(pattern, " \t"); i >= 0 && methodIndex(pattern[:i]) < len(methods)-1 {
		pattern = strings.TrimLeft(pattern[i:], " \t")
	}
	if pattern == "" {
		return routeUnmatched
	}
	return pattern
}

// table finds the counters of a request. Readers take no lock and make no key: the maps they read are replaced, never
// changed.
type table struct {
	durations, sizes *layout
	clock            *clock
	limit            int

	patterns atomic.Pointer[map[string]*route]
	other    *route // where requests go once the table is full
	full     atomic.Bool
	overflow atomic.Uint64

	grow   sync.Mutex        // guards what follows and every replacement
	labels map[string]*route // "GET /a" and "/a" are two patterns and one label
	size   int               // children and patterns
}

// route is one value of the route label.
type route struct {
	label     string
	endpoints [len(methods)]atomic.Pointer[endpoint]
}

// endpoint is a route and a method.
type endpoint struct {
	method, route string
	created       time.Time
	children      atomic.Pointer[[]*child]
	errors        [errorKinds]atomic.Uint64
	requestSize   *histogram
	responseSize  *histogram
}

// child is an endpoint and a code. The requests counter is the count of its durations: one number cannot drift from
// itself, and costs nothing more.
type child struct {
	code     int
	label    string
	created  time.Time
	duration *histogram
}

func newTable(limit int, durations, sizes *layout, c *clock) *table {
	t := &table{durations: durations, sizes: sizes, clock: c, limit: limit, other: &route{label: labelOther}}
	t.labels = map[string]*route{labelOther: t.other}
	t.patterns.Store(&map[string]*route{})
	return t
}

// find returns where a request with this pattern, method and code is counted, making it if there is room.
func (t *table) find(pattern, method string, code int) (*endpoint, *child) {
	m := methodIndex(method)
	if r := (*t.patterns.Load())[pattern]; r != nil {
		if e, c := r.find(m, code); c != nil {
			return e, c
		}
	}
	return t.create(pattern, m, code)
}

func (r *route) find(method, code int) (*endpoint, *child) {
	e := r.endpoints[method].Load()
	if e == nil {
		return nil, nil
	}
	// A handler answers with a handful of codes; a scan beats hashing.
	for _, c := range *e.children.Load() {
		if c.code == code {
			return e, c
		}
	}
	return e, nil
}

// create is find for what does not exist yet.
func (t *table) create(pattern string, method, code int) (*endpoint, *child) {
	if t.full.Load() {
		t.overflow.Add(1)
		if e, c := t.other.find(method, code); c != nil {
			return e, c
		}
	}
	t.grow.Lock()
	defer t.grow.Unlock()
	r := t.other
	if t.size < t.limit && utf8.ValidString(pattern) {
		r = t.route(pattern)
	} else if !t.full.Load() {
		t.overflow.Add(1)
	}
	e, c := r.find(method, code)
	if c == nil {
		e, c = t.child(r, method, code)
	}
	t.full.Store(t.size >= t.limit)
	return e, c
}

// route returns the route of a pattern, made if need be. The caller holds grow.
func (t *table) route(pattern string) *route {
	known := *t.patterns.Load()
	if r := known[pattern]; r != nil {
		return r
	}
	label := routeLabel(pattern)
	r := t.labels[label]
	if r == nil {
		r = &route{label: label}
		t.labels[label] = r
	}
	larger := maps.Clone(known)
	larger[strings.Clone(pattern)] = r
	t.patterns.Store(&larger)
	t.size++
	return r
}

// child makes the counters of a code, and with a new endpoint those of code 500: a counter that is first seen at 1 has
// no increase, so the first failure of an endpoint would be invisible to a rate. The caller holds grow.
func (t *table) child(r *route, method, code int) (*endpoint, *child) {
	now := t.clock.wall(t.clock.now())
	e := r.endpoints[method].Load()
	if e == nil {
		e = &endpoint{
			method: methods[method], route: r.label, created: now,
			requestSize: newHistogram(t.sizes), responseSize: newHistogram(t.sizes),
		}
		e.children.Store(&[]*child{})
		if code != http.StatusInternalServerError {
			t.add(e, http.StatusInternalServerError, now)
		}
	}
	c := t.add(e, code, now)
	r.endpoints[method].Store(e)
	return e, c
}

func (t *table) add(e *endpoint, code int, now time.Time) *child {
	c := &child{code: code, label: codeLabel(code), created: now, duration: newHistogram(t.durations)}
	c.duration.exemplars = make([]exemplarSlot, len(t.durations.bounds)+1)
	old := *e.children.Load()
	larger := append(old[:len(old):len(old)], c)
	e.children.Store(&larger)
	t.size++
	return c
}

// codeLabel is a status code as a label; find is called with codes that outcome has bounded.
func codeLabel(code int) string {
	if code == codeOther {
		return labelOther
	}
	return strconv.Itoa(code)
}

// each calls f for every endpoint.
func (t *table) each(f func(*endpoint)) {
	t.grow.Lock()
	var all []*endpoint // called without the lock: f takes its time over buckets
	for _, r := range t.labels {
		for i := range r.endpoints {
			if e := r.endpoints[i].Load(); e != nil {
				all = append(all, e)
			}
		}
	}
	t.grow.Unlock()
	for _, e := range all {
		f(e)
	}
}
