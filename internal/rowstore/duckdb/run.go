package duckdb

import (
	"context"
	"errors"
	"time"
)

const (
	workEvery   = 30 * time.Second // sealing and merging look for work at least so often
	expireEvery = time.Hour
)

// Run seals, merges and, where Options say so, forgets rows until ctx ends. What fails is logged and tried again.
func (s *Store) Run(ctx context.Context) error {
	tick := time.NewTicker(workEvery)
	defer tick.Stop()
	var expired time.Time
	for {
		if err := s.tidy(ctx, &expired); err != nil && ctx.Err() == nil {
			s.opt.Logger.Error("Keeping house among the rows failed; it is tried again", "err", err)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-s.rotated:
		case <-tick.C:
		}
	}
}

// again makes Run look for work at once.
func (s *Store) again() {
	select {
	case s.rotated <- struct{}{}:
	default:
	}
}

// tidy does each of its works even where another fails.
func (s *Store) tidy(ctx context.Context, expired *time.Time) error {
	err := s.sealAll(ctx, false)
	s.work.Lock()
	err = errors.Join(err, s.merge(ctx))
	more, e := s.makeBeside(ctx)
	err = errors.Join(err, e)
	s.work.Unlock()
	if more { // sealing goes first
		s.again()
	}
	if now := s.opt.Now(); s.opt.Keep != nil && now.Sub(*expired) >= expireEvery {
		bytes, e := s.Expire(ctx, now, s.opt.Keep())
		if err = errors.Join(err, e); e == nil {
			*expired = now
		}
		if bytes > 0 {
			s.opt.Logger.Info("Rows beyond their retention were forgotten", "bytes", bytes)
		}
	}
	return err
}
