package column_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/signalbox/signalbox/internal/receive/column"
	"github.com/signalbox/signalbox/internal/rowstore"
)

func put(f *column.Filler, b *rowstore.Batch, pairs ...string) rowstore.Row {
	b.Add().Release = "of the resource"
	f.Row()
	for i := 0; i < len(pairs); i += 2 {
		f.Put(b, pairs[i], pairs[i+1])
	}
	return b.Rows[len(b.Rows)-1]
}

func TestAnAttributeFillsItsColumn(t *testing.T) {
	var b rowstore.Batch
	f := column.NewFiller(column.New(nil))
	r := put(&f, &b, "payment.id", "P", "case.id", "C", "order.id", "O", "user.id", "u", "enduser.id", "e", "release", "", "note", "1", "note", "2")
	require.Equal(t, []string{"C", "e", "of the resource"}, []string{r.Business, r.User, r.Release})
	require.Equal(t, []rowstore.Attr{{Key: "payment.id", Value: "P"}, {Key: "order.id", Value: "O"}, {Key: "user.id", Value: "u"}, {Key: "note", Value: "1"}}, r.Attrs)
	r = put(&f, &b, "release", "own")
	require.Equal(t, "own", r.Release)
	require.Empty(t, r.Business)
	require.Empty(t, r.Attrs)

	own := column.NewFiller(column.New([]string{"docket", "user.id"}))
	r = put(&own, &b, "docket", "D", "case.id", "C", "user.id", "u")
	require.Equal(t, []string{"D", "u"}, []string{r.Business, r.User}, "a name of another column stays with it")
	require.Equal(t, []rowstore.Attr{{Key: "case.id", Value: "C"}}, r.Attrs)
}

func TestOfManyDoublesTheFirstStands(t *testing.T) {
	var b rowstore.Batch
	f := column.NewFiller(column.New(nil))
	for range 2 {
		var pairs []string
		for i := range 100 {
			pairs = append(pairs, fmt.Sprint("k", i%40), fmt.Sprint(i))
		}
		r := put(&f, &b, pairs...)
		require.Len(t, r.Attrs, 40)
		require.Equal(t, "39", r.Attrs[39].Value)
	}
}
