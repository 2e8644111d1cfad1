package scrape_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/stretchr/testify/require"

	"github.com/signalbox/signalbox/internal/scrape"
)

// The scenarios of tutorial-chapter-defects.tsv that a scraper has to get right.

const tutorialMetrics = "# HELP http_errors_total 500 responses\n# TYPE http_errors_total counter\nhttp_errors_total 4.0\n"

// c1: the help text "500 responses" is a comment, not a sample.
func TestTutorialC1CommentsAreNoSamples(t *testing.T) {
	srv := serve(t, text(tutorialMetrics))
	h := start(t, fast+fmt.Sprintf("  - {job_name: a, static_configs: [{targets: [%q]}]}\n", target(srv)))
	s := h.source("a", health("up"))
	require.Equal(t, 1, s.Samples)
	for _, v := range h.series(named("http_errors_total")) {
		require.EqualValues(t, 4, v[0])
	}
}

// c3: two services are two series, told apart by instance.
func TestTutorialC3ServicesAreApart(t *testing.T) {
	a, b := serve(t, text("http_errors_total 4\n")), serve(t, text("http_errors_total 9\n"))
	h := start(t, fast+fmt.Sprintf("  - {job_name: a, static_configs: [{targets: [%q]}]}\n  - {job_name: b, static_configs: [{targets: [%q]}]}\n", target(a), target(b)))
	h.source("a", health("up"))
	h.source("b", health("up"))
	got := h.series(named("http_errors_total"))
	require.Len(t, got, 2)
	require.EqualValues(t, 4, got[labels.FromStrings("__name__", "http_errors_total", "instance", target(a), "job", "a").String()][0])
	require.EqualValues(t, 9, got[labels.FromStrings("__name__", "http_errors_total", "instance", target(b), "job", "b").String()][0])
}

// c10: an unreachable service is a signal (up = 0) and stops nobody else.
func TestTutorialC10DownIsASignal(t *testing.T) {
	good, gone := serve(t, text("x 1\n")), serve(t, text("y 1\n"))
	h := start(t, fast+fmt.Sprintf("  - {job_name: good, static_configs: [{targets: [%q]}]}\n  - {job_name: gone, static_configs: [{targets: [%q]}]}\n", target(good), target(gone)))
	h.source("gone", health("up"))
	gone.Close()
	s := h.source("gone", func(s scrape.TargetState) bool {
		return s.Health == "down" && strings.Contains(s.Hint, "nothing listens on")
	})
	require.Contains(t, s.LastError, "connection refused")
	h.source("gone", func(scrape.TargetState) bool {
		v := h.series(named("up"), labels.MustNewMatcher(labels.MatchEqual, "job", "gone"))
		for _, vs := range v {
			return vs[0] == 1 && vs[len(vs)-1] == 0
		}
		return false
	})
	h.source("good", health("up"))
}
