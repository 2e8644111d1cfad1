package access

import (
	"slices"
	"strings"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql/parser"

	"github.com/signalbox/signalbox/internal/fault"
)

// Scope bounds a grant to what carries certain labels: a conjunction of matchers, each on one label. An empty scope has no
// bounds. Scopes are never changed in place, so they may be shared.
type Scope []*labels.Matcher

// Bounds of a scope's text: it is matched against every series that a scoped person reads.
const (
	maxScopeText = 1000
	maxMatchers  = 16
)

// ParseScope reads matchers in Prometheus' notation, such as `agency="IRS", env=~"prod|test"`; braces around them may stand
// or be left out. Empty text is the empty scope. Errors are fault.Invalid and name the text and what would be accepted.
func ParseScope(text string) (Scope, error) {
	inner := strings.TrimSpace(text)
	if strings.HasPrefix(inner, "{") && strings.HasSuffix(inner, "}") {
		inner = strings.TrimSpace(inner[1 : len(inner)-1])
	}
	if inner == "" {
		return nil, nil
	}
	wrong := func(why string) error {
		return fault.New(fault.Invalid, "scope %q: %s", clip(text), why).
			Hint(`Want label matchers such as agency="IRS", env=~"prod|test", or nothing for everything`)
	}
	if len(text) > maxScopeText {
		return nil, wrong("too long: at most 1000 characters")
	}
	// The line break keeps a comment from swallowing the brace: what stands after a brace of the text's own is an error.
	ms, err := parser.NewParser(parser.Options{}).ParseMetricSelector("{" + inner + "\n}")
	if err != nil {
		return nil, wrong(firstLine(err.Error()))
	}
	if len(ms) > maxMatchers {
		return nil, wrong("too many matchers: at most 16")
	}
	for _, m := range ms {
		if m.Name == model.MetricNameLabel {
			return nil, wrong("a scope is about labels, not about a metric's name")
		}
	}
	return ms, nil
}

func firstLine(s string) string {
	s, _, _ = strings.Cut(s, "\n")
	return s
}

// String returns the scope in the notation that ParseScope reads; empty for everything.
func (s Scope) String() string {
	parts := make([]string, len(s))
	for i, m := range s {
		parts[i] = m.String()
	}
	return strings.Join(parts, ", ")
}

// Matches reports whether l is inside the scope. A label that l does not have counts as empty, as it does in PromQL.
func (s Scope) Matches(l labels.Labels) bool {
	for _, m := range s {
		if !m.Matches(l.Get(m.Name)) {
			return false
		}
	}
	return true
}

// and returns what is inside both scopes.
func (s Scope) and(t Scope) Scope {
	if len(s) == 0 {
		return t
	}
	return append(slices.Clip(s), t...)
}
