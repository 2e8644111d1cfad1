package usage

import (
	"context"
	"fmt"
	"maps"
	"strconv"
	"strings"
	"time"
)

// Sample is one standing number on its way out as a series. Names and labels:
//
//	signalbox_usage_actives             span: today, day, week or month
//	signalbox_usage_stickiness_ratio    people of the day over those of the 30 days
//	signalbox_usage_sessions            span: today or day
//	signalbox_usage_session_seconds     stat: median, p95 or mean
//	signalbox_usage_session_actions     actions per session
//	signalbox_usage_bounce_ratio
//	signalbox_usage_retention_ratio     after: 1, 7 or 30 days; people who were new then and came back on that very day
//	signalbox_usage_adoption_ratio      kind and feature; the 20 most used of each kind
//	signalbox_usage_funnel_ratio        funnel and step; of watched funnels
//
// All but today are of the last complete UTC day (week and month: of the 7 and 30 complete days up to it), because a number that
// grows through the day cannot be judged. An application's carry its service, env and agency; those of everything carry none.
type Sample struct {
	Name   string
	Labels map[string]string
	Time   int64 // Unix milliseconds
	Value  float64
	People []int64 // how many people it speaks of: counts that it would tell
}

// Samples is the standing numbers of every application and of everything. What does not exist is left out.
func (r *Room) Samples(ctx context.Context) []Sample {
	now := r.opt.Now()
	yesterday := dayOf(now.UnixMicro()) - 1
	last := Range{millisOf(yesterday), millisOf(yesterday + 1)}
	today := Range{millisOf(yesterday + 1), now.UnixMilli() + 1}
	b := &bunch{at: now.Truncate(time.Minute).UnixMilli()}
	r.mu.Lock()
	scopes := []Scope{{}}
	for a := range r.state.ofApp {
		scopes = append(scopes, Scope{App: a, See: func(x App) bool { return x == a }})
	}
	r.mu.Unlock()
	for _, s := range scopes {
		if ctx.Err() != nil {
			return nil
		}
		b.scope = s.App
		r.publishActives(b, s, last, today)
		r.publishSessions(b, s, last, today)
		r.publishRetention(b, s, yesterday)
		r.publishAdoption(b, s, last)
	}
	b.scope = App{}
	r.publishFunnels(ctx, b, now)
	return b.list
}

// bunch gathers samples.
type bunch struct {
	at    int64
	scope App
	list  []Sample
}

func (b *bunch) add(name string, v *float64, people []int64, labels ...string) {
	if v == nil {
		return
	}
	l := map[string]string{}
	for i := 0; i < len(labels); i += 2 {
		l[labels[i]] = labels[i+1]
	}
	maps.Copy(l, b.scope.labels())
	b.list = append(b.list, Sample{"signalbox_usage_" + name, l, b.at, *v, people})
}

func (b *bunch) count(name string, n int64, people []int64, labels ...string) {
	v := float64(n)
	b.add(name, &v, people, labels...)
}

func (a App) labels() map[string]string {
	l := map[string]string{}
	for _, x := range [][2]string{{"service", a.Service}, {"env", a.Env}, {"agency", a.Agency}} {
		if x[1] != "" {
			l[x[0]] = x[1]
		}
	}
	return l
}

// The questions below are the room's own and cannot be wrong, so their errors cannot be.

func (r *Room) publishActives(b *bunch, s Scope, last, today Range) {
	if a, err := r.actives(ActivesQuestion{Scope: s, Range: last}); err == nil {
		b.count("actives", a.Day, []int64{a.Day}, "span", "day")
		b.count("actives", a.Week, []int64{a.Week}, "span", "week")
		b.count("actives", a.Month, []int64{a.Month}, "span", "month")
		b.add("stickiness_ratio", a.Stickiness, []int64{a.Day, a.Month})
	}
	if a, err := r.actives(ActivesQuestion{Scope: s, Range: today}); err == nil {
		b.count("actives", a.Day, []int64{a.Day}, "span", "today")
	}
}

func (r *Room) publishSessions(b *bunch, s Scope, last, today Range) {
	if a, err := r.sessions(SessionsQuestion{Scope: s, Range: last}); err == nil {
		people := []int64{a.Total.People}
		b.count("sessions", a.Total.Sessions, people, "span", "day")
		b.add("session_seconds", a.Total.Median, people, "stat", "median")
		b.add("session_seconds", a.Total.P95, people, "stat", "p95")
		b.add("session_seconds", a.Total.Mean, people, "stat", "mean")
		b.add("session_actions", a.Total.Per, people)
		b.add("bounce_ratio", a.Total.Bounce, people)
	}
	if a, err := r.sessions(SessionsQuestion{Scope: s, Range: today}); err == nil {
		b.count("sessions", a.Total.Sessions, []int64{a.Total.People}, "span", "today")
	}
}

