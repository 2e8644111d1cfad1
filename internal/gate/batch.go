package gate

import (
	"context"
	"math"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/exemplar"
	"github.com/prometheus/prometheus/model/histogram"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/storage"

	"github.com/signalbox/signalbox/internal/fault"
)

// Batch is one transaction of a source: resolve a series, append its samples, and Commit or Rollback once at the end; it
// must not be touched afterwards. Errors of the appending methods are a *Refusal, after which the batch goes on, or the
// store's fault, after which it should be rolled back.
//
// A sender names a series by its encoded labels. Guess says how what it names next will look if it keeps the order of last
// time; if it does look so, Take resolves the series without a look-up. Otherwise Resolve does, by labels.
type Batch struct {
	g     *Gate
	grant *Grant
	ctx   context.Context
	app   storage.AppenderV2
	slot  uint32

	now    int64 // Unix milliseconds, at the beginning
	minute uint32
	future int64 // timestamps beyond are refused
	newest int64 // the store's newest instant at the beginning

	cur, guess Ref                   // the series resolved last, and the one that should come next
	out        [][]Sample            // per observer
	claims     []sampleID            // what moved an entry's newest timestamp
	pending    map[sampleID]struct{} // all of the batch, once something in it came late; else nil
	exemplars  []exemplarOf

	src      uint32 // the source whose accepted samples are being counted
	accepted int64
	thinned  int64
	counted  []countOf // of the sources before

	by     string // the source of the last new series, by its labels' values
	bySrc  uint32
	failed error
}

type sampleID struct {
	i uint32
	t int64
}

type countOf struct {
	src     uint32
	n       int64
	thinned int64
}

type exemplarOf struct {
	i uint32
	e exemplar.Exemplar
}

// Batch begins a transaction.
func (gr *Grant) Batch(ctx context.Context) *Batch {
	g := gr.g
	b := g.batches.Get().(*Batch)
	b.grant, b.ctx, b.src, b.bySrc = gr, ctx, gr.src, gr.src
	b.slot = g.begin()
	now := g.o.Now()
	b.now, b.minute = now.UnixMilli(), uint32(now.Unix()/60)
	b.future = math.MaxInt64
	if g.o.Limits.Ahead > 0 {
		b.future = now.Add(g.o.Limits.Ahead).UnixMilli()
	}
	b.newest = g.o.Store.NewestTime()
	b.app = g.o.Store.AppenderV2(ctx)
	return b
}

// Guess returns the mark of the series that should come next; its Hash is 0 if nothing is expected.
func (b *Batch) Guess() Mark {
	if b.cur == 0 {
		return Mark{}
	}
	i := b.g.at(b.cur.index()).next.Load()
	if i == 0 {
		return Mark{}
	}
	e := b.g.at(i)
	gen := e.gen.Load()
	if gen&1 == 0 {
		return Mark{}
	}
	b.guess = refOf(i, gen)
	return Mark{e.mark.Load(), e.size.Load()}
}

// Take resolves the series that Guess named.
func (b *Batch) Take() Ref {
	b.cur = b.guess
	return b.cur
}

// Current returns the mark and the reference of the series resolved last: senders name a series again for its exemplars.
func (b *Batch) Current() (Mark, Ref) {
	if b.cur == 0 {
		return Mark{}, 0
	}
	e := b.g.at(b.cur.index())
	return Mark{e.mark.Load(), e.size.Load()}, b.cur
}

// Resolve finds or creates the series with these labels, which may be changed afterwards, and remembers the mark of their
// encoding. The error is a *Refusal; it is counted for n samples. A reference is valid in the batch that
// resolved it.
func (b *Batch) Resolve(l labels.Labels, m Mark, n int) (Ref, error) {
	r, refusal := b.resolve(l, m, true)
	if refusal != nil {
		return 0, b.refuseMany(b.bySrc, refusal, n)
	}
	b.g.at(r.index()).remember(m)
	if prev := b.cur.index(); prev != 0 && prev != r.index() {
		b.g.at(prev).next.Store(r.index())
	}
	b.cur = r
	return r, nil
}

