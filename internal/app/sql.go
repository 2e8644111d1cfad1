package app

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql"

	"github.com/signalbox/signalbox/internal/fault"
	"github.com/signalbox/signalbox/internal/rowstore/duckdb/sandbox"
)

// SQLCommand is the hidden command of the program that answers people's SQL in a process of its own.
const SQLCommand = "internal-sql"

// openSQL makes the sandbox in which SQL indicators are asked.
func (h *house) openSQL(cfg *Config) error {
	self, err := os.Executable()
	if err != nil {
		return fmt.Errorf("find the own program, which answers SQL in a process of its own: %w", err)
	}
	dir := filepath.Join(cfg.Data, "sql")
	// What a killed process left there is nobody's.
	if err := os.RemoveAll(dir); err != nil {
		return err
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	h.sql = sandbox.New(sandbox.Options{Store: h.rows, Command: []string{self, SQLCommand}, Dir: dir})
	return nil
}

// Bounds of an SQL indicator's question.
const (
	sqlTime   = 10 * time.Second
	sqlMemory = 256 << 20
	sqlGroups = 1000
)

// askSQL answers an SQL indicator over (from, to]: one sample for each row of the answer, its text columns as labels and the
// column `value` as its number.
func (h *house) askSQL(ctx context.Context, query string, from, to time.Time) (promql.Vector, error) {
	res, err := h.sql.Run(ctx, sandbox.Query{
		SQL: windowed(query, from, to), From: from, To: to.Add(time.Microsecond), MaxRows: sqlGroups, Timeout: sqlTime, MemoryBytes: sqlMemory,
	})
	if err != nil {
		return nil, err
	}
	if res.Cut {
		return nil, fault.New(fault.TooLarge, "the answer has more than %d rows", sqlGroups)
	}
	number := len(res.Columns) - 1
	for i, c := range res.Columns {
		if c == "value" {
			number = i
		}
	}
	var out promql.Vector
	for _, row := range res.Rows {
		b := labels.NewScratchBuilder(len(row))
		for i, cell := range row {
			if i != number && cell != nil {
				b.Add(res.Columns[i], fmt.Sprint(cell))
			}
		}
		b.Sort()
		v, ok := numberOf(row[number])
		if !ok {
			return nil, fault.New(fault.Invalid, "the column %q of the answer holds %v: want a number", res.Columns[number], row[number])
		}
		out = append(out, promql.Sample{T: to.UnixMilli(), F: v, Metric: b.Labels()})
	}
	return out, nil
}

// windowed puts the window into a query.
func windowed(query string, from, to time.Time) string {
	at := func(t time.Time) string { return "TIMESTAMP '" + t.UTC().Format("2006-01-02 15:04:05.000000") + "'" }
	return strings.NewReplacer("$from", at(from), "$to", at(to)).Replace(query)
}

func numberOf(cell any) (float64, bool) {
	switch x := cell.(type) {
	case json.Number:
		v, err := x.Float64()
		return v, err == nil
	case bool:
		if x {
			return 1, true
		}
		return 0, true
	}
	return 0, false
}
