package duckdb

import (
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
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
		f.Add(new(encoder).encode(nil, []*rowstore.Batch{&b, &b}), false)
	}
	log, err := os.ReadFile(filepath.Join("testdata", "former.log"))
	require.NoError(f, err)
	former, err := unpack(log[frameHeader:frameHeader+int(binary.LittleEndian.Uint32(log[4:]))], func(n int) []byte { return make([]byte, n) })
	require.NoError(f, err)
	f.Add(former, true)
	f.Fuzz(func(t *testing.T, data []byte, former bool) {
		var batch rowstore.Batch
		_ = frame{former: former, plain: data}.decode(&part{}, &batch, func(*rowstore.Batch) error { return nil })
	})
}

func TestTheLogKeepsRowsAsTheyAre(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 2))
	var batches []*rowstore.Batch
	for i := range 6 {
		b := &rowstore.Batch{}
		benchRows(b, rowstore.Table(i%3), rnd, []int{1, 2, 50, partRows, 100, 2*partRows + 7}[i], -5)
		for k := range b.Rows {
			r := &b.Rows[k]
			r.Attrs = slices.Clone(r.Attrs[:rnd.IntN(9)])
			if i == 3 { // each row has a list of keys of its own
				r.Attrs = append(r.Attrs, rowstore.Attr{Key: fmt.Sprint("key ", k)})
			}
			r.Session = fmt.Sprintf("%016x", rnd.Uint64())
			r.Resource = []*rowstore.Resource{nil, {JSON: "x"}, r.Resource}[rnd.IntN(3)]
			r.Weight, r.Detail, r.Value = 2.5, "[]", -1e300
		}
		batches = append(batches, b)
	}
	var want []rowstore.Row
	for _, b := range batches {
		want = append(want, b.Rows...)
	}
	var got rowstore.Batch
	at := 0
	plain := new(encoder).encode(nil, batches)
	require.NoError(t, frame{plain: plain}.decode(&part{}, &got, func(b *rowstore.Batch) error {
		for i := range b.Rows {
			want, have := want[at], b.Rows[i]
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
			at++
		}
		return nil
	}))
	require.Len(t, want, at)
	for range 200 { // what ends early, and not between two parts, is an error
		n := 1 + rnd.IntN(len(plain)-1)
		err := frame{plain: plain[:n]}.decode(&part{}, &got, func(b *rowstore.Batch) error { return nil })
		require.ErrorIs(t, err, errShort, n)
	}
}
