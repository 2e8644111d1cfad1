package foreign_test

import (
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/signalbox/signalbox/internal/fault"
	"github.com/signalbox/signalbox/internal/policy"
	"github.com/signalbox/signalbox/internal/policy/carry"
	"github.com/signalbox/signalbox/internal/policy/foreign"
)

var update = flag.Bool("update", false, "rewrite the expectations in testdata")

// cases lists testdata/FORMAT/NAME.EXT, and testdata/FORMAT/NAME/* as one case of several files.
func cases(t *testing.T, format string) map[string]map[string][]byte {
	t.Helper()
	return casesOf(t, format)
}

func casesOf(t testing.TB, format string) map[string]map[string][]byte {
	t.Helper()
	entries, err := os.ReadDir(filepath.Join("testdata", format))
	require.NoError(t, err)
	out := map[string]map[string][]byte{}
	for _, e := range entries {
		paths := []string{filepath.Join("testdata", format, e.Name())}
		if e.IsDir() {
			paths, err = filepath.Glob(paths[0] + "/*")
			require.NoError(t, err)
		}
		if strings.HasSuffix(e.Name(), ".golden") {
			continue
		}
		files := map[string][]byte{}
		for _, p := range paths {
			b, err := os.ReadFile(p)
			require.NoError(t, err)
			files[filepath.Base(p)] = b
		}
		out[strings.TrimSuffix(e.Name(), filepath.Ext(e.Name()))] = files
	}
	require.NotEmpty(t, out)
	return out
}

// TestGolden imports every case and compares documents and report with what stands beside it.
func TestGolden(t *testing.T) {
	for _, format := range foreign.Formats() {
		for name, files := range cases(t, format) {
			t.Run(format+"/"+name, func(t *testing.T) {
				r, err := foreign.Import(format, files, foreign.Options{})
				require.NoError(t, err)
				got := show(r)
				golden := filepath.Join("testdata", format, name+".golden")
				if *update {
					require.NoError(t, os.WriteFile(golden, []byte(got), 0o644))
					return
				}
				want, err := os.ReadFile(golden)
				require.NoError(t, err)
				require.Equal(t, string(want), got)
				whole(t, r)
			})
		}
	}
}

func show(r *foreign.Result) string {
	var b strings.Builder
	for _, d := range r.Documents {
		b.WriteString("---\n" + d.Text)
	}
	b.WriteString("=== report\n")
	for _, l := range r.Report {
		fmt.Fprintf(&b, "%s:%d %s\n    %s: %s\n    %s\n", l.File, l.Line, l.Path, l.Outcome, l.What, l.Why)
	}
	return b.String()
}

// whole reads all documents together, as a proposal would: names are unique, inputs exist.
func whole(t *testing.T, r *foreign.Result) {
	t.Helper()
	var text strings.Builder
	for _, d := range r.Documents {
		text.WriteString("---\n" + d.Text)
	}
	docs, findings := policy.Read("all.yaml", []byte(text.String()), policy.Limits{})
	for _, f := range append(findings, policy.Cross(docs)...) {
		if f.Severity == "error" {
			t.Errorf("%s", f)
		}
	}
	require.Len(t, docs, len(r.Documents))
	for i, d := range docs {
		require.Equal(t, r.Documents[i].Name, d.Name)
		require.Equal(t, r.Documents[i].Kind, string(d.Kind))
	}
}

// What the one who imports knows fills what the source leaves open.
func TestOptions(t *testing.T) {
	src := []byte("groups:\n- name: g\n  rules:\n  - {alert: High, expr: sum(depth) > 5, for: 1m}\n")
	r, err := foreign.Import("rules", map[string][]byte{"a.yml": src}, foreign.Options{Owner: "queue crew", Runbook: "https://r.example/q", Interval: 15_000_000_000})
	require.NoError(t, err)
	require.Len(t, r.Documents, 1)
	text := r.Documents[0].Text
	for _, want := range []string{"owner: queue crew", "runbook: https://r.example/q", "period: 15s", "for: 5,"} {
		require.Contains(t, text, want)
	}
}

func TestRefused(t *testing.T) {
	_, err := foreign.Import("nagios", map[string][]byte{"a": nil}, foreign.Options{})
	require.ErrorContains(t, err, `format "nagios": want `)
	require.Equal(t, fault.Invalid, fault.KindOf(err))
	_, err = foreign.Import("rules", nil, foreign.Options{})
	require.ErrorContains(t, err, "no files")
	many := map[string][]byte{}
	for i := range carry.MaxFiles + 1 {
		many[fmt.Sprint(i)] = nil
	}
	_, err = foreign.Import("rules", many, foreign.Options{})
	require.Equal(t, fault.TooLarge, fault.KindOf(err))
	big := make([]byte, carry.MaxFile+1)
	r, err := foreign.Import("rules", map[string][]byte{"big": big}, foreign.Options{})
	require.NoError(t, err)
	require.Contains(t, r.Report[0].Why, "at most 4194304 are read")
	five := map[string][]byte{"1": big, "2": big, "3": big, "4": big}
	_, err = foreign.Import("rules", five, foreign.Options{})
	require.Equal(t, fault.TooLarge, fault.KindOf(err))
}

// Two imports of the same files are the same, byte by byte.
func TestSameTwice(t *testing.T) {
	for _, format := range foreign.Formats() {
		for name, files := range cases(t, format) {
			a, err := foreign.Import(format, files, foreign.Options{})
			require.NoError(t, err)
			b, err := foreign.Import(format, maps.Clone(files), foreign.Options{})
			require.NoError(t, err)
			require.Equal(t, show(a), show(b), name)
		}
	}
}

// A dashboard of more panels than a Board can have becomes several.
func TestManyPanels(t *testing.T) {
	var panels []string
	for i := range 130 {
		panels = append(panels, fmt.Sprintf(`{"type":"timeseries","title":"p%d","gridPos":{"x":0,"y":%d,"w":24,"h":1},"targets":[{"expr":"m{a=\"$a\"} + %d"}]}`, i, 1000-i, i))
	}
	src := `{"title":"Wall","templating":{"list":[{"name":"a","type":"query","query":"label_values(a)"}]},"panels":[` + strings.Join(panels, ",") + `]}`
	r, err := foreign.Import("grafana", map[string][]byte{"wall.json": []byte(src)}, foreign.Options{})
	require.NoError(t, err)
	var names []string
	total := 0
	for _, d := range r.Documents {
		names = append(names, d.Name)
		docs, _ := policy.Read("", []byte(d.Text), policy.Limits{})
		require.NotNil(t, docs[0].Board)
		total += len(docs[0].Board.Panels)
		require.Len(t, docs[0].Board.Variables, 1)
	}
	require.Equal(t, []string{"wall", "wall-2", "wall-3"}, names)
	require.Equal(t, 130, total)
	require.Contains(t, r.Documents[0].Text, "panels:\n  - {title: p129,", "the panel that stands highest comes first")
}

func keys(m map[string][]byte) []string { return slices.Sorted(maps.Keys(m)) }
