package duckdb

import "context"

// Settle seals what is in memory and merges the files, as Run does in time.
func (s *Store) Settle(ctx context.Context) error {
	if err := s.sealAll(ctx, true); err != nil {
		return err
	}
	s.work.Lock()
	defer s.work.Unlock()
	return s.merge(ctx)
}

// Forget drops what queries remember.
func (s *Store) Forget() {
	s.memory.mu.Lock()
	defer s.memory.mu.Unlock()
	s.memory.found, s.memory.resource = nil, nil
}
