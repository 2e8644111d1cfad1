package usage

import (
	"cmp"
	"hash/fnv"
	"io"
	"slices"
	"strings"

	"github.com/RoaringBitmap/roaring/v2"

	"github.com/signalbox/signalbox/internal/rowstore"
)

// group is rows that are one error.
type group struct {
	origin                rowstore.Table
	app                   App
	kind, route           string // type of the error
	message               string
	first, last, relapsed int64 // Unix microseconds; relapsed is when it regressed
	count                 float64
	people                *roaring.Bitmap
	releases              []string // newest last
	hours                 []hour   // by time
	samples               []sample // newest last
}

type hour struct {
	at    int32 // hours since 1970
	count float64
}

type sample struct {
	at      int64
	trace   rowstore.TraceID
	span    rowstore.SpanID
	release string
	who     uint32
	known   bool
}

const (
	maxGroups   = 10_000
	maxSamples  = 5
	maxReleases = 20
	keepHours   = 30 * 24
	quiet       = 14 * dayMicros
	severest    = 17 // OTLP's number of error
)

// failures is the error groups. It is guarded by the room's lock.
type failures struct {
	groups map[uint64]*group
	beyond float64 // rows of groups that were given up
	dirty  bool
}

// failed reports whether a row is an error.
func failed(t rowstore.Table, r *rowstore.Row) bool {
	if t == rowstore.Logs {
		return r.Severity >= severest
	}
	return r.Status == rowstore.StatusError
}

// fingerprint is the same for the same error at all times and on all machines.
func fingerprint(app App, kind, route, message string) uint64 {
	h := fnv.New64a()
	for _, s := range []string{app.Service, app.Env, app.Agency, kind, route, message} {
		_, _ = io.WriteString(h, s) // a hash takes everything
		_, _ = h.Write([]byte{0})
	}
	return h.Sum64()
}

// observe counts one row. who is the person's number.
func (f *failures) observe(t rowstore.Table, r *rowstore.Row, who uint32, known bool) {
	app := App{r.Service, r.Env, r.Agency}
	message := r.Body
	if message == "" {
		message = r.Name
	}
	message = normal(message)
	id := fingerprint(app, r.ErrorType, r.Route, message)
	release := r.Release
	if release == "" {
		release = r.Version
	}
	g := f.groups[id]
	f.dirty = true
	if g == nil {
		if len(f.groups) >= maxGroups+maxGroups/20 {
			f.shrink()
		}
		app = App{strings.Clone(app.Service), strings.Clone(app.Env), strings.Clone(app.Agency)}
		g = &group{origin: t, app: app, kind: strings.Clone(r.ErrorType), route: strings.Clone(r.Route), message: message, first: r.Time, last: r.Time, people: roaring.New()}
		f.groups[id] = g
	}
	old := release != "" && slices.Contains(g.releases, release)
	if since := r.Time - g.last; since >= quiet || since >= dayMicros && len(g.releases) > 0 && release != "" && !old {
		g.relapsed = r.Time
	}
	if release != "" && !old {
		release = strings.Clone(release)
		if g.releases = append(g.releases, release); len(g.releases) > maxReleases {
			g.releases = slices.Delete(g.releases, 0, 1)
		}
	} else if old {
		release = g.releases[slices.Index(g.releases, release)]
	}
	g.first, g.last = min(g.first, r.Time), max(g.last, r.Time)
	g.count += float64(r.Weight)
	g.hour(int32(r.Time/3_600_000_000), float64(r.Weight))
	if known {
		g.people.Add(who)
	}
	g.sample(sample{r.Time, r.Trace, r.Span, release, who, known})
}

func (g *group) hour(at int32, n float64) {
	i := len(g.hours)
	for i > 0 && g.hours[i-1].at > at {
		i--
	}
	if i > 0 && g.hours[i-1].at == at {
		g.hours[i-1].count += n
		return
	}
	g.hours = slices.Insert(g.hours, i, hour{at, n})
	if k := len(g.hours); k > 1 && g.hours[0].at < g.hours[k-1].at-keepHours {
		g.hours = slices.Delete(g.hours, 0, 1)
	}
}

// sample keeps the newest; rows with a trace push out those without.
func (g *group) sample(s sample) {
	if len(g.samples) == maxSamples {
		weakest := 0
		for i, x := range g.samples {
			if w := g.samples[weakest]; (x.trace == rowstore.TraceID{}) != (w.trace == rowstore.TraceID{}) {
				if (x.trace == rowstore.TraceID{}) {
					weakest = i
				}
			} else if x.at < w.at {
				weakest = i
			}
		}
		w := g.samples[weakest]
		if none := (rowstore.TraceID{}); s.trace == none && w.trace != none || (s.trace == none) == (w.trace == none) && s.at <= w.at {
			return
		}
		g.samples = slices.Delete(g.samples, weakest, weakest+1)
	}
	i, _ := slices.BinarySearchFunc(g.samples, s, func(a, b sample) int { return cmp.Compare(a.at, b.at) })
	g.samples = slices.Insert(g.samples, i, s)
}

// shrink gives up the groups that were quiet for longest.
func (f *failures) shrink() {
	ids := make([]uint64, 0, len(f.groups))
	for id := range f.groups {
		ids = append(ids, id)
	}
	slices.SortFunc(ids, func(a, b uint64) int {
		return cmp.Or(cmp.Compare(f.groups[a].last, f.groups[b].last), cmp.Compare(a, b))
	})
	for _, id := range ids[:len(ids)-maxGroups] {
		f.beyond += f.groups[id].count
		delete(f.groups, id)
	}
}

// forget removes somebody from all groups.
func (f *failures) forget(who uint32) {
	for _, g := range f.groups {
		if g.people.CheckedRemove(who) {
			f.dirty = true
		}
		g.samples = slices.DeleteFunc(g.samples, func(s sample) bool { return s.known && s.who == who })
	}
}

// idOf is a fingerprint as text.
func idOf(id uint64) string {
	return rowstore.SpanID(id).String()
}
