package app

import (
	"context"
	"fmt"
	"net"
	"time"

	"github.com/signalbox/signalbox/internal/demo"
	"github.com/signalbox/signalbox/internal/gate"
	"github.com/signalbox/signalbox/internal/rowstore"
)

// tellDemo has the demo send its signals to the house like any sender, and writes what its visitors did in the weeks before.
func tellDemo(ctx context.Context, h *house, d *demo.Demo) error {
	if err := d.Send("http://" + reachable(h.cfg.Load().Listen)); err != nil {
		return err
	}
	if err := h.pastOf(ctx, d); err != nil && ctx.Err() == nil {
		h.log.Error("the weeks before the demo could not be written; Usage begins today", "err", err)
	}
	return nil
}

// reachable is an address of this machine at which a listener can be reached.
func reachable(listen string) string {
	host, port, err := net.SplitHostPort(listen)
	if err != nil {
		return listen
	}
	if ip := net.ParseIP(host); host == "" || ip != nil && ip.IsUnspecified() {
		host = "127.0.0.1"
	}
	return net.JoinHostPort(host, port)
}

// pastOf writes the events of the weeks before, once. They go through a gate of their own whose clock is theirs, so that they
// arrive when they happened: limits and privacy are those of the house. Usage counts them; no light is judged by them, for nobody measured.
func (h *house) pastOf(ctx context.Context, d *demo.Demo) error {
	ctx = ownWork(ctx, "demo")
	there, err := h.rows.Find(ctx, rowstore.Find{
		Table: rowstore.Events, Between: rowstore.Between{To: time.Now().UnixMicro()}, Where: rowstore.Is("source", demo.HistorySource), Limit: 1,
	})
	if err != nil || len(there) > 0 {
		return err
	}
	began, clock, rows := time.Now(), time.Time{}, 0
	past := gate.New(gate.Options{
		Store: h.samples, Rows: h.rows, RowObservers: []gate.RowObserver{h.usage}, Redact: h.privacy.Redact, Limits: h.rowLimits(),
		Now: func() time.Time { return clock }, Logger: h.log.With("room", "gate"),
	})
	err = d.History(func(at time.Time, b *rowstore.Batch) error {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		clock = at
		grant, err := past.Admit(ctx, gate.Credential{Source: demo.HistorySource, Signal: gate.Logs}, 0)
		if err != nil {
			return err
		}
		defer grant.Close()
		res, err := grant.WriteRows(ctx, b)
		rows += res.Accepted
		return err
	})
	if err != nil {
		return fmt.Errorf("write the demo's history: %w", err)
	}
	h.log.Info("the weeks before the demo were written", "events", rows, "after", time.Since(began).Round(time.Millisecond).String())
	return nil
}
