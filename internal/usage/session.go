package usage

import (
	"cmp"
	"slices"
	"sort"
	"time"
)

// The rule of sessions: an event that comes 30 minutes or more after the one before begins a session, and so does one that
// comes 24 hours or more after the session's first. A session lasts from its first event to its last.
const (
	sessionGap = int64(30 * time.Minute / time.Microsecond)
	sessionCap = int64(24 * time.Hour / time.Microsecond)
)

// Session is one session of one person: microseconds of its first and last event, how many events, and what they were.
type Session struct {
	First, Last int64
	Actions     uint32
	Views       uint8 // page views, up to 2
	Acts        uint8 // interactions, up to 1
}

// Seconds is how long it lasted.
func (s Session) Seconds() float64 { return float64(s.Last-s.First) / 1e6 }

// Bounce reports one page view and no interaction.
func (s Session) Bounce() bool { return s.Views == 1 && s.Acts == 0 }

// Act is one event of a person.
type Act struct {
	Time     int64 // Unix microseconds
	View     bool  // a page view
	Interact bool  // something that the person did
}

func (a Act) session() Session {
	s := Session{First: a.Time, Last: a.Time, Actions: 1}
	if a.View {
		s.Views = 1
	}
	if a.Interact {
		s.Acts = 1
	}
	return s
}

// with joins two sessions, or a session and an event, into one.
func (s Session) with(o Session) Session {
	return Session{First: min(s.First, o.First), Last: max(s.Last, o.Last), Actions: s.Actions + o.Actions, Views: min(2, s.Views+o.Views), Acts: max(s.Acts, o.Acts)}
}

// Split cuts the events of one person into sessions. The events may come in any order and are put in order of time.
func Split(acts []Act) []Session { return split(nil, acts) }

// split appends the sessions to out.
func split(out []Session, acts []Act) []Session {
	byTime := func(a, b Act) int { return cmp.Compare(a.Time, b.Time) }
	if !slices.IsSortedFunc(acts, byTime) {
		slices.SortStableFunc(acts, byTime)
	}
	for _, a := range acts {
		if n := len(out); n > 0 && a.Time-out[n-1].Last < sessionGap && a.Time-out[n-1].First < sessionCap {
			out[n-1] = out[n-1].with(a.session())
			continue
		}
		out = append(out, a.session())
	}
	return out
}

// insert adds one event, that may be late, to the sessions of a person in order of time, and returns them with what changed:
// the sessions that are gone, and those that stand in their place. It does what Split does over all events as long as no
// run of events reaches the 24 hours that end a session; where one does, what came in order stays as it was cut, and a late
// event joins the session that it meets.
func insert(ss []Session, a Act) (out []Session, gone, came []Session) {
	i := sort.Search(len(ss), func(i int) bool { return ss[i].First > a.Time }) // ss[i-1].First <= a.Time
	s := a.session()
	from, to := i, i // sessions that become one
	if i > 0 {
		l := ss[i-1]
		if inside := a.Time <= l.Last; inside || a.Time-l.Last < sessionGap && a.Time-l.First < sessionCap {
			from, s = i-1, l.with(s)
			gone = append(gone, l)
		}
	}
	if i < len(ss) {
		r := ss[i]
		if r.First-s.Last < sessionGap && r.Last-s.First < sessionCap {
			to, s = i+1, s.with(r)
			gone = append(gone, r)
		}
	}
	switch to - from {
	case 0:
		ss = append(ss, Session{})
		copy(ss[i+1:], ss[i:])
		ss[i] = s
	case 1:
		ss[from] = s
	case 2:
		ss[from] = s
		ss = append(ss[:from+1], ss[from+2:]...)
	}
	return ss, gone, []Session{s}
}

// tally is sessions counted.
type tally struct {
	sessions, actions, bounces int64
	micros                     int64
	lasted                     spread
}

func (t *tally) add(s Session, sign int64) {
	t.plain(s, sign)
	t.lasted.add(s.Seconds(), float64(sign))
}

// plain counts all of a session but its length.
func (t *tally) plain(s Session, sign int64) {
	t.sessions += sign
	t.actions += sign * int64(s.Actions)
	t.micros += sign * (s.Last - s.First)
	if s.Bounce() {
		t.bounces += sign
	}
}

func (t *tally) merge(o *tally) {
	t.sessions, t.actions, t.bounces, t.micros = t.sessions+o.sessions, t.actions+o.actions, t.bounces+o.bounces, t.micros+o.micros
	t.lasted.merge(&o.lasted)
}

func (t *tally) point(at int64) SessionPoint {
	n := float64(t.sessions)
	return SessionPoint{At: at, Sessions: t.sessions, Actions: t.actions, Bounces: t.bounces,
		Median: t.lasted.quantile(0.5), P95: t.lasted.quantile(0.95), Mean: share(float64(t.micros)/1e6, n),
		Per: share(float64(t.actions), n), Bounce: share(float64(t.bounces), n)}
}

// brackets cuts durations for the eye.
func brackets() []float64 { return []float64{0, 1, 10, 30, 60, 180, 600, 1800, 3600, 7200} }

func (t *tally) distribution() []SessionBracket {
	return bracketed(t.sessions, func(add func(float64, int64)) {
		for bucket, n := range t.lasted.each {
			add(spreadValue(bucket), int64(n))
		}
	})
}

// distributionOf is the distribution of sessions of which each one's seconds are known.
func distributionOf(seconds []float64) []SessionBracket {
	return bracketed(int64(len(seconds)), func(add func(float64, int64)) {
		for _, v := range seconds {
			add(v, 1)
		}
	})
}

// bracketed is the distribution of what each adds: seconds, and of how many sessions.
func bracketed(sessions int64, each func(add func(seconds float64, n int64))) []SessionBracket {
	edges := brackets()
	out := make([]SessionBracket, len(edges))
	for i := range edges {
		out[i].From = edges[i]
		if i+1 < len(edges) {
			out[i].To = &edges[i+1]
		}
	}
	each(func(seconds float64, n int64) {
		b := len(edges) - 1
		for b > 0 && seconds < edges[b] {
			b--
		}
		out[b].Sessions += n
	})
	for i := range out {
		out[i].Share = share(float64(out[i].Sessions), float64(sessions))
	}
	return out
}
