package govern_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/signalbox/signalbox/internal/govern"
)

// many are documents of n KPIs.
func many(n int, red string) govern.Draft {
	d := draft("all of them")
	for i := range n {
		d.Documents = append(d.Documents, govern.Text{Text: kpiDoc(fmt.Sprintf("kpi-%d", i), red, "")})
	}
	return d
}

// BenchmarkCheck500 validates a proposal of 500 KPIs against 500 in force: less than a second is promised.
func BenchmarkCheck500(b *testing.B) {
	h := newHouse(b)
	_, err := h.Propose(h.ana(), many(500, "> 3%"), "api")
	require.NoError(b, err)
	d := many(500, "> 2%")
	for b.Loop() {
		c, err := h.Check(h.ana(), d.Documents)
		require.NoError(b, err)
		require.Len(b, c.Changes, 500)
	}
}

// BenchmarkPropose500 makes the proposal, with its diff, sentences and need, as the page gets it.
func BenchmarkPropose500(b *testing.B) {
	h := newHouse(b)
	_, err := h.Propose(h.ana(), many(500, "> 3%"), "api")
	require.NoError(b, err)
	two, err := h.Propose(h.ana(), draft("two people", twoPeople), "api")
	require.NoError(b, err)
	two, err = h.Approve(h.otto(), two.ID, two.Hash, "")
	require.NoError(b, err)
	require.Equal(b, "applied", two.State)
	n := 0
	for b.Loop() {
		n++
		p, err := h.Propose(h.ana(), many(500, fmt.Sprintf("> %d.5%%", 2+n%50)), "api")
		require.NoError(b, err)
		require.Equal(b, "draft", p.State)
		require.Len(b, p.Changes, 500)
	}
}
