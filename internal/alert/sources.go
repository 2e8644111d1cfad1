package alert

import (
	"sync"
	"sync/atomic"
	"time"

	amalert "github.com/prometheus/alertmanager/alert"
	"github.com/prometheus/alertmanager/provider"
	"github.com/prometheus/alertmanager/provider/mem"
)

// sources feeds the inhibitor. The library's inhibitor and dispatcher hear of an alert at the same time, each through a
// channel of its own; with a group wait of nothing, a page would go out before the inhibitor has seen the alert that mutes
// it. Here the inhibitor has taken in a whole batch before the dispatcher hears of its first alert.
type sources struct {
	*mem.Alerts
	mu   sync.RWMutex // held for reading from tell until the provider has the alerts
	feed chan *provider.Alert
	done chan struct{}

	newest atomic.Pointer[batch]
}

// SlurpAndSubscribe implements provider.Alerts for the inhibitor of a new configuration; the one before has stopped.
func (s *sources) SlurpAndSubscribe(name string) ([]*amalert.Alert, provider.AlertIterator) {
	s.mu.Lock()
	defer s.mu.Unlock()
	known, it := s.Alerts.SlurpAndSubscribe(name)
	it.Close() // only the list is wanted
	s.feed, s.done = make(chan *provider.Alert), make(chan struct{})
	return known, provider.NewAlertIterator(s.feed, s.done, nil)
}

// tell returns when the inhibitor knows all of the alerts. Callers hold mu for reading.
func (s *sources) tell(alerts []*amalert.Alert, at time.Time) {
	s.newest.Store(&batch{alerts: alerts, at: at})
	if s.feed == nil {
		return
	}
	// The inhibitor takes one alert at a time, so whoever could hand over an alert knows that the one before was taken in:
	// the last is handed over twice.
	for i := range len(alerts) + 1 {
		x := alerts[min(i, len(alerts)-1)]
		select {
		case s.feed <- &provider.Alert{Data: x}:
		case <-s.done:
			return
		}
	}
}