func (r *Room) publishRetention(b *bunch, s Scope, yesterday int32) {
	for _, n := range retained() {
		cohort := Range{millisOf(yesterday - int32(n)), millisOf(yesterday - int32(n) + 1)}
		a, err := r.retention(RetentionQuestion{Scope: s, Range: cohort, Periods: n})
		if err == nil && len(a.Cohorts) == 1 && a.Cohorts[0].Cells[n].Complete {
			c := a.Cohorts[0]
			b.add("retention_ratio", c.Cells[n].Share, []int64{c.Size, c.Cells[n].People}, "after", strconv.Itoa(n))
		}
	}
}

// retained are the days after which retention is published.
func retained() []int { return []int{1, 7, 30} }

func (r *Room) publishAdoption(b *bunch, s Scope, last Range) {
	for _, kind := range []string{"event", "route", "release"} {
		if a, err := r.adoption(AdoptionQuestion{Scope: s, Range: last, Kind: kind}); err == nil {
			for _, f := range a.Features {
				if f.People != nil {
					b.add("adoption_ratio", f.Share, []int64{a.Actives, *f.People}, "kind", kind, "feature", f.Name)
				}
			}
		}
	}
}

// Watched is a funnel whose conversion is published.
type Watched struct {
	Name string         `json:"name"`
	Ask  FunnelQuestion `json:"ask"`
}

// maxWatched bounds the funnels that are read anew each hour.
const maxWatched = 50

// Watch publishes a funnel's conversion from now on, under a name; no steps end it. It is kept over restarts.
func (r *Room) Watch(ctx context.Context, w Watched) error {
	if len(w.Ask.Steps) > 0 {
		if _, err := w.Ask.rule(); err != nil {
			return err
		}
	}
	r.mu.Lock()
	kept := r.watched[:0:0]
	for _, x := range r.watched {
		if x.Name != w.Name {
			kept = append(kept, x)
		}
	}
	if len(w.Ask.Steps) > 0 {
		kept = append(kept, w)
	}
	if len(kept) > maxWatched {
		r.mu.Unlock()
		return tooMany("watched funnels", maxWatched)
	}
	r.watched = kept
	delete(r.conversions, w.Name)
	r.mu.Unlock()
	return r.Checkpoint(ctx)
}

// Watched lists the funnels that are published.
func (r *Room) Watched() []Watched {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]Watched{}, r.watched...)
}

// conversion is what a watched funnel said when it was asked last.
type conversion struct {
	at    time.Time
	steps []FunnelStep
}

// publishFunnels asks each watched funnel once an hour: about the people who entered on the newest day whose window is over.
func (r *Room) publishFunnels(ctx context.Context, b *bunch, now time.Time) {
	for _, w := range r.Watched() {
		r.mu.Lock()
		c, ok := r.conversions[w.Name]
		r.mu.Unlock()
		if !ok || now.Sub(c.at) >= time.Hour {
			rule, err := w.Ask.rule()
			if err != nil { // Watch has refused it
				continue
			}
			day := dayOf(now.UnixMicro()-rule.Within) - 1
			w.Ask.Range = Range{millisOf(day), millisOf(day + 1)}
			f, err := r.Funnel(ctx, w.Ask)
			if err != nil {
				r.opt.Logger.Warn("a watched funnel could not be asked", "funnel", w.Name, "err", err)
				continue
			}
			c = conversion{now, f.Steps}
			r.mu.Lock()
			r.conversions[w.Name] = c
			r.mu.Unlock()
		}
		for i, s := range c.steps {
			b.add("funnel_ratio", s.Share, []int64{s.People, s.Lost}, "funnel", w.Name, "step", strconv.Itoa(i+1))
		}
	}
}

// series is the selector of a published number.
func series(name string, a App, labels ...string) string {
	var parts []string
	for i := 0; i < len(labels); i += 2 {
		parts = append(parts, fmt.Sprintf("%s=%q", labels[i], labels[i+1]))
	}
	for _, x := range [][2]string{{"service", a.Service}, {"env", a.Env}, {"agency", a.Agency}} {
		parts = append(parts, fmt.Sprintf("%s=%q", x[0], x[1])) // an empty one too: it keeps the sum of everything apart
	}
	return "signalbox_usage_" + name + "{" + strings.Join(parts, ",") + "}"
}
