package kpi

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
)

// shadow is the ring as a plain slice, newest last.
type shadow []float64

func (s shadow) sum() float64 {
	t := 0.0
	for _, v := range s {
		t += v
	}
	return t
}

func check(t *testing.T, r *ring, s shadow) {
	t.Helper()
	for back := range s {
		require.Equal(t, s[len(s)-1-back], r.at(back))
	}
	require.Equal(t, s.sum(), r.total())
}

func TestRingIsAPlainSlice(t *testing.T) {
	for seed := range uint64(300) {
		d := rand.New(rand.NewPCG(seed, 1))
		n := 1 + d.IntN(20)
		r, s := newRing(n), make(shadow, n)
		draw := []func() float64{
			func() float64 { return float64(d.IntN(256)) },
			func() float64 { return float64(d.IntN(1 << 17)) },
			func() float64 { return float64(d.Int64N(1 << 34)) },
			func() float64 { return d.Float64() * 1e3 },
			func() float64 { return -float64(d.IntN(5)) },
			func() float64 { return float64(d.Int64N(1 << 54)) },
		}
		kinds := 1 + d.IntN(len(draw))
		for range 200 {
			v := draw[d.IntN(kinds)]()
			if d.IntN(4) == 0 {
				back := d.IntN(n)
				r.add(back, v)
				s[n-1-back] += v
			} else {
				r.push(v)
				s = append(s[1:], v)
			}
			check(t, &r, s)
		}
	}
}

func TestRingWidensNoFurtherThanItMust(t *testing.T) {
	r := newRing(3)
	for _, c := range []struct {
		v    float64
		wide func() bool
	}{
		{255, func() bool { return r.width == 1 }},
		{256, func() bool { return r.width == 2 }},
		{65_535, func() bool { return r.width == 2 }},
		{65_536, func() bool { return r.width == 4 }},
		{math.MaxUint32, func() bool { return r.width == 4 }},
		{math.MaxUint32 + 1, func() bool { return r.width == 8 }},
	} {
		r.push(c.v)
		require.True(t, c.wide(), "%v", c.v)
		require.Equal(t, c.v, r.at(0))
	}
	for _, v := range []float64{0.5, -1, math.NaN(), math.Inf(1)} {
		r = newRing(2)
		r.push(7)
		r.push(v)
		require.Equal(t, uint8(8), r.width)
		require.Equal(t, 7.0, r.at(1))
		r.push(1)
		r.push(2)
		require.Equal(t, 3.0, r.total(), "%v has left", v)
	}
}

func FuzzRing(f *testing.F) {
	f.Add(uint8(3), []byte{1, 2, 250, 3, 4, 200})
	f.Fuzz(func(t *testing.T, n uint8, ops []byte) {
		size := int(n%32) + 1
		r, s := newRing(size), make(shadow, size)
		for i := 0; i+1 < len(ops) && i < 400; i += 2 {
			v := float64(ops[i+1]) * math.Pow(2, float64(ops[i]%48)-4)
			if ops[i] >= 192 {
				back := int(ops[i]) % size
				r.add(back, v)
				s[size-1-back] += v
			} else {
				r.push(v)
				s = append(s[1:], v)
			}
			check(t, &r, s)
		}
	})
}
