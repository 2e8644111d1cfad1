package board_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/signalbox/signalbox/internal/board"
)

// BenchmarkBoard measures the board of 1,000 KPIs of three groups with a day of minutes in a real ledger: read cold, asked
// for again, encoded, and the stream's update of all.
func BenchmarkBoard(b *testing.B) {
	h := newHouse(b)
	many(b, h, 1000)
	started := time.Now()
	a, err := h.Answer(b.Context(), board.Filter{})
	require.NoError(b, err)
	b.Logf("first answer %s, partial %t", time.Since(started).Round(time.Millisecond), a.Partial)
	for a.Partial {
		a, err = h.Answer(b.Context(), board.Filter{})
		require.NoError(b, err)
	}
	b.Logf("all history read after %s", time.Since(started).Round(time.Millisecond))
	body, err := json.Marshal(a)
	require.NoError(b, err)
	b.Logf("answer %d kB", len(body)/1000)
	names := make([]string, 0, len(h.statuses))
	for i := range h.statuses {
		names = append(names, h.statuses[i].KPI.Name)
	}
	b.Run("answer and JSON", func(b *testing.B) {
		for b.Loop() {
			a, err := h.Answer(b.Context(), board.Filter{})
			if err != nil {
				b.Fatal(err)
			}
			if _, err := json.Marshal(a); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("update of all and JSON", func(b *testing.B) {
		for b.Loop() {
			u, err := h.Update(b.Context(), names)
			if err != nil {
				b.Fatal(err)
			}
			if _, err := json.Marshal(u); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("update of one and JSON", func(b *testing.B) {
		for b.Loop() {
			u, err := h.Update(b.Context(), names[:1])
			if err != nil {
				b.Fatal(err)
			}
			if _, err := json.Marshal(u); err != nil {
				b.Fatal(err)
			}
		}
	})
}
