package board

import (
	"context"
	"time"

	"github.com/signalbox/signalbox/internal/kpi"
)

// Law is what policies and configuration said at an instant, as far as it is kept.
type Law interface {
	// Definition returns a KPI as one of its revisions stated it; nil if that text is not kept or can no longer be read.
	Definition(ctx context.Context, name string, revision int) (*kpi.KPI, error)
	// Routing says which routes an alert with these labels took at an instant (Unix ms).
	Routing(ctx context.Context, at int64, alert map[string]string) (Routing, error)
	// Receivers returns the names of the receivers that are called so or mail to this address; none if there is none.
	Receivers(ctx context.Context, who string) ([]string, error)
	// Kept is how long decision records and receipts are kept.
	Kept() time.Duration
}

// Routing is the way of an alert to its receivers.
type Routing struct {
	Routes []RouteTaken
	// Known is false where a part of the routes of that time is not kept; Routes then holds what is.
	Known bool
}

// RouteTaken is one route that matched.
type RouteTaken struct {
	ID       string // as receipts name it
	Policy   string // name of the Route policy; empty for a route of signalbox.yaml
	Revision int    // of the policy
	Receiver string
	Repeat   time.Duration
	Mute     bool // the receiver has nothing to send with
}
