package otlp

import (
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/plog/plogotlp"
)

// What is read the short way is what is read the long way, of good attributes and of damaged ones.
func TestAShortAttributeIsReadTheSameWay(t *testing.T) {
	d := plog.NewLogs()
	attrs := d.ResourceLogs().AppendEmpty().Resource().Attributes()
	attrs.PutStr("http.request.method", "GET")
	attrs.PutStr("", "")
	attrs.PutInt("n", 7)
	attrs.PutEmpty("nothing")
	attrs.PutStr("é", "\xff")
	body, err := plogotlp.NewExportRequestFromLogs(d).MarshalProto()
	require.NoError(t, err)
	var pairs [][]byte
	require.NoError(t, each(body, 1, func(r []byte) error {
		return each(r, 1, func(resource []byte) error {
			return each(resource, 1, func(c []byte) error { pairs = append(pairs, c); return nil })
		})
	}))
	require.Len(t, pairs, 5)
	for _, c := range pairs { // as SDKs write them
		n := 2 + int(c[1])
		pairs = append(pairs, append(append([]byte(nil), c[n:]...), c[:n]...))
	}
	rnd, short := rand.New(rand.NewPCG(1, 2)), 0
	for i := range 200_000 {
		c := append([]byte(nil), pairs[i%len(pairs)]...)
		for range i / len(pairs) % 4 {
			switch k := rnd.IntN(len(c) + 1); {
			case k == len(c) || rnd.IntN(4) == 0:
				c = append(c[:k], append([]byte{byte(rnd.IntN(32))}, c[k:]...)...)
			default:
				c[k] = []byte{0x0a, 0x12, 0x80, 0, 1, byte(rnd.IntN(256))}[rnd.IntN(6)]
			}
		}
		key, s, ok := plainPair(c)
		if !ok {
			continue
		}
		short++
		longKey, v, ok := readKeyValue(c)
		require.True(t, ok, "%x", c)
		require.Equal(t, text, v.kind, "%x", c)
		require.Equal(t, string(longKey), string(key), "%x", c)
		require.Equal(t, string(v.raw), string(s), "%x", c)
	}
	require.Greater(t, short, 30_000)
}
