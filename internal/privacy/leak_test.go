package privacy_test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/signalbox/signalbox/internal/privacy"
	"github.com/signalbox/signalbox/internal/rowstore"
)

// leaks are patterns that no stored row may hold; they are written apart from the detectors, on purpose.
var leaks = regexp.MustCompile(`[a-z0-9.]+@[a-z]+\.[a-z]+|\b\d{3}-\d{2}-\d{4}\b|\b4\d{3} ?\d{4} ?\d{4} ?\d{4}\b|AKIA[A-Z0-9]{16}|eyJ[\w-]+\.eyJ|BEGIN RSA PRIVATE|hunter2|raw-user-\d|198\.51\.100\.\d+[^/]|\?q=`)

// TestNothingReachesTheStoreUnredacted puts personal data everywhere in random rows.
func TestNothingReachesTheStoreUnredacted(t *testing.T) {
	h := build(t, t.TempDir(), privacy.Options{})
	rnd := rand.New(rand.NewPCG(7, 8))
	pick := func(from ...string) string { return from[rnd.IntN(len(from))] }
	some := func() string {
		var b strings.Builder
		for range rnd.IntN(6) {
			b.WriteString(pick("the", "return", "failed:", "id=7", "{\"a\":1}", "12 ms", "ünï", "at 10:22:57", "4bf92f3577b34da6"))
			b.WriteString(pick(" ", ", ", "; ", "\n", " - "))
			if rnd.IntN(2) == 0 {
				b.WriteString(pick(fmt.Sprintf("mail.%d@example.gov", rnd.IntN(99)), fmt.Sprintf("%03d-%02d-%04d", 100+rnd.IntN(500), 10+rnd.IntN(80), 1000+rnd.IntN(9000)),
					"4111111111111111", "4111 1111 1111 1111", "AKIAIOSFODNN7EXAMPLE", jwt, pem, "password=hunter2", `"passwd":"hunter2"`, "x://app:hunter2@db/x"))
				b.WriteString(pick(" ", ", ", ". ", "\n", ") "))
			}
		}
		return b.String()
	}
	users := map[string]string{}
	for range 3000 {
		raw := fmt.Sprintf("raw-user-%d", rnd.IntN(20))
		b := &rowstore.Batch{}
		b.Reset(rowstore.Table(rnd.IntN(3)))
		r := b.Add()
		r.User, r.Body, r.Name, r.Route, r.ErrorType, r.Session, r.Business = raw, some(), some(), "/file?q="+some(), some(), some(), some()
		detail, err := json.Marshal(map[string]any{"events": []any{map[string]any{"name": "exception", "attributes": map[string]any{"m": some(), "client.address": "198.51.100.7", "user.id": raw, "url": "/x?q=1"}}}})
		require.NoError(t, err)
		r.Detail = string(detail)
		r.Resource = &rowstore.Resource{Attrs: []rowstore.Attr{{Key: "owner", Value: some()}, {Key: "client.ip", Value: "198.51.100.8"}}, JSON: "{}"}
		b.Attr("note", some())
		b.Attr("user.id", raw)
		b.Attr("x-forwarded-for", "198.51.100.9, 198.51.100.10:80")
		b.Attr("url.full", "https://a:hunter2@irs.gov/x?q="+some())
		b.Attr("link", "HTTPS://irs.gov/x?q="+some())
		require.NoError(t, h.Redact("web", b))
		require.Len(t, b.Rows, 1)
		stored := b.Rows[0]
		text, err := json.Marshal(lines(stored))
		require.NoError(t, err)
		require.NotRegexp(t, leaks, string(text))
		if users[raw] == "" {
			users[raw] = stored.User
		}
		require.Equal(t, users[raw], stored.User, "the same person has the same name")
	}
	require.Len(t, users, 20)
	names := map[string]bool{}
	for _, n := range users {
		names[n] = true
	}
	require.Len(t, names, 20)
}

func lines(r rowstore.Row) []string {
	out := []string{r.User, r.Body, r.Name, r.Route, r.ErrorType, r.Session, r.Business, r.Detail}
	for _, a := range r.Attrs {
		out = append(out, a.Key, a.Value)
	}
	if r.Resource != nil {
		out = append(out, r.Resource.JSON)
		for _, a := range r.Resource.Attrs {
			out = append(out, a.Key, a.Value)
		}
	}
	return out
}
