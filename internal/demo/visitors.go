package demo

import (
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/trace"

	"github.com/signalbox/signalbox/emit"
)

const (
	// maxVisits bounds the people who are there at once. Beyond it nobody comes.
	maxVisits = 400

	// known is the share of visits by people who were there in the weeks before.
	known = 0.6
)

// visitors are the people who come while the demo runs, in their browsers. They come as the hour says, look, think, file and
// leave, and each browser sends its own events and spans.
type visitors struct {
	day    day
	now    func() time.Time
	every  time.Duration // between two visits at the quietest hour
	seed   uint64
	portal *portal
	season *season
	client *http.Client
	log    *slog.Logger

	first  int64 // of the numbers of filings
	filed  atomic.Int64
	fresh  int // people who never came before
	visits int
}

// run has people come until ctx ends, and returns when all have gone. Some are there already.
func (p *visitors) run(ctx context.Context) {
	var here sync.WaitGroup
	defer p.client.CloseIdleConnections()
	defer here.Wait()
	places := make(chan struct{}, maxVisits)
	rng := rand.New(rand.NewPCG(p.seed, uint64(p.first)))
	come := func(into time.Duration) {
		select {
		case places <- struct{}{}:
		default:
			return
		}
		v := p.next(rng)
		here.Go(func() {
			defer func() { <-places }()
			v.play(&life{visitors: p, ctx: ctx, visit: v, ahead: into})
		})
	}
	for range int(3 * time.Minute / p.every) {
		come(time.Duration(rng.Int64N(int64(4 * time.Minute))))
	}
	for {
		rush := p.day.rate(p.now()) / p.day.base
		if pause(ctx, time.Duration((0.5+rng.Float64())*float64(p.every)/rush)) != nil {
			return
		}
		come(0)
	}
}

// next is who comes next, and for what.
func (p *visitors) next(rng *rand.Rand) *visit {
	p.visits++
	number, filed := rng.IntN(len(p.season.people)), false
	again := rng.Float64() < known
	if again {
		filed = p.season.people[number].filed
	} else {
		number = len(p.season.people) + p.fresh
		p.fresh++
	}
	who, _ := newPerson(p.seed, number)
	kind := kindOf(who, filed, again, rng)
	if kind == browsing && rng.Float64() < 0.7 || kind == forRefund && rng.Float64() < 0.3 {
		kind = toFile // it is deadline day
	}
	v := &visit{person: who, kind: kind, session: fmt.Sprintf("s%x-%d", p.first, p.visits), rng: rand.New(rand.NewPCG(p.seed, rng.Uint64()))}
	v.release = who.release(0.9)
	return v
}

// life is the stage on which a visit is played in its own time.
type life struct {
	visitors *visitors
	ctx      context.Context // of the visit, which is one call of play
	visit    *visit
	ahead    time.Duration // how much of the visit lies before the demo began
}

func (l *life) wait(d time.Duration) bool {
	if l.ahead > 0 {
		done := min(d, l.ahead)
		l.ahead, d = l.ahead-done, d-done
	}
	return l.ctx.Err() == nil && (d == 0 || pause(l.ctx, d) == nil)
}

// page opens a page: the browser's span is the root of the trace.
func (l *life) page(route string) {
	if l.ahead > 0 || l.ctx.Err() != nil {
		return
	}
	ctx, span := l.begin("open "+route, route)
	defer span.End()
	if err := l.call(ctx, http.MethodGet, route); err != nil {
		span.SetStatus(codes.Error, "the page did not load")
	}
	l.send(ctx, happening{name: pageView, route: route})
}

func (l *life) track(h happening) {
	if l.ahead <= 0 && l.ctx.Err() == nil {
		l.send(l.ctx, h)
	}
}

