package access

import (
	"cmp"
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"strconv"
	"sync"
	"time"

	"github.com/signalbox/signalbox/internal/audit"
	"github.com/signalbox/signalbox/internal/fault"
)

// Event is what this room has to say to the audit chain: a sign-in, a refused attempt, a change of people, tokens or grants.
type Event struct {
	ActorID, ActorName string
	ActorKind          Kind
	Action             string // an action word of the chain, such as sign_in or user_create
	ObjectKind         string // user, token, session or route
	ObjectName         string
	Outcome            string // done, denied or failed
	Before, After      string // content hashes of the object; empty where there is none
	Reason             string
	Source, Request    string // address and id of the request
	Detail             map[string]string
}

// Outcomes of an event.
const (
	done   = "done"
	denied = "denied"
	failed = "failed"
)

// by fills in who acts and from where, as far as the event does not say so itself.
func (e Event) by(ctx context.Context) Event {
	if p, ok := From(ctx); ok && e.ActorKind == "" {
		e.ActorID, e.ActorName, e.ActorKind = p.ID, p.Name, p.Kind
		if p.Login != "" {
			e.ActorName = p.Login
		}
		if p.Token != "" {
			e = e.with("token_id", p.Token)
		}
	}
	e.Source, e.Request = Source(ctx), RequestID(ctx)
	return e
}

func (e Event) with(key, value string) Event {
	if value == "" {
		return e
	}
	m := map[string]string{key: value}
	for k, v := range e.Detail {
		m[k] = v
	}
	e.Detail = m
	return e
}

// Record is the audit record of an action that was done by who makes the request, from where they make it. A login is one
// person's alone, so it is the name on record.
func Record(ctx context.Context, action string, object audit.Object) audit.Record {
	p, _ := From(ctx)
	return audit.Record{
		Actor: audit.Actor{ID: p.ID, Name: cmp.Or(p.Login, p.Name), Kind: string(p.Kind)}, Action: action, Object: object,
		Outcome: audit.Done, Source: Source(ctx), Request: RequestID(ctx),
	}
}

// content is the hash of what an object says, for Before and After.
func content(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		return ""
	}
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}

// commit makes a change and writes its records in one transaction: no record, no change.
func (a *Access) commit(ctx context.Context, change func(tx *sql.Tx) error, events ...Event) error {
	return a.o.DB.Tx(ctx, func(tx *sql.Tx) error {
		if err := change(tx); err != nil {
			return err
		}
		return a.record(ctx, tx, events)
	})
}

func (a *Access) record(ctx context.Context, tx *sql.Tx, events []Event) error {
	if a.o.Record == nil {
		return nil
	}
	for _, e := range events {
		if err := a.o.Record(ctx, tx, e.by(ctx)); err != nil {
			return fault.New(fault.Unavailable, "the audit record could not be written, so nothing was changed: %w", err).
				Hint("Look at the server's log; the disk may be full")
		}
	}
	return nil
}

// Refused attempts are recorded at once; the same attempt by the same actor within countFor is counted and follows as one
// record.
const (
	countFor    = time.Minute
	maxRepeats  = 10_000
	recordLimit = 5 * time.Second
)

type repeat struct {
	e     Event
	since time.Time
	n     int
}

// repeats are the refusals of the last minute, by what makes them the same.
type repeats struct {
	mu sync.Mutex
	m  map[string]*repeat
}

// refusedEvent records a refused attempt. It is refused whether or not the record can be written.
func (a *Access) refusedEvent(ctx context.Context, e Event) {
	if a.o.Record == nil {
		return
	}
	e = e.by(ctx)
	now := a.o.Now()
	key := e.Action + "\x00" + e.ActorID + "\x00" + e.ObjectKind + "\x00" + e.ObjectName + "\x00" + e.Detail["reason"]
	if e.ActorID == "" {
		key += "\x00" + sourceOf(e.Source).String()
	}
	due := a.ripe(now)
	a.repeats.mu.Lock()
	if x := a.repeats.m[key]; x != nil {
		x.n++
		a.repeats.mu.Unlock()
	} else {
		a.repeats.m[key] = &repeat{e: e, since: now}
		a.repeats.mu.Unlock()
		due = append(due, e)
	}
	a.recordAlone(ctx, due)
}

// ripe takes out what was counted for long enough and returns it as records.
func (a *Access) ripe(now time.Time) []Event {
	var out []Event
	a.repeats.mu.Lock()
	defer a.repeats.mu.Unlock()
	full := len(a.repeats.m) >= maxRepeats
	for key, x := range a.repeats.m {
		if now.Sub(x.since) < countFor && !full {
			continue
		}
		delete(a.repeats.m, key)
		if x.n > 0 {
			out = append(out, x.e.with("repeated", strconv.Itoa(x.n)).with("since", x.since.UTC().Format(time.RFC3339)))
		}
	}
	return out
}

// recordAlone writes events that belong to no change.
func (a *Access) recordAlone(ctx context.Context, events []Event) {
	if len(events) == 0 {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), recordLimit)
	defer cancel()
	err := a.o.DB.Tx(ctx, func(tx *sql.Tx) error {
		for _, e := range events {
			if err := a.o.Record(ctx, tx, e); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		a.o.Logger.Error("refused attempts were not recorded", "records", len(events), "err", err)
	}
}

// Run records repeated refusals once they were counted for a minute; what is left at the end is recorded then. Without it
// they are recorded with the next refusal.
func (a *Access) Run(ctx context.Context) error {
	t := time.NewTicker(10 * time.Second)
	defer t.Stop()
	for {
		select {
		case <-ctx.Done():
			a.recordAlone(ctx, a.ripe(a.o.Now().Add(countFor)))
			return nil
		case <-t.C:
			a.recordAlone(ctx, a.ripe(a.o.Now()))
		}
	}
}

// deniedEvent is the record of a request that a route refused.
func deniedEvent(route Route, r *http.Request, p Principal, no *refusal) Event {
	method := route.Method
	if method == "" {
		method = clip(r.Method)
	}
	e := Event{Action: "denied", ObjectKind: "route", ObjectName: method + " " + route.Pattern, Outcome: denied, Reason: no.err.Sentence}
	if p.ID != "" {
		e.ActorID, e.ActorName, e.ActorKind = p.ID, p.Name, p.Kind
		if p.Login != "" {
			e.ActorName = p.Login
		}
	}
	return e.with("reason", no.reason).with("action", string(route.Action)).with("token_id", p.Token)
}
