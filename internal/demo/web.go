package demo

import (
	"context"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/trace"

	"github.com/signalbox/signalbox/emit"
)

// pages are the pages that people open in their browser.
func (p *portal) pages() {
	for _, route := range []string{"/{$}", "/forms", "/help", "/file", "/file/done", "/refund", "/pay"} {
		p.web.mux.HandleFunc("GET "+route, p.page)
	}
	p.web.mux.HandleFunc("POST /filings", p.forward)
	p.web.mux.HandleFunc("GET /refunds", p.refund)
	p.web.mux.HandleFunc("POST /payments", p.payment)
	p.benefits.mux.HandleFunc("GET /statement", p.page)
	p.benefits.mux.HandleFunc("GET /statements", p.statement)
}

// page answers a page. Its text is of no importance here.
func (p *portal) page(w http.ResponseWriter, r *http.Request) {
	if pause(r.Context(), latency{12 * time.Millisecond, 0.6, 300 * time.Millisecond}.draw()) != nil {
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Write([]byte("<!DOCTYPE html><title>e-file</title>"))
}

// forward takes a filing from a browser to intake, and tells Signalbox what became of it.
func (p *portal) forward(w http.ResponseWriter, r *http.Request) {
	f, ok := read(w, r)
	if !ok {
		return
	}
	ctx, log := r.Context(), p.web.voice().log
	trace.SpanFromContext(ctx).SetAttributes(append(f.attributes(), attribute.String("client.address", address4(f.Number)))...)
	p.tell(ctx, submittedEvent, f)
	log.InfoContext(ctx, "filing received from a browser", f.about(), "client.address", address4(f.Number))
	a, err := p.web.ask(ctx, Intake, p.intake.url()+"/filings", f)
	switch {
	case ctx.Err() != nil:
		return
	case err == nil && a.Status == accepted:
		p.tell(ctx, acceptedEvent, f)
		reply(w, http.StatusCreated, a)
	case err == nil && a.Status == rejected:
		log.InfoContext(ctx, "filing rejected: "+strings.ReplaceAll(a.Reason, "_", " "), f.about())
		p.tell(ctx, rejectedEvent, f, emit.Prop("reason", a.Reason))
		reply(w, http.StatusUnprocessableEntity, a)
	case a.Reason == errSchema.Error():
		// What intake throws at a filing looks to the taxpayer like a rejection.
		log.WarnContext(ctx, "intake answered 500, the taxpayer was told that the return is wrong", f.about())
		p.tell(ctx, rejectedEvent, f, emit.Prop("reason", "schema_validation"))
		reply(w, http.StatusUnprocessableEntity, answer{Status: rejected, Reason: a.Reason})
	default:
		log.ErrorContext(ctx, "filing failed, the taxpayer was asked to send it again", f.about(), "http.route", "/filings", "error.type", "UpstreamError")
		p.tell(ctx, failedEvent, f, emit.Failed("UpstreamError"))
		reply(w, http.StatusServiceUnavailable, answer{Status: failed, Reason: a.Reason})
	}
}

// tell tells Signalbox what became of a filing. The event joins the request's trace.
func (p *portal) tell(ctx context.Context, name string, f filing, more ...emit.Property) {
	s := p.speakers.Load()
	if s == nil {
		return
	}
	s.irs.Track(ctx, name, append(more, emit.User(f.User), emit.Session(f.Session), emit.BusinessID(f.id()), emit.Release(f.Release), emit.Prop("form", f.form()))...)
}

// refund looks into the ledger.
func (p *portal) refund(w http.ResponseWriter, r *http.Request) {
	ctx, v := r.Context(), p.web.voice()
	err := v.worked(ctx, "SELECT ledger.refunds", latency{25 * time.Millisecond, 0.6, 400 * time.Millisecond}.draw(),
		database("SELECT", "refunds", "SELECT status, amount FROM refunds WHERE taxpayer = $1")...)
	if err != nil {
		return
	}
	v.log.InfoContext(ctx, "refund status shown")
	reply(w, http.StatusOK, answer{Status: accepted})
}

// payment asks the bank, which is somebody else's and sends no signals.
func (p *portal) payment(w http.ResponseWriter, r *http.Request) {
	ctx, v := r.Context(), p.web.voice()
	err := v.worked(ctx, "POST /debits", latency{180 * time.Millisecond, 0.5, time.Second}.draw(),
		attribute.String("server.address", "bank.example"), attribute.String("peer.service", "bank"), attribute.String("http.request.method", "POST"), attribute.Int("http.response.status_code", 201))
	if err != nil {
		return
	}
	v.log.InfoContext(ctx, "payment taken by direct debit", "payment.method", "direct debit")
	reply(w, http.StatusCreated, answer{Status: accepted})
}

// statement is the second agency's: the yearly statement of benefits.
func (p *portal) statement(w http.ResponseWriter, r *http.Request) {
	ctx, v := r.Context(), p.benefits.voice()
	err := v.worked(ctx, "SELECT benefits.statements", latency{40 * time.Millisecond, 0.6, 600 * time.Millisecond}.draw(),
		attribute.String("db.system.name", "postgresql"), attribute.String("db.namespace", "benefits"), attribute.String("server.address", "benefits-db"),
		attribute.String("db.operation.name", "SELECT"), attribute.String("db.collection.name", "statements"))
	if err != nil {
		return
	}
	v.log.InfoContext(ctx, "statement shown", slog.Int("year", taxYear))
	reply(w, http.StatusOK, answer{Status: accepted})
}

// receipt is a receipt on its way to the taxpayer: the queue carries the trace on.
type receipt struct {
	from   trace.SpanContext
	filing filing
}

// mailQueue bounds the receipts that wait.
const mailQueue = 256

// enqueue puts a receipt into the queue of the mailer; a full queue loses it, which is logged.
func (p *portal) enqueue(ctx context.Context, f filing) {
	v := p.accept.voice()
	if v.telemetry == nil {
		return
	}
	ctx, span := v.start(ctx, "publish receipts", trace.SpanKindProducer, append(queueOf("publish"), f.attributes()...)...)
	defer span.End()
	select {
	case p.mails <- receipt{span.SpanContext(), f}:
	default:
		v.log.WarnContext(ctx, "the queue of receipts is full, a receipt was not sent", f.about())
	}
}

func queueOf(operation string) []attribute.KeyValue {
	return []attribute.KeyValue{
		attribute.String("messaging.system", "rabbitmq"), attribute.String("messaging.destination.name", "receipts"),
		attribute.String("messaging.operation.type", operation),
	}
}

// sendMails is the mailer service.
func (p *portal) sendMails(ctx context.Context) {
	for {
		var m receipt
		select {
		case <-ctx.Done():
			return
		case m = <-p.mails:
		}
		s := p.speakers.Load()
		if s == nil {
			continue
		}
		ctx, span := s.mailer.start(trace.ContextWithRemoteSpanContext(ctx, m.from), "process receipts", trace.SpanKindConsumer, append(queueOf("process"), m.filing.attributes()...)...)
		to := mailAddress(m.filing.Number)
		if pause(ctx, latency{60 * time.Millisecond, 0.5, 500 * time.Millisecond}.draw()) == nil {
			if drawn(m.filing.Number, 50, "mailbox full") {
				s.mailer.log.WarnContext(ctx, "receipt to "+to+" bounced: mailbox full", m.filing.about())
			} else {
				s.mailer.log.InfoContext(ctx, "receipt mailed to "+to, m.filing.about())
			}
		}
		span.End()
	}
}
