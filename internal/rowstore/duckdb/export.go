package duckdb

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/signalbox/signalbox/internal/fault"
	"github.com/signalbox/signalbox/internal/rowstore"
)

// Export implements rowstore.Store. The rows are in no particular order; attributes are one MAP again.
func (s *Store) Export(ctx context.Context, t rowstore.Table, day time.Time, match rowstore.Expr, w io.Writer) (rows int64, err error) {
	if _, err := match.Compile(); err != nil {
		return 0, invalid(err)
	}
	from := dayOf(day.UnixMicro()) * dayMicros
	b := rowstore.Between{From: from, To: from + dayMicros}
	r, err := s.reading(ctx, t, b)
	if err != nil {
		return 0, err
	}
	defer r.Close()
	var parts []string
	for _, src := range r.Sources {
		cond, err := s.condition(ctx, src, match)
		if err != nil {
			return 0, err
		}
		parts = append(parts, "SELECT "+src.demoted()+" FROM "+src.Name+fmt.Sprintf(" WHERE time >= make_timestamp(%d) AND time < make_timestamp(%d) AND %s", b.From, b.To, cond))
	}
	if len(parts) == 0 { // a file with the columns and no rows
		parts = append(parts, "SELECT "+columnsAll+" FROM "+s.emptyTable(t))
	}
	path := filepath.Join(s.dir("temp"), fmt.Sprintf("export-%d.parquet", s.catalogue.id()))
	defer func() { err = errors.Join(err, removeAll(path)) }()
	done, err := r.Conn.ExecContext(ctx, "COPY ("+strings.Join(parts, " UNION ALL ")+") TO "+quote(path)+" (FORMAT parquet, COMPRESSION zstd)")
	if err != nil {
		if noSpace(err) || strings.Contains(err.Error(), "No space left") {
			return 0, fault.New(fault.Unavailable, "no room to export %s: %w", t, err)
		}
		return 0, fmt.Errorf("export %s: %w", t, err)
	}
	if rows, err = done.RowsAffected(); err != nil {
		return 0, err
	}
	f, err := os.Open(path)
	if err != nil {
		return 0, err
	}
	_, err = io.Copy(w, f)
	return rows, errors.Join(err, f.Close())
}

// invalid is what is wrong with an expression.
func invalid(err error) error { return fault.New(fault.Invalid, "%w", err) }
