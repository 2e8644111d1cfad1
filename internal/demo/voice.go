package demo

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/trace"
	"go.opentelemetry.io/otel/trace/noop"

	"github.com/signalbox/signalbox/emit"
	"github.com/signalbox/signalbox/emit/otel"
)

// The releases of what runs. Breaking a service deploys the second one.
const (
	good   = "4.1"
	faulty = "4.2"
)

// flushEvery is how long a span waits at most, so that a line's trace is there soon after the line.
const flushEvery = 2 * time.Second

// Those who send signals and are no service with a switch.
const (
	Browser  = "efile-web" // the taxpayers' browsers
	Portal   = "portal"    // the web application behind them
	Mailer   = "mailer"    // sends receipts
	Benefits = "benefits"  // the second agency's statements

	benefitsWeb = "benefits-web" // its pages
)

const (
	agency      = "IRS"
	otherAgency = "SSA"
	environment = "demo"
)

// voice is how one version of a service speaks: its spans and its log lines. A voice without telemetry is silent, which is
// what every service has until Send says where its signals go.
type voice struct {
	telemetry *otel.Telemetry // nil: silent
	tracer    trace.Tracer
	log       *slog.Logger
}

func silence() *voice {
	return &voice{tracer: noop.NewTracerProvider().Tracer(""), log: slog.New(slog.DiscardHandler)}
}

// start begins a span of the service's own.
func (v *voice) start(ctx context.Context, name string, kind trace.SpanKind, attrs ...attribute.KeyValue) (context.Context, trace.Span) {
	return v.tracer.Start(ctx, name, trace.WithSpanKind(kind), trace.WithAttributes(attrs...))
}

// fail ends a span's good standing as instrumentation libraries do: an exception event with its stack, the type, the status.
func fail(span trace.Span, kind string, err error) {
	span.RecordError(err, trace.WithStackTrace(true), trace.WithAttributes(attribute.String("exception.type", kind)))
	span.SetAttributes(attribute.String("error.type", kind))
	span.SetStatus(codes.Error, err.Error())
}

// speakers are all voices and the senders of events, from Send until close.
type speakers struct {
	browser, mailer *voice
	reader          *voice        // the browser of those who want the second agency's statement
	irs, ssa        *emit.Emitter // events of each agency's pages
	all             []*otel.Telemetry
	sending         sync.WaitGroup
	stop            context.CancelFunc
}

// newSpeakers gives every service a voice that is heard at url. ctx ends when the portal closes.
func newSpeakers(ctx context.Context, url string, p *portal) (_ *speakers, err error) {
	s := &speakers{}
	defer func() {
		if err != nil {
			s.close(ctx)
		}
	}()
	speak := func(service, version, agency string) (*voice, error) {
		t, err := otel.New(otel.Options{URL: url, Service: service, Version: version, Env: environment, Agency: agency})
		if err != nil {
			return nil, fmt.Errorf("telemetry of %s: %w", service, err)
		}
		s.all = append(s.all, t)
		return &voice{telemetry: t, tracer: t.Tracer("signalbox/demo"), log: slog.New(t.LogHandler(nil))}, nil
	}
	for _, v := range []struct {
		service, version, agency string
		is                       func(*voice)
	}{
		{Browser, good, agency, func(v *voice) { s.browser = v }},
		{Mailer, good, agency, func(v *voice) { s.mailer = v }},
		{benefitsWeb, good, otherAgency, func(v *voice) { s.reader = v }},
		{Portal, good, agency, p.web.speak},
		{Intake, good, agency, p.intake.speak},
		{Intake, faulty, agency, p.intake.speakBroken},
		{Validate, good, agency, p.validate.speak},
		{Validate, faulty, agency, p.validate.speakBroken},
		{Accept, good, agency, p.accept.speak},
		{Accept, faulty, agency, p.accept.speakBroken},
		{Benefits, good, otherAgency, p.benefits.speak},
	} {
		made, err := speak(v.service, v.version, v.agency)
		if err != nil {
			return nil, err
		}
		v.is(made)
	}
	events := func(service, agency string) *emit.Emitter {
		return emit.New(emit.Options{
			Labels: map[string]string{"agency": agency, "env": environment}, Version: good,
			Events: emit.EventsTo{URL: url, Service: service},
		})
	}
	s.irs, s.ssa = events(Browser, agency), events(benefitsWeb, otherAgency)
	ctx, s.stop = context.WithCancel(ctx)
	for _, e := range []*emit.Emitter{s.irs, s.ssa} {
		s.sending.Go(func() { _ = e.Run(ctx) }) // it returns when ctx ends, and then only
	}
	for _, t := range s.all {
		s.sending.Go(func() {
			for pause(ctx, flushEvery) == nil {
				_ = t.Flush(ctx) // what did not arrive is sent again by the next
			}
		})
	}
	return s, nil
}

// close sends what waits, until ctx ends.
func (s *speakers) close(ctx context.Context) {
	if s.stop != nil {
		s.stop()
	}
	var closing sync.WaitGroup
	for _, t := range s.all {
		closing.Go(func() {
			// What cannot be sent any more is lost, as it is when any process ends.
			if err := t.Shutdown(ctx); err != nil && !errors.Is(err, context.Canceled) {
				return
			}
		})
	}
	closing.Wait()
	s.sending.Wait()
}

// person's attributes on spans and log lines. The id leaves the portal for Signalbox alone, which keeps a pseudonym.
func (f filing) attributes() []attribute.KeyValue {
	a := []attribute.KeyValue{attribute.String("filing.id", f.id()), attribute.String("form", f.form()), attribute.String("channel", f.channel())}
	if f.User != "" {
		a = append(a, attribute.String("enduser.id", f.User), attribute.String("session.id", f.Session))
	}
	return a
}

// about is the same for log lines.
func (f filing) about() slog.Attr {
	a := []any{"filing.id", f.id(), "form", f.form(), "channel", f.channel()}
	if f.User != "" {
		a = append(a, "enduser.id", f.User, "session.id", f.Session)
	}
	return slog.Group("", a...)
}

// worked is a span around a piece of work that takes a while, such as a query of the ledger.
func (v *voice) worked(ctx context.Context, name string, takes time.Duration, attrs ...attribute.KeyValue) error {
	ctx, span := v.start(ctx, name, trace.SpanKindClient, attrs...)
	defer span.End()
	if err := pause(ctx, takes); err != nil {
		span.SetStatus(codes.Error, "the caller has gone")
		return err
	}
	return nil
}

// database are the attributes of a query, as OpenTelemetry names them.
func database(operation, table, query string) []attribute.KeyValue {
	return []attribute.KeyValue{
		attribute.String("db.system.name", "postgresql"), attribute.String("db.namespace", "ledger"), attribute.String("server.address", "ledger-db"),
		attribute.String("db.operation.name", operation), attribute.String("db.collection.name", table), attribute.String("db.query.text", query),
	}
}
