package scrape

import (
	"context"
	"encoding/hex"
	"errors"
	"hash/fnv"
	"net/url"
	"regexp"
	"slices"
	"sort"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	promscrape "github.com/prometheus/prometheus/scrape"
)

// TargetState is what is known of one target. Times are Unix milliseconds, 0 before the first scrape.
type TargetState struct {
	ID         string        // stable for the same labels and URL
	Job        string        // job_name of the scrape config
	URL        string        // without secrets
	Labels     labels.Labels // what its series carry
	Health     string        // up, down, unknown (not scraped yet) or late (its scrape is overdue)
	LastScrape int64
	Interval   time.Duration
	Duration   time.Duration // of the last scrape
	LastError  string
	Hint       string // how to mend it; also set for a target that is up and loses samples
	Samples    int    // in the last answer
	Series     int    // of them kept after metric relabelling
	Refused    map[string]int
}

// Sources returns the state of all active targets, sorted by job and URL.
func (m *Manager) Sources() []TargetState {
	now := m.now().UnixMilli()
	out := []TargetState{}
	active := map[*promscrape.Target]bool{}
	for job, targets := range m.TargetsActive() {
		for _, t := range targets {
			active[t] = true
			out = append(out, m.state(job, t, now))
		}
	}
	m.meter.keep(active)
	sort.Slice(out, func(i, j int) bool {
		if out[i].Job != out[j].Job {
			return out[i].Job < out[j].Job
		}
		if out[i].URL != out[j].URL {
			return out[i].URL < out[j].URL
		}
		return out[i].ID < out[j].ID
	})
	return out
}

func (m *Manager) state(job string, t *promscrape.Target, now int64) TargetState {
	s := m.subject(job, t)
	l := t.Labels(labels.NewBuilder(labels.EmptyLabels()))
	st := TargetState{
		ID:       id(l, s.url),
		Job:      job,
		URL:      MaskURL(s.url),
		Labels:   l,
		Health:   string(t.Health()),
		Interval: intervalOf(t),
		Duration: t.LastScrapeDuration(),
		Hint:     s.hint(),
		Samples:  s.last.scraped,
		Series:   s.last.kept,
		Refused:  map[string]int{},
	}
	for reason, n := range map[string]int{"repeated": s.last.repeated, "out_of_order": s.last.outOfOrder, "out_of_bounds": s.last.outOfBound} {
		if n > 0 {
			st.Refused[reason] = n
		}
	}
	if s.err != nil {
		st.LastError = s.err.Error()
	}
	if at := t.LastScrape(); !at.IsZero() {
		st.LastScrape = at.UnixMilli()
		if now-st.LastScrape > (2*st.Interval + st.Duration).Milliseconds() {
			st.Health = "late"
		}
	}
	return st
}

// subject gathers what a hint is written about.
func (m *Manager) subject(job string, t *promscrape.Target) subject {
	s := subject{url: t.URL(), err: plain(t.LastError())}
	s.job, _ = m.ScrapePoolConfig(job)
	if s.job == nil {
		s.job = &noJob
	}
	if s.err != nil {
		if err := m.relay.lastError(job, s.url.String()); err != nil {
			s.err = plain(err)
		}
	}
	tl := m.meter.tally(t)
	tl.mu.Lock()
	defer tl.mu.Unlock()
	s.last, s.look = tl.last, tl.look
	if len(tl.kinds.turned) > 0 {
		s.kinds.turned = make(map[string]model.MetricType, len(tl.kinds.turned))
		for k, v := range tl.kinds.turned {
			s.kinds.turned[k] = v
		}
	}
	return s
}

// plain takes the URL, which may carry secrets, off the errors of an HTTP client.
func plain(err error) error {
	var ue *url.Error
	if errors.As(err, &ue) {
		return ue.Err
	}
	return err
}

var secretParam = regexp.MustCompile(`(?i)token|secret|passw|pwd|auth|key|sig|cred|session`)

// IsSecret says whether a parameter of a URL looks like a secret by its name.
func IsSecret(param string) bool { return secretParam.MatchString(param) }

// MaskURL returns the URL with the values of parameters that look like secrets taken out.
func MaskURL(u *url.URL) string {
	q := u.Query()
	for name, values := range q {
		if IsSecret(name) {
			for i := range values {
				values[i] = "***"
			}
		}
	}
	c := *u
	c.User = nil
	if c.RawQuery != "" {
		c.RawQuery = q.Encode()
	}
	return c.String()
}

func id(l labels.Labels, u *url.URL) string {
	h := fnv.New64a()
	_, _ = h.Write([]byte(l.String() + u.String()))
	return hex.EncodeToString(h.Sum(nil))
}

// scraped hears of every committed scrape and picks the targets that deserve a closer look.
func (m *Manager) scraped(t *promscrape.Target, s *tally) {
	now := m.now().UnixMilli()
	s.mu.Lock()
	due := false
	if s.last.up {
		s.look = look{}
		due = now-s.read >= lookEvery.Milliseconds()
		if due {
			s.read = now
		}
	} else if err := t.LastError(); err != nil && needsLook(err) {
		due = now-s.looked >= lookEvery.Milliseconds()
		if due {
			s.looked = now
		}
	}
	s.mu.Unlock()
	if due {
		select {
		case m.failing <- t:
		default: // there is always a next scrape
		}
	}
}

// examine looks at the targets that scraped picked, one after the other.
func (m *Manager) examine(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case t := <-m.failing:
			tl := m.meter.tally(t)
			if err := plain(t.LastError()); err != nil {
				job, jerr := m.ScrapePoolConfig(m.jobOf(t))
				if jerr != nil {
					continue
				}
				// A look that fails says nothing that the scrape did not say.
				if l, lerr := take(ctx, job, t); lerr == nil {
					l.forError = err.Error()
					tl.mu.Lock()
					tl.look = l
					tl.mu.Unlock()
				}
				continue
			}
			meta := t.ListMetadata()
			tl.mu.Lock()
			tl.kinds.read(meta)
			tl.mu.Unlock()
		}
	}
}

// jobOf returns the job_name that a target was discovered for; its own job label may be another.
func (m *Manager) jobOf(t *promscrape.Target) string {
	for job, targets := range m.TargetsActive() {
		if slices.Contains(targets, t) {
			return job
		}
	}
	return ""
}
