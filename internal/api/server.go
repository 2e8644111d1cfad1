package api

import (
	"context"

	"github.com/signalbox/signalbox/internal/board"
)

func (a *API) sources(ctx context.Context, _ *struct{}) (*out[SourcesBody], error) {
	b := SourcesBody{AsOf: a.o.Now().UnixMilli(), Sources: []board.Source{}}
	if a.o.Sources != nil {
		ss, err := a.o.Sources(ctx)
		if err != nil {
			return nil, err
		}
		b.Sources = board.OrderSources(ss)
	}
	b.Summary = board.Summarise(b.Sources)
	return &out[SourcesBody]{b}, nil
}

func (a *API) status(ctx context.Context, _ *struct{}) (*out[StatusBody], error) {
	var b StatusBody
	if a.o.Server != nil {
		var err error
		if b, err = a.o.Server(ctx); err != nil {
			return nil, err
		}
	}
	if b.Version == "" {
		b.Version = a.o.Version
	}
	b.Config.Restart = list(b.Config.Restart)
	b.Stores, b.Warnings, b.Receivers = list(b.Stores), list(b.Warnings), list(b.Receivers)
	return &out[StatusBody]{b}, nil
}
