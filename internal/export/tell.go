package export

import (
	"context"
	"errors"
	"sync/atomic"
	"time"

	"github.com/klauspost/compress/snappy"
	remoteapi "github.com/prometheus/client_golang/exp/api/remote"
	promconfig "github.com/prometheus/prometheus/config"
	"github.com/prometheus/prometheus/prompb"
	"github.com/prometheus/prometheus/storage/remote"
)

// teller tells one receiver what metrics are, as messages of remote write 1.0 do: apart from the samples, again and again. In 2.0
// it comes with the samples, from the stores' logs. Prometheus' queues read it from Prometheus' scrape manager alone; ours comes
// from who pushes, too.
type teller struct {
	client remote.WriteClient
	cfg    promconfig.MetadataConfig
	due    time.Time
	tries  int
	busy   atomic.Bool // guards due and tries
}

// again is when metadata that a receiver did not take is sent again, unless its interval is shorter.
const again = 30 * time.Second

// tellers returns who is to be told: the receivers of 1.0 whose metadata_config does not switch it off.
func tellers(configs []*promconfig.RemoteWriteConfig) (out []*teller, err error) {
	for _, c := range configs {
		if c.MetadataConfig.Send && c.ProtobufMessage == remoteapi.WriteV1MessageType {
			client, err := clientOf(c)
			if err != nil {
				return nil, err
			}
			out = append(out, &teller{client: client, cfg: c.MetadataConfig})
		}
	}
	return out, nil
}

// tell sends metadata to those whose time has come. It waits for nobody: what is under way ends with ctx.
func (r *Remote) tell(ctx context.Context, now time.Time) {
	if r.o.Metadata == nil {
		return
	}
	for _, t := range r.tellers {
		if !t.busy.CompareAndSwap(false, true) {
			continue
		}
		if now.Before(t.due) {
			t.busy.Store(false)
			continue
		}
		r.telling.Go(func() {
			defer t.busy.Store(false)
			t.due = now.Add(time.Duration(t.cfg.SendInterval))
			err := t.send(ctx, r.o.Metadata())
			var recoverable remote.RecoverableError
			switch {
			case err == nil:
				t.tries = 0
			case ctx.Err() != nil:
			case errors.As(err, &recoverable):
				t.tries++
				t.due = now.Add(min(again, time.Duration(t.cfg.SendInterval)))
				r.o.Logger.Warn("Metadata was not taken and will be sent again", "receiver", t.client.Endpoint(), "err", err)
			default:
				t.tries = 0
				r.o.Logger.Error("Metadata was refused", "receiver", t.client.Endpoint(), "err", err)
			}
		})
	}
}

// send sends all of it in pieces.
func (t *teller) send(ctx context.Context, all []prompb.MetricMetadata) error {
	step := max(1, t.cfg.MaxSamplesPerSend)
	for len(all) > 0 {
		n := min(step, len(all))
		raw, err := (&prompb.WriteRequest{Metadata: all[:n]}).Marshal()
		if err != nil {
			return err
		}
		if _, err := t.client.Store(ctx, snappy.Encode(nil, raw), t.tries); err != nil {
			return err
		}
		all = all[n:]
	}
	return nil
}
