package receive_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/signalbox/signalbox/internal/rowstore"
)

const segmentContext = `"context": {"app": {"name": "efile", "version": "1.2"}, "ip": "10.1.2.3", "userAgent": "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:132.0) Gecko/20100101 Firefox/132.0",
	"page": {"path": "/form", "url": "https://efile.example/form?ssn=1", "referrer": "https://search.example/?q=me"}, "campaign": {"source": "mail"},
	"library": {"name": "analytics.js", "version": "5"}, "sessionId": 1795255199, "traits": {"email": "a@b.example"}, "locale": "en"}`

var segmentAttrs = attrs("referrer", "search.example", "campaign.source", "mail", "library", "analytics.js", "browser", "firefox", "os", "windows", "device", "desktop")

func TestSegmentCalls(t *testing.T) {
	for name, c := range map[string]struct {
		path, body string
		want       rowstore.Row
		own        []rowstore.Attr
	}{
		"track": {"/v1/track", `{"userId": "u", "anonymousId": "anon", "event": "Filed", "properties": {"revenue": 9.5, "form": "1040", "order.id": "O1"}, "integrations": {"All": true}, ` + segmentContext + `}`,
			rowstore.Row{Name: "Filed", User: "u", Value: 9.5, Business: "O1", Route: "/form"}, attrs("form", "1040", "revenue", "9.5")},
		"page": {"/v1/events/page", `{"anonymousId": "anon", "name": "Home", "category": "public", "properties": {"path": "/home", "url": "https://x.example/home?token=1", "search": "?token=1", "title": "Hi Ann", "referrer": "https://a.example/secret"}, ` + segmentContext + `}`,
			rowstore.Row{Name: "page_view", User: "anon", Route: "/home"}, attrs("page", "Home", "category", "public")},
		"screen": {"/v1/screen", `{"userId": 42, "name": "Start", ` + segmentContext + `}`,
			rowstore.Row{Name: "screen_view", User: "42", Route: "/form"}, attrs("page", "Start")},
		"identify": {"/v1/identify", `{"userId": "u", "anonymousId": "anon", "traits": {"email": "a@b.example", "plan": "pro"}, ` + segmentContext + `}`,
			rowstore.Row{Name: "identify", User: "u", Route: "/form"}, attrs("anonymous_id", "anon", "traits.plan", "pro")},
		"group": {"/v1/group", `{"userId": "u", "groupId": "g1", "traits": {"name": "Acme", "size": 3}, ` + segmentContext + `}`,
			rowstore.Row{Name: "group", User: "u", Route: "/form"}, attrs("group_id", "g1", "traits.size", "3")},
		"type in the body": {"/v1/events", `{"type": "track", "userId": "u", "event": "Filed", ` + segmentContext + `}`,
			rowstore.Row{Name: "Filed", User: "u", Route: "/form"}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			d := newDesk(t)
			a := d.post(c.path, c.body)
			require.Equal(t, 200, a.status, "%+v", a)
			require.Len(t, d.shelf.rows, 1)
			r := d.row()
			require.Equal(t, []any{c.want.Name, c.want.User, c.want.Value, c.want.Business, c.want.Route, "efile", "1.2", "1795255199"},
				[]any{r.Name, r.User, r.Value, r.Business, r.Route, r.Service, r.Version, r.Session})
			require.ElementsMatch(t, append(c.own, segmentAttrs...), r.Attrs)
		})
	}
}

func TestSegmentBatch(t *testing.T) {
	d := newDesk(t)
	a := d.post("/v1/batch", `{"batch": [
		{"type": "track", "event": "a", "userId": "u", "timestamp": "2026-11-21T09:59:00.000Z", "sentAt": "2026-11-21T09:59:30.000Z"},
		{"type": "page", "userId": "u", "timestamp": "2026-11-21T09:59:00.000Z"},
		{"type": "track", "event": "b"},
		{"type": "track", "userId": "u"},
		{"type": "identify", "userId": "u", "timestamp": "never"},
		"text"], "writeKey": "k", `+segmentContext+`}`)
	require.Equal(t, 200, a.status)
	require.Equal(t, 2, a.Accepted)
	got := map[int]string{}
	for _, r := range a.Refused {
		got[r.Index] = r.Field
	}
	require.Equal(t, map[int]string{2: "userId", 3: "event", 4: "timestamp", 5: "message"}, got)
	require.Equal(t, "efile", d.row().Service, "the batch's context")
	require.Equal(t, eventsNow.Add(-30e9).UnixMicro(), d.shelf.rows[0].Time)
	require.Equal(t, eventsNow.Add(-60e9).UnixMicro(), d.shelf.rows[1].Time)
}

// Nothing that names a person beside the ids, which privacy replaces, is kept: no address, mail, title, query or raw user agent.
func TestSegmentKeepsNoPerson(t *testing.T) {
	d := newDesk(t)
	d.post("/v1/identify", `{"userId": "u", "anonymousId": "anon-1", "traits": {"email": "a@b.example", "phone": "1", "firstName": "Ann"}, `+segmentContext+`}`)
	r := d.row()
	for _, a := range r.Attrs {
		if a.Key == "anonymous_id" {
			continue // made a pseudonym by its name
		}
		for _, secret := range []string{"anon-1", "a@b", "Ann", "10.1.2.3", "ssn", "q=me", "Mozilla"} {
			require.NotContains(t, a.Value, secret)
		}
	}
}

func FuzzEvents(f *testing.F) {
	f.Add(`{"events": [{"name": "a", "properties": {"a": {"b": 1e999}}}]}`, 0)
	f.Add(`{"batch": [{"type": "track", "event": "x", "userId": 1e400, "properties": {"revenue": {}}}]}`, 7)
	f.Add(`{"type": "page", "userId": "u", `+segmentContext+`}`, 2)
	paths := []string{"/v1/events", "/v1/track", "/v1/page", "/v1/screen", "/v1/identify", "/v1/group", "/v1/alias", "/v1/batch"}
	f.Fuzz(func(t *testing.T, body string, path int) {
		d := newDesk(t)
		a := d.post(paths[uint(path)%uint(len(paths))], body)
		require.Contains(t, []int{200, 400, 413}, a.status)
		require.Len(t, d.shelf.rows, a.Accepted)
		for _, r := range d.shelf.rows {
			require.NotEmpty(t, r.Name)
		}
	})
}
