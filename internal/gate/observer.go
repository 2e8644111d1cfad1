package gate

import (
	"github.com/prometheus/prometheus/model/histogram"
	"github.com/prometheus/prometheus/model/labels"
)

// Watch is an observer's own handle of a series it wants to see; 0 means that nobody watches the series.
type Watch uint32

// Sample is one committed sample of a watched series. T and ST are Unix milliseconds; ST 0 means that the start is unknown.
// Exactly one of V, H and FH carries the value (H and FH nil: V). A stale marker arrives as V = value.StaleNaN.
// Histograms must not be changed by the observer.
type Sample struct {
	Watch Watch
	T, ST int64
	V     float64
	H     *histogram.Histogram
	FH    *histogram.FloatHistogram
}

// Observer sees what was committed, after the commit. Both methods may be called from several goroutines at once.
type Observer interface {
	// Born tells of a series that the gate meets for the first time and returns the handle that its samples will carry.
	// It is called before the series' first sample is observed, and again for every cached series after Gate.Rewatch.
	Born(l labels.Labels) Watch
	// Observe hands over the watched samples of one committed batch, in the order of the batch. The slice belongs to the
	// gate again when Observe returns.
	Observe(batch []Sample)
}
