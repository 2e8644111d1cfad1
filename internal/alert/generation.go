package alert

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"time"

	_ "embed"

	amalert "github.com/prometheus/alertmanager/alert"
	"github.com/prometheus/alertmanager/config"
	"github.com/prometheus/alertmanager/config/receiver"
	"github.com/prometheus/alertmanager/dispatch"
	"github.com/prometheus/alertmanager/inhibit"
	"github.com/prometheus/alertmanager/nflog/nflogpb"
	"github.com/prometheus/alertmanager/notify"
	"github.com/prometheus/alertmanager/template"
	"github.com/prometheus/alertmanager/timeinterval"
	commoncfg "github.com/prometheus/common/config"
	"github.com/prometheus/common/model"
)

//go:embed mail.tmpl
var mailTemplates string

// generation is everything that one configuration made: routes, receivers, pipeline, inhibitor, dispatcher.
type generation struct {
	config     *config.Config
	inhibitor  *inhibit.Inhibitor
	dispatcher *dispatch.Dispatcher
	receivers  map[string][]notify.Integration
	running    bool
}

// generation builds a configuration completely. Everything that can fail fails here, before anything live is touched.
func (a *Alert) generation(c *config.Config) (*generation, error) {
	tmpl, err := template.FromGlobs(nil)
	if err != nil {
		return nil, fmt.Errorf("templates: %w", err)
	}
	if err := tmpl.Parse(strings.NewReader(mailTemplates)); err != nil {
		return nil, fmt.Errorf("templates: %w", err)
	}
	for _, glob := range c.Templates {
		if err := tmpl.FromGlob(glob); err != nil {
			return nil, fmt.Errorf("templates %s: %w", glob, err)
		}
	}
	tmpl.ExternalURL = a.o.ExternalURL
	routes := dispatch.NewRoute(c.Route, nil)
	g := &generation{config: c, receivers: map[string][]notify.Integration{}}
	for _, rc := range c.Receivers {
		built, err := receiver.BuildReceiverIntegrations(rc, tmpl, a.log.With("receiver", rc.Name), a.dial()...)
		if err != nil {
			return nil, fmt.Errorf("receiver %q: %w", rc.Name, err)
		}
		g.receivers[rc.Name] = a.witnessed(rc, built, tmpl)
	}
	intervals := map[string][]timeinterval.TimeInterval{}
	for _, ti := range c.MuteTimeIntervals {
		intervals[ti.Name] = ti.TimeIntervals
	}
	for _, ti := range c.TimeIntervals {
		intervals[ti.Name] = ti.TimeIntervals
	}
	intervener := timeinterval.NewIntervener(intervals)
	g.inhibitor = inhibit.NewInhibitor(a.alerts, c.InhibitRules, a.log, a.record)
	pipeline := make(notify.RoutingStage, len(g.receivers))
	for name, integrations := range g.receivers {
		pipeline[name] = notify.MultiStage{
			&muteStage{a: a, status: "inhibited", mutes: g.inhibitor.Mutes},
			notify.NewTimeActiveStage(intervener, a.groups, a.builder),
			notify.NewTimeMuteStage(intervener, a.groups, a.builder),
			&muteStage{a: a, status: "silenced", mutes: a.muted.silencer.Mutes, why: a.muted.why, tellResolved: true},
			a.deliver(name, integrations),
		}
	}
	a.builder.InitializeFor(g.receivers)
	// A delivery may take until the next flush of its group; a group that is flushed quickly gets time to try again.
	timeout := func(d time.Duration) time.Duration { return max(d, 2*time.Minute) }
	g.dispatcher = dispatch.NewDispatcher(a.alerts, routes, pipeline, a.groups, timeout, 30*time.Second, nil, a.log, a.record, a.dmetric, tmpl)
	return g, nil
}

// dial has HTTP receivers connect through the dialer that was handed in.
func (a *Alert) dial() []commoncfg.HTTPClientOption {
	if a.o.Dial == nil {
		return nil
	}
	return []commoncfg.HTTPClientOption{commoncfg.WithDialContextFunc(a.o.Dial)}
}

// deliver is what Alertmanager does for one receiver: each integration drops what it was told, tries until it is taken,
// and notes that it was.
func (a *Alert) deliver(name string, integrations []notify.Integration) notify.Stage {
	var all notify.FanoutStage
	for i := range integrations {
		who := &nflogpb.Receiver{GroupName: name, Integration: integrations[i].Name(), Idx: uint32(integrations[i].Index())}
		all = append(all, notify.MultiStage{
			notify.NewDedupStage(&integrations[i], a.told, who),
			notify.NewRetryStage(integrations[i], name, a.builder, a.record),
			notify.NewSetNotifiesStage(a.told, who),
		})
	}
	return all
}

// start begins to dispatch. The inhibitor is loaded first, so that nobody is told of what it mutes.
func (g *generation) start(since time.Time) {
	go g.inhibitor.Run()
	g.inhibitor.WaitForLoading()
	go g.dispatcher.Run(since)
	g.dispatcher.WaitForLoading()
	g.running = true
}

func (g *generation) stop() {
	if !g.running {
		return
	}
	g.dispatcher.Stop()
	g.inhibitor.Stop()
	g.running = false
}

// muteStage drops muted alerts as Alertmanager's does, and leaves a receipt of it. Alertmanager forgets to tell people
// that an alert they were paged for has resolved while it was silenced; tellResolved lets that one through.
type muteStage struct {
	a            *Alert
	status       string
	mutes        func(context.Context, model.LabelSet) bool
	why          func(model.LabelSet) string
	tellResolved bool
}

// Exec implements notify.Stage.
func (s *muteStage) Exec(ctx context.Context, _ *slog.Logger, alerts ...*amalert.Alert) (context.Context, []*amalert.Alert, error) {
	var out []*amalert.Alert
	for _, x := range alerts {
		if !s.mutes(ctx, x.Labels) {
			s.a.unmuted(ctx, x, s.status)
			out = append(out, x)
			continue
		}
		if s.tellResolved && x.Resolved() && s.a.wasHeard(x.Fingerprint()) {
			out = append(out, x)
			continue
		}
		why := ""
		if s.why != nil {
			why = s.why(x.Labels)
		}
		s.a.withheld(ctx, x, s.status, why)
	}
	return ctx, out, nil
}
