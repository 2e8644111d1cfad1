package alert

import (
	"context"
	"fmt"
	"strings"
	"sync/atomic"
	"time"

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
)

// generation is everything that one configuration made: routes, receivers, pipeline, inhibitor, dispatcher.
type generation struct {
	config     *config.Config
	inhibitor  *inhibit.Inhibitor
	dispatcher *dispatch.Dispatcher
	receivers  map[string][]notify.Integration
	running    atomic.Bool
	live       context.Context // of the attempts to deliver
	abandon    context.CancelFunc
}

// generation builds a configuration completely. Everything that can fail fails here, before anything live is touched.
func (a *Alert) generation(c *config.Config) (*generation, error) {
	tmpl, err := template.FromGlobs(nil, mailFuncs)
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
	g.live, g.abandon = context.WithCancel(context.Background())
	for _, rc := range c.Receivers {
		built, err := receiver.BuildReceiverIntegrations(rc, tmpl, a.log.With("receiver", rc.Name), a.dial()...)
		if err != nil {
			return nil, fmt.Errorf("receiver %q: %w", rc.Name, err)
		}
		g.receivers[rc.Name] = g.witnessed(a, rc, built, tmpl)
	}
	intervals := map[string][]timeinterval.TimeInterval{}
	for _, ti := range c.MuteTimeIntervals {
		intervals[ti.Name] = ti.TimeIntervals
	}
	for _, ti := range c.TimeIntervals {
		intervals[ti.Name] = ti.TimeIntervals
	}
	intervener := timeinterval.NewIntervener(intervals)
	g.inhibitor = inhibit.NewInhibitor(a.sources, c.InhibitRules, a.log, a.record)
	pipeline := make(notify.RoutingStage, len(g.receivers))
	for name, integrations := range g.receivers {
		var who []*nflogpb.Receiver
		var all notify.FanoutStage
		for i := range integrations {
			who = append(who, whoIs(name, &integrations[i]))
			all = append(all, a.delivery(name, &integrations[i], who[i]))
		}
		mute := func(status string, why func(context.Context, *amalert.Alert) string, inner notify.Stage) notify.Stage {
			return &muteStage{a: a, status: status, inner: inner, why: why, receivers: who}
		}
		pipeline[name] = notify.MultiStage{
			&gatherStage{a: a, routes: routes},
			mute("inhibited", a.inhibitors, notify.NewMuteStage(g.inhibitor, a.builder)),
			mute("muted", a.intervals, notify.MultiStage{
				notify.NewTimeActiveStage(intervener, a.groups, a.builder),
				notify.NewTimeMuteStage(intervener, a.groups, a.builder),
			}),
			mute("silenced", a.silencedBy, notify.NewMuteStage(a.muted.silencer, a.builder)),
			all,
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

// start begins to dispatch. The inhibitor is loaded first, so that nobody is told of what it mutes.
func (g *generation) start(since time.Time) {
	go g.inhibitor.Run()
	g.inhibitor.WaitForLoading()
	go g.dispatcher.Run(since)
	g.dispatcher.WaitForLoading()
	g.running.Store(true)
}

// stop ends dispatching at once; attempts that are under way get a while to hear their answer.
func (g *generation) stop() {
	if !g.running.CompareAndSwap(true, false) {
		return
	}
	g.dispatcher.Stop()
	g.inhibitor.Stop()
	time.AfterFunc(grace, g.abandon)
}
