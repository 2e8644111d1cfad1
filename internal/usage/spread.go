package usage

import (
	"math"

	"github.com/signalbox/signalbox/internal/rowstore"
)

// spread counts durations in buckets of equal relative width, so that any quantile is within 2 % and what was counted can be
// taken back. Bucket 0 is what lasted under a microsecond; it is kept apart, because the others are far from it.
type spread struct {
	none   float64   // in bucket 0
	low    int       // the bucket of counts[0]
	counts []float64 // by weight
}

const spreadError = 0.02

var spreadLog = math.Log((1 + spreadError) / (1 - spreadError))

func spreadBucket(seconds float64) int {
	if seconds < 1e-6 || math.IsNaN(seconds) {
		return 0
	}
	return 1 + int(math.Ceil(math.Log(min(seconds, 1e9)*1e6)/spreadLog))
}

// spreadValue is the value that stands for a bucket: off by 2 % at most.
func spreadValue(bucket int) float64 {
	if bucket == 0 {
		return 0
	}
	return math.Exp(float64(bucket-1)*spreadLog) * (1 - spreadError) * 1e-6
}

func (s *spread) add(seconds, weight float64) { s.addBucket(spreadBucket(seconds), weight) }

func (s *spread) addBucket(b int, weight float64) {
	switch {
	case b == 0:
		s.none += weight
		return
	case len(s.counts) == 0:
		s.low, s.counts = b, append(s.counts, 0)
	case b < s.low:
		grown := make([]float64, s.low-b+len(s.counts))
		copy(grown[s.low-b:], s.counts)
		s.low, s.counts = b, grown
	default:
		for b >= s.low+len(s.counts) {
			s.counts = append(s.counts, 0)
		}
	}
	s.counts[b-s.low] += weight
}

// each goes through the buckets that have something, shortest first.
func (s *spread) each(f func(bucket int, n float64) bool) {
	if s.none != 0 && !f(0, s.none) {
		return
	}
	for i, n := range s.counts {
		if n != 0 && !f(s.low+i, n) {
			return
		}
	}
}

func (s *spread) merge(o *spread) {
	for b, n := range o.each {
		s.addBucket(b, n)
	}
}

func (s *spread) total() (n float64) {
	for _, c := range s.each {
		n += c
	}
	return n
}

// quantile is the nearest-rank quantile, nothing of nothing.
func (s *spread) quantile(q float64) *float64 {
	rank, sum := math.Ceil(q*s.total()), 0.0
	for b, c := range s.each {
		if sum += c; c > 0 && sum >= max(rank, 1e-9) {
			v := spreadValue(b)
			return &v
		}
	}
	return nil
}

// nearest is the nearest-rank quantile of values in any order, which it moves about.
func nearest(values []float64, q float64) *float64 {
	if len(values) == 0 {
		return nil
	}
	v := rowstore.Nth(values, max(0, int(math.Ceil(q*float64(len(values))))-1))
	return &v
}