// Refuse counts n samples that the sender's decoder cannot accept and returns the *Refusal.
func (b *Batch) Refuse(r Reason, n int) error {
	return b.refuseMany(b.grant.src, b.g.refusals[r], n)
}

func (b *Batch) refuseMany(src uint32, r *Refusal, n int) error {
	b.g.sources.at(src).refuseQuietly(r, int64(max(1, n)), b.now)
	return r
}

func (b *Batch) resolve(l labels.Labels, m Mark, copied bool) (Ref, *Refusal) {
	hash := l.Hash()
	if i, e := b.g.find(l, hash); e != nil {
		return refOf(i, e.gen.Load()), nil
	}
	b.source(l)
	if r := b.g.valid(l); r != nil {
		return 0, r
	}
	n := newborn{hash: hash, src: b.bySrc, last: never, seen: b.minute, limit: b.g.o.Limits.SeriesPerSource}
	if len(b.grant.c.By) > 0 {
		n.limit = b.g.o.Limits.SeriesPerTarget
	}
	if gr, ok := b.app.(storage.GetRef); ok {
		if ref, known := gr.GetRef(l, hash); ref != 0 {
			n.store, n.l, n.last = uint64(ref), known, unknown
		}
	}
	if n.store == 0 {
		n.l = l
		if copied {
			n.l = l.Copy()
		}
	}
	n.mark = m
	i, e, r := b.g.add(n)
	if r != nil {
		return 0, r
	}
	return refOf(i, e.gen.Load()), nil
}

// source sets the source that a new series counts for.
func (b *Batch) source(l labels.Labels) {
	by := b.grant.c.By
	if len(by) == 0 {
		return
	}
	name := target(b.grant.c.Source, by, l)
	if name == b.by {
		return
	}
	b.by = name
	var ok bool
	if b.bySrc, ok = b.g.sources.get(name, 0, 0); !ok {
		b.bySrc = b.grant.src
	}
}

// valid says what is wrong with the labels of a new series.
func (g *Gate) valid(l labels.Labels) *Refusal {
	lim := &g.o.Limits
	if _, twice := l.HasDuplicateLabelNames(); twice || !l.Has(model.MetricNameLabel) || !l.IsValid(model.UTF8Validation) {
		return g.refusals[LabelsInvalid]
	}
	if lim.Labels > 0 && l.Len() > lim.Labels {
		return g.refusals[LabelCount]
	}
	long := false
	l.Range(func(l labels.Label) {
		long = long || lim.LabelNameBytes > 0 && len(l.Name) > lim.LabelNameBytes || lim.LabelValueBytes > 0 && len(l.Value) > lim.LabelValueBytes
	})
	if long {
		return g.refusals[LabelLength]
	}
	return nil
}

// refuse counts a refusal and returns it as an error.
func (b *Batch) refuse(src uint32, r *Refusal) error {
	b.g.sources.at(src).refuseQuietly(r, 1, b.now)
	return r
}

// refused names, counts and returns an error of the store.
func (b *Batch) refused(src uint32, err error) error {
	r, ok := reasonOf(err)
	if ok {
		return b.refuse(src, &Refusal{Reason: r, Sentence: sentence(b.g.refusals[r], err), cause: err})
	}
	if b.failed == nil {
		b.failed = err
	}
	return err
}

// sentence prefers our words to the library's, unless those say more.
func sentence(r *Refusal, err error) string {
	if r == nil || r.Reason == HistogramInvalid {
		return err.Error()
	}
	return r.Sentence
}

// Append adds a float sample of a series that this batch resolved; st is its start timestamp, 0 if unknown. Both are Unix
// milliseconds. One that comes before the interval of its series is over is left out, and that is no error.
func (b *Batch) Append(r Ref, st, t int64, v float64) error {
	e := b.g.at(r.index())
	if e.every.Load() != asItComes && b.thin(r, e, st, t, v, nil, nil) {
		return nil
	}
	_, err := b.add(r, e, e.l, st, t, v, nil, nil, storage.AOptions{})
	return err
}

