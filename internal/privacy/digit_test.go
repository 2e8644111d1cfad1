package privacy

import (
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
)

// The fast way to the next digit is the slow way, whatever stands around it.
func TestTheNextDigitIsFound(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 20_000 {
		b := make([]byte, r.IntN(40))
		for i := range b {
			b[i] = []byte("ax:/?9 0-\x00\x30\xb0\xff3")[r.IntN(14)]
			if r.IntN(2) == 0 {
				b[i] = byte(r.IntN(256))
			}
		}
		from := r.IntN(len(b) + 1)
		want := from
		for want < len(b) && (b[want] < '0' || b[want] > '9') {
			want++
		}
		require.Equal(t, want, nextDigit(string(b), from), "%q", b)
	}
}
