package demo

import (
	"math/rand/v2"
	"strconv"
	"time"
)

// A visit is one person's visit to an agency's pages: what they look at, do, and leave undone. The same script is played in
// life, where waiting takes time and filing asks the portal, and for the weeks before, where only its events are written.

// stage is where a visit is played.
type stage interface {
	wait(d time.Duration) bool // false: the visit is over
	page(route string)
	track(h happening)
	file(form string, again bool) ending // files a return and says how it ended
	pay(dollars float64) bool
	lookUp() bool // asks for the refund, or for the statement
}

// happening is an event of a visit.
type happening struct {
	name, route string
	value       float64
	failed      string // type of error; empty = all is well
	body        string // a comment, an error's message
	props       [2]property
}

type property struct{ key, value string }

// ending is how a filing ended.
type ending int

const (
	takenIn ending = iota
	turnedDown
	lost // the visit ended before the answer, or there was none
)

// What brings people. The order is of no importance.
const (
	glance    = iota // one page, and gone
	browsing         // looks for help
	toFile           // fills in the form
	forRefund        // asks after the refund
	statement        // the other agency's yearly statement
)

// The forms that people file with. Of ten in a row, three have capital gains to declare.
const (
	form1040   = "1040"
	form1040SR = "1040-SR"
	form8949   = "1040 with 8949"
)

// The releases of the form.
const (
	classicForm = "classic-form"
	newForm     = "form-2026"
)

// steps are the pages of the form, with the share of people whom each loses, in either release.
var steps = [...]struct {
	name         string
	classic, new float64
}{{"identity", 0.05, 0.03}, {"income", 0.14, 0.05}, {"deductions", 0.10, 0.04}, {"review", 0.04, 0.03}, {"sign", 0.04, 0.03}}

type visit struct {
	person  person
	kind    int
	session string
	release string
	form    string
	rng     *rand.Rand
}

// play plays the visit and reports whether a return was accepted.
func (v *visit) play(s stage) bool {
	switch v.kind {
	case toFile:
		return v.file(s)
	case browsing:
		s.page("/")
		if v.think(s, 20) {
			s.page("/forms")
		}
		if v.think(s, 40) && v.chance(0.6) {
			s.page("/help")
			v.help(s, "which form do I need")
		}
	case forRefund:
		s.page("/")
		if !v.think(s, 20) {
			return false
		}
		s.page("/refund")
		if s.lookUp() {
			s.track(happening{name: "refund_status_viewed", route: "/refund", props: [2]property{{"status", pick(v.rng, "received", "approved", "approved", "sent")}}})
		}
		if v.think(s, 60) && v.chance(0.2) {
			v.help(s, "where is my refund")
		}
		v.survey(s, 0.12, takenIn)
	case statement:
		s.page("/statement")
		if !v.think(s, 25) {
			return false
		}
		if s.lookUp() {
			s.track(happening{name: "statement_viewed", route: "/statement"})
		}
		if v.think(s, 30) && v.chance(0.7) {
			s.track(happening{name: "statement_downloaded", route: "/statement"})
		}
	default:
		s.page(pick(v.rng, "/", "/", "/refund", "/forms"))
	}
	return false
}

// file is the form, from its first page to the receipt and, for some, the payment.
func (v *visit) file(s stage) bool {
	s.page("/")
	if !v.think(s, 8) {
		return false
	}
	s.page("/file")
	s.track(happening{name: "filing_started", route: "/file", props: [2]property{{"form", v.form}}})
	for i, step := range steps {
		if !v.think(s, 42) {
			return false
		}
		s.track(happening{name: "form_step", route: "/file/" + step.name, value: float64(i + 1), props: [2]property{{"step", step.name}, {"form", v.form}}})
		loses := step.new
		if v.release == classicForm {
			loses = step.classic
			if v.chance(0.01) {
				s.track(happening{name: "js_error", route: "/file/" + step.name, failed: "TypeError", body: "Cannot read properties of undefined (reading 'amount')"})
			}
		}
		if v.chance(0.05) {
			v.help(s, step.name)
		}
		if v.chance(loses) {
			return false
		}
	}
	end := s.file(v.form, false)
	if end == turnedDown {
		if !v.think(s, 12) {
			return false
		}
		v.help(s, "my return was rejected")
		if v.think(s, 20) && v.chance(0.4) {
			end = s.file(v.form, true)
		}
	}
	if end == takenIn {
		s.page("/file/done")
		if v.chance(0.35) && v.think(s, 10) {
			v.pay(s)
		}
	}
	if end != lost && v.think(s, 6) {
		v.survey(s, 0.4, end)
	}
	return end == takenIn
}

func (v *visit) pay(s stage) {
	dollars := float64(20 + v.rng.IntN(4000))
	s.track(happening{name: "payment_started", route: "/pay", value: dollars})
	if v.think(s, 30) && v.chance(0.94) && s.pay(dollars) {
		s.track(happening{name: "payment_done", route: "/pay", value: dollars})
	}
}

func (v *visit) help(s stage, topic string) {
	s.track(happening{name: "help_opened", route: "/help", props: [2]property{{"topic", topic}}})
}

// survey asks how it was: those who were turned down say so.
func (v *visit) survey(s stage, share float64, end ending) {
	if !v.chance(share) {
		return
	}
	score, comment := 4+float64(v.rng.IntN(2)), ""
	switch {
	case end == turnedDown:
		score, comment = 1+float64(v.rng.IntN(2)), pick(v.rng, "It says line 1b is wrong. It is not.", "Rejected without a word that helps", "I tried twice. Please call me at 202-555-0143.", "")
	case v.chance(0.15):
		score, comment = 3, pick(v.rng, "Too many pages", "I had to look for the button", "")
	case v.chance(0.3):
		comment = pick(v.rng, "Quick and clear", "Done before my tea was cold", "Finally no paper", "Write to robin.diaz@example.org if you want to know more", "Good")
	}
	s.track(happening{name: surveyEvent, route: "/survey", value: score, body: comment})
}

// think waits as long as people take for something that takes median seconds, the slow ones several times as long.
func (v *visit) think(s stage, median float64) bool {
	return s.wait(latency{time.Duration(median * float64(time.Second)), 0.7, 8 * time.Minute}.drawn(v.rng))
}

func (v *visit) chance(p float64) bool { return v.rng.Float64() < p }

func pick(rng *rand.Rand, of ...string) string { return of[rng.IntN(len(of))] }

// formOf is the form of the nth filing.
func formOf(n int64) string {
	switch n % 10 {
	case 2, 5, 8:
		return form8949
	case 4:
		return form1040SR
	default:
		return form1040
	}
}

// person is a taxpayer who visits. The id is the portal's own: it never is in what Signalbox keeps.
type person struct {
	number int
	agency string
	joins  float64 // at which share of the rollout this person gets the new form, 0 to 1
}

func (p person) id() string { return "taxpayer-" + strconv.Itoa(10_000+p.number) }

// newPerson is the person with a number, the same in every run.
func newPerson(seed uint64, number int) (person, *rand.Rand) {
	rng := rand.New(rand.NewPCG(seed, uint64(number)))
	p := person{number: number, agency: agency, joins: rng.Float64()}
	if rng.Float64() < 0.1 {
		p.agency = otherAgency
	}
	return p, rng
}

// release is the form that a person gets when a share of people has the new one.
func (p person) release(share float64) string {
	switch {
	case p.agency != agency:
		return ""
	case p.joins < share:
		return newForm
	}
	return classicForm
}
