package policy_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/signalbox/signalbox/internal/fault"
	"github.com/signalbox/signalbox/internal/policy"
)

func name(n string) policy.Ref { return policy.Ref{Kind: policy.KindKPI, Name: n} }

func kpiText(n, more string) string {
	return "kind: KPI\nname: " + n + "\nowner: o\nindicator: {rate: a_total}\nthresholds: {red: \"< 1\"} # " + more + "\n"
}

// randomFile builds a file of n policies as people leave them: with and without a first marker, comments everywhere, comment
// sections, end markers, blank lines, no last line end.
func randomFile(r *rand.Rand, n int) string {
	pick := func(words ...string) string { return words[r.IntN(len(words))] }
	var b strings.Builder
	b.WriteString(pick("", "\ufeff", "# head\n", "# head\n---\n# nothing\n", "\n\n"))
	for i := range n {
		if i > 0 {
			b.WriteString(pick("---\n", "--- # marker\n", "...\n---\n", "---\n# only a comment\n---\n", "...\n"))
		} else {
			b.WriteString(pick("", "---\n"))
		}
		b.WriteString(pick("", "# before\n", "\n\n", "# ä\n"))
		b.WriteString(kpiText(fmt.Sprintf("k%d", i), pick("x", "\"quoted\"", "---")))
		b.WriteString(pick("", "# after\n", "\n", "labels: {a: b}   # here\n"))
	}
	text := b.String()
	if r.IntN(3) == 0 {
		text = strings.TrimRight(text, "\n")
	}
	if r.IntN(3) == 0 {
		text = strings.ReplaceAll(text, "\n", "\r\n")
	}
	return text
}

// Replacing a policy by its own text is byte-identical; replacing, adding and removing one never moves a byte of the others.
func TestEditingKeepsTheFile(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 400 {
		n := 1 + r.IntN(5)
		file := []byte(randomFile(r, n))
		docs, findings := policy.Read("f", file, policy.Limits{})
		require.Empty(t, findings, "%q", file)
		require.Len(t, docs, n)
		at := docs[r.IntN(n)]
		require.True(t, bytes.Contains(file, []byte(at.Text)))

		same, err := policy.Replace(file, at.Ref(), at.Text)
		require.NoError(t, err)
		require.Equal(t, string(file), string(same))
		same, err = policy.Replace(file, at.Ref(), strings.ReplaceAll(at.Text, "\r\n", "\n"))
		require.NoError(t, err)
		require.Equal(t, string(file), string(same), "an editor's line ends are no change")

		changed := kpiText(at.Name, "new") + "period: 2m\n"
		if r.IntN(2) == 0 {
			changed = "---\n" + changed
		}
		if r.IntN(2) == 0 {
			changed = strings.TrimSuffix(changed, "\n")
		}
		out, err := policy.Replace(file, at.Ref(), changed)
		require.NoError(t, err)
		now, findings := policy.Read("f", out, policy.Limits{})
		require.Empty(t, findings, "%q", out)
		require.Len(t, now, n)
		for i := range docs {
			require.Equal(t, docs[i].Ref(), now[i].Ref())
			if docs[i].Ref() != at.Ref() {
				require.Equal(t, docs[i].Text, now[i].Text)
			} else {
				require.NotEqual(t, docs[i].Hash, now[i].Hash)
			}
		}
		before, after, _ := bytes.Cut(file, []byte(at.Text))
		require.True(t, bytes.HasPrefix(out, before) && bytes.HasSuffix(out, after), "%q -> %q", file, out)
		require.Equal(t, bytes.Contains(file, []byte("\r\n")), bytes.Contains(out, []byte("\r\n")))
		require.Equal(t, bytes.Contains(out, []byte("\r\n")), !bytes.Contains(bytes.ReplaceAll(out, []byte("\r\n"), nil), []byte("\n")), "one kind of line end: %q", out)

		out, err = policy.Remove(file, at.Ref())
		require.NoError(t, err)
		require.Equal(t, string(before)+string(after), string(out))
		now, findings = policy.Read("f", out, policy.Limits{})
		require.Empty(t, findings)
		require.Len(t, now, n-1)

		out, err = policy.Append(file, name("added"), kpiText("added", "new"))
		require.NoError(t, err)
		require.True(t, bytes.HasPrefix(out, file))
		now, findings = policy.Read("f", out, policy.Limits{})
		require.Empty(t, findings, "%q", out)
		require.Len(t, now, n+1)
		require.Equal(t, name("added"), now[n].Ref())
		back, err := policy.Remove(out, name("added"))
		require.NoError(t, err)
		require.Equal(t, strings.TrimRight(string(file), "\r\n"), strings.TrimRight(string(back), "\r\n"))
	}
}

