package main

import (
	"context"
	"errors"
	"fmt"
	"math"
	"net/http"
	"time"
)

func measureRules1s(ctx context.Context, b *bench) error {
	n := pick(b, 5000, 1000)
	return measureRules(ctx, b, questions{n: n, interval: time.Second}, pick(b, 30*time.Second, 10*time.Second), pick(b, 20*time.Second, 6*time.Second))
}

func measureRules15s(ctx context.Context, b *bench) error {
	n := pick(b, 50_000, 2000)
	return measureRules(ctx, b, questions{n: n, interval: 15 * time.Second}, pick(b, 45*time.Second, 15*time.Second), pick(b, 30*time.Second, 15*time.Second))
}

// measureRules compares the cost of asking the same questions. Ours are part of taking the samples in, so two of our servers
// get the same pushes, one with KPIs and one without, and the difference is what the KPIs cost: matching, windows, judging,
// writing their series. Prometheus gets its history ahead, so that only its rules cost.
func measureRules(ctx context.Context, b *bench, q questions, span, peerSpan time.Duration) error {
	all := q.series()
	name := fmt.Sprintf("%d KPIs at %s", q.n, q.interval)
	evaluation, err := measureKPIs(ctx, b, q, all, name, span)
	if err != nil {
		return err
	}
	rule, kept, err := measurePeerRules(ctx, b, q, all, peerSpan)
	if err != nil {
		return err
	}
	b.table.times(name+", CPU an evaluation", nanos, evaluation, rule, 100)
	b.table.info(name+", cores wanted", cores, evaluation*float64(q.n)/q.interval.Seconds()/1e9, rule*float64(q.n)/q.interval.Seconds()/1e9)
	b.table.note("Prometheus ran %s of the evaluations that were due", show(100*kept, percent))
	return nil
}

func measureKPIs(ctx context.Context, b *bench, q questions, all []series, name string, span time.Duration) (float64, error) {
	bare, err := b.startSignalbox(ctx, setup{})
	if err != nil {
		return 0, err
	}
	defer bare.stop()
	full, err := b.startSignalbox(ctx, setup{policies: q.policies()})
	if err != nil {
		return 0, err
	}
	defer full.stop()
	b.table.info(name+", start with their files", seconds, full.took.Seconds(), none)
	empty, err := full.liveHeap(ctx)
	if err != nil {
		return 0, err
	}
	messages, err := encode(all, write2, perRequest, 1)
	if err != nil {
		return 0, err
	}
	type state struct{ bare, full, closing, closed, moves float64 }
	look := func() (s state, err error) {
		if s.closing, err = full.metric(ctx, "signalbox_evaluate_closing_seconds_total", ""); err != nil {
			return s, err
		}
		if s.closed, err = full.metric(ctx, "signalbox_evaluate_datapoints_total", ""); err != nil {
			return s, err
		}
		if s.moves, err = full.metric(ctx, "signalbox_evaluate_transitions_total", ""); err != nil && !errors.Is(err, errNoMetric) {
			return s, err
		}
		s.bare, s.full = bare.cpu().Seconds(), full.cpu().Seconds()
		return s, nil
	}
	// The first passes make the series known and give every KPI its first light, with a decision record in the state
	// database; this is not counted. Measured is the usual second, in which no light changes.
	var before state
	var started time.Time
	var moves float64
	ticker := newPace(q.interval)
	servers := []*process{bare, full}
	for i := 0; ; i++ {
		if err := ticker.next(ctx); err != nil {
			return 0, err
		}
		if started.IsZero() {
			if before, err = look(); err != nil {
				return 0, err
			}
			if before.closed >= 2*float64(q.n) && before.moves > 0 && before.moves == moves {
				started = time.Now()
			} else if i > 20 {
				return 0, fmt.Errorf("lights still change after %d intervals: %.0f changes of %d KPIs", i, before.moves, q.n)
			}
			moves = before.moves
		} else if time.Since(started) >= span {
			break
		}
		if err := pass(ctx, messages, write2, time.Now().UnixMilli(), 0, servers[i%2], servers[(i+1)%2]); err != nil {
			return 0, err
		}
	}
	after, err := look()
	if err != nil {
		return 0, err
	}
	took := time.Since(started).Seconds()
	closed := after.closed - before.closed
	if closed == 0 {
		return 0, fmt.Errorf("no datapoint was closed in %s", time.Since(started))
	}
	ingest, with := after.bare-before.bare, after.full-before.full
	evaluation := math.Max(with-ingest, 0.005) / closed * 1e9 // the kernel counts hundredths of a second
	b.table.info(name+", closing, judging and writing (engine's own clock), each", nanos, (after.closing-before.closing)/closed*1e9, none)
	if after.moves != before.moves {
		b.table.note("%.0f lights changed meanwhile, each with a decision record", after.moves-before.moves)
	}
	b.table.info(name+", CPU of ingest alone", cores, ingest/took, none)
	b.table.info(name+", CPU of ingest with KPIs", cores, with/took, none)
	b.table.note("%.0f datapoints were closed in %.0f s, %s of those due", closed, took, show(100*closed/(float64(q.n)*took/q.interval.Seconds()), percent))
	return evaluation, b.kpiMemory(ctx, q, all, name, bare, full, empty)
}

