package policy_test

import (
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/signalbox/signalbox/internal/policy"
)

// spaces makes the narrow spaces of numbers and units plain ones.
var spaces = strings.NewReplacer("\u2009", " ", "\u202f", " ", "\u00a0", " ")

// TestExamplesOfEveryKind reads the documents that docs/policies.md shows, as the house around them would.
func TestExamplesOfEveryKind(t *testing.T) {
	docs, findings := policy.ReadFiles([]string{"../../examples/governance/policies/*.yaml"}, "", policy.Limits{
		History: 775 * 24 * time.Hour, Samples: 40 * 24 * time.Hour,
		Jobs: []policy.Job{{Name: "efile", Interval: 15 * time.Second}}, Receivers: []string{"oncall", "filing-team"}, Intervals: []string{},
	})
	require.Empty(t, findings)
	page, err := os.ReadFile("../../docs/policies.md")
	require.NoError(t, err)
	var kinds []policy.Kind
	for i := range docs {
		d := &docs[i]
		require.True(t, d.Good(), d.File)
		kinds = append(kinds, d.Kind)
		_, document, _ := strings.Cut(d.Text, "\n") // the page says itself what the file's first line says
		require.True(t, strings.Contains(string(page), "```yaml\n"+document+"```\n"), "docs/policies.md shows %s as it is", d.File)
		say := spaces.Replace(policy.Describe(d))
		require.True(t, strings.Contains(string(page), "> "+say+"\n"), "docs/policies.md says of %s: %s", d.File, say)
	}
	slices.Sort(kinds)
	want := policy.Kinds()
	slices.Sort(want)
	require.Equal(t, want, kinds, "one example of each kind")
}
