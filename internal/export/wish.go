package export

import (
	"context"
	"database/sql"
	"fmt"

	"github.com/signalbox/signalbox/internal/audit"
	"github.com/signalbox/signalbox/internal/rowstore"
)

// wished keeps a wish with its record and wakes Run.
func (x *Exporter) wished(ctx context.Context, r Range, from, to, tables, dir string, who audit.Record, at int64) error {
	who.Action, who.Outcome, who.Object = "export_days", audit.Done, audit.Object{Kind: "Export", Name: from + " to " + to}
	who.Detail = map[string]string{"tables": tables, "to": dir, "again": fmt.Sprint(r.Again)}
	err := x.o.DB.Tx(ctx, func(tx *sql.Tx) error {
		for _, t := range r.Tables {
			if _, err := tx.ExecContext(ctx, x.sql["insert wish"], t.String(), from, to, r.Again, at); err != nil {
				return err
			}
		}
		return x.o.Audit.Append(ctx, tx, who)
	})
	if err != nil {
		return fmt.Errorf("export: keep what was asked for: %w", err)
	}
	x.again()
	return nil
}

func (x *Exporter) wishes(ctx context.Context, t rowstore.Table) ([]wish, error) {
	rows, err := x.o.DB.SQL().QueryContext(ctx, x.sql["wishes"], t.String())
	if err != nil {
		return nil, fmt.Errorf("export: read what was asked for: %w", err)
	}
	defer func() { _ = rows.Close() }() // rows.Err below says what went wrong
	var out []wish
	for rows.Next() {
		w := wish{table: t}
		if err := rows.Scan(&w.id, &w.from, &w.to, &w.again, &w.askedAt); err != nil {
			return nil, fmt.Errorf("export: read what was asked for: %w", err)
		}
		out = append(out, w)
	}
	return out, rows.Err()
}
