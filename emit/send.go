package emit

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"strconv"
	"strings"
	"time"
)

const (
	gather    = time.Second      // how long a batch waits for more
	firstWait = time.Second      // before the first retry; doubled with each
	maxWait   = 30 * time.Second // between retries
	lastWords = 5 * time.Second  // for what is left when the process ends
)

// Run sends the events of [Track] until ctx ends, then what is left of them, for five seconds at most. Without Options.Events
// it only waits. A batch that does not arrive is sent again, later and later, as long as it takes; meanwhile events wait in the
// queue.
func (e *Emitter) Run(ctx context.Context) error {
	s := e.events
	if s == nil {
		<-ctx.Done()
		return nil
	}
	var held []byte // an event that did not fit into the batch before
	for {
		batch, next := s.gather(ctx, held)
		held = next
		if len(batch) > 0 {
			s.deliver(ctx, batch)
		}
		if ctx.Err() != nil && held == nil && len(s.queue) == 0 {
			return nil
		}
	}
}

// gather waits for an event, then for others, and returns those that fit, with the one that did not.
func (s *sender) gather(ctx context.Context, held []byte) (batch [][]byte, next []byte) {
	size := 0
	take := func(b []byte) bool {
		if len(batch) == maxBatchEvents || size+len(b) > maxBatchBytes {
			next = b
			return false
		}
		batch, size = append(batch, b), size+len(b)+1
		return true
	}
	if held != nil {
		take(held)
	} else {
		select {
		case b := <-s.queue:
			take(b)
		case <-ctx.Done():
		}
	}
	timer := time.NewTimer(gather)
	defer timer.Stop()
	for {
		select {
		case b := <-s.queue:
			if !take(b) {
				return batch, next
			}
			continue
		default:
		}
		if ctx.Err() != nil {
			return batch, nil
		}
		select {
		case b := <-s.queue:
			if !take(b) {
				return batch, next
			}
		case <-timer.C:
			return batch, nil
		case <-ctx.Done():
		}
	}
}

// deliver sends a batch until it is accepted or refused. When ctx ends it tries for a last few seconds.
func (s *sender) deliver(ctx context.Context, batch [][]byte) {
	last, cancel := context.WithCancel(context.WithoutCancel(ctx))
	defer cancel()
	defer context.AfterFunc(ctx, func() { time.AfterFunc(lastWords, cancel) })()
	for wait := firstWait; ; wait = min(2*wait, maxWait) {
		after, err := s.post(last, batch)
		if err == nil {
			return
		}
		// Many services that lost the same server come back at different times.
		pause := max(after, wait/2+rand.N(wait/2))
		select {
		case <-time.After(pause):
		case <-last.Done():
			s.dropped.WithLabelValues(dropStopped).Add(float64(len(batch)))
			return
		}
	}
}

// eventsAnswer is what the server says of a batch.
type eventsAnswer struct {
	Accepted   int `json:"accepted"`
	Duplicates int `json:"duplicates"`
}

// post sends a batch once. An error means that it may be sent again, after the time that the server asks for.
func (s *sender) post(ctx context.Context, batch [][]byte) (after time.Duration, err error) {
	var body strings.Builder
	fmt.Fprintf(&body, `{"sent_at":%d,"context":%s,"events":[`, time.Now().UnixMilli(), s.context)
	for i, b := range batch {
		if i > 0 {
			body.WriteByte(',')
		}
		body.Write(b)
	}
	body.WriteString("]}")
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, s.url, strings.NewReader(body.String()))
	if err != nil {
		return 0, err
	}
	req.Header.Set("Content-Type", "application/json")
	if s.to.Token != "" {
		req.Header.Set("Authorization", "Bearer "+s.to.Token)
	}
	res, err := s.to.Client.Do(req)
	if err != nil {
		return 0, err
	}
	defer res.Body.Close()
	var a eventsAnswer
	_ = json.NewDecoder(io.LimitReader(res.Body, 1<<20)).Decode(&a) // what is no answer of ours accepted nothing
	switch {
	case res.StatusCode == http.StatusOK:
		accepted := min(a.Accepted+a.Duplicates, len(batch))
		s.sent.Add(float64(accepted))
		s.dropped.WithLabelValues(dropRefused).Add(float64(len(batch) - accepted))
		return 0, nil
	case res.StatusCode == http.StatusBadRequest, res.StatusCode == http.StatusRequestEntityTooLarge, res.StatusCode == http.StatusUnsupportedMediaType:
		s.dropped.WithLabelValues(dropRefused).Add(float64(len(batch)))
		return 0, nil
	}
	// A token that is refused today, or a proxy that is misled, is put right by people: the events wait for it.
	seconds, _ := strconv.Atoi(res.Header.Get("Retry-After"))
	return min(time.Duration(max(seconds, 0))*time.Second, maxWait), fmt.Errorf("emit: events were answered %s", res.Status)
}
