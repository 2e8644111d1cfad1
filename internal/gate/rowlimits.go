package gate

import (
	"math"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/signalbox/signalbox/internal/rowstore"
)

const (
	// allKept is how far back a row may lie where nothing else is said: 25 months, the longest retention out of the box.
	allKept = 25 * 31 * 24 * time.Hour
	// clockless is where clocks that were never set stand: before 2000, whatever is kept.
	clockless = 946_684_800_000_000
)

// arrival is when a batch came in, in Unix microseconds: now, or the instant after the batch before it. No two batches share
// one, so that whoever counts rows at the tap can tell after a crash which batches it had counted.
func (g *Gate) arrival(now time.Time) int64 {
	for {
		last := g.arrived.Load()
		at := max(now.UnixMicro(), last+1)
		if g.arrived.CompareAndSwap(last, at) {
			return at
		}
	}
}

// limit takes out of a batch what is too long, too old, ahead of its time or not for its sender, stamps what the gate owns,
// and repairs text that is no UTF-8.
func (gr *Grant) limit(p *pass, b *rowstore.Batch, now time.Time) {
	l := &gr.g.o.Limits
	if gr.c.Public && b.Table != rowstore.Events {
		p.refused[b.Table%3][PublicTable] += int64(len(b.Rows))
		b.Rows = b.Rows[:0]
		return
	}
	received := gr.g.arrival(now)
	newest, oldest := int64(math.MaxInt64), int64(clockless)
	if l.Ahead > 0 {
		newest = received + l.Ahead.Microseconds()
	}
	keep := allKept
	if l.Oldest != nil {
		keep = l.Oldest(b.Table)
	}
	if keep > 0 {
		oldest = max(oldest, received-keep.Microseconds())
	}
	kept := 0
	for i := range b.Rows {
		r := &b.Rows[i]
		why := reasons
		if r.Time == 0 && b.Table == rowstore.Logs { // a record without a time, as OTLP allows, happened when it came
			r.Time = received
		}
		switch {
		case r.Time > newest:
			why = RowFuture
		case r.Time < oldest:
			why = RowTooOld
		case math.IsNaN(r.Value) || math.IsInf(r.Value, 0):
			why = RowInvalid
		default:
			why = gr.fit(p, l, r)
		}
		if why != reasons {
			p.refused[b.Table%3][why]++
			continue
		}
		r.Received, r.Source, r.Weight, r.Trust = received, gr.c.Source, 1, ""
		r.Kind, r.Severity, r.Status, r.Duration = min(r.Kind, 5), min(r.Severity, 24), min(r.Status, 2), max(r.Duration, 0)
		if gr.c.Public {
			gr.stamp(r)
		}
		if kept != i {
			b.Rows[kept] = *r
		}
		kept++
	}
	clear(b.Rows[kept:])
	b.Rows = b.Rows[:kept]
}

// stamp says who the sender of a public row is: what the key states, and nothing that was sent.
func (gr *Grant) stamp(r *rowstore.Row) {
	l := gr.c.Labels
	r.Service, r.Env, r.Agency, r.Version, r.Release = l["service"], l["env"], l["agency"], l["version"], l["release"]
	r.Trust, r.Resource = "public", nil
}

// fit repairs a row's text and says whether it is within the limits; reasons stands for yes.
func (gr *Grant) fit(p *pass, l *Limits, r *rowstore.Row) Reason {
	if over(len(r.Attrs), l.Attributes) {
		return AttributeCount
	}
	if over(len(r.Body), l.BodyTextBytes) || over(len(r.Detail), l.DetailBytes) {
		return RowLength
	}
	for _, s := range [...]*string{&r.Service, &r.Env, &r.Agency, &r.Version, &r.Release, &r.User, &r.Session, &r.Business, &r.Name, &r.Route, &r.ErrorType} {
		if over(len(*s), l.ColumnBytes) {
			return RowLength
		}
		repair(s)
	}
	repair(&r.Body)
	repair(&r.Detail)
	if why := fitAttrs(l, r.Attrs); why != reasons {
		return why
	}
	for i := range r.Attrs {
		repair(&r.Attrs[i].Key)
		repair(&r.Attrs[i].Value)
	}
	if r.Resource == nil {
		return reasons
	}
	if r.Resource != p.resource { // rows of one sender share it
		p.resource, p.checked, p.why = r.Resource, r.Resource, nil
		if len(r.Resource.Attrs) > 0 {
			why := fitAttrs(l, r.Resource.Attrs)
			if over(len(r.Resource.Attrs), l.Attributes) {
				why = AttributeCount
			}
			if why != reasons {
				p.why = gr.g.refusals[why]
			}
			p.checked = repaired(r.Resource)
		}
	}
	if p.why != nil {
		return p.why.Reason
	}
	r.Resource = p.checked
	return reasons
}

func fitAttrs(l *Limits, attrs []rowstore.Attr) Reason {
	for i := range attrs {
		if over(len(attrs[i].Key), l.AttributeKeyBytes) || over(len(attrs[i].Value), l.AttributeValueBytes) {
			return AttributeLength
		}
	}
	return reasons
}

func over(n, limit int) bool { return limit > 0 && n > limit }

// repair replaces what is no UTF-8 by U+FFFD.
func repair(s *string) {
	if *s != "" && !utf8.ValidString(*s) {
		*s = strings.ToValidUTF8(*s, "\uFFFD")
	}
}

// repaired returns the resource, or a copy of it whose text is UTF-8: others hold it.
func repaired(r *rowstore.Resource) *rowstore.Resource {
	good := utf8.ValidString(r.JSON)
	for _, a := range r.Attrs {
		good = good && utf8.ValidString(a.Key) && utf8.ValidString(a.Value)
	}
	if good {
		return r
	}
	c := &rowstore.Resource{JSON: strings.ToValidUTF8(r.JSON, "\uFFFD"), Attrs: make([]rowstore.Attr, len(r.Attrs))}
	for i, a := range r.Attrs {
		c.Attrs[i] = rowstore.Attr{Key: strings.ToValidUTF8(a.Key, "\uFFFD"), Value: strings.ToValidUTF8(a.Value, "\uFFFD")}
	}
	return c
}
