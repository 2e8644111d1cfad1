package demo

import (
	"context"
	"fmt"
	"time"

	"github.com/signalbox/signalbox/internal/rowstore"
)

// Send has the services and the visitors' browsers send what they do to the signalbox at url: traces and logs over OTLP, and
// events. The visitors come from here on, until the context of Start ends. It is called once, before Close.
func (d *Demo) Send(url string) error { return d.send(url) }

func (d *Demo) sendFrom(ctx context.Context, url string) error {
	if err := d.portal.send(ctx, url); err != nil {
		return fmt.Errorf("send the demo's signals to %s: %w", url, err)
	}
	d.filing.Go(func() {
		d.people.season = newSeason(d.people.seed, d.now())
		d.people.season.moments = nil
		d.people.run(ctx)
	})
	return nil
}

// History hands over the events of the weeks before now, batch by batch in order of time; each spans at most an hour, and at
// is the instant at which it would have arrived. The batch is good until f returns. An error of f ends it and is returned.
func (d *Demo) History(f func(at time.Time, b *rowstore.Batch) error) error {
	left := newSeason(d.people.seed, d.now()).moments
	b := &rowstore.Batch{}
	for len(left) > 0 {
		left = write(b, left, time.Hour)
		if err := f(time.UnixMicro(b.Rows[len(b.Rows)-1].Time).Add(time.Second), b); err != nil {
			return err
		}
	}
	return nil
}

// Hush ends the load and sends what waits to be said: it is for before the signalbox closes that Send named.
func (d *Demo) Hush() {
	d.stop()
	d.filing.Wait()
	ctx, cancel := context.WithTimeout(context.Background(), lastWords)
	defer cancel()
	d.portal.hush(ctx)
}
