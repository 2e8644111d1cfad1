package duckdb

import (
	"context"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/signalbox/signalbox/internal/rowstore"
)

func TestARowIsReadAsItWasWritten(t *testing.T) {
	s, err := OpenTemporary(context.Background())
	require.NoError(t, err)
	defer func() { require.NoError(t, s.Close()) }()
	var b rowstore.Batch
	b.Reset(rowstore.Logs)
	res := &rowstore.Resource{JSON: `{"host.name":"a-rather-long-host-name"}`}
	for i := range 5000 {
		r := b.Add()
		r.Time = int64(i)
		r.Service, r.Body, r.Resource = "intake", strings.Repeat("x", i%40), res
		b.Attr("k", "v")
		b.Attr("a.key.that.is.longer", strings.Repeat("y", i%30))
		b.Attr("k", "twice")
	}
	b.Rows[7].Body = "no \xff utf-8 in this text"
	require.NoError(t, s.Write(context.Background(), &b))
	r, err := s.reading(context.Background(), rowstore.Logs, rowstore.Between{})
	require.NoError(t, err)
	defer r.Close()
	require.Len(t, r.Sources, 1)
	require.True(t, r.Sources[0].HasKey("a.key.that.is.longer"))
	var n, length, sum int64
	var resource, broken string
	require.NoError(t, r.Conn.QueryRowContext(context.Background(), `SELECT count(*), sum(length(body)), sum(length(attrs['a.key.that.is.longer'])), any_value(resource)
		FROM `+r.Sources[0].Name+` WHERE attrs['k'] = 'v' AND epoch_us(time) <> 7`).Scan(&n, &length, &sum, &resource))
	require.EqualValues(t, 4999, n)
	require.Equal(t, res.JSON, resource)
	require.EqualValues(t, 5000/40*(39*40/2)-7, length)
	require.NoError(t, r.Conn.QueryRowContext(context.Background(), `SELECT body FROM `+r.Sources[0].Name+` WHERE epoch_us(time) = 7`).Scan(&broken))
	require.Equal(t, "no \uFFFD utf-8 in this text", broken)
}

func TestNothingStaysNothing(t *testing.T) {
	s := openIn(t, Options{})
	for i := range 4 { // the writes share a chunk
		keepRows(t, s, rowstore.Logs, day0, 2, func(k int, b *rowstore.Batch, r *rowstore.Row) {
			if r.Env = ""; (i+k)%2 == 0 {
				r.Env, r.Resource = "prod", &rowstore.Resource{JSON: "{}"}
			}
		})
	}
	require.EqualValues(t, 4, numbersOf(t, s, rowstore.Logs, "count(*)", "env = '' AND resource = ''"))
	require.EqualValues(t, 4, numbersOf(t, s, rowstore.Logs, "count(*)", "env = 'prod' AND resource = '{}'"))
}
