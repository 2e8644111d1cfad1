package scoped

import (
	"cmp"
	"context"
	"slices"

	"github.com/signalbox/signalbox/internal/rowstore"
)

// RowReader reads rows: a rowstore.Store, or what a person may see of one.
type RowReader interface {
	Find(ctx context.Context, q rowstore.Find) ([]rowstore.Row, error)
	Count(ctx context.Context, q rowstore.Count) (rowstore.Groups, error)
	Scan(ctx context.Context, q rowstore.Scan, f func([]rowstore.Row) error) error
	Attributes(ctx context.Context, t rowstore.Table, between rowstore.Between) ([]string, error)
}

// Rows returns the expression of the rows in sight: a scope's labels are compared with the rows' fields and attributes.
func (l Lens) Rows() rowstore.Expr {
	if l.whole {
		return rowstore.Everything
	}
	var any []rowstore.Expr
	for _, s := range l.scopes {
		e := rowstore.OfMatchers(s)
		if e.IsEverything() {
			return e
		}
		any = append(any, e)
	}
	return rowstore.Any(any...)
}

// Rows bounds every read of r by the lens that of finds in each call's context.
func Rows(r RowReader, of func(context.Context) Lens) RowReader { return rows{r, of} }

type rows struct {
	RowReader
	of func(context.Context) Lens
}

func (r rows) Find(ctx context.Context, q rowstore.Find) ([]rowstore.Row, error) {
	q.Where = rowstore.All(r.of(ctx).Rows(), q.Where)
	return r.RowReader.Find(ctx, q)
}

func (r rows) Count(ctx context.Context, q rowstore.Count) (rowstore.Groups, error) {
	q.Where = rowstore.All(r.of(ctx).Rows(), q.Where)
	return r.RowReader.Count(ctx, q)
}

func (r rows) Scan(ctx context.Context, q rowstore.Scan, f func([]rowstore.Row) error) error {
	q.Where = rowstore.All(r.of(ctx).Rows(), q.Where)
	return r.RowReader.Scan(ctx, q, f)
}

// sampled is how many rows of a scope are looked at for the names of their attributes.
const sampled = 2000

// Attributes looks at rows in sight where something is hidden: what the store knows is of all rows.
func (r rows) Attributes(ctx context.Context, t rowstore.Table, between rowstore.Between) ([]string, error) {
	if r.of(ctx).Whole() {
		return r.RowReader.Attributes(ctx, t, between)
	}
	found, err := r.Find(ctx, rowstore.Find{Table: t, Between: between, Limit: sampled})
	if err != nil {
		return nil, err
	}
	count := map[string]int{}
	for i := range found {
		for _, a := range found[i].Attrs {
			count[a.Key]++
		}
		if res := found[i].Resource; res != nil {
			for _, a := range res.Attrs {
				count[a.Key]++
			}
		}
	}
	names := make([]string, 0, len(count))
	for name := range count {
		names = append(names, name)
	}
	slices.SortFunc(names, func(a, b string) int {
		return cmp.Or(count[b]-count[a], cmp.Compare(a, b))
	})
	return names, nil
}
