package alert

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"math/rand/v2"
	"strings"
	"time"

	amalert "github.com/prometheus/alertmanager/alert"
	"github.com/prometheus/alertmanager/config"
	"github.com/prometheus/alertmanager/nflog/nflogpb"
	"github.com/prometheus/alertmanager/notify"
	"github.com/prometheus/alertmanager/template"
	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"

	"github.com/signalbox/signalbox/internal/ledger"
)

// atOnce bounds the attempts that are under way to one integration, those included that hang.
const atOnce = 32

// witness is a notifier that bounds attempts and leaves a receipt of each.
type witness struct {
	a     *Alert
	live  context.Context // ends a while after the configuration was replaced
	inner notify.Notifier
	who   *nflogpb.Receiver
	slots chan struct{}
	// mail rebuilds the notifier with a message id that is the same for the same notification: the library makes a random
	// one, with which a mail that was accepted just before a kill could not be told from its repetition.
	mail func(id string) notify.Notifier
}

// witnessed wraps a receiver's integrations.
func (g *generation) witnessed(a *Alert, rc config.Receiver, built []notify.Integration, tmpl *template.Template) []notify.Integration {
	out := make([]notify.Integration, 0, len(built))
	for i := range built {
		in := &built[i]
		w := &witness{a: a, live: g.live, inner: in, who: whoIs(rc.Name, in), slots: make(chan struct{}, atOnce)}
		if in.Name() == "email" {
			c := rc.EmailConfigs[in.Index()]
			w.mail = func(id string) notify.Notifier { return a.mailer(c, tmpl, id) }
		}
		out = append(out, notify.NewIntegration(w, in, in.Name(), in.Index(), rc.Name))
	}
	return out
}

func whoIs(receiver string, in *notify.Integration) *nflogpb.Receiver {
	return &nflogpb.Receiver{GroupName: receiver, Integration: in.Name(), Idx: uint32(in.Index())}
}

// The library tries again at growing intervals, of up to a minute and a half. After this many attempts of one flush they
// would be longer than the longest pause, and the pauses are made here.
const (
	libraryTries = 10
	longestPause = 30 * time.Second
)

// Notify implements notify.Notifier.
func (w *witness) Notify(ctx context.Context, alerts ...*amalert.Alert) (bool, error) {
	for {
		retry, err := w.notify(ctx, alerts)
		if err == nil || !retry || !pause(ctx) {
			return retry, err
		}
	}
}

