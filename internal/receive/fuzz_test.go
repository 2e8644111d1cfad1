package receive_test

import (
	"syscall"
	"testing"
	"time"

	"github.com/klauspost/compress/snappy"
	"github.com/prometheus/prometheus/prompb"
	writev2 "github.com/prometheus/prometheus/prompb/io/prometheus/write/v2"
	"github.com/prometheus/prometheus/tsdb/tsdbutil"

	"github.com/signalbox/signalbox/internal/gate"
)

// FuzzVersion1 and FuzzVersion2 send anything as a message: the answer is 204 or 400, never a crash, and what the library's
// decoder refuses is never a 204.
func FuzzVersion1(f *testing.F) {
	r := v1(base, metric("a", "b", "c"), metric("b"))
	r.Timeseries[0].Exemplars = []prompb.Exemplar{{Labels: []prompb.Label{{Name: "trace_id", Value: "x"}}, Timestamp: base}}
	r.Timeseries[1].Histograms = []prompb.Histogram{prompb.FromIntHistogram(base+1, tsdbutil.GenerateTestHistogram(1)), prompb.FromFloatHistogram(base+2, tsdbutil.GenerateTestFloatHistogram(1))}
	r.Metadata = []prompb.MetricMetadata{{MetricFamilyName: "a", Help: "h"}}
	fuzz(f, type1, r, func(b []byte) error { return new(prompb.WriteRequest).Unmarshal(b) })
}

func FuzzVersion2(f *testing.F) {
	r := v2(base, metric("a", "b", "c"), metric("b"))
	r.Timeseries[0].Exemplars = []writev2.Exemplar{{LabelsRefs: []uint32{1, 2}, Timestamp: base}}
	r.Timeseries[1].Histograms = []writev2.Histogram{writev2.FromIntHistogram(1, base+1, tsdbutil.GenerateTestHistogram(1)), writev2.FromFloatHistogram(1, base+2, tsdbutil.GenerateTestFloatHistogram(1))}
	r.Timeseries[1].Metadata = writev2.Metadata{Type: 1, HelpRef: 2}
	fuzz(f, type2, r, func(b []byte) error { return new(writev2.Request).Unmarshal(b) })
}

func fuzz(f *testing.F, ct string, seed message, library func([]byte) error) {
	b, err := seed.Marshal()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(b)
	f.Add([]byte{})
	f.Add(append(b, b...))
	h := build(f, gate.Limits{Series: 10_000})
	f.Fuzz(func(t *testing.T, b []byte) {
		h.t = t
		began := spent()
		w := h.post(ct, "snappy", snappy.Encode(nil, b))
		if d := spent() - began; d > 2*time.Second {
			t.Fatalf("took %s", d)
		}
		if w.Code != 204 && w.Code != 400 {
			t.Fatalf("%d %s", w.Code, w.Body)
		}
		if err := library(b); err != nil && w.Code == 204 {
			t.Fatalf("204 for what the library refuses: %v", err)
		}
	})
}

// spent is the processor time of this process so far: unlike the clock it does not run while others have the machine.
func spent() time.Duration {
	var u syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &u)
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
