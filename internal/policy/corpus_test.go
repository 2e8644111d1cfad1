package policy_test

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/signalbox/signalbox/internal/policy"
	"github.com/signalbox/signalbox/internal/policy/strict"
)

var update = flag.Bool("update", false, "rewrite the expectations in testdata")

const wantPrefix = "# want: "

// TestBadFiles reads every testdata/*.bad.yml: what it must earn stands in its last lines, one "# want: " line for each
// finding. A first line "# limits: history=40d jobs=efile:15s,other:5m ooo=1h receivers=oncall" states the house around it.
func TestBadFiles(t *testing.T) {
	files, err := filepath.Glob("testdata/*.bad.yml")
	require.NoError(t, err)
	require.GreaterOrEqual(t, len(files), 60)
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".bad.yml"), func(t *testing.T) {
			src, err := os.ReadFile(file)
			require.NoError(t, err)
			body, want, _ := strings.Cut(string(src), wantPrefix)
			if want != "" {
				want = wantPrefix + want
			}
			docs, findings := policy.ReadFiles([]string{filepath.Base(file)}, "testdata", limits(t, body))
			var got strings.Builder
			for _, f := range findings {
				got.WriteString(wantPrefix + strings.TrimPrefix(f.String(), "testdata/"+filepath.Base(file)+":") + "\n")
			}
			require.NotEmpty(t, findings)
			if *update {
				require.NoError(t, os.WriteFile(file, []byte(body+got.String()), 0o644))
				return
			}
			require.Equal(t, want, got.String())
			if strict.Failed(findings) {
				require.Less(t, len(policy.KPIs(docs)), max(1, strings.Count(body, "kind:"))+1)
			}
		})
	}
}

func limits(t *testing.T, body string) policy.Limits {
	var l policy.Limits
	head, _, _ := strings.Cut(body, "\n")
	rest, ok := strings.CutPrefix(head, "# limits: ")
	if !ok {
		return l
	}
	for _, field := range strings.Fields(rest) {
		key, value, _ := strings.Cut(field, "=")
		switch key {
		case "history":
			d, err := strict.Duration(value)
			require.NoError(t, err)
			l.History = d
		case "samples":
			d, err := strict.Duration(value)
			require.NoError(t, err)
			l.Samples = d
		case "ooo":
			d, err := strict.Duration(value)
			require.NoError(t, err)
			l.OutOfOrder = d
		case "receivers":
			l.Receivers = strings.Split(value, ",")
		case "intervals":
			l.Intervals = strings.Split(value, ",")
		case "jobs":
			for job := range strings.SplitSeq(value, ",") {
				name, interval, _ := strings.Cut(job, ":")
				d, err := strict.Duration(interval)
				require.NoError(t, err)
				l.Jobs = append(l.Jobs, policy.Job{Name: name, Interval: d})
			}
		default:
			t.Fatalf("unknown limit %q", key)
		}
	}
	return l
}
