package govern

import "context"

// Due does what Run does once.
func (g *Govern) Due() {
	c := newClockwork()
	g.due(context.Background(), &c)
}

// Merge is merge.
func Merge(base, theirs, ours string) (string, []string) { return merge(base, theirs, ours) }
