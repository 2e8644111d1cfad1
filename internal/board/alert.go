package board

import (
	"github.com/prometheus/prometheus/model/labels"

	"github.com/signalbox/signalbox/internal/fault"
)

// Alert is one active alert as the alert room holds it.
type Alert struct {
	Fingerprint string            `json:"fingerprint"`
	Labels      map[string]string `json:"labels"`
	Annotations map[string]string `json:"annotations"`
	StartsAt    int64             `json:"starts_at"`
	UpdatedAt   int64             `json:"updated_at"`
	State       string            `json:"state" enum:"active,suppressed,unprocessed"`
	SilencedBy  []string          `json:"silenced_by"`
	InhibitedBy []string          `json:"inhibited_by"`
	MutedBy     []string          `json:"muted_by"`
	Receivers   []string          `json:"receivers"`
}

// AlertGroup is a set of alerts that are told together.
type AlertGroup struct {
	Labels       map[string]string `json:"labels"`
	Receiver     string            `json:"receiver"`
	Fingerprints []string          `json:"fingerprints"`
}

// Matcher is one condition of a silence.
type Matcher struct {
	Name    string `json:"name"`
	Value   string `json:"value"`
	IsRegex bool   `json:"is_regex"`
	IsEqual bool   `json:"is_equal" doc:"false negates the matcher"`
}

// Silence mutes alerts for a time. The same silences are served by the Alertmanager API.
type Silence struct {
	ID        string    `json:"id"`
	Matchers  []Matcher `json:"matchers"`
	StartsAt  int64     `json:"starts_at"`
	EndsAt    int64     `json:"ends_at"`
	UpdatedAt int64     `json:"updated_at"`
	CreatedBy string    `json:"created_by"`
	Comment   string    `json:"comment"`
	State     string    `json:"state" enum:"active,pending,expired"`
}

// Compile returns the matcher as Prometheus' own, or a sentence on what is wrong with it.
func (m Matcher) Compile() (*labels.Matcher, error) {
	t := labels.MatchEqual
	switch {
	case m.IsRegex && m.IsEqual:
		t = labels.MatchRegexp
	case m.IsRegex:
		t = labels.MatchNotRegexp
	case !m.IsEqual:
		t = labels.MatchNotEqual
	}
	c, err := labels.NewMatcher(t, m.Name, m.Value)
	if err != nil {
		return nil, fault.New(fault.Invalid, "matcher %s %q: want a valid RE2 regular expression: %w", m.Name, m.Value, err)
	}
	return c, nil
}
