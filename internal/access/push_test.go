package access_test

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/signalbox/signalbox/internal/access"
	"github.com/signalbox/signalbox/internal/fault"
)

// A proxy on this machine speaks for others: what it hands on needs a token, by gRPC as by HTTP.
func TestAPushThroughAProxyIsNobodysOwn(t *testing.T) {
	w := openTown(t, nil)
	ctx, err := w.Push(t.Context(), "", "127.0.0.1:5000", nil)
	require.NoError(t, err)
	p, _ := access.From(ctx)
	require.Equal(t, access.KindLoopback, p.Kind)
	for _, name := range []string{"X-Forwarded-For", "Forwarded", "Via", "X-Real-Ip"} {
		_, err = w.Push(t.Context(), "", "127.0.0.1:5000", http.Header{name: {"203.0.113.9"}})
		require.Equal(t, fault.Unauthorized, fault.KindOf(err), name)
	}
	_, err = w.Push(t.Context(), "", "203.0.113.9:5000", nil)
	require.Equal(t, fault.Unauthorized, fault.KindOf(err))
	_, err = w.Push(t.Context(), "wrong", "127.0.0.1:5000", nil)
	require.Equal(t, fault.Unauthorized, fault.KindOf(err))
}
