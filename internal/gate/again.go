package gate

// Again resolves a series by the reference that an earlier batch got for it, and remembers it as the one that followed; ok is
// false if the gate has forgotten the series since. It is for senders that keep no order: their receiver looks the reference
// up by the encoding, and the labels are not looked at.
func (b *Batch) Again(r Ref, m Mark) (ok bool) {
	e := b.g.alive(r)
	if e == nil {
		return false
	}
	e.remember(m)
	if prev := b.cur.index(); prev != 0 && prev != r.index() {
		if p := b.g.at(prev); p.next.Load() != r.index() {
			p.next.Store(r.index())
		}
	}
	b.cur = r
	return true
}
