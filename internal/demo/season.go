package demo

import (
	"cmp"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/signalbox/signalbox/internal/rowstore"
)

// The weeks before the demo began, as the agencies' pages saw them. They are made up, from a seed, and only events: no
// measurement and no light of that time is invented. Their source says so.
const (
	// HistorySource is the source of the events of the weeks before.
	HistorySource = "demo history"

	weeksBefore = 12
	daysBefore  = 7 * weeksBefore
	guests      = 5000 // who came at least once in those weeks
	rolloutDay  = 42   // when the new form was first shown to some
)

// season is who came in the weeks before, and what they did.
type season struct {
	now     time.Time
	began   time.Time
	people  []guest
	moments []moment // in order of time
}

// guest is what is known of a visitor when life begins.
type guest struct {
	filed bool
}

// moment is an event of the weeks before.
type moment struct {
	at      int64 // Unix microseconds
	person  person
	session string
	release string
	filing  string
	happening
}

// newSeason makes the weeks before now up.
func newSeason(seed uint64, now time.Time) *season {
	s := &season{now: now, began: now.UTC().Truncate(24*time.Hour).AddDate(0, 0, -daysBefore), people: make([]guest, guests)}
	for n := range s.people {
		s.live(seed, n)
	}
	slices.SortStableFunc(s.moments, func(a, b moment) int { return cmp.Compare(a.at, b.at) })
	return s
}

// live plays one visitor's visits.
func (s *season) live(seed uint64, n int) {
	p, rng := newPerson(seed, n)
	// More people come the nearer the deadline is.
	day := daysBefore * math.Pow(rng.Float64(), 0.75)
	for number := 0; ; number++ {
		at := s.hour(rng, int(day))
		if !at.Before(s.now) {
			return
		}
		filed := &s.people[n].filed
		v := &visit{person: p, kind: kindOf(p, *filed, number > 0, rng), session: fmt.Sprintf("s%d-%d", 10_000+n, number), rng: rng}
		v.release, v.form = p.release(rollout(int(day))), formOf(int64(n))
		record := &record{season: s, visit: v, at: at}
		*filed = v.play(record) || *filed
		stays := 0.72
		gap := 1 + 9*rng.Float64()
		if *filed {
			stays, gap = 0.6, 3+8*rng.Float64()
		}
		if rng.Float64() > stays {
			return
		}
		day += gap
	}
}

// hour is a time of a day: people come before noon and in the evening, and fewer of them at the weekend.
func (s *season) hour(rng *rand.Rand, day int) time.Time {
	if wd := s.began.AddDate(0, 0, day).Weekday(); (wd == time.Saturday || wd == time.Sunday) && rng.Float64() < 0.45 {
		day += 2
	}
	hour := 11 + 2.5*rng.NormFloat64()
	if rng.Float64() < 0.45 {
		hour = 20 + 1.6*rng.NormFloat64()
	}
	hour = min(23.4, max(0.1, hour)) + 0.5*rng.Float64()
	return s.began.AddDate(0, 0, day).Add(time.Duration(hour * float64(time.Hour)))
}

// kindOf is what somebody comes for.
func kindOf(p person, filed, again bool, rng *rand.Rand) int {
	x := rng.Float64()
	switch {
	case p.agency != agency:
		return statement
	case x < 0.2:
		return glance
	case filed:
		return forRefund
	case x < 0.35 && !again:
		return browsing
	case x < 0.9:
		return toFile
	}
	return browsing
}

// rollout is the share of people who have the new form on a day.
func rollout(day int) float64 {
	switch weeks := (day - rolloutDay) / 7; {
	case day < rolloutDay:
		return 0
	default:
		return [...]float64{0.05, 0.15, 0.35, 0.6, 0.8, 0.9}[min(weeks, 5)]
	}
}

// record is the stage on which the weeks before are played: waiting costs nothing, and dice say how a filing ends.
type record struct {
	season *season
	visit  *visit
	at     time.Time
	filing string
}

func (r *record) wait(d time.Duration) bool {
	r.at = r.at.Add(d)
	return r.at.Before(r.season.now)
}

func (r *record) page(route string) { r.track(happening{name: pageView, route: route}) }

func (r *record) track(h happening) {
	r.at = r.at.Add(time.Duration(20+r.visit.rng.IntN(400)) * time.Millisecond)
	if !r.at.Before(r.season.now) {
		return
	}
	r.season.moments = append(r.season.moments, moment{
		at: r.at.UnixMicro(), person: r.visit.person, session: r.visit.session, release: r.visit.release, filing: r.filing, happening: h,
	})
}

func (r *record) file(form string, again bool) ending {
	r.filing = "F-" + r.visit.session[1:]
	if again {
		r.filing += "-2"
	}
	submitted := happening{name: submittedEvent, route: "/file", props: [2]property{{"form", form}}}
	r.track(submitted)
	r.at = r.at.Add(latency{350 * time.Millisecond, 0.5, 4 * time.Second}.drawn(r.visit.rng))
	switch x := r.visit.rng.Float64(); {
	case x < 0.005:
		return lost
	case x < 0.028:
		submitted.name, submitted.props[1] = rejectedEvent, property{"reason", pick(r.visit.rng, reasonIdentity, reasonIdentity, reasonPriorAGI, reasonSchema)}
		r.track(submitted)
		return turnedDown
	}
	submitted.name = acceptedEvent
	r.track(submitted)
	return takenIn
}

func (r *record) pay(float64) bool { return true }

func (r *record) lookUp() bool { return true }

// The events by which KPIs know what became of a filing.
const (
	pageView       = "page_view"
	submittedEvent = "filing_submitted"
	acceptedEvent  = "filing_accepted"
	rejectedEvent  = "filing_rejected"
	failedEvent    = "filing_failed"
	surveyEvent    = "survey"
)

// write fills a batch with the moments of at most a span of time beginning with the first, and returns the others.
func write(b *rowstore.Batch, ms []moment, span time.Duration) []moment {
	b.Reset(rowstore.Events)
	for i := range ms {
		m := &ms[i]
		if m.at >= ms[0].at+span.Microseconds() {
			return ms[i:]
		}
		r := b.Add()
		r.Time, r.Service, r.Env, r.Agency, r.Version = m.at, Browser, environment, m.person.agency, good
		if m.person.agency != agency {
			r.Service = benefitsWeb
		}
		r.Release, r.User, r.Session, r.Business = m.release, m.person.id(), m.session, m.filing
		r.Name, r.Route, r.Value = m.name, m.route, m.value
		if m.name == surveyEvent {
			r.Body = m.body
		} else if m.body != "" {
			b.Attr("message", m.body)
		}
		if m.failed != "" {
			r.Status, r.ErrorType = rowstore.StatusError, m.failed
		}
		for _, p := range m.props {
			if p.key != "" {
				b.Attr(p.key, p.value)
			}
		}
	}
	return nil
}
