package alert

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"strings"

	amalert "github.com/prometheus/alertmanager/alert"
	"github.com/prometheus/alertmanager/config"
	"github.com/prometheus/alertmanager/nflog/nflogpb"
	"github.com/prometheus/alertmanager/notify"
	"github.com/prometheus/alertmanager/notify/email"
	"github.com/prometheus/alertmanager/template"
	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"

	"github.com/signalbox/signalbox/internal/ledger"
)

// witness is a notifier that leaves a receipt of every attempt.
type witness struct {
	a        *Alert
	inner    notify.Notifier
	receiver string
	who      *nflogpb.Receiver
	// mail rebuilds the notifier with a message id that is the same for the same notification: the library makes a random
	// one, with which a mail that was accepted just before a kill could not be told from its repetition.
	mail func(id string) notify.Notifier
}

// witnessed wraps a receiver's integrations.
func (a *Alert) witnessed(rc config.Receiver, built []notify.Integration, tmpl *template.Template) []notify.Integration {
	out := make([]notify.Integration, 0, len(built))
	mails := 0
	for i := range built {
		in := built[i]
		w := &witness{a: a, inner: &in, receiver: rc.Name, who: &nflogpb.Receiver{GroupName: rc.Name, Integration: in.Name(), Idx: uint32(in.Index())}}
		if in.Name() == "email" {
			c := rc.EmailConfigs[mails]
			mails++
			w.mail = func(id string) notify.Notifier { return a.mailer(c, tmpl, id) }
		}
		out = append(out, notify.NewIntegration(w, &in, in.Name(), in.Index(), rc.Name))
	}
	return out
}

// mailer is the library's mail notifier with our templates where the receiver states none of its own, and a message id.
func (a *Alert) mailer(c *config.EmailConfig, tmpl *template.Template, id string) notify.Notifier {
	own := *c
	own.Headers = maps.Clone(c.Headers)
	if own.Headers == nil {
		own.Headers = map[string]string{}
	}
	if own.Headers["Subject"] == config.DefaultEmailSubject || own.Headers["Subject"] == "" {
		own.Headers["Subject"] = `{{ template "signalbox.subject" . }}`
	}
	if own.HTML == config.DefaultEmailConfig.HTML {
		own.HTML = `{{ template "signalbox.html" . }}`
		if own.Text == "" {
			own.Text = `{{ template "signalbox.text" . }}`
		}
	}
	if _, ok := own.Headers["Message-Id"]; !ok {
		own.Headers["Message-Id"] = id
	}
	return email.New(&own, tmpl, a.log)
}

// Notify implements notify.Notifier.
func (w *witness) Notify(ctx context.Context, alerts ...*amalert.Alert) (bool, error) {
	id := w.messageID(ctx, alerts)
	inner := w.inner
	if w.mail != nil {
		inner = w.mail(id)
	}
	retry, err := inner.Notify(ctx, alerts...)
	w.a.receipts(ctx, w, id, alerts, err)
	return retry, err
}

// messageID names one notification: to whom, about which alerts in which state, after which earlier notification.
func (w *witness) messageID(ctx context.Context, alerts []*amalert.Alert) string {
	group, _ := notify.GroupKey(ctx)
	h := sha256.New()
	fmt.Fprintf(h, "%s\x00%s\x00%d\x00%d", group, w.receiver, w.who.Idx, w.a.told.newest(group, w.who))
	for _, x := range alerts {
		fmt.Fprintf(h, "\x00%s %s %d", x.Fingerprint(), x.Status(), x.StartsAt.UnixMilli())
	}
	host := w.a.o.ExternalURL.Hostname()
	if host == "" {
		host = "localhost"
	}
	return "<" + hex.EncodeToString(h.Sum(nil)[:16]) + "@" + host + ">"
}

// receipts leaves a receipt for each alert of a notification. A further attempt replaces the receipt of the one before.
func (a *Alert) receipts(ctx context.Context, w *witness, id string, alerts []*amalert.Alert, err error) {
	ctx = context.WithoutCancel(ctx)
	route, _ := notify.RouteID(ctx)
	for _, x := range alerts {
		fp := x.Fingerprint()
		key := strings.Trim(id, "<>") + "/" + fp.String() + "/" + w.who.Integration
		r := a.receipt(x, w.receiver, w.who.Integration)
		r.ID, r.Rule, r.MessageID, r.Status = key, route, id, "sent"
		a.mu.Lock()
		n := 1
		if was, ok := a.last["attempt "+key]; ok {
			_, _ = fmt.Sscan(was, &n)
			n++
		}
		if err != nil {
			a.last["attempt "+key] = fmt.Sprint(n)
		} else {
			delete(a.last, "attempt "+key)
			a.heard[fp] = !x.Resolved()
			if x.Resolved() {
				delete(a.heard, fp)
			}
		}
		a.mu.Unlock()
		r.Attempt = n
		if err != nil {
			r.Status, r.Err = "failed", err.Error()
		}
		a.o.Receipt(ctx, r)
	}
}

// receipt begins a receipt about an alert.
func (a *Alert) receipt(x *amalert.Alert, receiver, integration string) ledger.Receipt {
	r := ledger.Receipt{At: a.o.Now().UnixMilli(), KPI: string(x.Labels["kpi"]), Receiver: receiver, Integration: integration, Firing: !x.Resolved(), Attempt: 1,
		Decision: string(x.Annotations["decision"])}
	b := labels.NewBuilder(labels.EmptyLabels())
	for k, v := range x.Labels {
		switch k {
		case model.AlertNameLabel, "kpi", "severity":
		default:
			b.Set(string(k), string(v))
		}
	}
	r.Group = b.Labels()
	if r.KPI == "" {
		r.KPI = string(x.Labels[model.AlertNameLabel])
	}
	return r
}

// withheld leaves one receipt when an alert begins to be muted for a receiver.
func (a *Alert) withheld(ctx context.Context, x *amalert.Alert, status, why string) {
	receiver, _ := notify.ReceiverName(ctx)
	key := x.Fingerprint().String() + "/" + receiver
	said := status + " " + why
	a.mu.Lock()
	same := a.last[key] == said
	a.last[key] = said
	a.mu.Unlock()
	if same || x.Resolved() {
		return
	}
	r := a.receipt(x, receiver, "")
	r.Status, r.Rule = status, why
	r.ID = fmt.Sprintf("%s/%s/%d", status, key, r.At)
	a.o.Receipt(context.WithoutCancel(ctx), r)
}

// unmuted forgets that an alert was withheld for this reason.
func (a *Alert) unmuted(ctx context.Context, x *amalert.Alert, status string) {
	receiver, _ := notify.ReceiverName(ctx)
	key := x.Fingerprint().String() + "/" + receiver
	a.mu.Lock()
	if strings.HasPrefix(a.last[key], status) {
		delete(a.last, key)
	}
	a.mu.Unlock()
}

func (a *Alert) wasHeard(fp model.Fingerprint) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.heard[fp]
}
