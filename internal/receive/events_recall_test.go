package receive_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/signalbox/signalbox/internal/gate"
	"github.com/signalbox/signalbox/internal/receive"
	"github.com/signalbox/signalbox/internal/rowstore"
	"github.com/signalbox/signalbox/internal/rowstore/duckdb"
)

// TestIDsSurviveARestart sends the same batch to one process after the other over one store: whoever heard no answer from the
// first is not counted twice by the second.
func TestIDsSurviveARestart(t *testing.T) {
	dir := t.TempDir()
	var clock atomic.Pointer[time.Time] // the store's own goroutines read it
	set := func(t time.Time) { clock.Store(&t) }
	now := func() time.Time { return *clock.Load() }
	set(eventsNow)
	secret := []byte(strings.Repeat("s", 32))
	var store *duckdb.Store
	var known, public *receive.IDs
	open := func(secret []byte) (post func(body string) string) {
		var err error
		store, err = duckdb.Open(t.Context(), duckdb.Options{Dir: dir, Now: now})
		require.NoError(t, err)
		known, public = receive.NewIDs(secret, 1000), receive.NewIDs(secret, 1000)
		require.NoError(t, receive.Recall(t.Context(), store, known, public))
		g := gate.New(gate.Options{Rows: store, Now: now})
		h := receive.NewEvents(receive.EventsOptions{Gate: g, IDs: known, Now: now}).Routes()[0].Handler
		return func(body string) string {
			w := httptest.NewRecorder()
			h.ServeHTTP(w, httptest.NewRequest(http.MethodPost, "/v1/events", strings.NewReader(body)))
			require.Equal(t, http.StatusOK, w.Code, w.Body)
			return w.Body.String()
		}
	}
	again := func(secret []byte) func(string) string {
		require.NoError(t, store.Close())
		return open(secret)
	}
	count := func() float64 {
		g, err := store.Count(context.Background(), rowstore.Count{Table: rowstore.Events, Between: rowstore.Between{To: now().Add(time.Hour).UnixMicro()}, Where: rowstore.Everything})
		require.NoError(t, err)
		if len(g.Rows) == 0 {
			return 0
		}
		return g.Rows[0].Numbers[0]
	}
	batch := func(name string) string {
		return fmt.Sprintf(`{"events": [{"id": "%[1]s 1", "name": "filed", "user": "%[1]s"}, {"id": "%[1]s 2", "name": "filed"}, {"name": "no_id"}]}`, name)
	}

	post := open(secret)
	require.Contains(t, post(batch("a")), `"accepted":3`)
	post = again(secret)
	require.Contains(t, post(batch("a")), `"accepted":1,"duplicates":2`, "what has no id counts whenever it comes")
	require.Equal(t, 4.0, count())

	set(now().Add(72 * time.Hour)) // down for days: what counts is how long before the end it was
	post = again(secret)
	require.Contains(t, post(batch("a")), `"duplicates":2`)
	require.Contains(t, post(batch("b")), `"accepted":3`)
	post = again(secret)
	require.Contains(t, post(batch("b")), `"duplicates":2`)
	require.Contains(t, post(batch("a")), `"accepted":3`, "who tries again after days")

	erased, err := store.Erase(t.Context(), rowstore.Is("user", "b"), nil)
	require.NoError(t, err)
	require.Equal(t, int64(1), erased.Rows[rowstore.Events])
	post = again(secret)
	require.Contains(t, post(batch("b")), `"accepted":2,"duplicates":1`, "nothing is left of an event that was erased")

	post = again([]byte(strings.Repeat("t", 32)))
	require.Contains(t, post(batch("a")), `"accepted":3`, "the hash is keyed")
	require.NoError(t, store.Close())
}

// TestIDsAreRecalledByDoor keeps what strangers sent out of the memory of those who are known.
func TestIDsAreRecalledByDoor(t *testing.T) {
	secret := []byte(strings.Repeat("s", 32))
	dir := t.TempDir()
	now := func() time.Time { return eventsNow }
	store, err := duckdb.Open(t.Context(), duckdb.Options{Dir: dir, Now: now})
	require.NoError(t, err)
	defer func() { require.NoError(t, store.Close()) }()
	g := gate.New(gate.Options{Rows: store, Now: now})
	site := receive.Site{Key: "pub_efile", Origins: []string{"https://efile.example"}, Service: "web"}
	door := func() http.Handler {
		known, public := receive.NewIDs(secret, 10), receive.NewIDs(secret, 10)
		require.NoError(t, receive.Recall(t.Context(), store, known, public))
		return receive.NewPublic(receive.PublicOptions{Gate: g, Sites: func() []receive.Site { return []receive.Site{site} }, IDs: public, Now: now})
	}
	for range 2 {
		r := httptest.NewRequest(http.MethodPost, "/v1/events?site=pub_efile", strings.NewReader(`{"events": [{"id": "1", "name": "click"}]}`))
		r.Header.Set("Origin", "https://efile.example")
		w := httptest.NewRecorder()
		door().ServeHTTP(w, r)
		require.Equal(t, http.StatusNoContent, w.Code)
	}
	got, err := store.Find(t.Context(), rowstore.Find{Table: rowstore.Events, Between: rowstore.Between{To: eventsNow.Add(time.Hour).UnixMicro()}})
	require.NoError(t, err)
	require.Len(t, got, 1)
	require.NotZero(t, got[0].Parent)
}

// TestTheNewestIDsAreRecalled is about more ids than a memory holds: those that came in last are known again, whenever their
// events took place.
func TestTheNewestIDsAreRecalled(t *testing.T) {
	store, err := duckdb.OpenTemporary(t.Context())
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, store.Close()) })
	secret := []byte(strings.Repeat("s", 32))
	clock := eventsNow
	door := func() func(name string, n int, at time.Time) string {
		known, public := receive.NewIDs(secret, 10), receive.NewIDs(secret, 10)
		require.NoError(t, receive.Recall(t.Context(), store, known, public))
		now := func() time.Time { return clock }
		h := receive.NewEvents(receive.EventsOptions{Gate: gate.New(gate.Options{Rows: store, Now: now}), IDs: known, Now: now}).Routes()[0].Handler
		return func(name string, n int, at time.Time) string {
			var list []string
			for i := range n {
				list = append(list, fmt.Sprintf(`{"id": "%s %d", "name": "filed", "time": %d}`, name, i, at.UnixMilli()))
			}
			w := httptest.NewRecorder()
			h.ServeHTTP(w, httptest.NewRequest(http.MethodPost, "/v1/events", strings.NewReader(`{"events": [`+strings.Join(list, ",")+`]}`)))
			require.Equal(t, http.StatusOK, w.Code, w.Body)
			return w.Body.String()
		}
	}
	post := door()
	require.Contains(t, post("first", 40, clock), `"accepted":40`)
	clock = clock.Add(time.Minute)
	require.Contains(t, post("late", 5, clock.Add(-10*time.Hour)), `"accepted":5`)
	post = door()
	require.Contains(t, post("late", 5, clock.Add(-10*time.Hour)), `"duplicates":5`)
	post = door()
	require.Contains(t, post("late", 1, clock.Add(-10*time.Hour)), `"duplicates":1`)
}
