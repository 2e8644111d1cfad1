package duckdb

import (
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/signalbox/signalbox/internal/rowstore"
)

// FuzzDecode gives the decoder of the log what it may find on a damaged disk: it must say so and not fall over.
func FuzzDecode(f *testing.F) {
	rnd := rand.New(rand.NewPCG(1, 2))
	for _, t := range rowstore.Tables() {
		var b rowstore.Batch
		benchRows(&b, t, rnd, 3, 1)
		b.Rows[1].Attrs, b.Rows[2].Resource = nil, nil
		f.Add(encodeBatches(nil, []*rowstore.Batch{&b, &b}))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		var batch rowstore.Batch
		_ = decodeBatches(data, &batch, func(b *rowstore.Batch) error { return nil })
	})
}

func TestTheLogKeepsRowsAsTheyAre(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 2))
	var batches []*rowstore.Batch
	for i := range 6 {
		b := &rowstore.Batch{}
		benchRows(b, rowstore.Table(i%3), rnd, 50, -5)
		for k := range b.Rows {
			r := &b.Rows[k]
			r.Attrs = r.Attrs[:rnd.IntN(9)]
			r.Resource = []*rowstore.Resource{nil, {JSON: "x"}, r.Resource}[rnd.IntN(3)]
			r.Weight, r.Detail, r.Value = 2.5, "[]", -1e300
		}
		batches = append(batches, b)
	}
	var got rowstore.Batch
	n := 0
	require.NoError(t, decodeBatches(encodeBatches(nil, batches), &got, func(b *rowstore.Batch) error {
		require.Equal(t, batches[n].Table, b.Table)
		for i := range b.Rows {
			want, have := batches[n].Rows[i], b.Rows[i]
			if want.Resource != nil {
				require.Equal(t, want.Resource.JSON, have.Resource.JSON)
			} else {
				require.Nil(t, have.Resource)
			}
			require.Len(t, have.Attrs, len(want.Attrs))
			for k := range want.Attrs {
				require.Equal(t, want.Attrs[k], have.Attrs[k])
			}
			want.Resource, have.Resource, want.Attrs, have.Attrs = nil, nil, nil, nil
			require.Equal(t, want, have)
		}
		n++
		return nil
	}))
	require.Equal(t, len(batches), n)
}
