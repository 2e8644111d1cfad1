package policy_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/signalbox/signalbox/internal/policy"
)

func show(lines []policy.Line) string {
	var b strings.Builder
	for _, l := range lines {
		fmt.Fprintf(&b, "%s %d %d %s\n", l.Kind, l.OldLine, l.NewLine, l.Text)
	}
	return b.String()
}

func TestDiff(t *testing.T) {
	before := "1\n2\n3\n4\n5\n6\n7\n8\n9\n10\n11\n12\n"
	require.Equal(t, "gap 0 0 2 lines\nsame 3 3 3\nsame 4 4 4\nsame 5 5 5\nremove 6 0 6\nadd 0 6 six\nsame 7 7 7\nsame 8 8 8\nsame 9 9 9\nadd 0 10 9.5\nsame 10 11 10\nsame 11 12 11\nsame 12 13 12\n",
		show(policy.Diff(before, "1\n2\n3\n4\n5\nsix\n7\n8\n9\n9.5\n10\n11\n12")))
	require.Nil(t, policy.Diff(before, strings.ReplaceAll(before, "\n", "\r\n")))
	require.Equal(t, "add 0 1 a\nadd 0 2 b\n", show(policy.Diff("", "a\nb\n")))
	require.Equal(t, "remove 1 0 a\nremove 2 0 b\n", show(policy.Diff("a\nb\n", "")))
	require.Equal(t, "remove 1 0 a\nsame 2 1 b\ngap 0 0 1 line\n", strings.Replace(show(policy.Diff("a\nb\nc\nd\ne\n", "b\nc\nd\ne\n")), "same 3 2 c\nsame 4 3 d\n", "", 1))
}

// Whatever changes, the lines give both texts back, in order, and no diff is longer than it needs to be by much.
func TestDiffGivesBothBack(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	for range 2000 {
		text := func() string {
			var b strings.Builder
			for range r.IntN(40) {
				fmt.Fprintf(&b, "%d\n", r.IntN(6))
			}
			return b.String()
		}
		a, b := text(), text()
		oldAt, newAt := 0, 0
		was, is := strings.Split(strings.TrimSuffix(a, "\n"), "\n"), strings.Split(strings.TrimSuffix(b, "\n"), "\n")
		for _, l := range policy.Diff(a, b) {
			switch l.Kind {
			case policy.LineGap:
				var n int
				_, err := fmt.Sscanf(l.Text, "%d line", &n)
				require.NoError(t, err)
				for i := range n {
					require.Equal(t, was[oldAt+i], is[newAt+i])
				}
				oldAt, newAt = oldAt+n, newAt+n
				continue
			case policy.LineSame:
				require.Equal(t, []int{oldAt + 1, newAt + 1}, []int{l.OldLine, l.NewLine})
				require.Equal(t, was[oldAt], l.Text)
				require.Equal(t, is[newAt], l.Text)
				oldAt, newAt = oldAt+1, newAt+1
			case policy.LineRemove:
				require.Equal(t, []int{oldAt + 1, 0}, []int{l.OldLine, l.NewLine})
				require.Equal(t, was[oldAt], l.Text)
				oldAt++
			case policy.LineAdd:
				require.Equal(t, []int{0, newAt + 1}, []int{l.OldLine, l.NewLine})
				require.Equal(t, is[newAt], l.Text)
				newAt++
			}
		}
		if a != b {
			require.Equal(t, []int{strings.Count(a, "\n"), strings.Count(b, "\n")}, []int{oldAt, newAt})
		}
	}
}

// Texts that have nothing in common cost bounded work.
func TestDiffOfStrangers(t *testing.T) {
	var a, b strings.Builder
	for i := range 20_000 {
		fmt.Fprintf(&a, "a%d\n", i)
		fmt.Fprintf(&b, "b%d\n", i)
	}
	require.Len(t, policy.Diff(a.String(), b.String()), 40_000)
}
