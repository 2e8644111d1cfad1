package tsdb

import (
	"context"
	"sync"

	"github.com/prometheus/prometheus/storage"
)

// Querier implements storage.Queryable. The database stays open while the querier is.
func (s *Store) Querier(mint, maxt int64) (storage.Querier, error) {
	o, err := s.enter()
	if err != nil {
		return nil, err
	}
	var q storage.Querier
	if o.db != nil {
		q, err = o.db.Querier(mint, maxt)
	} else {
		q, err = o.ro.querier(mint, maxt)
	}
	if err != nil {
		s.leave(o)
		return nil, err
	}
	return &querier{Querier: q, leave: sync.OnceFunc(func() { s.leave(o) })}, nil
}

// ChunkQuerier implements storage.ChunkQueryable.
func (s *Store) ChunkQuerier(mint, maxt int64) (storage.ChunkQuerier, error) {
	o, err := s.enter()
	if err != nil {
		return nil, err
	}
	if o.db == nil {
		s.leave(o)
		return nil, s.Writable()
	}
	q, err := o.db.ChunkQuerier(mint, maxt)
	if err != nil {
		s.leave(o)
		return nil, err
	}
	return &chunkQuerier{ChunkQuerier: q, leave: sync.OnceFunc(func() { s.leave(o) })}, nil
}

// ExemplarQuerier implements storage.ExemplarQueryable. Exemplars live in memory only, so nothing needs to stay open.
func (s *Store) ExemplarQuerier(ctx context.Context) (storage.ExemplarQuerier, error) {
	o, err := s.enter()
	if err != nil {
		return nil, err
	}
	defer s.leave(o)
	if o.db == nil {
		return nil, s.Writable()
	}
	return o.db.ExemplarQuerier(ctx)
}

type querier struct {
	storage.Querier
	leave func()
}

func (q *querier) Close() error {
	defer q.leave()
	return q.Querier.Close()
}

type chunkQuerier struct {
	storage.ChunkQuerier
	leave func()
}

func (q *chunkQuerier) Close() error {
	defer q.leave()
	return q.ChunkQuerier.Close()
}
