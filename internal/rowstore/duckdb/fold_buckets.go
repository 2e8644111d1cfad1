package duckdb

import "github.com/signalbox/signalbox/internal/rowstore"

// bucketsPlaced is how many buckets of time are found by their place; where there may be more, or the question has no end, they
// are found by a map.
const bucketsPlaced = 1 << 14

// buckets numbers spans of time of one length, as they come.
type buckets struct {
	step   int64    // microseconds; 0: there is one bucket
	starts []int64  // of each
	base   int64    // the start of the first place
	places []uint32 // 1 more than the number; 0: none yet
	others map[int64]uint32

	start int64 // of the bucket that came last
	last  uint32
}

// foldRun is rows that stand together and are of one bucket or group; they end before end.
type foldRun struct{ group, end uint32 }

func (b *buckets) open(step int64, of rowstore.Between) {
	b.step, b.others = step, map[int64]uint32{}
	if step == 0 || of.To <= of.From {
		return
	}
	b.base = b.startOf(of.From)
	if n := (of.To-1-b.base)/step + 1; n > 0 && n <= bucketsPlaced {
		b.places = make([]uint32, n)
	}
}

// startOf returns the start of the bucket of a time.
func (b *buckets) startOf(at int64) int64 {
	if b.step == 0 {
		return 0
	}
	return at - ((at%b.step)+b.step)%b.step
}

// numberOf returns the number of the bucket that starts then.
func (b *buckets) numberOf(start int64) uint32 {
	if d := start - b.base; len(b.places) > 0 && d >= 0 {
		if at := d / b.step; at < int64(len(b.places)) {
			if b.places[at] == 0 {
				b.starts = append(b.starts, start)
				b.places[at] = uint32(len(b.starts))
			}
			return b.places[at] - 1
		}
	}
	n, ok := b.others[start]
	if !ok {
		n = uint32(len(b.starts))
		b.starts = append(b.starts, start)
		b.others[start] = n
	}
	return n
}

// cut appends the runs of rows of one bucket, which are long where rows are in order of time.
func (b *buckets) cut(times []int64, runs []foldRun) []foldRun {
	if b.step == 0 {
		return append(runs, foldRun{b.numberOf(0), uint32(len(times))})
	}
	step := uint64(b.step)
	for i := 0; i < len(times); {
		if d := uint64(times[i] - b.start); len(b.starts) == 0 || d >= step {
			if len(b.starts) > 0 && d < 2*step {
				b.start += b.step
			} else {
				b.start = b.startOf(times[i])
			}
			b.last = b.numberOf(b.start)
		}
		start := b.start
		for i++; i < len(times) && uint64(times[i]-start) < step; i++ {
		}
		runs = append(runs, foldRun{b.last, uint32(i)})
	}
	return runs
}

// runsOf appends the runs of rows of one group.
func runsOf(of []uint32, runs []foldRun) []foldRun {
	for i := 0; i < len(of); {
		g := of[i]
		for i++; i < len(of) && of[i] == g; i++ {
		}
		runs = append(runs, foldRun{g, uint32(i)})
	}
	return runs
}

// spread writes the group of each row of runs.
func spread(runs []foldRun, of []uint32) {
	from := uint32(0)
	for _, r := range runs {
		part := of[from:r.end]
		for i := range part {
			part[i] = r.group
		}
		from = r.end
	}
}
