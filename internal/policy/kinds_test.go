package policy_test

import (
	"os"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/signalbox/signalbox/internal/policy"
)

func everyKind(t testing.TB) []policy.Document {
	t.Helper()
	src, err := os.ReadFile("testdata/every-kind.good.yml")
	require.NoError(t, err)
	docs, findings := policy.Read("every-kind.yaml", src, policy.Limits{Receivers: []string{"oncall"}, Intervals: []string{"nights", "holidays"}})
	require.Empty(t, findings)
	require.Empty(t, policy.Cross(docs))
	for i := range docs {
		require.True(t, docs[i].Good())
		require.NotNil(t, docs[i].Spec())
	}
	return docs
}

func TestDescribeEveryKind(t *testing.T) {
	for _, d := range everyKind(t) {
		t.Log(policy.Describe(&d))
		for _, f := range d.Fields() {
			t.Log("   ", f.Path, "|", f.Say, "|", f.Words, "|", f.Gone)
		}
	}
}
