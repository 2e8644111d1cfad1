package tsdb

import (
	"fmt"
	"time"

	"github.com/alecthomas/units"
	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/config"
)

// Keep changes how long samples are kept, now and after each reopening; 0 means what the store was opened with. The next
// compaction deletes what is older.
func (s *Store) Keep(retention time.Duration) error {
	s.mu.Lock()
	if retention == 0 {
		retention = s.stated
	}
	s.o.Retention = retention
	o := s.o
	s.mu.Unlock()
	open, err := s.enter()
	if err != nil {
		return err
	}
	defer s.leave(open)
	if open.db == nil {
		return nil // read-only: the next opening for writing knows
	}
	err = open.db.ApplyConfig(&config.Config{StorageConfig: config.StorageConfig{
		TSDBConfig: &config.TSDBConfig{
			OutOfOrderTimeWindow: max(0, o.OutOfOrder.Milliseconds()),
			Retention:            &config.TSDBRetentionConfig{Time: model.Duration(retention), Size: units.Base2Bytes(o.RetentionBytes)},
		},
		ExemplarsConfig: &config.ExemplarsConfig{MaxExemplars: int64(max(0, o.MaxExemplars))},
	}})
	if err != nil {
		return fmt.Errorf("keep samples for %s: %w", retention, err)
	}
	return nil
}