// file clicks "File my return".
func (l *life) file(string, bool) ending {
	l.ahead = 0
	number := l.visitors.filed.Add(1)
	f := newFiling(l.visitors.first + number)
	f.User, f.Session, f.Release = l.visit.person.id(), l.visit.session, l.visit.release
	f.DateAcquired = ""
	switch l.visit.form = formOf(number); l.visit.form {
	case form8949:
		f.DateAcquired = various
	case form1040SR:
		f.Senior = true
	}
	ctx, span := l.begin("click File my return", "/file", f.attributes()...)
	defer span.End()
	a, err := post(ctx, l.visitors.client, l.visitors.portal.web.url()+"/filings", f)
	switch {
	case err != nil:
		span.SetStatus(codes.Error, "the return could not be filed")
		return lost
	case a.Status == rejected:
		span.SetAttributes(attribute.String("filing.outcome", rejected))
		return turnedDown
	}
	return takenIn
}

func (l *life) pay(float64) bool {
	ctx, span := l.begin("click Pay", "/pay")
	defer span.End()
	return l.call(ctx, http.MethodPost, "/payments") == nil
}

func (l *life) lookUp() bool {
	if l.ahead > 0 || l.ctx.Err() != nil {
		return false
	}
	route := "/refunds"
	if l.visit.kind == statement {
		route = "/statements"
	}
	ctx, span := l.begin("look up "+route[1:], route)
	defer span.End()
	return l.call(ctx, http.MethodGet, route) == nil
}

// begin begins the browser's span of something that the person does.
func (l *life) begin(name, route string, attrs ...attribute.KeyValue) (context.Context, trace.Span) {
	attrs = append(attrs, attribute.String("http.route", route))
	if len(attrs) == 1 {
		attrs = append(attrs, attribute.String("enduser.id", l.visit.person.id()), attribute.String("session.id", l.visit.session))
	}
	if l.visit.release != "" {
		attrs = append(attrs, attribute.String("release", l.visit.release))
	}
	s := l.visitors.portal.speakers.Load()
	browser := s.browser
	if l.visit.kind == statement {
		browser = s.reader
	}
	return browser.start(l.ctx, name, trace.SpanKindClient, attrs...)
}

// call asks a page of the portal, or of the second agency's.
func (l *life) call(ctx context.Context, method, route string) error {
	at := l.visitors.portal.web
	if l.visit.kind == statement && route != "/" {
		at = l.visitors.portal.benefits
	}
	r, err := http.NewRequestWithContext(ctx, method, at.url()+route, nil)
	if err != nil {
		return fmt.Errorf("open %s: %w", route, err)
	}
	inject(ctx, r.Header)
	resp, err := l.visitors.client.Do(r)
	if err != nil {
		return err
	}
	if err := resp.Body.Close(); err != nil {
		return err
	}
	if resp.StatusCode >= http.StatusInternalServerError {
		return fmt.Errorf("%s answered %s", route, resp.Status)
	}
	return nil
}

// send tracks an event as the tracker in a page does.
func (l *life) send(ctx context.Context, h happening) {
	s := l.visitors.portal.speakers.Load()
	to := s.irs
	if l.visit.person.agency != agency {
		to = s.ssa
	}
	props := []emit.Property{emit.User(l.visit.person.id()), emit.Session(l.visit.session), emit.Prop("route", h.route)}
	if l.visit.release != "" {
		props = append(props, emit.Release(l.visit.release))
	}
	if h.value != 0 {
		props = append(props, emit.Value(h.value))
	}
	if h.failed != "" {
		props = append(props, emit.Failed(h.failed))
	}
	if h.name == surveyEvent && h.body != "" {
		props = append(props, emit.Prop("comment", h.body))
	} else if h.body != "" {
		props = append(props, emit.Prop("message", h.body))
	}
	for _, p := range h.props {
		if p.key != "" {
			props = append(props, emit.Prop(p.key, p.value))
		}
	}
	if at := trace.SpanContextFromContext(ctx); at.IsValid() {
		props = append(props, emit.Prop("trace_id", at.TraceID().String()), emit.Prop("span_id", at.SpanID().String()))
	}
	to.Track(ctx, h.name, props...)
}