// A file in which line ends are mixed stays so when an editor gives back what it was given, with its own line ends.
func TestEditingMixedLineEnds(t *testing.T) {
	file := []byte(strings.Replace(kpiText("a", "x"), "\n", "\r\n", 2))
	for _, text := range []string{string(file), strings.ReplaceAll(string(file), "\r\n", "\n"), strings.ReplaceAll(kpiText("a", "x"), "\n", "\r\n")} {
		out, err := policy.Replace(file, name("a"), text)
		require.NoError(t, err)
		require.Equal(t, string(file), string(out))
	}
}

// The files of the house come through unchanged too.
func TestEditingRealFiles(t *testing.T) {
	files, err := filepath.Glob("../../examples/policies/*.yaml")
	require.NoError(t, err)
	require.NotEmpty(t, files)
	for _, file := range append(files, "testdata/every-kind.good.yml") {
		src, err := os.ReadFile(file)
		require.NoError(t, err)
		docs, _ := policy.Read(file, src, policy.Limits{})
		joined := ""
		for _, d := range docs {
			out, err := policy.Replace(src, d.Ref(), d.Text)
			require.NoError(t, err)
			require.Equal(t, string(src), string(out))
			joined += d.Text
		}
		require.Equal(t, string(src), joined)
	}
}

func TestEditRefuses(t *testing.T) {
	file := []byte(kpiText("a", "x") + "---\n" + kpiText("b", "x") + "---\n" + kpiText("b", "x"))
	for _, c := range []struct {
		name string
		do   func() ([]byte, error)
		kind fault.Kind
		want string
	}{
		{"not there", func() ([]byte, error) { return policy.Replace(file, name("c"), kpiText("c", "x")) }, fault.NotFound, "the file does not hold KPI/c"},
		{"twice", func() ([]byte, error) { return policy.Remove(file, name("b")) }, fault.Conflict, "the file holds KPI/b twice. Remove one of them first."},
		{"another", func() ([]byte, error) { return policy.Replace(file, name("a"), kpiText("c", "x")) }, fault.Invalid, "the new text is of KPI/c and not of KPI/a. A policy keeps its kind and name; to rename it, remove one and add the other."},
		{"two", func() ([]byte, error) {
			return policy.Replace(file, name("a"), kpiText("a", "x")+"---\n"+kpiText("c", "x"))
		}, fault.Invalid, "the new text of KPI/a is not one document. Write one document, with --- at most before it."},
		{"a comment apart", func() ([]byte, error) { return policy.Replace(file, name("a"), "# x\n---\n"+kpiText("a", "x")) }, fault.Invalid, "the new text of KPI/a is not one document. Write one document, with --- at most before it."},
		{"nothing", func() ([]byte, error) { return policy.Replace(file, name("a"), "# x\n") }, fault.Invalid, "the new text of KPI/a is not one document. Write one document, with --- at most before it."},
		{"broken", func() ([]byte, error) { return policy.Replace(file, name("a"), "kind: \"KPI\n") }, fault.Invalid, "the new text of KPI/a cannot be read: KPI/a:1:7: YAML syntax: could not find end character of double-quoted text"},
		{"there already", func() ([]byte, error) { return policy.Append(file, name("a"), kpiText("a", "x")) }, fault.Conflict, "the file holds KPI/a already"},
		{"mark", func() ([]byte, error) { return policy.Append(file, name("c"), "\ufeff"+kpiText("c", "x")) }, fault.Invalid, "the new text of KPI/c begins with a byte order mark. Save it as UTF-8 without one."},
	} {
		out, err := c.do()
		require.Equal(t, c.kind, fault.KindOf(err), c.name)
		require.EqualError(t, err, c.want, c.name)
		require.Nil(t, out)
	}
}

func FuzzReplace(f *testing.F) {
	f.Add([]byte(kpiText("a", "x")+"---\n"+kpiText("b", "y")), kpiText("a", "z"))
	f.Add([]byte("\ufeffkind: KPI\r\nname: a\r\n...\r\n"), "kind: KPI\nname: a")
	f.Fuzz(func(t *testing.T, file []byte, text string) {
		out, err := policy.Replace(file, name("a"), text)
		if err != nil {
			return
		}
		same, err := policy.Replace(out, name("a"), text)
		require.NoError(t, err)
		require.Equal(t, string(out), string(same))
	})
}
