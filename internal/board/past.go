package board

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/prometheus/prometheus/model/labels"

	"github.com/signalbox/signalbox/internal/kpi"
)

const (
	stripDays = 30
	readers   = 4
	// patience is how long an answer waits for history that was not read yet; what is missing then comes with the next.
	patience = 800 * time.Millisecond
	// readAhead keeps histories near to now while people look, and lookingFor says for how long after the last answer.
	readAhead  = time.Minute
	lookingFor = 15 * time.Minute
)

// past is what a tile shows of a KPI's history, kept up to the newest datapoint that was asked for.
type past struct {
	mu     sync.Mutex
	loaded bool
	end    int64 // newest datapoint taken
	spark  spark
	first  int64                // the UTC day of days[0], as a number since 1970
	days   [stripDays]kpi.Light // oldest first
	judged [stripDays]bool
}

// history brings a KPI's past up to its newest datapoint and returns its sparkline and strip. On an error it returns what
// it has.
func (b *Board) history(ctx context.Context, st *kpi.Status, now int64) (Spark, []Day, error) {
	b.mu.Lock()
	p := b.pasts[st.KPI.Name]
	if p == nil {
		p = &past{}
		b.pasts[st.KPI.Name] = p
	}
	b.mu.Unlock()
	p.mu.Lock()
	defer p.mu.Unlock()
	err := b.catchUp(ctx, p, st, now)
	if p.spark.k == nil {
		p.spark = newSpark(st.KPI)
	}
	return p.spark.line(now), p.strip(now), err
}

// catchUp needs p.mu.
func (b *Board) catchUp(ctx context.Context, p *past, st *kpi.Status, now int64) error {
	if p.loaded && p.spark.k != st.KPI {
		if p.spark.k.Period != st.KPI.Period {
			p.loaded = false
		}
		p.spark.k = st.KPI // a new revision may have moved its edges
	}
	last := st.Last.End
	if p.loaded && last <= p.end {
		return nil
	}
	period := st.KPI.Period.Milliseconds()
	if p.loaded && last == p.end+period {
		p.spark.add(st.Last)
		p.light(last, st.Light)
		p.end = last
		return nil
	}
	from, days := p.end+1, p.end
	if !p.loaded {
		fresh := newSpark(st.KPI)
		from, days = now-fresh.span, (now/dayMS-stripDays+1)*dayMS
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	whole := labels.EmptyLabels()
	points, err := b.o.History.Points(ctx, st.KPI.Name, whole, from, now, 0)
	if err != nil {
		return err
	}
	lights, err := b.o.History.Lights(ctx, st.KPI.Name, whole, days, now, dayMS)
	if err != nil {
		return err
	}
	if !p.loaded {
		p.loaded, p.end, p.spark = true, 0, newSpark(st.KPI)
		p.first, p.judged = now/dayMS-stripDays+1, [stripDays]bool{}
	}
	for _, pt := range points {
		p.spark.add(pt)
		p.end = max(p.end, pt.End)
	}
	for _, l := range lights {
		p.light(l.T, l.Light)
	}
	if last > p.end { // published, and not yet to be read
		p.spark.add(st.Last)
		p.light(last, st.Light)
		p.end = last
	}
	return nil
}

// light books the light of a period that ends at end (or of a day that does) in its day.
func (p *past) light(end int64, l kpi.Light) {
	day := (end - 1) / dayMS
	p.shift(day)
	i := day - p.first
	if i < 0 || i >= stripDays {
		return
	}
	if p.judged[i] {
		l = kpi.Worst(p.days[i], l)
	}
	p.days[i], p.judged[i] = l, true
}

// shift moves the strip on so that it ends at day or later.
func (p *past) shift(day int64) {
	n := day - (p.first + stripDays - 1)
	if n <= 0 {
		return
	}
	p.first += n
	if n >= stripDays {
		p.judged = [stripDays]bool{}
		return
	}
	copy(p.days[:], p.days[n:])
	copy(p.judged[:], p.judged[n:])
	clear(p.judged[stripDays-n:])
}

func (p *past) strip(now int64) []Day {
	if p.first == 0 {
		p.first = now/dayMS - stripDays + 1
	}
	p.shift(now / dayMS)
	out := make([]Day, stripDays)
	for i := range out {
		out[i] = Day{Day: time.UnixMilli((p.first + int64(i)) * dayMS).UTC().Format(time.DateOnly), Light: "none"}
		if p.judged[i] {
			out[i].Light = p.days[i].String()
		}
	}
	return out
}

// histories fills the sparks and strips of tiles, several at once, and reports whether all were read in time.
func (b *Board) histories(ctx context.Context, sts []*kpi.Status, tiles []Tile, now int64) (whole bool) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	var (
		wg   sync.WaitGroup
		next = make(chan int)
		mu   sync.Mutex
	)
	whole = true
	for range min(readers, len(sts)) {
		wg.Go(func() {
			for i := range next {
				var err error
				tiles[i].Spark, tiles[i].Strip, err = b.history(ctx, sts[i], now)
				if err != nil {
					mu.Lock()
					whole = false
					mu.Unlock()
					if !errors.Is(err, context.DeadlineExceeded) && !errors.Is(err, context.Canceled) {
						b.o.Logger.Error("board: history", "kpi", sts[i].KPI.Name, "err", err)
					}
				}
			}
		})
	}
	for i := range sts {
		next <- i
	}
	close(next)
	wg.Wait()
	return whole
}

// Run reads histories ahead, so that the first board after a start does not wait and a board that is looked at stays
// near to now, and forgets KPIs that are gone. Nobody looking costs nothing. It blocks until ctx ends.
func (b *Board) Run(ctx context.Context) error {
	tick := time.NewTicker(readAhead)
	defer tick.Stop()
	b.ahead(ctx)
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
			if b.o.Now().UnixMilli()-b.asked.Load() < lookingFor.Milliseconds() {
				b.ahead(ctx)
			}
		}
	}
}

func (b *Board) ahead(ctx context.Context) {
	now := b.o.Now().UnixMilli()
	sts := b.o.Statuses()
	alive := make(map[string]bool, len(sts))
	for i := range sts {
		alive[sts[i].KPI.Name] = true
		if i >= MostTiles {
			continue
		}
		if _, _, err := b.history(ctx, &sts[i], now); err != nil && ctx.Err() == nil {
			b.o.Logger.Error("board: history", "kpi", sts[i].KPI.Name, "err", err)
		}
		if ctx.Err() != nil {
			return
		}
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	for name := range b.pasts {
		if !alive[name] {
			delete(b.pasts, name)
		}
	}
	for name := range b.drawn {
		if !alive[name] {
			delete(b.drawn, name)
			delete(b.changes, name)
		}
	}
}
