package usage

import (
	"context"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/signalbox/signalbox/internal/fault"
	"github.com/signalbox/signalbox/internal/rowstore"
)

// slow hands out rows when it is let.
type slow struct {
	memory
	let chan struct{}
}

func (s *slow) Scan(ctx context.Context, q rowstore.Scan, f func([]rowstore.Row) error) error {
	select {
	case <-s.let:
	case <-ctx.Done():
		return ctx.Err()
	}
	return s.memory.Scan(ctx, q, f)
}

// TestManyAskersWaitOrAreTurnedAway has twenty analysts ask at once: some are answered, the others wait their turn or hear that
// they should ask again.
func TestManyAskersWaitOrAreTurnedAway(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := &slow{let: make(chan struct{})}
		room, err := New(Options{Dir: t.TempDir(), Rows: store, Now: time.Now})
		require.NoError(t, err)
		var wait sync.WaitGroup
		var mu sync.Mutex
		answered, limited := 0, 0
		for range 20 {
			wait.Go(func() {
				_, err := room.Sessions(t.Context(), SessionsQuestion{AdHoc: true})
				mu.Lock()
				defer mu.Unlock()
				if err == nil {
					answered++
				} else if fault.KindOf(err) == fault.Limited {
					limited++
				} else {
					t.Error(err)
				}
			})
		}
		synctest.Wait()
		require.Equal(t, 20-maxAsking-maxInLine, limited, "no place in the line")
		_, err = room.Actives(t.Context(), ActivesQuestion{})
		require.NoError(t, err, "what is kept needs no turn")
		for range (maxAsking + 1) * walkers {
			store.let <- struct{}{}
		}
		synctest.Wait()
		require.Positive(t, answered, "which of those that read are done first is luck")
		time.Sleep(maxWait)
		synctest.Wait()
		require.Equal(t, 20, answered+limited+maxAsking, "the others waited long enough")
		close(store.let)
		wait.Wait()
		require.Equal(t, 20, answered+limited)
		require.Empty(t, room.asking)
		require.Empty(t, room.waiting)
	})
}
