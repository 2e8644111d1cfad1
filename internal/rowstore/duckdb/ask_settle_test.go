package duckdb

import "context"

// Settle seals what is in memory and merges the files and makes their indexes, as Run does in time.
func (s *Store) Settle(ctx context.Context) error {
	if err := s.sealAll(ctx, true); err != nil {
		return err
	}
	s.work.Lock()
	defer s.work.Unlock()
	if err := s.merge(ctx); err != nil {
		return err
	}
	for more := true; more; {
		var err error
		if more, err = s.makeBeside(ctx); err != nil {
			return err
		}
	}
	return nil
}

// Forget drops what queries remember.
func (s *Store) Forget() {
	s.memory.mu.Lock()
	defer s.memory.mu.Unlock()
	s.memory.found, s.memory.resource, s.memory.spans = nil, nil, 0
	s.paths.forget()
}
