package usage

import (
	"context"
	"time"

	"github.com/signalbox/signalbox/internal/fault"
)

const (
	maxAsking = 2                // questions that read rows at the same time: each may take some hundred megabytes
	maxInLine = 8                // and that wait for their turn
	maxWait   = 20 * time.Second // so long
)

// admit waits for the turn of a question that reads rows. Beyond the bounds the answer is a fault.Limited.
func (r *Room) admit(ctx context.Context) (done func(), err error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	done = func() { <-r.asking }
	select {
	case r.asking <- struct{}{}:
		return done, nil
	default:
	}
	limited := fault.New(fault.Limited, "%d questions about usage are being answered from the rows, and others wait", maxAsking).
		Hint("Ask again in some seconds; answers without a search do not wait.")
	select {
	case r.waiting <- struct{}{}:
		defer func() { <-r.waiting }()
	default:
		return nil, limited
	}
	late := time.NewTimer(maxWait)
	defer late.Stop()
	select {
	case r.asking <- struct{}{}:
		return done, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	case <-late.C:
		return nil, limited
	}
}