// kpiMemory says what the KPIs hold: with their files read and nothing pushed, and with all series watched.
func (b *bench) kpiMemory(ctx context.Context, q questions, all []series, name string, bare, full *process, empty float64) error {
	without, err := bare.liveHeap(ctx)
	if err != nil {
		return err
	}
	with, err := full.liveHeap(ctx)
	if err != nil {
		return err
	}
	each := (with - without) / float64(q.n)
	goal := 3000 + 200*float64(len(all))/float64(q.n)
	b.table.atMost(name+", live heap a KPI with its watched series", bytes, each, none, goal)
	b.table.info(name+", live heap after the start, nothing pushed", bytes, empty, none)
	ma, mb := full.memory(), bare.memory()
	b.table.info(name+", anonymous memory a KPI", bytes, (ma.anonymous-mb.anonymous)/float64(q.n), none)
	return nil
}

// measurePeerRules loads history into Prometheus, then lets it run the rules.
func measurePeerRules(ctx context.Context, b *bench, q questions, all []series, span time.Duration) (perRule, kept float64, err error) {
	p, err := b.startPrometheus(ctx, setup{})
	if err != nil {
		return 0, 0, err
	}
	defer p.stop()
	settle := max(5*time.Second, q.interval*4/3)
	// The windows must be full from the first evaluation to the last: the data runs ahead of the clock.
	ahead := settle + span + 40*time.Second
	samples := int((window + 10*time.Second + ahead) / q.interval)
	messages, err := encode(all, write2, max(50, min(perRequest, 150_000/samples)), samples)
	if err != nil {
		return 0, 0, err
	}
	from := time.Now().Add(-window - 10*time.Second).UnixMilli()
	if err := pass(ctx, messages, write2, from, q.interval.Milliseconds(), p); err != nil {
		return 0, 0, err
	}
	messages = nil
	if err := write(p.dir, "rules.yml", q.rules()); err != nil {
		return 0, 0, err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, p.url("/-/reload"), nil)
	if err != nil {
		return 0, 0, err
	}
	res, err := client.Do(req)
	if err != nil {
		return 0, 0, err
	}
	if _, err := body(res, "reload"); err != nil {
		return 0, 0, err
	}
	if err := rest(ctx, settle); err != nil {
		return 0, 0, err
	}
	evaluations := func() (float64, error) { return p.metric(ctx, "prometheus_rule_evaluations_total", "") }
	n0, err := evaluations()
	if err != nil {
		return 0, 0, err
	}
	cpu0, start := p.cpu(), time.Now()
	if err := rest(ctx, span); err != nil {
		return 0, 0, err
	}
	used, took := p.cpu()-cpu0, time.Since(start)
	n1, err := evaluations()
	if err != nil {
		return 0, 0, err
	}
	if n1 == n0 {
		return 0, 0, fmt.Errorf("no rule was evaluated by Prometheus in %s", took)
	}
	return float64(used.Nanoseconds()) / (n1 - n0), (n1 - n0) / (float64(q.n) * took.Seconds() / q.interval.Seconds()), nil
}

// pace ticks at a fixed phase of the clock: early in each interval, so that what is sent arrives before the interval ends.
type pace struct {
	interval time.Duration
	due      time.Time
}

func newPace(interval time.Duration) *pace {
	return &pace{interval, time.Now().Truncate(interval).Add(interval + interval/20)}
}

func (p *pace) next(ctx context.Context) error {
	if err := rest(ctx, time.Until(p.due)); err != nil {
		return err
	}
	p.due = p.due.Add(p.interval)
	if now := time.Now(); p.due.Before(now) { // behind: do not send a burst
		p.due = now.Truncate(p.interval).Add(p.interval + p.interval/20)
	}
	return nil
}
