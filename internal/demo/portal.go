package demo

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/trace"
)

// How a healthy portal does: the shares are one in so many filings.
const (
	mishapEvery = 220 // answered 500 by one of the services in turn: 0.45 %
	slowEvery   = 300 // looked up for 2 to 3 s by validate: 0.33 %
)

// What breaking does to a service: one in so many filings suffers.
const (
	brokenValidateEvery = 4 // 3 to 6 s: 25 %
	brokenAcceptEvery   = 4 // 503: 25 %
)

// effects say what breaking each service does, in words that a person reads beside the switch.
var effects = map[string]string{
	Intake:   "runs release 4.2, which answers 500 to filings whose form 8949 says VARIOUS, one in eight",
	Validate: "takes 3 to 6 seconds for one in four filings",
	Accept:   "refuses one in four filings with 503",
}

// portal is the services, their books, and the voices by which they speak of what they do.
type portal struct {
	web                      *station // what browsers talk to
	intake, validate, accept *station // what a filing goes through; they can be broken
	benefits                 *station // the second agency's
	books                    *books
	register                 register
	speakers                 atomic.Pointer[speakers]
	mails                    chan receipt
	serving                  sync.WaitGroup
}

func newPortal(ctx context.Context, log *slog.Logger, b *books) (*portal, error) {
	p := &portal{books: b, mails: make(chan receipt, mailQueue)}
	for _, s := range []struct {
		to           **station
		name, agency string
	}{{&p.web, Portal, agency}, {&p.intake, Intake, agency}, {&p.validate, Validate, agency}, {&p.accept, Accept, agency}, {&p.benefits, Benefits, otherAgency}} {
		made, err := newStation(ctx, s.name, s.agency, log)
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
	p.pages()
	if err := p.intake.emitter.Registerer().Register(b); err != nil {
		p.close(ctx)
		return nil, fmt.Errorf("register the business counters: %w", err)
	}
	return p, nil
}

// stations are the services that a filing goes through, in order. They have a switch.
func (p *portal) stations() []*station { return []*station{p.intake, p.validate, p.accept} }

// made are all services that there are, the front one first.
func (p *portal) made() []*station {
	var made []*station
	for _, s := range []*station{p.web, p.intake, p.validate, p.accept, p.benefits} {
		if s != nil {
			made = append(made, s)
		}
	}
	return made
}

// run serves until close; ctx ends the mailer.
func (p *portal) run(ctx context.Context) {
	for _, s := range p.made() {
		p.serving.Go(s.run)
	}
	p.serving.Go(func() { p.sendMails(ctx) })
}

// send has the services say at url what they do.
func (p *portal) send(ctx context.Context, url string) error {
	s, err := newSpeakers(ctx, url, p)
	if err != nil {
		return err
	}
	p.speakers.Store(s)
	return nil
}

// hush sends what waits to be said, until ctx ends; nothing is said any more.
func (p *portal) hush(ctx context.Context) {
	if s := p.speakers.Swap(nil); s != nil {
		s.close(ctx)
	}
}

// close ends the services, the front one first.
func (p *portal) close(ctx context.Context) {
	for _, s := range p.made() {
		s.close(ctx)
	}
	p.serving.Wait()
	p.hush(ctx)
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
	v := p.intake.voice()
	trace.SpanFromContext(ctx).SetAttributes(f.attributes()...)
	if err := p.parse(ctx, v, f); err != nil {
		v.log.ErrorContext(ctx, err.Error(), f.about(), "http.route", "/filings", "error.type", schemaError)
		return http.StatusInternalServerError, answer{Status: failed, Reason: err.Error()}
	}
	if mishap(f, Intake) {
		v.log.ErrorContext(ctx, "filing failed: no free worker within 2 s", f.about(), "http.route", "/filings", "error.type", "PoolExhausted")
		return http.StatusInternalServerError, answer{Status: failed, Reason: "intake: internal error"}
	}
	if err := pause(ctx, latency{30 * time.Millisecond, 0.5, 200 * time.Millisecond}.draw()); err != nil {
		return 0, answer{Status: failed}
	}
	for _, next := range []struct{ service, url string }{{Validate, p.validate.url() + "/validations"}, {Accept, p.accept.url() + "/acceptances"}} {
		a, err := p.intake.ask(ctx, next.service, next.url, f)
		if err != nil {
			if ctx.Err() == nil {
				v.log.ErrorContext(ctx, "filing failed: "+next.service+" answered with an error", f.about(), "http.route", "/filings", "error.type", "UpstreamError")
			}
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

// parse reads the filing by the schema of the release that runs.
func (p *portal) parse(ctx context.Context, v *voice, f filing) error {
	ctx, span := v.start(ctx, "parse return", trace.SpanKindInternal, f.attributes()...)
	defer span.End()
	schema := oldSchema
	if p.intake.broken() {
		schema = newSchema
	}
	if err := schema(f); err != nil {
		fail(span, schemaError, err)
		return err
	}
	if f.User != "" || drawn(f.Number, 5, "told") {
		v.log.InfoContext(ctx, fmt.Sprintf("return taken in: %s, %d kB", f.form(), 8+hash(f.Number, "bytes")%60), f.about(), "release", f.Release)
	}
	if drawn(f.Number, 400, "large") {
		v.log.WarnContext(ctx, "attachment larger than 2 MB, kept apart from the return", f.about(), "bytes", 2<<20+hash(f.Number, "bytes")%(4<<20))
	}
	return nil
}

// check is the validate service.
func (p *portal) check(w http.ResponseWriter, r *http.Request) {
	f, ok := read(w, r)
	if !ok {
		return
	}
	ctx, v := r.Context(), p.validate.voice()
	trace.SpanFromContext(ctx).SetAttributes(f.attributes()...)
	takes, slow := latency{150 * time.Millisecond, 0.55, 1200 * time.Millisecond}.draw(), false
	switch {
	case p.validate.broken() && drawn(f.Number, brokenValidateEvery, "broken validate"):
		takes, slow = spread(f, 3*time.Second, 6*time.Second), true
	case drawn(f.Number, slowEvery, "slow"):
		takes, slow = spread(f, 2100*time.Millisecond, 3*time.Second), true
	}
	err := v.worked(ctx, "SELECT directory.taxpayers", takes, attribute.String("db.system.name", "postgresql"), attribute.String("db.namespace", "directory"),
		attribute.String("server.address", "directory-db"), attribute.String("db.operation.name", "SELECT"), attribute.String("db.collection.name", "taxpayers"),
		attribute.String("db.query.text", "SELECT name_control, prior_year_agi FROM taxpayers WHERE id = $1"))
	if err != nil {
		return
	}
	if slow {
		v.log.WarnContext(ctx, "the directory was slow to answer", f.about(), "seconds", takes.Seconds())
	}
	if mishap(f, Validate) {
		v.log.ErrorContext(ctx, "directory: connection reset by peer", f.about(), "http.route", "/validations", "error.type", "ConnectionReset")
		reply(w, http.StatusInternalServerError, answer{Status: failed, Reason: "validate: internal error"})
		return
	}
	if reason := f.check(); reason != "" {
		switch reason {
		case reasonIdentity:
			v.log.WarnContext(ctx, "name control does not match the directory for SSN "+socialSecurity(f.Number), f.about())
		default:
			v.log.InfoContext(ctx, "return rejected: "+strings.ReplaceAll(reason, "_", " "), f.about())
		}
		reply(w, http.StatusUnprocessableEntity, answer{Status: rejected, Reason: reason})
		return
	}
	if f.User != "" || drawn(f.Number, 6, "confirmed") {
		v.log.InfoContext(ctx, "identity confirmed: "+[...]string{"name control and prior-year AGI match", "identity PIN matches", "known device, PIN matches"}[hash(f.Number, "way")%3], f.about())
	}
	if drawn(f.Number, 90, "cache") {
		v.log.InfoContext(ctx, "directory cache refreshed", "entries", 180_000+hash(f.Number, "cache")%9000)
	}
	reply(w, http.StatusOK, answer{Status: accepted})
}

// record is the accept service.
func (p *portal) record(w http.ResponseWriter, r *http.Request) {
	f, ok := read(w, r)
	if !ok {
		return
	}
	ctx, v := r.Context(), p.accept.voice()
	trace.SpanFromContext(ctx).SetAttributes(f.attributes()...)
	if p.accept.broken() && drawn(f.Number, brokenAcceptEvery, "broken accept") {
		v.log.ErrorContext(ctx, "not taking filings: the ledger refuses connections, 100 of 100 in use", f.about(), "http.route", "/acceptances", "error.type", "TooManyConnections")
		reply(w, http.StatusServiceUnavailable, answer{Status: failed, Reason: "accept: not taking filings"})
		return
	}
	err := v.worked(ctx, "INSERT ledger.filings", latency{80 * time.Millisecond, 0.5, 500 * time.Millisecond}.draw(),
		database("INSERT", "filings", "INSERT INTO filings (id, taxpayer, form, tax_year) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING")...)
	if err != nil {
		return
	}
	if mishap(f, Accept) {
		v.log.ErrorContext(ctx, "ledger: deadlock detected, the transaction was rolled back", f.about(), "http.route", "/acceptances", "error.type", "Deadlock")
		reply(w, http.StatusInternalServerError, answer{Status: failed, Reason: "accept: internal error"})
		return
	}
	if !p.register.add(f.Taxpayer, f.Number) {
		v.log.WarnContext(ctx, "a filing of this taxpayer stands already", f.about())
		reply(w, http.StatusConflict, answer{Status: rejected, Reason: reasonDuplicate})
		return
	}
	a := answer{Status: accepted, Receipt: fmt.Sprintf("1040-%012d", f.Number)}
	switch {
	case f.User != "":
		v.log.InfoContext(ctx, "filing recorded, receipt "+a.Receipt, f.about())
	case drawn(f.Number, 8, "batch"):
		v.log.InfoContext(ctx, fmt.Sprintf("filings of transmitter %05d recorded, the last is %s", 10_000+hash(f.Number, "transmitter")%40, a.Receipt), f.about())
	case drawn(f.Number, 250, "checkpoint"):
		v.log.InfoContext(ctx, "ledger checkpoint complete", "wal.bytes", 16<<20+hash(f.Number, "wal")%(8<<20))
	}
	if f.User != "" { // transmitters fetch their receipts themselves
		p.enqueue(ctx, f)
	}
	reply(w, http.StatusCreated, a)
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
