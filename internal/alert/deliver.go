package alert

import (
	"context"
	"log/slog"
	"sync"

	amalert "github.com/prometheus/alertmanager/alert"
	"github.com/prometheus/alertmanager/nflog/nflogpb"
	"github.com/prometheus/alertmanager/notify"

	"github.com/signalbox/signalbox/internal/ledger"
)

// delivery is what Alertmanager does for one integration of a receiver: drop what it was told, try until it is taken, and
// note that it was. The receipts that it was taken come after the note, so that a kill finds as little as possible between
// the two.
type delivery struct {
	a     *Alert
	who   *nflogpb.Receiver
	inner notify.Stage
}

func (a *Alert) delivery(receiver string, in *notify.Integration, who *nflogpb.Receiver) *delivery {
	return &delivery{a: a, who: who, inner: notify.MultiStage{
		notify.NewDedupStage(in, a.told, who),
		notify.NewRetryStage(*in, receiver, a.builder, a.record),
		notify.StageFunc(func(ctx context.Context, _ *slog.Logger, alerts ...*amalert.Alert) (context.Context, []*amalert.Alert, error) {
			return a.keepMuted(ctx, who), alerts, nil
		}),
		notify.NewSetNotifiesStage(a.told, who),
	}}
}

// Exec implements notify.Stage.
func (d *delivery) Exec(ctx context.Context, l *slog.Logger, alerts ...*amalert.Alert) (context.Context, []*amalert.Alert, error) {
	group, _ := notify.GroupKey(ctx)
	give, err := d.a.turns.take(ctx, digest(group, d.who.GroupName, d.who.Integration, string(rune(d.who.Idx))))
	if err != nil {
		return ctx, nil, err
	}
	defer give()
	taken := &taken{}
	out, alerts, err := d.inner.Exec(context.WithValue(ctx, takenKey{}, taken), l, alerts...)
	for _, r := range taken.all() {
		d.a.o.Receipt(context.WithoutCancel(ctx), r)
	}
	return out, alerts, err
}

// taken holds the receipts of a notification that was accepted until it is noted, and counts the attempts that failed. It
// travels with the delivery's context, because the library's stages lie between.
type taken struct {
	mu       sync.Mutex
	receipts []ledger.Receipt
	failures int
}

type takenKey struct{}

func (t *taken) add(rs []ledger.Receipt) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.receipts = append(t.receipts, rs...)
}

func (t *taken) all() []ledger.Receipt {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.receipts
}

// failed counts one more attempt that failed and returns how many did.
func (t *taken) failed() int {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.failures++
	return t.failures
}