// AppendHistogram adds a native histogram, which belongs to the store and the observers from then on.
func (b *Batch) AppendHistogram(r Ref, st, t int64, h *histogram.Histogram, fh *histogram.FloatHistogram) error {
	e := b.g.at(r.index())
	if e.every.Load() != asItComes && b.thin(r, e, st, t, 0, h, fh) {
		return nil
	}
	_, err := b.add(r, e, e.l, st, t, 0, h, fh, storage.AOptions{})
	return err
}

// add appends one sample of whatever kind to the store and, if it is new, to what the observers will see. It returns the
// store's partial error about exemplars together with a reference.
func (b *Batch) add(r Ref, e *entry, l labels.Labels, st, t int64, v float64, h *histogram.Histogram, fh *histogram.FloatHistogram, o storage.AOptions) (Ref, error) {
	if t > b.future {
		return 0, b.refuse(e.src, b.g.refusals[Future])
	}
	if h != nil || fh != nil {
		if err := reduce(h, fh); err != nil {
			return 0, b.refuse(e.src, &Refusal{Reason: HistogramInvalid, Sentence: err.Error(), cause: storage.ErrOutOfBounds})
		}
	}
	fresh := true
	if last := e.last.Load(); t <= last { // also if it is unknown
		var done bool
		var err error
		if fresh, done, err = b.older(r.index(), e, t, v, h, fh); done || err != nil {
			return r, err
		}
	}
	ref, err := b.app.Append(storage.SeriesRef(e.store.Load()), l, st, t, v, h, fh, o)
	var partial error
	if err != nil {
		if ref == 0 {
			return 0, b.refused(e.src, err)
		}
		partial = err
	}
	if uint64(ref) != e.store.Load() {
		e.store.Store(uint64(ref))
	}
	b.accept(r.index(), e, t, valueBits(v, h, fh))
	if fresh {
		i := r.index()
		p := (*b.g.pages.Load())[i>>pageBits]
		for k := range p.watch {
			if w := p.watch[k][i&(pageSize-1)].Load(); w != 0 {
				b.out[k] = append(b.out[k], Sample{Watch: Watch(w), T: t, ST: st, V: v, H: h, FH: fh})
			}
		}
	}
	return r, partial
}

// accept counts a sample and claims its timestamp, so that whoever brings it again is known to.
func (b *Batch) accept(i uint32, e *entry, t int64, bits uint64) {
	for last := e.last.Load(); last == unknown || t > last; last = e.last.Load() {
		if e.last.CompareAndSwap(last, t) {
			e.bits.Store(bits)
			b.claims = append(b.claims, sampleID{i, t})
			break
		}
	}
	if b.pending != nil {
		b.pending[sampleID{i, t}] = struct{}{}
	}
	if e.seen.Load() != b.minute {
		e.seen.Store(b.minute)
	}
	if e.src != b.src {
		b.count(e.src)
	}
	b.accepted++
}

func valueBits(v float64, h *histogram.Histogram, fh *histogram.FloatHistogram) uint64 {
	if h != nil || fh != nil {
		return aHistogram
	}
	return math.Float64bits(v)
}

// reduce brings a histogram of a resolution beyond the store's to the finest it keeps.
func reduce(h *histogram.Histogram, fh *histogram.FloatHistogram) error {
	const finest = histogram.ExponentialSchemaMax
	switch {
	case h != nil && histogram.IsExponentialSchemaReserved(h.Schema) && h.Schema > finest:
		return h.ReduceResolution(finest)
	case fh != nil && histogram.IsExponentialSchemaReserved(fh.Schema) && fh.Schema > finest:
		return fh.ReduceResolution(finest)
	}
	return nil
}

// count closes the running counts of one source's samples and opens those of another.
func (b *Batch) count(next uint32) {
	if b.accepted > 0 || b.thinned != 0 {
		b.counted = append(b.counted, countOf{b.src, b.accepted, b.thinned})
	}
	b.src, b.accepted, b.thinned = next, 0, 0
}

