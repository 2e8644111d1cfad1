package usage

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/RoaringBitmap/roaring/v2"

	"github.com/signalbox/signalbox/internal/rowstore"
)

// part is one file of a checkpoint: what writes it and what reads it, and whether it changed since the last one.
type part struct {
	dirty bool
	write func(*encoder) // nil for live: it is copied and written later
}

// parts lists the state as the files that hold it. all makes every one dirty.
func (r *Room) parts(all bool) map[string]part {
	out := map[string]part{}
	add := func(name string, dirty bool, write func(*encoder)) { out[name] = part{dirty || all, write} }
	s := r.state
	add("meta", true, r.writeMeta)
	add("tables", s.tablesDirty, s.writeTables)
	for k := range (len(s.keys) + chunkSize - 1) / chunkSize {
		add("people-"+strconv.Itoa(k), s.people.dirty[k], func(e *encoder) {
			for _, key := range s.keys[k*chunkSize : min(len(s.keys), (k+1)*chunkSize)] {
				e.b = append(e.b, key[:]...)
			}
		})
	}
	for id, m := range s.ever {
		add("ever-"+strconv.Itoa(int(id)), s.everDirty[id], func(e *encoder) { e.set(m) })
	}
	for d, x := range s.days {
		add("day-"+strconv.Itoa(int(d)), x.dirty, x.write)
	}
	add("watched", true, r.writeWatched)
	add("live", true, nil)
	add("errors", r.failures.dirty, r.failures.write)
	add("places", r.joiner.places.dirty, r.joiner.places.write)
	for m, t := range r.joiner.minutes {
		add("minute-"+strconv.FormatInt(m, 10), t.dirty, t.write)
	}
	for h, t := range r.joiner.hours {
		add("hour-"+strconv.FormatInt(h, 10), t.dirty, t.write)
	}
	return out
}

// clean says that everything is written.
func (r *Room) clean() {
	s := r.state
	s.tablesDirty, r.failures.dirty, r.joiner.places.dirty = false, false, false
	clear(s.people.dirty)
	clear(s.everDirty)
	for _, x := range s.days {
		x.dirty = false
	}
	for _, m := range []map[int64]*traffic{r.joiner.minutes, r.joiner.hours} {
		for _, t := range m {
			t.dirty = false
		}
	}
}

// read takes one part in. Parts come in the order of readOrder.
func (r *Room) read(name string, d *decoder) error {
	s := r.state
	kind, number, _ := strings.Cut(name, "-")
	n, err := strconv.ParseInt(number, 10, 64)
	if number != "" && err != nil {
		return fmt.Errorf("part %s: %w", name, err)
	}
	switch kind {
	case "meta":
		r.readMeta(d)
	case "tables":
		s.readTables(d)
	case "people":
		for len(d.b) >= len(person{}) {
			s.keys = append(s.keys, person(d.take(uint64(len(person{})))))
		}
	case "ever":
		s.ever[uint16(n)] = d.set()
	case "day":
		s.days[int32(n)] = readDay(d)
		s.newest = max(s.newest, int32(n))
	case "watched":
		r.readWatched(d)
	case "live":
		s.live = readSeats(d)
	case "errors":
		r.failures.read(d)
	case "places":
		r.joiner.places.read(d)
	case "minute":
		r.joiner.minutes[n] = readTraffic(d)
	case "hour":
		r.joiner.hours[n] = readTraffic(d)
	default:
		return fmt.Errorf("part %s is of a kind that this program does not know", name)
	}
	if d.err != nil {
		return fmt.Errorf("part %s: %w", name, d.err)
	}
	return nil
}

func (r *Room) writeMeta(e *encoder) {
	e.int(r.clock)
	e.int(r.joiner.booked)
	e.int(r.state.evicted)
	for _, v := range []float64{r.state.late, r.state.appsBeyond, r.state.featsBeyond, r.state.beyond, r.failures.beyond, r.joiner.hurried, r.joiner.places.beyond} {
		e.float(v)
	}
	e.uint(uint64(len(r.tail)))
	for k, n := range r.tail {
		e.uint(uint64(k.table))
		e.int(k.received)
		e.uint(uint64(n))
	}
}

func (r *Room) readMeta(d *decoder) {
	r.clock, r.joiner.booked, r.state.evicted = d.int(), d.int(), d.int()
	for _, v := range []*float64{&r.state.late, &r.state.appsBeyond, &r.state.featsBeyond, &r.state.beyond, &r.failures.beyond, &r.joiner.hurried, &r.joiner.places.beyond} {
		*v = d.float()
	}
	for range d.len() {
		k := batchKey{rowstore.Table(d.uint()), d.int()}
		r.tail[k] = uint32(d.uint())
	}
}

