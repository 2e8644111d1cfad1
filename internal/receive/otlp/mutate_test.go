package otlp_test

import (
	"math/rand/v2"
	"os"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pmetric/pmetricotlp"
	tracepb "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/proto"

	"github.com/signalbox/signalbox/internal/gate"
	"github.com/signalbox/signalbox/internal/rowstore"
)

// TestDamagedRequests damages good requests at random, many at once: each answer is 200 or 400. SIGNALBOX_DAMAGE sets how
// many (2,000).
func TestDamagedRequests(t *testing.T) {
	n, err := strconv.Atoi(os.Getenv("SIGNALBOX_DAMAGE"))
	if err != nil {
		n = 2000
	}
	r := record("text")
	r.Attributes, r.TraceId, r.EventName = kv("a", "b", "user.id", "u"), id(1, 16), "e"
	s := span(1)
	s.Attributes = kv("a", "b")
	s.Events = []*tracepb.Span_Event{{Name: "exception", Attributes: kv("exception.type", "T")}}
	s.Links = []*tracepb.Span_Link{{TraceId: id(1, 16)}}
	s.Status = &tracepb.Status{Code: 2, Message: "m"}
	type seed struct {
		path string
		body []byte
	}
	var seeds []seed
	for _, m := range []proto.Message{logsRequest(r, record("")), spansRequest(s, span(2)), metricsRequest(counter("n", true, 0, time.Second, 5))} {
		b, err := proto.Marshal(m)
		require.NoError(t, err)
		seeds = append(seeds, seed{pathOf(m), b})
	}
	for i := range 10 {
		b, err := pmetricotlp.NewExportRequestFromMetrics(randomMetrics(rand.New(rand.NewPCG(7, uint64(i))))).MarshalProto()
		require.NoError(t, err)
		seeds = append(seeds, seed{"/v1/metrics", b})
	}
	h := build(t, gate.Limits{Series: 20_000})
	h.rows.lose = true
	var wg sync.WaitGroup
	for w := range 4 {
		wg.Go(func() {
			r := rand.New(rand.NewPCG(11, uint64(w)))
			for range n / 4 {
				s := seeds[r.IntN(len(seeds))]
				b := damage(r, s.body)
				if w := h.post(s.path, protobuf, "", b); w.Code != 200 && w.Code != 400 {
					t.Errorf("%d %s for %x", w.Code, w.Body, b)
					return
				}
			}
		})
	}
	wg.Wait()
	require.Equal(t, 200, h.send(logsRequest(record("after all that"))).Code)
}

// damage changes a few places of a message.
func damage(r *rand.Rand, in []byte) []byte {
	b := append([]byte(nil), in...)
	for range 1 + r.IntN(4) {
		if len(b) == 0 {
			return b
		}
		at := r.IntN(len(b))
		end := min(len(b), at+r.IntN(20))
		switch r.IntN(6) {
		case 0:
			b[at] ^= 1 << r.IntN(8)
		case 1:
			b[at] = byte(r.Uint32())
		case 2:
			b = append(b[:at], b[end:]...)
		case 3:
			b = append(b[:end:end], b[at:]...)
		case 4:
			b = append(b[:at:at], append([]byte{0xff, 0xff, 0xff, 0xff, 0x0f}, b[at:]...)...)
		case 5:
			b = b[:at]
		}
	}
	return b
}

// TestManySendersAtOnce counts what comes in by many requests at once.
func TestManySendersAtOnce(t *testing.T) {
	h := build(t, gate.Limits{})
	var wg sync.WaitGroup
	for w := range 8 {
		wg.Go(func() {
			for i := range 20 {
				if h.send(logsRequest(record("a"), record("b"))).Code != 200 || h.send(spansRequest(span(byte(i+1)))).Code != 200 {
					t.Error("not taken")
				}
				at := time.Duration(i) * time.Second
				if h.send(metricsRequest(counter("c"+strconv.Itoa(w), true, at, at+time.Second, 1), counter("d"+strconv.Itoa(w), false, 0, at, float64(i)))).Code != 200 {
					t.Error("not taken")
				}
			}
		})
	}
	wg.Wait()
	require.Len(t, h.rows.of(rowstore.Logs), 8*20*2)
	require.Len(t, h.rows.of(rowstore.Spans), 8*20)
	for w := range 8 {
		got := h.samplesOf("c" + strconv.Itoa(w) + "_total")
		require.Len(t, got, 20)
		require.Equal(t, "0 20 20", got[19])
	}
}
