package main

import (
	"context"
	"fmt"
	"math"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/prometheus/prometheus/model/labels"
)

// world is the services that break.
type world struct {
	services int
	start    time.Time
	mu       sync.Mutex
	breaks   map[int]time.Time
	sides    map[string]*house
}

func (w *world) crash(i int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.breaks[i] = time.Now()
}

// counts are a service's counters at an instant: a hundred requests a second, and a thousand failed ones when it breaks.
func (w *world) counts(i int, at time.Time) (good, bad float64, broken bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	good = math.Floor(100 * at.Sub(w.start).Seconds())
	if t, ok := w.breaks[i]; ok && !at.Before(t) {
		return good, 1000, true
	}
	return good, 0, false
}

// targetCount is how many targets the services are spread over, so that their scrapes fall on different instants.
const targetCount = 20

func (w *world) handler() http.Handler {
	mux := http.NewServeMux()
	for name, h := range w.sides {
		mux.HandleFunc("POST /hook/"+name, h.hook)
		for t := range targetCount {
			mux.HandleFunc(fmt.Sprintf("GET /metrics/%s/%d", name, t), func(rw http.ResponseWriter, _ *http.Request) {
				rw.Header().Set("Content-Type", "text/plain; version=0.0.4; charset=utf-8")
				now := time.Now()
				var b strings.Builder
				b.WriteString("# TYPE race_requests_total counter\n")
				for i := t; i < w.services; i += targetCount {
					good, bad, broken := w.counts(i, now)
					fmt.Fprintf(&b, "race_requests_total{service=\"svc-%d\",code=\"200\"} %g\nrace_requests_total{service=\"svc-%d\",code=\"500\"} %g\n", i, good, i, bad)
					if broken {
						h.crossed(i, now)
					}
				}
				_, _ = rw.Write([]byte(b.String()))
			})
		}
	}
	return mux
}

// push sends each service's counters to both sides once an interval: a tenth of the services each tenth of the interval.
func (w *world) push(ctx context.Context, s stage) error {
	if !s.pushed {
		return nil
	}
	const phases = 10
	var parts [phases][]int
	var messages [phases]*message
	for i := range w.services {
		parts[i%phases] = append(parts[i%phases], i)
	}
	for k, part := range parts {
		var all []series
		for _, i := range part {
			for _, code := range []string{"200", "500"} {
				all = append(all, series{labels.FromStrings("__name__", "race_requests_total", "code", code, "job", "race", "service", service(i)), 0})
			}
		}
		ms, err := encode(all, write2, len(all), 1)
		if err != nil {
			return err
		}
		messages[k] = ms[0]
	}
	var buf []byte
	for n := 0; ; n++ {
		// Tenths are sent at their middles: a sample is a twentieth of an interval away from a period's end.
		due := time.Now().Truncate(s.interval / phases).Add(s.interval/phases + s.interval/phases/2)
		if err := rest(ctx, time.Until(due)); err != nil {
			return err
		}
		k := int(due.UnixNano()/int64(s.interval/phases)) % phases
		now := time.Now()
		values := make([]float64, 0, 2*len(parts[k]))
		for _, i := range parts[k] {
			good, bad, broken := w.counts(i, now)
			values = append(values, good, bad)
			if broken {
				for _, h := range w.sides {
					h.crossed(i, now)
				}
			}
		}
		buf = messages[k].values(now.UnixMilli(), values, buf)
		for j := range 2 { // in turn, so that neither is always second
			side := []string{"ours", "peer"}[(n+j)%2]
			if err := push(ctx, w.sides[side].serve, write2, buf); err != nil {
				return err
			}
		}
	}
}
