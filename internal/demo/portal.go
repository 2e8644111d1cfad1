package demo

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"sync"
	"time"
)

// How a healthy portal does: the shares are one in so many filings.
const (
	mishapEvery = 220 // answered 500 by one of the services in turn: 0.45 %
	slowEvery   = 300 // looked up for 2 to 3 s by validate: 0.33 %
)

// What breaking does to a service: one in so many filings suffers.
const (
	brokenIntakeEvery   = 8 // 500 at once: 12.5 %
	brokenValidateEvery = 4 // 3 to 6 s: 25 %
	brokenAcceptEvery   = 4 // 503: 25 %
)

// effects say what breaking each service does, in words that a person reads beside the switch.
var effects = map[string]string{
	Intake:   "answers 500 to one in eight filings",
	Validate: "takes 3 to 6 seconds for one in four filings",
	Accept:   "refuses one in four filings with 503",
}

// portal is the three services and their books.
type portal struct {
	intake, validate, accept *station
	books                    *books
	register                 register
	serving                  sync.WaitGroup
}

func newPortal(ctx context.Context, log *slog.Logger, b *books) (*portal, error) {
	p := &portal{books: b}
	for _, s := range []struct {
		to   **station
		name string
	}{{&p.intake, Intake}, {&p.validate, Validate}, {&p.accept, Accept}} {
		made, err := newStation(ctx, s.name, log)
		if err != nil {
			p.close(ctx)
			return nil, err
		}
		*s.to = made
	}
	p.intake.mux.HandleFunc("POST /filings", p.file)
	p.intake.mux.Handle("GET /runbooks/", runbooks())
	p.validate.mux.HandleFunc("POST /validations", p.check)
	p.accept.mux.HandleFunc("POST /acceptances", p.record)
	if err := p.intake.emitter.Registerer().Register(b); err != nil {
		p.close(ctx)
		return nil, fmt.Errorf("register the business counters: %w", err)
	}
	return p, nil
}

// stations are the services in the order in which a filing meets them.
func (p *portal) stations() []*station {
	var made []*station
	for _, s := range []*station{p.intake, p.validate, p.accept} {
		if s != nil {
			made = append(made, s)
		}
	}
	return made
}

func (p *portal) run() {
	for _, s := range p.stations() {
		p.serving.Go(s.run)
	}
}

// close ends the services, the front one first.
func (p *portal) close(ctx context.Context) {
	for _, s := range p.stations() {
		s.close(ctx)
	}
	p.serving.Wait()
}

// file is the intake service: it takes a filing, has it validated and accepted, and books how it ended.
func (p *portal) file(w http.ResponseWriter, r *http.Request) {
	f, ok := read(w, r)
	if !ok {
		return
	}
	status, a := p.decide(r.Context(), f)
	if r.Context().Err() != nil {
		return // the taxpayer has gone, nobody was answered
	}
	p.books.enter(a)
	reply(w, status, a)
}

// decide takes a filing through the portal and returns the status and the answer that the taxpayer gets.
func (p *portal) decide(ctx context.Context, f filing) (int, answer) {
	if p.intake.broken() && drawn(f.Number, brokenIntakeEvery, "broken intake") || mishap(f, Intake) {
		return http.StatusInternalServerError, answer{Status: failed, Reason: "intake: internal error"}
	}
	if err := pause(ctx, latency{30 * time.Millisecond, 0.5, 200 * time.Millisecond}.draw()); err != nil {
		return 0, answer{Status: failed}
	}
	for _, next := range []string{p.validate.url() + "/validations", p.accept.url() + "/acceptances"} {
		a, err := p.intake.ask(ctx, next, f)
		if err != nil {
			p.intake.log.DebugContext(ctx, "filing failed", "number", f.Number, "err", err)
			return http.StatusBadGateway, answer{Status: failed, Reason: "the portal could not take the filing, please send it again"}
		}
		if a.Status == rejected {
			return http.StatusUnprocessableEntity, a
		}
		if a.Receipt != "" {
			return http.StatusCreated, a
		}
	}
	return http.StatusBadGateway, answer{Status: failed, Reason: "no receipt"}
}

// check is the validate service.
func (p *portal) check(w http.ResponseWriter, r *http.Request) {
	f, ok := read(w, r)
	if !ok {
		return
	}
	takes := latency{150 * time.Millisecond, 0.55, 1200 * time.Millisecond}.draw()
	switch {
	case p.validate.broken() && drawn(f.Number, brokenValidateEvery, "broken validate"):
		takes = spread(f, 3*time.Second, 6*time.Second)
	case drawn(f.Number, slowEvery, "slow"):
		takes = spread(f, 2100*time.Millisecond, 3*time.Second)
	}
	if pause(r.Context(), takes) != nil {
		return
	}
	if mishap(f, Validate) {
		reply(w, http.StatusInternalServerError, answer{Status: failed, Reason: "validate: internal error"})
		return
	}
	if reason := f.check(); reason != "" {
		reply(w, http.StatusUnprocessableEntity, answer{Status: rejected, Reason: reason})
		return
	}
	reply(w, http.StatusOK, answer{Status: accepted})
}

// record is the accept service.
func (p *portal) record(w http.ResponseWriter, r *http.Request) {
	f, ok := read(w, r)
	if !ok {
		return
	}
	if p.accept.broken() && drawn(f.Number, brokenAcceptEvery, "broken accept") {
		reply(w, http.StatusServiceUnavailable, answer{Status: failed, Reason: "accept: not taking filings"})
		return
	}
	if pause(r.Context(), latency{80 * time.Millisecond, 0.5, 500 * time.Millisecond}.draw()) != nil {
		return
	}
	if mishap(f, Accept) {
		reply(w, http.StatusInternalServerError, answer{Status: failed, Reason: "accept: internal error"})
		return
	}
	if !p.register.add(f.Taxpayer, f.Number) {
		reply(w, http.StatusConflict, answer{Status: rejected, Reason: reasonDuplicate})
		return
	}
	reply(w, http.StatusCreated, answer{Status: accepted, Receipt: fmt.Sprintf("1040-%012d", f.Number)})
}

// mishap reports whether this filing is one that the named service fails at though nothing is broken.
func mishap(f filing, service string) bool {
	turn := []string{Intake, Validate, Accept}[hash(f.Number/mishapEvery, "turn")%3]
	return turn == service && drawn(f.Number, mishapEvery, "mishap")
}

// spread is a duration between from and to, the same for the same filing.
func spread(f filing, from, to time.Duration) time.Duration {
	return from + time.Duration(hash(f.Number, "spread")%uint64(to-from))
}

// register is the accept service's memory of who has filed, the newest filings only.
type register struct {
	mu     sync.Mutex
	filed  map[string]int64
	newest [registerSize]string
	next   int
}

const registerSize = 20_000

// add books a taxpayer's filing and reports false if another filing of theirs stands.
func (r *register) add(taxpayer string, number int64) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.filed == nil {
		r.filed = map[string]int64{}
	}
	if standing, ok := r.filed[taxpayer]; ok {
		return standing == number // the same filing sent again is no second one
	}
	delete(r.filed, r.newest[r.next])
	r.newest[r.next] = taxpayer
	r.next = (r.next + 1) % registerSize
	r.filed[taxpayer] = number
	return true
}
