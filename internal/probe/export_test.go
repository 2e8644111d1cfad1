package probe

import "context"

// Once runs each probe once.
func Once(ctx context.Context, p *Prober) {
	for _, one := range p.probes {
		p.once(ctx, one)
	}
}
