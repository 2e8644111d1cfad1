package api

import (
	"context"
	"slices"
	"time"

	"github.com/signalbox/signalbox/internal/access"
	"github.com/signalbox/signalbox/internal/board"
	"github.com/signalbox/signalbox/internal/fault"
	"github.com/signalbox/signalbox/internal/ledger"
)

func absent(what string) error {
	return fault.New(fault.NotFound, "this server has no %s", what)
}

func (a *API) alerts(ctx context.Context, _ *struct{}) (*out[AlertsBody], error) {
	if a.o.Alerts == nil {
		return nil, absent("alerting")
	}
	b, err := a.o.Alerts.List(ctx)
	b.Active, b.Groups, b.Silences, b.Receipts = list(b.Active), list(b.Groups), list(b.Silences), list(b.Receipts)
	return &out[AlertsBody]{b}, err
}

func matchers(in []MatcherInput) ([]board.Matcher, error) {
	ms := make([]board.Matcher, len(in))
	some := false
	for i, m := range in {
		ms[i] = board.Matcher{Name: m.Name, Value: m.Value, IsRegex: m.IsRegex, IsEqual: m.IsEqual == nil || *m.IsEqual}
		match, err := ms[i].Compile()
		if err != nil {
			return nil, err
		}
		some = some || !match.Matches("")
	}
	if !some {
		return nil, fault.New(fault.Invalid, "matchers: all of them match an empty value, so they would silence every alert. Want at least one that does not")
	}
	return ms, nil
}

func (a *API) createSilence(ctx context.Context, in *bodyInput[SilenceInput]) (*out[SilenceBody], error) {
	if a.o.Alerts == nil {
		return nil, absent("alerting")
	}
	ms, err := matchers(in.Body.Matchers)
	if err != nil {
		return nil, err
	}
	now := a.o.Now().UnixMilli()
	s := board.Silence{ID: in.Body.ID, Matchers: ms, StartsAt: in.Body.StartsAt, EndsAt: in.Body.EndsAt, CreatedBy: in.Body.CreatedBy, Comment: in.Body.Comment}
	if s.StartsAt == 0 {
		s.StartsAt = now
	}
	if s.CreatedBy == "" {
		p, _ := access.From(ctx)
		s.CreatedBy = p.Name
	}
	switch {
	case s.EndsAt <= s.StartsAt:
		return nil, fault.New(fault.Invalid, "ends_at %d: want a time after starts_at %d, both Unix milliseconds", s.EndsAt, s.StartsAt)
	case s.EndsAt <= now:
		return nil, fault.New(fault.Invalid, "ends_at %d: want a time in the future, in Unix milliseconds; now is %d", s.EndsAt, now)
	}
	id, err := a.o.Alerts.CreateSilence(ctx, s)
	if err != nil {
		return nil, err
	}
	hit, err := a.o.Alerts.Preview(ctx, ms)
	if err != nil {
		a.o.Logger.Warn("silence made, its matches could not be counted", "silence", id, "err", err)
	}
	a.AlertsChanged()
	return &out[SilenceBody]{SilenceBody{ID: id, Matches: len(hit)}}, nil
}

func (a *API) previewSilence(ctx context.Context, in *bodyInput[PreviewInput]) (*out[PreviewBody], error) {
	if a.o.Alerts == nil {
		return nil, absent("alerting")
	}
	ms, err := matchers(in.Body.Matchers)
	if err != nil {
		return nil, err
	}
	hit, err := a.o.Alerts.Preview(ctx, ms)
	return &out[PreviewBody]{PreviewBody{Matches: len(hit), Alerts: list(hit)}}, err
}

func (a *API) expireSilence(ctx context.Context, in *idInput) (*out[Empty], error) {
	if a.o.Alerts == nil {
		return nil, absent("alerting")
	}
	if err := a.o.Alerts.ExpireSilence(ctx, in.ID); err != nil {
		return nil, err
	}
	a.AlertsChanged()
	return &out[Empty]{}, nil
}

func (a *API) testReceiver(ctx context.Context, in *bodyInput[TestInput]) (*out[TestBody], error) {
	if a.o.Alerts == nil {
		return nil, absent("alerting")
	}
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	res, err := a.o.Alerts.TestReceiver(ctx, in.Body.Receiver)
	return &out[TestBody]{TestBody{Receiver: in.Body.Receiver, Results: list(res)}}, err
}

func (a *API) demo(ctx context.Context, _ *struct{}) (*out[DemoBody], error) {
	if a.o.Demo == nil {
		return nil, absent("demo")
	}
	b, err := a.o.Demo.State(ctx)
	b.Services = list(b.Services)
	return &out[DemoBody]{b}, err
}

func (a *API) demoSwitch(ctx context.Context, in *demoInput) (*out[DemoBody], error) {
	if a.o.Demo == nil {
		return nil, absent("demo")
	}
	before, err := a.o.Demo.State(ctx)
	if err == nil {
		err = a.o.Demo.Set(ctx, in.Service, in.Action == "break")
	}
	if err != nil {
		return nil, err
	}
	after, err := a.demo(ctx, nil)
	if err != nil {
		return nil, err
	}
	return after, a.markDemo(ctx, in, before, after.Body)
}

// markDemo reports what the switch did as the deploy that it stands for, so that the charts show cause beside effect. A switch
// that was so already is no change.
func (a *API) markDemo(ctx context.Context, in *demoInput, before, after DemoBody) error {
	named := func(s DemoService) bool { return s.Name == in.Service }
	i, j := slices.IndexFunc(before.Services, named), slices.IndexFunc(after.Services, named)
	if a.o.Changes == nil || i < 0 || j < 0 || before.Services[i].Broken == after.Services[j].Broken {
		return nil
	}
	m := ledger.Mark{At: a.o.Now().UnixMilli(), Letter: "D", Labels: map[string]string{"service": in.Service}, Link: "/demo"}
	m.Title = "Deploy " + in.Service + " " + after.Services[j].Version
	if after.Services[j].Broken {
		m.Detail = "It " + after.Services[j].Effect + ". By the switch of the demo."
	} else {
		m.Detail = "Release " + before.Services[i].Version + " was taken back. By the switch of the demo."
	}
	_, err := a.o.Changes.AddMark(ctx, m)
	return err
}

func (a *API) demoMails(ctx context.Context, _ *struct{}) (*out[MailsBody], error) {
	if a.o.Demo == nil {
		return nil, absent("demo")
	}
	ms, err := a.o.Demo.Mails(ctx)
	return &out[MailsBody]{MailsBody{list(ms)}}, err
}

func (a *API) demoMail(ctx context.Context, in *idInput) (*out[MailBody], error) {
	if a.o.Demo == nil {
		return nil, absent("demo")
	}
	m, err := a.o.Demo.Mail(ctx, in.ID)
	if m.Headers == nil {
		m.Headers = map[string]string{}
	}
	m.To = list(m.To)
	return &out[MailBody]{m}, err
}