// pause waits before a further attempt. False leaves it to the library, which has noted the last error by then: the flush
// is young, or about to end.
func pause(ctx context.Context) bool {
	t, ok := ctx.Value(takenKey{}).(*taken)
	if !ok || t.failed() <= libraryTries {
		return false
	}
	d := longestPause - rand.N(longestPause/3)
	if end, ok := ctx.Deadline(); ok && time.Until(end) <= d {
		return false
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// notify tries once and leaves receipts.
func (w *witness) notify(ctx context.Context, alerts []*amalert.Alert) (bool, error) {
	id := w.messageID(ctx, alerts)
	retry, err := w.attempt(ctx, id, alerts)
	if t, ok := ctx.Value(takenKey{}).(*taken); ok {
		receipts := w.receipts(ctx, id, alerts, err)
		if err == nil {
			t.add(receipts)
			return retry, nil
		}
		for _, r := range receipts {
			w.a.o.Receipt(context.WithoutCancel(ctx), r)
		}
	}
	return retry, err
}

// attempt tries once. A replaced configuration ends the attempts that are under way only after a while: a receiver that was
// about to accept is not told again by the new one. The library's mail notifier does not look at its context once it is
// connected; an attempt that does not answer is left behind, and holds its slot until the connection breaks.
func (w *witness) attempt(ctx context.Context, id string, alerts []*amalert.Alert) (bool, error) {
	inner := w.inner
	if w.mail != nil {
		inner = w.mail(id)
	}
	select {
	case w.slots <- struct{}{}:
	case <-ctx.Done():
		return true, fmt.Errorf("%d attempts to reach it are under way and none has ended: %w", atOnce, ctx.Err())
	}
	whole, cancel := context.WithCancel(context.WithoutCancel(ctx))
	if end, ok := ctx.Deadline(); ok {
		whole, cancel = context.WithDeadline(context.WithoutCancel(ctx), end)
	}
	defer cancel()
	defer context.AfterFunc(w.live, cancel)()
	type answer struct {
		retry bool
		err   error
	}
	done := make(chan answer, 1)
	go func() {
		retry, err := inner.Notify(whole, alerts...)
		done <- answer{retry, err}
		<-w.slots
	}()
	select {
	case got := <-done:
		return got.retry, got.err
	case <-whole.Done():
	}
	select {
	case got := <-done:
		return got.retry, got.err
	default:
		return true, fmt.Errorf("no answer in time: %w", whole.Err())
	}
}

// messageID names one notification: to whom, about which alerts in which state, after which earlier notification.
func (w *witness) messageID(ctx context.Context, alerts []*amalert.Alert) string {
	group, _ := notify.GroupKey(ctx)
	after := int64(0)
	if last := w.a.told.last(group, w.who); last != nil {
		after = last.Timestamp.AsTime().UnixNano()
	}
	parts := []string{group, w.who.GroupName, w.who.Integration, fmt.Sprint(w.who.Idx), fmt.Sprint(after)}
	for _, x := range alerts {
		parts = append(parts, fmt.Sprintf("%s %s %d", x.Fingerprint(), x.Status(), x.StartsAt.UnixMilli()))
	}
	host := w.a.o.ExternalURL.Hostname()
	switch {
	case host == "":
		host = "localhost"
	case strings.Contains(host, ":"):
		host = "[IPv6:" + host + "]"
	}
	return "<" + digest(parts...) + "@" + host + ">"
}

// digest is a short name for a list of texts.
func digest(parts ...string) string {
	h := sha256.New()
	for _, p := range parts {
		_, _ = io.WriteString(h, p+"\x00")
	}
	return hex.EncodeToString(h.Sum(nil)[:16])
}

// tries counts the attempts at a notification.
type tries struct {
	id string
	n  int
	at time.Time
}

// receipts makes a receipt for each alert of an attempt. A further attempt replaces the receipt of the one before.
func (w *witness) receipts(ctx context.Context, id string, alerts []*amalert.Alert, err error) []ledger.Receipt {
	group, _ := notify.GroupKey(ctx)
	route, _ := notify.RouteID(ctx)
	n := w.a.attempted(digest(group, w.who.GroupName, w.who.Integration, fmt.Sprint(w.who.Idx)), id, err == nil)
	out := make([]ledger.Receipt, 0, len(alerts))
	for _, x := range alerts {
		r := w.a.receipt(x, w.who.GroupName, w.who.Integration)
		r.ID, r.Rule, r.MessageID, r.Status, r.Attempt = digest(id, x.Fingerprint().String()), route, id, "sent", n
		if err != nil {
			r.Status, r.Err = "failed", err.Error()
		}
		out = append(out, r)
	}
	return out
}

// attempted returns the number of this attempt at a notification.
func (a *Alert) attempted(key, id string, ok bool) int {
	a.mu.Lock()
	defer a.mu.Unlock()
	t := a.tries[key]
	if t.id != id {
		t = tries{id: id}
	}
	t.n, t.at = t.n+1, a.o.Now()
	if ok {
		delete(a.tries, key)
	} else {
		a.tries[key] = t
	}
	return t.n
}

// receipt begins a receipt about an alert.
func (a *Alert) receipt(x *amalert.Alert, receiver, integration string) ledger.Receipt {
	r := ledger.Receipt{At: a.o.Now().UnixMilli(), KPI: string(x.Labels["kpi"]), Receiver: receiver, Integration: integration, Firing: !x.Resolved(), Attempt: 1,
		Decision: string(x.Annotations["decision"])}
	b := labels.NewBuilder(labels.EmptyLabels())
	by, says := x.Annotations["by"]
	for k, v := range x.Labels {
		if grouped(string(by), says, string(k)) {
			b.Set(string(k), string(v))
		}
	}
	r.Group = b.Labels()
	if r.KPI == "" {
		r.KPI = string(x.Labels[model.AlertNameLabel])
	}
	return r
}

// forget drops what is remembered of alerts that are gone and of notifications that nobody tries any more.
func (a *Alert) forget() {
	now := a.o.Now()
	a.mu.Lock()
	defer a.mu.Unlock()
	for k := range a.quiet {
		if x, err := a.alerts.Get(k.alert); err != nil || x.ResolvedAt(now) {
			delete(a.quiet, k)
		}
	}
	for k, t := range a.tries {
		if now.Sub(t.at) > 24*time.Hour {
			delete(a.tries, k)
		}
	}
}
