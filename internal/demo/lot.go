package demo

import (
	"context"
	"hash/fnv"
	"math"
	"math/rand/v2"
	"time"
)

// drawn reports whether the submission with this number is the one drawn of its block of so many. Exactly one of a block is
// drawn, at nearly the same place in every block, so a share of 1 in 200 is never three in a row by bad luck: a healthy
// portal stays within its thresholds at every period, and a broken one leaves them in every period.
func drawn(number, block int64, what string) bool {
	n, at := number/block, number%block
	return at == int64(hash(n, what)%uint64(max(1, block/10)))
}

// hash spreads a number over 64 bits, apart for each purpose.
func hash(n int64, what string) uint64 {
	h := fnv.New64a()
	var b [8]byte
	for i := range b {
		b[i] = byte(n >> (8 * i))
	}
	h.Write(b[:])
	h.Write([]byte(what))
	return h.Sum64()
}

// latency is the time a piece of work takes: log-normal, as such times are, and cut off at most.
type latency struct {
	median time.Duration
	sigma  float64
	most   time.Duration
}

func (l latency) draw() time.Duration { return l.at(rand.NormFloat64()) }

// drawn is draw by dice of the caller's own.
func (l latency) drawn(rng *rand.Rand) time.Duration { return l.at(rng.NormFloat64()) }

func (l latency) at(deviation float64) time.Duration {
	return min(l.most, time.Duration(float64(l.median)*math.Exp(l.sigma*deviation)))
}

// pause waits for d on a timer, which costs no processor time, or until the caller has gone.
func pause(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