// AppendExemplar adds an exemplar. It is checked and stored by Commit, after the samples; Exemplars tells what became of it.
func (b *Batch) AppendExemplar(r Ref, x exemplar.Exemplar) {
	b.exemplars = append(b.exemplars, exemplarOf{r.index(), x})
}

// Result is what a commit did.
type Result struct {
	Exemplars        int // stored, or known already
	ExemplarsRefused int
}

// Commit makes the batch durable and then tells the observers. On an error nothing of it counts as accepted and the same
// samples may be sent again; it is a fault of the kind Unavailable if the store cannot write.
func (b *Batch) Commit() (Result, error) {
	var res Result
	b.count(b.src)
	if len(b.counted) > 0 {
		if err := b.app.Commit(); err != nil {
			b.undo(err)
			b.close()
			return res, err
		}
		b.g.outage.stored(b.now)
	} else if err := b.app.Rollback(); err != nil {
		b.undo(err)
		b.close()
		return res, err
	}
	var all int64
	for _, c := range b.counted {
		s := b.g.sources.at(c.src)
		s.accepted.Add(c.n)
		s.thinned.Add(c.thinned)
		s.lastAt.Store(b.now)
		all += c.n + c.thinned
	}
	b.g.sources.at(b.grant.src).allowed.spend(all, time.UnixMilli(b.now))
	for k, o := range b.g.o.Observers {
		if len(b.out[k]) > 0 {
			o.Observe(b.out[k])
		}
	}
	var err error
	if len(b.exemplars) > 0 {
		if res, err = b.commitExemplars(); err != nil {
			b.failed = err
		}
	}
	b.close()
	return res, err
}

// commitExemplars stores the exemplars by the former kind of appender, the only one that takes an exemplar without a sample:
// senders name the two apart.
func (b *Batch) commitExemplars() (Result, error) {
	var res Result
	app := b.g.o.Store.Appender(b.ctx)
	for _, x := range b.exemplars {
		e := b.g.at(x.i)
		var err error
		if x.e.Ts > b.future {
			err = b.g.refusals[Future]
		} else {
			_, err = app.AppendExemplar(storage.SeriesRef(e.store.Load()), e.l, x.e)
		}
		if err == nil {
			res.Exemplars++
			continue
		}
		if fault.KindOf(err) == fault.Unavailable {
			_ = app.Rollback()
			return Result{}, err
		}
		res.ExemplarsRefused++
		b.g.sources.at(e.src).refuse(Metrics, ExemplarInvalid, 1, err, b.now)
	}
	return res, app.Commit()
}

// Rollback forgets the batch.
func (b *Batch) Rollback() error {
	err := b.app.Rollback()
	b.count(b.src)
	b.undo(b.failed)
	b.close()
	return err
}

// undo takes back what the batch claimed. What the store knows of these series is looked up when their next sample comes.
func (b *Batch) undo(why error) {
	b.failed = why
	for _, c := range b.claims {
		b.g.at(c.i).last.Store(unknown)
	}
	if why == nil {
		return
	}
	n := int64(1) // the one that failed
	for _, c := range b.counted {
		n += c.n
	}
	b.g.sources.at(b.grant.src).refuse(Metrics, StoreRefused, n, why, b.now)
}

// close tells of a store that fails and gives the batch back.
func (b *Batch) close() {
	if b.failed != nil && fault.KindOf(b.failed) == fault.Unavailable {
		b.g.outage.stopped(b.failed)
	}
	b.g.end(b.slot)
	for k := range b.out {
		clear(b.out[k]) // histograms
		b.out[k] = b.out[k][:0]
	}
	clear(b.exemplars)
	*b = Batch{g: b.g, out: b.out, claims: b.claims[:0], exemplars: b.exemplars[:0], counted: b.counted[:0]}
	if cap(b.claims) <= 1<<16 { // a giant is not kept
		b.g.batches.Put(b)
	}
}