func (s *state) writeTables(e *encoder) {
	e.uint(uint64(len(s.slices)))
	for _, x := range s.slices {
		e.uint(uint64(x.mask))
		e.app(x.App)
	}
	e.uint(uint64(len(s.ofApp)))
	for a := range s.ofApp {
		e.app(a)
	}
	e.uint(uint64(len(s.features)))
	for _, f := range s.features {
		e.uint(uint64(f.app))
		e.uint(uint64(f.kind))
		e.text(f.name)
	}
	s.beyondApps.write(e)
	s.beyondNames.write(e)
}

func (s *state) readTables(d *decoder) {
	s.slices, s.sliceOf = nil, map[slice]uint16{}
	for range d.len() {
		mask := uint8(d.uint())
		s.addSlice(slice{d.app(), mask})
	}
	for range d.len() {
		s.enlist(d.app())
	}
	for range d.len() {
		f := feature{app: uint16(d.uint()), kind: byte(d.uint()), name: d.text()}
		n := uint32(len(s.features))
		s.features = append(s.features, f)
		if f.kind != 0 {
			s.admit(f, n)
		} else {
			s.freeFeatures = append(s.freeFeatures, n)
		}
	}
	s.tablesDirty = false
	if s.unlisted = len(d.b) == 0; !s.unlisted {
		s.beyondApps.read(d)
		s.beyondNames.read(d)
	}
}

// saved is a watched funnel as it is written; the question's own JSON leaves the expressions out.
type saved struct {
	Watched
	Where   rowstore.Expr
	Steps   []rowstore.Expr
	Exclude []rowstore.Expr
}

func (r *Room) writeWatched(e *encoder) {
	list := make([]saved, len(r.watched))
	for i, w := range r.watched {
		list[i] = saved{Watched: w, Where: w.Ask.Where}
		for _, s := range w.Ask.Steps {
			list[i].Steps = append(list[i].Steps, s.Where)
		}
		for _, x := range w.Ask.Exclude {
			list[i].Exclude = append(list[i].Exclude, x.Where)
		}
	}
	body, err := json.Marshal(list)
	if err != nil { // plain structs of text and numbers
		panic("usage: encode watched funnels: " + err.Error())
	}
	e.b = append(e.b, body...)
}

func (r *Room) readWatched(d *decoder) {
	var list []saved
	if err := json.Unmarshal(d.b, &list); err != nil {
		d.bad()
		return
	}
	for _, x := range list {
		x.Ask.Where = x.Where
		if len(x.Steps) != len(x.Ask.Steps) || len(x.Exclude) != len(x.Ask.Exclude) {
			d.bad()
			return
		}
		for i := range x.Steps {
			x.Ask.Steps[i].Where = x.Steps[i]
		}
		for i := range x.Exclude {
			x.Ask.Exclude[i].Where = x.Exclude[i]
		}
		r.watched = append(r.watched, x.Watched)
	}
}

// errUnlisted says that a server of an earlier version had no room for some applications or names and did not list them.
var errUnlisted = errors.New("some applications or names were beyond the bound, and there is more room now")

// restored puts what follows from the parts right once all of them are read.
func (r *Room) restored() error {
	s := r.state
	for n, key := range s.keys {
		if key == (person{}) {
			s.free = append(s.free, uint32(n))
			continue
		}
		s.number[key] = uint32(n)
	}
	for id, x := range s.slices {
		if s.ever[uint16(id)] == nil && (x.mask == 0 || x.mask == byAll) {
			s.ever[uint16(id)] = roaring.New()
		}
	}
	if s.unlisted && s.appsBeyond+s.featsBeyond > 0 {
		return errUnlisted
	}
	if len(s.slices) == 0 || s.slices[0] != (slice{}) {
		return fmt.Errorf("the tables do not begin with everything")
	}
	return nil
}

// readOrder puts parts that others refer to first.
func readOrder(names []string) {
	rank := func(name string) (int, int) {
		kind, number, _ := strings.Cut(name, "-")
		n, _ := strconv.Atoi(number)
		return slices.Index([]string{"tables", "people", "ever", "day", "live", "errors", "places", "minute", "hour", "watched", "meta"}, kind), n
	}
	slices.SortFunc(names, func(a, b string) int {
		ka, na := rank(a)
		kb, nb := rank(b)
		if ka != kb {
			return ka - kb
		}
		return na - nb
	})
}
