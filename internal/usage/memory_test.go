package usage

import (
	"cmp"
	"context"
	"io"
	"slices"
	"sync"
	"time"

	"github.com/signalbox/signalbox/internal/fault"
	"github.com/signalbox/signalbox/internal/rowstore"
)

// memory is a row store that keeps rows in a list: what the room asks of a store, by Compile alone.
type memory struct {
	mu   sync.Mutex
	rows [3][]rowstore.Row
}

var _ rowstore.Store = (*memory)(nil)

func (m *memory) Write(_ context.Context, batches ...*rowstore.Batch) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, b := range batches {
		m.rows[b.Table] = append(m.rows[b.Table], b.Rows...)
	}
	return nil
}

func (m *memory) choose(t rowstore.Table, b rowstore.Between, where rowstore.Expr) ([]rowstore.Row, error) {
	f, err := where.Compile()
	if err != nil {
		return nil, fault.New(fault.Invalid, "%w", err)
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	var out []rowstore.Row
	for _, r := range m.rows[t] {
		if r.Time >= b.From && (b.To == 0 || r.Time < b.To) && f(&r) {
			out = append(out, r)
		}
	}
	return out, nil
}

func (m *memory) Scan(_ context.Context, q rowstore.Scan, f func([]rowstore.Row) error) error {
	rows, err := m.choose(q.Table, q.Between, q.Where)
	if err != nil {
		return err
	}
	if q.Parts > 0 {
		rows = slices.DeleteFunc(rows, func(r rowstore.Row) bool {
			who := cmp.Or(r.User, r.Session)
			return len(who) > 0 && int(who[len(who)-1])%q.Parts != q.Part || len(who) == 0 && q.Part > 0
		})
	}
	slices.SortStableFunc(rows, func(a, b rowstore.Row) int {
		if q.ByUser && a.User != b.User {
			return cmp.Compare(a.User, b.User)
		}
		return cmp.Compare(a.Time, b.Time)
	})
	for chunk := range slices.Chunk(rows, 100) {
		q.Told(chunk)
		if err := f(chunk); err != nil {
			return err
		}
		clear(chunk) // its memory is reused
	}
	return nil
}

func (m *memory) Find(_ context.Context, q rowstore.Find) ([]rowstore.Row, error) {
	rows, err := m.choose(q.Table, q.Between, q.Where)
	if err != nil {
		return nil, err
	}
	slices.SortStableFunc(rows, func(a, b rowstore.Row) int {
		if q.Oldest {
			return cmp.Compare(a.Time, b.Time)
		}
		return cmp.Compare(b.Time, a.Time)
	})
	return rows[:min(len(rows), cmp.Or(q.Limit, 100))], nil
}

func (m *memory) Count(_ context.Context, q rowstore.Count) (rowstore.Groups, error) {
	rows, err := m.choose(q.Table, q.Between, q.Where)
	if err != nil {
		return rowstore.Groups{}, err
	}
	n := 0.0
	for _, r := range rows {
		n += float64(r.Weight)
	}
	return rowstore.Groups{Rows: []rowstore.Group{{Numbers: []float64{n}}}}, nil
}

func (m *memory) Attributes(context.Context, rowstore.Table, rowstore.Between) ([]string, error) {
	return nil, nil
}
func (m *memory) Writable() error                                                 { return nil }
func (m *memory) Expire(context.Context, time.Time, rowstore.Keep) (int64, error) { return 0, nil }
func (m *memory) Erase(_ context.Context, match rowstore.Expr, _ func(int, int)) (rowstore.Erased, error) {
	f, err := match.Compile()
	if err != nil {
		return rowstore.Erased{}, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	for t := range m.rows {
		m.rows[t] = slices.DeleteFunc(m.rows[t], func(r rowstore.Row) bool { return f(&r) })
	}
	return rowstore.Erased{}, nil
}
func (m *memory) Export(context.Context, rowstore.Table, time.Time, rowstore.Expr, io.Writer) (int64, error) {
	return 0, nil
}
func (m *memory) Stat(context.Context) (rowstore.Stat, error) { return rowstore.Stat{}, nil }
func (m *memory) Close() error                                { return nil }
