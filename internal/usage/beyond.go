package usage

import (
	"maps"
	"slices"
	"strings"
)

// beyond is the applications that something is not kept of for want of room, each with the newest day of it. An answer about
// one of them has to come from the rows: what is kept would say nothing, and nothing looks like nobody.
type beyond struct {
	days map[App]int32
	rest int32 // newest day of applications that are not even listed; before all days: there are none
}

const (
	maxBeyond = 5000
	noDay     = -1 << 31
)

func newBeyond() beyond { return beyond{map[App]int32{}, noDay} }

// of puts a kind of feature in front of an application, so that each kind is known by an App of its own.
func (a App) of(kind byte) App {
	a.Service = string(kind) + a.Service
	return a
}

func (b *beyond) has(a App) bool {
	_, ok := b.days[a]
	return ok
}

// add notes something of an application on a day, and reports whether that is news.
func (b *beyond) add(a App, d int32) bool {
	was, ok := b.days[a]
	if ok && was >= d {
		return false
	}
	if !ok {
		if len(b.days) >= maxBeyond {
			was = b.rest
			b.rest = max(b.rest, d)
			return was != b.rest
		}
		a = App{strings.Clone(a.Service), strings.Clone(a.Env), strings.Clone(a.Agency)}
	}
	b.days[a] = d
	return true
}

// since reports whether anything is missing on a day or later of an application that chosen accepts.
func (b *beyond) since(d int32, chosen func(App) bool) bool {
	if b.rest >= d {
		return true
	}
	for a, last := range b.days {
		if last >= d && chosen(a) {
			return true
		}
	}
	return false
}

// expire forgets what was missing before a day.
func (b *beyond) expire(first int32) (changed bool) {
	n := len(b.days)
	maps.DeleteFunc(b.days, func(_ App, last int32) bool { return last < first })
	if b.rest != noDay && b.rest < first {
		b.rest, changed = noDay, true
	}
	return changed || len(b.days) != n
}

func (b *beyond) write(e *encoder) {
	e.int(int64(b.rest))
	e.uint(uint64(len(b.days)))
	for _, a := range slices.SortedFunc(maps.Keys(b.days), App.compare) {
		e.app(a)
		e.int(int64(b.days[a]))
	}
}

func (b *beyond) read(d *decoder) {
	b.rest = int32(d.int())
	for range d.len() {
		a := d.app()
		b.days[a] = int32(d.int())
	}
}

// lacks reports whether the standing numbers miss an application that a scope chooses, on any day.
func (s *state) lacks(q Scope) bool {
	if q.App == (App{}) && q.See == nil {
		return false
	}
	return s.beyondApps.since(noDay+1, q.chooses)
}

// lacksNames reports whether uses of a kind of feature were not counted on a day or later.
func (s *state) lacksNames(q Scope, kind byte, first int32) bool {
	return s.beyondNames.since(first, func(a App) bool {
		if a.Service[0] != kind {
			return false
		}
		a.Service = a.Service[1:]
		return q.chooses(a)
	})
}

// chooses reports whether a scope chooses an application.
func (q Scope) chooses(a App) bool {
	return a.masked(maskOf(q.App)).App == q.App && (q.See == nil || q.See(a))
}
