package demo

import (
	"context"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"sync"
	"time"
)

// maxPending bounds the filings that are on their way at once. Beyond it taxpayers wait, and the arrivals thin out.
const maxPending = 512

// maxBehind bounds what is made up for after a moment in which the machine had no time for us. Up to it the filings keep to
// the plan: timers that wake late, as on a busy machine, do not thin them out.
const maxBehind = time.Second

// load is the taxpayers' software: it files with the intake service as the plan of the day says, with some noise. It does
// not wait for answers before it sends the next filing, as taxpayers do not wait for each other.
type load struct {
	day    day
	now    func() time.Time
	url    string // where to file
	client *http.Client
	log    *slog.Logger
}

// run files until ctx ends, and returns when all answers are in or given up.
func (l *load) run(ctx context.Context) {
	var pending sync.WaitGroup
	defer l.client.CloseIdleConnections()
	defer pending.Wait()
	places := make(chan struct{}, maxPending)
	noise := 0.0
	next := time.Now()
	for number := int64(1); ; number++ {
		// The noise drifts for some seconds about a standard deviation of 4 %; the arrivals jitter by half their spacing.
		noise = min(0.1, max(-0.1, 0.985*noise+0.007*rand.NormFloat64()))
		gap := (0.5 + rand.Float64()) / (l.day.rate(l.now()) * (1 + noise))
		next = next.Add(time.Duration(gap * float64(time.Second)))
		behind := time.Since(next)
		if behind > maxBehind {
			next = next.Add(behind)
		}
		if pause(ctx, -behind) != nil {
			return
		}
		select {
		case places <- struct{}{}:
		case <-ctx.Done():
			return
		}
		pending.Go(func() {
			defer func() { <-places }()
			if _, err := post(ctx, l.client, l.url, newFiling(number)); err != nil && ctx.Err() == nil {
				l.log.Debug("a taxpayer's filing failed", "number", number, "err", err)
			}
		})
	}
}
